"""Moments of a variable: mean, SD, skewness and excess kurtosis of a named type."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from exprstats.errors import OptionError
from exprstats.options import tell_kind

SkewType = Literal[1, 2, 3]
# What programs print: type 2 is that of SPSS, SAS, Excel and pandas, 3 that of psych in R.
SKEW_NAMES = {
    1: "type 1, g1 and g2, of the sample's own moments",
    2: "type 2, G1 and G2, as SPSS, SAS and Excel print them",
    3: "type 3, b1 and b2, as psych::describe in R prints them",
}
_ROUNDING = 1e-13  # spread so small beside the values is that of their rounding


def check_skew_type(skew_type: int) -> None:
    """Refuse a type of skewness that is not known."""
    if isinstance(skew_type, bool) or skew_type not in list(SKEW_NAMES):
        shown = tell_kind(skew_type)
        message = f"skew_type {shown} is not known; it can be 1, 2 (SPSS, SAS) or 3 (psych)."
        raise OptionError(message)


def measure_moments(values: np.ndarray, skew_type: SkewType = 2) -> dict[str, Any]:
    """Return the moments of a variable, and its range.

    Parameters
    ----------
    values
        Numbers (n,); missing ones are left out.
    skew_type
        The type of skewness and kurtosis, as Joanes and Gill (1998) number them.

    Returns
    -------
    dict
        n, mean, sd (divisor n - 1), skew, kurtosis (excess: 0 for a normal distribution), low,
        high, n_values (how many different ones), and a note on what is not defined.

    Notes
    -----
    With mₖ the central moments (divisor n), g1 = m3/m2^1.5 and g2 = m4/m2² - 3. Type 2 corrects
    them so that both are unbiased for a normal distribution: G1 = g1·√(n(n - 1))/(n - 2) and
    G2 = (n - 1)/((n - 2)(n - 3))·((n + 1)·g2 + 6). Type 3 has the SD of divisor n - 1 in place of
    √m2: b1 = g1·((n - 1)/n)^1.5 and b2 = (g2 + 3)·((n - 1)/n)² - 3.

    References
    ----------
    Joanes, D. N., & Gill, C. A. (1998). Comparing measures of sample skewness and kurtosis.
    *Journal of the Royal Statistical Society: Series D, 47*, 183-189.

    Examples
    --------
    >>> found = measure_moments(np.array([1.0, 2.0, 3.0, 10.0]))
    >>> round(found["mean"], 2), round(found["skew"], 3), round(found["kurtosis"], 3)
    (4.0, 1.764, 3.228)
    """
    x = values[~np.isnan(values)].astype(float)
    n = len(x)
    found: dict[str, Any] = {"n": n}
    found |= dict.fromkeys(("mean", "sd", "skew", "kurtosis", "low", "high"), np.nan)
    found |= {"n_values": len(np.unique(x)), "note": None}
    if n == 0:
        return found | {"note": "no value is known"}
    mean = float(x.mean())
    found |= {"mean": mean, "low": float(x.min()), "high": float(x.max())}
    away = x - mean
    m2, m3, m4 = (float((away**power).mean()) for power in (2, 3, 4))
    flat = m2 <= (_ROUNDING * max(float(np.abs(x).max()), 1e-300)) ** 2
    if n > 1:
        found["sd"] = 0.0 if flat else float(np.sqrt(m2 * n / (n - 1)))
    if flat:
        told = "one value only" if n > 1 else "a single observation"
        return found | {"note": f"{told}: no skewness or kurtosis"}
    g1, g2 = m3 / m2**1.5, m4 / m2**2 - 3
    if skew_type == 1:
        return found | {"skew": g1, "kurtosis": g2}
    if skew_type == 3:
        shrunk = (n - 1) / n
        return found | {"skew": g1 * shrunk**1.5, "kurtosis": (g2 + 3) * shrunk**2 - 3}
    if n > 2:
        found["skew"] = float(g1 * np.sqrt(n * (n - 1)) / (n - 2))
    if n > 3:
        found["kurtosis"] = (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * g2 + 6)
    lacks = "kurtosis needs 4 values" if n > 2 else "skewness needs 3 values, kurtosis 4"
    return found | {"note": None if n > 3 else lacks}


def count_values(values: np.ndarray, edges: np.ndarray | None = None) -> list[dict[str, Any]]:
    """Return how often each value stands, or how many lie in each bin where edges are given.

    Examples
    --------
    >>> [(row["low"], row["n"]) for row in count_values(np.array([1.0, 1.0, 3.0]))]
    [(1.0, 2), (3.0, 1)]
    """
    x = values[~np.isnan(values)]
    total = max(len(x), 1)
    if edges is None:
        levels, counts = np.unique(x, return_counts=True)
        bounds = [(float(level), float(level)) for level in levels]
    else:
        counts, _ = np.histogram(x, bins=edges)
        bounds = list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))
    return [
        {"low": low, "high": high, "n": int(count), "share": int(count) / total}
        for (low, high), count in zip(bounds, counts, strict=True)
    ]


MOST_VALUES = 15  # different ones that are counted one by one
BINS = 20


def find_edges(values: np.ndarray) -> np.ndarray | None:
    """Return the edges of bins for a variable with many different values; None where it has few."""
    x = values[~np.isnan(values)]
    if len(np.unique(x)) <= MOST_VALUES:
        return None
    return np.linspace(x.min(), x.max(), BINS + 1)
