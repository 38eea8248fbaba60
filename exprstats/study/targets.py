"""The target of a study, a quantity or classes, and the settings that follow."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from exprstats.contracts import order_levels
from exprstats.errors import DataError, Option, OptionError, Problem, Style, speak
from exprstats.options import NETWORKS, MetricName
from exprstats.study.provenance import Logbook
from exprstats.study.settings import ImportanceSettings, ModelSettings, Study

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.measurement import Factor

NUMBER_METRICS: tuple[MetricName, ...] = ("nrmse", "correlation")
CLASS_METRICS: tuple[MetricName, ...] = ("accuracy", "macro_f1")
# These count hits of any label; others of classes ask which label is 1.
LABEL_METRICS: tuple[MetricName, ...] = ("accuracy", "uar", "macro_f1", "kappa")
_ONES: tuple[MetricName, ...] = ("precision", "recall", "f1", "within1", "within2", "within3")
_KEYS = {"kind": "model"}  # options that are called otherwise on the command line
# A target of so few whole numbers may stand for classes.
_FEW = 7
_MOST = 12  # classes that are named
Key = Hashable | None
Bounds = dict[Key, float]


def settle_target(
    study: Study, clips: pd.DataFrame, log: Logbook, *, style: Style = "study"
) -> Study:
    """Return the study with the models and metrics that suit its target.

    A target of texts, or one that the study calls ``classes``, is one of classes: the usual models
    are then a forest, uniform guesses and the majority, the mean of which there is none stands for
    the majority, and ``[clips] classes`` is true. The log notes what the target is; models, metrics
    or tables that it cannot have are a DataError.
    """
    compare = study.compare
    if study.clips is None or compare is None or study.target not in clips:
        return study
    from exprstats.models.data.classes import holds_names, order_classes, show_label

    target = clips[study.target]
    if not (study.clips.classes or holds_names(target)):
        return _settle_numbers(study, target, log, style)
    named = holds_names(target)
    study = replace(study, clips=replace(study.clips, classes=True))
    study = _use_forest(study) if study.usual_models else study
    labels = [show_label(one) for one in order_classes([target])]
    broken = [] if named else [one for one in target.dropna() if not float(one).is_integer()]
    if broken:
        fact = f"the target '{study.target}' holds {broken[0]:g}, and codes are whole numbers."
        remedy = "Give classes as whole numbers or as text, or leave ", Option("classes"), " out."
        _refuse(study, [(fact, speak(remedy, style))])
    _refuse(study, _find_unfit(study, labels, named=named, style=style))
    names = {"mean": "majority"}  # classes have no mean, and the most frequent one stands for it
    models = tuple(
        ModelSettings(names.get(one.name, one.name), "majority") if one.kind == "mean" else one
        for one in study.models
    )
    renamed = {old.name: new.name for old, new in zip(study.models, models, strict=True)}
    against = compare.against and renamed[compare.against]
    compare = replace(compare, against=against, metrics=compare.metrics or CLASS_METRICS)
    more = f" and {len(labels) - _MOST} more" if len(labels) > _MOST else ""
    told = f"{len(labels)} classes: {', '.join(labels[:_MOST])}{more}."
    log.notes.append(f"The target '{study.target}' has {told}")
    return replace(study, models=models, compare=compare)


def _settle_numbers(study: Study, target: pd.Series, log: Logbook, style: Style) -> Study:
    kinds = [model.kind for model in study.models]
    if "majority" in kinds:
        fact = f"the target '{target.name}' is a quantity, which has no majority."
        remedy = 'Use kind = "mean", or say that the numbers are codes: [clips] classes = true.'
        _refuse(study, [(fact, remedy)])
    _refuse(study, _find_beyond(study, target))
    values = sorted(target.dropna().unique().tolist())
    few = 2 <= len(values) <= _FEW and not study.rated_target
    if few and all(float(one).is_integer() for one in values):
        forest = study.models[0].kind == "forest" or style == "study"
        told = (
            f"The target '{target.name}' holds {len(values)} whole numbers "
            f"({', '.join(f'{one:g}' for one in values)}) and is predicted as a quantity. If they "
            "are codes of classes, write ",
            *(() if forest else (Option("model", "forest"), " ")),
            *(Option("classes", True), "."),
        )
        log.notes.append(speak(told, style))
    if study.compare is None or study.compare.metrics:
        return study
    return replace(study, compare=replace(study.compare, metrics=NUMBER_METRICS))


def _find_beyond(study: Study, target: pd.Series) -> Iterator[tuple[str, str]]:
    """Yield what is wrong where a target leaves its scale."""
    scale = study.clips.scale if study.clips else None
    if scale is None:
        return
    low, high = float(target.min()), float(target.max())
    if low < scale[0] or high > scale[1]:
        told = f"runs from {low:g} to {high:g}, beyond its scale from {scale[0]:g} to {scale[1]:g}"
        remedy = "Correct scale, or name codes for missing values: missing = [-99]."
        yield f"the target '{target.name}' {told}.", remedy


def _use_forest(study: Study) -> Study:
    """Return the study with the usual models of classes, whose baselines follow."""
    models = tuple(
        ModelSettings("forest", "forest") if model.kind == "elastic" else model
        for model in study.models
    )
    return replace(study, models=models, importance=study.importance or ImportanceSettings())


def _find_unfit(
    study: Study, labels: list[str], *, named: bool, style: Style
) -> Iterator[tuple[str, str]]:
    target = f"the target '{study.target}' is one of classes"
    names = [model.name for model in study.models]
    against = study.compare.against if study.compare else None
    if against is not None and against not in names:
        yield f"{target}, so that [compare] against '{against}' names no model.", _list(names)
    for model in study.models:
        if model.kind == "elastic":
            remedy = "Use ", Option("kind", "forest"), "."
            shown = f"{', '.join(labels[:5])}{' ...' * (len(labels) > 5)}"
            yield (
                f"{target} ({shown}), and '{model.name}' an elastic net of numbers.",
                speak(remedy, style, _KEYS if style == "command" else None),
            )
        if model.kind in NETWORKS and named:
            remedy = "Write the classes as whole numbers, with classes = true."
            yield f"{target} with names, which '{model.name}' cannot learn.", remedy
        if model.kind == "normal":
            yield f"{target}, and '{model.name}' draws numbers.", 'Use kind = "uniform".'
    for setting, told, remedy in (
        (
            study.split and study.split.folds,
            "and [split] folds tunes elastic nets of numbers",
            "folds",
        ),
        (study.contrasts, "and [contrasts] compares weights of numbers", "[contrasts]"),
        (study.weights, "and [weights] are those of an elastic net", "[weights]"),
        (study.clips and study.clips.scale, "which have no scale", "scale"),
        (study.compare and study.compare.span, "which have no span", "[compare] span"),
    ):
        if setting:
            yield f"{target}, {told}.", f"Remove {remedy}."
    asked = (study.compare.metrics if study.compare else None) or ()
    allowed, wrong = split_metrics(asked, named=named)
    for metric in wrong:
        fact = f"{target}, which [compare] metrics cannot measure by {metric}."
        yield fact, _list(allowed)


def split_metrics(asked: Sequence[str], *, named: bool) -> tuple[tuple[MetricName, ...], list[str]]:
    """Return the metrics that a target of classes can have, and those asked for that it cannot.

    ``named``: the classes have names, of which none is 1. Unknown metrics are not judged here.
    """
    allowed = LABEL_METRICS if named else (*LABEL_METRICS, *_ONES)
    return allowed, [one for one in asked if one in get_args(MetricName) and one not in allowed]


def choose_metrics(asked: Sequence[str] | None, predictions: pd.DataFrame) -> list[str]:
    """Return the metrics asked for, or those that suit PREDICTIONS of unknown range."""
    named = "truth_class" in predictions
    if asked is None:
        return list(LABEL_METRICS if named else ("rmse", "correlation"))
    allowed, wrong = split_metrics(asked, named=named)
    if named and wrong:
        names = list_class_names(predictions)
        message = (
            f" needs numbers, but these are names of classes: {', '.join(names[:5])}"
            f"{' ...' * (len(names) > 5)}. Use {', '.join(allowed)}, or write 1 for one class and "
            "0 for all others."
        )
        raise OptionError(Option("metric", wrong[0]), message)
    return list(asked)


def list_class_names(predictions: pd.DataFrame) -> list[str]:
    """Return the names of the classes that are true or predicted somewhere, in order."""
    columns = (predictions[name].dropna() for name in ("truth_class", "prediction_class"))
    found = {str(one) for column in columns for one in column.unique()}
    return sorted(found, key=lambda one: (float(one) if one.isdecimal() else inf, one))


def _list(names: tuple[str, ...] | list[str]) -> str:
    return f"There is: {', '.join(names)}."


def _refuse(study: Study, found: Any) -> None:
    problems = [Problem(fact, remedy, file=str(study.path)) for fact, remedy in found]
    if problems:
        raise DataError(problems)


@dataclass(frozen=True, slots=True)
class Ranges:
    """Lowest and highest target and their distance, by context; None is the pooled fit.

    ``note`` says where they come from.
    """

    lows: Bounds
    highs: Bounds
    spans: Bounds
    note: str


def find_ranges(study: Study, factor: Factor | None, predictions: pd.DataFrame) -> Ranges:
    """Return the ranges of a study's target, for the fits that PREDICTIONS of all parts have.

    A span in the study file replaces every other: for factor scores it stands for ±span/2 (Lin,
    Girard, & Morency, 2020, took -3.5 to 3.5). Without it factor scores have their theoretical
    range, from the answers that score lowest to those that score highest, and a plain target has
    the scale that the study file gives, or else the range of the training clips.
    """
    keys = _list_fits(predictions)
    span = study.compare.span if study.compare else None
    if factor is None:
        return _find_plain(keys, study, predictions, span)
    if span is not None:
        uses = _tell_uses(study, f"{span:g}", f"±{span / 2:g}")
        note = f"{uses[:1].upper()}{uses[1:]}, as the study file says." if uses else ""
        return _repeat(keys, -span / 2, span / 2, note)
    return _find_theoretical(study, factor)


def _tell_uses(study: Study, divisor: str, drawn: str, again: str = "") -> str:
    """Return what a study uses a range for: a metric that is divided by it, guesses from it.

    Guesses are drawn from ``again`` where the metric has named the range before.
    """
    metrics = (study.compare.metrics if study.compare else None) or NUMBER_METRICS
    told = [f"NRMSE is RMSE / {divisor}"] if "nrmse" in metrics else []
    if any(model.kind == "uniform" for model in study.models):
        source = (again or drawn) if told else drawn
        told.append(f"the uniform baseline draws from {source}")
    return ("; " if again else " and ").join(told)


def _find_theoretical(study: Study, factor: Factor) -> Ranges:
    import pandas as pd

    from exprstats.document.cells import name_contexts
    from exprstats.measurement.factor.formulas import weigh_bartlett

    trained = [one for one in factor.solutions if one.part == "train"]
    lows: Bounds = {}
    highs: Bounds = {}
    for one in trained or factor.solutions:
        if not min(one.residuals) > 0:
            # A Heywood case, or one that was not fitted, has no scores, and so no range of them.
            continue
        weights, _ = weigh_bartlett(one.loadings, one.residuals)
        ends = weights * (np.array([one.low, one.high]) - one.intercepts)
        lows[one.context], highs[one.context] = np.sort(ends, axis=0).sum(axis=1).tolist()
    spans = {key: highs[key] - lows[key] for key in lows}
    names = name_contexts(pd.DataFrame({"context": pd.Series(list(spans), dtype=object)}))
    named = ", ".join(
        f"{name} {span:.2f}" for name, span in zip(names["context"], spans.values(), strict=True)
    )
    answers = "each item’s answer that means least of the factor to the one that means most"
    whole = f"the theoretical range of the scores, from {answers} ({named})"
    uses = _tell_uses(study, whole, whole, "that range")
    note = f"{uses[:1].upper()}{uses[1:]}." if uses else ""
    return Ranges(lows, highs, spans, note)


def _find_plain(
    keys: list[Key], study: Study, predictions: pd.DataFrame, span: float | None
) -> Ranges:
    scale = study.clips.scale if study.clips else None
    train = predictions.loc[predictions["part"] == "train", "truth"]
    low, high = scale or (float(train.min()), float(train.max()))
    source = "its scale in the study file" if scale else "its range in the training clips"
    uses = _tell_uses(study, f"{span or high - low:g}", "there")
    fact = f"The target '{study.target}' runs from {low:g} to {high:g} ({source})"
    ranges = _repeat(keys, low, high, f"{fact}: {uses}." if uses else "")
    return ranges if span is None else replace(ranges, spans=dict.fromkeys(keys, span))


def _list_fits(predictions: pd.DataFrame) -> list[Key]:
    own = predictions[predictions["fitted_on"] == "context"]
    return [*(order_levels(own["context"]) if "context" in own else []), None]


def _repeat(keys: list[Key], low: float, high: float, note: str) -> Ranges:
    lows, highs = dict.fromkeys(keys, low), dict.fromkeys(keys, high)
    return Ranges(lows, highs, dict.fromkeys(keys, high - low), note)
