"""The nested analysis of a panel: several clips of each subject."""

from __future__ import annotations

import numpy as np

from exprstats.reliability.analysis import Analysis, Family, find_jackknife
from exprstats.reliability.estimands import (
    CLIP_NESTED,
    SUBJECT_NESTED,
    WITHIN_NESTED,
    measure_estimand,
)
from exprstats.reliability.estimates import clean_squares
from exprstats.reliability.moments import add_moments, sum_clips
from exprstats.reliability.oneway import find_mean_squares, find_usual_divisor
from exprstats.reliability.panels import Panel
from exprstats.reliability.samples import sample_panel, spread_estimand

NESTED = (CLIP_NESTED, WITHIN_NESTED, SUBJECT_NESTED)


def analyse_nested(panel: Panel, level: float) -> Analysis:
    """Return the nested analysis of a panel without obstacles.

    Components come from pairs of ratings, limits from the jackknife over subjects (and raters,
    where they are shared).
    """
    sums = sum_clips(panel.rating, panel.clip)
    squares = clean_squares(find_mean_squares(add_moments(sums)))
    base = find_usual_divisor(sums.counts)
    divisors = find_subject_divisors(panel, sums.counts) | {"k": base}
    samples = sample_panel(panel, "nested")
    families, spread = [], None
    for estimand in NESTED:
        value = float(measure_estimand(estimand, samples.whole, divisors))
        spread = spread_estimand(samples, estimand, divisors)
        way = find_jackknife(value, spread, level)
        moves = estimand is not SUBJECT_NESTED
        families.append(Family(estimand, base, value, (way,), "moments", moves))
    return Analysis(panel, sums.counts, squares, tuple(families), samples.whole, spread)


def find_subject_divisors(panel: Panel, counts: np.ndarray) -> dict[str, float]:
    """Return what divides clip, rater and residual variance in a subject's mean of clip means.

    Harmonic means over subjects: ``m`` clips, ``ks`` effective raters (1/Σw² of the weights that
    raters have in the mean), ``mk`` effective ratings. Where subjects are not known, each clip
    is one.
    """
    subject = panel.cluster
    clips = np.bincount(panel.owners)
    weight = 1 / (clips[subject] * counts[panel.clip])
    _, cell = np.unique(subject * panel.n_raters + panel.rater, return_inverse=True)
    by_rater = np.bincount(cell, weight)
    return {
        "m": float(1 / (1 / clips).mean()),
        "ks": float(len(clips) / (by_rater**2).sum()),
        "mk": float(len(clips) / (weight**2).sum()),
    }
