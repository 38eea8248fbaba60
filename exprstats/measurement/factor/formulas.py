"""Closed-form formulas of one factor: estimates, errors, weights and composites."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from exprstats.errors import FitError


def solve_three(covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return loadings (3,) and residual variances (3,) of a just-identified factor.

    With three items the model has as many parameters as covariances, and the maximum likelihood
    solution reproduces them: λ₁ = +√(s₁₂s₁₃/s₂₃), λ₂ = s₁₂/λ₁, λ₃ = s₁₃/λ₁, θᵢ = sᵢᵢ − λᵢ²
    (Bollen, 1989, ch. 7). The unit variance of the factor sets the scale.

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
    # λ₂ and λ₃ are divided by λ₁, not rooted themselves: so their signs come out right.
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
    # Expected, not observed, information: at a saturated solution both agree, and this one is
    # positive definite wherever Σ is. lavaan's default for complete data is the same.
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

    λᵢ/√(λᵢ² + θᵢ), with standard errors by the delta method; the derivatives are written out,
    because numerical ones would take most of the time of a fit (Bollen, 1989, ch. 4).
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
    # Θ is diagonal, so that no matrix is inverted: each item counts by λ/θ.
    ratio = loadings / residuals
    information = float(loadings @ ratio)
    return ratio / information, float(1 / np.sqrt(information))


def compute_omega(parameters: np.ndarray) -> float:
    """Return ω = (Σ|λ|)²/((Σ|λ|)² + Σθ) of raw loadings and residuals (2p,) (McDonald, 1999).

    Of the keyed composite: an item that loads negatively is turned round before it is summed, since
    a sum of items that work against each other is nobody's scale.
    """
    loadings, residuals = np.split(parameters, 2)
    common = np.abs(loadings).sum() ** 2
    return float(common / (common + residuals.sum()))


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
    """Return coefficient α of p keyed items and its standard error under normality.

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


def estimate_alpha_error(
    answers: np.ndarray, keys: np.ndarray, cluster: np.ndarray | None
) -> float:
    """Return the standard error of α without normality, allowing for clusters where they are given.

    The root of the sum of squared influences, added up within clusters: a row's influence on α is
    p/(p − 1)·(tr S·(1'd)² / (1'S1)² − d'd / 1'S1)/n with d the row about the mean (Yuan,
    Guarnaccia, & Hayslip, 2003); it sums to 0, so that no mean is subtracted.

    Parameters
    ----------
    answers
        Complete rows, shape (n, p).
    keys
        1, or −1 for a reversed item, shape (p,).
    cluster
        Integer codes of the rows' clusters (n,); None where rows are independent.
    """
    n, p = answers.shape
    away = (answers - answers.mean(axis=0)) * keys
    squares, sums = (away**2).sum(axis=1), away.sum(axis=1) ** 2
    own, total = squares.mean(), sums.mean()
    influence = p / (p - 1) * (own * sums / total**2 - squares / total) / n
    if cluster is not None:
        influence = np.bincount(cluster, influence)
    return float(np.sqrt((influence**2).sum()))


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
