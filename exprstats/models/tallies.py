"""How many clips each class has, and what they are taken for."""

from __future__ import annotations

import numpy as np
import pandas as pd

from exprstats.errors import OptionError
from exprstats.models.classes import code_labels
from exprstats.models.designs import Design
from exprstats.models.fits import Models
from exprstats.models.parts import PARTS
from exprstats.words import name_nearest


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


def require_classes(models: Models) -> Design:
    """Return the design of models that predict classes, or raise `OptionError`."""
    if not models.design.classes:
        message = f"{models.kind} models of '{models.design.target}' predict numbers, no classes."
        raise OptionError(message)
    return models.design


def _count(design: Design, rows: np.ndarray) -> dict[str, int]:
    return {"n_clips": len(rows), "n_clusters": len(np.unique(design.people[rows]))}
