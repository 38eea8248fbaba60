"""The next study: reliability at other numbers of raters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from exprstats.numerals import count_things, write_interval, write_number
from exprstats.reliability.headlines import NEEDED, name_coefficients, take_rows
from exprstats.reliability.limits import move_reliability
from exprstats.reliability.result import LOWEST, Reliability
from exprstats.reliability.sizes import list_sizes
from exprstats.results import Result


@dataclass(frozen=True, slots=True, eq=False)
class Decisions(Result):
    """Reliability at other numbers of raters.

    Attributes
    ----------
    table
        One row for each coefficient and number of raters: its keys, raters_per_clip, estimate,
        conf_low, conf_high.
    """

    table: pd.DataFrame

    def glance(self) -> pd.DataFrame:
        """Return one row: the numbers of raters that were looked at."""
        raters = self.table["raters_per_clip"]
        return pd.DataFrame(
            [{"rows": len(self.table), "raters_min": raters.min(), "raters_max": raters.max()}]
        )

    def sentence(self) -> str:
        """Return each coefficient at the fewest and the most raters."""
        texts = []
        for name, rows in self.table.groupby(name_coefficients(self.table), sort=False):
            ends = rows.iloc[sorted({0, len(rows) - 1})].to_dict("records")
            parts = [
                f"{write_number(row['estimate'], bounded=True, lowest=LOWEST)} "
                f"{write_interval(row['conf_low'], row['conf_high'], bounded=True, lowest=LOWEST)} "
                f"with {count_things(row['raters_per_clip'], 'rater')}"
                for row in ends
            ]
            texts.append(f"{name}: {' and '.join(parts)}.")
        return " ".join(texts)


def study_decisions(
    reliability: Reliability | pd.DataFrame, *, raters: Iterable[int] | int = range(1, 13)
) -> Decisions:
    """Say how reliable the mean of other numbers of raters would be.

    Parameters
    ----------
    reliability
        A result, whose headline rows are taken; or a table, published or not, with columns
        estimate, conf_low, conf_high, raters_per_clip and any that name its rows.
    raters
        Numbers of raters a clip, one or several.

    Returns
    -------
    Decisions
        The estimate and its limits at each number, by the Spearman–Brown formula.

    Raises
    ------
    DataError
        If a column is missing or holds no numbers.
    OptionError
        If a number of raters is no whole number from 1 on.

    See Also
    --------
    plan_raters : Raters that a target needs.
    study_subjects : Subjects' means over other numbers of clips and raters.

    Examples
    --------
    Pilot with 3 raters of Lin, Girard, and Morency (2020, Table 5), startle, question 1:

    >>> pilot = pd.DataFrame(
    ...     [{"estimate": 0.632, "conf_low": 0.29, "conf_high": 0.825, "raters_per_clip": 3}]
    ... )
    >>> study_decisions(pilot, raters=[6]).table["estimate"].round(3).item()
    0.775
    """
    numbers = list_sizes(raters, "raters")
    rows = [
        row
        | {name: move_reliability(row[name], row["raters_per_clip"], k) for name in NEEDED[:3]}
        | {"raters_per_clip": k}
        for row in take_rows(reliability)
        for k in numbers
    ]
    return Decisions(pd.DataFrame(rows))
