"""What values metrics take: labels as whole numbers, and of two classes 0 and 1."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from exprstats.errors import DataError, Problem
from exprstats.inference.metrics import Metric
from exprstats.inference.panels import Panel

_MOST_NAMED = 5
_BINARY = np.array([0.0, 1.0])
_CODE = "Write 1 for the class of interest and 0 for all others."
_CUT = "Write predictions as 0 and 1, cutting scores at a threshold; auc takes scores as they are."
_ROUND = "Round them to labels, or ask for rmse or correlation, which take numbers."


def check_coding(panel: Panel, metrics: Sequence[Metric]) -> None:
    """Refuse truths and predictions that a metric would silently misread.

    Raises
    ------
    DataError
        With the metric, the values found, and what to write instead.
    """
    for metric in metrics:
        if metric.takes == "labels":
            _check_labels(metric, panel)
        if metric.takes in {"binary", "ranked"}:
            _check_binary(metric, panel.truth, "truth", _CODE)
        if metric.takes == "binary":
            _check_binary(metric, panel.predictions, "prediction", _CUT)


def _check_labels(metric: Metric, panel: Panel) -> None:
    """Refuse what are no labels: values that are not whole, most of which stand once."""
    values = np.concatenate([panel.truth, panel.predictions.ravel()])
    broken = values[values != np.round(values)]
    if len(broken) and 2 * len(np.unique(values)) > len(values):
        column = "truth" if np.isin(broken, panel.truth).all() else "prediction"
        fact = f"{metric.name} needs labels, such as whole numbers; found {_list_values(broken)}."
        raise DataError(Problem(fact, _ROUND, column=column))


def _check_binary(metric: Metric, values: np.ndarray, column: str, remedy: str) -> None:
    if not np.isin(values, _BINARY).all():
        fact = f"{metric.name} needs 0 and 1; found {_list_values(values)}."
        raise DataError(Problem(fact, remedy, column=column))


def _list_values(values: np.ndarray) -> str:
    found = np.unique(values)
    if len(found) > _MOST_NAMED:
        return f"{len(found):,} values from {found[0]:.4g} to {found[-1]:.4g}"
    return ", ".join(f"{value:.4g}" for value in found)
