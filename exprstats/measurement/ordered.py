"""One factor behind ordered answers, such as ratings of one rater on a five-point scale."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from exprstats import rbridge
from exprstats.errors import DataWarning, FitError, Problem
from exprstats.measurement.engines import Job
from exprstats.measurement.itemsets import ItemSet, check_contexts, read_items, warn_incomplete
from exprstats.measurement.jobs import list_jobs
from exprstats.measurement.responses import score_responses
from exprstats.measurement.rows import UNTESTABLE, limit_estimate, list_fit
from exprstats.measurement.screening import check_items, raise_problems
from exprstats.measurement.solution import Receipt
from exprstats.measurement.wording import write_fit
from exprstats.numerals import count_things, write_count, write_number
from exprstats.results import Result
from exprstats.tables import arrange_rows
from exprstats.words import check_level

KEYS = ("context", "term", "item", "category")
MOST = 10


@dataclass(frozen=True, slots=True, eq=False)
class OrderedSolution:
    """Estimates of one fit: standardised loadings (p,), cuts and categories of each item."""

    context: str | None
    n_clips: int
    loadings: np.ndarray
    loading_errors: np.ndarray
    residual_errors: np.ndarray
    thresholds: tuple[np.ndarray, ...]
    threshold_errors: tuple[np.ndarray, ...]
    categories: tuple[np.ndarray, ...]
    fit: Mapping[str, float]


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
        versions = self.receipt.versions
        facts = {"n_items": len(self.items), "n_clips": pooled.n_clips, "df": pooled.fit["df"]}
        return pd.DataFrame([{**facts, "lavaan": versions.get("lavaan"), "r": versions.get("R")}])

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
    check_items(items)
    check_level(level)
    names = tuple(str(item) for item in items)
    itemset = read_items(items_table, names, by)
    raise_problems(_find_uncounted(itemset, names))
    jobs = list_jobs(itemset, names, keep_rows=True)
    warn_incomplete(itemset, "they are left out of the fit and scored by the items they have")
    answers = [_solve(job) for job in jobs]
    solutions = tuple(solution for solution, _ in answers)
    rows = [row for one in solutions for row in _list_rows(one, names, level)]
    table = arrange_rows(rows, KEYS)
    objects = {name: object for name in ("context", "item")}
    return OrderedFactor(
        table=table.astype(objects),
        scores=_list_scores(solutions, itemset),
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
    return _list_scores(factor.solutions, itemset)


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


def _solve(job: Job) -> tuple[OrderedSolution, Receipt]:
    rows = np.empty((0, len(job.items))) if job.answers is None else job.answers
    categories = tuple(np.unique(column) for column in rows.T)
    codes = np.column_stack(
        [
            np.searchsorted(seen, column) + 1.0
            for seen, column in zip(categories, rows.T, strict=True)
        ]
    )
    reply = rbridge.call("measurement", "fit_ordered", codes, names=job.items)
    value = reply.value
    if not value["converged"][0]:
        message = f"{job.name}: lavaan did not converge for {', '.join(job.items)}."
        raise FitError(message)
    loadings = value["loadings"]["estimate"]
    improper = np.flatnonzero(np.abs(loadings) >= 1)
    if improper.size:
        item = job.items[int(improper[0])]
        message = f"{job.name}: item '{item}' has a loading of {loadings[improper[0]]:.3f}."
        raise FitError(message)
    cuts = value["thresholds"]
    sign = -1.0 if loadings.sum() < 0 else 1.0
    places = [np.flatnonzero(cuts["item"] == item) for item in range(1, len(job.items) + 1)]
    solution = OrderedSolution(
        context=job.context,
        n_clips=int(value["n"][0]),
        loadings=sign * loadings,
        loading_errors=value["loadings"]["std_error"],
        residual_errors=value["residuals"]["std_error"],
        thresholds=tuple(cuts["estimate"][one] for one in places),
        threshold_errors=tuple(cuts["std_error"][one] for one in places),
        categories=categories,
        fit={name: float(number[0]) for name, number in value["fit"].items()},
    )
    return solution, Receipt("lavaan", reply.call, reply.versions, reply.warnings)


def _list_rows(
    one: OrderedSolution, items: tuple[str, ...], level: float
) -> Iterator[dict[str, Any]]:
    z = float(ndtri(0.5 + level / 2))
    whole = {"context": one.context, "method": "wlsmv", "n_clips": one.n_clips}
    for place, item in enumerate(items):
        loading, error = one.loadings[place], one.loading_errors[place]
        found = limit_estimate(loading, error, z, level)
        yield {**whole, "term": "loading", "item": item, **found}
    for place, item in enumerate(items):
        found = limit_estimate(1 - one.loadings[place] ** 2, one.residual_errors[place], z, level)
        yield {**whole, "term": "residual", "item": item, **found}
    for place, item in enumerate(items):
        cuts = zip(
            one.categories[place], one.thresholds[place], one.threshold_errors[place], strict=False
        )
        for category, cut, error in cuts:
            found = limit_estimate(cut, error, z, level)
            yield {**whole, "term": "threshold", "item": item, "category": float(category), **found}
    for row in list_fit(int(one.fit["df"]), one.fit):
        yield {**whole, **row}


def _list_scores(solutions: Sequence[OrderedSolution], itemset: ItemSet) -> pd.DataFrame:
    tables = []
    for one in solutions:
        keep = itemset.select(one.context)
        codes = np.column_stack(
            [
                _find_nearest(itemset.answers[keep, place], seen)
                for place, seen in enumerate(one.categories)
            ]
        )
        score, spread = score_responses(codes, one.loadings, one.thresholds)
        fitted_on = "all" if one.context is None else "context"
        ids = itemset.ids[keep]
        tables.append(ids.assign(fitted_on=fitted_on, score=score, std_error=spread))
    return pd.concat(tables)


def _find_nearest(answers: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Return the place of the nearest seen answer, NaN where there is none."""
    given = np.logical_not(np.isnan(answers))
    codes = np.full(len(answers), np.nan)
    distance = np.abs(answers[given, None] - seen[None, :])
    codes[given] = distance.argmin(axis=1)
    strange = int((distance.min(axis=1, initial=np.inf) > 0).sum())
    if strange:
        counted = count_things(strange, "answer was", "answers were")
        message = f"{counted} never seen in the fit; the nearest stands in."
        warnings.warn(message, DataWarning, stacklevel=4)
    return codes
