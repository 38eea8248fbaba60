"""One-way mean squares and intraclass correlations of unbalanced ratings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Peeled = tuple[np.ndarray | float, ...]


@dataclass(frozen=True, slots=True)
class MeanSquares:
    """Mean squares of a one-way analysis; arrays where many samples are analysed at once.

    Attributes
    ----------
    between, within
        Mean squares between clips and within clips, in squared scale points; NaN where their
        degrees of freedom are not positive.
    n0
        Ratings a clip that the between mean square weighs (Snedecor & Cochran, 1989, §13.10).
    df_between, df_within
        Degrees of freedom.
    """

    between: np.ndarray
    within: np.ndarray
    n0: np.ndarray
    df_between: np.ndarray
    df_within: np.ndarray


def find_additive(moments: np.ndarray) -> np.ndarray:
    """Return what adds up over contexts, (5,) or (G, 5), from moments as `add_moments` gives them.

    Degrees of freedom between and within clips, their sums of squares, and n0 times the former;
    zeros where no clip is left.
    """
    return np.array(list_sums(moments)).T


def list_sums(moments: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return the five parts of `find_additive`, numbers or arrays (G,), one after the other."""
    clips, ratings, squares, total, between, within = moments.T
    empty = clips < 0.5
    bare = empty.any()
    if bare:
        ratings = np.where(empty, 1.0, ratings)
    # N − n counts a clip with one rating out of MSW, where it has nothing to say; it stays in
    # MSB. Moments are sums over centred ratings, so that the difference loses no digits.
    parts = (
        clips - 1,
        ratings - clips,
        between - total**2 / ratings,
        within,
        ratings - squares / ratings,
    )
    return tuple(np.where(empty, 0.0, part) for part in parts) if bare else parts


def divide_sums(sums: np.ndarray) -> MeanSquares:
    """Return the mean squares of sums (5,) or (G, 5); NaN where no degree of freedom is left."""
    df_between, df_within, between, within, weighed = sums.T
    with np.errstate(divide="ignore", invalid="ignore"):
        msb = np.where(df_between > 0, between / df_between, np.nan)
        msw = np.where(df_within > 0, within / df_within, np.nan)
        n0 = weighed / df_between
    return MeanSquares(msb, msw, n0, df_between, df_within)


def find_mean_squares(moments: np.ndarray) -> MeanSquares:
    """Return the one-way mean squares of moments (6,) or (G, 6), as `add_moments` gives them."""
    return divide_sums(find_additive(moments))


def clean_squares(squares: MeanSquares) -> MeanSquares:
    """Set to 0 a mean square that rounding alone keeps from it."""
    floor = 1e-14 * max(float(squares.between), float(squares.within))
    if min(squares.between, squares.within) > floor:
        return squares
    between, within = (
        np.where(square > floor, square, 0.0) for square in (squares.between, squares.within)
    )
    return MeanSquares(between, within, squares.n0, squares.df_between, squares.df_within)


