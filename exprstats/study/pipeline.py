"""A study from its files to its results: the stages in order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from exprstats.errors import DataError, Problem
from exprstats.study.importance import rate_features, trace_forests
from exprstats.study.inputs import borrow_subjects, drop_gaps, list_features, read_tables
from exprstats.study.outcome import StudyRun
from exprstats.study.partition import fold_people, split_people
from exprstats.study.provenance import Logbook
from exprstats.study.ranges import find_ranges
from exprstats.study.settings import Study
from exprstats.study.stages import (
    compare_all,
    contrast_weights,
    fit_models,
    guess_baselines,
    judge_people,
    measure_clips,
    rate_crowd,
    score_targets,
    weigh_features,
)
from exprstats.study.targets import settle_target

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.measurement import Factor, Receipt

ITEMS_NEEDED = 3


def run_study(study: Study, *, n_jobs: int = 1, draws: int | None = None) -> StudyRun:
    """Run whatever a study file describes.

    Ratings give reliability, a factor model and scores; clips give a split by subject, models,
    baselines and their comparison on the test subjects. What has no input is left out.

    Parameters
    ----------
    study
        From `read_study`.
    n_jobs
        Processes that share the work; the numbers do not depend on it.
    draws
        Bootstrap draws of the comparison instead of those in the study file.

    Raises
    ------
    DataError
        If a file cannot be used; the problems of all files come together.
    FitError
        If the factor model has no admissible solution.

    Warns
    -----
    ExprStatsWarning
        Whatever the stages warn of, which is also kept in the provenance.
    """
    if draws is not None and study.compare:
        study = replace(study, compare=replace(study.compare, draws=draws))
    log = Logbook(study.seed)
    with log.stage("read"):
        ratings, clips, features = _read(study, log, n_jobs)
        if clips is not None and ratings is None:
            study = settle_target(study, clips, log)
    reliability = parts = factor = None
    if ratings is not None:
        with log.stage("reliability"):
            reliability = rate_crowd(ratings, log)
    if clips is not None and study.split:
        with log.stage("split"):
            parts = split_people(clips, study, log)
    if ratings is not None:
        with log.stage("factor"):
            factor = _measure(study, ratings, parts, log)
    run = StudyRun(
        study=study,
        reliability=reliability,
        factor=factor,
        clips=clips,
        features=features,
        parts=parts,
        provenance=log.close(receipts=_list_receipts(factor)),
    )
    return run if clips is None else _predict(run, log, ratings, n_jobs)


def _read(
    study: Study, log: Logbook, n_jobs: int
) -> tuple[pd.DataFrame | None, pd.DataFrame | None, tuple[str, ...]]:
    ratings, clips = read_tables(study, log, n_jobs=n_jobs)
    if clips is None or study.clips is None:
        return ratings, None, ()
    features = list_features(clips, study.clips)
    if not features:
        fact = "the clips table has no column of numbers to predict from."
        raise DataError(Problem(fact, "Name the features.", file=str(study.clips.file)))
    if ratings is not None:
        ratings = borrow_subjects(ratings, clips, log)
    needed = [*features, *filter(None, [study.clips.target])]
    reason = "a feature or the target is missing"
    clips = drop_gaps(clips, needed, log, stage="read", reason=reason)
    return ratings, clips, tuple(features)


def _measure(
    study: Study, ratings: pd.DataFrame, parts: pd.DataFrame | None, log: Logbook
) -> Factor | None:
    from exprstats.measurement import average_raters

    names = [str(name) for name in ratings["item"].unique()]
    if parts is None and len(names) < ITEMS_NEEDED:
        log.notes.append(
            f"The ratings have {len(names)} of the {ITEMS_NEEDED} items that a factor model "
            "needs, so the study ends with their reliability."
        )
        return None
    train_only = study.scores is not None and study.scores.fitted_on == "train"
    scale = study.ratings.scale if study.ratings else None
    items = average_raters(ratings)
    return measure_clips(items, names, parts if train_only else None, log, scale=scale)


def _predict(run: StudyRun, log: Logbook, ratings: pd.DataFrame | None, n_jobs: int) -> StudyRun:
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
        predictions = stack_predictions(*models.values(), *guesses, part="test")
    log.rows["test predictions"] = len(predictions)
    run = _look_closer(replace(run, clips=clips, models=models), log, n_jobs)
    with log.stage("compare"):
        against = study.compare.against or first.name
        comparison = compare_all(
            predictions, study.compare, ranges, log, against=against, n_jobs=n_jobs
        )
    return replace(
        run,
        predictions=predictions,
        comparison=comparison,
        provenance=log.close(
            draws=study.compare.draws, receipts=_list_receipts(run.factor), learned=True
        ),
    )


def _judge_people(
    run: StudyRun, ratings: pd.DataFrame | None, clips: pd.DataFrame, parts: pd.DataFrame
) -> list[pd.DataFrame]:
    """Return the predictions of each human baseline that the study asks for."""
    if ratings is None or run.factor is None:
        return []
    return [
        judge_people(ratings, clips, run.factor, parts, name=model.name)
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
    if study.importance is not None:
        with log.stage("importance"):
            found = rate_features(run.models, study.importance, log)
            curves = trace_forests(run.models, found)
            run = replace(run, importance=found, dependence=curves)
    return run


def _list_receipts(factor: Factor | None) -> list[Receipt]:
    return [] if factor is None else [factor.receipt]
