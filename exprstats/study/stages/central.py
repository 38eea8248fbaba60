"""Stages of a study: reliability, factor, split, models and importance."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from exprstats.apa import count_things
from exprstats.contracts import order_levels
from exprstats.errors import DataError, DataWarning, Option, Problem, Style, warn_user
from exprstats.study.inputs import FEWEST_SUBJECTS, Lesson, check_strata, drop_gaps, find_by
from exprstats.study.provenance import Logbook
from exprstats.study.settings import (
    CompareSettings,
    ModelSettings,
    SplitSettings,
    Study,
    list_validated,
)
from exprstats.study.stages.raters import add_mean
from exprstats.study.targets import NUMBER_METRICS, Ranges

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.inference import Comparison
    from exprstats.measurement import Factor
    from exprstats.models import Contrasts, Leakage, Models, Nested, ScoreReliability, Weights
    from exprstats.reliability import Reliability

USUAL_FOLDS = 5  # of nested cross-validation


def rate_crowd(study: Study, ratings: pd.DataFrame, log: Logbook) -> Reliability:
    """Return the reliability of every item, and of the mean of two, in every context."""
    from exprstats.reliability import rate_reliability

    if not has_pairs(ratings):
        whose = count_things(len(ratings["rater"].unique()), "rater")
        fact = (
            "no clip has two ratings of an item, so that how far raters agree cannot be known: "
            f"neither the reliability of ratings and scores nor how well they could be predicted "
            f"at best ({whose})."
        )
        raise DataError(Problem(fact, "Ask a second person to rate at least some of the clips."))
    empty = ratings["rating"].isna()
    named = (ratings["clip"] + " by " + ratings["rater"])[empty].tolist()
    log.exclude("reliability", "ratings", len(ratings), "the rating is missing", left_out=named)
    return rate_reliability(
        add_mean(study, ratings),
        model=study.reliability.model if study.reliability else "one-way",
        by=find_by(ratings),
        cluster="subject" if "subject" in ratings else None,
        seed=log.draw_seed("reliability"),
    )


def has_pairs(ratings: pd.DataFrame) -> bool:
    """Return whether some clip has two ratings of an item, without which nothing is reliable."""
    key = [name for name in ("context", "clip", "item") if name in ratings]
    return bool(ratings.dropna(subset="rating").duplicated(key).any())


def measure_factor(
    items: pd.DataFrame,
    names: list[str],
    parts: pd.DataFrame | None,
    log: Logbook,
    *,
    scale: tuple[float, float] | None,
    ratings: pd.DataFrame,
) -> Factor:
    """Return the factor model of clip means, fitted on training subjects where parts are given."""
    from exprstats.measurement import fit_factor

    log.rows["rated clips"] = len(items)
    lacking = items[names].isna().any(axis=1)
    log.exclude(
        "factor",
        "rated clips",
        len(items),
        "one of the clip's items has no rating",
        left_out=items.loc[lacking, "clip"].tolist(),
    )
    by = find_by(items)
    return fit_factor(
        items, items=names, by=by, parts=parts, scale=scale, ratings=ratings, second=True
    )


def score_targets(
    clips: pd.DataFrame, factor: Factor, log: Logbook, *, features: Sequence[str], file: str
) -> pd.DataFrame:
    """Return the clips with their factor scores; clips without are left out."""
    from exprstats.measurement import join_scores
    from exprstats.models.data.design import find_lacking

    taken = [name for name in ("score", "score_pooled") if name in clips]
    for name in set(taken).intersection(features):
        fact = "a feature is called as the factor scores are, which models predict."
        remedy = "Rename it, or name all other features with ", Option("features"), "."
        raise DataError(Problem(fact, remedy, file=file, column=name))
    clips = clips.drop(columns=taken)
    with warnings.catch_warnings():
        # How far the files overlap was checked and told when they were read.
        warnings.simplefilter("ignore", DataWarning)
        joined = join_scores(clips, factor, unmatched=1.0)
    scores = [name for name in ("score", "score_pooled") if name in joined]
    for name in scores:
        if joined[name].isna().all():
            whose = "the pooled model" if name == "score_pooled" else "any context"
            fact = f"no clip has a score of {whose}, so that there is nothing to predict."
            raise DataError(" ".join([fact, *(one for one in factor.notes if "scores" in one)][:2]))
    gaps = joined[scores].isna()
    lacking = find_lacking(joined, "score") if len(scores) > 1 else set()
    if lacking:
        gaps["score"] &= ~joined["context"].isin(lacking)
        named = [f"'{one}'" for one in order_levels(joined["context"]) if one in lacking]
        log.notes.append(
            f"A factor model of context {' or '.join(named)} alone gives no scores, so that no "
            "model predicts them; the clips count in the models of all contexts."
        )
    lost = joined[gaps.any(axis=1)]
    if len(lost) == len(joined):
        return drop_gaps(joined, scores, log, stage="join", reason="the clip has no score")
    for reason, group in lost.groupby(_explain_gaps(lost, factor), sort=False):
        told = f"the clip has no score: {reason}"
        log.exclude("join", "clips", len(joined), told, left_out=group["clip"].tolist())
        joined = joined[~joined.index.isin(group.index)]
    return joined


def _explain_gaps(lost: pd.DataFrame, factor: Factor) -> pd.Series:
    """Return why each clip has no score: what the scores say of it, or that it is not there."""
    key = [name for name in ("context", "clip") if name in lost and name in factor.scores]
    gaps = factor.scores[factor.scores["score"].isna()].drop_duplicates(key)
    notes = lost[key].astype(str).merge(gaps[[*key, "note"]].astype(str), on=key, how="left")
    # A list of as many reasons as there are columns would name columns to group by.
    return notes["note"].fillna("nobody rated it").str.rstrip(".").set_axis(lost.index)


def rate_targets(ratings: pd.DataFrame, factor: Factor, log: Logbook) -> ScoreReliability | None:
    """Return the reliability of the factor scores, where it can be said."""
    from exprstats.models import rate_scores

    if not has_pairs(ratings):
        return None
    try:
        with warnings.catch_warnings():
            # What is odd about the raters is said by the reliability of the items.
            warnings.simplefilter("ignore", DataWarning)
            return rate_scores(ratings, factor)
    except DataError as error:
        log.notes.append(f"There is no reliability of the scores: {log.tell(error)}")
        return None


def split_people(
    clips: pd.DataFrame, study: Study, log: Logbook, *, style: Style = "study"
) -> pd.DataFrame:
    """Return each subject's part; nobody is set apart for validation if folds tune all models."""
    from exprstats.models import split_subjects

    shares = study.split or SplitSettings()
    check_strata(study, clips, style=style)
    parts = split_subjects(
        clips,
        train=shares.train,
        validate=shares.validate,
        test=shares.test,
        stratify=shares.stratify,
        seed=log.draw_seed("split"),
    )
    if shares.folds is None or next(list_validated(study), None) is not None:
        return parts
    return parts.assign(part=parts["part"].replace("validate", "train"))


