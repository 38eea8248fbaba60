"""The stages of a study on its models: fits, weights, contrasts, comparison."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from exprstats.study.logbook import Logbook
from exprstats.study.ranges import Ranges
from exprstats.study.settings import BASELINES, CompareSettings, ModelSettings
from exprstats.study.targets import NUMBER_METRICS
from exprstats.study.usable import find_by

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.inference import Comparison
    from exprstats.models import Contrasts, Models, Weights


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


def compare_pooled(
    models: dict[str, Models], settings: CompareSettings, log: Logbook, *, n_jobs: int
) -> Comparison:
    """Return how models of single contexts do against one for all; elastic nets if there are."""
    from exprstats.inference import compare_models
    from exprstats.models import pair_pooled

    first = min(models.values(), key=lambda one: one.kind != "elastic")
    pair = pair_pooled(first)
    return compare_models(
        pair[pair["part"] == "test"],
        metrics=["rmse", "correlation"],
        against=first.name,
        by="context",
        draws=settings.draws,
        interval=settings.interval,
        level=settings.level,
        seed=log.draw_seed("pooling"),
        n_jobs=n_jobs,
    )


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
