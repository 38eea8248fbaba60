"""One-way mean squares and intraclass correlations of unbalanced ratings, on arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


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


def find_mean_squares(moments: np.ndarray) -> MeanSquares:
    """Return the one-way mean squares of moments (6,) or (G, 6), as `add_moments` gives them."""
    clips, ratings, squares, total, between, within = moments.T
    df_between, df_within = clips - 1, ratings - clips
    with np.errstate(divide="ignore", invalid="ignore"):
        msb = np.where(df_between > 0, (between - total**2 / ratings) / df_between, np.nan)
        msw = np.where(df_within > 0, within / df_within, np.nan)
        n0 = (ratings - squares / ratings) / df_between
    return MeanSquares(msb, msw, n0, df_between, df_within)


def find_reliability(squares: MeanSquares) -> np.ndarray:
    """Return ICC(k) with k = n0, 1 − MSW/MSB (Shrout & Fleiss, 1979); −∞ where MSB = 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return 1 - squares.within / squares.between


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
    """Return the numbers of raters for which ICC(k) is given, by rule.

    Parameters
    ----------
    counts
        Ratings of each clip (n,).

    Returns
    -------
    dict
        ``{"all": k}`` where every clip has k ratings; else ``harmonic`` (the reliability of the
        clip means that are analysed next), ``n0`` (1 − MSW/MSB) and ``mean``.

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
    return {
        "harmonic": find_usual_divisor(counts),
        "n0": float(n0),
        "mean": float(counts.mean()),
    }