def fold_people(
    clips: pd.DataFrame, parts: pd.DataFrame, shares: SplitSettings | None, log: Logbook
) -> pd.DataFrame | None:
    """Return the fold of each subject outside the test part; None where no folds are wanted."""
    if shares is None or shares.folds is None:
        return None
    from exprstats.models import fold_subjects

    tested = parts.loc[parts["part"] == "test", "subject"]
    rest = clips[~clips["subject"].isin(tested)]
    seed = log.draw_seed("folds")
    return fold_subjects(rest, folds=shares.folds, repeats=shares.repeats, seed=seed)


def fit_models(
    lesson: Lesson, settings: tuple[ModelSettings, ...], log: Logbook, *, n_jobs: int = 1
) -> dict[str, Models]:
    """Return the fitted models by name; baselines come later."""
    seed = log.draw_seed("forest")
    verbs = {
        "elastic": partial(_pick_verb("elastic", lesson), folds=lesson.folds),
        "forest": partial(_pick_verb("forest", lesson), seed=seed, n_jobs=n_jobs),
    }
    data = {**lesson.columns, "by": lesson.by, "parts": lesson.parts}
    return {
        model.name: verbs[model.kind](lesson.clips, name=model.name, **data)
        for model in settings
        if model.kind in verbs
    }


def _pick_verb(kind: str, lesson: Lesson) -> Callable[..., Models]:
    from exprstats.models import fit_elastic, fit_forest

    if kind == "elastic":
        return fit_elastic
    return partial(fit_forest, task="classification" if lesson.classes else "regression")


def weigh_features(
    models: dict[str, Models], draws: int, log: Logbook, *, repeats: int = 0, n_jobs: int
) -> Weights:
    """Return the weights of the first elastic net with intervals.

    Without ``repeats`` importance is left to its own stage, where all models meet the same
    permutations.
    """
    from exprstats.models import report_weights

    first = next(one for one in models.values() if one.kind == "elastic")
    seed = log.draw_seed("weights")
    return report_weights(first, draws=draws, repeats=repeats, seed=seed, n_jobs=n_jobs)


def nest_people(lesson: Lesson, shares: SplitSettings, level: float, log: Logbook) -> Nested:
    """Return elastic nets tuned in folds of all subjects but those that they predict."""
    from exprstats.models import fold_subjects, nest_elastic

    folds, seed = shares.folds or USUAL_FOLDS, log.draw_seed("folds")
    folds = fold_subjects(lesson.clips, folds=folds, repeats=shares.repeats, seed=seed)
    return nest_elastic(lesson.clips, folds=folds, by=lesson.by, level=level, **lesson.columns)


