"""One factor behind ordered answers, such as ratings of one rater on a five-point scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from exprstats.errors import Problem
from exprstats.measurement.itemsets import ItemSet, check_contexts, read_items, warn_incomplete
from exprstats.measurement.jobs import list_jobs
from exprstats.measurement.orderedfits import (
    OrderedSolution,
    list_rows,
    list_scores,
    solve_ordered,
)
from exprstats.measurement.rows import UNTESTABLE
from exprstats.measurement.screening import check_items, raise_problems
from exprstats.measurement.solution import Receipt
from exprstats.measurement.wording import write_fit
from exprstats.numerals import write_count, write_number
from exprstats.results import Result
from exprstats.tables import arrange_rows
from exprstats.words import check_level

KEYS = ("context", "term", "item", "category")
MOST = 10


@dataclass(frozen=True, slots=True, eq=False)
class OrderedFactor(Result):
    """A factor fitted to ordered items.

    Attributes
    ----------
    table
        context term item category estimate std_error conf_low conf_high level p_value method
        n_clips note. Terms: ``loading``, ``residual`` (of the normal responses behind the
        answers), ``threshold`` (below it lies ``category``), and the fit where df > 0.
    scores
        SCORES: posterior means, with posterior standard deviations as std_error.
    solutions
        The fits, as `score_ordered` needs them.
    items, by, level
        As they were asked for.
    receipt
        Where the numbers come from.
    """

    table: pd.DataFrame
    scores: pd.DataFrame
    solutions: tuple[OrderedSolution, ...]
    items: tuple[str, ...]
    by: str | None
    level: float
    receipt: Receipt

    def glance(self) -> pd.DataFrame:
        """Return one row: counts, degrees of freedom, versions."""
        pooled = self.solutions[-1]
        facts = {"n_items": len(self.items), "n_clips": pooled.n_clips, "df": pooled.fit["df"]}
        return pd.DataFrame([{**facts, **self.receipt.list_versions()}])

    def sentence(self) -> str:
        """Return what was found, in APA style."""
        pooled = self.solutions[-1]
        low, high = (
            write_number(one, bounded=True)
            for one in (pooled.loadings.min(), pooled.loadings.max())
        )
        df = int(pooled.fit["df"])
        fit = write_fit(df, pooled.fit) if df else f"{UNTESTABLE[0].upper()}{UNTESTABLE[1:]}."
        return (
            f"One factor was fitted to {len(self.items)} ordered items by weighted least squares"
            f" (WLSMV, lavaan {self.receipt.versions.get('lavaan', '')}) on"
            f" {write_count(pooled.n_clips)} clips. Standardized loadings ranged from {low} to"
            f" {high}. {fit} Scores are posterior means: Bartlett scores of ordered items run away"
            " where every answer is the lowest or the highest."
        )


def fit_ordered(
    items_table: pd.DataFrame,
    *,
    items: Sequence[str],
    by: str | None = None,
    level: float = 0.95,
) -> OrderedFactor:
    """Fit one factor to ordered items by WLSMV through lavaan, and score the clips.

    For answers in a few categories (2 to 10), where `fit_factor` would take steps of a scale for
    equal distances. Means over raters are no ordered answers.

    Parameters
    ----------
    items_table, items, by, level
        As for `fit_factor`; answers are whole numbers.

    Raises
    ------
    DataError
        As `fit_factor`; answers that are no whole numbers, or in more than 10 categories.
    FitError
        lavaan did not converge, or a loading is 1 or more in size.
    RError
        R cannot be used.
    """
    names = check_items(items)
    check_level(level)
    itemset = read_items(items_table, names, by)
    raise_problems(_find_uncounted(itemset, names))
    jobs = list_jobs(itemset, names, keep_rows=True)
    warn_incomplete(itemset, "they are left out of the fit and scored by the items they have")
    answers = [solve_ordered(job) for job in jobs]
    solutions = tuple(solution for solution, _ in answers)
    rows = [row for one in solutions for row in list_rows(one, names, level)]
    table = arrange_rows(rows, KEYS)
    objects = {name: object for name in ("context", "item")}
    return OrderedFactor(
        table=table.astype(objects),
        scores=list_scores(solutions, itemset),
        solutions=solutions,
        items=names,
        by=by,
        level=level,
        receipt=answers[-1][1],
    )


def score_ordered(factor: OrderedFactor, items_table: pd.DataFrame) -> pd.DataFrame:
    """Score clips, new ones too, by the estimates of a factor of ordered items.

    A clip that lacks items is scored from those it has. An answer that the fit never saw counts as
    the nearest one it saw, with a warning.

    Parameters
    ----------
    factor
        From `fit_ordered`.
    items_table
        One row a clip, with the factor's items and, if it was fitted by context, the contexts.

    Returns
    -------
    DataFrame
        SCORES, as of `OrderedFactor`.

    Raises
    ------
    DataError
        Items are absent or no numbers, or a context was not in the fit.
    """
    itemset = read_items(items_table, factor.items, factor.by)
    check_contexts(itemset, [one.context for one in factor.solutions])
    return list_scores(factor.solutions, itemset)


def _find_uncounted(itemset: ItemSet, items: tuple[str, ...]) -> list[Problem]:
    problems = []
    for place, item in enumerate(items):
        seen = np.unique(itemset.answers[:, place])
        seen = seen[~np.isnan(seen)]
        if (seen != np.round(seen)).any():
            fact = f"holds {seen[seen != np.round(seen)][0]:g}; ordered answers are whole numbers."
            problems.append(Problem(fact, "For means over raters use fit_factor.", column=item))
        elif len(seen) > MOST:
            fact = f"has {len(seen)} categories; at most {MOST} are taken for ordered."
            problems.append(Problem(fact, "Use fit_factor.", column=item))
    return problems
