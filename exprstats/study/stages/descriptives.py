"""Stage of a study on the data as they are: ratings and scores described."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exprstats.study.inputs import Lesson, find_by

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.descriptives import (
        ColumnDescriptives,
        FeatureCorrelations,
        MeanComparison,
        RatingDescriptives,
    )
    from exprstats.measurement import Factor
    from exprstats.study.files import SubjectsSettings


def describe_crowd(ratings: pd.DataFrame, scale: tuple[float, float] | None) -> RatingDescriptives:
    """Return how the answers are distributed, by item and context."""
    from exprstats.descriptives import describe_ratings

    return describe_ratings(ratings, by=find_by(ratings), scale=scale)


def pick_scores(factor: Factor) -> pd.DataFrame:
    """Return the scores of the model of all clips, whose contexts are on one scale.

    The scores of a context's own model are centred on that context, so that they do not tell
    contexts apart.
    """
    return factor.scores[factor.scores["fitted_on"].eq("all")]


def describe_factor_scores(factor: Factor) -> ColumnDescriptives:
    """Return how the scores are distributed in each context."""
    from exprstats.descriptives import describe_columns

    scores = pick_scores(factor)
    return describe_columns(scores, ["score"], by=find_by(scores), what="scores")


def compare_score_means(
    table: pd.DataFrame,
    value: str = "score",
    *,
    people: pd.DataFrame | None = None,
    group: str = "",
) -> MeanComparison | None:
    """Return the means of a score by context and group of people.

    Where clips have a score of the pooled model, it is taken. None where there is one context and
    no group, or people are not known.

    Parameters
    ----------
    table
        One row per clip.
    value
        The score.
    people
        A table with the subjects and their group.
    group
        Its column; empty where people have no groups.
    """
    from exprstats.descriptives import compare_means

    pooled = f"{value}_pooled"
    if pooled in table:
        table = table.assign(**{value: table[pooled]})
    known = table[table[value].notna()]
    if group and people is not None and "subject" in known and group in people:
        groups = people.dropna(subset=group).groupby("subject")[group].first()
        known = known.assign(**{group: known["subject"].map(groups)}).dropna(subset=group)
        between = group if len(known[group].unique()) > 1 else None
    else:
        between = None
    by = find_by(known)
    if "subject" not in known or (by is None and between is None):
        return None
    return compare_means(known, value=value, by=by, between=between)


def tell_ungrouped(
    settings: SubjectsSettings | None, means: MeanComparison | None, clips: pd.DataFrame | None
) -> list[str]:
    """Return why the groups that a study names are compared nowhere; empty where they are."""
    if settings is None or settings.group is None or (means and means.between):
        return []
    values = [] if clips is None or settings.group not in clips else clips[settings.group].dropna()
    kinds = [str(one) for one in dict.fromkeys(values)]
    reason = f"all people are '{kinds[0]}'" if len(kinds) == 1 else "no score of theirs has a mean"
    return [f"People were not compared by '{settings.group}': {reason}."]


def relate_features(lesson: Lesson) -> FeatureCorrelations | None:
    """Return how features go with the target between and within people; None for classes."""
    from exprstats.descriptives import correlate_features

    if lesson.classes:
        return None
    # The scores of the pooled model are a column of their own, as for the models.
    pooled = f"{lesson.target}_pooled"
    return correlate_features(
        lesson.clips,
        lesson.features,
        target=lesson.target,
        pooled_target=pooled if pooled in lesson.clips else None,
        by=lesson.by,
    )
