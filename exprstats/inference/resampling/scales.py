"""Scales on which intervals of single values are symmetric, and limits at the ends of a range."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
from scipy.special import expit, logit, stdtrit

from exprstats.inference.resampling.pvalues import TIE

Scale = Literal["raw", "log", "logit", "fisher"]
Map = Callable[[np.ndarray], np.ndarray]
_LEAST_P = 1e-12


class _Maps(NamedTuple):
    """The way to a scale, the way back, and the slope of the way there."""

    there: Map
    back: Map
    slope: Map


# Errors are positive and skewed; the variance of a share falls towards 0 and 1, that of a
# correlation towards -1 and 1. On these scales it hardly depends on the value.
_MAPS: dict[str, _Maps] = {
    "log": _Maps(np.log, np.exp, lambda x: 1 / x),
    "logit": _Maps(logit, expit, lambda x: 1 / (x * (1 - x))),
    "fisher": _Maps(np.arctanh, np.tanh, lambda x: 1 / (1 - x**2)),
}


class Moved(NamedTuple):
    """Values on their scales, and the scales (terms,) they are on."""

    centre: np.ndarray
    spread: np.ndarray
    scales: np.ndarray


def move_values(scales: np.ndarray, estimates: np.ndarray, left_out: np.ndarray) -> Moved:
    """Return estimates (terms,) and leave-one-out values (terms, clusters) on scales (terms,).

    Where a value without one cluster has no finite place there, as an accuracy of 1 has none on
    the logit scale, distances from the estimate are multiplied by the slope at it instead (the
    delta method). An estimate that has no place itself stays on its own scale.
    """
    centre, values = estimates.astype(float), left_out.astype(float)
    used = np.array(scales, dtype=object)
    for name, (there, _, slope) in _MAPS.items():
        lines = np.flatnonzero(np.equal(scales, name))
        one, without = estimates[lines], left_out[lines]
        with np.errstate(invalid="ignore", divide="ignore"):
            moved, away = there(one), there(without)
            near = moved[:, None] + slope(one)[:, None] * (without - one[:, None])
        lost = np.any(~np.isfinite(away) & np.isfinite(without), axis=1)
        fits = np.asarray(np.isfinite(moved))
        centre[lines[fits]] = moved[fits]
        values[lines[fits]] = np.where(lost[:, None], near, away)[fits, :]
        used[lines[~fits]] = "raw"
    return Moved(centre, values, used)


def move_back(scales: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return values (terms, …) on scales (terms,) as they are printed."""
    found = values.copy()
    for name, maps in _MAPS.items():
        lines = np.flatnonzero(np.equal(scales, name))
        found[lines] = maps.back(values[lines])
    return found


class Ends(NamedTuple):
    """Limits of several terms, each (terms,), and why there are none or others (terms,)."""

    conf_low: np.ndarray
    conf_high: np.ndarray
    notes: list[str]


def limit_ends(
    estimates: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    *,
    errors: np.ndarray,
    ranges: np.ndarray,
    holders: np.ndarray,
    level: float,
) -> Ends:
    """Return limits within the range of a metric, and never an interval without width.

    All are (terms,); without any ``errors`` there is no width. ``ranges`` (terms, 2) are the lowest
    and highest possible value. ``holders`` is, for shares, the number of clusters that could have
    shown another value; 0 for all others.

    Notes
    -----
    A share of 1 in each of G clusters is what a share of clusters that lies below α^(1/G) would
    show less often than α: it is the lower limit (Clopper & Pearson, 1934, one-sided at the end).
    A share of 0 has the upper limit 1 - α^(1/G). Nothing is said of others that do not vary.
    """
    low, high = (np.clip(limit, ranges[:, 0], ranges[:, 1]) for limit in (low, high))
    notes = [""] * len(estimates)
    still = (high - low <= TIE * np.maximum(1.0, np.abs(estimates))) | (errors == 0)
    for line in np.flatnonzero(still):
        estimate, count = estimates[line], holders[line]
        if count and estimate in {0.0, 1.0}:
            bound = (1 - level) ** (1 / count)
            low[line], high[line] = (bound, 1.0) if estimate == 1 else (0.0, 1 - bound)
            end = "lower" if estimate == 1 else "upper"
            notes[line] = (
                f"{estimate:.0f} in every cluster: the {end} limit is the exact one of {count:,}"
            )
            continue
        low[line] = high[line] = np.nan
        notes[line] = "no interval: the value is the same whichever cluster is left out"
        if estimate == 0 and ranges[line, 0] < 0:
            notes[line] = "no interval: the same whichever cluster is left out"
    return Ends(low, high, notes)


