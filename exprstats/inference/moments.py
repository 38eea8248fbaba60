"""Metrics that are arithmetic on sums over rows, so that a resample is one matrix product."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from exprstats.inference.metrics import Metric, Naive, Term
from exprstats.inference.sums import (
    absolute_errors,
    agree_sums,
    centre_predictions,
    centre_truth,
    correlate_sums,
    count_rows,
    explain_sums,
    list_errors,
    multiply_both,
    root_mean,
    square_errors,
    square_predictions,
    square_truth,
    take_mean,
)


def measure_bias(truth: np.ndarray, prediction: np.ndarray) -> float:
    """Return the mean error, prediction minus truth."""
    return float(np.mean(prediction - truth))


def measure_mse(truth: np.ndarray, prediction: np.ndarray) -> float:
    """Return the mean squared error."""
    return float(np.mean((prediction - truth) ** 2))


def measure_ccc(truth: np.ndarray, prediction: np.ndarray) -> float:
    """Return the concordance correlation (Lin, 1989); NaN where nothing varies or differs."""
    shift = np.mean(prediction) - np.mean(truth)
    spread = np.var(truth) + np.var(prediction) + shift**2
    joint = np.mean((truth - np.mean(truth)) * (prediction - np.mean(prediction)))
    return float(2 * joint / spread) if spread > 0 else float("nan")


def measure_r2(truth: np.ndarray, prediction: np.ndarray) -> float:
    """Return the share of the truth's variance that predictions explain; can be negative."""
    spread = np.sum((truth - np.mean(truth)) ** 2)
    return float(1 - np.sum((prediction - truth) ** 2) / spread) if spread > 0 else float("nan")


def measure_rmse(truth: np.ndarray, prediction: np.ndarray) -> float:
    """Return the root mean squared error."""
    return float(np.sqrt(measure_mse(truth, prediction)))


def measure_mae(truth: np.ndarray, prediction: np.ndarray) -> float:
    """Return the mean absolute error."""
    return float(np.mean(np.abs(prediction - truth)))


def measure_correlation(truth: np.ndarray, prediction: np.ndarray) -> float:
    """Return Pearson's correlation; NaN where one of the two does not vary."""
    if np.ptp(truth) == 0 or np.ptp(prediction) == 0:
        return float("nan")
    return float(np.corrcoef(truth, prediction)[0, 1])


_CROSS = {
    "n": count_rows,
    "y": centre_truth,
    "p": centre_predictions,
    "yy": square_truth,
    "pp": square_predictions,
    "yp": multiply_both,
}


def _build_loss(
    name: str,
    naive: Naive,
    losses: Term,
    formula: Callable[..., np.ndarray],
    *,
    spanned: bool = False,
) -> Metric:
    """Return a metric of a loss a row, lowest at 0."""
    return Metric(
        name,
        naive,
        direction="lower",
        range=(0, np.inf),
        sums={"n": count_rows, "total": losses},
        formula=formula,
        spanned=spanned,
        label=name.upper(),
    )


MOMENT_METRICS = (
    _build_loss("nrmse", measure_rmse, square_errors, root_mean, spanned=True),
    _build_loss("rmse", measure_rmse, square_errors, root_mean),
    _build_loss("mae", measure_mae, absolute_errors, take_mean),
    Metric(
        "correlation",
        measure_correlation,
        range=(-1, 1),
        sums=_CROSS,
        formula=correlate_sums,
        fisher=True,
        label="r",
    ),
    _build_loss("mse", measure_mse, square_errors, take_mean),
    Metric(
        "bias",
        measure_bias,
        direction="zero",
        sums={"n": count_rows, "total": list_errors},
        formula=take_mean,
    ),
    Metric(
        "ccc",
        measure_ccc,
        range=(-1, 1),
        sums={**_CROSS, "e": list_errors},
        formula=agree_sums,
        fisher=True,
        label="CCC",
    ),
    Metric(
        "r2",
        measure_r2,
        range=(-np.inf, 1),
        sums={"n": count_rows, "y": centre_truth, "yy": square_truth, "ee": square_errors},
        formula=explain_sums,
        label="R²",
    ),
)
