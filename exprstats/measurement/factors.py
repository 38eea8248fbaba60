"""Several correlated factors, each with items of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from exprstats.errors import OptionError
from exprstats.measurement.factorfits import list_rows, list_scores, solve_factors
from exprstats.measurement.itemsets import read_items, warn_incomplete
from exprstats.measurement.jobs import list_jobs
from exprstats.measurement.screening import find_improper, raise_improper
from exprstats.measurement.solution import Receipt
from exprstats.measurement.wording import write_fit
from exprstats.numerals import count_things, write_count, write_number
from exprstats.results import Result
from exprstats.tables import arrange_rows
from exprstats.words import check_level

KEYS = ("context", "factor", "versus", "term", "item")
HIGH = 0.85


@dataclass(frozen=True, slots=True, eq=False)
class Factors(Result):
    """Several fitted factors.

    Attributes
    ----------
    table
        context factor versus term item estimate std_error conf_low conf_high level p_value method
        n_clips. Terms as in `Factor`, and ``correlation`` of ``factor`` with ``versus``; ``omega``
        is each factor's own.
    scores
        context clip subject fitted_on factor score std_error: Bartlett scores. With uncorrelated
        residuals and one factor an item they are those of each factor's own items.
    items
        Items of each factor.
    by, level
        As they were asked for.
    n_clips, fit
        Complete clips, and the fit of all of them: chisq df pvalue cfi tli rmsea rmsea.ci.lower
        rmsea.ci.upper srmr.
    receipt
        Where the numbers come from.
    """

    table: pd.DataFrame
    scores: pd.DataFrame
    items: Mapping[str, tuple[str, ...]]
    by: str | None
    level: float
    n_clips: int
    fit: Mapping[str, float]
    receipt: Receipt

    def glance(self) -> pd.DataFrame:
        """Return one row: counts, the largest correlation, the fit of all clips."""
        pooled = self.table[self.table["context"].isna()]
        terms = pooled.set_index("term")["estimate"]
        facts = {
            "n_factors": len(self.items),
            "n_items": sum(map(len, self.items.values())),
            "n_clips": self.n_clips,
            "largest_correlation": float(terms.loc[["correlation"]].abs().max()),
            **{name: self.fit[name] for name in ("chisq", "df", "cfi", "rmsea", "srmr")},
        }
        return pd.DataFrame([facts])

    def sentence(self) -> str:
        """Return what was found, in APA style."""
        pooled = self.table[self.table["context"].isna()]
        pairs = pooled[pooled["term"] == "correlation"]
        told = ", ".join(
            f"{row['factor']} and {row['versus']} r = {write_number(row['estimate'], bounded=True)}"
            for row in pairs.to_dict("records")
        )
        high = pairs[pairs["estimate"].abs() > HIGH]
        doubt = " Factors this close may be one." if len(high) else ""
        return (
            f"{len(self.items)} correlated factors were fitted by maximum likelihood"
            f" ({self.receipt.describe()}) to {write_count(self.n_clips)} clips: {told}.{doubt}"
            f" {write_fit(int(self.fit['df']), self.fit)}"
        )


def fit_factors(
    items_table: pd.DataFrame,
    *,
    items: Mapping[str, Sequence[str]],
    by: str | None = None,
    level: float = 0.95,
) -> Factors:
    """Fit several correlated factors by maximum likelihood through lavaan.

    Parameters
    ----------
    items_table
        One row a clip, as for `fit_factor`.
    items
        The items of each factor: two or more factors of two or more items, each item once.
    by
        Column of contexts: one model for each, and a pooled one.
    level
        Confidence level.

    Raises
    ------
    OptionError
        Too few factors or items, an item in two factors.
    DataError
        As `fit_factor`.
    FitError
        lavaan did not converge, or a residual variance is not positive.
    RError
        R cannot be used.

    Warns
    -----
    DataWarning
        Clips that lack an item are left out of the fit.
    """
    if not isinstance(items, Mapping) or any(isinstance(one, str) for one in items.values()):
        message = "items must give a list for each factor, as in {'joy': ['smile', 'laugh']}."
        raise OptionError(message)
    groups = {str(name): tuple(map(str, one)) for name, one in items.items()}
    _check_groups(groups, level)
    names = tuple(item for one in groups.values() for item in one)
    itemset = read_items(items_table, names, by)
    jobs = list_jobs(itemset, names)
    warn_incomplete(itemset)
    fits = [solve_factors(job, groups) for job in jobs]
    raise_improper(
        [
            text
            for job, fit in zip(jobs, fits, strict=True)
            for text in find_improper(job.name, names, fit.loads[0], fit.rests[0])
        ]
    )
    rows = [row for fit in fits for row in list_rows(fit, groups, level)]
    table = arrange_rows(rows, KEYS)
    objects = {name: object for name in ("context", "factor", "versus", "item")}
    return Factors(
        table=table.astype(objects),
        scores=list_scores(fits, itemset, groups),
        items=groups,
        by=by,
        level=level,
        n_clips=fits[-1].n_clips,
        fit=fits[-1].fit,
        receipt=fits[-1].receipt,
    )


def _check_groups(groups: Mapping[str, tuple[str, ...]], level: float) -> None:
    if len(groups) < 2:
        named = count_things(len(groups), "factor was", "factors were")
        message = f"{named} named; for one factor there is fit_factor."
        raise OptionError(message)
    for name, one in groups.items():
        if len(one) < 2:
            message = f"factor '{name}' has {count_things(len(one), 'item')}; it needs two."
            raise OptionError(message)
    listed = [item for one in groups.values() for item in one]
    twice = sorted({item for item in listed if listed.count(item) > 1})
    if twice:
        message = f"item '{twice[0]}' is named twice; an item belongs to one factor."
        raise OptionError(message)
    check_level(level)
