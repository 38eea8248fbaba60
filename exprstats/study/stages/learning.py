"""The stages of a study on models: scores joined, models, baselines, comparison, explanation."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from exprstats.errors import warn_user
from exprstats.options import NETWORKS
from exprstats.study.inputs import Lesson, check_tested, find_by
from exprstats.study.joins import name_files
from exprstats.study.provenance import Logbook
from exprstats.study.settings import BASELINES, ImportanceSettings
from exprstats.study.stages.central import (
    compare_all,
    compare_pooled,
    contrast_weights,
    fit_models,
    fold_people,
    guess_baselines,
    has_pairs,
    score_targets,
    weigh_features,
)
from exprstats.study.stages.clips import find_giveaways
from exprstats.study.stages.networks import (
    ablate_networks,
    adapt_networks,
    choose_reference,
    drop_added,
    fit_networks,
    keep_training_clips,
    split_runs,
)
from exprstats.study.stages.raters import (
    allow_raters,
    compare_score_means,
    judge_people,
    limit_models,
    relate_features,
)
from exprstats.study.targets import Ranges, find_ranges

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.deep.result import DeepModels
    from exprstats.models import Dependence, Importance, Models
    from exprstats.study.run import StudyRun

CORRELATIONS = "the correlations of the features"
MOST_TRACED = 4  # features whose curves stand beside each other on a page


def predict_all(run: StudyRun, log: Logbook, ratings: pd.DataFrame | None, n_jobs: int) -> StudyRun:
    """Return the run with models, baselines, their comparison, and what is asked beyond.

    A stage that fails is written down, and those that do not need it go on.
    """
    study = run.study
    clips, parts = run.clips, run.parts
    if clips is None or parts is None or study.compare is None or study.target is None:
        return run
    factor = run.factor if study.scored else None
    if factor is not None:
        measured, clips = clips, None
        with log.attempt("join"):
            named = {"features": run.features, "file": name_files(study)["clips"]}
            clips = score_targets(measured, factor, log, **named)
            for problem in find_giveaways(clips, str(study.target), run.features):
                warn_user(problem)
    elif study.target not in clips:
        clips = None
    if clips is None:
        return run
    clips = keep_training_clips(clips, parts, study, log)
    run = replace(run, clips=clips)
    log.rows["clips used"] = len(clips)
    lesson, models = _fit_all(run, log, n_jobs, clips=clips, parts=parts)
    if lesson is None or not models:
        return run
    with log.isolate("models", "the means of the target"):
        group = study.subjects.group if study.subjects else None
        options = {"people": clips, "group": group or ""}
        apart = lesson.classes or run.means
        means = None if apart else compare_score_means(clips, lesson.target, **options)
        run = run.add(means)
    with log.isolate("models", CORRELATIONS):
        run = run.add(relate_features(lesson))
    networks: dict[str, DeepModels] = {}
    with log.isolate("networks", "the networks"):
        networks = fit_networks(study, lesson, log)
    for asked, further, about in (
        (study.ablation, lambda: ablate_networks(study, lesson, log), "the ablation"),
        (study.adaptation, lambda: adapt_networks(study, networks, lesson, log), "the adaptation"),
    ):
        if asked is None:
            continue
        with log.isolate("networks", about), log.stage("networks"):
            run = run.add(further())
    ranges, guesses = None, []
    with log.attempt("baselines"):
        first = next(iter(models.values()))
        ranges = None if first.design.classes else find_ranges(study, factor, first.predictions)
        log.notes += [] if ranges is None or not ranges.note else [ranges.note]
        skeleton = drop_added(first.predictions, clips, study)
        guesses = _guess_all(run, log, skeleton, ranges, ratings, lesson=lesson)
    if ratings is not None and factor is not None and has_pairs(ratings):
        with log.isolate("baselines", "the ceiling"):
            limit = limit_models(ratings, clips, factor, study.compare.level, log)
            run = run.add(limit)
    run = _look_closer(run.add(*models.values(), *networks.values()), lesson, log, n_jobs)
    return _compare(run, lesson, log, guesses, ranges=ranges, n_jobs=n_jobs)


def _fit_all(
    run: StudyRun, log: Logbook, n_jobs: int, *, clips: pd.DataFrame, parts: pd.DataFrame
) -> tuple[Lesson | None, dict[str, Models]]:
    study = run.study
    found: dict[str, Models] = {}
    lesson = None
    with log.attempt("models"):
        folds, dealt = None, False
        with log.isolate("models", "the folds"):
            folds, dealt = fold_people(clips, parts, study.split, log), True
        # Whoever has no clip left is in no part of what models see.
        parts = parts[parts["subject"].isin(clips["subject"])].reset_index(drop=True)
        lesson = Lesson(
            clips,
            parts,
            folds,
            target=str(study.target),
            features=run.features,
            by=find_by(clips),
            classes=study.clips is not None and study.clips.classes,
        )
        for model in study.models:
            unfit = set() if dealt else {"elastic"}  # folds tune elastic nets only
            if model.kind not in {*BASELINES, *NETWORKS, *unfit}:
                with log.isolate("models", f"'{model.name}'"):
                    found |= fit_models(lesson, (model,), log, n_jobs=n_jobs)
    return lesson, found


def _guess_all(
    run: StudyRun,
    log: Logbook,
    skeleton: pd.DataFrame,
    ranges: Ranges | None,
    ratings: pd.DataFrame | None,
    *,
    lesson: Lesson,
) -> list[pd.DataFrame]:
    """Return the predictions of every baseline that can be made."""
    found: list[pd.DataFrame] = []
    for model in run.study.models:
        if model.kind not in BASELINES:
            continue
        with log.isolate("baselines", f"'{model.name}'"):
            found += guess_baselines(skeleton, (model,), ranges, log)
            if model.kind == "human" and ratings is not None and run.factor is not None:
                only = replace(run.study, models=(model,))
                found += judge_people(ratings, lesson.clips, run.factor, lesson.parts, study=only)
    return found


def _compare(
    run: StudyRun,
    lesson: Lesson,
    log: Logbook,
    guesses: list[pd.DataFrame],
    *,
    ranges: Ranges | None,
    n_jobs: int,
) -> StudyRun:
    from exprstats.models import stack_predictions

    study, asked = run.study, run.study.compare
    if asked is None:
        return run
    with log.attempt("compare"):
        trained = [one.predictions for one in run.networks.values()]
        predictions = stack_predictions(*run.models.values(), *trained, *guesses, part="test")
        log.rows["test predictions"] = len(predictions)
        run = replace(run, predictions=predictions)
        first = next(iter(run.models))
        against = choose_reference(study, predictions, first, log)
        check_tested(predictions, lesson.by)
        with log.isolate("compare", "the runs of networks"):
            run = run.add(split_runs(run.networks, study, ranges, by=lesson.by))
        options = {"against": against, "by": lesson.by, "n_jobs": n_jobs}
        found, apart = compare_all(predictions, asked, ranges, log, **options), []
        if run.factor is not None and study.scored:
            with log.isolate("compare", "raters"):
                found, apart = allow_raters(found, predictions, study, ranges, log, by=lesson.by)
        for one in (found, *apart):
            run = run.add(one)
    if asked.calibration and ranges is not None and run.predictions is not None:
        with log.attempt("compare", "calibration"):
            from exprstats.inference import calibrate_models

            check_tested(run.predictions, lesson.by)
            fitted = run.predictions["model"].isin([*run.models, *run.networks])
            run = run.add(
                calibrate_models(run.predictions[fitted], by=lesson.by, level=asked.level)
            )
    return run


def _look_closer(run: StudyRun, lesson: Lesson, log: Logbook, n_jobs: int) -> StudyRun:
    """Return the run with weights' intervals, contrasts and importance, as the study asks."""
    study = run.study
    elastic = any(one.kind == "elastic" for one in run.models.values())
    if study.weights is not None and elastic:
        with log.attempt("weights"):
            run = run.add(weigh_features(run.models, study.weights.draws, log, n_jobs=n_jobs))
    if study.contrasts is not None:
        with log.attempt("contrasts"):
            run = run.add(contrast_weights(lesson, study.contrasts.draws, log, n_jobs=n_jobs))
        if lesson.by is not None and study.compare is not None:
            with log.attempt("contrasts", "one model for all contexts"):
                run = run.add(compare_pooled(run.models, study.compare, log, n_jobs=n_jobs))
    if study.importance is not None:
        found = {}
        with log.attempt("importance"):
            found = rate_features(run.models, study.importance, log)
            run = run.add(*found.values())
        with log.attempt("importance", "the curves of forests"):
            run = run.add(*trace_forests(run.models, found).values())
    return run


