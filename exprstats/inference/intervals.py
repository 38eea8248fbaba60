"""Confidence intervals from resamples of clusters. Arrays hold one line for each term."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import ndtri, stdtr, stdtrit


class Interval(NamedTuple):
    """Limits of several terms, each (terms,), with the standard error they rest on."""

    std_error: np.ndarray
    conf_low: np.ndarray
    conf_high: np.ndarray


class Jackknife(NamedTuple):
    """The cluster jackknife of several terms, each (terms,)."""

    std_error: np.ndarray
    conf_low: np.ndarray
    conf_high: np.ndarray
    p_value: np.ndarray


def sort_draws(draws: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return draws (terms, B) sorted, undefined ones last, and how many are defined (terms,)."""
    defined = np.isfinite(draws)
    finite = defined.sum(axis=1)
    if finite.sum() == draws.size:
        return np.sort(draws, axis=1), finite
    return np.sort(np.where(defined, draws, np.nan), axis=1), finite


def interpolate_quantiles(
    ordered: np.ndarray, finite: np.ndarray, shares: np.ndarray
) -> np.ndarray:
    """Return quantiles of sorted draws, interpolated on the normal scale.

    The definition is that of Davison and Hinkley (1997, eq. 5.8), which R's ``boot.ci`` uses.

    Parameters
    ----------
    ordered
        Sorted draws (terms, B), undefined ones last.
    finite
        Number of defined draws B_j of each term (terms,).
    shares
        Wanted share below the quantile, (terms,).
    """
    lines = np.arange(len(ordered))
    place = (finite + 1) * shares
    below = np.clip(np.floor(place), 0, finite).astype(int)
    inner = (below > 0) & (below < finite)
    lower = np.clip(below, 1, np.maximum(finite, 1))
    upper = np.clip(below + 1, 1, np.maximum(finite, 1))
    low, high = ordered[lines, lower - 1], ordered[lines, upper - 1]
    with np.errstate(invalid="ignore", divide="ignore"):
        start, stop = ndtri(below / (finite + 1)), ndtri((below + 1) / (finite + 1))
        step = (ndtri(shares) - start) / (stop - start)
    moves = inner & (below != place)
    return np.where(moves, low + np.where(moves, step, 0.0) * (high - low), low)


def find_percentile(ordered: np.ndarray, finite: np.ndarray, level: float) -> Interval:
    """Return percentile intervals from sorted draws (terms, B)."""
    low, high = (
        interpolate_quantiles(ordered, finite, np.full(len(ordered), share))
        for share in ((1 - level) / 2, (1 + level) / 2)
    )
    return Interval(spread_draws(ordered, finite), low, high)


def spread_draws(draws: np.ndarray, finite: np.ndarray) -> np.ndarray:
    """Return the standard deviation (divisor B - 1) of each line's defined draws (terms,)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        if (finite == draws.shape[1]).all():
            return draws.std(axis=1, ddof=1) if draws.shape[1] > 1 else np.full(len(draws), np.nan)
        mean = np.nansum(draws, axis=1) / finite
        return np.sqrt(np.nansum((draws - mean[:, None]) ** 2, axis=1) / (finite - 1))


def jackknife_clusters(
    estimates: np.ndarray,
    left_out: np.ndarray,
    *,
    level: float = 0.95,
    fisher: np.ndarray | None = None,
    strata: np.ndarray | None = None,
    freedom: np.ndarray | None = None,
) -> Jackknife:
    """Return jackknife-t intervals from leave-one-cluster-out values.

    Parameters
    ----------
    estimates
        Values of all rows (terms,).
    left_out
        Values without each cluster (terms, clusters).
    level
        Confidence level.
    fisher
        Which terms are made on Fisher's z scale (terms,); none by default.
    strata
        Stratum of each cluster (clusters,); one by default. Each takes a degree of freedom.
    freedom
        Degrees of freedom (terms,); by default clusters less strata.

    Returns
    -------
    Jackknife
        Standard errors (on the raw scale), limits, and two-sided p of a value of 0. A term with
        an undefined value anywhere is undefined.

    Notes
    -----
    V = (G - 1)/G · Σ(θ₋g - θ̄)², t with G - 1 degrees of freedom (Tukey, 1958).
    """
    z_scale = np.zeros(len(estimates), dtype=bool) if fisher is None else fisher
    if freedom is None:
        free = left_out.shape[1] - (1 if strata is None else len(np.unique(strata)))
        freedom = np.full(len(estimates), free)
    with np.errstate(invalid="ignore", divide="ignore"):
        centre = np.where(z_scale, np.arctanh(np.where(z_scale, estimates, 0)), estimates)
        values = np.where(
            z_scale[:, None], np.arctanh(np.where(z_scale[:, None], left_out, 0)), left_out
        )
        error = spread_jackknife(values, strata)
        reach = stdtrit(freedom, (1 + level) / 2) * error
        low, high = centre - reach, centre + reach
        p_value = 2 * stdtr(freedom, -np.abs(centre) / error)
    p_value = np.where(error > 0, p_value, np.where(centre == 0, 1.0, np.nan))
    p_value = np.where(np.isnan(error), np.nan, p_value)
    low, high = (np.where(z_scale, np.tanh(bound), bound) for bound in (low, high))
    return Jackknife(spread_jackknife(left_out, strata), low, high, p_value)


def spread_jackknife(left_out: np.ndarray, strata: np.ndarray | None = None) -> np.ndarray:
    """Return jackknife standard errors (terms,) from leave-one-out values (terms, clusters)."""
    groups = left_out.shape[1]
    codes = np.zeros(groups, dtype=int) if strata is None else strata
    total = np.zeros(len(left_out))
    for stratum in np.unique(codes):
        values = left_out[:, codes == stratum]
        centred = values - values.mean(axis=1, keepdims=True)
        total += weigh_stratum(values.shape[1], groups) * (centred**2).sum(axis=1)
    return np.sqrt(total)


def weigh_stratum(members: int, groups: int) -> float:
    """Return what squares of a stratum's leave-one-out values count in the jackknife variance.

    (G - 1)/G where there is one stratum. A cluster's influence, (G - 1) times what leaving it out
    changes, varies among the members of its own stratum only.
    """
    return members * (groups - 1) ** 2 / (groups**2 * (members - 1))
