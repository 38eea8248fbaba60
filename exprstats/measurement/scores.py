"""Factor scores of clips from stored estimates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.contracts import Contract, check_table, require_columns
from exprstats.errors import DataError, OptionError, Problem, warn_user
from exprstats.measurement.factor.formulas import weigh_bartlett
from exprstats.measurement.factor.items import TOLERATED, ItemSet, check_contexts, read_items
from exprstats.measurement.factor.solution import Solution
from exprstats.options import ScoreMethod, check_word

if TYPE_CHECKING:
    from exprstats.measurement.factor.model import Factor

_CLIPS = Contract("clips", key=("context", "clip"), optional=("context",))


def score_clips(
    factor: Factor, items_table: pd.DataFrame, *, method: ScoreMethod = "bartlett"
) -> pd.DataFrame:
    """Score clips, new ones too, by the estimates of a fitted factor.

    Parameters
    ----------
    factor
        From `fit_factor`; its training fit is used where it has one.
    items_table
        One row a clip, with the factor's items and, if it was fitted by context, the contexts.
    method
        ``"bartlett"`` (Bartlett, 1937): unbiased for each clip's own factor value;
        ``"regression"`` (Thurstone, 1935): closest to it on average, drawn towards the mean;
        ``"mean"``: the plain mean of the items, in their own units.

    Returns
    -------
    DataFrame
        context, clip, subject (as far as there are any), fitted_on (``"context"``: the context's
        own model, ``"all"``: the pooled one), score and std_error in standard deviations of the
        factor (of ``"mean"`` in the items' units). The index is the caller's, once for each
        model. A clip with a missing item keeps its row and has no score, except under
        ``missing="fiml"``.

    Raises
    ------
    DataError
        Items are absent or no numbers, or a context was not in the fit.
    """
    check_word(method, ScoreMethod, "method")
    itemset = read_items(items_table, factor.items, factor.by)
    return list_scores(factor.solutions, itemset, method)


def list_scores(
    solutions: Sequence[Solution], itemset: ItemSet, method: str = "bartlett"
) -> pd.DataFrame:
    """Return the SCORES table of an item set: own-context models first, the pooled one last."""
    solutions = pick_scoring(solutions)
    check_contexts(itemset, [one.context for one in solutions])
    own = [one for one in solutions if one.context is not None]
    tables = [_list_model("context", own, itemset, method)] if own else []
    pooled = [one for one in solutions if one.context is None]
    return pd.concat([*tables, _list_model("all", pooled, itemset, method)])


def pick_scoring(solutions: Sequence[Solution]) -> list[Solution]:
    """Return the fits that scores come from: those on training subjects, if there are any."""
    trained = [one for one in solutions if one.part == "train"]
    return trained or list(solutions)


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


def join_scores(
    clips: pd.DataFrame, factor: Factor, *, unmatched: float = TOLERATED
) -> pd.DataFrame:
    """Return the clips with their scores: ``score``, and ``score_pooled`` where there are contexts.

    Parameters
    ----------
    clips
        One row a clip; matched by clip, and by context where both tables have it.
    factor
        From `fit_factor`: ``score`` comes from the clip's own context's model, ``score_pooled``
        from the model of all clips.
    unmatched
        Largest share of clips without a partner in the other table that is let through, with a
        warning.

    Raises
    ------
    DataError
        More clips than that have no partner, the clips already have such columns, or the factor
        was stored and has no scores.
    OptionError
        ``unmatched`` is no share.
    """
    if not 0 <= unmatched <= 1:
        message = f"unmatched is {unmatched:g}; it is a share between 0 and 1."
        raise OptionError(message)
    check_table(clips, _CLIPS)
    if factor.scores.empty:
        fact = "the factor holds no scores, as one that was stored."
        raise DataError(Problem(fact, "Fit it again, or merge what score_clips returns."))
    columns = {"score": "context", "score_pooled": "all"} if factor.by else {"score": "all"}
    taken = [name for name in columns if name in clips.columns]
    if taken:
        fact = "the clips have this column already."
        raise DataError([Problem(fact, "Rename it.", column=name) for name in taken])
    joined = clips.copy()
    for name, fitted_on in columns.items():
        scores = factor.scores[factor.scores["fitted_on"] == fitted_on]
        key = _find_key(clips, scores)
        places = _name_rows(scores, key).get_indexer(_name_rows(clips, key))
        if name == "score":
            _check_match(clips, scores, places, unmatched)
        values = np.append(scores["score"].to_numpy(float), np.nan)
        joined[name] = values[places]
    return joined


def _find_key(clips: pd.DataFrame, scores: pd.DataFrame) -> list[str]:
    if "context" in clips.columns and "context" in scores.columns:
        return ["context", "clip"]
    if "context" in scores.columns and scores["clip"].duplicated().any():
        require_columns(clips, ["context"], "clips")
    return ["clip"]


def _name_rows(table: pd.DataFrame, key: list[str]) -> pd.Index:
    if len(key) == 1:
        return pd.Index(table[key[0]].astype(str))
    return pd.MultiIndex.from_arrays([table[name].astype(str) for name in key])


def _check_match(
    clips: pd.DataFrame, scores: pd.DataFrame, places: np.ndarray, unmatched: float
) -> None:
    alone = places < 0
    left = len(scores) - len(np.unique(places[~alone]))
    share = max(alone.mean(), left / len(scores))
    if share == 0:
        return
    named = ", ".join(f"'{clip}'" for clip in clips["clip"][alone].head(5))
    unscored = count_things(alone.sum(), "clips has", "clips have", of=len(clips))
    unused = count_things(left, "scores has", "scores have", of=len(scores))
    fact = f"{unscored} no score{f' ({named})' if named else ''}, and {unused} no clip."
    if share > unmatched:
        remedy = "Give both tables the same ids, or allow it with unmatched=."
        raise DataError(Problem(fact, remedy, column="clip"))
    warn_user(fact)
