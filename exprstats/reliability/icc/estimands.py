"""Coefficients as data: signal, error set and divisors, with their F limits."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import fdtri

from exprstats.inference.resampling.pvalues import TIE
from exprstats.options import IccModel

Components = Mapping[str, np.ndarray | float]


@dataclass(frozen=True, slots=True)
class Estimand:
    """A reliability: variance of the signal over itself plus the errors that stay in the mean.

    Attributes
    ----------
    family
        Letter of the coefficient in the notation of McGraw and Wong (1996): ``1``, ``A``, ``C``.
    signal
        Component whose differences are to be told apart.
    errors
        Each component that disturbs, and the name of the number that divides it: ``k`` raters a
        clip, ``m`` clips a subject, ``ks`` effective raters a subject, ``mk`` ratings a subject.
    meaning
        What the coefficient tells, in words.
    """

    family: str
    signal: str
    errors: Mapping[str, str]
    meaning: str

    def name_term(self, *, averaged: bool) -> str:
        """Return the coefficient's name for one rating or for a mean."""
        return f"ICC({self.family},{'k' if averaged else '1'})"


ONE_WAY = Estimand(
    "1",
    "clip",
    {"error": "k"},
    "how well clips are told apart when each may have raters of its own",
)
AGREEMENT = Estimand(
    "A",
    "clip",
    {"rater": "k", "residual": "k"},
    "how well clips are told apart when it matters that raters use the same values",
)
CONSISTENCY = Estimand(
    "C", "clip", {"residual": "k"}, "how well clips are ranked when all clips have the same raters"
)
CLIP_NESTED = Estimand(
    "clip",
    "clip_total",
    {"rater": "k", "residual": "k"},
    "how well clips are told apart, whoever is seen in them",
)
WITHIN_NESTED = Estimand(
    "within",
    "clip",
    {"rater": "k", "residual": "k"},
    "how well the clips of one subject are told apart",
)
SUBJECT_NESTED = Estimand(
    "subject",
    "subject",
    {"clip": "m", "rater": "ks", "residual": "mk"},
    "how well subjects are told apart by the mean of all their ratings",
)


# What tells clips apart under each model: the estimands of errors and of differences.
ESTIMANDS: dict[IccModel, tuple[Estimand, ...]] = {
    "one-way": (ONE_WAY,),
    "two-way": (AGREEMENT, CONSISTENCY),
    "nested": (CLIP_NESTED,),
}


def measure_estimand(
    estimand: Estimand, components: Components, divisors: Mapping[str, float]
) -> np.ndarray:
    """Return signal / (signal + Σ error / divisor); −∞ where the sum is not positive.

    Parameters
    ----------
    estimand
        What to measure.
    components
        Variances by name, numbers or arrays of one shape.
    divisors
        The numbers that divide errors, by name; those not named are 1.

    Examples
    --------
    >>> components = {"clip": 2.5556, "rater": 5.2444, "residual": 1.0194}
    >>> round(float(measure_estimand(AGREEMENT, components, {"k": 4})), 2)
    0.62
    >>> round(float(measure_estimand(CONSISTENCY, components, {})), 2)
    0.71
    """
    signal = np.asarray(components[estimand.signal], float)
    noise = sum(
        np.asarray(components[name], float) / divisors.get(divisor, 1.0)
        for name, divisor in estimand.errors.items()
    )
    total = signal + noise
    # Where signal and errors cancel, what is left is rounding and no variance to divide by.
    size = np.abs(signal) + sum(np.abs(components[name]) for name in estimand.errors)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where(total > TIE * size, signal / total, -np.inf)
    return np.where(np.isnan(total), np.nan, found)


def clean_components(components: Mapping[str, float]) -> dict[str, float]:
    """Set to 0 a component that rounding alone keeps from it."""
    floor = 1e-14 * sum(abs(value) for value in components.values())
    return {name: 0.0 if abs(value) <= floor else value for name, value in components.items()}


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
        fewer = from_k > to_k and not math.isclose(from_k, to_k)
        return -to_k / (from_k - to_k) if fewer else -math.inf
    share = from_k - (from_k - to_k) * value
    if share <= 0:
        return math.copysign(math.inf, value)
    return to_k * value / share


def move_error(error: float, value: float, from_k: float, to_k: float) -> float:
    """Return the delta-method standard error of a moved reliability."""
    share = from_k - (from_k - to_k) * value
    return error * to_k * from_k / share**2
