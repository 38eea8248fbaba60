"""One factor behind ordered answers (categorical items)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from scipy.special import ndtr

from exprstats.apa import count_things, write_count, write_number
from exprstats.contracts import arrange_rows, check_kind
from exprstats.errors import FitError, Problem, warn_user
from exprstats.measurement.factor.checks import check_items, raise_problems
from exprstats.measurement.factor.engines import Job, ask_lavaan
from exprstats.measurement.factor.formulas import find_signs
from exprstats.measurement.factor.items import ItemSet, check_contexts, take_items, warn_incomplete
from exprstats.measurement.factor.model import list_jobs
from exprstats.measurement.factor.solution import (
    UNTESTABLE,
    Receipt,
    limit_estimate,
    list_fit,
    write_fit,
)
from exprstats.options import check_level
from exprstats.results import Result

KEYS = ("context", "term", "item", "category")
MOST = 10
UNKNOWN = 1.0  # a standard error of a standardized loading that tells nothing of it
_NODES = np.linspace(-6, 6, 121)


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
        SCORES: posterior means, with posterior standard deviations as factor_se; std_error, what
        other raters would change, is not known of single answers.
    solutions
        The fits, as `score_ordered` needs them.
    items, by, level
        As they were asked for.
    receipt
        Where the numbers come from.
    """

    place: ClassVar[str] = "ordered"
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
    items_table: pd.DataFrame, *, items: Sequence[str], by: str | None = None, level: float = 0.95
) -> OrderedFactor:
    """Fit one factor to ordered items by WLSMV through lavaan, and score the clips.

    For answers in a few categories (2 to 10), where `fit_factor` would take steps of a scale for
    equal distances. Means over raters are no ordered answers.

    Parameters
    ----------
    items_table, items, by, level
        As for `fit_factor`; answers are whole numbers.

    Returns
    -------
    OrderedFactor

    Raises
    ------
    DataError
        As `fit_factor`; answers that are no whole numbers, or in more than 10 categories.
    FitError
        lavaan did not converge, a loading is 1 or more in size, or has no standard error to
        speak of.
    RError
        R cannot be used.

    References
    ----------
    Muthén, B. (1984). A general structural equation model with dichotomous, ordered categorical,
    and continuous latent variable indicators. Psychometrika, 49, 115–132.

    Bock, R. D., & Mislevy, R. J. (1982). Adaptive EAP estimation of ability in a microcomputer
    environment. Applied Psychological Measurement, 6, 431–444.

    Examples
    --------
    >>> import exprstats as ex
    >>> rng = np.random.default_rng(1)
    >>> responses = rng.normal(size=(500, 1)) + 0.7 * rng.normal(size=(500, 3))
    >>> table = pd.DataFrame(np.digitize(responses, [-1, 0, 1]), columns=["a", "b", "c"])
    >>> factor = ex.fit_ordered(table, items=["a", "b", "c"])
    >>> factor.tidy().query("term == 'loading'")["estimate"].round(2).tolist()
    [0.76, 0.83, 0.8]
    """
    names = check_items(items)
    check_level(level)
    itemset = take_items(items_table, names, by)
    raise_problems(_find_uncounted(itemset, names))
    jobs = list_jobs(itemset, names, keep_rows=True)
    warn_incomplete(itemset, fate="they are left out of the fit and scored by the items they have")
    answers = [solve_ordered(job) for job in jobs]
    solutions = tuple(solution for solution, _ in answers)
    rows = [row for one in solutions for row in list_ordered_rows(one, names, level)]
    table = arrange_rows(rows, KEYS)
    objects = {name: object for name in ("context", "item")}
    return OrderedFactor(
        table=table.astype(objects),
        scores=score_solutions(solutions, itemset),
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
        One row per clip, with the factor's items and, if it was fitted by context, the contexts.

    Returns
    -------
    DataFrame
        SCORES, as of `OrderedFactor`.

    Raises
    ------
    DataError
        Items are absent or no numbers, or a context was not in the fit.

    References
    ----------
    Bock, R. D., & Mislevy, R. J. (1982). Adaptive EAP estimation of ability in a microcomputer
    environment. Applied Psychological Measurement, 6, 431–444.

    Examples
    --------
    >>> import exprstats as ex
    >>> rng = np.random.default_rng(1)
    >>> responses = rng.normal(size=(500, 1)) + 0.7 * rng.normal(size=(500, 3))
    >>> table = pd.DataFrame(np.digitize(responses, [-1, 0, 1]), columns=["a", "b", "c"])
    >>> factor = ex.fit_ordered(table, items=["a", "b", "c"])
    >>> lowest = pd.DataFrame({"a": [0], "b": [0], "c": [0]})
    >>> score_ordered(factor, lowest)["score"].round(1).tolist()
    [-1.7]
    """
    check_kind(factor, OrderedFactor, "factor", "fit_ordered")
    itemset = take_items(items_table, factor.items, factor.by)
    check_contexts(itemset, [one.context for one in factor.solutions])
    return score_solutions(factor.solutions, itemset)


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
    """Fit one factor to the rows of a job by WLSMV through lavaan; no loading may be 1 in size."""
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
    errors = value["loadings"]["std_error"]
    improper = np.flatnonzero((np.abs(loadings) >= 1) | ~(errors < UNKNOWN))
    if improper.size:
        place = int(improper[0])
        known = f"with a standard error of {errors[place]:.3g}"
        known = "and no standard error" if np.isnan(errors[place]) else known
        message = (
            f"{job.name}: item '{job.items[place]}' has a loading of {loadings[place]:.3f} "
            f"{known}: it and the others are answered alike, or too few "
            "clips tell it. Leave it out, or fit more clips."
        )
        raise FitError(message)
    cuts = value["thresholds"]
    sign = float(find_signs(loadings))
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


def list_ordered_rows(
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


def score_solutions(solutions: Sequence[OrderedSolution], itemset: ItemSet) -> pd.DataFrame:
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
        tables.append(
            ids.assign(fitted_on=fitted_on, score=score, std_error=np.nan, factor_se=spread)
        )
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
        message = f"{counted} never seen in the fit; the nearest category is used."
        warn_user(message)
    return codes


def score_responses(
    answers: np.ndarray, loadings: np.ndarray, thresholds: Sequence[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the posterior means of the factor and their standard deviations, (n,) each.

    The expected value given the answers a posteriori (Bock & Mislevy, 1982), under a standard
    normal factor, by summation over 121 points from −6 to 6. It stays finite where every answer is
    the lowest or the highest, where maximum likelihood (Bartlett) scores run away. Answers (n, p)
    are categories 0 … K − 1, NaN where an item is missing, of which each item has K − 1 thresholds
    on its standard normal response, in order; loadings (p,) are standardised. A row without any
    answer has no score.
    """
    weights = np.exp(-(_NODES**2) / 2)
    patterns, places = np.unique(np.nan_to_num(answers, nan=-1).astype(int), axis=0,
                                 return_inverse=True)  # fmt: skip
    likelihood = np.ones((len(patterns), len(_NODES)))
    for item, cuts in enumerate(thresholds):
        shares = share_categories(loadings[item], cuts)
        given = patterns[:, item] >= 0
        likelihood[given] *= shares[patterns[given, item]]
    posterior = likelihood * weights
    posterior /= posterior.sum(axis=1, keepdims=True)
    mean = posterior @ _NODES
    spread = np.sqrt(posterior @ _NODES**2 - mean**2)
    empty = (patterns < 0).all(axis=1)
    mean[empty] = spread[empty] = np.nan
    return mean[places.ravel()], spread[places.ravel()]


def share_categories(loading: float, cuts: np.ndarray) -> np.ndarray:
    """Return the probability of each category at each point of the factor, (K, points)."""
    residual = np.sqrt(1 - loading**2)
    below = ndtr((np.asarray(cuts)[:, None] - loading * _NODES) / residual)
    padded = np.concatenate([np.zeros((1, len(_NODES))), below, np.ones((1, len(_NODES)))])
    return np.diff(padded, axis=0)
