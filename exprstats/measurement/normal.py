"""Formulas of one factor under normal theory: estimates, their errors, and weights."""

from __future__ import annotations

import numpy as np

from exprstats.errors import FitError


def solve_three(covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return loadings (3,) and residual variances (3,) of a just-identified factor.

    With three items the model has as many parameters as covariances, and the maximum likelihood
    solution reproduces them: λ₁ = +√(s₁₂s₁₃/s₂₃), λ₂ = s₁₂/λ₁, λ₃ = s₁₃/λ₁, θᵢ = sᵢᵢ − λᵢ²
    (Bollen, 1989, §7). The unit variance of the factor sets the scale.

    Raises
    ------
    FitError
        s₁₂s₁₃s₂₃ is not positive: no real loadings.

    Examples
    --------
    >>> loadings = np.array([0.9, 0.8, 0.7])
    >>> solve_three(np.outer(loadings, loadings) + np.diag([0.1, 0.2, 0.3]))[0].round(12).tolist()
    [0.9, 0.8, 0.7]
    """
    s12, s13, s23 = covariance[0, 1], covariance[0, 2], covariance[1, 2]
    if not s12 * s13 * s23 > 0:
        message = "the product of the three covariances is not positive: no factor fits."
        raise FitError(message)
    first = np.sqrt(s12 * s13 / s23)
    loadings = np.array([first, s12 / first, s13 / first])
    return loadings, np.diag(covariance) - loadings**2


def imply_covariance(loadings: np.ndarray, residuals: np.ndarray) -> np.ndarray:
    """Return Σ = λλ' + diag(θ), shape (p, p)."""
    return np.outer(loadings, loadings) + np.diag(residuals)


def estimate_vcov(loadings: np.ndarray, residuals: np.ndarray, n: int) -> np.ndarray:
    """Return the covariance (2p, 2p) of the estimated loadings and residual variances.

    The inverse of the expected information at the estimates, n/2·tr(Σ⁻¹Σⱼ Σ⁻¹Σₖ) with Σⱼ the
    derivative by parameter j (Jöreskog, 1969); with divisor n throughout.
    """
    p = len(loadings)
    precision = np.linalg.inv(imply_covariance(loadings, residuals))
    slopes = np.zeros((2 * p, p, p))
    for place in range(p):
        slopes[place, place] += loadings
        slopes[place, :, place] += loadings
        slopes[p + place, place, place] = 1
    turned = precision @ slopes
    information = n / 2 * np.einsum("jab,kba->jk", turned, turned)
    return np.linalg.inv(information)


def standardize(
    loadings: np.ndarray, residuals: np.ndarray, vcov: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return standardised loadings, their standard errors, and those of ε = 1 − λ² (p,) each.

    λᵢ/√(λᵢ² + θᵢ), with standard errors by the delta method.
    """
    p = len(loadings)
    variance = loadings**2 + residuals
    standard = loadings / np.sqrt(variance)
    jacobian = np.zeros((p, 2 * p))
    places = np.arange(p)
    jacobian[places, places] = residuals / variance**1.5
    jacobian[places, p + places] = -loadings / (2 * variance**1.5)
    error = np.sqrt(np.einsum("ij,jk,ik->i", jacobian, vcov, jacobian))
    return standard, error, 2 * np.abs(standard) * error


def find_signs(standard: np.ndarray) -> np.ndarray:
    """Return the sign that lets a factor mean more of what most of its items measure.

    Of standardised loadings (..., p); where they balance, the first item decides.
    """
    total = standard.sum(axis=-1)
    leading = np.where(np.abs(total) > 1e-9, total, standard[..., 0])
    return np.where(leading < 0, -1.0, 1.0)


def weigh_bartlett(loadings: np.ndarray, residuals: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the Bartlett weights (p,) and the standard error of a score.

    η̂ = (Λ'Θ⁻¹Λ)⁻¹Λ'Θ⁻¹(x − ν), in standard deviations of the factor; its error variance is
    1/Σ(λ²/θ) (Bartlett, 1937).

    Examples
    --------
    >>> weights, error = weigh_bartlett(np.array([1.0, 1.0]), np.array([0.5, 0.5]))
    >>> weights.tolist(), error
    ([0.5, 0.5], 0.5)
    """
    ratio = loadings / residuals
    information = float(loadings @ ratio)
    return ratio / information, float(1 / np.sqrt(information))
