"""Analysis of one panel: one-way, two-way and nested coefficients with their intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from exprstats.options import IccModel
from exprstats.reliability.icc.estimands import (
    AGREEMENT,
    CLIP_NESTED,
    CONSISTENCY,
    ONE_WAY,
    SUBJECT_NESTED,
    WITHIN_NESTED,
    Estimand,
    clean_components,
    find_f_limits,
    measure_estimand,
    move_error,
    move_reliability,
)
from exprstats.reliability.icc.jackknife import (
    CLUSTERED,
    FEW_RATERS,
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
    clean_squares,
    divide_sums,
    find_additive,
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
    find_bias,
    square_table,
    tell_complete,
)

INDEPENDENT = "clips treated as independent"
FIXED_RATERS = "raters treated as fixed"
# The term of pooled contexts whose level differences count as reliability.
ALL_CLIPS = " of all clips"
REFUSED = "not estimated: "
FAMILIES: dict[IccModel, tuple[Estimand, ...]] = {
    "one-way": (ONE_WAY,),
    "two-way": (AGREEMENT, CONSISTENCY),
    "nested": (CLIP_NESTED, WITHIN_NESTED, SUBJECT_NESTED),
}


@dataclass(frozen=True, slots=True)
class Interval:
    """Limits of a family's value by one method, and what to say about them.

    ``std_error`` is None where the method has none; limits are NaN where they are undefined;
    ``draws`` counts defined draws of a bootstrap, ``df`` the degrees of freedom of a jackknife's t.
    """

    method: str
    low: float
    high: float
    std_error: float | None = None
    note: str = ""
    draws: int | None = None
    df: float | None = None


@dataclass(frozen=True, slots=True)
class Family:
    """One coefficient at ``base`` ratings a clip; other numbers of ratings follow from it.

    ``value`` is −∞ where the components leave nothing to divide by. ``moves`` tells whether the
    Spearman–Brown formula gives it at other numbers of ratings. ``suffix`` follows the term's name
    where contexts are pooled and level differences between them count as well.
    """

    estimand: Estimand
    base: float
    value: float
    intervals: tuple[Interval, ...]
    estimator: str = "anova"
    moves: bool = True
    suffix: str = ""


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
        """The method to print: the cluster interval to report, or the first where there is none.

        Where subjects are not known clips are independent as far as anyone can tell, and exact
        limits come first.
        """
        ways = self.families[0].intervals
        defined = {way.method for way in ways if not math.isnan(way.low)}
        preferred = (ways[0].method, *CLUSTERED) if self.panel.subject is None else CLUSTERED
        return next((method for method in preferred if method in defined), ways[0].method)


def list_family_rows(analysis: Analysis, level: float) -> list[dict[str, Any]]:
    """Return tidy rows: each family at one rating, then by k rule, with every interval."""
    panel = analysis.panel
    rules: list[tuple[str | None, float]] = [(None, 1.0), *find_divisors(analysis.counts).items()]
    shared = share_keys(panel, level)
    rows = []
    for family in analysis.families:
        for rule, k in rules:
            usual = rule in {"all", "harmonic"}
            if not (family.moves or usual):
                continue
            # n0 is the family's own: within contexts it is another than over all clips.
            size = family.base if rule == "n0" and family.estimand is ONE_WAY else k
            term = family.estimand.name_term(averaged=rule is not None) + family.suffix
            keys = {"term": term, "k_rule": rule, "raters_per_clip": size}
            first = usual and family is analysis.families[0]
            rows += [
                shared
                | keys
                | {"estimator": family.estimator}
                | {"headline": first and interval.method == analysis.headline}
                | _write_interval(family, interval, size)
                for interval in family.intervals
            ]
    return rows


def share_keys(panel: Panel, level: float) -> dict[str, Any]:
    """Return what all rows of a panel hold."""
    return {
        "context": panel.context,
        "item": panel.item,
        "level": level,
        "n_clips": panel.n_clips,
        "n_raters": panel.n_raters,
        "n_clusters": panel.n_subjects,
    }


def write_refusal(panel: Panel, model: IccModel, reason: str, level: float) -> list[dict[str, Any]]:
    """Return the rows of a panel that has no reliability under a model: why, in ``note``."""
    names = ("estimate", "std_error", "conf_low", "conf_high", "raw_low", "raw_high", "df")
    nothing = dict.fromkeys(names, math.nan)
    counts = np.bincount(panel.clip) if panel.rating.size else np.ones(1)
    first, *others = FAMILIES[model]
    return [
        share_keys(panel, level)
        | {
            "term": estimand.name_term(averaged=averaged),
            "k_rule": "harmonic" if averaged else None,
            "raters_per_clip": find_usual_divisor(counts) if averaged else 1.0,
            "estimator": None,
            "headline": averaged and estimand is first,
            "method": "none",
            "note": f"{REFUSED}{reason}",
        }
        | nothing
        for estimand in (first, *others)
        for averaged in (False, True)
        if averaged or estimand is not SUBJECT_NESTED
    ]


def find_cluster_limits(
    value: float, spreads: Sequence[Spread], level: float, over: str = "subject"
) -> list[Interval]:
    """Return the cluster intervals of a family's value, or why there is none.

    Spreads are as `spread_thetas` gives them; ``over`` is ``clip`` where subjects are not known.
    """
    ways = []
    for spread in spreads:
        if spread.refusal or not math.isfinite(value):
            ways.append(Interval(spread.method, math.nan, math.nan, math.nan, spread.refusal))
            continue
        note = f"over {spread.n_subjects:,} {over}s"
        note += f" and {spread.n_raters:,} raters" if spread.n_raters else ""
        note = "; ".join(filter(None, (note, tell_spread(spread))))
        limits = find_t_limits(value, spread, level)
        ways.append(Interval(spread.method, *limits, spread.variance**0.5, note, df=spread.df))
    return ways


def tell_spread(spread: Spread) -> str:
    """Return that raters are fixed or clusters few, where they are."""
    fixed = FIXED_RATERS if spread.method == "jackknife_subjects" else ""
    few = spread.df < FEW_RATERS - 1
    rests = f"few clusters: it rests on {write_freedom(spread.df)}" if few else ""
    return "; ".join(filter(None, (fixed, rests)))


def write_freedom(df: float) -> str:
    """Return degrees of freedom in words."""
    return f"{df:.3g} degree{'s' * (df > 1)} of freedom"


def _write_interval(family: Family, interval: Interval, k: float) -> dict[str, Any]:
    estimate, low, high = (
        move_reliability(x, family.base, k) for x in (family.value, interval.low, interval.high)
    )
    error = interval.std_error
    notes = [interval.note]
    if math.isinf(estimate):
        estimate = math.nan
        notes.append("not defined: clips vary less than any variance allows")
    if low == -math.inf:
        notes.append("lower limit not attainable")
    if estimate > 1 + 1e-9:
        notes.append("above 1: the variance of error comes out negative, as where few overlap")
    return {
        "estimate": estimate,
        "std_error": math.nan if error is None else move_error(error, family.value, family.base, k),
        # No reliability lies above 1; the lower end of the range, −1/(k − 1) for one rating and
        # −∞ for a mean, is where `move_reliability` leaves every limit below 1.
        "conf_low": min(low, 1.0),
        "conf_high": min(high, 1.0),
        "raw_low": low,
        "raw_high": high,
        "df": interval.df,
        "method": interval.method,
        "draws": interval.draws,
        "note": "; ".join(note for note in notes if note) or None,
    }


def analyse_panel(panel: Panel, level: float) -> Analysis:
    """Return the one-way analysis of a panel without obstacles.

    Where contexts are pooled, mean squares within them are summed: differences between the levels
    of contexts are then no reliability.
    """
    sums = sum_clips(panel.rating, panel.clip)
    parts = [sums]
    if panel.contexts is not None:
        parts = [sum_clips(part.rating, part.clip) for _, part in panel.parts]
    whole = np.sum([find_additive(add_moments(part)) for part in parts], axis=0)
    squares = clean_squares(divide_sums(whole))
    theta, n0 = clean_zero(float(find_reliability(squares))), float(squares.n0)
    spreads = () if panel.subject is None else jackknife_panel(panel, sums)
    ways = (_find_f(squares, level), *find_cluster_limits(theta, spreads, level))
    components = {
        "clip": float(squares.between - squares.within) / n0,
        "error": float(squares.within),
    }
    family = Family(ONE_WAY, n0, theta, ways)
    spread = spreads[0] if spreads else None
    return _add_all_clips(
        Analysis(panel, sums.counts, squares, (family,), components, spread), analyse_panel, level
    )


def _add_all_clips(
    analysis: Analysis, analyse: Callable[[Panel, float], Analysis], level: float
) -> Analysis:
    """Return an analysis within contexts with the families that take all clips as one sample."""
    if analysis.panel.contexts is None:
        return analysis
    pooled = replace(analysis.panel, contexts=None, places=analysis.panel.contexts)
    others = analyse(pooled, level).families
    named = (replace(family, suffix=ALL_CLIPS) for family in others)
    return replace(analysis, families=(*analysis.families, *named))


def clean_zero(value: float) -> float:
    """Return a coefficient, 0 where rounding alone keeps it from 0."""
    return 0.0 if abs(value) < 1e-12 else value


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

    Complete tables get ANOVA components and the limits of McGraw and Wong (1996); incomplete ones,
    and contexts pooled, components from pairs of ratings, with jackknife limits over subjects (over
    clips, where subjects are not known) and raters.
    """
    return _analyse_pairs(panel, "two-way", level, analyse_crossed)


