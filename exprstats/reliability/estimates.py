"""The one-way analysis of a panel: each clip may have raters of its own."""

from __future__ import annotations

import math

import numpy as np

from exprstats.reliability.analysis import INDEPENDENT, Analysis, Family, Interval, find_jackknife
from exprstats.reliability.deletions import jackknife_panel
from exprstats.reliability.estimands import ONE_WAY
from exprstats.reliability.limits import find_f_limits
from exprstats.reliability.moments import add_moments, sum_clips
from exprstats.reliability.oneway import MeanSquares, find_mean_squares, find_reliability
from exprstats.reliability.panels import Panel


def analyse_panel(panel: Panel, level: float) -> Analysis:
    """Return the one-way analysis of a panel without obstacles."""
    sums = sum_clips(panel.rating, panel.clip)
    squares = clean_squares(find_mean_squares(add_moments(sums)))
    theta, n0 = float(find_reliability(squares)), float(squares.n0)
    spread = None if panel.subject is None else jackknife_panel(panel, sums)
    ways = (_find_f(squares, level),)
    if spread is not None:
        ways = (*ways, find_jackknife(theta, spread, level))
    components = {
        "clip": float(squares.between - squares.within) / n0,
        "error": float(squares.within),
    }
    family = Family(ONE_WAY, n0, theta, ways)
    return Analysis(panel, sums.counts, squares, (family,), components, spread)


def clean_squares(squares: MeanSquares) -> MeanSquares:
    """Set to 0 a mean square that rounding alone keeps from it."""
    floor = 1e-14 * max(float(squares.between), float(squares.within))
    if min(squares.between, squares.within) > floor:
        return squares
    between, within = (
        np.where(square > floor, square, 0.0) for square in (squares.between, squares.within)
    )
    return MeanSquares(between, within, squares.n0, squares.df_between, squares.df_within)


def _find_f(squares: MeanSquares, level: float) -> Interval:
    if squares.within == 0:
        return Interval("f", math.nan, math.nan, note="raters agree perfectly: no interval")
    if squares.between == 0:
        return Interval("f", math.nan, math.nan, note="all clips have the same mean: no interval")
    ratio = float(squares.between / squares.within)
    limits = find_f_limits(ratio, float(squares.df_between), float(squares.df_within), level)
    return Interval("f", *limits, note=INDEPENDENT)