def find_reliability(squares: MeanSquares) -> np.ndarray:
    """Return ICC(k) with k = n0, 1 − MSW/MSB (Shrout & Fleiss, 1979); −∞ where MSB = 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return 1 - squares.within / squares.between


def find_single(squares: MeanSquares) -> np.ndarray:
    """Return ICC(1,1) from mean squares."""
    signal = squares.between - squares.within
    with np.errstate(divide="ignore", invalid="ignore"):
        return signal / (squares.between + (squares.n0 - 1) * squares.within)


def find_reliability_of(squares: MeanSquares, k: float) -> np.ndarray:
    """Return ICC(k) for any k, from ICC(n0) by Spearman–Brown; NaN where it is undefined."""
    theta = find_reliability(squares)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = squares.n0 - (squares.n0 - k) * theta
        return np.where(share > 0, k * theta / share, np.nan)


def find_usual_divisor(counts: np.ndarray) -> float:
    """Return the number of raters of the headline: what all clips have, or the harmonic mean."""
    return float(len(counts) / (1 / counts).sum())


def find_divisors(counts: np.ndarray) -> dict[str, float]:
    """Return the numbers of raters for which ICC(k) is given, by rule, from the counts of clips.

    ``{"all": k}`` where every clip has k ratings; else ``harmonic`` (the reliability of the clip
    means that are analyzed next), ``n0`` (1 − MSW/MSB) and ``mean``.

    Examples
    --------
    >>> find_divisors(np.array([6, 6, 6]))
    {'all': 6.0}
    >>> {rule: round(k, 3) for rule, k in find_divisors(np.array([2, 4, 6])).items()}
    {'harmonic': 3.273, 'n0': 3.667, 'mean': 4.0}
    """
    counts = counts.astype(float)
    if counts.min() == counts.max():
        return {"all": float(counts[0])}
    total = counts.sum()
    n0 = (total - (counts**2).sum() / total) / (len(counts) - 1)
    return {"harmonic": find_usual_divisor(counts), "n0": float(n0), "mean": float(counts.mean())}


@dataclass(frozen=True, slots=True)
class ClipSums:
    """Ratings per clip (n,), their sums (n,) and the squares within each clip (n,).

    ``shift`` is the grand mean that was taken off before summing; ``squares`` (N,) the squared
    distance of each rating from its clip's mean; ``each`` the ratings that every clip has, or 0
    where they differ.
    """

    counts: np.ndarray
    totals: np.ndarray
    within: np.ndarray
    shift: float
    squares: np.ndarray
    each: int


def sum_clips(values: np.ndarray, clip: np.ndarray) -> ClipSums:
    """Return counts, sums and squares within clips of ratings (N,) with clip codes (N,)."""
    shift = float(values.mean())
    centred = values - shift
    each = find_block(clip)
    if each:
        rows, ones = centred.reshape(-1, each), np.ones(each)
        totals = rows @ ones
        centred -= np.repeat(totals / each, each)
        centred *= centred
        return ClipSums(np.full(len(totals), each), totals, rows @ ones, shift, centred, each)
    counts = np.bincount(clip)
    totals = np.bincount(clip, centred)
    centred -= (totals / counts)[clip]
    centred *= centred
    each = int(counts[0]) if counts.min() == counts.max() else 0
    return ClipSums(counts, totals, np.bincount(clip, centred), shift, centred, each)


def find_block(clip: np.ndarray) -> int:
    """Return the length of the clips' blocks, or 0 where codes (N,) are not in equal blocks.

    Ratings that stand clip by clip are summed as a matrix.
    """
    size = int(clip[-1]) + 1
    each, left = divmod(len(clip), size)
    if left or clip[each - 1] or not np.array_equal(clip, np.repeat(np.arange(size), each)):
        return 0
    return each


def add_moments(sums: ClipSums, group: np.ndarray | None = None) -> np.ndarray:
    """Return the six moments (6,), or those of each group (n,) of clips (G, 6)."""
    size = len(sums.counts)
    counts = float(sums.each) if sums.each else sums.counts.astype(float)
    between = sums.totals * sums.totals
    between /= counts
    columns = (1.0, counts, counts**2, sums.totals, between, sums.within)
    if group is None:
        parts = (c.sum() if isinstance(c, np.ndarray) else c * size for c in columns)
        return np.array([*parts])
    return sum_groups(columns, group, int(group.max()) + 1)


def peel_ratings(values: np.ndarray, clip: np.ndarray, sums: ClipSums) -> Peeled:
    """Return what leaving out each rating alone takes off each moment: six arrays (N,).

    A number stands for an array that is constant, as several are where clips have equal counts.
    """
    y, change, each = values - sums.shift, sums.squares, float(sums.each)
    # Without y the squares within fall by (y − ȳ)²·n/(n − 1), those in all by y².
    if each > 1:
        within = change * (each / (each - 1))
        return 0.0, 1.0, 2 * each - 1, y, y * y - within, within
    counts = sums.counts.astype(float)
    within = change * (counts / np.maximum(counts - 1, 1))[clip]
    alone = 0.0 if counts.min() > 1 else (counts == 1)[clip].astype(float)
    return alone, 1.0, (2 * counts - 1)[clip], y, y * y - within, within


def sum_groups(peeled: Peeled, group: np.ndarray, size: int) -> np.ndarray:
    """Return the moments (size, m) of each group of clips, or that a group of ratings takes off.

    A group of ratings holds at most one of a clip, as a rater does.
    """
    counts = np.bincount(group, minlength=size)
    moments = np.empty((len(peeled), size))
    for place, column in enumerate(peeled):
        given = isinstance(column, np.ndarray)
        moments[place] = np.bincount(group, column, size) if given else column * counts
    return moments.T
