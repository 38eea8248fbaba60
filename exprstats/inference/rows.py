"""Samples to tidy rows: scores and differences with intervals, p-values and notes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from typing import Any

import numpy as np
import pandas as pd

from exprstats.inference.samples import Sample
from exprstats.inference.smoothness import SMOOTH, share_foretold
from exprstats.inference.summaries import METHODS, UNDEFINED, summarise_percentile
from exprstats.inference.terms import Terms, form_terms, write_keys
from exprstats.tables import arrange_rows

_LAST = ("p_error", "low_error", "high_error", "undefined", "note")
_ROUGH = "not smooth: leaving out clusters foretells {:.0%} of how it moves over draws"
FEW_CLUSTERS = 10
MANY_CLUSTERS = 40


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
