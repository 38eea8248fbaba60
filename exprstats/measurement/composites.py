"""Formulas of the sum of a factor's items: how reliable it is, and how surely one knows that."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def compute_omega(parameters: np.ndarray) -> float:
    """Return ω = (Σλ)²/((Σλ)² + Σθ) of raw loadings and residuals (2p,) (McDonald, 1999)."""
    loadings, residuals = np.split(parameters, 2)
    return float(loadings.sum() ** 2 / (loadings.sum() ** 2 + residuals.sum()))


def compute_ave(parameters: np.ndarray) -> float:
    """Return the average variance extracted, the mean squared standardised loading (2p,)."""
    loadings, residuals = np.split(parameters, 2)
    return float(np.mean(loadings**2 / (loadings**2 + residuals)))


def compute_determinacy(parameters: np.ndarray) -> float:
    """Return the correlation of factor and Bartlett score, √(I/(1 + I)) with I = Σλ²/θ."""
    loadings, residuals = np.split(parameters, 2)
    information = np.sum(loadings**2 / residuals)
    return float(np.sqrt(information / (1 + information)))


def compute_alpha(covariance: np.ndarray, n: int) -> tuple[float, float]:
    """Return coefficient α of p items and its standard error under normality.

    α = p/(p − 1)·(1 − tr S/1'S1) (Cronbach, 1951); its variance is that of van Zyl, Neudecker and
    Nel (2000, eq. 21).

    Parameters
    ----------
    covariance
        Shape (p, p).
    n
        Rows behind it.
    """
    p = len(covariance)
    total, own = covariance.sum(), np.trace(covariance)
    square = covariance @ covariance
    spread = total * (np.trace(square) + own**2) - 2 * own * square.sum()
    variance = 2 * p**2 / (p - 1) ** 2 * spread / total**3 / n
    return float(p / (p - 1) * (1 - own / total)), float(np.sqrt(variance))


def propagate_error(
    formula: Callable[[np.ndarray], float], parameters: np.ndarray, vcov: np.ndarray
) -> float:
    """Return the delta-method standard error of a formula of the parameters (2p,).

    The gradient is taken by central differences, accurate to about 1e-9.
    """
    steps = 1e-5 * np.maximum(np.abs(parameters), 1e-3)
    gradient = np.empty(len(parameters))
    for place, step in enumerate(steps):
        shift = np.zeros(len(parameters))
        shift[place] = step
        rise = formula(parameters + shift) - formula(parameters - shift)
        gradient[place] = rise / (2 * step)
    return float(np.sqrt(gradient @ vcov @ gradient))
