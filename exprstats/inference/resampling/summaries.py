"""Tidy rows of scores and differences from the resamples of one sample."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any

import numpy as np
import pandas as pd

from exprstats.contracts import arrange_rows
from exprstats.inference.resampling.intervals import (
    SMOOTH,
    Interval,
    Jackknife,
    expand_level,
    expand_share,
    find_accelerated,
    find_basic,
    find_percentile,
    find_studentised,
    jackknife_clusters,
    share_foretold,
    sort_draws,
    spread_jackknife,
)
from exprstats.inference.resampling.pvalues import (
    adjust_holm,
    adjust_maximum,
    count_tails,
    count_tails_mlboot,
    estimate_limit_error,
    estimate_p_error,
    invert_accelerated,
)
from exprstats.inference.resampling.samples import Sample
from exprstats.inference.resampling.scales import compare_sides, limit_ends
from exprstats.inference.resampling.terms import Terms, form_terms, write_keys

MOST_UNDEFINED = 0.05
UNDEFINED = "not defined in this sample"
Summary = dict[str, Any]
_LAST = ("p_error", "low_error", "high_error", "undefined", "note")
_ROUGH = "not smooth: leaving out clusters foretells {:.0%} of how it moves over draws"
TOO_FEW = "too few clusters for a bootstrap"
_FREEDOM = "; the t interval rests on {:.3g} degrees of freedom"
FEW_CLUSTERS = 10
FEWEST_CLUSTERS = 3
_LIMITS = ("std_error", "conf_low", "conf_high", "p_value", "p_adjusted", "p_max_t")


def summarise_percentile(
    terms: Terms, level: float, groups: np.ndarray | None = None, *, compat: str | None = None
) -> Summary:
    """Return percentile limits, their p-values and Monte-Carlo errors.

    Levels are expanded for ``groups``, the number of clusters (terms,); ``compat="mlboot"`` takes
    the p-values of that package.
    """
    ordered, finite = sort_draws(terms.draws)
    levels = np.full(len(ordered), level)
    count = count_tails if compat is None else count_tails_mlboot
    p_value = count(ordered, finite)
    if groups is not None:
        freedom = groups - terms.strata_count
        levels = expand_level(level, groups, freedom)
        p_value = 2 * expand_share(p_value / 2, groups, freedom)
    interval = find_percentile(ordered, finite, levels)
    summary = _finish_draws(terms, interval, p_value, finite, all_tested=bool(compat))
    for name, side in (("low_error", -1), ("high_error", 1)):
        error = estimate_limit_error(ordered, finite, (1 + side * levels) / 2)
        summary[name] = np.where(np.isnan(summary["conf_low"]), np.nan, error)
    return summary


def summarise_basic(terms: Terms, level: float, groups: np.ndarray) -> Summary:
    """Return basic limits, and p-values from the mirrored draws they rest on."""
    ordered, finite = sort_draws(terms.draws)
    interval = find_basic(terms.estimates, ordered, finite, level)
    mirrored = sort_draws(2 * terms.estimates[:, None] - terms.draws)
    return _finish_draws(terms, interval, count_tails(*mirrored), finite)


def summarise_accelerated(terms: Terms, level: float, groups: np.ndarray) -> Summary:
    """Return BCa limits with the clusters' acceleration, and the p-values they invert to."""
    ordered, finite = sort_draws(terms.draws)
    found = find_accelerated(
        terms.estimates, ordered, finite, left_out=terms.left_out, level=level, strata=terms.strata
    )
    p_value = invert_accelerated(ordered, finite, bias=found.bias, acceleration=found.acceleration)
    interval = Interval(found.std_error, found.conf_low, found.conf_high)
    return _finish_draws(terms, interval, p_value, finite)


def summarise_studentised(terms: Terms, level: float, groups: np.ndarray) -> Summary:
    """Return symmetric bootstrap-t limits and their p-values."""
    errors = np.full_like(terms.draws, np.nan) if terms.errors is None else terms.errors
    error = spread_jackknife(terms.left_out, terms.strata)
    found = find_studentised(terms.estimates, error, draws=terms.draws, errors=errors, level=level)
    interval = Interval(error, found.conf_low, found.conf_high)
    return _finish_draws(terms, interval, found.p_value, found.finite, doubled=False)


