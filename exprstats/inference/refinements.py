"""Intervals that mend the percentile one: basic, BCa and bootstrap-t. One line for each term."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri

from exprstats.inference.intervals import (
    Interval,
    find_percentile,
    interpolate_quantiles,
    sort_draws,
    spread_draws,
)
from exprstats.inference.significance import TIE


class Accelerated(NamedTuple):
    """BCa limits of several terms, each (terms,), with what corrected them."""

    std_error: np.ndarray
    conf_low: np.ndarray
    conf_high: np.ndarray
    bias: np.ndarray
    acceleration: np.ndarray


class Studentised(NamedTuple):
    """Symmetric bootstrap-t limits of several terms, each (terms,)."""

    conf_low: np.ndarray
    conf_high: np.ndarray
    p_value: np.ndarray
    finite: np.ndarray


def find_basic(
    estimates: np.ndarray, ordered: np.ndarray, finite: np.ndarray, level: float
) -> Interval:
    """Return basic intervals: the percentile limits mirrored at the estimates."""
    found = find_percentile(ordered, finite, level)
    mirror = 2 * estimates
    return Interval(found.std_error, mirror - found.conf_high, mirror - found.conf_low)


def find_accelerated(
    estimates: np.ndarray,
    ordered: np.ndarray,
    finite: np.ndarray,
    *,
    left_out: np.ndarray,
    level: float,
    strata: np.ndarray | None = None,
) -> Accelerated:
    """Return bias-corrected and accelerated intervals (Efron, 1987).

    The acceleration comes from leaving out clusters, U_g = θ̄ - θ₋g, a = ΣU³ / (6·(ΣU²)^1.5).
    R's ``boot.ci`` does the same with ``L`` = jackknife influence values about their mean, but
    counts draws equal to the estimate as above it; here half of them are below, so that the
    interval of a difference is the same whichever model comes first.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        bias = ndtri(_count_below(ordered, estimates) / finite)
        acceleration = _accelerate_clusters(left_out, strata)
        limits = []
        for share in ((1 - level) / 2, (1 + level) / 2):
            moved = bias + ndtri(share)
            adjusted = ndtr(bias + moved / (1 - acceleration * moved))
            limits.append(_read_quantiles(ordered, finite, adjusted))
    error = spread_draws(ordered, finite)
    return Accelerated(error, limits[0], limits[1], bias, acceleration)


def _count_below(ordered: np.ndarray, estimates: np.ndarray) -> np.ndarray:
    """Return how many draws (terms,) lie below the estimates, those equal to them half."""
    centre = estimates[:, None]
    near = TIE * np.maximum(1.0, np.abs(centre))
    return ((ordered < centre - near).sum(axis=1) + (ordered <= centre + near).sum(axis=1)) / 2


def _accelerate_clusters(left_out: np.ndarray, strata: np.ndarray | None) -> np.ndarray:
    codes = np.zeros(left_out.shape[1], dtype=int) if strata is None else strata
    influence = np.empty_like(left_out)
    for stratum in np.unique(codes):
        values = left_out[:, codes == stratum]
        centred = values.mean(axis=1, keepdims=True) - values
        influence[:, codes == stratum] = centred
    return (influence**3).sum(axis=1) / (6 * (influence**2).sum(axis=1) ** 1.5)


def _read_quantiles(ordered: np.ndarray, finite: np.ndarray, shares: np.ndarray) -> np.ndarray:
    defined = np.isfinite(shares)
    found = interpolate_quantiles(ordered, finite, np.where(defined, shares, 0.5))
    return np.where(defined, found, np.nan)


def find_studentised(
    estimates: np.ndarray,
    error: np.ndarray,
    *,
    draws: np.ndarray,
    errors: np.ndarray,
    level: float,
) -> Studentised:
    """Return symmetric bootstrap-t intervals and p-values (Hall, 1988).

    Parameters
    ----------
    estimates, error
        Values of all rows and their jackknife standard errors (terms,).
    draws, errors
        Values of each resample, and the jackknife standard errors over its drawn copies of
        clusters, (terms, B).
    level
        Confidence level.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        sizes = np.abs(draws - estimates[:, None]) / errors
        ordered, finite = sort_draws(np.where(errors > 0, sizes, np.nan))
        reach = error * interpolate_quantiles(ordered, finite, np.full(len(error), level))
        above = (ordered >= (np.abs(estimates) / error)[:, None] * (1 - 1e-12)).sum(axis=1)
    p_value = np.where(error > 0, (1 + above) / (finite + 1), np.nan)
    # Two models that never differ: nothing varies, and nothing has to be studentised.
    still = (error == 0) & (draws == estimates[:, None]).all(axis=1)
    reach, finite = np.where(still, 0.0, reach), np.where(still, draws.shape[1], finite)
    p_value = np.where(still & (estimates == 0), 1.0, p_value)
    return Studentised(estimates - reach, estimates + reach, p_value, finite)
