"""Stage of a study on the data as they are: ratings and scores described."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exprstats.study.inputs import find_by

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.descriptives import ColumnDescriptives, RatingDescriptives
    from exprstats.measurement import Factor


def describe_crowd(ratings: pd.DataFrame, scale: tuple[float, float] | None) -> RatingDescriptives:
    """Return how the answers are distributed, by item and context."""
    from exprstats.descriptives import describe_ratings

    return describe_ratings(ratings, by=find_by(ratings), scale=scale)


def pick_scores(factor: Factor) -> pd.DataFrame:
    """Return a clip's one score: its context's own model's where there is one."""
    scores = factor.scores
    own = scores["fitted_on"].eq("context")
    return scores[own if own.any() else scores["fitted_on"].eq("all")]


def describe_scored(factor: Factor) -> ColumnDescriptives:
    """Return how the scores are distributed in each context."""
    from exprstats.descriptives import describe_columns

    scores = pick_scores(factor)
    return describe_columns(scores, ["score"], by=find_by(scores), what="scores")