def leak_people(lesson: Lesson, kind: str, log: Logbook, *, repeats: int, n_jobs: int) -> Leakage:
    """Return what the models' test scores would be if clips were split, and not subjects."""
    from exprstats.models import measure_leakage

    verb, seed = _pick_verb(kind, lesson), log.draw_seed("split")
    verb = partial(verb, n_jobs=n_jobs) if kind == "forest" else verb
    options = {"by": lesson.by, "repeats": repeats, "seed": seed}
    return measure_leakage(verb, lesson.clips, **lesson.columns, **options)


def contrast_weights(lesson: Lesson, draws: int, log: Logbook, *, n_jobs: int) -> Contrasts | None:
    """Return how contexts differ in their weights; None where there is one context."""
    from exprstats.models import contrast_contexts

    if lesson.by is None:
        log.notes.append("There is one context, so that [contrasts] has nothing to compare.")
        return None
    seed = log.draw_seed("contrasts")
    options = {"parts": lesson.parts, "draws": draws, "seed": seed, "n_jobs": n_jobs}
    clips = lesson.clips.dropna(subset=[lesson.target])  # contexts with scores of their own
    return contrast_contexts(clips, **lesson.columns, **options)


def compare_pooled(
    models: dict[str, Models], settings: CompareSettings, log: Logbook, *, n_jobs: int
) -> Comparison:
    """Return how models of single contexts do against one for all; elastic nets if there are."""
    from exprstats.inference import compare_models
    from exprstats.models import pair_pooled

    first = min(models.values(), key=lambda one: one.kind != "elastic")
    pair = pair_pooled(first)
    options = _list_options(settings, log, seed="pooling", n_jobs=n_jobs)
    metrics = ["rmse", "correlation"]
    tested = pair[pair["part"] == "test"]
    return compare_models(tested, metrics=metrics, against=first.name, by="context", **options)


def compare_all(
    predictions: pd.DataFrame,
    settings: CompareSettings,
    ranges: Ranges | None,
    log: Logbook,
    *,
    against: str,
    by: str | None,
    n_jobs: int,
) -> Comparison:
    """Return the scores of every model, and their differences from the one asked about."""
    from exprstats.inference import compare_models

    return compare_models(
        predictions,
        metrics=list(settings.metrics or NUMBER_METRICS),
        against=against,
        by=by,
        span=ranges.spans if ranges else None,
        **_list_options(settings, log, n_jobs=n_jobs),
    )


def judge_classes(
    models: Models, lesson: Lesson, settings: CompareSettings, log: Logbook, *, n_jobs: int
) -> Comparison | None:
    """Return a model of classes beside the most frequent one; None where test people are few."""
    from exprstats.models import guess_majority, stack_predictions

    for sample in models.design.samples:
        count = models.design.count(sample, "test")[1]
        if count < FEWEST_SUBJECTS:
            few = count_things(count, "test subject is", "test subjects are")
            needed = f"too few for intervals, which need {FEWEST_SUBJECTS}."
            warn_user(f"{sample.label}: {few} {needed} Test scores are reported without intervals.")
            return None
    both = stack_predictions(models, guess_majority(models.predictions))
    options = {"against": models.name, "by": lesson.by, "n_jobs": n_jobs}
    return compare_all(both, settings, None, log, **options)


def _list_options(
    settings: CompareSettings, log: Logbook, *, seed: str = "compare", n_jobs: int
) -> dict[str, Any]:
    """Return how a comparison resamples subjects, as `compare_models` takes it."""
    told = {name: getattr(settings, name) for name in ("draws", "interval", "level")}
    return {**told, "seed": log.draw_seed(seed), "n_jobs": n_jobs}


def guess_baselines(
    skeleton: pd.DataFrame, settings: tuple[ModelSettings, ...], ranges: Ranges | None, log: Logbook
) -> list[pd.DataFrame]:
    """Return the predictions of each baseline on the clips of a fitted model.

    Classes have no ranges: their uniform guesses are even over the classes.
    """
    from exprstats.models import (
        guess_classes,
        guess_majority,
        guess_mean,
        guess_normal,
        guess_uniform,
    )

    def draw_uniform(frame: pd.DataFrame) -> pd.DataFrame:
        seed = log.draw_seed("uniform")
        if ranges is None:
            return guess_classes(frame, seed=seed)
        return guess_uniform(frame, low=ranges.lows, high=ranges.highs, seed=seed)

    verbs = {
        "uniform": draw_uniform,
        "normal": lambda frame: guess_normal(frame, seed=log.draw_seed("normal")),
        "mean": guess_mean,
        "majority": guess_majority,
    }
    return [
        verbs[model.kind](skeleton).assign(model=model.name)
        for model in settings
        if model.kind in verbs
    ]
