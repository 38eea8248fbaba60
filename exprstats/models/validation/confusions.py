"""Class counts, confusion tables and predicted probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from exprstats.contracts import check_kind
from exprstats.errors import OptionError
from exprstats.models.data.classes import code_labels, show_label
from exprstats.models.data.design import Design
from exprstats.models.fitting.forest import Grown
from exprstats.models.fitting.result import Models
from exprstats.options import PARTS, name_nearest


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
        {
            "context": sample.context,
            "class": label,
            "part": part,
            "n_clips": len(held),
            "n_clusters": len(np.unique(design.people[held])),
        }
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


def require_classes(models: Models) -> Design:
    """Return the design of models that predict classes, or raise `OptionError`."""
    check_kind(models, Models, "models", "fit_elastic or fit_forest")
    if not models.design.classes:
        message = f"{models.kind} models of '{models.design.target}' predict numbers, no classes."
        raise OptionError(message)
    return models.design


def list_probabilities(models: Models, *, label: Any = None) -> pd.DataFrame:
    """Return the probability of one class as the prediction of each clip.

    Parameters
    ----------
    models
        From `fit_forest` with a target of classes.
    label
        The class; by default the second of two.

    Returns
    -------
    pandas.DataFrame
        PREDICTIONS of all parts: ``truth`` is 1 for clips of the class and 0 for others,
        ``prediction`` the mean over trees of the share that the class has in the clip's leaf.
        They serve metrics of ranking, such as ``auc`` and ``average_precision``.

    Raises
    ------
    OptionError
        The models predict no classes, the class is unknown, or must be named among several.

    Examples
    --------
    >>> from exprstats.models import fit_forest, split_subjects
    >>> rng = np.random.default_rng(1)
    >>> clips = pd.DataFrame({"clip": range(200), "subject": np.repeat(range(20), 10)})
    >>> clips["motion"] = rng.normal(size=200)
    >>> clips["face"] = np.where(clips["motion"] > 0, "lively", "still")
    >>> parts = split_subjects(clips, seed=1)
    >>> data = {"target": "face", "features": ["motion"], "parts": parts}
    >>> forest = fit_forest(clips, trees=20, seed=1, **data)
    >>> rows = list_probabilities(forest, label="lively")
    >>> bool(rows.loc[rows["truth"] == 1, "prediction"].min() > 0.5)
    True
    """
    code = _find_code(models, label)
    found = []
    for fit in models.fits:
        if isinstance(fit, Grown):
            values = models.design.matrix[fit.sample.rows]
            found.append(fit.weigh_class(values, code))
    table = models.predictions.drop(columns=["truth_class", "prediction_class"], errors="ignore")
    truth = (table["truth"] == code).astype(float)
    return table.assign(truth=truth, prediction=np.concatenate(found))


def _find_code(models: Models, label: Any) -> float:
    """Return the number that stands for a class."""
    codes = dict(code_labels(require_classes(models)))
    if label is None and len(codes) > 2:
        shown = ", ".join(map(show_label, codes))
        message = f"label must name one of the {len(codes)} classes: {shown}."
        raise OptionError(message)
    wanted = list(codes)[1] if label is None else label
    if wanted not in codes:
        message = (
            f"class '{wanted}' is not known. {name_nearest(str(wanted), map(show_label, codes))}"
        )
        raise OptionError(message)
    return codes[wanted]
