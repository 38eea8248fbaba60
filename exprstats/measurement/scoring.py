"""Scores from stored estimates, for the clips at hand or for new ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from exprstats.measurement.estimators import score_answers
from exprstats.measurement.itemsets import ItemSet, check_contexts, read_items
from exprstats.measurement.normal import weigh_bartlett
from exprstats.measurement.solution import Solution
from exprstats.words import ScoreMethod, check_word

if TYPE_CHECKING:
    from exprstats.measurement.factor import Factor


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
