"""A panel's variance components, of all ratings and without each subject, rater, and cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from exprstats.reliability.jackknife import leave_moments, number_cells
from exprstats.reliability.nesting import find_nested_components, sum_nested
from exprstats.reliability.oneway import add_moments, find_mean_squares, sum_clips
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
    if panel.subject is None:
        panel = replace(panel, subject=panel.clip)
    subject = panel.clip if panel.subject is None else panel.subject
    n_raters = int(panel.rater.max()) + 1
    cells = number_cells(subject, panel.rater, n_raters)
    first = np.zeros(cells[1], dtype=np.int64)
    first[cells[0]] = np.arange(len(subject))
    sample = {"one-way": _sample_one_way, "two-way": _sample_two_way, "nested": _sample_nested}
    whole, without = sample[model](panel)
    if cells[1] == n_raters and not always:
        without = {"subject": without["subject"]}
    numbers = {name: float(value) for name, value in whole.items()}
    return Samples(numbers, without, (subject[first], panel.rater[first]))


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
    subject = panel.clip if panel.subject is None else panel.subject
    cells = number_cells(subject, panel.rater, int(panel.rater.max()) + 1)
    samples = leave_pairs_out(centred, (panel.clip, panel.rater, subject), cells, pairs)
    return find_components(pairs), {name: find_components(part) for name, part in samples.items()}


def _sample_nested(panel: Panel) -> tuple[Sample, Mapping[str, Sample]]:
    pairs, samples = sum_nested(panel, always=True)
    found = {name: find_nested_components(part) for name, part in samples.items()}
    return find_nested_components(pairs), found