def rate_features(
    models: dict[str, Models], settings: ImportanceSettings, log: Logbook
) -> dict[str, Importance]:
    """Return the importance of each model's features, by the models' names.

    One seed serves all models, so that they meet the same permutations of the same people.
    """
    from exprstats.models import rate_importance

    options = {"repeats": settings.repeats, "draws": settings.draws}
    return {
        name: rate_importance(one, seed=log.draw_seed("importance"), **options)
        for name, one in models.items()
    }


def trace_forests(
    models: dict[str, Models], importance: dict[str, Importance]
) -> dict[str, Dependence]:
    """Return how the predictions of forests move along their most important features.

    Classes have no mean prediction, and are left out.
    """
    from exprstats.models import trace_dependence

    return {
        name: trace_dependence(models[name], features=traced or list(known[:1]))
        for name, found in importance.items()
        if found.kind == "forest" and not models[name].design.classes
        for known in [models[name].design.features]
        # A category has levels, and no curve.
        for traced in [[f for f in list_important(found, len(known)) if f in known][:MOST_TRACED]]
    }


def list_important(importance: Importance, most: int) -> list[str]:
    """Return the features of largest importance for all clips, the first the largest."""
    rows = importance.tidy()
    rows = rows[rows["term"].eq("importance") & rows["headline"].eq(True)]
    pooled = rows[rows["context"].isna()]
    sizes = (pooled if len(pooled) else rows).groupby("feature", sort=False)["estimate"].max()
    return [str(one) for one in sizes.sort_values(ascending=False, kind="stable").index[:most]]
