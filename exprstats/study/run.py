"""The run of a study: its stages in order."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pandas as pd

from exprstats.errors import DataError, Problem
from exprstats.results import Registered, Results
from exprstats.study.inputs import borrow_subjects, drop_gaps, list_features, read_tables
from exprstats.study.provenance import Logbook, Provenance
from exprstats.study.settings import Study
from exprstats.study.stages import (
    compare_all,
    compare_pooled,
    contrast_weights,
    fit_models,
    fold_people,
    guess_baselines,
    judge_people,
    limit_models,
    measure_clips,
    rate_crowd,
    rate_features,
    rate_targets,
    score_targets,
    split_people,
    trace_forests,
    weigh_features,
)
from exprstats.study.targets import find_ranges, settle_target

if TYPE_CHECKING:
    from exprstats.measurement import Factor
    from exprstats.results import Result

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
    reliability = parts = factor = scored = None
    if ratings is not None:
        with log.stage("reliability"):
            reliability = rate_crowd(ratings, log)
    if clips is not None and study.split:
        with log.stage("split"):
            parts = split_people(clips, study, log)
    if ratings is not None:
        with log.stage("factor"):
            factor = _measure(study, ratings, parts, log)
            scored = None if factor is None else rate_targets(ratings, factor, log)
    run = StudyRun(
        study=study,
        provenance=log.close(receipts=[] if factor is None else [factor.receipt]),
        clips=clips,
        features=features,
        parts=parts,
    ).add(reliability, factor, scored)
    return run if clips is None else predict_all(run, log, ratings, n_jobs)


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
    whose = parts if train_only else None
    return measure_clips(items, names, whose, log, scale=scale, ratings=ratings)


@dataclass(frozen=True, slots=True, eq=False)
class StudyRun(Registered):
    """The results of a study, each an attribute under its name; absent results are None.

    Attributes
    ----------
    study
        The settings.
    provenance
        Where it all comes from.
    results
        The registry of results in their order. As attributes: ``reliability`` (`rate_reliability`),
        ``factor`` (`fit_factor`), ``score_reliability`` (`rate_scores`), ``models`` (by the names
        of the study file, the headline model first), ``comparison`` (`compare_models`),
        ``ceiling`` (`rate_ceiling`), ``weights`` (`report_weights`), ``contrasts``
        (`contrast_contexts`), ``pooling`` (models of single contexts against one for all),
        ``importance`` and ``dependence`` (by model).
    predictions
        Test-set predictions of every model and baseline.
    clips
        The clips with their features and targets, as the models saw them.
    features
        The columns that models predict from.
    parts
        Subject to part.
    """

    study: Study
    provenance: Provenance
    results: Results = field(default_factory=Results)
    predictions: pd.DataFrame | None = None
    clips: pd.DataFrame | None = None
    features: tuple[str, ...] = ()
    parts: pd.DataFrame | None = None

    def add(self, *results: Result | None) -> StudyRun:
        """Return the run with further results; None is passed over."""
        return replace(self, results=self.results.add(*results))


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
            run = run.add(limit_models(ratings, clips, run.factor, study.compare.level, log))
        predictions = stack_predictions(*models.values(), *guesses, part="test")
    log.rows["test predictions"] = len(predictions)
    run = _look_closer(replace(run, clips=clips).add(*models.values()), log, n_jobs)
    with log.stage("compare"):
        against = study.compare.against or first.name
        comparison = compare_all(
            predictions, study.compare, ranges, log, against=against, n_jobs=n_jobs
        )
    receipts = [] if run.factor is None else [run.factor.receipt]
    return replace(
        run.add(comparison),
        predictions=predictions,
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
            run = run.add(weigh_features(run.models, study.weights.draws, log, n_jobs=n_jobs))
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
            run = run.add(contrasts)
            if contrasts is not None and study.compare is not None:
                run = run.add(compare_pooled(run.models, study.compare, log, n_jobs=n_jobs))
    if study.importance is not None:
        with log.stage("importance"):
            found = rate_features(run.models, study.importance, log)
            run = run.add(*found.values(), *trace_forests(run.models, found).values())
    return run
