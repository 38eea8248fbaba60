"""Class targets: their detection, codes, names and counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.contracts import find_absent, require_columns
from exprstats.errors import DataError, Option, Problem, warn_user
from exprstats.models.data.design import NOTHING, Design, Sample
from exprstats.options import check_columns, check_word, name_some

Task = Literal["regression", "classification"]
FEWEST_SUBJECTS = 2
MOST_NAMED = 5


def settle_task(clips: pd.DataFrame, target: str, task: Task | None) -> Task:
    """Return what is asked for: by default, text, categories and booleans are classes."""
    if task is not None:
        check_word(task, Task, "task")
        return task
    require_columns(clips, [], "clips")
    check_columns(target)
    return "classification" if target in clips and holds_names(clips[target]) else "regression"


def holds_names(column: pd.Series) -> bool:
    """Return whether a column holds text, categories or booleans instead of numbers."""
    numeric = pd.api.types.is_numeric_dtype(column)
    return pd.api.types.is_bool_dtype(column) or not numeric


def encode_classes(
    clips: pd.DataFrame, targets: Sequence[str]
) -> tuple[pd.DataFrame, tuple[Any, ...]]:
    """Return clips whose targets are numbers, and the classes in the order of these numbers.

    Whole numbers stay what they are. Other classes become 0, 1, …, in the order of their category
    or, without one, sorted. Missing classes stay missing; one class alone is a DataError.
    """
    problems = find_absent(clips, targets, "clips")
    if problems:
        raise DataError(problems)
    columns = [clips[name] for name in targets]
    if any(holds_names(column) for column in columns):
        classes = order_classes(columns)
        codes = {label: float(code) for code, label in enumerate(classes)}
        coded = {str(column.name): column.astype(object).map(codes) for column in columns}
        clips = clips.assign(**{name: column.astype(float) for name, column in coded.items()})
    else:
        values = np.concatenate([column.to_numpy(float, na_value=np.nan) for column in columns])
        classes = tuple(np.unique(values[~np.isnan(values)]).tolist())
        _refuse_fractions(classes, targets[0])
    if len(classes) < 2:
        fact = f"there is one class only: {', '.join(str(one) for one in classes)}."
        raise DataError(Problem(fact, NOTHING, column=targets[0]))
    return clips, classes


def name_classes(predictions: pd.DataFrame, classes: Sequence[Any]) -> pd.DataFrame:
    """Return predictions with the names of true and predicted classes, where these have names."""
    if all(isinstance(label, float) for label in classes):
        return predictions
    named = predictions.copy()
    for name in ("truth", "prediction"):
        if name in predictions:
            codes = predictions[name].to_numpy(float)
            labels = [None if np.isnan(code) else classes[int(code)] for code in codes]
            named[f"{name}_class"] = pd.Series(labels, predictions.index, dtype=object)
    return named


def code_labels(design: Design) -> list[tuple[Any, float]]:
    """Return each class with the number that stands for it in targets and predictions."""
    numbered = all(isinstance(label, float) for label in design.classes)
    return [(one, one if numbered else float(i)) for i, one in enumerate(design.classes)]


def show_label(label: Any) -> str:
    """Return a class as people write it: codes without their decimals."""
    return f"{label:g}" if isinstance(label, float) else str(label)


def order_classes(columns: Sequence[pd.Series]) -> tuple[Any, ...]:
    """Return all classes, in the order of their category or, without one, sorted."""
    first = columns[0].dtype
    if isinstance(first, pd.CategoricalDtype):
        return tuple(first.categories)
    found = {label for column in columns for label in column.dropna().unique()}
    return tuple(sorted(found, key=lambda label: (str(type(label)), label)))


def _refuse_fractions(classes: tuple[float, ...], target: str) -> None:
    broken = [one for one in classes if not float(one).is_integer()]
    if broken:
        counted = count_things(len(broken), "classes is", "classes are", of=len(classes))
        fact = f"{counted} no whole numbers: {broken[0]:g}."
        remedy = (
            "Give classes as whole numbers or as text, or use ",
            Option("task", "regression"),
            ".",
        )
        raise DataError(Problem(fact, remedy, column=target))


def refuse_rare(design: Design) -> None:
    """Refuse classes that cannot be learnt from one person and tested on another.

    These have fewer than two subjects, or none in training. Warns of classes that a context's own
    training clips lack.
    """
    problems = []
    for sample in design.samples:
        rare, lost = [], []
        for label, code in code_labels(design):
            held = sample.rows[sample.truth == code]
            subjects = len(np.unique(design.people[held]))
            if sample.context is None and 0 < subjects < FEWEST_SUBJECTS:
                rare.append(label)
            elif len(held) and not np.isin(held, sample.rows[design.mark(sample, "train")]).any():
                lost.append(label)
        problems += [*_judge_rare(design, rare), *_judge_lost(design, sample, lost)]
    if problems:
        raise DataError(problems)


def _judge_rare(design: Design, rare: list[Any]) -> list[Problem]:
    """Return a problem for each class of one person; one for all of them if they are many."""
    remedy = (
        f"A class needs {FEWEST_SUBJECTS} subjects, one to learn from and one to test on: merge "
        "it with another class, or leave its clips out."
    )
    named = [show_label(label) for label in rare]
    facts = [f"class '{one}' has clips of 1 subject only." for one in named]
    if len(rare) > MOST_NAMED:
        count = f"{len(rare):,} of {len(design.classes):,} classes"
        facts = [f"{count} have clips of 1 subject only: {name_some(named)}."]
        remedy += " A quantity is no target of classes."
    return [Problem(fact, remedy, column=design.target) for fact in facts]


def _judge_lost(design: Design, sample: Sample, lost: list[Any]) -> list[Problem]:
    """Return a problem for classes without training clips; of one context only warn."""
    if not lost:
        return []
    named = name_some([show_label(label) for label in lost])
    fact = f"{sample.label}: no training clip shows {named}, so that it is never predicted."
    if sample.context is None:
        remedy = (
            "Use another ",
            Option("seed"),
            ", merge the class with another, or leave its clips out.",
        )
        return [Problem(fact, remedy, column=design.target)]
    message = str(Problem(fact, "The model of all clips may know it.", column=design.target))
    warn_user(message)
    return []
