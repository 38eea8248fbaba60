"""What was rated, by whom and how often: one row for each context and item."""

from __future__ import annotations

from typing import Any

import numpy as np

from exprstats.reliability.analysis import Analysis
from exprstats.reliability.oneway import find_divisors


def count_design(analysis: Analysis) -> dict[str, Any]:
    """Return the counts, the range, the mean squares and the components of one panel.

    Components are the ANOVA estimates, negative where clips differ less than their raters'
    disagreement makes likely. ``design_effect`` is the squared ratio of the cluster interval's
    width to that of the interval for independent clips.
    """
    panel, counts, squares = analysis.panel, analysis.counts, analysis.squares
    divisors = find_divisors(counts)
    spread = analysis.spread
    return {
        "context": panel.context,
        "item": panel.item,
        "n_ratings": int(panel.rating.size),
        "n_missing": panel.n_missing,
        "n_clips": len(counts),
        "n_single": int((counts == 1).sum()),
        "n_raters": panel.n_raters,
        "n_clusters": panel.n_subjects,
        "raters_shared": None if spread is None else spread.n_raters > 0,
        "raters_min": int(counts.min()),
        "raters_median": float(np.median(counts)),
        "raters_max": int(counts.max()),
        "raters_mean": float(counts.mean()),
        "raters_harmonic": divisors.get("harmonic", divisors.get("all")),
        "raters_n0": float(squares.n0),
        "rating_low": float(panel.rating.min()),
        "rating_high": float(panel.rating.max()),
        "ms_between": float(squares.between),
        "ms_within": float(squares.within),
        "design_effect": _compare_widths(analysis),
    } | {f"variance_{name}": value for name, value in analysis.components.items()}


def _compare_widths(analysis: Analysis) -> float:
    if len(analysis.families[0].intervals) < 2:
        return float("nan")
    widths = {way.method: way.high - way.low for way in analysis.families[0].intervals}
    return (widths.get("jackknife", np.nan) / next(iter(widths.values()))) ** 2
