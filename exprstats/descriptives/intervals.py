"""Intervals of means by context: t intervals of people's means, cluster intervals of clips."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from exprstats.apa import count_things
from exprstats.descriptives.variance import Cells
from exprstats.inference.resampling.intervals import jackknife_clusters, spread_about
from exprstats.inference.resampling.pvalues import adjust_holm
from exprstats.inference.resampling.terms import count_freedom

FEWEST = 3  # people, for a test or an interval
ENOUGH = 10  # people from whom an interval can be trusted


def measure_people(cells: Cells) -> Iterator[dict[str, Any]]:
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


def measure_clips(
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
