"""Tidy rows of scores and differences from the resamples of one sample."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from exprstats.contracts import arrange_rows
from exprstats.errors import DataError, Problem
from exprstats.inference.resampling.clusters import Cell
from exprstats.inference.resampling.intervals import (
    SMOOTH,
    Interval,
    find_accelerated,
    find_basic,
    find_percentile,
    find_studentised,
    jackknife_clusters,
    share_foretold,
    sort_draws,
    spread_draws,
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
    settle_ties,
)
from exprstats.inference.resampling.samples import Sample

KEYS = ("context", "metric", "model", "versus", "term")
MOST_UNDEFINED = 0.05
UNDEFINED = "not defined in this sample"
Summary = dict[str, Any]
_LAST = ("p_error", "low_error", "high_error", "undefined", "note")
_ROUGH = "not smooth: leaving out clusters foretells {:.0%} of how it moves over draws"
FEW_CLUSTERS = 10
MANY_CLUSTERS = 40


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """Scores first, then differences; arrays have one line for each term.

    Attributes
    ----------
    names
        (model, None) for a score, (model, versus) for a difference model - versus.
    estimates, draws, left_out
        (terms,), (terms, B), (terms, clusters).
    tested
        Which terms are differences (terms,).
    fisher
        Which have their jackknife interval on Fisher's z scale (terms,).
    errors
        Standard errors of the draws (terms, B), for bootstrap-t only.
    strata
        Stratum of each cluster (clusters,), where clusters were drawn within strata.
    freedom
        Degrees of freedom of the jackknife (terms,), where they are not those of the clusters.
    foretold
        What leaving out clusters says of each draw (terms, B), where terms may not be smooth.
    """

    names: tuple[tuple[str, str | None], ...]
    estimates: np.ndarray
    draws: np.ndarray
    left_out: np.ndarray
    tested: np.ndarray
    fisher: np.ndarray
    errors: np.ndarray | None = None
    strata: np.ndarray | None = None
    freedom: np.ndarray | None = None
    foretold: np.ndarray | None = None


def write_keys(context: object, metric: str, model: str, versus: str | None) -> dict[str, Any]:
    """Return what names a row: a score, or a difference from ``versus``."""
    term = model if versus is None else f"{model} - {versus}"
    values = (context, metric, model, versus, term)
    return dict(zip(KEYS, values, strict=True))


def check_pairs(cells: Sequence[Cell] | Sequence[Sample]) -> None:
    """Refuse to test differences where there is one model only.

    Raises
    ------
    DataError
        With the model's name.
    """
    lonely = [str(model) for cell in cells if len(cell.models) < 2 for model in cell.models]
    if lonely:
        fact = f"'{lonely[0]}' is the only model; a difference needs two."
        raise DataError(Problem(fact, "Add the predictions of another model."))


def pair_models(models: Sequence[str], against: str | None = None) -> list[tuple[int, int]]:
    """Return index pairs: all of them in order, or one model with each other one."""
    if against is None:
        return list(combinations(range(len(models)), 2))
    reference = list(models).index(str(against))
    return [(reference, other) for other in range(len(models)) if other != reference]


def form_terms(sample: Sample, pairs: Sequence[tuple[int, int]]) -> Terms:
    """Return a sample's scores and the differences of the given pairs."""
    models = sample.models
    first, second = (np.array([pair[side] for pair in pairs], dtype=int) for side in (0, 1))
    joined = []
    for values in (sample.estimates[:, None], sample.draws, sample.left_out):
        one, other = values[first], values[second]
        with np.errstate(invalid="ignore"):
            away = one - other
        joined.append(np.concatenate([values, settle_ties(away, one, other)]))
    foretold = sample.foretold
    if foretold is not None:
        foretold = np.concatenate([foretold, foretold[first] - foretold[second]])
    tested = np.arange(len(models) + len(pairs)) >= len(models)
    scores: list[tuple[str, str | None]] = [(model, None) for model in models]
    return Terms(
        names=(*scores, *((models[i], models[j]) for i, j in pairs)),
        estimates=joined[0][:, 0],
        draws=joined[1],
        left_out=joined[2],
        tested=tested,
        fisher=~tested & sample.metric.fisher,
        errors=sample.errors,
        strata=sample.strata,
        foretold=foretold,
    )


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


def name_methods(interval: str) -> tuple[str, ...]:
    """Return the methods whose rows an interval option gives.

    BCa comes beside the two of ``"auto"``, because it is never the one for print.
    """
    if interval == "auto":
        return ("percentile", "jackknife")
    return ("percentile", "jackknife", "bca") if interval == "bca" else (interval,)


def name_headline(n_clusters: int, interval: str, *, smooth: bool = True) -> str:
    """Return the method whose rows are marked for print.

    The jackknife's are not those of statistics that are not smooth, such as a median, unless
    clusters are too few for a bootstrap.
    """
    if interval not in {"auto", "bca"}:
        return interval
    enough = MANY_CLUSTERS if smooth else FEW_CLUSTERS
    return "percentile" if n_clusters >= enough else "jackknife"


def measure_smoothness(terms: Terms) -> np.ndarray:
    """Return the share of their draws' variance that terms foretell (terms,); 1 if not asked."""
    if terms.foretold is None:
        return np.ones(len(terms.names))
    shares = share_foretold(terms.draws, terms.foretold)
    return np.where(np.isnan(shares), 1.0, shares)


def write_rows(
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
        rows.append(keys | summary | _explain_note(summary, sample, {model, versus}))
    return rows


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
    groups = np.broadcast_to(n_clusters, len(terms.names)).tolist()
    methods = name_methods(interval)
    if compat is None:
        blocks = [METHODS[method](terms, level) for method in methods]
    else:
        blocks = [summarise_percentile(terms, level, compat)]
    found = []
    for line, (count, share) in enumerate(zip(groups, measure_smoothness(terms), strict=True)):
        headline = name_headline(count, interval, smooth=share >= SMOOTH)
        rough = "" if share >= SMOOTH else _ROUGH.format(share)
        few = "too few clusters for a bootstrap" if count < FEW_CLUSTERS else ""
        for method, block in zip(methods, blocks, strict=True):
            row = {name: values[line] for name, values in block.items()}
            row |= {
                "estimate": terms.estimates[line],
                "level": level,
                "method": method,
                "headline": method == headline,
                "n_clusters": count,
                "note": "; ".join(filter(None, (row["note"], rough, few))) or None,
            }
            found.append((line, row))
    return found


def arrange_table(rows: Sequence[Mapping[str, Any]], keys: Sequence[str]) -> pd.DataFrame:
    """Return tidy rows as a frame, what tells about the draws last."""
    frame = arrange_rows(rows, keys)
    for name in ("draws", "undefined"):
        if name in frame.columns:
            frame[name] = frame[name].astype("Int64")
    last = [name for name in _LAST if name in frame.columns]
    return frame[[*(name for name in frame.columns if name not in last), *last]]
