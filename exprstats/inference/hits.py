"""Metrics of predicted labels that are sums of hits over rows."""

from __future__ import annotations

import numpy as np

from exprstats.inference.metrics import Metric
from exprstats.inference.sums import count_rows, take_mean


def mark_hits(truth: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    """Return 1 where prediction and truth are the same label (models, n)."""
    return (predictions == truth).astype(float)


def mark_found(truth: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    """Return 1 where both are the label 1 (models, n)."""
    return ((predictions == 1) & (truth == 1)).astype(float)


def mark_predicted(truth: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    """Return 1 where the prediction is the label 1 (models, n)."""
    return (predictions == 1).astype(float)


def mark_true(truth: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    """Return 1 where the truth is the label 1 (n,)."""
    return (truth == 1).astype(float)


def divide_counts(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return part over whole, 0 where both are 0."""
    part, whole = np.broadcast_arrays(part, whole)
    return np.divide(part, whole, out=np.zeros(part.shape), where=whole > 0)


def count_within(steps: float) -> Metric:
    """Return the metric "share of predictions within so many steps of the truth".

    Examples
    --------
    >>> count_within(1)(np.array([0, 1, 2]), np.array([1, 1, 0])).__round__(3)
    0.667
    """

    def mark_near(truth: np.ndarray, predictions: np.ndarray) -> np.ndarray:
        # Halves of a last digit decide nothing: labels are whole numbers.
        return (np.abs(predictions - truth) <= steps + 1e-9).astype(float)

    return Metric(
        f"within{steps:g}",
        lambda truth, prediction: float(np.mean(np.abs(prediction - truth) <= steps + 1e-9)),
        range=(0, 1),
        sums={"n": count_rows, "total": mark_near},
        formula=take_mean,
        label=f"share within {steps:g}",
    )


def measure_accuracy(truth: np.ndarray, prediction: np.ndarray) -> float:
    """Return the share of predictions that are the true label."""
    return float(np.mean(truth == prediction))


def measure_precision(truth: np.ndarray, prediction: np.ndarray) -> float:
    """Return the share of predicted 1 that are 1; 0 where none is predicted."""
    return _measure_share(truth == 1, prediction == 1)


def measure_recall(truth: np.ndarray, prediction: np.ndarray) -> float:
    """Return the share of true 1 that are predicted; 0 where there is none."""
    return _measure_share(prediction == 1, truth == 1)


def measure_f1(truth: np.ndarray, prediction: np.ndarray) -> float:
    """Return the harmonic mean of precision and recall of the label 1."""
    marked = np.sum(truth == 1) + np.sum(prediction == 1)
    return float(2 * np.sum((truth == 1) & (prediction == 1)) / marked) if marked else 0.0


def _measure_share(part: np.ndarray, whole: np.ndarray) -> float:
    return float(np.sum(part & whole) / np.sum(whole)) if whole.any() else 0.0


_ONES = {"found": mark_found, "predicted": mark_predicted, "true": mark_true}
HIT_METRICS = (
    Metric(
        "accuracy",
        measure_accuracy,
        range=(0, 1),
        sums={"n": count_rows, "total": mark_hits},
        formula=take_mean,
        takes="labels",
    ),
    count_within(1),
    Metric(
        "precision",
        measure_precision,
        range=(0, 1),
        sums={"part": mark_found, "whole": mark_predicted},
        formula=divide_counts,
        takes="binary",
    ),
    Metric(
        "recall",
        measure_recall,
        range=(0, 1),
        sums={"part": mark_found, "whole": mark_true},
        formula=divide_counts,
        takes="binary",
    ),
    Metric(
        "f1",
        measure_f1,
        range=(0, 1),
        sums=_ONES,
        formula=lambda found, predicted, true: divide_counts(2 * found, predicted + true),
        label="F1",
        takes="binary",
    ),
)
