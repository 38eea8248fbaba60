"""A study from its files to its results: the stages in order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from exprstats.errors import DataError, Problem
from exprstats.study.crowd import measure_clips, rate_crowd
from exprstats.study.inputs import borrow_subjects, read_tables
from exprstats.study.logbook import Logbook
from exprstats.study.outcome import StudyRun
from exprstats.study.partition import split_people
from exprstats.study.prediction import predict_all
from exprstats.study.settings import Study
from exprstats.study.targets import settle_target
from exprstats.study.usable import drop_gaps, list_features

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.measurement import Factor

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
        provenance=log.close(receipts=[] if factor is None else [factor.receipt]),
    )
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
    return measure_clips(items, names, parts if train_only else None, log, scale=scale)
