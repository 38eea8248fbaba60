"""The stages of a study: each calls verbs of one room and writes down what it left out."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from exprstats.study.inputs import drop_gaps, find_by
from exprstats.study.provenance import Logbook
from exprstats.study.ranges import Ranges
from exprstats.study.settings import BASELINES, CompareSettings, ModelSettings
from exprstats.study.targets import NUMBER_METRICS

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.inference import Comparison
    from exprstats.measurement import Factor
    from exprstats.models import Contrasts, Models, Weights
    from exprstats.reliability import Reliability


def rate_crowd(ratings: pd.DataFrame, log: Logbook) -> Reliability:
    """Return the reliability of every item in every context."""
    from exprstats.reliability import rate_reliability

    empty = ratings["rating"].isna()
    named = (ratings["clip"] + " by " + ratings["rater"])[empty].tolist()
    log.exclude("reliability", "ratings", len(ratings), "the rating is missing", left_out=named)
    return rate_reliability(
        ratings,
        by=find_by(ratings),
        cluster="subject" if "subject" in ratings else None,
        seed=log.draw_seed("reliability"),
    )


def measure_clips(
    items: pd.DataFrame,
    names: list[str],
    parts: pd.DataFrame | None,
    log: Logbook,
    *,
    scale: tuple[float, float] | None,
) -> Factor:
    """Return the factor model of clip means, fitted on training subjects where parts are given."""
    from exprstats.measurement import fit_factor

    log.rows["rated clips"] = len(items)
    lacking = items[names].isna().any(axis=1)
    log.exclude(
        "factor",
        "rated clips",
        len(items),
        "nobody rated the clip on every item",
        left_out=items.loc[lacking, "clip"].tolist(),
    )
    return fit_factor(items, items=names, by=find_by(items), parts=parts, scale=scale)


def score_targets(clips: pd.DataFrame, factor: Factor, log: Logbook) -> pd.DataFrame:
    """Return the clips with their factor scores; clips without are left out."""
    from exprstats.measurement import join_scores

    joined = join_scores(clips, factor)
    scores = [name for name in ("score", "score_pooled") if name in joined]
    return drop_gaps(joined, scores, log, stage="join", reason="the clip has no score")


def fit_models(
    clips: pd.DataFrame,
    settings: tuple[ModelSettings, ...],
    *,
    target: str,
    features: list[str],
    parts: pd.DataFrame,
    folds: pd.DataFrame | None,
    log: Logbook,
    classes: bool = False,
    n_jobs: int = 1,
) -> dict[str, Models]:
    """Return the fitted models by name; baselines come later."""
    from exprstats.models import fit_elastic, fit_forest

    task = "classification" if classes else "regression"
    grow = partial(fit_forest, task=task, seed=log.draw_seed("forest"), n_jobs=n_jobs)
    verbs = {"elastic": partial(fit_elastic, folds=folds), "forest": grow}
    return {
        model.name: verbs[model.kind](
            clips, target=target, features=features, parts=parts, by=find_by(clips), name=model.name
        )
        for model in settings
        if model.kind not in BASELINES
    }


def judge_people(
    ratings: pd.DataFrame,
    clips: pd.DataFrame,
    factor: Factor,
    parts: pd.DataFrame,
    *,
    name: str,
) -> pd.DataFrame:
    """Return the human baseline's predictions on the clips that models saw."""
    from exprstats.models import guess_human

    key = [one for one in ("context", "clip") if one in ratings and one in clips]
    seen = ratings.set_index(key).index.isin(clips.set_index(key).index)
    return guess_human(ratings[seen], factor, parts).assign(model=name)


def weigh_features(models: dict[str, Models], draws: int, log: Logbook, *, n_jobs: int) -> Weights:
    """Return the weights of the first elastic net with intervals."""
    from exprstats.models import report_weights

    first = next(one for one in models.values() if one.kind == "elastic")
    # Importance has a stage of its own, where all models meet the same permutations.
    options = {"draws": draws, "repeats": 0, "n_jobs": n_jobs}
    return report_weights(first, seed=log.draw_seed("weights"), **options)


def contrast_weights(
    clips: pd.DataFrame,
    draws: int,
    log: Logbook,
    *,
    target: str,
    features: list[str],
    parts: pd.DataFrame,
    n_jobs: int,
) -> Contrasts | None:
    """Return how contexts differ in their weights; None where there is one context."""
    from exprstats.models import contrast_contexts

    if find_by(clips) is None:
        log.notes.append("There is one context, so that [contrasts] has nothing to compare.")
        return None
    return contrast_contexts(
        clips,
        target=target,
        features=features,
        parts=parts,
        draws=draws,
        seed=log.draw_seed("contrasts"),
        n_jobs=n_jobs,
    )


def guess_baselines(
    skeleton: pd.DataFrame,
    settings: tuple[ModelSettings, ...],
    ranges: Ranges | None,
    log: Logbook,
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

    guesses = []
    for model in settings:
        if model.kind == "uniform" and ranges is None:
            guess = guess_classes(skeleton, seed=log.draw_seed("uniform"))
        elif model.kind == "majority":
            guess = guess_majority(skeleton)
        elif model.kind == "uniform" and ranges is not None:
            seed = log.draw_seed("uniform")
            guess = guess_uniform(skeleton, low=ranges.lows, high=ranges.highs, seed=seed)
        elif model.kind == "normal":
            guess = guess_normal(skeleton, seed=log.draw_seed("normal"))
        elif model.kind == "mean":
            guess = guess_mean(skeleton)
        else:
            continue
        guesses.append(guess.assign(model=model.name))
    return guesses


def compare_all(
    predictions: pd.DataFrame,
    settings: CompareSettings,
    ranges: Ranges | None,
    log: Logbook,
    *,
    against: str,
    n_jobs: int,
) -> Comparison:
    """Return the scores of every model, and their differences from the one asked about."""
    from exprstats.inference import compare_models

    return compare_models(
        predictions,
        metrics=list(settings.metrics or NUMBER_METRICS),
        against=against,
        by=find_by(predictions),
        span=ranges.spans if ranges else None,
        draws=settings.draws,
        interval=settings.interval,
        level=settings.level,
        seed=log.draw_seed("compare"),
        n_jobs=n_jobs,
    )
