"""Metrics of predicted quantities: errors, correlations, CCC and R²."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from exprstats.inference.metrics.metric import Metric, Naive, Term

# Variance this small beside the mean square is what rounding leaves of none at all.
NO_VARIANCE = 1e-13


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
    return np.where(spread > NO_VARIANCE * square, spread, np.nan)


def correlate_sums(
    *, n: np.ndarray, y: np.ndarray, p: np.ndarray, yy: np.ndarray, pp: np.ndarray, yp: np.ndarray
) -> np.ndarray:
    """Return Pearson correlations from sums of centred values.

    (Σyp - ΣyΣp/n)/√((Σy² - (Σy)²/n)(Σp² - (Σp)²/n)): values are centred at the means of all rows,
    so that a resample's own means, which differ a little, cost no digits. Two rows lie on a line
    whatever they are: of fewer than three there is none.
    """
    spread = subtract_means(n, yy, y) * subtract_means(n, pp, p)
    found = np.clip((yp - y * p / n) / np.sqrt(spread), -1.0, 1.0)
    return np.where(n > 2, found, np.nan)


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
    """Return concordance correlations from sums of centred values (Lin, 1989).

    2s_yp/(s²_y + s²_p + (ȳ - p̄)²) with divisor n, as Lin defines it; the last term is the mean
    error squared.
    """
    spread = (yy - y**2 / n) + (pp - p**2 / n) + e**2 / n
    defined = spread > NO_VARIANCE * (yy + pp + e**2 / n)
    return np.where(defined, 2 * (yp - y * p / n) / spread, np.nan)


def slope_sums(
    *, n: np.ndarray, y: np.ndarray, p: np.ndarray, pp: np.ndarray, yp: np.ndarray
) -> np.ndarray:
    """Return slopes of the truth on the predictions, from sums of centred values (Cox, 1958).

    1 where a difference of predictions is worth what it says; below 1 they are too extreme.
    """
    return (yp - y * p / n) / subtract_means(n, pp, p)


def explain_sums(n: np.ndarray, y: np.ndarray, yy: np.ndarray, ee: np.ndarray) -> np.ndarray:
    """Return 1 minus squared errors over squares of the truth about its mean (Kvålseth, 1985, R²₁).

    The mean is that of the rows at hand: below 0, a constant at that mean would predict better.
    """
    return 1 - ee / subtract_means(n, yy, y)


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


def measure_slope(truth: np.ndarray, prediction: np.ndarray) -> float:
    """Return the least-squares slope of truth on prediction; NaN where predictions do not vary."""
    if np.ptp(prediction) == 0:
        return float("nan")
    return float(np.polyfit(prediction - np.mean(prediction), truth, 1)[0])


def measure_rmse(truth: np.ndarray, prediction: np.ndarray) -> float:
    """Return the root mean squared error."""
    return float(np.sqrt(measure_mse(truth, prediction)))


def measure_mae(truth: np.ndarray, prediction: np.ndarray) -> float:
    """Return the mean absolute error."""
    return float(np.mean(np.abs(prediction - truth)))


def measure_correlation(truth: np.ndarray, prediction: np.ndarray) -> float:
    """Return Pearson's correlation; NaN of two rows, or where one of the two does not vary."""
    if len(truth) < 3 or np.ptp(truth) == 0 or np.ptp(prediction) == 0:
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
        scale="log",
        across=True,
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
        scale="fisher",
        label="r",
    ),
    _build_loss("mse", measure_mse, square_errors, take_mean),
    Metric(
        "bias",
        measure_bias,
        direction="zero",
        across=True,
        sums={"n": count_rows, "total": list_errors},
        formula=take_mean,
    ),
    Metric(
        "ccc",
        measure_ccc,
        range=(-1, 1),
        sums={**_CROSS, "e": list_errors},
        formula=agree_sums,
        scale="fisher",
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
    Metric(
        "calibration_slope",
        measure_slope,
        direction="one",
        sums={name: term for name, term in _CROSS.items() if name != "yy"},
        formula=slope_sums,
        label="calibration slope",
        lack="predictions do not vary",
    ),
)
