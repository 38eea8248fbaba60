"""Scores of clips from the estimates of a fit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from exprstats.measurement.factor.formulas import weigh_bartlett
from exprstats.measurement.factor.items import ItemSet, check_contexts
from exprstats.measurement.factor.solution import Solution


def list_scores(
    solutions: Sequence[Solution], itemset: ItemSet, method: str = "bartlett"
) -> pd.DataFrame:
    """Return the SCORES table of an item set: own-context models first, the pooled one last."""
    # Test clips must not shape their own targets: the training fits come first, if there are any.
    solutions = [one for one in solutions if one.part == "train"] or list(solutions)
    check_contexts(itemset, [one.context for one in solutions])
    own = [one for one in solutions if one.context is not None]
    tables = [_list_model("context", own, itemset, method)] if own else []
    pooled = [one for one in solutions if one.context is None]
    return pd.concat([*tables, _list_model("all", pooled, itemset, method)])


def _list_model(
    fitted_on: str, solutions: Sequence[Solution], itemset: ItemSet, method: str
) -> pd.DataFrame:
    score, error = np.full((2, len(itemset.ids)), np.nan)
    for one in solutions:
        rows = slice(None) if one.context is None else itemset.select(one.context)
        score[rows], error[rows] = score_answers(itemset.answers[rows], one, method)
    return itemset.ids.assign(fitted_on=fitted_on, score=score, std_error=error)


def list_spans(solutions: Sequence[Solution]) -> pd.DataFrame:
    """Return the theoretical range of the scores of each fit: Σ|w|·(highest − lowest answer)."""
    rows = []
    for one in solutions:
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
    """Return scores and standard errors, (n,) each, NaN where they are not defined.

    Parameters
    ----------
    answers
        Shape (n, p). A row that lacks items is scored from those it has where the solution was
        fitted that way (``missing="fiml"``), else it has no score.
    solution
        Estimates, in the units of the answers.
    method
        With I = Σλ²/θ over the items at hand: ``"bartlett"`` Σ(λ/θ)(x − ν)/I with standard error
        1/√I (Bartlett, 1937); ``"regression"`` Σ(λ/θ)(x − ν)/(1 + I) with 1/√(1 + I) (Thurstone,
        1935); both in standard deviations of the factor. ``"mean"`` is the plain mean of the
        answers, in their units, with √Σθ/p.
    """
    given = np.logical_not(np.isnan(answers))
    if method == "mean":
        return _average(answers, given, solution)
    ratio = solution.loadings / solution.residuals
    prior = 1.0 if method == "regression" else 0.0
    if given.all():
        information = solution.loadings @ ratio + prior
        weights = ratio / information
        score = answers @ weights - solution.intercepts @ weights
        return score, np.full(len(answers), 1 / np.sqrt(information))
    given = _forgive(given, solution)
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
    score = np.where(given, answers, 0.0).sum(axis=1) / count
    return score, np.sqrt(given @ solution.residuals) / count


def _forgive(given: np.ndarray, solution: Solution) -> np.ndarray:
    """Return which answers count: all there are, or only those of complete rows."""
    if solution.missing == "fiml":
        return given
    return given & given.all(axis=1, keepdims=True)