def analyse_nested(panel: Panel, level: float) -> Analysis:
    """Return the nested analysis of a panel without obstacles, from pairs and a jackknife."""
    return _analyse_pairs(panel, "nested", level, analyse_nested)


def _analyse_pairs(
    panel: Panel, model: IccModel, level: float, analyse: Callable[[Panel, float], Analysis]
) -> Analysis:
    sums = sum_clips(panel.rating, panel.clip)
    squares = clean_squares(find_mean_squares(add_moments(sums)))
    base = find_usual_divisor(sums.counts)
    subjects = find_subject_divisors(panel, sums.counts) if model == "nested" else {}
    divisors = subjects | {"k": base}
    samples = sample_panel(panel, model, sums)
    components = clean_components(samples.whole)
    if squares.within == 0 and model == "two-way":
        # Gaps alone would leave raters' two components apart, with a sum of 0.
        components |= {"rater": 0.0, "residual": 0.0}
    full = sums.counts == panel.n_raters
    crossed = model == "two-way" and panel.contexts is None and 2 * full.sum() >= len(full)
    table = square_table(panel, full) if crossed and full.sum() > 1 else None
    bias = find_bias(panel, full) if table is not None else ""
    families, spreads = [], ()
    for estimand in FAMILIES[model]:
        value = clean_zero(float(measure_estimand(estimand, components, divisors)))
        exact = [] if table is None else [_find_exact(estimand, table, base, level)]
        ways = [_check_exact(way, value, bias) for way in exact]
        if panel.subject is not None or not (crossed and full.all()):
            spreads = spread_estimand(samples, estimand, divisors)
            over = "clip" if panel.subject is None else "subject"
            if panel.fixed:
                spreads = tuple(replace(x, method="jackknife_subjects") for x in spreads)
            ways += find_cluster_limits(value, spreads, level, over)
        estimator = "anova" if crossed and full.all() else "moments"
        moves = estimand is not SUBJECT_NESTED
        families.append(Family(estimand, base, value, tuple(ways), estimator, moves))
    spread = spreads[0] if spreads else None
    return _add_all_clips(
        Analysis(panel, sums.counts, squares, tuple(families), components, spread), analyse, level
    )


