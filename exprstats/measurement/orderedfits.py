"""Fits of one factor behind ordered answers, as numbers, as rows, and as scores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from exprstats.errors import FitError, warn_user
from exprstats.measurement.engines import Job, ask_lavaan
from exprstats.measurement.itemsets import ItemSet
from exprstats.measurement.responses import score_responses
from exprstats.measurement.rows import limit_estimate, list_fit
from exprstats.measurement.solution import Receipt
from exprstats.numerals import count_things


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


def solve_ordered(job: Job) -> tuple[OrderedSolution, Receipt]:
    """Fit one factor to the rows of a job by WLSMV through lavaan.

    Raises
    ------
    FitError
        lavaan did not converge, or a loading is 1 or more in size.
    """
    rows = np.empty((0, len(job.items))) if job.answers is None else job.answers
    categories = tuple(np.unique(column) for column in rows.T)
    codes = np.column_stack(
        [
            np.searchsorted(seen, column) + 1.0
            for seen, column in zip(categories, rows.T, strict=True)
        ]
    )
    value, receipt = ask_lavaan(job, "fit_ordered", codes)
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
    return solution, receipt


def list_rows(
    one: OrderedSolution, items: tuple[str, ...], level: float
) -> Iterator[dict[str, Any]]:
    """Return the tidy rows of a fit, limits at the level."""
    whole = {"context": one.context, "method": "wlsmv", "n_clips": one.n_clips}
    for place, item in enumerate(items):
        loading, error = one.loadings[place], one.loading_errors[place]
        found = limit_estimate(loading, error, level)
        yield {**whole, "term": "loading", "item": item, **found}
    for place, item in enumerate(items):
        found = limit_estimate(1 - one.loadings[place] ** 2, one.residual_errors[place], level)
        yield {**whole, "term": "residual", "item": item, **found}
    for place, item in enumerate(items):
        cuts = zip(
            one.categories[place], one.thresholds[place], one.threshold_errors[place], strict=False
        )
        for category, cut, error in cuts:
            found = limit_estimate(cut, error, level)
            yield {**whole, "term": "threshold", "item": item, "category": float(category), **found}
    for row in list_fit(int(one.fit["df"]), one.fit):
        yield {**whole, **row}


def list_scores(solutions: Sequence[OrderedSolution], itemset: ItemSet) -> pd.DataFrame:
    """Return SCORES of an item set: own-context fits first, that of all clips last."""
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
        warn_user(message)
    return codes
