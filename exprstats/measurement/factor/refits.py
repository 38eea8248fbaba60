"""Many one-factor fits at once: refits to resampled clusters, complete or incomplete."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from exprstats.measurement.factor.formulas import find_signs
from exprstats.measurement.factor.moments import (
    ClusterSums,
    Moments,
    PatternSums,
    form_moments,
    sum_rows,
)

_STEPS = 300
_TOLERANCE = 1e-10
# Expectation–maximisation creeps: its last step is about a tenth of what is left to go.
_EM_TOLERANCE = 1e-8
_EM_STEPS = 1_000


# Loadings and residual variances.
Estimates = tuple[np.ndarray, np.ndarray]


class Fits(NamedTuple):
    """B fits: means (B, p), covariances (B, p, p), loadings and residual variances (B, p)."""

    means: np.ndarray
    covariances: np.ndarray
    loadings: np.ndarray
    residuals: np.ndarray


def fit_sums(sums: PatternSums) -> Fits:
    """Fit one factor to each of B samples by maximum likelihood.

    Parameters
    ----------
    sums
        Of each pattern of answered items: their places, and sums of 1, x and xx' (B, 1 + q + q²).
        With one pattern, that of all items, the moments are the sums divided by n. With more, the
        fit is full-information maximum likelihood: expectation–maximisation completes the sums of
        what is missing given the fit (Rubin & Thayer, 1982), which needs no rows.

    Returns
    -------
    Fits
        Means, about the centre of the sums, and covariances are those of the saturated model. NaN
        where no factor fits, or a sample has too few rows.
    """
    if len(sums) == 1:
        mean, covariance = complete_sums(sums, None)
        return Fits(mean, covariance, *solve_many(covariance, _find_start(sums)))
    mean, covariance = _maximise(sums, lambda completed: completed)
    if covariance.shape[1] == 3:
        # Three items leave no restriction: the saturated moments give the same maximum.
        return Fits(mean, covariance, *solve_many(covariance))
    loadings, residuals = solve_many(covariance, _find_start(sums))

    def restrict(completed: np.ndarray) -> np.ndarray:
        nonlocal loadings, residuals
        loadings, residuals = _solve_scoring(completed, (loadings, residuals))
        return _imply(loadings, residuals)

    _maximise(sums, restrict, (mean, _imply(loadings, residuals)))
    return Fits(mean, covariance, *_orient(loadings, residuals))


def complete_sums(
    sums: PatternSums, given: tuple[np.ndarray, np.ndarray] | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return means (B, p) and covariances (B, p, p), what is missing expected from a model.

    For a pattern with the items o answered, E[x] = μ + Σₓₒ Σₒₒ⁻¹ (xₒ − μₒ), and the conditional
    covariance Σ − Σₓₒ Σₒₒ⁻¹ Σₒₓ is added to the squares (Dempster, Laird, & Rubin, 1977, §4.1).

    Parameters
    ----------
    sums
        As for `fit_sums`.
    given
        Means (B, p) and covariances (B, p, p) of the model; None where nothing is missing.
    """
    p = 1 + max(int(places.max()) for places, _ in sums)
    draws = len(sums[0][1])
    n, total, square = np.zeros((draws, 1)), np.zeros((draws, p)), np.zeros((draws, p, p))
    for places, values in sums:
        q = len(places)
        rows, first = values[:, :1], values[:, 1 : 1 + q]
        second = values[:, 1 + q :].reshape(draws, q, q)
        n = n + rows
        if q == p or given is None:
            total, square = total + first, square + second
            continue
        mean, covariance = given
        across = covariance[:, :, places]
        # Σₒₒ is symmetric: solving for the transposed weights avoids its inverse.
        weights = np.linalg.solve(across[:, places], across.transpose(0, 2, 1)).transpose(0, 2, 1)
        rest = mean - np.einsum("bij,bj->bi", weights, mean[:, places])
        known = np.einsum("bij,bj->bi", weights, first)
        cross = known[:, :, None] * rest[:, None, :]
        total = total + known + rows * rest
        square = square + weights @ second @ weights.transpose(0, 2, 1)
        square = square + cross + cross.transpose(0, 2, 1)
        square = square + rows[:, :, None] * rest[:, :, None] * rest[:, None, :]
        square = square + rows[:, :, None] * (covariance - weights @ across.transpose(0, 2, 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = total / n
        return mean, square / n[:, :, None] - mean[:, :, None] * mean[:, None, :]


def _maximise(
    sums: PatternSums,
    restrict: Callable[[np.ndarray], np.ndarray],
    start: tuple[np.ndarray, np.ndarray] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return means and model covariances after expectation–maximisation from a start."""
    if start is None:
        start = _average_pairs(sums)
    mean, covariance = start
    for _ in range(_EM_STEPS):
        joined = np.concatenate([covariance, mean[:, None]], axis=1)
        usable = np.asarray(np.isfinite(joined).all(axis=(1, 2)))
        eye = np.eye(covariance.shape[1])
        safe = np.where(usable[:, None, None], covariance, eye)
        new_mean, completed = complete_sums(sums, (np.where(usable[:, None], mean, 0.0), safe))
        completed = np.where(usable[:, None, None], completed, np.nan)
        before, mean = mean, np.where(usable[:, None], new_mean, np.nan)
        spread = np.sqrt(np.abs(np.diagonal(covariance, axis1=1, axis2=2)))
        was, covariance = covariance, restrict(completed)
        with np.errstate(invalid="ignore", divide="ignore"):
            moved = np.abs(covariance - was) / (spread[:, :, None] * spread[:, None, :])
            moved = max(
                np.nanmax(moved, initial=0.0), np.nanmax(np.abs(mean - before) / spread, initial=0)
            )
        if moved < _EM_TOLERANCE:
            break
    return mean, covariance


def _average_pairs(sums: PatternSums) -> tuple[np.ndarray, np.ndarray]:
    """Return a start: each item's own mean and variance, and no covariances."""
    p = 1 + max(int(places.max()) for places, _ in sums)
    draws = len(sums[0][1])
    n, total, square = np.zeros((3, draws, p))
    for places, values in sums:
        q = len(places)
        n[:, places] += values[:, :1]
        total[:, places] += values[:, 1 : 1 + q]
        square[:, places] += values[:, 1 + q :: q + 1]
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = total / n
        return mean, (square / n - mean**2)[:, :, None] * np.eye(p)


def _imply(loadings: np.ndarray, residuals: np.ndarray) -> np.ndarray:
    """Return B implied covariances λλ' + diag(θ), shape (B, p, p)."""
    p = loadings.shape[1]
    return loadings[:, :, None] * loadings[:, None, :] + residuals[:, :, None] * np.eye(p)


def _find_start(sums: PatternSums) -> Estimates | None:
    """Return the best estimates for all samples together, from which each sample's are sought.

    Where the likelihood has several maxima, samples that each took another one would speak of
    different factors.
    """
    pooled = [(places, values.sum(axis=0)[None]) for places, values in sums]
    if len(pooled) == 1:
        return solve_best(complete_sums(pooled, None)[1][0])
    return solve_best(_maximise(pooled, lambda completed: completed)[1][0])


def solve_best(covariance: np.ndarray) -> Estimates | None:
    """Return loadings and residual variances (p,) at the highest maximum that is proper.

    A factor that does not describe all items may have several maxima, one for each group of
    items. The search starts from every principal component with a variance above 1.

    Parameters
    ----------
    covariance
        Shape (p, p), p above 3.

    Returns
    -------
    tuple of numpy.ndarray or None
        None with three items, whose maximum is one, and where no start leads to residual
        variances above 0.

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
    found = _solve_scoring(many, (loadings, 1 - loadings**2))
    proper = (found[1] > 1e-6).all(axis=1)
    if not proper.any():
        return None
    misfit = np.where(proper, measure_misfit(many, *found), np.inf)
    best = int(np.argmin(misfit))
    return _orient(found[0][[best]], found[1][[best]])[0][0] * spread, found[1][best] * spread**2


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
        return _orient(loadings, np.diagonal(covariances, axis1=1, axis2=2) - loadings**2)
    if start is not None:
        shape = covariances.shape[:2]
        start = np.broadcast_to(start[0], shape), np.broadcast_to(start[1], shape)
    return _orient(*_solve_scoring(covariances, start))


def _solve_scoring(
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
    precision = np.linalg.inv(_imply(loadings, residuals))
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
    sigma = _imply(*np.split(at, 2, axis=1))
    values, vectors = np.linalg.eigh(sigma)
    proper = values[:, 0] > 0
    values = np.where(proper[:, None], values, 1.0)
    turned = np.einsum("bji,bjk,bki->bi", vectors, r, vectors)
    return np.where(proper, np.sum(np.log(values) + turned / values, axis=1), np.inf)


def _orient(loadings: np.ndarray, residuals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Let each factor mean more of what most of its items measure, as a single fit does."""
    with np.errstate(invalid="ignore"):
        signs = find_signs(loadings / np.sqrt(loadings**2 + residuals))
    return loadings * signs[:, None], residuals


def derive_quantities(fits: Fits) -> Mapping[str, np.ndarray]:
    """Return what a table of estimates holds: for each term its values, (p, B) or (1, B)."""
    loadings, residuals, covariances = fits.loadings, fits.residuals, fits.covariances
    p = loadings.shape[1]
    keys = np.where(loadings < 0, -1.0, 1.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        squared = loadings**2 / (loadings**2 + residuals)
        common = np.abs(loadings).sum(axis=1) ** 2
        information = np.sum(loadings**2 / residuals, axis=1)
        total = np.einsum("bi,bij,bj->b", keys, covariances, keys)
        own = np.trace(covariances, axis1=1, axis2=2)
        return {
            "loading": (np.sign(loadings) * np.sqrt(squared)).T,
            "residual": (1 - squared).T,
            "r_squared": squared.T,
            "loading_raw": loadings.T,
            "residual_raw": residuals.T,
            "intercept": fits.means.T,
            "omega": (common / (common + residuals.sum(axis=1)))[None],
            "ave": squared.mean(axis=1)[None],
            "determinacy": np.sqrt(information / (1 + information))[None],
            "alpha": (p / (p - 1) * (1 - own / total))[None],
        }


def form_used_moments(answers: np.ndarray, missing: str) -> Moments:
    """Return the moments that a fit rests on: of complete rows, or of all by full information.

    Items are screened, and their words chosen, by what enters the fit: with
    ``missing="fiml"`` no row needs to be complete.

    Parameters
    ----------
    answers
        Shape (n, p).
    missing
        As for `fit_factor`.
    """
    given = np.logical_not(np.isnan(answers))
    if missing == "listwise" or given.all():
        return form_moments(answers)
    used = answers[given.any(axis=1)]
    shared = (given.T.astype(float) @ given).min()
    centre = np.nanmean(used, axis=0)
    sums = sum_rows(None, used, np.zeros(len(used), dtype=int), 1, centre=centre, missing=missing)
    low, high = np.nanmin(used, axis=0), np.nanmax(used, axis=0)
    # Two items that never met, or one that does not vary, have no estimate to look for.
    if shared < 2 or (low == high).any():
        unknown = np.diag(np.nanvar(used, axis=0))
        return Moments(len(used), centre, unknown, low, high, int(shared))
    mean, covariance = _maximise(sums.patterns, lambda completed: completed)
    return Moments(len(used), centre + mean[0], covariance[0], low, high, int(shared))


def jackknife_errors(sums: ClusterSums) -> dict[str, np.ndarray]:
    """Return each estimate's standard error over leave-one-cluster-out samples, NaN if undefined.

    √((G − 1)/G·Σ(θ₋g − θ̄)²) (Efron & Stein, 1981): clips of one cluster leave together, so that
    what they share counts as one piece of evidence. Terms as of `derive_quantities`.
    """
    left = derive_quantities(fit_sums(sums.leave_out()))
    errors = {}
    for term, values in left.items():
        away = values - values.mean(axis=1, keepdims=True)
        errors[term] = np.sqrt((1 - 1 / values.shape[1]) * (away**2).sum(axis=1))
    return errors
