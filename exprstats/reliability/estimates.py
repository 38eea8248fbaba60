"""One panel's one-way reliabilities with both intervals, as tidy rows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from exprstats.errors import Problem
from exprstats.reliability.jackknife import Spread, find_t_limits, jackknife_panel
from exprstats.reliability.limits import find_f_limits, move_error, move_reliability
from exprstats.reliability.oneway import (
    ClipSums,
    MeanSquares,
    add_moments,
    find_divisors,
    find_mean_squares,
    find_reliability,
    sum_clips,
)
from exprstats.reliability.panels import Panel

INDEPENDENT = "clips treated as independent"


@dataclass(frozen=True, slots=True)
class Interval:
    """Limits of ICC(k), k = n0, by one method, and what to say about them.

    ``std_error`` is None where the method has none; limits are NaN where they are undefined.
    """

    method: str
    low: float
    high: float
    std_error: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class OneWay:
    """One-way analysis of a panel: its sums, mean squares, ICC(k) with k = n0, and intervals."""

    panel: Panel
    sums: ClipSums
    squares: MeanSquares
    theta: float
    intervals: tuple[Interval, ...]
    spread: Spread | None

    @property
    def n0(self) -> float:
        """Ratings a clip that the between mean square weighs."""
        return float(self.squares.n0)

    @property
    def headline(self) -> str:
        """The method of the interval to print: the cluster interval where it exists."""
        return next(
            (way.method for way in self.intervals[::-1] if not math.isnan(way.low)),
            self.intervals[0].method,
        )


def find_obstacles(panel: Panel) -> list[Problem]:
    """Return why a panel has no reliability, as problems; empty where it has one."""
    counts = np.bincount(panel.clip) if panel.rating.size else np.zeros(0)
    if counts.size < 2:
        fact = f"{panel.label} has ratings of {counts.size} clip{'s' * (counts.size != 1)};"
        return [Problem(f"{fact} reliability needs at least 2.", "Add clips or leave it out.")]
    if counts.max() < 2:
        fact = f"{panel.label}: each of {counts.size:,} clips has 1 rating; ICC needs 2."
        return [Problem(fact, "Check the clip column, or collect further raters.")]
    if panel.rating.min() == panel.rating.max():
        fact = f"{panel.label}: all {panel.rating.size:,} ratings are {panel.rating[0]:g};"
        return [Problem(f"{fact} reliability is not defined.", "Leave it out.")]
    if panel.subject is not None and int(panel.subject.max()) == 0:
        fact = f"{panel.label}: all clips show one subject; the cluster interval needs 2."
        return [Problem(fact, "Pass cluster=None for the F interval alone.")]
    return []


def analyse_panel(panel: Panel, level: float) -> OneWay:
    """Return the one-way analysis of a panel without obstacles."""
    sums = sum_clips(panel.rating, panel.clip)
    squares = _clean_squares(find_mean_squares(add_moments(sums)))
    theta = float(find_reliability(squares))
    spread = None if panel.subject is None else jackknife_panel(panel, sums)
    ways = (_find_f(squares, level),)
    if spread is not None:
        ways = (*ways, _find_jackknife(theta, spread, level))
    return OneWay(panel, sums, squares, theta, ways, spread)


def write_rows(analysis: OneWay, level: float) -> list[dict[str, Any]]:
    """Return tidy rows: ICC(1,1), then ICC(1,k) by k rule, each with every interval."""
    panel = analysis.panel
    terms: list[tuple[str, str | None, float]] = [("ICC(1,1)", None, 1.0)]
    terms += [("ICC(1,k)", rule, k) for rule, k in find_divisors(analysis.sums.counts).items()]
    shared = {
        "context": panel.context,
        "item": panel.item,
        "estimator": "anova",
        "level": level,
        "n_clips": len(analysis.sums.counts),
        "n_raters": int(panel.rater.max()) + 1,
        "n_clusters": None if panel.subject is None else int(panel.subject.max()) + 1,
    }
    return [
        shared
        | {"term": term, "k_rule": rule, "raters_per_clip": k}
        | _write_interval(analysis, interval, k)
        | {"headline": rule in {"all", "harmonic"} and interval.method == analysis.headline}
        for term, rule, k in terms
        for interval in analysis.intervals
    ]


def _write_interval(analysis: OneWay, interval: Interval, k: float) -> dict[str, Any]:
    n0 = analysis.n0
    estimate = move_reliability(analysis.theta, n0, k)
    low, high = (move_reliability(x, n0, k) for x in (interval.low, interval.high))
    error = interval.std_error
    notes = [interval.note]
    if math.isinf(estimate):
        estimate, notes = (
            math.nan,
            [*notes, "not defined: clips vary less than any variance allows"],
        )
    if low == -math.inf:
        notes.append("lower limit not attainable")
    return {
        "estimate": estimate,
        "std_error": math.nan if error is None else move_error(error, analysis.theta, n0, k),
        "conf_low": low,
        "conf_high": high,
        "method": interval.method,
        "note": "; ".join(note for note in notes if note) or None,
    }


def _clean_squares(squares: MeanSquares) -> MeanSquares:
    """Set to 0 a mean square that rounding alone keeps from it."""
    floor = 1e-14 * max(float(squares.between), float(squares.within))
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


def _find_jackknife(theta: float, spread: Spread, level: float) -> Interval:
    if spread.refusal or math.isinf(theta):
        return Interval("jackknife", math.nan, math.nan, math.nan, spread.refusal)
    low, high = find_t_limits(theta, spread, level)
    over = f"over {spread.n_subjects:,} subjects"
    over += f" and {spread.n_raters:,} raters" if spread.n_raters else ""
    if spread.df < 9:
        over += f"; few clusters: {spread.df} degree{'s' * (spread.df > 1)} of freedom"
    return Interval("jackknife", low, high, spread.variance**0.5, over)