class Sides(NamedTuple):
    """Two independent or overlapping values of which each term is the difference.

    Attributes
    ----------
    estimates
        Their values (terms, 2).
    centre, spread
        The same on their scales, (terms, 2), and jackknife values on them, (terms, 2, clusters),
        that give each its variance over all clusters.
    scales
        Which scales (terms,).
    sizes
        Number of clusters of each (terms, 2).
    apart
        Whether they rest on other clusters, by far the most of them (terms,); the differences of
        others have limits of their own.
    """

    estimates: np.ndarray
    centre: np.ndarray
    spread: np.ndarray
    scales: np.ndarray
    sizes: np.ndarray
    apart: np.ndarray


def recover_limits(
    sides: Sides, errors: np.ndarray, shared: np.ndarray, freedom: np.ndarray, alpha: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return limits (terms,) of differences from the limits of their two sides.

    L = d - √((a - l_a)² + (u_b - b)² - 2ρ(a - l_a)(u_b - b)), U with the other limits (Zou &
    Donner, 2008, eq. 15): the skewness of a small side's interval stays on its side, where a
    symmetric interval of d would lose it. A share of 1 or 0 in all clusters of a side has the limit
    of `limit_ends`. Standard errors on the scales are (terms, 2); the correlation ρ of both sides,
    degrees of freedom and 1 - level are (terms,).
    """
    reach = -stdtrit(freedom, alpha / 2)[:, None] * errors
    low, high = (move_back(sides.scales, sides.centre + sign * reach) for sign in (-1, 1))
    still = errors == 0
    bound = alpha[:, None] ** (1 / sides.sizes)
    is_share = (sides.scales == "share")[:, None] & still
    low = np.where(is_share & (sides.estimates == 1), bound, low)
    high = np.where(is_share & (sides.estimates == 0), 1 - bound, high)
    below, above = sides.estimates - low, high - sides.estimates
    difference = sides.estimates[:, 0] - sides.estimates[:, 1]
    return (
        difference - _join_reaches(below[:, 0], above[:, 1], shared),
        difference + _join_reaches(above[:, 0], below[:, 1], shared),
    )


def _join_reaches(one: np.ndarray, other: np.ndarray, shared: np.ndarray) -> np.ndarray:
    # Limits of few clusters at levels near 1 can be too large for a float.
    one, other = np.minimum(one, 1e100), np.minimum(other, 1e100)
    return np.sqrt(np.maximum(one**2 + other**2 - 2 * shared * one * other, 0.0))


def compare_sides(
    sides: Sides, freedom: np.ndarray, level: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return limits and p-values (terms,) of differences between two sides.

    p is 1 minus the level of the interval that ends at 0, found by halving.
    """
    count = sides.spread.shape[2]
    away = sides.spread - sides.spread.mean(axis=2, keepdims=True)
    cross = (count - 1) / count * np.einsum("tig,tjg->tij", away, away)
    errors = np.sqrt(np.einsum("tii->ti", cross))
    product = errors[:, 0] * errors[:, 1]
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        shared = np.where(product > 0, np.clip(cross[:, 0, 1] / product, -1, 1), 0.0)
        difference = sides.estimates[:, 0] - sides.estimates[:, 1]
        lower = np.full(len(difference), np.log(_LEAST_P))
        upper = np.zeros(len(difference))
        for _ in range(60):
            middle = (lower + upper) / 2
            limits = recover_limits(sides, errors, shared, freedom, np.exp(middle))
            holds = (limits[0] <= 0) & (limits[1] >= 0)
            lower, upper = np.where(holds, middle, lower), np.where(holds, upper, middle)
        alpha = np.full(len(difference), 1 - level)
        low, high = recover_limits(sides, errors, shared, freedom, alpha)
    p_value = np.where(difference == 0, 1.0, np.exp(lower))
    return low, high, np.where(np.isnan(low + high), np.nan, p_value)
