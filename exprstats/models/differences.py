"""Rows of the contrasts: weights, their differences, and the same without a penalty."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np

from exprstats.inference.intervals import jackknife_clusters, sort_draws
from exprstats.inference.joints import count_freedom, spread_about
from exprstats.inference.significance import adjust_holm, adjust_maximum, count_tails
from exprstats.models.designs import Design
from exprstats.models.interactions import regress_contexts
from exprstats.models.joint import list_contexts
from exprstats.models.outcomes import count_clips
from exprstats.models.penalties import scale_columns
from exprstats.models.resamples import limit_draws


def list_weights(
    design: Design, weights: np.ndarray, refits: np.ndarray, level: float
) -> list[dict[str, Any]]:
    """Return rows of weights (contexts, p) with limits from refits (contexts, B, p)."""
    rows = []
    samples, constant = list_contexts(design), _find_constant(design)
    for sample, own, drawn, flat in zip(samples, weights, refits, constant, strict=True):
        key = {"context": sample.context, "part": "train", "term": "weight", "headline": True}
        key |= {"level": level, "method": "percentile", **count_clips(design, sample, "train")}
        limits = limit_draws(drawn.T, level, "refits")
        notes = zip(flat, limits["note"], strict=True)
        limits["note"] = ["constant in training" if no else note for no, note in notes]
        rows += [
            {**key, "feature": feature, "estimate": own[j], **{k: v[j] for k, v in limits.items()}}
            for j, feature in enumerate(design.features)
        ]
    return rows


def list_differences(
    design: Design, weights: np.ndarray, refits: np.ndarray, level: float
) -> list[dict[str, Any]]:
    """Return rows of all pairwise differences of weights (contexts, p), tested by refits."""
    pairs = list(combinations(range(len(weights)), 2))
    whole = np.concatenate([weights[i] - weights[j] for i, j in pairs])
    drawn = np.concatenate([refits[i] - refits[j] for i, j in pairs], axis=1)
    flat = _find_constant(design)
    # Where a feature does not vary there is no weight to compare; the fit's 0 is no finding.
    lost = np.concatenate([flat[i] | flat[j] for i, j in pairs])
    whole, drawn = np.where(lost, np.nan, whole), np.where(lost, np.nan, drawn)
    limits = limit_draws(drawn.T, level, "refits")
    told = "not defined: constant in training in one of the contexts"
    limits["note"] = [told if no else note for no, note in zip(lost, limits["note"], strict=True)]
    tails = count_tails(*sort_draws(drawn.T))
    p_value = np.where(np.isnan(limits["conf_low"]), np.nan, tails)
    p_max = adjust_maximum(whole, drawn.T, limits["std_error"])
    tests = {"p_value": p_value, "p_adjusted": adjust_holm(p_value), "p_max_t": p_max}
    columns = {"estimate": whole, **limits, **tests}
    about = {"level": level, "method": "percentile", "headline": True}
    return [
        {**key, **about, **{name: values[line] for name, values in columns.items()}}
        for line, key in enumerate(_name_differences(design, pairs))
    ]


def list_slopes(design: Design, level: float) -> list[dict[str, Any]]:
    """Return rows of the same differences by least squares, tested by leaving out subjects."""
    slopes, left_out, present = regress_contexts(design)
    pairs = list(combinations(range(len(slopes)), 2))
    whole = np.concatenate([slopes[i] - slopes[j] for i, j in pairs])
    without = np.concatenate([left_out[i] - left_out[j] for i, j in pairs])
    notes = _note_slopes(whole, without)
    spread = [spread_about(*one) for one in zip(slopes, left_out, present, strict=True)]
    without = np.concatenate([spread[i] - spread[j] for i, j in pairs])
    places = np.repeat(pairs, slopes.shape[1], axis=0)
    away = without - whole[:, None]
    freedom = [count_freedom(*one) for one in zip(away, present[places], strict=True)]
    found = jackknife_clusters(whole, without, level=level, freedom=np.array(freedom))
    columns = {"estimate": whole, **found._asdict(), "p_adjusted": adjust_holm(found.p_value)}
    columns["note"] = notes
    about = {"level": level, "method": "ols", "headline": False}
    return [
        {**key, **about, **{name: values[line] for name, values in columns.items()}}
        for line, key in enumerate(_name_differences(design, pairs))
    ]


def _note_slopes(whole: np.ndarray, without: np.ndarray) -> list[str | None]:
    groups, lost = without.shape[1], np.isnan(without).sum(axis=1).tolist()
    gone = "not fitted: fewer clips than terms, constant or collinear features"
    told = [f"not fitted without {count} of {groups} subjects" if count else None for count in lost]
    return [gone if np.isnan(one) else note for one, note in zip(whole, told, strict=True)]


def _find_constant(design: Design) -> np.ndarray:
    """Return whether each feature does not vary among a context's training clips (contexts, p)."""
    values = [design.split(sample, "train")[0] for sample in list_contexts(design)]
    return np.array([scale_columns(own)[2] for own in values])


def _name_differences(design: Design, pairs: Sequence[tuple[int, int]]) -> list[dict[str, Any]]:
    contexts = list_contexts(design)
    keys = []
    for i, j in pairs:
        rows = np.concatenate([contexts[one].rows for one in (i, j)])
        used = rows[(design.clips["part"].to_numpy(object) == "train")[rows]]
        counts = {"n_clips": len(used)}
        counts["n_clusters"] = int(design.clips["subject"].iloc[used].nunique())
        key = {"context": contexts[i].context, "versus": contexts[j].context, "part": "train"}
        key |= {"term": "difference", **counts}
        keys += [{**key, "feature": feature} for feature in design.features]
    return keys
