"""Stages of a study that describe ratings and scores, and judge raters."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from exprstats.errors import DataError, DataWarning
from exprstats.study.inputs import Lesson, find_by, keep_seen
from exprstats.study.provenance import Logbook
from exprstats.study.settings import Study
from exprstats.study.targets import NUMBER_METRICS, Ranges

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.descriptives import (
        ColumnDescriptives,
        FeatureCorrelations,
        MeanComparison,
        RatingDescriptives,
    )
    from exprstats.inference import Comparison
    from exprstats.measurement import Factor
    from exprstats.models import Ceiling, HumanComparison
    from exprstats.reliability import Reliability
    from exprstats.results import Result
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
    """Return the means of a score by context and group of people, whose column ``group`` is.

    Where clips have a score of the pooled model, it is taken. None where there is one context and
    no group, or people are not known.
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


def rate_further(
    ratings: pd.DataFrame, reliability: Reliability | None, study: Study, log: Logbook
) -> list[Result]:
    """Return what ``[reliability]`` asks for beyond coefficients; a part may fail alone.

    Reliability with other numbers of raters needs the coefficients, the rest only the ratings.
    """
    from exprstats.reliability import judge_raters, measure_agreement, study_decisions

    settings, found = study.reliability, []
    if settings is None:
        return []
    scale = study.ratings.scale if study.ratings else None
    if settings.raters:
        with log.isolate("reliability", "raters"):
            found.append(judge_raters(ratings))
    if settings.decisions and reliability is not None:
        with log.isolate("reliability", "decisions"):
            found.append(study_decisions(reliability))
    if settings.agreement:
        with log.isolate("reliability", "agreement"):
            found.append(measure_agreement(ratings, scale=scale, by=find_by(ratings)))
    return found


def judge_people(
    ratings: pd.DataFrame, clips: pd.DataFrame, factor: Factor, parts: pd.DataFrame, *, study: Study
) -> list[pd.DataFrame]:
    """Return the predictions of each human baseline on the clips that models saw."""
    from exprstats.models import guess_human

    seen = keep_seen(ratings, clips)
    # Standardised sums of answers have no range of their own; the study names it.
    span = study.compare.span if study.compare else None
    return [
        guess_human(
            seen,
            factor,
            parts,
            unit=model.unit or "worker",
            span=span if model.unit == "paper" else None,
        ).assign(model=model.name)
        for model in study.models
        if model.kind == "human"
    ]


def allow_raters(
    comparison: Comparison,
    predictions: pd.DataFrame,
    study: Study,
    ranges: Ranges | None,
    log: Logbook,
    *,
    by: str | None,
) -> tuple[Comparison, list[HumanComparison]]:
    """Return a comparison whose rows of raters allow for other raters, where it can be said.

    Where intervals of another kind were asked for, the raters are compared on their own.
    """
    from exprstats.models import compare_human
    from exprstats.models.baselines.human import head_raters
    from exprstats.models.baselines.raters import METRICS

    judged = set(predictions["model"])
    humans = [one.name for one in study.models if one.kind == "human" and one.name in judged]
    apart: list[HumanComparison] = []
    if study.compare is None or ranges is None:
        return comparison, apart
    metrics = [one for one in study.compare.metrics or NUMBER_METRICS if one in METRICS]
    for human in humans if metrics else []:
        rows = predictions[~predictions["model"].isin({*humans} - {human})]
        options = {"by": by, "span": ranges.spans, "level": study.compare.level}
        try:
            found = compare_human(rows, metrics=metrics, human=human, **options)
        except DataError as error:
            log.notes.append(f"Raters are not compared with models: {log.tell(error)}")
            continue
        headed = head_raters(comparison, found)
        apart += [found] if headed is comparison else []
        comparison = headed
    return comparison, apart[:1]


def limit_models(
    ratings: pd.DataFrame, clips: pd.DataFrame, factor: Factor, level: float, log: Logbook
) -> Ceiling | None:
    """Return the highest correlation that the scores' reliability allows, where it can be said."""
    from exprstats.models import rate_ceiling

    try:
        with warnings.catch_warnings():
            # Of ratings that are left out the factor's stage has told.
            warnings.simplefilter("ignore", DataWarning)
            return rate_ceiling(keep_seen(ratings, clips), factor, level=level)
    except DataError as error:
        log.notes.append(f"There is no ceiling of prediction: {log.tell(error)}")
        return None
