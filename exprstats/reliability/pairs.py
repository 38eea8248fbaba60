"""Two-way components from pairs of ratings, complete or not, on arrays.

Half the mean squared difference of two ratings is σ²_rater + σ²_residual within a clip,
σ²_clip + σ²_residual within a rater, and the sum of all three where both differ. On complete
tables this gives the ANOVA components exactly; on incomplete ones it is unbiased, needs no
iteration, and leaving out ratings stays a subtraction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


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
        pairs = self.counts * (self.counts - 1)
        return np.stack([pairs, self.counts * self.squares - self.totals**2], axis=-1)


def sum_level(values: np.ndarray, codes: np.ndarray, size: int | None = None) -> Level:
    """Return the sums of centred ratings (N,) in each class, given codes (N,)."""
    least = 0 if size is None else size
    counts = np.bincount(codes, minlength=least).astype(float)
    totals = np.bincount(codes, values, least)
    return Level(counts, totals, np.bincount(codes, values**2, least))


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pair sums of one sample, or of many: each (...,) or (..., 2).

    ``whole`` has the counts, sums and squares of all ratings; ``clip`` and ``rater`` the pairs
    and squares within clips and within raters.
    """

    whole: Level
    clip: np.ndarray
    rater: np.ndarray


def sum_pairs(values: np.ndarray, clip: np.ndarray, rater: np.ndarray) -> Pairs:
    """Return the pair sums of centred ratings (N,) with their codes."""
    whole = Level(np.asarray(float(len(values))), values.sum(), (values**2).sum())
    by_clip, by_rater = sum_level(values, clip), sum_level(values, rater)
    return Pairs(whole, by_clip.pair().sum(axis=0), by_rater.pair().sum(axis=0))


def find_components(pairs: Pairs) -> dict[str, np.ndarray]:
    """Return the variances of clip, rater and residual, NaN where pairs of a kind are missing."""
    every = pairs.whole.pair()
    apart = every - pairs.clip - pairs.rater
    in_clip, in_rater, in_none = map(halve_squares, (pairs.clip, pairs.rater, apart))
    return {
        "clip": in_none - in_clip,
        "rater": in_none - in_rater,
        "residual": in_clip + in_rater - in_none,
    }


def halve_squares(part: np.ndarray) -> np.ndarray:
    """Return half the mean squared difference of pairs (..., 2); NaN where there are none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(part[..., 0] > 0.5, part[..., 1] / part[..., 0], np.nan)


def leave_pairs_out(
    values: np.ndarray,
    codes: tuple[np.ndarray, np.ndarray, np.ndarray],
    cells: tuple[np.ndarray, int],
    pairs: Pairs,
) -> dict[str, Pairs]:
    """Return the pair sums without each subject, each rater, each subject-by-rater cell.

    Parameters
    ----------
    values
        Centred ratings (N,).
    codes
        Clip, rater and subject codes (N,).
    cells
        Codes (N,) of the cells in use and their number.
    pairs
        The sums of all ratings.
    """
    clip, rater, subject = codes
    cell, n_cells = cells
    by_clip, by_rater = sum_level(values, clip), sum_level(values, rater)
    by_cell = sum_level(values, cell, n_cells)
    first = np.zeros(n_cells, dtype=np.int64)
    first[cell] = np.arange(len(cell))
    cell_rater, cell_subject = rater[first], subject[first]
    one = Level(np.ones_like(values), values, values**2)
    lone = by_clip.take(clip).pair() - by_clip.take(clip).less(one).pair()
    rest = by_rater.take(cell_rater).pair() - by_rater.take(cell_rater).less(by_cell).pair()
    owner = np.zeros(len(by_clip.counts), dtype=np.int64)
    owner[clip] = subject
    gone = {
        "subject": (
            sum_level(values, subject),
            add_groups(by_clip.pair(), owner),
            add_groups(rest, cell_subject),
        ),
        "rater": (by_rater, add_groups(lone, rater), by_rater.pair()),
        "cell": (by_cell, add_groups(lone, cell), rest),
    }
    return {
        name: Pairs(pairs.whole.less(level), pairs.clip - in_clip, pairs.rater - in_rater)
        for name, (level, in_clip, in_rater) in gone.items()
    }


def add_groups(columns: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Return the sums (G, c) of rows of columns (n, c) by group codes (n,)."""
    return np.stack([np.bincount(group, column) for column in columns.T], axis=1)
