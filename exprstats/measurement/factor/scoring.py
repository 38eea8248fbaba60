"""Scores of clips from the estimates of a fit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from exprstats.contracts import RATINGS, check_table
from exprstats.errors import DataError, Problem
from exprstats.io.guards.tables import guard_table
from exprstats.measurement.factor.formulas import weigh_bartlett
from exprstats.measurement.factor.items import ItemSet, check_contexts, find_complete
from exprstats.measurement.factor.solution import Solution

NO_RATERS = "the raters behind the item means were not given"
NO_PAIR = "no clip has two raters who answered every item"
NO_RATER = "no rater answered every item"


def score_itemset(
    solutions: Sequence[Solution],
    itemset: ItemSet,
    method: str = "bartlett",
    ratings: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return the SCORES table of an item set: own-context models first, the pooled one last."""
    solutions = pick_scoring(solutions)
    check_contexts(itemset, [one.context for one in solutions])
    raters = None if ratings is None else read_raters(ratings, solutions[0].items)
    own = [one for one in solutions if one.context is not None]
    tables = [_list_model("context", own, itemset, method, raters)] if own else []
    pooled = [one for one in solutions if one.context is None]
    tables.append(_list_model("all", pooled, itemset, method, raters))
    return pd.concat(tables) if own else tables[0]


def pick_scoring(solutions: Sequence[Solution]) -> list[Solution]:
    """Return the fits that scores come from: those on training subjects, if there are any.

    Test clips must not shape their own targets.
    """
    return [one for one in solutions if one.part == "train"] or list(solutions)


def _list_model(
    fitted_on: str,
    solutions: Sequence[Solution],
    itemset: ItemSet,
    method: str,
    raters: ItemSet | None,
) -> pd.DataFrame:
    score, error, spread = np.full((3, len(itemset.ids)), np.nan)
    # One note for all stays one, as long as no row has its own.
    notes = None
    whole = find_complete(itemset.answers).all()
    if raters is not None or not whole or any(one.flaw for one in solutions):
        notes = np.full(len(itemset.ids), NO_RATERS if raters is None else None, dtype=object)
    for one in solutions:
        # Also the pooled model's errors are those of each context's own raters.
        for context in [one.context] if one.context or not itemset.contexts else itemset.contexts:
            chosen = itemset.select(context)
            rows = slice(None) if chosen.all() else np.flatnonzero(chosen)
            score[rows], spread[rows] = score_answers(itemset.answers[rows], one, method)
            if notes is None:
                continue
            if raters is not None:
                error[rows], notes[rows] = _sample_raters(
                    raters, itemset.ids.iloc[rows], one, method=method, context=context
                )
            unscored = chosen & np.isnan(score)
            error[unscored], notes[unscored] = np.nan, one.flaw or "an item is missing"
    columns = {"fitted_on": fitted_on, "score": score, "std_error": error, "factor_se": spread}
    note = NO_RATERS if notes is None else notes
    return pd.DataFrame({**itemset.ids, **columns, "note": note}, itemset.ids.index, copy=False)


def read_raters(ratings: pd.DataFrame, items: Sequence[str]) -> ItemSet:
    """Return one row per rater and clip: ids, and answers (n, p), NaN where one is missing."""
    ratings = guard_table(ratings, ids=(*RATINGS.key, "subject"), quiet=True)
    check_table(ratings, RATINGS)
    keys = [name for name in ("context", "clip", "subject", "rater") if name in ratings.columns]
    table = ratings.assign(item=ratings["item"].astype(str))
    table = table[table["item"].isin(items)]
    means = table.pivot_table(index=keys, columns="item", values="rating", sort=False)
    absent = [item for item in items if item not in means.columns]
    if absent:
        fact = f"the ratings hold no item '{absent[0]}'."
        raise DataError(Problem(fact, "Give the ratings that the items are means of."))
    ids = means.index.to_frame(index=False)
    return ItemSet(ids, means[list(items)].to_numpy(float), ())