def _check_exact(way: Interval, value: float, bias: str) -> Interval:
    """Return an interval from clips that all rated, refused where they do not stand for all."""
    if not bias and not math.isnan(way.low) and not way.low <= value <= way.high:
        bias = f"{way.note.partition('; ')[2]} have another reliability than all clips"
    if not bias:
        return way
    reason = f"interval for independent clips refused: {bias}"
    return replace(way, low=math.nan, high=math.nan, note=reason)


def _find_exact(estimand: Estimand, squares: CrossedSquares, base: float, level: float) -> Interval:
    """Return McGraw and Wong's limits from the clips that all rated, moved to ``base`` ratings."""
    method = "satterthwaite" if estimand is AGREEMENT else "f"
    floor = 1e-14 * max(squares.clip, squares.residual)
    if squares.residual <= floor:
        how = "differ in level alone" if squares.rater > floor else "agree perfectly"
        return Interval(method, math.nan, math.nan, note=f"raters {how}: no interval")
    if squares.clip <= floor:
        return Interval(method, math.nan, math.nan, note="all clips have the same mean")
    n, k = squares.n, squares.k
    if estimand is AGREEMENT:
        low, high = (
            move_reliability(limit, 1, base) for limit in find_agreement_limits(squares, level)
        )
    else:
        ratio = squares.clip / squares.residual
        low, high = (
            move_reliability(limit, k, base)
            for limit in find_f_limits(ratio, n - 1, (n - 1) * (k - 1), level)
        )
    note = INDEPENDENT if math.isclose(base, k) else f"{INDEPENDENT}; {tell_complete(n)}"
    return Interval(method, low, high, note=note)
