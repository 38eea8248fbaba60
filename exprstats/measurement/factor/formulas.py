"""Formulas of one factor: estimates, one or many at once, errors, weights and composites."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from exprstats.errors import FitError

_STEPS = 300
_TOLERANCE = 1e-10

# Loadings and residual variances.
Estimates = tuple[np.ndarray, np.ndarray]


def solve_three(covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return loadings (3,) and residual variances (3,) of a just-identified factor.

    With three items the model has as many parameters as covariances, and the maximum likelihood
    solution reproduces them: λ₁ = +√(s₁₂s₁₃/s₂₃), λ₂ = s₁₂/λ₁, λ₃ = s₁₃/λ₁, θᵢ = sᵢᵢ − λᵢ² (Bollen,
    1989, ch. 7). The unit variance of the factor sets the scale. No real loadings where s₁₂s₁₃s₂₃
    is not positive, which is a FitError.

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

    Of the keyed composite: an item that loads negatively is reversed before it is summed, since
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
    """Return coefficient α of p keyed items from the covariance of n rows, and its standard error.

    α = p/(p − 1)·(1 − tr S/1'S1) (Cronbach, 1951); its variance, under normality, is that of van
    Zyl, Neudecker and Nel (2000, eq. 21).
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

    The root of the sum of squared influences, added up within clusters (n,): a row's influence on α
    is p/(p − 1)·(tr S·(1'd)² / (1'S1)² − d'd / 1'S1)/n with d the row about the mean (Yuan,
    Guarnaccia, & Hayslip, 2003); it sums to 0, so that no mean is subtracted. Answers are complete
    rows (n, p); keys (p,) are 1, or −1 for a reversed item.
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


def imply_covariances(loadings: np.ndarray, residuals: np.ndarray) -> np.ndarray:
    """Return B implied covariances λλ' + diag(θ), shape (B, p, p)."""
    p = loadings.shape[1]
    return loadings[:, :, None] * loadings[:, None, :] + residuals[:, :, None] * np.eye(p)


def solve_best(covariance: np.ndarray) -> Estimates | None:
    """Return loadings and residual variances (p,) at the highest maximum that is proper, or None.

    A factor that does not describe all items may have several maxima, one for each group of items.
    The search starts from every principal component with a variance above 1. None with three items,
    whose maximum is one, and where no start leads to residual variances above 0.

    Examples
    --------
    >>> pairs = np.kron(np.diag([1.0, 1.1]), np.full((3, 3), 0.5)) + np.diag([0.5] * 6)
    >>> loadings, _ = solve_best(pairs)
    >>> loadings.round(2).tolist()
    [0.0, 0.0, 0.0, 0.74, 0.74, 0.74]
    """
    spread = np.sqrt(np.diag(covariance))
    if len(covariance) == 3 or not np.isfinite(covariance).all() or spread.min() <= 0:
        return None
    r = covariance / np.outer(spread, spread)
    values, vectors = np.linalg.eigh(r)
    large = values > min(1.0, values[-1] - 1e-9)
    loadings = np.clip(0.9 * (vectors[:, large] * np.sqrt(values[large])).T, -0.95, 0.95)
    many = np.repeat(r[None], len(loadings), axis=0)
    found = solve_scoring(many, (loadings, 1 - loadings**2))
    proper = (found[1] > 1e-6).all(axis=1)
    if not proper.any():
        return None
    loadings, residuals = (each[proper] for each in found)
    best = [int(np.argmin(measure_misfit(many[proper], loadings, residuals)))]
    loadings, residuals = orient_loadings(loadings[best], residuals[best])
    return loadings[0] * spread, residuals[0] * spread**2


def measure_misfit(
    covariances: np.ndarray, loadings: np.ndarray, residuals: np.ndarray
) -> np.ndarray:
    """Return log|Σ| + tr(SΣ⁻¹) (B,), which maximum likelihood makes least."""
    return _measure(covariances, np.concatenate([loadings, residuals], axis=1))


def solve_many(
    covariances: np.ndarray, start: Estimates | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return loadings and residual variances (B, p) of B covariance matrices (B, p, p).

    Three items are solved by the closed form, more by Fisher scoring of all matrices together,
    from ``start`` (p,) if given, else from each matrix's first principal component. A matrix that
    no factor fits gives NaN; residual variances may come out negative, as in lavaan.
    """
    if covariances.shape[1] == 3:
        s12, s13, s23 = covariances[:, 0, 1], covariances[:, 0, 2], covariances[:, 1, 2]
        with np.errstate(invalid="ignore", divide="ignore"):
            first = np.sqrt(np.where(s12 * s13 * s23 > 0, s12 * s13 / s23, np.nan))
            loadings = np.stack([first, s12 / first, s13 / first], axis=1)
        return orient_loadings(loadings, np.diagonal(covariances, axis1=1, axis2=2) - loadings**2)
    if start is not None:
        shape = covariances.shape[:2]
        start = np.broadcast_to(start[0], shape), np.broadcast_to(start[1], shape)
    return orient_loadings(*solve_scoring(covariances, start))


def solve_scoring(
    covariances: np.ndarray, start: Estimates | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return loadings and residual variances (B, p) by Fisher scoring (Lawley & Maxwell, 1971).

    In units of unit variances, which the maximum does not depend on and the steps would.
    """
    usable = np.asarray(np.isfinite(covariances).all(axis=(1, 2)))
    spread = np.sqrt(np.where(usable[:, None], np.diagonal(covariances, axis1=1, axis2=2), 1.0))
    usable &= (spread > 0).all(axis=1)
    spread = np.where(spread > 0, spread, 1.0)
    r = covariances / (spread[:, :, None] * spread[:, None, :])
    r = np.where(usable[:, None, None], r, np.eye(covariances.shape[1]))
    usable &= np.linalg.eigvalsh(r)[:, 0] > 1e-10
    if start is None:
        # The first principal component, shrunk: correlations of 1 with it would leave no residual.
        values, vectors = np.linalg.eigh(r)
        loadings = vectors[:, :, -1] * np.sqrt(np.maximum(values[:, -1:] - 0.5, 0.1))
        loadings = np.clip(loadings, -0.95, 0.95)
        residuals = 1 - loadings**2
    else:
        loadings, residuals = start[0] / spread, start[1] / spread**2
        usable &= np.isfinite(loadings).all(axis=1)
    found = np.full((2, *spread.shape), np.nan)
    working = np.flatnonzero(usable)
    at = np.concatenate([loadings, residuals], axis=1)
    for _ in range(_STEPS):
        if not working.size:
            break
        step = _step_scoring(r[working], at[working])
        new, moving = _search_line(r[working], at[working], step)
        size = np.abs(new - at[working]).max(axis=1)
        at[working] = new
        done = (size < _TOLERANCE) & moving
        loads, rests = np.split(new[done], 2, axis=1)
        found[0, working[done]], found[1, working[done]] = loads, rests
        working = working[moving & ~done]
    return found[0] * spread, found[1] * spread**2


def _step_scoring(r: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Return the scoring step (B, 2p): expected information⁻¹ × gradient of log|Σ| + tr(SΣ⁻¹)."""
    loadings, residuals = np.split(at, 2, axis=1)
    p = loadings.shape[1]
    precision = np.linalg.inv(imply_covariances(loadings, residuals))
    turned = np.einsum("bij,bj->bi", precision, loadings)
    length = np.einsum("bi,bi->b", loadings, turned)[:, None, None]
    away = precision - precision @ r @ precision
    gradient = np.concatenate(
        [2 * np.einsum("bij,bj->bi", away, loadings), np.diagonal(away, axis1=1, axis2=2)], axis=1
    )
    information = np.empty((len(r), 2 * p, 2 * p))
    information[:, :p, :p] = 2 * (length * precision + turned[:, :, None] * turned[:, None, :])
    information[:, :p, p:] = 2 * precision * turned[:, :, None].transpose(0, 2, 1)
    information[:, p:, :p] = information[:, :p, p:].transpose(0, 2, 1)
    information[:, p:, p:] = precision**2
    # The pseudo-inverse: near a solution that is not identified the information is singular.
    inverse = np.linalg.pinv(information, hermitian=True)
    return np.einsum("bij,bj->bi", inverse, gradient)


def _search_line(r: np.ndarray, at: np.ndarray, step: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where halved steps lead that do not make the fit worse, and which of them moved."""
    before = _measure(r, at)
    share = np.ones((len(r), 1))
    for _ in range(30):
        worse = np.logical_not(_measure(r, at - share * step) <= before + 1e-12)
        if not worse.any():
            break
        share[worse] /= 2
    worse = np.logical_not(_measure(r, at - share * step) <= before + 1e-12)
    share[worse] = 0
    return at - share * step, np.logical_not(worse)


def _measure(r: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Return log|Σ| + tr(SΣ⁻¹) (B,); infinite where Σ is not positive definite."""
    sigma = imply_covariances(*np.split(at, 2, axis=1))
    # A search that ran away has no covariances.
    held = np.asarray(np.isfinite(sigma).all(axis=(1, 2)))
    sigma = np.where(held[:, None, None], sigma, np.eye(sigma.shape[-1]))
    values, vectors = np.linalg.eigh(sigma)
    proper = held & (values[:, 0] > 0)
    values = np.where(proper[:, None], values, 1.0)
    turned = np.einsum("bji,bjk,bki->bi", vectors, r, vectors)
    return np.where(proper, np.sum(np.log(values) + turned / values, axis=1), np.inf)


def orient_loadings(loadings: np.ndarray, residuals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Let each factor mean more of what most of its items measure, as a single fit does."""
    with np.errstate(invalid="ignore"):
        signs = find_signs(loadings / np.sqrt(loadings**2 + residuals))
    return loadings * signs[:, None], residuals