def summarise_jackknife(terms: Terms, level: float, groups: np.ndarray) -> Summary:
    """Return jackknife-t limits and p-values."""
    found = jackknife_clusters(
        terms.estimates,
        terms.left_out,
        level=level,
        scales=terms.scales,
        strata=terms.strata,
        freedom=terms.freedom,
    )
    if terms.sides is not None and terms.freedom is not None:
        limits = zip(compare_sides(terms.sides, terms.freedom, level), found[1:], strict=True)
        apart = terms.sides.apart
        found = Jackknife(found.std_error, *(np.where(apart, *pair) for pair in limits))
    p_value = np.where(terms.tested, found.p_value, np.nan)
    return {
        "std_error": found.std_error,
        "conf_low": found.conf_low,
        "conf_high": found.conf_high,
        "p_value": p_value,
        "p_adjusted": adjust_holm(p_value),
        "note": [
            _note_estimate(estimate, error, "not defined without one of the clusters")
            for estimate, error in zip(terms.estimates, found.std_error, strict=True)
        ],
    }


METHODS: dict[str, Callable[[Terms, float, np.ndarray], Summary]] = {
    "percentile": lambda terms, level, groups: summarise_percentile(terms, level),
    "expanded": summarise_percentile,
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
    low, high = (
        np.where(refused, np.nan, bound) for bound in (interval.conf_low, interval.conf_high)
    )
    return {
        "std_error": np.where(refused, np.nan, interval.std_error),
        "conf_low": low,
        "conf_high": high,
        "p_value": p_value,
        "p_adjusted": adjust_holm(np.where(terms.tested, p_value, np.nan)),
        "p_error": estimate_p_error(p_value, finite, doubled=doubled),
        "draws": finite,
        "undefined": count - finite,
        "note": _note_draws(terms.estimates, low, count - finite, count),
    }


def find_maximum(terms: Terms) -> np.ndarray:
    """Return max-|t| p-values (terms,), NaN for scores and where many draws are undefined.

    Differences are measured by their jackknife errors: at 80 unequal clusters the draws' own
    standard deviations let a family of true nulls be rejected in 9 to 11 of 100 studies.
    """
    defined = np.isfinite(terms.draws)
    enough = defined.mean(axis=1) >= 1 - MOST_UNDEFINED
    used = np.flatnonzero(terms.tested & enough & np.isfinite(terms.estimates))
    maximum = np.full(len(terms.names), np.nan)
    drawn = np.where(defined[used], terms.draws[used], np.nan)
    error = spread_jackknife(terms.left_out[used], terms.strata)
    maximum[used] = adjust_maximum(terms.estimates[used], drawn, error)
    return maximum


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


def name_methods(interval: str) -> tuple[str, ...]:
    """Return the methods whose rows an interval option gives.

    BCa comes beside the two of ``"auto"``, because it is never the one for print.
    """
    if interval == "auto":
        return ("percentile", "jackknife")
    return ("percentile", "jackknife", "bca") if interval == "bca" else (interval,)


def name_headline(n_clusters: int, interval: str, *, smooth: bool = True) -> str:
    """Return the method whose rows are marked for print.

    The jackknife's, but for statistics that are not smooth, such as a median: for those the
    expanded percentile row, unless clusters are too few for a bootstrap.
    """
    if interval not in {"auto", "bca"}:
        return interval
    return "jackknife" if smooth or n_clusters < FEW_CLUSTERS else "expanded"


def measure_smoothness(terms: Terms) -> np.ndarray:
    """Return the share of their draws' variance that terms foretell (terms,); 1 if not asked."""
    if terms.foretold is None:
        return np.ones(len(terms.names))
    shares = share_foretold(terms.draws, terms.foretold)
    return np.where(np.isnan(shares), 1.0, shares)


def list_method_rows(
    sample: Sample,
    pairs: Sequence[tuple[int, int]],
    *,
    interval: str,
    level: float,
    compat: str | None = None,
) -> list[dict[str, Any]]:
    """Return the tidy rows of one sample, the methods of a term side by side."""
    terms = form_terms(sample, pairs)
    options = {"interval": interval, "level": level, "compat": compat}
    rows = []
    for line, summary in summarise_terms(terms, n_clusters=sample.n_clusters, **options):
        model, versus = terms.names[line]
        keys = write_keys(sample.context, sample.metric.name, model, versus)
        keys["n_clips"] = sample.n_clips
        row = keys | summary | _explain_note(summary, sample, {model, versus})
        rows.append(row if sample.active is None else tell_active(row, sample.active))
    return rows


def refuse_limits(row: dict[str, Any], note: str) -> dict[str, Any]:
    """Return a row without interval and p, and why."""
    return row | {name: np.nan for name in _LIMITS if name in row} | {"note": note}


def tell_active(row: dict[str, Any], active: np.ndarray, what: str = "clusters") -> dict[str, Any]:
    """Return a row that says how few of the clusters it rests on, without limits where too few."""
    count = int(active.sum())
    note = f"rests on the {count:,} of {len(active):,} {what} that have enough clips that vary"
    if count < FEWEST_CLUSTERS:
        return refuse_limits(row, f"no interval: {note}")
    return row | {"note": "; ".join(one for one in (row["note"], note) if one)}


def _explain_note(
    summary: Mapping[str, Any], sample: Sample, models: Set[str | None]
) -> dict[str, Any]:
    """Return the note that says why an estimate is undefined, where that is plain."""
    reason, flat = sample.metric.lack, sorted(sample.flat & models)
    if sample.still & models:
        reason = reason or "the truth does not vary"
    elif flat:
        reason = f"the predictions of {' and '.join(flat)} do not vary"
    if not (reason and math.isnan(summary["estimate"])):
        return {}
    return {"note": str(summary["note"]).replace(UNDEFINED, f"not defined: {reason}")}


def summarise_terms(
    terms: Terms,
    *,
    n_clusters: int | Sequence[int],
    interval: str,
    level: float,
    compat: str | None = None,
) -> list[tuple[int, dict[str, Any]]]:
    """Return (line, estimate columns) of every term and method, in the order of the terms.

    ``n_clusters`` is one number, or one for each term.
    """
    groups = np.broadcast_to(n_clusters, len(terms.names))
    shares = measure_smoothness(terms)
    if compat is None:
        blocks = {name: METHODS[name](terms, level, groups) for name in name_methods(interval)}
    else:
        blocks = {"percentile": summarise_percentile(terms, level, compat=compat)}
    if interval in {"auto", "bca"} and (shares < SMOOTH).any():
        blocks["expanded"] = summarise_percentile(terms, level, groups)
    maximum = find_maximum(terms)
    freedom = groups - terms.strata_count if terms.freedom is None else terms.freedom
    for block in blocks.values():
        _settle_limits(terms, block, level)
    found = []
    for line, (count, share) in enumerate(zip(groups.tolist(), shares, strict=True)):
        smooth = bool(share >= SMOOTH)
        headline = name_headline(count, interval, smooth=smooth)
        rough = "" if smooth else _ROUGH.format(share)
        few = {name: TOO_FEW if count < FEW_CLUSTERS else "" for name in blocks}
        if count < FEW_CLUSTERS and "jackknife" in few:
            few["jackknife"] += _FREEDOM.format(freedom[line])
        swapped = {"percentile": "expanded"} if "expanded" in blocks and not smooth else {}
        for name in name_methods(interval) if compat is None else blocks:
            method = swapped.get(name, name)
            row = {column: values[line] for column, values in blocks[method].items()}
            row |= {
                "estimate": terms.estimates[line],
                "p_max_t": maximum[line],
                "level": level,
                "method": method,
                "headline": method == headline,
                "n_clusters": count,
                "note": "; ".join(filter(None, (row["note"], rough, few[method]))) or None,
            }
            found.append((line, row))
    return found


def _settle_limits(terms: Terms, block: Summary, level: float) -> None:
    """Keep limits within the metric's range, and none without width; say so in the notes."""
    holders = np.where(terms.tested, 0, terms.holders)
    ends = limit_ends(
        terms.estimates,
        block["conf_low"],
        block["conf_high"],
        errors=block["std_error"],
        ranges=terms.ranges,
        holders=holders,
        level=level,
    )
    block["conf_low"], block["conf_high"] = ends.conf_low, ends.conf_high
    notes = zip(ends.notes, block["note"], strict=True)
    block["note"] = [end or note for end, note in notes]


def arrange_table(rows: Sequence[Mapping[str, Any]], keys: Sequence[str]) -> pd.DataFrame:
    """Return tidy rows as a frame, what tells about the draws last."""
    frame = arrange_rows(rows, keys)
    for name in ("draws", "undefined"):
        if name in frame.columns:
            frame[name] = frame[name].astype("Int64")
    last = [name for name in _LAST if name in frame.columns]
    return frame[[*(name for name in frame.columns if name not in last), *last]]
