"""How probable a forest holds each class, as predictions that can be ranked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from exprstats.errors import OptionError
from exprstats.models.classes import code_labels, show_label
from exprstats.models.fits import Models
from exprstats.models.growing import Grown
from exprstats.models.tallies import require_classes
from exprstats.words import name_nearest


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
