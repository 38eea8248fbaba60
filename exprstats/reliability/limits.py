"""Limits of reliabilities: the F interval, and how limits travel between numbers of raters."""

from __future__ import annotations

import math

from scipy.special import fdtri


def find_f_limits(
    ratio: float, df_signal: float, df_error: float, level: float
) -> tuple[float, float]:
    """Return limits of 1 − 1/F, the reliability of means, from an F ratio.

    Exact for balanced, normal ratings of independent clips (Shrout & Fleiss, 1979; McGraw & Wong,
    1996, Table 7).

    Parameters
    ----------
    ratio
        Mean square of the signal over that of the error.
    df_signal, df_error
        Their degrees of freedom.
    level
        Confidence level, such as .95.

    Examples
    --------
    >>> [round(limit, 3) for limit in find_f_limits(1 / (1 + 1.010), 34, 70, 0.95)]
    [-2.509, -0.084]
    """
    upper_tail = (1 + level) / 2
    low = ratio / fdtri(df_signal, df_error, upper_tail)
    high = ratio * fdtri(df_error, df_signal, upper_tail)
    return float(1 - 1 / low), float(1 - 1 / high)


def move_reliability(value: float, from_k: float, to_k: float) -> float:
    """Return the reliability of the mean of ``to_k`` ratings, given that of ``from_k``.

    The Spearman–Brown formula between any two numbers of raters. A value so low that no positive
    variance could give it goes to −∞; one so high that none could, to ∞.

    Examples
    --------
    >>> round(move_reliability(0.6, 1, 3), 4), round(move_reliability(0.8182, 3, 1), 4)
    (0.8182, 0.6)
    >>> move_reliability(-0.6, 1, 3)
    -inf
    """
    if math.isinf(value) and value < 0:
        return -to_k / (from_k - to_k) if from_k > to_k else -math.inf
    share = from_k - (from_k - to_k) * value
    if share <= 0:
        return math.copysign(math.inf, value)
    return to_k * value / share


def move_error(error: float, value: float, from_k: float, to_k: float) -> float:
    """Return the delta-method standard error of a moved reliability."""
    share = from_k - (from_k - to_k) * value
    return error * to_k * from_k / share**2
