"""The stages of a study from its clips on: models, baselines, comparison, and closer looks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from exprstats.study.baselines import guess_baselines, judge_people, limit_models
from exprstats.study.crowd import score_targets
from exprstats.study.importance import rate_features, trace_forests
from exprstats.study.learning import (
    compare_all,
    compare_pooled,
    contrast_weights,
    fit_models,
    weigh_features,
)
from exprstats.study.logbook import Logbook
from exprstats.study.outcome import StudyRun
from exprstats.study.partition import fold_people
from exprstats.study.ranges import find_ranges

if TYPE_CHECKING:
    import pandas as pd


def predict_all(run: StudyRun, log: Logbook, ratings: pd.DataFrame | None, n_jobs: int) -> StudyRun:
    """Return the run with models, baselines, their comparison, and what is asked beyond."""
    from exprstats.models import stack_predictions

    study, clips, parts = run.study, run.clips, run.parts
    if clips is None or parts is None or study.compare is None or study.target is None:
        return run
    if run.factor is not None:
        with log.stage("join"):
            clips = score_targets(clips, run.factor, log)
    log.rows["clips used"] = len(clips)
    with log.stage("models"):
        models = fit_models(
            clips,
            study.models,
            target=study.target,
            features=list(run.features),
            parts=parts,
            folds=fold_people(clips, parts, study.split, log),
            log=log,
            classes=study.clips is not None and study.clips.classes,
            n_jobs=n_jobs,
        )
    first = next(iter(models.values()))
    with log.stage("baselines"):
        ranges = None if first.design.classes else find_ranges(study, run.factor, first.predictions)
        log.notes += [] if ranges is None else [ranges.note]
        guesses = guess_baselines(first.predictions, study.models, ranges, log)
        guesses += _judge_people(run, ratings, clips, parts)
        if ratings is not None and run.factor is not None:
            ceiling = limit_models(ratings, clips, run.factor, study.compare.level, log)
            run = replace(run, ceiling=ceiling)
        predictions = stack_predictions(*models.values(), *guesses, part="test")
    log.rows["test predictions"] = len(predictions)
    run = _look_closer(replace(run, clips=clips, models=models), log, n_jobs)
    with log.stage("compare"):
        against = study.compare.against or first.name
        comparison = compare_all(
            predictions, study.compare, ranges, log, against=against, n_jobs=n_jobs
        )
    receipts = [] if run.factor is None else [run.factor.receipt]
    return replace(
        run,
        predictions=predictions,
        comparison=comparison,
        provenance=log.close(draws=study.compare.draws, receipts=receipts, learned=True),
    )


def _judge_people(
    run: StudyRun, ratings: pd.DataFrame | None, clips: pd.DataFrame, parts: pd.DataFrame
) -> list[pd.DataFrame]:
    """Return the predictions of each human baseline that the study asks for."""
    if ratings is None or run.factor is None:
        return []
    return [
        judge_people(ratings, clips, run.factor, parts, model=model)
        for model in run.study.models
        if model.kind == "human"
    ]


def _look_closer(run: StudyRun, log: Logbook, n_jobs: int) -> StudyRun:
    """Return the run with weights' intervals, contrasts and importance, as the study asks."""
    study, clips, parts = run.study, run.clips, run.parts
    if clips is None or parts is None or study.target is None:
        return run
    if study.weights is not None:
        with log.stage("weights"):
            weights = weigh_features(run.models, study.weights.draws, log, n_jobs=n_jobs)
            run = replace(run, weights=weights)
    if study.contrasts is not None:
        with log.stage("contrasts"):
            contrasts = contrast_weights(
                clips,
                study.contrasts.draws,
                log,
                target=study.target,
                features=list(run.features),
                parts=parts,
                n_jobs=n_jobs,
            )
            run = replace(run, contrasts=contrasts)
            if contrasts is not None and study.compare is not None:
                pooling = compare_pooled(run.models, study.compare, log, n_jobs=n_jobs)
                run = replace(run, pooling=pooling)
    if study.importance is not None:
        with log.stage("importance"):
            found = rate_features(run.models, study.importance, log)
            curves = trace_forests(run.models, found)
            run = replace(run, importance=found, dependence=curves)
    return run
