"""Descriptives of columns of clips, such as scores, item means and features, by context."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import pandas as pd

from exprstats.apa import count_things, write_number
from exprstats.contracts import find_unnumbers, order_levels, require_columns
from exprstats.descriptives.moments import SkewType, check_skew_type, measure_moments
from exprstats.errors import DataError
from exprstats.options import check_columns, take_columns
from exprstats.results import Result


@dataclass(frozen=True, slots=True, eq=False)
class ColumnDescriptives(Result):
    """How the values of columns are distributed, in each context and over all.

    Attributes
    ----------
    table
        One row for each context and column, the pooled ones last: context, column, n, n_missing,
        n_clusters (people, where they are known), mean, sd, skew, kurtosis, low, high, n_values,
        note.
    observations
        The values themselves: context, column, value.
    what
        What the columns are called in reports: ``"scores"``, ``"items"``, ``"features"`` …
    skew_type
        The type of skewness and kurtosis.
    """

    place: ClassVar[str] = "columns"
    table: pd.DataFrame
    observations: pd.DataFrame = field(repr=False)
    what: str = "columns"
    skew_type: SkewType = 2

    @property
    def key(self) -> str | None:
        """What the columns are called."""
        return self.what

    def glance(self) -> pd.DataFrame:
        """Return one row: how many columns there are in how many contexts."""
        contexts = self.table["context"].nunique()
        row = {"columns": self.table["column"].nunique(), "contexts": max(contexts, 1)}
        pooled = self.table[self.table["context"].isna()]
        return pd.DataFrame([row | {"n": int(pooled["n"].max())}])

    def sentence(self) -> str:
        """Return mean and SD of each pooled column, or of how many there are."""
        pooled = self.table[self.table["context"].isna()].to_dict("records")
        if len(pooled) > 6:
            return f"{count_things(len(pooled), 'column was', 'columns were')} described."
        return " ".join(
            f"{row['column']}: M = {write_number(row['mean'])}, SD = {write_number(row['sd'])}, "
            f"n = {row['n']}."
            for row in pooled
        )


def describe_columns(
    table: pd.DataFrame,
    columns: Sequence[str] | str,
    *,
    by: str | None = None,
    cluster: str | None = "subject",
    what: str = "columns",
    skew_type: SkewType = 2,
) -> ColumnDescriptives:
    """Describe columns of numbers, such as scores, item means or features of clips.

    Parameters
    ----------
    table
        One row per clip.
    columns
        Columns of numbers; missing values are counted and left out.
    by
        Column of contexts, or None.
    cluster
        Column of people, who are counted; it may be absent.
    what
        What reports call the columns, such as ``"scores"``.
    skew_type
        1, 2 (SPSS, SAS, Excel) or 3 (psych in R); see `measure_moments`.

    Returns
    -------
    ColumnDescriptives
        A row for each context and column, and a pooled one for each column.

    Raises
    ------
    DataError
        If a column is absent or holds no numbers.
    OptionError
        If the type of skewness is not known.

    References
    ----------
    Joanes, D. N., & Gill, C. A. (1998). Comparing measures of sample skewness and kurtosis.
    *Journal of the Royal Statistical Society: Series D, 47*, 183-189.

    Examples
    --------
    >>> import exprstats as ex
    >>> clips = ex.simulate_expressiveness(subjects=20, seed=1).clips
    >>> found = describe_columns(clips, ["au_count"], by="context")
    >>> found.table["context"].fillna("All").tolist(), found.table["n"].tolist()
    (['startle', 'pain', 'disgust', 'All'], [100, 140, 80, 320])
    """
    check_skew_type(skew_type)
    given = [columns] if isinstance(columns, str) else take_columns(columns, "columns")
    names = list(dict.fromkeys(given))
    check_columns(cluster)
    require_columns(table, [*names, by])
    problems = find_unnumbers(table, names)
    if problems:
        raise DataError(problems)
    people = table[cluster] if cluster is not None and cluster in table else None
    levels = order_levels(table[by]) if by else []
    levels = levels if len(levels) > 1 else []
    rows = []
    for level in [*levels, None]:
        here = np.ones(len(table), bool) if level is None else table[by].eq(level).to_numpy(bool)
        for name in names:
            values = table[name].to_numpy(float, na_value=np.nan)[here]
            known = ~np.isnan(values)
            found = measure_moments(values, skew_type)
            n_people = None if people is None else int(people[here][known].nunique())
            counted = {"n": found.pop("n"), "n_missing": int((~known).sum())}
            rows.append(
                {"context": None if level is None else str(level), "column": str(name)}
                | counted
                | ({} if people is None else {"n_clusters": n_people})
                | found
            )
    context = table[by].astype(str) if levels else pd.Series([None] * len(table), table.index)
    observations = pd.concat(
        [
            pd.DataFrame(
                {
                    "context": context.to_numpy(object),
                    "column": str(name),
                    "value": table[name].to_numpy(float, na_value=np.nan),
                }
            )
            for name in names
        ],
        ignore_index=True,
    )
    return ColumnDescriptives(pd.DataFrame(rows), observations, what, skew_type)
