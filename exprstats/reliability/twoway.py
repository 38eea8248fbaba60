"""The two-way analysis of a panel: the same raters rate many clips."""

from __future__ import annotations

import math
from collections.abc import Mapping

from exprstats.reliability.analysis import INDEPENDENT, Analysis, Family, Interval, find_jackknife
from exprstats.reliability.crossed import (
    CrossedSquares,
    find_agreement_limits,
    is_complete,
    square_table,
)
from exprstats.reliability.estimands import AGREEMENT, CONSISTENCY, Estimand, measure_estimand
from exprstats.reliability.estimates import clean_squares
from exprstats.reliability.limits import find_f_limits, move_reliability
from exprstats.reliability.moments import add_moments, sum_clips
from exprstats.reliability.oneway import find_mean_squares, find_usual_divisor
from exprstats.reliability.panels import Panel
from exprstats.reliability.samples import sample_panel, spread_estimand


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
