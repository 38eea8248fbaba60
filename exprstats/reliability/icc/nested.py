"""Sums over pairs of ratings, and the components of clips nested in subjects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from exprstats.reliability.icc.panels import Panel, number_cells

# Ordered pairs and their summed squared differences (..., 2) of one sample or of many, by what
# the two ratings share: clip, rater, subject, subject-by-rater cell, or nothing (every pair).
Pairs = Mapping[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class Level:
    """Counts, sums and sums of squares of ratings in each class of a factor, (classes,) each."""

    counts: np.ndarray
    totals: np.ndarray
    squares: np.ndarray

    def less(self, other: Level) -> Level:
        """Return what is left when other ratings are taken away."""
        return Level(
            self.counts - other.counts, self.totals - other.totals, self.squares - other.squares
        )

    def take(self, classes: np.ndarray) -> Level:
        """Return the sums of the named classes."""
        return Level(self.counts[classes], self.totals[classes], self.squares[classes])

    def pair(self) -> np.ndarray:
        """Return, for each class (classes, 2), its ordered pairs and their summed squares."""
        found = np.empty((*self.counts.shape, 2))
        found[..., 0] = self.counts * (self.counts - 1)
        found[..., 1] = self.counts * self.squares - self.totals**2
        return found


def sum_level(values: np.ndarray, codes: np.ndarray, size: int | None = None) -> Level:
    """Return the sums of centred ratings (N,) in each class, given codes (N,)."""
    least = 0 if size is None else size
    counts = np.bincount(codes, minlength=least).astype(float)
    totals = np.bincount(codes, values, least)
    return Level(counts, totals, np.bincount(codes, values**2, least))


def encode_pairs(panel: Panel) -> dict[str, np.ndarray]:
    """Return what pairs of ratings may share, as codes (N,); without subjects each clip is one."""
    cell = number_cells(panel.cluster, panel.rater, panel.n_raters)[0]
    return {"clip": panel.clip, "rater": panel.rater, "subject": panel.cluster, "cell": cell}


def sum_levels(values: np.ndarray, codes: Mapping[str, np.ndarray]) -> dict[str, Level]:
    """Return the sums of centred ratings (N,) by what they may share, and of ``every`` rating."""
    every = Level(np.asarray(float(len(values))), values.sum(), (values**2).sum())
    return {name: sum_level(values, code) for name, code in codes.items()} | {"every": every}


def sum_pairs(by: Mapping[str, Level]) -> Pairs:
    """Return the pair sums of one sample from its `sum_levels`."""
    return {
        name: level.pair() if name == "every" else level.pair().sum(axis=0)
        for name, level in by.items()
    }


def leave_pairs_out(
    values: np.ndarray, codes: Mapping[str, np.ndarray], by: Mapping[str, Level], pairs: Pairs
) -> dict[str, Pairs]:
    """Return the pair sums without each subject, each rater, each subject-by-rater cell.

    A group that is left out takes its own pairs along and those that it forms with the rest of its
    clips, raters or subjects; all follow from sums, so no sample is summed anew. Values (N,) are
    centred ratings; ``by`` is what `sum_levels` gave for the codes of `encode_pairs`, and pairs
    within subjects and cells are sought where PAIRS, the `sum_pairs` of all, has them.
    """
    clip, rater, subject, cell = (codes[name] for name in ("clip", "rater", "subject", "cell"))
    n_cells = len(by["cell"].counts)
    first, owner = np.zeros(n_cells, dtype=np.int64), np.zeros(len(by["clip"].counts), np.int64)
    first[cell], owner[clip] = np.arange(len(cell)), subject
    cell_rater, cell_subject = rater[first], subject[first]
    lone = _shrink(by["clip"].take(clip), Level(np.ones_like(values), values, values**2))
    off_rater = _shrink(by["rater"].take(cell_rater), by["cell"])
    # What each subject, rater and cell takes along.
    gone = {
        "clip": (
            add_groups(by["clip"].pair(), owner),
            add_groups(lone, rater),
            add_groups(lone, cell),
        ),
        "rater": (add_groups(off_rater, cell_subject), by["rater"].pair(), off_rater),
    }
    if "cell" in pairs:
        off_subject = _shrink(by["subject"].take(cell_subject), by["cell"])
        own = by["cell"].pair()
        gone["subject"] = by["subject"].pair(), add_groups(off_subject, cell_rater), off_subject
        gone["cell"] = add_groups(own, cell_subject), add_groups(own, cell_rater), own
    return {
        part: {name: pairs[name] - losses[place] for name, losses in gone.items()}
        | {"every": by["every"].less(by[part]).pair()}
        for place, part in enumerate(("subject", "rater", "cell"))
    }


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
    """Return half the mean squared difference of pairs (..., 2); NaN where there are none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(part[..., 0] > 0.5, part[..., 1] / part[..., 0], np.nan)


def add_groups(columns: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Return the sums (G, c) of rows of columns (n, c) by group codes (n,)."""
    return np.array([np.bincount(group, column) for column in columns.T]).T


def _shrink(level: Level, part: Level) -> np.ndarray:
    """Return the pairs and squares that classes lose with a part of them."""
    return level.pair() - level.less(part).pair()
