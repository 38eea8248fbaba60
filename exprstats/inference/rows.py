"""Samples to tidy rows: scores and differences with intervals, p-values and notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from exprstats.inference.intervals import (
    find_percentile,
    jackknife_clusters,
    sort_draws,
)
from exprstats.inference.samples import Sample
from exprstats.inference.significance import (
    adjust_holm,
    adjust_maximum,
    count_tails,
    estimate_limit_error,
    estimate_p_error,
    settle_ties,
)
from exprstats.tables import arrange_rows

_LAST = ("p_error", "low_error", "high_error", "undefined", "note")
MOST_UNDEFINED = 0.05
FEW_CLUSTERS = 10
MANY_CLUSTERS = 40


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """Scores first, then differences, of one sample; arrays have one line for each term.

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
    """

    names: tuple[tuple[str, str | None], ...]
    estimates: np.ndarray
    draws: np.ndarray
    left_out: np.ndarray
    tested: np.ndarray
    fisher: np.ndarray


def pair_models(models: Sequence[str], against: str | None = None) -> list[tuple[int, int]]:
    """Return index pairs: all of them in order, or one model with each other one."""
    if against is None:
        return list(combinations(range(len(models)), 2))
    reference = list(models).index(against)
    return [(reference, other) for other in range(len(models)) if other != reference]


def form_terms(sample: Sample, pairs: Sequence[tuple[int, int]]) -> Terms:
    """Return a sample's scores and the differences of the given pairs."""
    models = sample.models
    first, second = (np.array([pair[side] for pair in pairs], dtype=int) for side in (0, 1))
    joined = []
    for values in (sample.estimates[:, None], sample.draws, sample.left_out):
        one, other = values[first], values[second]
        joined.append(np.concatenate([values, settle_ties(one - other, one, other)]))
    tested = np.arange(len(models) + len(pairs)) >= len(models)
    scores: list[tuple[str, str | None]] = [(model, None) for model in models]
    return Terms(
        names=(*scores, *((models[i], models[j]) for i, j in pairs)),
        estimates=joined[0][:, 0],
        draws=joined[1],
        left_out=joined[2],
        tested=tested,
        fisher=~tested & sample.metric.fisher,
    )


def name_headline(n_clusters: int, interval: str) -> str:
    """Return the method whose rows are marked for print."""
    if interval != "auto":
        return interval
    return "percentile" if n_clusters >= MANY_CLUSTERS else "jackknife"


def write_rows(
    sample: Sample, pairs: Sequence[tuple[int, int]], *, interval: str, level: float
) -> list[dict[str, Any]]:
    """Return the tidy rows of one sample, the methods of a term side by side."""
    terms = form_terms(sample, pairs)
    rows = []
    for line, summary in summarise_terms(
        terms, n_clusters=sample.n_clusters, interval=interval, level=level
    ):
        model, versus = terms.names[line]
        keys = {
            "context": sample.context,
            "metric": sample.metric.name,
            "model": model,
            "versus": versus,
            "term": model if versus is None else f"{model} - {versus}",
            "n_clips": sample.n_clips,
        }
        rows.append(keys | summary)
    return rows


def summarise_terms(
    terms: Terms, *, n_clusters: int, interval: str, level: float
) -> list[tuple[int, dict[str, Any]]]:
    """Return (line, estimate columns) of every term and method, in the order of the terms."""
    headline = name_headline(n_clusters, interval)
    methods = ("percentile", "jackknife") if interval == "auto" else (interval,)
    blocks = [_METHODS[method](terms, level) for method in methods]
    few = "too few clusters for a bootstrap" if n_clusters < FEW_CLUSTERS else ""
    found = []
    for line in range(len(terms.names)):
        for method, block in zip(methods, blocks, strict=True):
            row = {name: values[line] for name, values in block.items()}
            row |= {
                "estimate": terms.estimates[line],
                "level": level,
                "method": method,
                "headline": method == headline,
                "n_clusters": n_clusters,
                "note": "; ".join(filter(None, (row["note"], few))) or None,
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


def _summarise_percentile(terms: Terms, level: float) -> dict[str, Any]:
    ordered, finite = sort_draws(terms.draws)
    interval = find_percentile(ordered, finite, level)
    p_value = np.where(terms.tested, count_tails(ordered, finite), np.nan)
    maximum = np.full(len(terms.names), np.nan)
    maximum[terms.tested] = adjust_maximum(
        terms.estimates[terms.tested],
        terms.draws[terms.tested],
        interval.std_error[terms.tested],
    )
    numbers = {
        "std_error": interval.std_error,
        "conf_low": interval.conf_low,
        "conf_high": interval.conf_high,
        "p_value": p_value,
        "p_adjusted": adjust_holm(p_value),
        "p_max_t": maximum,
        "p_error": estimate_p_error(p_value, finite),
        "low_error": estimate_limit_error(ordered, finite, (1 - level) / 2),
        "high_error": estimate_limit_error(ordered, finite, (1 + level) / 2),
    }
    undefined = terms.draws.shape[1] - finite
    refused = undefined > MOST_UNDEFINED * terms.draws.shape[1]
    for values in numbers.values():
        values[refused | np.isnan(terms.estimates)] = np.nan
    notes = _note_draws(terms.estimates, undefined, refused, terms.draws.shape[1])
    return {**numbers, "draws": finite, "undefined": undefined, "note": notes}


def _note_draws(
    estimates: np.ndarray, undefined: np.ndarray, refused: np.ndarray, draws: int
) -> list[str]:
    notes = []
    for estimate, missing, no in zip(estimates, undefined, refused, strict=True):
        if np.isnan(estimate):
            notes.append("not defined in this sample")
        elif no:
            notes.append(f"no interval: {missing / draws:.1%} of the draws are undefined")
        else:
            notes.append(f"{missing:,} undefined draws left out" if missing else "")
    return notes


def _summarise_jackknife(terms: Terms, level: float) -> dict[str, Any]:
    found = jackknife_clusters(terms.estimates, terms.left_out, level=level, fisher=terms.fisher)
    p_value = np.where(terms.tested, found.p_value, np.nan)
    notes = []
    for estimate, low in zip(terms.estimates, found.conf_low, strict=True):
        if np.isnan(estimate):
            notes.append("not defined in this sample")
        else:
            notes.append("not defined without one of the clusters" if np.isnan(low) else "")
    return {
        "std_error": found.std_error,
        "conf_low": found.conf_low,
        "conf_high": found.conf_high,
        "p_value": p_value,
        "p_adjusted": adjust_holm(p_value),
        "note": notes,
    }


_METHODS = {"percentile": _summarise_percentile, "jackknife": _summarise_jackknife}
