"""Sums over pairs of ratings, and the components of clips nested in subjects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from exprstats.reliability.icc.oneway import ClipSums, sum_groups
from exprstats.reliability.icc.panels import CellCodes, Panel

# Ordered pairs and their summed squared differences (2, ...) of one sample or of many, by what
# the two ratings share: clip, rater, subject, subject-by-rater cell, or nothing (every pair).
Pairs = Mapping[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class Level:
    """Counts, sums and sums of squares of ratings in each class of a factor, (classes,) each."""

    counts: np.ndarray
    totals: np.ndarray
    squares: np.ndarray

    def pair(self) -> np.ndarray:
        """Return, for each class (2, classes), its ordered pairs and their summed squares."""
        squares = self.counts * self.squares - self.totals**2
        return np.array([self.counts * (self.counts - 1), squares])

    def shrink(self, classes: np.ndarray, part: Level) -> np.ndarray:
        """Return what pairs (2, n) classes lose with a part of them, given the class of each."""
        counts, totals, squares = (x[classes] for x in (self.counts, self.totals, self.squares))
        left = Level(counts - part.counts, totals - part.totals, squares - part.squares)
        return Level(counts, totals, squares).pair() - left.pair()


def sum_level(values: np.ndarray, codes: np.ndarray, size: int | None = None) -> Level:
    """Return the sums of centred ratings (N,) in each class, given codes (N,)."""
    least = 0 if size is None else size
    counts = np.bincount(codes, minlength=least).astype(float)
    totals = np.bincount(codes, values, least)
    return Level(counts, totals, np.bincount(codes, values**2, least))


def sum_pairs(
    panel: Panel, sums: ClipSums, cells: CellCodes, *, nested: bool
) -> tuple[Pairs, np.ndarray]:
    """Return a panel's pair sums, and its sums of squares between and within clips (2, 1 + S).

    They come of all ratings, then without each subject, each rater and each cell. Pairs within
    subjects and cells are summed where the panel is ``nested``. A group that is left out takes its
    own pairs along and those that it forms with the rest of its clips, raters or subjects; all
    follow from sums, so no sample is summed anew.
    """
    y, n, inner = panel.rating - sums.shift, sums.counts.astype(float), sums.within
    each = float(sums.each) if sums.each else n[panel.clip]
    # What goes with a cell, and with a subject: ratings, their sum and squares; pairs of ratings of
    # a clip and their squares; and the sum of squares within clips.
    lone = 2 * (each - 1), inner[panel.clip] + each * sums.squares
    alone = sums.squares * (each / np.maximum(each - 1, 1))
    by_cell = sum_groups((1.0, y, y * y, *lone, alone), cells.code, len(cells.rater)).T
    by_clip = n, sums.totals, inner + sums.totals**2 / n, n * (n - 1), n * inner, inner
    by_subject, by_rater = add_groups(by_clip, panel.owners), add_groups(by_cell, cells.rater)
    left = _leave_each_out(by_subject.sum(axis=1), by_subject, by_rater, by_cell)
    subject, rater, cell = (Level(*sides[:3]) for sides in (by_subject, by_rater, by_cell))
    own, off = rater.pair(), rater.shrink(cells.rater, cell)
    pairs = {
        "every": Level(*left[:3]).pair(),
        "clip": left[3:5],
        "rater": _leave_each_out(own.sum(axis=1), add_groups(off, cells.subject), own, off),
    }
    if nested:
        own, off = subject.pair(), subject.shrink(cells.subject, cell)
        pairs["subject"] = _leave_each_out(own.sum(axis=1), own, add_groups(off, cells.rater), off)
        own = cell.pair()
        parts = (add_groups(own, codes) for codes in (cells.subject, cells.rater))
        pairs["cell"] = _leave_each_out(own.sum(axis=1), *parts, own)
    about_mean = left[2] - left[1] ** 2 / np.maximum(left[0], 1)
    return pairs, np.array([about_mean - left[5], left[5]])


def _leave_each_out(whole: np.ndarray, *gone: np.ndarray) -> np.ndarray:
    """Return sums (m, 1 + S): the whole (m,), then it less each column of what goes."""
    return whole[:, None] - np.concatenate([np.zeros((len(whole), 1)), *gone], axis=1)


def find_nested_components(pairs: Pairs) -> dict[str, np.ndarray]:
    """Return the variances of subject, clip, rater and residual; NaN where not identified.

    Without a rater who rates two clips, rater and residual cannot be told apart: their sum is the
    residual and the rater's variance is 0.
    """
    # Expected: σ²R + σ²E in a clip, σ²C + σ²E in a subject-by-rater cell, σ²C + σ²R + σ²E between
    # clips and raters of a subject, σ²S + σ²C + σ²E in a rater, and all four where nothing is
    # shared. Pairs that share more are taken off those that share less.
    in_clip = halve_squares(pairs["clip"])
    in_cell = halve_squares(pairs["cell"])
    in_subject = halve_squares(pairs["subject"] - pairs["clip"] - pairs["cell"])
    in_rater = halve_squares(pairs["rater"] - pairs["cell"])
    apart = halve_squares(pairs["every"] - pairs["subject"] - pairs["rater"] + pairs["cell"])
    rater = np.where(np.isnan(in_rater), in_subject - in_cell, apart - in_rater)
    rater = np.where(np.isnan(rater), 0.0, rater)
    clip = in_subject - in_clip
    return {
        "subject": apart - in_subject,
        "clip": clip,
        "clip_total": apart - in_clip,
        "rater": rater,
        "residual": in_clip - rater,
    }


def find_subject_divisors(panel: Panel, counts: np.ndarray) -> dict[str, float]:
    """Return what divides clip, rater and residual variance in a subject's mean of clip means.

    Harmonic means over subjects: ``m`` clips, ``ks`` effective raters (1/Σw² of the weights that
    raters have in the mean), ``mk`` effective ratings. Where subjects are not known, each clip
    is one.
    """
    subject = panel.cluster
    if panel.contexts is not None:
        # Within contexts a subject's mean is that over its clips of one context.
        place = panel.contexts * (int(subject.max()) + 1) + subject
        subject = np.unique(place, return_inverse=True)[1]
    owner = np.zeros(len(counts), dtype=np.int64)
    owner[panel.clip] = subject
    clips = np.bincount(owner)
    weight = 1 / (clips[subject] * counts[panel.clip])
    _, cell = np.unique(subject * panel.n_raters + panel.rater, return_inverse=True)
    by_rater = np.bincount(cell, weight)
    return {
        "m": float(1 / (1 / clips).mean()),
        "ks": float(len(clips) / (by_rater**2).sum()),
        "mk": float(len(clips) / (weight**2).sum()),
    }


def halve_squares(part: np.ndarray) -> np.ndarray:
    """Return half the mean squared difference of pairs (2, ...); NaN where there are none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(part[0] > 0.5, part[1] / part[0], np.nan)


def add_groups(rows: Iterable[np.ndarray], group: np.ndarray) -> np.ndarray:
    """Return the sums (m, G) of rows (m, n) by group codes (n,)."""
    return np.array([np.bincount(group, row) for row in rows])
