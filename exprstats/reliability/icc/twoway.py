"""Two-way mean squares of complete tables, and components from pairs of ratings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import fdtri

from exprstats.reliability.icc.panels import Panel


@dataclass(frozen=True, slots=True)
class CrossedSquares:
    """Mean squares of a complete table of n clips by k raters, in squared scale points."""

    clip: float
    rater: float
    residual: float
    n: int
    k: int


def is_complete(panel: Panel) -> bool:
    """Return whether every rater rated every clip (once, as the table's contract has it)."""
    n, k = panel.n_clips, panel.n_raters
    return len(panel.rating) == n * k


def square_table(panel: Panel) -> CrossedSquares:
    """Return the mean squares of a complete panel."""
    n, k = panel.n_clips, panel.n_raters
    table = np.empty((n, k))
    table[panel.clip, panel.rater] = panel.rating
    table -= table.mean()
    clip, rater = table.mean(axis=1), table.mean(axis=0)
    residual = table - clip[:, None] - rater
    return CrossedSquares(
        float(k * (clip**2).sum() / (n - 1)),
        float(n * (rater**2).sum() / (k - 1)),
        float((residual**2).sum() / ((n - 1) * (k - 1))),
        n,
        k,
    )


def find_agreement_limits(squares: CrossedSquares, level: float) -> tuple[float, float]:
    """Return limits of ICC(A,1), with Satterthwaite's degrees of freedom.

    The error mean square a·MSC + b·MSE has v degrees of freedom (McGraw & Wong, 1996, Table 7);
    a and b are multiplied out by n(1 − r), so that r = 1 needs no case of its own. For ICC(A,k)
    move the limits by Spearman–Brown: software that puts ICC(A,k) into a and b instead prints
    other limits.

    Examples
    --------
    >>> fleiss = CrossedSquares(56.2083 / 5, 97.4583 / 3, 15.2917 / 15, 6, 4)
    >>> [round(limit, 4) for limit in find_agreement_limits(fleiss, 0.95)]
    [0.0188, 0.7611]
    """
    n, k = squares.n, squares.k
    msr, msc, mse = squares.clip, squares.rater, squares.residual
    v = find_satterthwaite_df(squares)
    tail = (1 + level) / 2
    low, high = fdtri(n - 1, v, tail), fdtri(v, n - 1, tail)
    rest = k * msc + (k * n - k - n) * mse
    return (
        float(n * (msr - low * mse) / (low * rest + n * msr)),
        float(n * (high * msr - mse) / (rest + n * high * msr)),
    )


def find_satterthwaite_df(squares: CrossedSquares) -> float:
    """Return v, the degrees of freedom of the error in ICC(A,1).

    Examples
    --------
    >>> fleiss = CrossedSquares(56.2083 / 5, 97.4583 / 3, 15.2917 / 15, 6, 4)
    >>> round(find_satterthwaite_df(fleiss), 3)
    4.785
    """
    n, k = squares.n, squares.k
    msr, msc, mse = squares.clip, squares.rater, squares.residual
    rho = (msr - mse) / (msr + (k - 1) * mse + k * (msc - mse) / n)
    raters = k * rho * msc
    residual = (n * (1 - rho) + k * rho * (n - 1)) * mse
    below = raters**2 / (k - 1) + residual**2 / ((n - 1) * (k - 1))
    return (raters + residual) ** 2 / below


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