def _sample_raters(
    raters: ItemSet, ids: pd.DataFrame, solution: Solution, *, method: str, context: str | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return each clip's standard error of rater sampling, and a note where there is none.

    Each rater's own answers are scored as the clip's means are. SD·√(1 − ICC_k) of these scores,
    with k the clip's own number of raters, is √(MSW/k): SD² = MSB/k and ICC_k = 1 − MSW/MSB
    (Shrout & Fleiss, 1979). Written so, it needs neither and holds where ICC_k is negative.
    """
    if context is not None and "context" in raters.ids:
        raters = raters.keep(raters.select(context))
    names = [name for name in ("context", "clip") if name in raters.ids and name in ids]
    given = score_answers(raters.answers, solution, method)[0]
    complete = np.isfinite(given) & np.isfinite(raters.answers).all(axis=1)
    clips = pd.MultiIndex.from_frame(raters.ids.loc[complete, names].astype(str))
    codes, levels = pd.factorize(clips)
    counts = np.bincount(codes, minlength=len(levels))
    away = given[complete] - (np.bincount(codes, given[complete]) / counts)[codes]
    spare = counts.sum() - len(levels)
    within = (away**2).sum() / spare if spare > 0 else np.nan
    wanted = pd.MultiIndex.from_frame(ids[names].astype(str))
    places = pd.Index(levels).get_indexer(wanted)
    k = np.append(counts, 0)[places].astype(float)
    note = np.full(len(ids), None if spare > 0 else NO_PAIR, dtype=object)
    note[k == 0] = NO_RATER
    return np.sqrt(within / np.where(k > 0, k, np.nan)), note


def list_spans(solutions: Sequence[Solution]) -> pd.DataFrame:
    """Return the theoretical range of the scores of each fit: Σ|w|·(highest − lowest answer)."""
    rows = []
    for one in solutions:
        weights = np.full(len(one.items), np.nan)
        if not one.flaw:
            weights, _ = weigh_bartlett(one.loadings, one.residuals)
        rows.append(
            {
                "context": one.context,
                "fitted_on": "all" if one.context is None else "context",
                "part": one.part,
                "span": float(np.abs(weights) @ (one.high - one.low)),
            }
        )
    return pd.DataFrame(rows).astype({"context": object})


def score_answers(
    answers: np.ndarray, solution: Solution, method: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return scores of answers (n, p) and the factor's own standard errors, (n,) each.

    A row that lacks items is scored from those it has where the solution was fitted that way
    (``missing="fiml"``), else it has no score (NaN). With I = Σλ²/θ over the items at hand:
    ``"bartlett"`` Σ(λ/θ)(x − ν)/I with standard error 1/√I (Bartlett, 1937); ``"regression"``
    Σ(λ/θ)(x − ν)/(1 + I) with 1/√(1 + I) (Thurstone, 1935); both in standard deviations of the
    factor. ``"mean"`` is the plain mean of the answers, in their units, with √Σθ/p; an item that
    loads negatively is reversed first (lowest + highest − answer).
    """
    if solution.flaw:
        return np.full(len(answers), np.nan), np.full(len(answers), np.nan)
    if method == "mean":
        return _average(answers, np.logical_not(np.isnan(answers)), solution)
    ratio = solution.loadings / solution.residuals
    prior = 1.0 if method == "regression" else 0.0
    if find_complete(answers).all():
        information = solution.loadings @ ratio + prior
        weights = ratio / information
        score = answers @ weights - solution.intercepts @ weights
        return score, np.broadcast_to(1 / np.sqrt(information), score.shape)
    given = _forgive(np.logical_not(np.isnan(answers)), solution)
    information = given @ (solution.loadings * ratio)
    total = np.where(given, answers - solution.intercepts, 0.0) @ ratio
    information = np.where(information > 0, information + prior, np.nan)
    return total / information, 1 / np.sqrt(information)


def _average(
    answers: np.ndarray, given: np.ndarray, solution: Solution
) -> tuple[np.ndarray, np.ndarray]:
    given = _forgive(given, solution)
    count = given.sum(axis=1)
    count = np.where(count > 0, count, np.nan)
    # A sum of items that work against each other is nobody's scale.
    turned = np.where(solution.loadings < 0, solution.low + solution.high - answers, answers)
    score = np.where(given, turned, 0.0).sum(axis=1) / count
    return score, np.sqrt(given @ solution.residuals) / count


def _forgive(given: np.ndarray, solution: Solution) -> np.ndarray:
    """Return which answers count: all there are, or only those of complete rows."""
    if solution.missing == "fiml":
        return given
    return given & given.all(axis=1, keepdims=True)
