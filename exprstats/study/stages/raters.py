"""Stages of a study that describe ratings and scores, judge raters, or predict few items."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from exprstats.apa import write_number
from exprstats.errors import DataError, DataWarning, Option, Problem, warn_user
from exprstats.study.files import ClipsSettings
from exprstats.study.inputs import Lesson, find_by, keep_seen
from exprstats.study.provenance import Logbook
from exprstats.study.settings import Study
from exprstats.study.targets import NUMBER_METRICS, Ranges

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.descriptives import ColumnDescriptives, FeatureCorrelations, MeanComparison
    from exprstats.inference import Comparison
    from exprstats.measurement import Factor
    from exprstats.models import Ceiling, HumanComparison
    from exprstats.reliability import Reliability
    from exprstats.results import Result
    from exprstats.study.files import SubjectsSettings


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


FEW = 2  # items of which the mean is the target; three have a factor
_UNLIKE = 2.0  # times that one item's range may exceed the other's
_LOW = 0.3  # correlation below which a mean of two items measures no one thing


def name_mean(items: Sequence[str]) -> str:
    """Return what the mean of one or two items is called.

    Examples
    --------
    >>> name_mean(["warm", "open"])
    'mean of warm and open'
    """
    return items[0] if len(items) == 1 else f"mean of {items[0]} and {items[1]}"


def average_items(ratings: pd.DataFrame, items: Sequence[str]) -> pd.DataFrame:
    """Return RATINGS of one item: each rater's mean of all items that they answered for a clip.

    A rater who lacks an item of a clip has no mean of it.
    """
    key = [name for name in ("context", "clip", "rater", "subject") if name in ratings]
    held = ratings[ratings["item"].isin(list(items))].dropna(subset="rating")
    sizes = held.groupby(key, sort=False)["rating"].agg(["mean", "size"]).reset_index()
    whole = sizes[sizes["size"].eq(len(items))]
    named = whole.rename(columns={"mean": "rating"}).assign(item=name_mean(items))
    return named.drop(columns="size").reset_index(drop=True)


def add_mean(study: Study, ratings: pd.DataFrame) -> pd.DataFrame:
    """Return the ratings, with raters' means of two items where these are the target.

    The reliability of the target is that of these means, and stands beside that of the items.
    """
    items = [str(one) for one in ratings["item"].unique()]
    if not study.rated_target or len(items) < FEW:
        return ratings
    both = average_items(ratings, items)
    return pd.concat([ratings, both], ignore_index=True) if len(both) else ratings


def take_item(
    study: Study, settings: ClipsSettings, ratings: pd.DataFrame, clips: pd.DataFrame, log: Logbook
) -> tuple[Study, ClipsSettings, pd.DataFrame]:
    """Return study, its settings of clips, and clips, with the mean of few items as target.

    A factor needs three items, and scores by Bartlett's method need a factor. Of two items each
    rater's mean is taken before raters are averaged. Ratings of more items, and a study that names
    its target, are returned as they are.
    """
    from exprstats.measurement import average_raters

    items = [str(one) for one in ratings["item"].unique()]
    if study.ratings is None or not study.scored or len(items) > FEW:
        return study, settings, clips
    told = "one item" if len(items) == 1 else "two items"
    human = next((one.name for one in study.models if one.kind == "human"), None)
    if human is not None:
        fact = f"'{human}' judges raters by factor scores, and the ratings have {told}."
        raise DataError(Problem(fact, "Remove the model.", file=str(study.path)))
    name = name_mean(items)
    target = name if name not in clips else f"mean rating of {name}"
    means = average_raters(average_items(ratings, items)).rename(columns={name: target})
    key = [one for one in ("context", "clip") if one in means and one in clips]
    joined = clips.merge(means[[*key, target]], on=key, how="left")
    if len(items) == 1:
        log.notes.append(
            f"The ratings have one item, '{items[0]}', so that there is no factor and no factor "
            "score: models predict each clip's mean rating. Its reliability is that of the mean of "
            "raters."
        )
    else:
        log.notes.append(_tell_pair(ratings, items))
    models = tuple(one for one in study.models if one.kind != "normal")
    if len(models) < len(study.models):
        guesses = "Standard normal guesses are in the unit of factor scores, so they are left out."
        log.notes.append(guesses)
    settings = replace(settings, target=target, scale=study.ratings.scale)
    return replace(study, clips=settings, models=models, rated_target=True), settings, joined


def _tell_pair(ratings: pd.DataFrame, items: Sequence[str]) -> str:
    """Return what is predicted of two items, and how far they measure the same.

    The Spearman–Brown coefficient is the reliability of a sum of two items (Eisinga et al., 2013).

    References
    ----------
    Eisinga, R., te Grotenhuis, M., & Pelzer, B. (2013). The reliability of a two-item scale:
    Pearson, Cronbach, or Spearman-Brown? *International Journal of Public Health, 58*, 637-642.
    """
    first, second = items
    start = (
        f"The ratings have two items, '{first}' and '{second}', and a factor needs three: models "
        f"predict the mean of both, averaged over raters. Its reliability over raters is the row "
        f"'{name_mean(items)}' of the reliability"
    )
    r = correlate_pair(ratings, items)
    ranges = [ratings.loc[ratings["item"].eq(one), "rating"].agg(["min", "max"]) for one in items]
    widths = sorted(float(one["max"] - one["min"]) for one in ranges)
    if widths[0] > 0 and widths[1] > _UNLIKE * widths[0]:
        told = " and ".join(
            f"'{one}' from {held['min'] + 0.0:g} to {held['max'] + 0.0:g}"
            for one, held in zip(items, ranges, strict=True)
        )
        fact = f"answers run {told}, so that the mean follows the wider item."
        warn_user(Problem(fact, ("Name the one to predict with ", Option("items"), ".")))
    if np.isnan(r):
        return f"{start}."
    shown = write_number(r, bounded=True)
    if r < _LOW:
        what = "ask for opposite things" if r < 0 else "hardly measure one thing"
        fact = f"'{first}' and '{second}' {what}: over clips they correlate at r = {shown}."
        turn = (Option("reverse", [second]), ", or name the one to predict with ")
        remedy = ("Turn one with ", *turn) if r < 0 else ("Name the one to predict with ",)
        warn_user(Problem(fact, (*remedy, Option("items", [first]), ".")), DataWarning)
        return f"{start}."
    both = write_number(2 * r / (1 + r), bounded=True)
    return (
        f"{start}. Over clips the items correlate at r = {shown}, so that their mean has an "
        f"internal consistency (Spearman–Brown; Eisinga et al., 2013) of {both}."
    )


def correlate_pair(ratings: pd.DataFrame, items: Sequence[str]) -> float:
    """Return the correlation of two items' clip means, within contexts where there are several."""
    from exprstats.measurement import average_raters

    means = average_raters(ratings).dropna(subset=list(items))
    values = means[list(items)]
    if "context" in means:
        values = values - values.groupby(means["context"]).transform("mean")
    if len(values) < 3 or (values.std() < 1e-12).any():
        return float("nan")
    return float(np.corrcoef(values.to_numpy(float), rowvar=False)[0, 1])
