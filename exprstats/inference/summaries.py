"""What each method makes of a sample's terms: limits, p-values, notes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from exprstats.inference.intervals import (
    Interval,
    find_percentile,
    jackknife_clusters,
    sort_draws,
    spread_draws,
    spread_jackknife,
)
from exprstats.inference.refinements import find_accelerated, find_basic, find_studentised
from exprstats.inference.significance import (
    adjust_holm,
    adjust_maximum,
    count_tails,
    count_tails_mlboot,
    estimate_limit_error,
    estimate_p_error,
    invert_accelerated,
)
from exprstats.inference.terms import Terms

MOST_UNDEFINED = 0.05
UNDEFINED = "not defined in this sample"
Summary = dict[str, Any]


def summarise_percentile(terms: Terms, level: float, compat: str | None = None) -> Summary:
    """Return percentile limits, their p-values (``compat``: mlboot's) and Monte-Carlo errors."""
    ordered, finite = sort_draws(terms.draws)
    interval = find_percentile(ordered, finite, level)
    count = count_tails if compat is None else count_tails_mlboot
    summary = _finish_draws(
        terms, interval, count(ordered, finite), finite, all_tested=bool(compat)
    )
    limits = {
        "low_error": estimate_limit_error(ordered, finite, (1 - level) / 2),
        "high_error": estimate_limit_error(ordered, finite, (1 + level) / 2),
    }
    for name, values in limits.items():
        summary[name] = np.where(np.isnan(summary["conf_low"]), np.nan, values)
    return summary


def summarise_basic(terms: Terms, level: float) -> Summary:
    """Return basic limits, and p-values from the mirrored draws they rest on."""
    ordered, finite = sort_draws(terms.draws)
    interval = find_basic(terms.estimates, ordered, finite, level)
    mirrored = sort_draws(2 * terms.estimates[:, None] - terms.draws)
    return _finish_draws(terms, interval, count_tails(*mirrored), finite)


def summarise_accelerated(terms: Terms, level: float) -> Summary:
    """Return BCa limits with the clusters' acceleration, and the p-values they invert to."""
    ordered, finite = sort_draws(terms.draws)
    found = find_accelerated(
        terms.estimates, ordered, finite, left_out=terms.left_out, level=level, strata=terms.strata
    )
    p_value = invert_accelerated(ordered, finite, bias=found.bias, acceleration=found.acceleration)
    interval = Interval(found.std_error, found.conf_low, found.conf_high)
    return _finish_draws(terms, interval, p_value, finite)


def summarise_studentised(terms: Terms, level: float) -> Summary:
    """Return symmetric bootstrap-t limits and their p-values."""
    errors = np.full_like(terms.draws, np.nan) if terms.errors is None else terms.errors
    error = spread_jackknife(terms.left_out, terms.strata)
    found = find_studentised(terms.estimates, error, draws=terms.draws, errors=errors, level=level)
    interval = Interval(error, found.conf_low, found.conf_high)
    return _finish_draws(terms, interval, found.p_value, found.finite, doubled=False)


def summarise_jackknife(terms: Terms, level: float) -> Summary:
    """Return jackknife-t limits and p-values."""
    found = jackknife_clusters(
        terms.estimates,
        terms.left_out,
        level=level,
        fisher=terms.fisher,
        strata=terms.strata,
        freedom=terms.freedom,
    )
    p_value = np.where(terms.tested, found.p_value, np.nan)
    return {
        "std_error": found.std_error,
        "conf_low": found.conf_low,
        "conf_high": found.conf_high,
        "p_value": p_value,
        "p_adjusted": adjust_holm(p_value),
        "note": [
            _note_estimate(estimate, low, "not defined without one of the clusters")
            for estimate, low in zip(terms.estimates, found.conf_low, strict=True)
        ],
    }


METHODS: dict[str, Callable[[Terms, float], Summary]] = {
    "percentile": summarise_percentile,
    "jackknife": summarise_jackknife,
    "basic": summarise_basic,
    "bca": summarise_accelerated,
    "t": summarise_studentised,
}


def _finish_draws(
    terms: Terms,
    interval: Interval,
    p_value: np.ndarray,
    finite: np.ndarray,
    *,
    all_tested: bool = False,
    doubled: bool = True,
) -> Summary:
    """Return the columns of a method that rests on draws; refuse it where many are undefined."""
    count = terms.draws.shape[1]
    refused = (count - finite > MOST_UNDEFINED * count) | np.isnan(terms.estimates)
    p_value = np.where((terms.tested | all_tested) & ~refused, p_value, np.nan)
    used = np.flatnonzero(terms.tested & ~refused)
    maximum = np.full(len(p_value), np.nan)
    defined = np.isfinite(terms.draws[used])
    drawn = terms.draws[used] if defined.all() else np.where(defined, terms.draws[used], np.nan)
    spread = spread_draws(drawn, defined.sum(axis=1))
    maximum[used] = adjust_maximum(terms.estimates[used], drawn, spread)
    low, high = (
        np.where(refused, np.nan, bound) for bound in (interval.conf_low, interval.conf_high)
    )
    return {
        "std_error": np.where(refused, np.nan, interval.std_error),
        "conf_low": low,
        "conf_high": high,
        "p_value": p_value,
        "p_adjusted": adjust_holm(np.where(terms.tested, p_value, np.nan)),
        "p_max_t": maximum,
        "p_error": estimate_p_error(p_value, finite, doubled=doubled),
        "draws": finite,
        "undefined": count - finite,
        "note": _note_draws(terms.estimates, low, count - finite, count),
    }


def _note_draws(
    estimates: np.ndarray, bounds: np.ndarray, undefined: np.ndarray, draws: int
) -> list[str]:
    if not undefined.any() and not np.isnan(bounds).any() and not np.isnan(estimates).any():
        return [""] * len(estimates)
    notes = []
    for estimate, bound, missing in zip(estimates, bounds, undefined, strict=True):
        if missing > MOST_UNDEFINED * draws:
            reason = f"no interval: {missing / draws:.1%} of the draws are undefined"
        else:
            reason = "limits not defined: the draws do not vary about the estimate"
        left = f"{missing:,} undefined draws left out" if missing else ""
        notes.append(_note_estimate(estimate, bound, reason) or left)
    return notes


def _note_estimate(estimate: float, bound: float, reason: str) -> str:
    if np.isnan(estimate):
        return UNDEFINED
    return reason if np.isnan(bound) else ""
