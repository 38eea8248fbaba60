"""What is known about one panel: coefficients as families, each with its intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from exprstats.reliability.estimands import Estimand
from exprstats.reliability.jackknife import Spread, find_t_limits
from exprstats.reliability.limits import move_error, move_reliability
from exprstats.reliability.oneway import MeanSquares, find_divisors
from exprstats.reliability.panels import Panel

INDEPENDENT = "clips treated as independent"


@dataclass(frozen=True, slots=True)
class Interval:
    """Limits of a family's value by one method, and what to say about them.

    ``std_error`` is None where the method has none; limits are NaN where they are undefined;
    ``draws`` counts defined draws of a bootstrap.
    """

    method: str
    low: float
    high: float
    std_error: float | None = None
    note: str = ""
    draws: int | None = None


@dataclass(frozen=True, slots=True)
class Family:
    """One coefficient at ``base`` ratings a clip; other numbers of ratings follow from it.

    ``value`` is −∞ where the components leave nothing to divide by. ``moves`` tells whether the
    Spearman–Brown formula gives it at other numbers of ratings.
    """

    estimand: Estimand
    base: float
    value: float
    intervals: tuple[Interval, ...]
    estimator: str = "anova"
    moves: bool = True


@dataclass(frozen=True, slots=True)
class Analysis:
    """One panel's families; the first is the one whose mean of k ratings is the headline.

    ``counts`` holds the ratings of each clip (n,); ``squares`` the one-way mean squares.
    """

    panel: Panel
    counts: np.ndarray
    squares: MeanSquares
    families: tuple[Family, ...]
    components: Mapping[str, float]
    spread: Spread | None

    @property
    def headline(self) -> str:
        """The method to print: the cluster interval where it is defined, else the first."""
        ways = self.families[0].intervals
        defined = {way.method for way in ways if not math.isnan(way.low)}
        return "jackknife" if "jackknife" in defined else ways[0].method


def write_rows(analysis: Analysis, level: float) -> list[dict[str, Any]]:
    """Return tidy rows: each family at one rating, then by k rule, with every interval."""
    panel = analysis.panel
    rules: list[tuple[str | None, float]] = [(None, 1.0), *find_divisors(analysis.counts).items()]
    shared = {
        "context": panel.context,
        "item": panel.item,
        "level": level,
        "n_clips": panel.n_clips,
        "n_raters": panel.n_raters,
        "n_clusters": panel.n_subjects,
    }
    return [
        shared
        | {
            "term": family.estimand.name_term(averaged=rule is not None),
            "k_rule": rule,
            "raters_per_clip": k,
            "estimator": family.estimator,
            "headline": family is analysis.families[0]
            and rule in {"all", "harmonic"}
            and interval.method == analysis.headline,
        }
        | _write_interval(family, interval, k)
        for family in analysis.families
        for rule, k in rules
        if family.moves or rule in {"all", "harmonic"}
        for interval in family.intervals
    ]


def find_jackknife(value: float, spread: Spread, level: float, over: str = "subject") -> Interval:
    """Return the cluster interval of a family's value, or why there is none."""
    if spread.refusal or math.isinf(value):
        return Interval("jackknife", math.nan, math.nan, math.nan, spread.refusal)
    low, high = find_t_limits(value, spread, level)
    note = f"over {spread.n_subjects:,} {over}s"
    note += f" and {spread.n_raters:,} raters" if spread.n_raters else ""
    if spread.df < 9:
        note += f"; few clusters: {spread.df} degree{'s' * (spread.df > 1)} of freedom"
    return Interval("jackknife", low, high, spread.variance**0.5, note)


def _write_interval(family: Family, interval: Interval, k: float) -> dict[str, Any]:
    estimate = move_reliability(family.value, family.base, k)
    low, high = (move_reliability(x, family.base, k) for x in (interval.low, interval.high))
    error = interval.std_error
    notes = [interval.note]
    if math.isinf(estimate):
        estimate = math.nan
        notes.append("not defined: clips vary less than any variance allows")
    if low == -math.inf:
        notes.append("lower limit not attainable")
    return {
        "estimate": estimate,
        "std_error": math.nan if error is None else move_error(error, family.value, family.base, k),
        "conf_low": low,
        "conf_high": high,
        "method": interval.method,
        "draws": interval.draws,
        "note": "; ".join(note for note in notes if note) or None,
    }
