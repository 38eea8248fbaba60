"""Many one-factor fits at once, from their covariance matrices."""

from __future__ import annotations

import numpy as np

from exprstats import rbridge
from exprstats.measurement.normal import find_signs


def solve_many(covariances: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return loadings and residual variances (B, p) of B covariance matrices (B, p, p).

    Three items are solved by the closed form, more by lavaan in one call to R. A matrix that no
    factor fits, or where lavaan does not converge, gives NaN.

    Parameters
    ----------
    covariances
        Shape (B, p, p), divisor n.
    n
        Rows behind each; the estimates do not depend on it.
    """
    if covariances.shape[1] == 3:
        return _solve_closed(covariances)
    return _solve_lavaan(covariances, n)


def _solve_closed(covariances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    s12, s13, s23 = covariances[:, 0, 1], covariances[:, 0, 2], covariances[:, 1, 2]
    with np.errstate(invalid="ignore", divide="ignore"):
        first = np.sqrt(np.where(s12 * s13 * s23 > 0, s12 * s13 / s23, np.nan))
        loadings = np.stack([first, s12 / first, s13 / first], axis=1)
    residuals = np.diagonal(covariances, axis1=1, axis2=2) - loadings**2
    return _orient(loadings, residuals), residuals


def _solve_lavaan(covariances: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    draws, p, _ = covariances.shape
    usable = np.flatnonzero(np.isfinite(covariances).all(axis=(1, 2)))
    flat = covariances[usable].reshape(len(usable), p * p)
    estimates = np.full((draws, 2 * p), np.nan)
    estimates[usable] = rbridge.call("measurement", "refit_moments", flat, float(n)).value
    loadings, residuals = np.split(estimates, 2, axis=1)
    return _orient(loadings, residuals), residuals


def _orient(loadings: np.ndarray, residuals: np.ndarray) -> np.ndarray:
    """Let each factor mean more of what most of its items measure, as a single fit does."""
    with np.errstate(invalid="ignore"):
        return loadings * find_signs(loadings / np.sqrt(loadings**2 + residuals))[:, None]


def derive_quantities(
    loadings: np.ndarray, residuals: np.ndarray, covariances: np.ndarray
) -> np.ndarray:
    """Return standardised loadings and residuals, ω and α of B fits, shape (2p + 2, B)."""
    p = loadings.shape[1]
    with np.errstate(invalid="ignore", divide="ignore"):
        squared = loadings**2 / (loadings**2 + residuals)
        standard = np.sign(loadings) * np.sqrt(squared)
        common = loadings.sum(axis=1) ** 2
        omega = common / (common + residuals.sum(axis=1))
        total = covariances.sum(axis=(1, 2))
        own = np.trace(covariances, axis1=1, axis2=2)
        alpha = p / (p - 1) * (1 - own / total)
    return np.concatenate([standard.T, (1 - squared).T, omega[None], alpha[None]])
