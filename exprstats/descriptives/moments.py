"""Moments of a variable by named types, and intervals of its means by context."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from exprstats.apa import count_things
from exprstats.descriptives.variance import VarianceCells
from exprstats.errors import OptionError
from exprstats.inference.resampling.intervals import jackknife_clusters, spread_about
from exprstats.inference.resampling.pvalues import adjust_holm
from exprstats.inference.resampling.terms import count_freedom
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
    """Return the moments of a variable's known numbers, and its range.

    That is n, mean, sd (divisor n - 1), skew and kurtosis (excess: 0 for a normal distribution) of
    the type that Joanes and Gill (1998) number, low, high, n_values (how many different ones), and
    a note on what is not defined.

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


FEWEST = 3  # people, for a test or an interval
ENOUGH = 10  # people from whom an interval can be trusted


def measure_people(cells: VarianceCells) -> Iterator[dict[str, Any]]:
    """Yield the mean of people's means in each context, and in each group there."""
    for group in (None, *(cells.groups if len(cells.groups) > 1 else ())):
        for context in cells.contexts:
            here = cells.frame[cells.frame["context"].eq(context)]
            here = here if group is None else here[here["group"].eq(group)]
            means = here["mean"].to_numpy(float)
            n = len(means)
            error = float(means.std(ddof=1) / np.sqrt(n)) if n > 1 else np.nan
            reach = float(stdtrit(n - 1, (1 + cells.level) / 2)) * error if n > 1 else np.nan
            estimate = float(means.mean()) if n else np.nan
            yield {
                **_name("mean", context, None, group, "t", n=n),
                **{"estimate": estimate, "std_error": error, "df": n - 1},
                **{"conf_low": estimate - reach, "conf_high": estimate + reach},
                "n_clips": int(here["n_clips"].sum()),
                "note": None if n > 1 else f"{count_things(n, 'person')}: no interval",
            }


def _name(
    term: str, context: str, versus: str | None, group: str | None, method: str, *, n: int
) -> dict[str, Any]:
    keys = {"term": term, "context": context or None, "versus": versus, "group": group}
    return {**keys, "method": method, "headline": method == "jackknife", "n_clusters": n}


def limit_clip_means(
    rows: pd.DataFrame, contexts: Sequence[str], groups: Sequence[str], level: float
) -> list[dict[str, Any]]:
    """Return means of clips and their differences, people left out one by one."""
    codes, people = pd.factorize(rows["subject"])
    cells = [("context", one) for one in contexts] if len(contexts) > 1 else []
    cells += [("group", one) for one in groups] if len(groups) > 1 else []
    cells = cells or [("context", contexts[0])]
    y = rows["y"].to_numpy(float)
    here = np.array([rows[key].eq(name).to_numpy(bool) for key, name in cells])
    sums = np.array([np.bincount(codes[own], y[own], len(people)) for own in here])
    counts = np.array([np.bincount(codes[own], minlength=len(people)) for own in here])
    size, present = counts.sum(axis=1), counts > 0
    theta = sums.sum(axis=1) / size
    with np.errstate(invalid="ignore", divide="ignore"):
        left_out = (sums.sum(axis=1)[:, None] - sums) / (size[:, None] - counts)
    away = np.full_like(left_out, np.nan)
    found: list[dict[str, Any]] = []
    for place, own in enumerate(present):
        key, name = cells[place]
        n = int(own.sum())
        named = (name, None, None) if key == "context" else ("", None, name)
        row = _name("mean", *named, "jackknife", n=n) | {"n_clips": int(size[place])}
        found.append(row | _interval(theta[place], left_out[place][own], n - 1, level, mean=True))
        if n >= FEWEST:
            away[place] = spread_about(theta[place], left_out[place], own) - theta[place]
    pairs = {key: [] for key in ("context", "group")}
    for one, other in combinations(range(len(cells)), 2):
        (key, name), (same, versus) = cells[one], cells[other]
        if key == same:
            both, moved = present[[one, other]], away[one] - away[other]
            named = (name, versus, None) if key == "context" else ("", versus, name)
            row = _name("difference", *named, "jackknife", n=int(both.any(axis=0).sum()))
            row |= {"n_clips": int(size[one] + size[other])}
            free = count_freedom(moved, both) if np.isfinite(moved).all() else np.nan
            estimate, least = theta[one] - theta[other], int(both.sum(axis=1).min())
            row |= _interval(estimate, estimate + moved, free, level, people=least)
            pairs[key].append(row)
    for listed in pairs.values():
        adjusted = adjust_holm(np.array([row["p_value"] for row in listed], float))
        found += [{**row, "p_adjusted": float(p)} for row, p in zip(listed, adjusted, strict=True)]
    return found


def _interval(
    estimate: float,
    left_out: np.ndarray,
    freedom: float,
    level: float,
    *,
    people: int | None = None,
    mean: bool = False,
) -> dict[str, Any]:
    """Return a cluster interval from values with people left out one by one."""
    people = len(left_out) if people is None else people
    empty = {name: np.nan for name in ("std_error", "conf_low", "conf_high", "p_value", "df")}
    if people < FEWEST or not np.isfinite(left_out).all():
        lacks = f"fewer than {FEWEST} people: no interval"
        return {"estimate": float(estimate), **empty, "note": lacks}
    one = jackknife_clusters(
        np.array([estimate]), left_out[None], level=level, freedom=np.array([freedom])
    )
    error = float(one.std_error[0])
    if error <= 1e-12 * max(float(np.abs(left_out).max()), 1e-300):
        return {"estimate": float(estimate), **empty, "note": "no spread between people"}
    return {
        "estimate": float(estimate),
        "std_error": error,
        "conf_low": float(one.conf_low[0]),
        "conf_high": float(one.conf_high[0]),
        "p_value": np.nan if mean else float(one.p_value[0]),
        "df": float(freedom),
        "statistic": np.nan if mean else float(estimate) / error,
        "note": f"only {people} people: a rough interval" if people < ENOUGH else None,
    }
