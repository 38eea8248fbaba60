"""What rows add to the sums of metrics, and formulas of those sums."""

from __future__ import annotations

import numpy as np

# Variance this small beside the mean square is what rounding leaves of none at all.
_NO_VARIANCE = 1e-13


def count_rows(truth: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    """Return 1 for each row (n,)."""
    return np.ones_like(truth)


def centre_truth(truth: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    """Return the truth about its mean (n,)."""
    return centre_values(truth)


def centre_predictions(truth: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    """Return each model's predictions about their mean (models, n)."""
    return centre_values(predictions)


def square_truth(truth: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    """Return squares of the centred truth (n,)."""
    return centre_values(truth) ** 2


def square_predictions(truth: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    """Return squares of the centred predictions (models, n)."""
    return centre_values(predictions) ** 2


def multiply_both(truth: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    """Return products of centred truth and centred predictions (models, n)."""
    return centre_values(predictions) * centre_values(truth)


def square_errors(truth: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    """Return squared errors (models, n)."""
    return (predictions - truth) ** 2


def list_errors(truth: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    """Return errors, prediction minus truth (models, n)."""
    return predictions - truth


def absolute_errors(truth: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    """Return absolute errors (models, n)."""
    return np.abs(predictions - truth)


def centre_values(values: np.ndarray) -> np.ndarray:
    """Return values about their mean along the last axis; constants become exactly zero.

    Centring first keeps products of sums from cancelling when means are large.
    """
    centred = values - values.mean(axis=-1, keepdims=True)
    spread = np.abs(centred).max(axis=-1, keepdims=True)
    size = np.abs(values).max(axis=-1, keepdims=True)
    return np.where(spread <= 1e-14 * size, 0.0, centred)


def root_mean(n: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Return the root of a mean of squares."""
    return np.sqrt(total / n)


def take_mean(n: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Return a mean."""
    return total / n


def subtract_means(n: np.ndarray, square: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Return n times the variance (divisor n), NaN where rounding is all that is left of it."""
    spread = square - total**2 / n
    return np.where(spread > _NO_VARIANCE * square, spread, np.nan)


def correlate_sums(
    *,
    n: np.ndarray,
    y: np.ndarray,
    p: np.ndarray,
    yy: np.ndarray,
    pp: np.ndarray,
    yp: np.ndarray,
) -> np.ndarray:
    """Return Pearson correlations from sums of centred values."""
    spread = subtract_means(n, yy, y) * subtract_means(n, pp, p)
    return np.clip((yp - y * p / n) / np.sqrt(spread), -1.0, 1.0)


def agree_sums(
    *,
    n: np.ndarray,
    y: np.ndarray,
    p: np.ndarray,
    yy: np.ndarray,
    pp: np.ndarray,
    yp: np.ndarray,
    e: np.ndarray,
) -> np.ndarray:
    """Return concordance correlations (Lin, 1989, divisor n) from sums of centred values."""
    spread = (yy - y**2 / n) + (pp - p**2 / n) + e**2 / n
    defined = spread > _NO_VARIANCE * (yy + pp + e**2 / n)
    return np.where(defined, 2 * (yp - y * p / n) / spread, np.nan)


def explain_sums(n: np.ndarray, y: np.ndarray, yy: np.ndarray, ee: np.ndarray) -> np.ndarray:
    """Return 1 minus squared errors over squares of the truth about its mean."""
    return 1 - ee / subtract_means(n, yy, y)
