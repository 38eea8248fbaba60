"""How each rater rates, on arrays: level, spread, use of the scale, agreement, influence."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from exprstats.reliability.moments import add_moments, peel_ratings, sum_clips, sum_groups
from exprstats.reliability.oneway import MeanSquares, find_mean_squares
from exprstats.reliability.panels import Panel


def describe_raters(panel: Panel) -> Mapping[str, np.ndarray]:
    """Return one array (W,) for each fact about a panel's raters.

    Returns
    -------
    Mapping
        ``n_ratings``; ``severity``, the mean of a rating less that of the clip's other raters
        (scale points); ``spread``, the SD of the ratings over that of the other raters' mean on
        the same clips; ``n_values``; ``mode_share``, the share of the value used most;
        ``agreement``, the correlation with the other raters' mean; ``influence``, ICC(1,1) of all
        less ICC(1,1) without the rater. NaN where a fact needs more ratings.
    """
    y, clip, rater = panel.rating, panel.clip, panel.rater
    size = panel.n_raters
    sums = sum_clips(y, clip)
    counts = sums.counts[clip]
    seen = counts > 1
    others = (sums.totals[clip] + sums.shift * counts - y)[seen] / (counts[seen] - 1)
    who, own = rater[seen], y[seen]
    spread, agreement = _compare(own, others, who, size)
    mode_share, n_values = _use_scale(y, rater, size)
    return {
        "n_ratings": np.bincount(rater, minlength=size),
        "severity": _average(own - others, who, size),
        "spread": spread,
        "n_values": n_values,
        "mode_share": mode_share,
        "agreement": agreement,
        "influence": _find_influence(panel, size),
    }


def find_single(squares: MeanSquares) -> np.ndarray:
    """Return ICC(1,1) from mean squares."""
    signal = squares.between - squares.within
    with np.errstate(divide="ignore", invalid="ignore"):
        return signal / (squares.between + (squares.n0 - 1) * squares.within)


def _find_influence(panel: Panel, size: int) -> np.ndarray:
    sums = sum_clips(panel.rating, panel.clip)
    whole = add_moments(sums)
    gone = sum_groups(peel_ratings(panel.rating, panel.clip, sums), panel.rater, size)
    return find_single(find_mean_squares(whole)) - find_single(find_mean_squares(whole - gone))


def _average(values: np.ndarray, group: np.ndarray, size: int) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return np.bincount(group, values, size) / np.bincount(group, minlength=size)


def _compare(
    own: np.ndarray, others: np.ndarray, group: np.ndarray, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the ratio of SDs and the correlation of own ratings and the others' means."""
    x, y = (part - _average(part, group, size)[group] for part in (own, others))
    xx, yy, xy = (np.bincount(group, product, size) for product in (x * x, y * y, x * y))
    enough = (np.bincount(group, minlength=size) > 2) & (
        yy > 1e-12 * max(yy.max(initial=0), 1e-300)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(enough, np.sqrt(xx / yy), np.nan)
        vary = enough & (xx > 1e-12 * yy)
        return ratio, np.where(vary, xy / np.sqrt(xx * yy), np.nan)


def _use_scale(values: np.ndarray, group: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the share of the value each rater uses most, and how many values they use."""
    levels, code = np.unique(values, return_inverse=True)
    place, counts = np.unique(group * len(levels) + code, return_counts=True)
    most = np.zeros(size)
    np.maximum.at(most, place // len(levels), counts)
    return most / np.bincount(group, minlength=size), np.bincount(
        place // len(levels), minlength=size
    )
