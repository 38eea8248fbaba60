"""The run of a study: its stages in order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from exprstats.errors import DataError, Option, OptionError, Problem, Style, warn_user
from exprstats.results import Registered, Result, Results
from exprstats.study.file import read_study
from exprstats.study.inputs import (
    FEWEST_SUBJECTS,
    Lesson,
    check_marks,
    check_strata,
    check_tested,
    drop_gaps,
    find_by,
    read_tables,
)
from exprstats.study.joins import check_overlap, find_file_columns
from exprstats.study.provenance import Logbook, Provenance
from exprstats.study.settings import CompareSettings, ImportanceSettings, SplitSettings, Study
from exprstats.study.stages import Outcome
from exprstats.study.stages.central import (
    fit_models,
    fold_people,
    has_pairs,
    judge_classes,
    leak_people,
    measure_factor,
    nest_people,
    rate_crowd,
    rate_targets,
    split_people,
    weigh_features,
)
from exprstats.study.stages.clips import find_giveaways, take_features
from exprstats.study.stages.estimates import analyse_estimates
from exprstats.study.stages.events import analyse_evoked, analyse_signing
from exprstats.study.stages.learning import CORRELATIONS, predict_all, rate_features
from exprstats.study.stages.raters import (
    FEW,
    compare_score_means,
    describe_factor_scores,
    pick_scores,
    rate_further,
    relate_features,
    take_item,
    tell_ungrouped,
)
from exprstats.study.targets import LABEL_METRICS, settle_target

DESCRIPTIVE = frozenset({"descriptives", "columns", "means"})  # they answer no question alone
# Tables that stand beside ratings and clips, each with the stage that reads and analyses its files.
_BESIDE: dict[str, Callable[..., Outcome]] = {
    "signing": analyse_signing,
    "evoked": analyse_evoked,
    "estimates": analyse_estimates,
}


def run_study(study: Study | str | Path, *, n_jobs: int = 1, draws: int | None = None) -> StudyRun:
    """Run whatever a study file describes.

    Ratings give reliability, a factor model and scores; clips give a split by subject, models,
    baselines and their comparison on the test subjects. What has no input is left out.

    Parameters
    ----------
    study
        From `read_study`, or the path of the study file.
    n_jobs
        Processes that share the work; the numbers do not depend on it.
    draws
        Bootstrap draws of the comparison instead of those in the study file.

    Returns
    -------
    StudyRun
        Its results as attributes, with the tables that they come from.

    Raises
    ------
    DataError
        If a file cannot be used; the problems of all files come together.
    ExprStatsError
        The first cause, where every stage failed.

    Warns
    -----
    ExprStatsWarning
        Whatever the stages warn of, which is also kept in the provenance; and each stage that
        failed while others did not (``provenance.failures``).

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> folder = Path(tempfile.mkdtemp())
    >>> rows = ["clip,rater,smile", "a,1,1", "a,2,2", "b,1,4", "b,2,4", "c,1,2", "c,2,3"]
    >>> _ = (folder / "ratings.csv").write_text(chr(10).join(rows))
    >>> keys = ["[ratings]", "file = 'ratings.csv'", "clip = 'clip'", "rater = 'rater'"]
    >>> _ = (folder / "study.toml").write_text(chr(10).join([*keys, "items = ['smile']"]))
    >>> run = run_study(folder / "study.toml")
    >>> run.reliability.table["term"].tolist()
    ['ICC(1,1)', 'ICC(1,k)']
    """
    study = study if isinstance(study, Study) else read_study(study)
    if draws is not None and study.compare:
        study = replace(study, compare=replace(study.compare, draws=draws))
    log = Logbook(study.seed)
    with log.stage("read"):
        study, ratings, clips, features = read_all(study, log, n_jobs=n_jobs)
        if clips is not None and not study.scored:
            study = settle_target(study, clips, log)
    run = StudyRun(study=study, provenance=log.close(), clips=clips, features=features)
    if ratings is not None:
        run = _rate(run, ratings, log)
    if clips is not None and study.split:
        with log.attempt("split"):
            run = replace(run, parts=split_people(clips, study, log))
    if ratings is not None:
        with log.attempt("factor"):
            run = _measure(run, ratings, log)
    beside = [name for name in _BESIDE if getattr(study, name) is not None]
    for name in beside:
        with log.attempt(name):
            analyse = partial(_BESIDE[name], getattr(study, name), n_jobs=n_jobs)
            note = partial(log.note_file, name, study.path.parent)
            run = run.add(*analyse(seed=log.draw_seed(name), note=note).results)
    if clips is not None and run.parts is not None:
        run = predict_all(run, log, ratings, n_jobs)
    if log.errors and all(one.find_place() in DESCRIPTIVE for one in run.results):
        raise log.errors[0]
    log.notes += tell_ungrouped(study.subjects, run.means, clips)
    for failure in log.failures:
        warn_user(str(failure))
    provenance = log.close(
        draws=study.compare.draws if run.predictions is not None and study.compare else 0,
        receipts=[] if run.factor is None else [run.factor.receipt],
        learned=bool(run.models or beside),
        deep=bool(run.networks or run.ablation),
    )
    return replace(run, provenance=provenance)


def read_all(
    study: Study, log: Logbook, *, n_jobs: int = 1
) -> tuple[Study, pd.DataFrame | None, pd.DataFrame | None, tuple[str, ...]]:
    """Return the study, ratings, the clips that can be used, and the names of their features.

    Where one item was rated, its mean is the study's target. Features whose values give the target
    away are warned of.
    """
    log.columns = find_file_columns(study)
    ratings, clips = read_tables(study, log, n_jobs=n_jobs)
    if clips is None or study.clips is None:
        return study, ratings, None, ()
    settings = study.clips
    if ratings is not None and study.scored:
        matched = False
        with log.isolate("join"):
            check_overlap(study, ratings, clips, log)
            matched = True
        if not matched:
            return study, ratings, None, ()
        study, settings, clips = take_item(study, settings, ratings, clips, log)
    check_marks(study, clips)
    clips, features = take_features(clips, settings, log, people=study.subjects)
    target = settings.target
    if not features:
        fact = (
            "there is no column of numbers or categories to predict from, beside ids, target and "
            "quality."
        )
        remedy = "Name the features with ", Option("features"), "."
        raise DataError(Problem(fact, remedy, file=str(settings.file)))
    needed = [*features, *filter(None, [target])]
    reason = "a feature or the target is missing"
    named = target is not None and (settings.classes or clips[target].dtype.kind not in "iuf")
    classes = target if named else None
    clips = drop_gaps(clips, needed, log, stage="read", reason=reason, classes=classes)
    for problem in () if target is None else find_giveaways(clips, target, features):
        warn_user(problem)
    return study, ratings, clips, tuple(features)


def check_split(study: Study, clips: pd.DataFrame, log: Logbook) -> Study:
    """Return the study with its target settled, and warn of what the split will stop."""
    study = study if study.scored else settle_target(study, clips, log)
    check_strata(study, clips)
    try:
        parts = split_people(clips, study, log)
        tested = parts.loc[parts["part"].eq("test"), "subject"]
        check_tested(clips[clips["subject"].isin(tested)], find_by(clips))
    except DataError as error:
        warn_user(log.tell(error))
    return study


def fit_study(
    study: Study,
    log: Logbook,
    *,
    nested: bool = False,
    leaks: int = 0,
    style: Style = "study",
    n_jobs: int = 1,
) -> dict[str, Any]:
    """Fit the one model of a study with a plain target, without baselines and a report.

    The clips, the split, the seeds and the verbs are those of `run_study`. If ``nested``, everybody
    is also predicted by nets that were tuned without them; ``leaks`` splits by clips measure what
    they would have pretended. Results are ``models``, and where they were asked for ``weights``,
    ``importance``, ``nested`` and ``leakage``; of classes ``comparison``, with the most frequent
    class, where test subjects are not too few.
    """
    study, _, clips, features = read_all(study, log, n_jobs=n_jobs)
    if clips is None or study.clips is None or study.target is None:
        fact = "there are no clips with a target to predict."
        raise DataError(Problem(fact, "Name their file and its target.", file=str(study.path)))
    named = study.clips.context is not None
    study = settle_target(study, clips, log, style=style)
    classes = study.clips is not None and study.clips.classes
    if classes and leaks:
        message = " compares RMSE and r, which classes do not have. Leave it out."
        raise OptionError(Option("leakage"), message)
    parts = split_people(clips, study, log, style=style)
    folds = fold_people(clips, parts, study.split, log)
    by, target = "context" if named else None, str(study.target)
    lesson = Lesson(clips, parts, folds, target, features, by=by, classes=classes)
    models = fit_models(lesson, study.models[:1], log, n_jobs=n_jobs)
    model, settings = next(iter(models.values())), study.compare or CompareSettings()
    found: dict[str, Any] = {"models": model}
    with log.isolate("models", CORRELATIONS, style=style):
        found["feature_correlations"] = relate_features(lesson)
    if classes:
        labels = replace(settings, metrics=LABEL_METRICS)
        with log.isolate("comparison", style=style):
            found["comparison"] = judge_classes(model, lesson, labels, log, n_jobs=n_jobs)
    if study.weights is not None:
        options = {"repeats": ImportanceSettings().repeats, "n_jobs": n_jobs}
        with log.isolate("weights", style=style):
            found["weights"] = weigh_features(models, study.weights.draws, log, **options)
    most = max(model.design.count(sample, "test")[1] for sample in model.design.samples)
    if study.importance is not None and most < FEWEST_SUBJECTS:
        fact = f"Importance is measured on test subjects, of whom there are {most}; it needs"
        warn_user(f"{fact} {FEWEST_SUBJECTS}. Collect more subjects.")
    elif study.importance is not None:
        with log.isolate("importance", style=style):
            found["importance"] = rate_features(models, study.importance, log)[model.name]
    if nested:
        shares = study.split or SplitSettings()
        with log.isolate("nested", style=style):
            found["nested"] = nest_people(lesson, shares, settings.level, log)
    if leaks:
        kind = study.models[0].kind
        with log.isolate("leakage", style=style):
            found["leakage"] = leak_people(lesson, kind, log, repeats=leaks, n_jobs=n_jobs)
    return {name: one for name, one in found.items() if one is not None}


def _rate(run: StudyRun, ratings: pd.DataFrame, log: Logbook) -> StudyRun:
    """Return the run with the reliability of its ratings, and how the answers are distributed."""
    study = run.study
    with log.attempt("reliability"):
        run = run.add(rate_crowd(study, ratings, log))
    with log.stage("reliability"):
        if has_pairs(ratings):
            run = run.add(*rate_further(ratings, run.reliability, study, log))
        with log.isolate("reliability", "the descriptives"):
            from exprstats.descriptives import describe_ratings

            scale = study.ratings.scale if study.ratings else None
            run = run.add(describe_ratings(ratings, by=find_by(ratings), scale=scale))
    return run


def _measure(run: StudyRun, ratings: pd.DataFrame, log: Logbook) -> StudyRun:
    """Return the run with the factor of its ratings and the reliability of the scores."""
    from exprstats.measurement import average_raters

    study, parts = run.study, run.parts
    names = [str(name) for name in ratings["item"].unique()]
    if len(names) <= FEW and (not study.scored or run.clips is None):
        # Of items that are the target was told when they became one.
        if not study.rated_target:
            ending = "it has none" if study.clips else "the study ends with their reliability"
            lacks = f"{len(names)} of the {FEW + 1} items that a factor model needs"
            log.notes.append(f"The ratings have {lacks}, so {ending}.")
        return run
    train_only = study.scores is not None and study.scores.fitted_on == "train"
    if train_only and parts is None:
        log.notes.append(
            "Subjects could not be split, so that the factor model and its scores are of all clips."
        )
    scale = study.ratings.scale if study.ratings else None
    items = average_raters(ratings)
    whose = parts if train_only else None
    if whose is not None and "subject" in items:
        # People of whom no clip has all features are rated and scored, and nobody learns from them.
        rest = items.loc[~items["subject"].isin(whose["subject"]), "subject"].drop_duplicates()
        whose = pd.concat([whose, rest.to_frame().assign(part="none")], ignore_index=True)
    factor = measure_factor(items, names, whose, log, scale=scale, ratings=ratings)
    found: list[Result | None] = [factor, rate_targets(ratings, factor, log)]
    with log.isolate("factor", "the descriptives of the scores"):
        found.append(describe_factor_scores(factor))
    with log.isolate("factor", "the means of the scores"):
        group = study.subjects.group if study.subjects else None
        options = {"people": ratings, "group": group or ""}
        found.append(compare_score_means(pick_scores(factor), **options))
    return run.add(*found)


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
