"""How often each class stands in each part, and what it is taken for."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd

from exprstats.errors import DataError, DataWarning, OptionError, Problem
from exprstats.models.designs import Design, Sample
from exprstats.models.fits import Models
from exprstats.models.parts import PARTS, name_some
from exprstats.words import name_nearest

FEWEST_SUBJECTS = 2
MOST_NAMED = 5


def tally_classes(models: Models) -> pd.DataFrame:
    """Count clips and subjects of each class in each part.

    Parameters
    ----------
    models
        From `fit_forest` with a target of classes.

    Returns
    -------
    pandas.DataFrame
        One row a context (None: all clips), class and part: ``n_clips``, ``n_clusters``.

    Raises
    ------
    OptionError
        The models predict no classes.

    Examples
    --------
    >>> from exprstats.models import fit_forest, split_subjects
    >>> rng = np.random.default_rng(1)
    >>> clips = pd.DataFrame({"clip": range(200), "subject": np.repeat(range(20), 10)})
    >>> clips["motion"] = rng.normal(size=200)
    >>> clips["face"] = np.where(clips["motion"] > 0, "lively", "still")
    >>> parts = split_subjects(clips, seed=1)
    >>> data = {"target": "face", "features": ["motion"], "parts": parts}
    >>> counts = tally_classes(fit_forest(clips, trees=20, seed=1, **data))
    >>> int(counts["n_clips"].sum()), counts["class"].unique().tolist()
    (200, ['lively', 'still'])
    """
    design = require_classes(models)
    rows = [
        {"context": sample.context, "class": label, "part": part, **_count(design, held)}
        for sample in design.samples
        for label, code in code_labels(design)
        for part in PARTS
        for held in [sample.rows[(sample.truth == code) & design.mark(sample, part)]]
        if design.mark(sample, part).any()
    ]
    return pd.DataFrame(rows)


def cross_classes(models: Models, *, part: str = "test") -> pd.DataFrame:
    """Count what each class is taken for: the confusion matrix, one row a cell.

    Parameters
    ----------
    models
        From `fit_forest` with a target of classes.
    part
        The part of the split whose clips are counted.

    Returns
    -------
    pandas.DataFrame
        One row a context (None: all clips, as the pooled model predicts them), ``truth`` and
        ``prediction``: ``n_clips``, and ``share``, the part of the class's clips (NaN without).

    Raises
    ------
    OptionError
        The models predict no classes, or the part is unknown.

    Examples
    --------
    >>> from exprstats.models import fit_forest, split_subjects
    >>> rng = np.random.default_rng(1)
    >>> clips = pd.DataFrame({"clip": range(200), "subject": np.repeat(range(20), 10)})
    >>> clips["motion"] = rng.normal(size=200)
    >>> clips["face"] = np.where(clips["motion"] > 0, "lively", "still")
    >>> parts = split_subjects(clips, seed=1)
    >>> data = {"target": "face", "features": ["motion"], "parts": parts}
    >>> cells = cross_classes(fit_forest(clips, trees=20, seed=1, **data))
    >>> cells.query("truth == prediction")["share"].round(1).tolist()
    [1.0, 1.0]
    """
    design = require_classes(models)
    if part not in PARTS:
        message = f"part '{part}' is not known. {name_nearest(part, PARTS)}"
        raise OptionError(message)
    rows = []
    for fit in models.fits:
        values, truth = design.split(fit.sample, part)
        guess = fit.predict(values) if len(values) else truth
        for label, code in code_labels(design):
            for other, taken in code_labels(design):
                count = int(np.sum((truth == code) & (guess == taken)))
                total = int(np.sum(truth == code))
                key = {"context": fit.sample.context, "truth": label, "prediction": other}
                rows.append({**key, "n_clips": count, "share": count / total if total else np.nan})
    return pd.DataFrame(rows)


def code_labels(design: Design) -> list[tuple[Any, float]]:
    """Return each class with the number that stands for it in targets and predictions."""
    numbered = all(isinstance(label, float) for label in design.classes)
    return [(one, one if numbered else float(i)) for i, one in enumerate(design.classes)]


def refuse_rare(design: Design) -> None:
    """Refuse classes that cannot be learnt from one person and tested on another.

    Warns of classes that a context's own training clips lack.

    Raises
    ------
    DataError
        A class of all clips has fewer than two subjects, or none in training.
    """
    problems = []
    for sample in design.samples:
        rare, lost = [], []
        for label, code in code_labels(design):
            held = sample.rows[sample.truth == code]
            subjects = _count(design, held)["n_clusters"]
            if sample.context is None and 0 < subjects < FEWEST_SUBJECTS:
                rare.append(label)
            elif len(held) and not np.isin(held, _take(design, sample, "train")).any():
                lost.append(label)
        problems += [*_judge_rare(design, rare), *_judge_lost(design, sample, lost)]
    if problems:
        raise DataError(problems)


def show_label(label: Any) -> str:
    """Return a class as people write it: codes without their decimals."""
    return f"{label:g}" if isinstance(label, float) else str(label)


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
        remedy = "Use another seed, merge the class with another, or leave its clips out."
        return [Problem(fact, remedy, column=design.target)]
    message = str(Problem(fact, "The model of all clips may know it.", column=design.target))
    warnings.warn(message, DataWarning, stacklevel=4)
    return []


def _take(design: Design, sample: Sample, part: str) -> np.ndarray:
    return sample.rows[design.mark(sample, part)]


def _count(design: Design, rows: np.ndarray) -> dict[str, int]:
    subjects = int(design.clips["subject"].iloc[rows].nunique())
    return {"n_clips": len(rows), "n_clusters": subjects}


def require_classes(models: Models) -> Design:
    """Return the design of models that predict classes, or raise `OptionError`."""
    if not models.design.classes:
        message = f"{models.kind} models of '{models.design.target}' predict numbers, no classes."
        raise OptionError(message)
    return models.design
