"""A panel's variance components, of all ratings and without each subject, rater, and cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from exprstats.reliability.deletions import leave_moments, number_cells
from exprstats.reliability.estimands import Estimand, measure_estimand
from exprstats.reliability.jackknife import Spread, combine_thetas
from exprstats.reliability.moments import add_moments, sum_clips
from exprstats.reliability.nesting import find_nested_components, sum_nested
from exprstats.reliability.oneway import find_mean_squares
from exprstats.reliability.pairs import find_components, leave_pairs_out, sum_pairs
from exprstats.reliability.panels import Panel
from exprstats.words import IccModel

Sample = Mapping[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class Samples:
    """Components of a panel and of its leave-one-out samples.

    Attributes
    ----------
    whole
        Components of all ratings, numbers.
    without
        By part (``subject``, and ``rater`` and ``cell`` where raters are shared), components
        without each, arrays (G,) in the order of the panel's codes.
    cells
        Subject and rater codes of each cell (C,).
    """

    whole: Mapping[str, float]
    without: Mapping[str, Sample]
    cells: tuple[np.ndarray, np.ndarray]


def sample_panel(panel: Panel, model: IccModel, *, always: bool = False) -> Samples:
    """Return a panel's components under a model, with its leave-one-out samples.

    Where subjects are not known, each clip stands for one. Raters and cells are left out where
    raters are shared, or ``always``.
    """
    cell, n_cells = number_cells(panel.cluster, panel.rater, panel.n_raters)
    first = np.zeros(n_cells, dtype=np.int64)
    first[cell] = np.arange(len(cell))
    sample = {"one-way": _sample_one_way, "two-way": _sample_two_way, "nested": _sample_nested}
    whole, without = sample[model](panel)
    if n_cells == panel.n_raters and not always:
        without = {"subject": without["subject"]}
    numbers = {name: float(value) for name, value in whole.items()}
    return Samples(numbers, without, (panel.cluster[first], panel.rater[first]))


def spread_estimand(samples: Samples, estimand: Estimand, divisors: Mapping[str, float]) -> Spread:
    """Return the jackknife variance of an estimand, or why there is none."""
    thetas = {}
    for part, sample in samples.without.items():
        theta = measure_estimand(estimand, sample, divisors)
        thetas[part] = np.where(np.isinf(theta), np.nan, theta)
    return combine_thetas(thetas)


def _sample_one_way(panel: Panel) -> tuple[Sample, Mapping[str, Sample]]:
    sums = sum_clips(panel.rating, panel.clip)
    whole = add_moments(sums)
    moments = leave_moments(panel, sums, whole, always=True)
    return _split(whole), {name: _split(sample) for name, sample in moments.items()}


def _split(moments: np.ndarray) -> Sample:
    squares = find_mean_squares(moments)
    return {"clip": (squares.between - squares.within) / squares.n0, "error": squares.within}


def _sample_two_way(panel: Panel) -> tuple[Sample, Mapping[str, Sample]]:
    centred = panel.rating - panel.rating.mean()
    pairs = sum_pairs(centred, panel.clip, panel.rater)
    cells = number_cells(panel.cluster, panel.rater, panel.n_raters)
    samples = leave_pairs_out(centred, (panel.clip, panel.rater, panel.cluster), cells, pairs)
    return find_components(pairs), {name: find_components(part) for name, part in samples.items()}


def _sample_nested(panel: Panel) -> tuple[Sample, Mapping[str, Sample]]:
    pairs, samples = sum_nested(panel)
    found = {name: find_nested_components(part) for name, part in samples.items()}
    return find_nested_components(pairs), found
