"""p values of differences from cluster resamples, and their Monte-Carlo error."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri

# Equal columns are not bit-equal after a matrix product: differences this small are ties.
TIE = 1e-12


def settle_ties(differences: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return differences with those that are rounding only set to exactly zero.

    Hardly any are, so that the exact test of size is made only where a generous one is passed.
    """
    sizes = (np.abs(one).max(axis=-1, keepdims=True) for one in (first, second))
    largest = np.maximum(*sizes)
    bound = TIE * np.where(np.isnan(largest), np.inf, np.maximum(1.0, largest))
    near = np.isfinite(differences) & (np.abs(differences) <= bound)
    if not near.any():
        return differences
    size = np.maximum(1.0, np.maximum(np.abs(first[near]), np.abs(second[near])))
    settled = differences.copy()
    settled[near] = np.where(np.abs(differences[near]) <= TIE * size, 0.0, differences[near])
    return settled


def count_tails(ordered: np.ndarray, finite: np.ndarray, null: float = 0.0) -> np.ndarray:
    """Return two-sided bootstrap p-values (terms,) of sorted draws (terms, B).

    Draws equal to ``null`` count on both sides, so that the order of two models never matters,
    and the sample itself counts as one draw, so that p is never 0 (Davison & Hinkley, 1997, §4.4).
    """
    with np.errstate(invalid="ignore"):
        below = 1 + (ordered <= null).sum(axis=1)
        above = 1 + (ordered >= null).sum(axis=1)
    p_value = np.minimum(1.0, 2 * np.minimum(below, above) / (finite + 1))
    return np.where(finite > 0, p_value, np.nan)


def count_tails_mlboot(ordered: np.ndarray, finite: np.ndarray) -> np.ndarray:
    """Return the p-values (terms,) that the R package mlboot prints for the same draws.

    Ties count on one side only and the sample is no draw of its own: p can be 0, and depends on
    the order of two models. For reproducing published numbers, not for new ones.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        below = (ordered <= 0).sum(axis=1) / finite
    return 2 * np.where(below < 0.5, below, 1 - below)


def invert_accelerated(
    ordered: np.ndarray, finite: np.ndarray, *, bias: np.ndarray, acceleration: np.ndarray
) -> np.ndarray:
    """Return two-sided p-values (terms,): 1 minus the level of the BCa interval that ends at 0.

    The map of levels of `find_accelerated` solved for z: z = (w - z0)/(1 + a(w - z0)) - z0, w the
    normal quantile of the share of draws below 0 (Efron & Tibshirani, 1993, eq. 14.10).
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        tails = [(1 + (ordered <= 0).sum(axis=1)), (1 + (ordered >= 0).sum(axis=1))]
        share = np.where(tails[0] < tails[1], tails[0], finite + 1 - tails[1]) / (finite + 1)
        share = np.where(tails[0] == tails[1], 0.5, share)
        moved = ndtri(share) - bias
        lower = ndtr(moved / (1 + acceleration * moved) - bias)
    return np.minimum(1.0, 2 * np.minimum(lower, 1 - lower))


def adjust_holm(p_values: np.ndarray) -> np.ndarray:
    """Return p-values adjusted for their number (Holm, 1979); undefined ones stay so.

    p₍i₎ times m - i + 1, made not to fall; undefined ones do not count in m.
    """
    adjusted = np.full(len(p_values), np.nan)
    places = np.flatnonzero(~np.isnan(p_values))
    order = places[np.argsort(p_values[places], kind="stable")]
    factors = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(factors * p_values[order]))
    return adjusted


def adjust_maximum(estimates: np.ndarray, draws: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Return p-values adjusted by the largest |t| of the family (Westfall & Young, 1993).

    One step: all terms are compared with the same maximum. Differences (terms,) have draws (terms,
    B) and standard errors; those that do not vary get p 1.
    """
    adjusted = np.full(len(estimates), np.nan)
    defined = np.isfinite(estimates)
    adjusted[defined & (spread == 0)] = 1.0
    used = np.flatnonzero(defined & (spread > 0))
    if len(used) == 0:
        return adjusted
    away = draws[used] - estimates[used, None]
    np.abs(away, out=away)
    away /= spread[used, None]
    largest = away.max(axis=0)
    largest = np.sort(largest[np.isfinite(largest)])
    seen = np.abs(estimates[used]) / spread[used]
    above = len(largest) - np.searchsorted(largest, seen * (1 - TIE), side="left")
    adjusted[used] = (1 + above) / (len(largest) + 1)
    return adjusted


def estimate_p_error(
    p_values: np.ndarray, finite: np.ndarray, *, doubled: bool = True
) -> np.ndarray:
    """Return the Monte-Carlo standard error of p-values (terms,) from so many draws.

    √(p(2 - p)/B) where p is twice the smaller tail (``doubled``), √(p(1 - p)/B) where it is one
    share of the draws, as in permutation tests and symmetric bootstrap-t.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.sqrt(p_values * ((2 if doubled else 1) - p_values) / finite)


def estimate_limit_error(
    ordered: np.ndarray, finite: np.ndarray, share: float | np.ndarray
) -> np.ndarray:
    """Return the Monte-Carlo standard error of the quantile at ``share`` (terms,).

    Half the distance between the order statistics at Bp ± 1.96·√(Bp(1 - p)), over 1.96.
    """
    lines = np.arange(len(ordered))
    centre, reach = finite * share, 1.96 * np.sqrt(finite * share * (1 - share))
    last = np.maximum(finite, 1)
    low = np.clip(np.floor(centre - reach), 1, last).astype(int)
    high = np.clip(np.ceil(centre + reach), 1, last).astype(int)
    return (ordered[lines, high - 1] - ordered[lines, low - 1]) / (2 * 1.96)
