"""The nested analysis of a panel: several clips of each subject."""

from __future__ import annotations

import numpy as np

from exprstats.errors import Problem
from exprstats.reliability.analysis import Analysis, Family, find_jackknife
from exprstats.reliability.estimands import (
    CLIP_NESTED,
    SUBJECT_NESTED,
    WITHIN_NESTED,
    Estimand,
    measure_estimand,
)
from exprstats.reliability.estimates import clean_squares, find_obstacles
from exprstats.reliability.jackknife import combine_thetas
from exprstats.reliability.nesting import NestedPairs, find_nested_components, sum_nested
from exprstats.reliability.oneway import (
    add_moments,
    find_mean_squares,
    find_usual_divisor,
    sum_clips,
)
from exprstats.reliability.panels import Panel

NESTED = (CLIP_NESTED, WITHIN_NESTED, SUBJECT_NESTED)


def find_nested_obstacles(panel: Panel) -> list[Problem]:
    """Return why a panel has no nested reliability, as problems."""
    problems = find_obstacles(panel)
    if problems:
        return problems
    if panel.subject is None:
        fact = f"{panel.label}: subjects are not known; clips cannot be nested in them."
        return [Problem(fact, "Name the subject column with cluster=.")]
    if int(panel.subject.max()) == int(panel.clip.max()):
        fact = f"{panel.label}: each subject has one clip, so clips and subjects are the same."
        return [Problem(fact, "Use model='one-way'.")]
    return []


def analyse_nested(panel: Panel, level: float) -> Analysis:
    """Return the nested analysis of a panel without obstacles.

    Components come from pairs of ratings, limits from the jackknife over subjects (and raters,
    where they are shared).
    """
    sums = sum_clips(panel.rating, panel.clip)
    squares = clean_squares(find_mean_squares(add_moments(sums)))
    base = find_usual_divisor(sums.counts)
    divisors = find_subject_divisors(panel, sums.counts) | {"k": base}
    pairs, samples = sum_nested(panel)
    components = {name: float(value) for name, value in find_nested_components(pairs).items()}
    families, spread = [], None
    for estimand in NESTED:
        value = float(measure_estimand(estimand, components, divisors))
        thetas = _measure_samples(estimand, samples, divisors)
        spread = combine_thetas(thetas, int(panel.rater.max()) + 1)
        way = find_jackknife(value, spread, level)
        moves = estimand is not SUBJECT_NESTED
        families.append(Family(estimand, base, value, (way,), "moments", moves))
    return Analysis(panel, sums.counts, squares, tuple(families), components, spread)


def find_subject_divisors(panel: Panel, counts: np.ndarray) -> dict[str, float]:
    """Return what divides clip, rater and residual variance in a subject's mean of clip means.

    Harmonic means over subjects: ``m`` clips, ``ks`` effective raters (1/Σw² of the weights that
    raters have in the mean), ``mk`` effective ratings.

    Raises
    ------
    ValueError
        If the panel has no subjects.
    """
    if panel.subject is None:
        message = "subjects are not known."
        raise ValueError(message)
    n_subjects, n_raters = int(panel.subject.max()) + 1, int(panel.rater.max()) + 1
    owner = np.zeros(len(counts), dtype=np.int64)
    owner[panel.clip] = panel.subject
    clips = np.bincount(owner, minlength=n_subjects)
    weight = 1 / (clips[panel.subject] * counts[panel.clip])
    _, cell = np.unique(panel.subject * n_raters + panel.rater, return_inverse=True)
    by_rater = np.bincount(cell, weight)
    return {
        "m": float(1 / (1 / clips).mean()),
        "ks": float(n_subjects / (by_rater**2).sum()),
        "mk": float(n_subjects / (weight**2).sum()),
    }


def _measure_samples(
    estimand: Estimand, samples: dict[str, NestedPairs], divisors: dict[str, float]
) -> dict[str, np.ndarray]:
    thetas = {}
    for part, pairs in samples.items():
        theta = measure_estimand(estimand, find_nested_components(pairs), divisors)
        thetas[part] = np.where(np.isinf(theta), np.nan, theta)
    return thetas
