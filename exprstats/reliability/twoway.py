"""The two-way analysis of a panel: the same raters rate many clips."""

from __future__ import annotations

import math

import numpy as np

from exprstats.errors import Problem
from exprstats.reliability.analysis import INDEPENDENT, Analysis, Family, Interval, find_jackknife
from exprstats.reliability.crossed import (
    CrossedSquares,
    find_agreement_limits,
    is_complete,
    square_table,
)
from exprstats.reliability.estimands import (
    AGREEMENT,
    CONSISTENCY,
    Components,
    Estimand,
    measure_estimand,
)
from exprstats.reliability.estimates import clean_squares, find_obstacles
from exprstats.reliability.graphs import count_blocks
from exprstats.reliability.jackknife import Spread, combine_thetas, number_cells
from exprstats.reliability.limits import find_f_limits, move_reliability
from exprstats.reliability.oneway import (
    add_moments,
    find_mean_squares,
    find_usual_divisor,
    sum_clips,
)
from exprstats.reliability.pairs import Pairs, find_components, leave_pairs_out, sum_pairs
from exprstats.reliability.panels import Panel


def find_crossed_obstacles(panel: Panel) -> list[Problem]:
    """Return why a panel has no two-way reliability, as problems."""
    problems = find_obstacles(panel)
    if problems:
        return problems
    if int(panel.rater.max()) == 0:
        return [Problem(f"{panel.label} has 1 rater; two-way reliability needs 2.", "Add raters.")]
    blocks = count_blocks(panel.clip, panel.rater)
    if blocks > 1:
        fact = f"{panel.label}: raters and clips fall into {blocks:,} sets that share nothing;"
        return [
            Problem(
                f"{fact} differences between raters and between clips cannot be told apart.",
                "Use model='one-way', or add raters who link the sets.",
            )
        ]
    if len(panel.rating) == int(panel.clip.max()) + int(panel.rater.max()) + 1:
        fact = f"{panel.label}: no rating is left over to show disagreement beside raters' level."
        return [Problem(fact, "Use model='one-way', or collect ratings that overlap more.")]
    return []


def analyse_crossed(panel: Panel, level: float) -> Analysis:
    """Return the two-way analysis of a panel without obstacles.

    Complete tables get ANOVA components and the limits of McGraw and Wong (1996); incomplete ones
    components from pairs of ratings, with jackknife limits over subjects (over clips, where
    subjects are not known) and raters.
    """
    sums = sum_clips(panel.rating, panel.clip)
    squares = clean_squares(find_mean_squares(add_moments(sums)))
    base = find_usual_divisor(sums.counts)
    centred = panel.rating - sums.shift
    pairs = sum_pairs(centred, panel.clip, panel.rater)
    components = clean_components(find_components(pairs))
    complete = is_complete(panel)
    table = square_table(panel) if complete else None
    samples = _leave_out(panel, centred, pairs) if panel.subject is not None or not table else None
    families, spread = [], None
    for estimand in (AGREEMENT, CONSISTENCY):
        value = float(measure_estimand(estimand, components, {"k": base}))
        ways = [] if table is None else [_find_exact(estimand, table, components, level)]
        if samples is not None:
            spread = _spread_family(panel, estimand, samples, base)
            over = "clip" if panel.subject is None else "subject"
            ways.append(find_jackknife(value, spread, level, over))
        estimator = "anova" if complete else "moments"
        families.append(Family(estimand, base, value, tuple(ways), estimator))
    return Analysis(panel, sums.counts, squares, tuple(families), components, spread)


def clean_components(components: Components) -> dict[str, float]:
    """Return components as numbers; one that rounding alone keeps from 0 is 0."""
    numbers = {name: float(value) for name, value in components.items()}
    floor = 1e-14 * sum(abs(value) for value in numbers.values())
    return {name: 0.0 if abs(value) <= floor else value for name, value in numbers.items()}


def _find_exact(
    estimand: Estimand, squares: CrossedSquares, components: Components, level: float
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


def _leave_out(panel: Panel, centred: np.ndarray, pairs: Pairs) -> dict[str, Pairs]:
    subject = panel.clip if panel.subject is None else panel.subject
    cells = number_cells(subject, panel.rater, int(panel.rater.max()) + 1)
    samples = leave_pairs_out(centred, (panel.clip, panel.rater, subject), cells, pairs)
    shared = cells[1] > int(panel.rater.max()) + 1
    return samples if shared else {"subject": samples["subject"]}


def _spread_family(
    panel: Panel, estimand: Estimand, samples: dict[str, Pairs], base: float
) -> Spread:
    thetas = {
        name: np.where(np.isinf(theta), np.nan, theta)
        for name, sample in samples.items()
        for theta in [measure_estimand(estimand, find_components(sample), {"k": base})]
    }
    return combine_thetas(thetas, int(panel.rater.max()) + 1)
