"""Many one-factor fits at once: refits to resampled clusters, complete or incomplete."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from exprstats.measurement.factor.formulas import (
    Estimates,
    imply_covariances,
    orient_loadings,
    solve_best,
    solve_many,
    solve_scoring,
)
from exprstats.measurement.factor.moments import (
    ClusterSums,
    Moments,
    PatternSums,
    form_moments,
    sum_rows,
)

# Expectation–maximisation creeps: its last step is about a tenth of what is left to go.
_EM_TOLERANCE = 1e-8
_EM_STEPS = 1_000


class Fits(NamedTuple):
    """B fits: means (B, p), covariances (B, p, p), loadings and residual variances (B, p)."""

    means: np.ndarray
    covariances: np.ndarray
    loadings: np.ndarray
    residuals: np.ndarray


def fit_sums(sums: PatternSums) -> Fits:
    """Fit one factor to each of B samples by maximum likelihood; NaN where none fits.

    Sums are, for each pattern of answered items, their places, and sums of 1, x and xx' (B, 1 + q +
    q²). With one pattern, that of all items, the moments are the sums divided by n. With more, the
    fit is full-information maximum likelihood: expectation–maximisation completes the sums of what
    is missing given the fit (Rubin & Thayer, 1982), which needs no rows. Means, about the centre of
    the sums, and covariances are those of the saturated model.
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
        loadings, residuals = solve_scoring(completed, (loadings, residuals))
        return imply_covariances(loadings, residuals)

    _maximise(sums, restrict, (mean, imply_covariances(loadings, residuals)))
    return Fits(mean, covariance, *orient_loadings(loadings, residuals))


def complete_sums(
    sums: PatternSums, given: tuple[np.ndarray, np.ndarray] | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return means (B, p) and covariances (B, p, p), what is missing expected from a model.

    For a pattern with the items o answered, E[x] = μ + Σₓₒ Σₒₒ⁻¹ (xₒ − μₒ), and the conditional
    covariance Σ − Σₓₒ Σₒₒ⁻¹ Σₒₓ is added to the squares (Dempster, Laird, & Rubin, 1977, §4.1).
    ``given`` has the model's means and covariances; None where nothing is missing.
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


def _find_start(sums: PatternSums) -> Estimates | None:
    """Return the best estimates for all samples together, from which each sample's are sought.

    Where the likelihood has several maxima, samples that each took another one would speak of
    different factors.
    """
    pooled = [(places, values.sum(axis=0)[None]) for places, values in sums]
    if len(pooled) == 1:
        return solve_best(complete_sums(pooled, None)[1][0])
    return solve_best(_maximise(pooled, lambda completed: completed)[1][0])


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
    """Return the moments of answers (n, p) that a fit rests on: of complete rows, or of all.

    Items are screened, and their words chosen, by what enters the fit: with ``missing="fiml"`` no
    row needs to be complete.
    """
    if missing == "listwise" or not np.isnan(answers).any():
        return form_moments(answers)
    given = np.logical_not(np.isnan(answers))
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
