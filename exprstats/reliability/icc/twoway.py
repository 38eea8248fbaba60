"""Two-way mean squares of complete tables, and components from pairs of ratings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import fdtri

from exprstats.reliability.icc.nested import Pairs, halve_squares
from exprstats.reliability.icc.panels import Panel


@dataclass(frozen=True, slots=True)
class CrossedSquares:
    """Mean squares of a complete table of n clips by k raters, in squared scale points."""

    clip: float
    rater: float
    residual: float
    n: int
    k: int


def square_table(panel: Panel, full: np.ndarray) -> CrossedSquares:
    """Return the mean squares of the clips that all raters rated (McGraw & Wong, 1996, Table 3).

    Parameters
    ----------
    panel
        Ratings.
    full
        Whether each clip (n,) has a rating of every rater.
    """
    k = panel.n_raters
    table = np.empty((panel.n_clips, k))
    table[panel.clip, panel.rater] = panel.rating
    table = table[full]
    n = len(table)
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
