"""Samples to tidy rows: scores and differences with intervals, p-values and notes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from exprstats.inference.samples import Sample
from exprstats.inference.summaries import METHODS, UNDEFINED, summarise_percentile
from exprstats.inference.terms import Terms, form_terms, write_keys
from exprstats.tables import arrange_rows

_LAST = ("p_error", "low_error", "high_error", "undefined", "note")
FEW_CLUSTERS = 10
MANY_CLUSTERS = 40


def name_methods(interval: str) -> tuple[str, ...]:
    """Return the methods whose rows an interval option gives.

    BCa comes beside the two of ``"auto"``, because it is never the one for print.
    """
    if interval == "auto":
        return ("percentile", "jackknife")
    return ("percentile", "jackknife", "bca") if interval == "bca" else (interval,)


def name_headline(n_clusters: int, interval: str) -> str:
    """Return the method whose rows are marked for print."""
    if interval not in {"auto", "bca"}:
        return interval
    return "percentile" if n_clusters >= MANY_CLUSTERS else "jackknife"


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
        flat = sample.flat & {model, versus}
        rows.append(keys | summary | _explain_note(summary, flat, sample.metric.lack))
    return rows


def _explain_note(
    summary: Mapping[str, Any], flat: frozenset[str | None], lack: str
) -> dict[str, Any]:
    """Return the note that says why an estimate is undefined, where that is plain."""
    if not ((flat or lack) and math.isnan(summary["estimate"])):
        return {}
    named = " and ".join(sorted(str(model) for model in flat))
    reason = f"not defined: {f'the predictions of {named} do not vary' if flat else lack}"
    return {"note": str(summary["note"]).replace(UNDEFINED, reason)}


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
    for line, count in enumerate(groups):
        headline = name_headline(count, interval)
        few = "too few clusters for a bootstrap" if count < FEW_CLUSTERS else ""
        for method, block in zip(methods, blocks, strict=True):
            row = {name: values[line] for name, values in block.items()}
            row |= {
                "estimate": terms.estimates[line],
                "level": level,
                "method": method,
                "headline": method == headline,
                "n_clusters": count,
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
