"""Two-way mean squares of complete tables, and components from pairs of ratings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import fdtri

from exprstats.apa import write_count
from exprstats.codes import close_gaps
from exprstats.reliability.icc.nested import Pairs, halve_squares
from exprstats.reliability.icc.panels import Panel, list_used

# Normal equations of so many raters take no time to speak of.
MOST_RATERS = 200
_SCREENS = 100, 500  # rows of which most tables show that they lack nothing
FAIR_SHARE = 0.5  # of its share of all clips that a context has of those that all raters rated
FAIR_SUBJECTS = 0.9


@dataclass(frozen=True, slots=True)
class CrossedSquares:
    """Mean squares of a complete table of n clips by k raters, in squared scale points."""

    clip: float
    rater: float
    residual: float
    n: int
    k: int


def square_table(panel: Panel, full: np.ndarray) -> CrossedSquares:
    """Return the mean squares of the ``full`` clips, rated by all (McGraw & Wong, 1996, tab. 3)."""
    k = panel.n_raters
    table = np.empty(panel.n_clips * k)
    table[panel.clip * k + panel.rater] = panel.rating
    table = table.reshape(-1, k)[full]
    n = len(table)
    table -= table.mean()
    clip, rater = table @ np.ones(k) / k, table.mean(axis=0)
    table -= clip[:, None]
    table -= rater
    table *= table
    return CrossedSquares(
        float(k * (clip**2).sum() / (n - 1)),
        float(n * (rater**2).sum() / (k - 1)),
        float(table.sum() / ((n - 1) * (k - 1))),
        n,
        k,
    )


def tell_complete(count: int) -> str:
    """Return what so many clips without a gap are called."""
    return f"the {write_count(count)} clips that all raters rated"


def find_bias(panel: Panel, full: np.ndarray) -> str:
    """Return why the clips that all raters rated do not stand for all clips, or an empty text.

    They do where they show nine tenths of the subjects and where each context has at least half the
    share of them that it has of all clips: whatever a gap depends on, contexts differ in level and
    subjects in spread, and mean squares of some of them are those of another population. ``full``
    (n,) marks them.
    """
    if full.all():
        return ""
    whole = tell_complete(int(full.sum()))
    if panel.places is not None:
        context = np.zeros(panel.n_clips, dtype=np.int64)
        context[panel.clip] = close_gaps(panel.places)
        every = np.bincount(context)
        mine = np.bincount(context[full], minlength=len(every))
        if (mine == 0).any():
            return f"{whole} are of {int((mine > 0).sum())} of {len(every)} contexts"
        if (mine / mine.sum() < FAIR_SHARE * every / every.sum()).any():
            return f"{whole} come too rarely from some contexts"
    if panel.subject is not None:
        owners = panel.owners
        seen, known = len(list_used(owners[full])), int(owners.max()) + 1
        if seen < FAIR_SUBJECTS * known:
            return f"{whole} show {write_count(seen)} of {write_count(known)} subjects"
    return ""


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


def find_components(pairs: Pairs) -> dict[str, np.ndarray]:
    """Return the variances of clip, rater and residual, NaN where pairs of a kind are missing.

    Half the mean squared difference of two ratings is σ²R + σ²E within a clip, σ²C + σ²E within a
    rater, and σ²C + σ²R + σ²E where they share neither: three equations, unbiased in any pattern
    of gaps (Koch, 1968), and the ANOVA estimates where the table is complete.
    """
    apart = pairs["every"] - pairs["clip"] - pairs["rater"]
    in_clip, in_rater, in_none = map(halve_squares, (pairs["clip"], pairs["rater"], apart))
    return {
        "clip": in_none - in_clip,
        "rater": in_none - in_rater,
        "residual": in_clip + in_rater - in_none,
    }


def lacks_squares(rating: np.ndarray, clip: np.ndarray, rater: np.ndarray) -> bool:
    """Return whether clips, or what is left beside clips and raters, leave no sum of squares.

    Both come from the least-squares fit of a level for each clip and rater (N,), which gives MSR =
    0 or MSE = 0 of a complete table and says the same of a table with gaps, where components from
    pairs of ratings are not exactly 0.

    Examples
    --------
    >>> clip, rater = np.repeat([0, 1, 2], 2), np.tile([0, 1], 3)
    >>> shifted = np.array([1.0, 2.0, 3.0, 4.0, 2.0, 3.0])
    >>> lacks_squares(shifted, clip, rater), lacks_squares(shifted**2, clip, rater)
    (True, False)
    """
    centred = rating - rating.mean()
    total = float(centred @ centred)
    shape = int(clip.max()) + 1, int(rater.max()) + 1
    place = clip * shape[1] + rater
    counts, sums = (
        np.bincount(place, weights, minlength=shape[0] * shape[1]).reshape(shape)
        for weights in (None, centred)
    )
    size = np.maximum(counts.sum(axis=1, keepdims=True), 1)
    level = sums.sum(axis=1, keepdims=True) / size
    within = total - float((size * level**2).sum())
    equations = np.diag(counts.sum(axis=0).astype(float)) - counts.T @ (counts / size)
    known = (sums - counts * level).sum(axis=0)
    rest = within - float(known @ np.linalg.lstsq(equations, known, rcond=1e-10)[0])
    by_rater = np.maximum(counts.sum(axis=0), 1)
    clips = total - float((sums.sum(axis=0) ** 2 / by_rater).sum()) - rest
    return min(rest, clips) <= 1e-12 * total


def find_bare(panel: Panel) -> np.ndarray:
    """Return which subjects and raters (G + W,) leave a table that `lacks_squares` without them.

    What one of them leaves bare is bare in every part of the others as well, so that two fits to
    some rows, which share neither subjects nor raters, settle most tables.
    """
    own = 0 if panel.contexts is None else panel.contexts
    rater = own * panel.n_raters + panel.rater

    def is_bare(rows: np.ndarray) -> bool:
        codes = (close_gaps(one[rows]) for one in (panel.clip, rater))
        return not rows.size or lacks_squares(panel.rating[rows], *codes)

    parts = {"subject": panel.cluster, "rater": panel.rater}
    found = {name: np.zeros(int(codes.max()) + 1, dtype=bool) for name, codes in parts.items()}
    even, odd = (panel.cluster | panel.rater) & 1 == 0, panel.cluster & panel.rater & 1 == 1
    if panel.n_raters <= MOST_RATERS and any(
        all(is_bare(np.flatnonzero(quarter)[:rows]) for rows in _SCREENS) for quarter in (even, odd)
    ):
        for name, codes in parts.items():
            if any(is_bare(np.flatnonzero(codes % 2 == half)) for half in (0, 1)):
                each = range(len(found[name]))
                found[name][:] = [is_bare(np.flatnonzero(codes != one)) for one in each]
    return np.concatenate([*found.values()])
