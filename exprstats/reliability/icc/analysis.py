"""Analysis of one panel: one-way, two-way and nested coefficients with their intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from exprstats.reliability.icc.estimands import (
    AGREEMENT,
    CLIP_NESTED,
    CONSISTENCY,
    ONE_WAY,
    SUBJECT_NESTED,
    WITHIN_NESTED,
    Estimand,
    find_f_limits,
    measure_estimand,
    move_error,
    move_reliability,
)
from exprstats.reliability.icc.jackknife import (
    Spread,
    find_t_limits,
    jackknife_panel,
    sample_panel,
    spread_estimand,
)
from exprstats.reliability.icc.nested import find_subject_divisors
from exprstats.reliability.icc.oneway import (
    MeanSquares,
    add_moments,
    find_divisors,
    find_mean_squares,
    find_reliability,
    find_usual_divisor,
    sum_clips,
)
from exprstats.reliability.icc.panels import Panel
from exprstats.reliability.icc.twoway import (
    CrossedSquares,
    find_agreement_limits,
    is_complete,
    square_table,
)

INDEPENDENT = "clips treated as independent"
NESTED = (CLIP_NESTED, WITHIN_NESTED, SUBJECT_NESTED)


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


def analyse_crossed(panel: Panel, level: float) -> Analysis:
    """Return the two-way analysis of a panel without obstacles.

    Complete tables get ANOVA components and the limits of McGraw and Wong (1996); incomplete ones
    components from pairs of ratings, with jackknife limits over subjects (over clips, where
    subjects are not known) and raters.
    """
    sums = sum_clips(panel.rating, panel.clip)
    squares = clean_squares(find_mean_squares(add_moments(sums)))
    divisors = {"k": find_usual_divisor(sums.counts)}
    samples = sample_panel(panel, "two-way")
    components = clean_components(samples.whole)
    table = square_table(panel) if is_complete(panel) else None
    families, spread = [], None
    for estimand in (AGREEMENT, CONSISTENCY):
        value = float(measure_estimand(estimand, components, divisors))
        ways = [] if table is None else [_find_exact(estimand, table, components, level)]
        if panel.subject is not None or table is None:
            spread = spread_estimand(samples, estimand, divisors)
            over = "clip" if panel.subject is None else "subject"
            ways.append(find_jackknife(value, spread, level, over))
        estimator = "moments" if table is None else "anova"
        families.append(Family(estimand, divisors["k"], value, tuple(ways), estimator))
    return Analysis(panel, sums.counts, squares, tuple(families), components, spread)


def clean_components(components: Mapping[str, float]) -> dict[str, float]:
    """Set to 0 a component that rounding alone keeps from it."""
    floor = 1e-14 * sum(abs(value) for value in components.values())
    return {name: 0.0 if abs(value) <= floor else value for name, value in components.items()}


def _find_exact(
    estimand: Estimand, squares: CrossedSquares, components: Mapping[str, float], level: float
) -> Interval:
    """Return McGraw and Wong's limits, moved to the mean of all k raters."""
    method = "satterthwaite" if estimand is AGREEMENT else "f"
    if components["residual"] == 0:
        return Interval(method, math.nan, math.nan, note="raters agree perfectly: no interval")
    if squares.clip <= 0:
        return Interval(method, math.nan, math.nan, note="all clips have the same mean")
    n, k = squares.n, squares.k
    if estimand is AGREEMENT:
        low, high = (
            move_reliability(limit, 1, k) for limit in find_agreement_limits(squares, level)
        )
    else:
        ratio = squares.clip / squares.residual
        low, high = find_f_limits(ratio, n - 1, (n - 1) * (k - 1), level)
    return Interval(method, low, high, note=INDEPENDENT)


def analyse_nested(panel: Panel, level: float) -> Analysis:
    """Return the nested analysis of a panel without obstacles.

    Components come from pairs of ratings, limits from the jackknife over subjects (and raters,
    where they are shared).
    """
    sums = sum_clips(panel.rating, panel.clip)
    squares = clean_squares(find_mean_squares(add_moments(sums)))
    base = find_usual_divisor(sums.counts)
    divisors = find_subject_divisors(panel, sums.counts) | {"k": base}
    samples = sample_panel(panel, "nested")
    families, spread = [], None
    for estimand in NESTED:
        value = float(measure_estimand(estimand, samples.whole, divisors))
        spread = spread_estimand(samples, estimand, divisors)
        way = find_jackknife(value, spread, level)
        moves = estimand is not SUBJECT_NESTED
        families.append(Family(estimand, base, value, (way,), "moments", moves))
    return Analysis(panel, sums.counts, squares, tuple(families), samples.whole, spread)
