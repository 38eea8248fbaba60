"""A solution as tidy rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from exprstats.measurement.composites import (
    compute_alpha,
    compute_ave,
    compute_determinacy,
    compute_omega,
    propagate_error,
)
from exprstats.measurement.solution import Solution
from exprstats.tables import arrange_rows

KEYS = ("context", "part", "term", "item")
UNTESTABLE = "fit cannot be tested with three items (df = 0)"
_COMPOSITES: dict[str, Callable[[np.ndarray], float]] = {
    "omega": compute_omega,
    "ave": compute_ave,
    "determinacy": compute_determinacy,
}


def list_rows(solutions: Sequence[Solution], level: float) -> pd.DataFrame:
    """Return one row for each estimate of each solution, limits at the level."""
    rows = [
        {"context": one.context, "part": one.part, **row, **_count(one)}
        for one in solutions
        for row in _list_solution(one, level)
    ]
    frame = arrange_rows([{"item": None, "note": None, **row} for row in rows], KEYS)
    return frame.astype({name: object for name in ("context", "item", "note")})


def _count(one: Solution) -> dict[str, Any]:
    counts: dict[str, Any] = {"method": one.method, "n_clips": one.n_clips}
    return counts if one.n_clusters is None else {**counts, "n_clusters": one.n_clusters}


def _list_solution(one: Solution, level: float) -> Iterator[dict[str, Any]]:
    p = len(one.items)
    raw = np.sqrt(np.diag(one.vcov))
    squared = one.standard**2
    per_item = {
        "loading": (one.standard, one.standard_errors),
        "residual": (1 - squared, one.residual_errors),
        "r_squared": (squared, one.residual_errors),
        "loading_raw": (one.loadings, raw[:p]),
        "residual_raw": (one.residuals, raw[p:]),
        "intercept": (one.intercepts, one.intercept_errors),
    }
    for term, (estimates, errors) in per_item.items():
        for item, estimate, error in zip(one.items, estimates, errors, strict=True):
            yield {"term": term, "item": item, **limit_estimate(estimate, error, level)}
    parameters = np.concatenate([one.loadings, one.residuals])
    for term, formula in _COMPOSITES.items():
        error = propagate_error(formula, parameters, one.vcov)
        yield {"term": term, **limit_estimate(formula(parameters), error, level)}
    alpha, error = compute_alpha(one.covariance, one.n_clips)
    note = None
    if one.n_clusters or one.missing == "fiml":
        error = float("nan")
        note = "limits for clustered or incomplete clips: bootstrap_factor"
    yield {"term": "alpha", **limit_estimate(alpha, error, level), "note": note}
    yield from list_fit(one.df, one.fit)


def limit_estimate(estimate: float, error: float, level: float) -> dict[str, float]:
    """Return an estimate with its standard error and normal limits."""
    z = float(ndtri(0.5 + level / 2))
    return {
        "estimate": float(estimate),
        "std_error": float(error),
        "conf_low": float(estimate - z * error),
        "conf_high": float(estimate + z * error),
        "level": level,
    }


def list_fit(df: int, fit: Mapping[str, float]) -> Iterator[dict[str, Any]]:
    """Fit measures; none with df = 0, where any would look perfect and mean nothing."""
    yield {"term": "df", "estimate": float(df), "note": None if df else UNTESTABLE}
    if not df:
        return
    yield {"term": "chisq", "estimate": fit["chisq"], "p_value": fit["pvalue"]}
    for term in ("cfi", "tli", "srmr"):
        yield {"term": term, "estimate": fit[term]}
    yield {
        "term": "rmsea",
        "estimate": fit["rmsea"],
        "conf_low": fit["rmsea.ci.lower"],
        "conf_high": fit["rmsea.ci.upper"],
        "level": 0.9,
    }
