"""The solution of one factor model: estimates, rows and sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from exprstats.apa import tell_p, write_count, write_interval, write_level, write_number
from exprstats.contracts import arrange_rows
from exprstats.measurement.factor.formulas import (
    compute_alpha,
    compute_ave,
    compute_determinacy,
    compute_omega,
    propagate_error,
)

KEYS = ("context", "part", "term", "item")
UNTESTABLE = "fit cannot be tested with three items (df = 0)"
_COMPOSITES: dict[str, Callable[[np.ndarray], float]] = {
    "omega": compute_omega,
    "ave": compute_ave,
    "determinacy": compute_determinacy,
}


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """Estimates of one fit, in the units of the items; the factor has variance 1.

    Attributes
    ----------
    context, part
        The rows it was fitted on: a context or None for all, ``"train"`` or ``"all"``.
    items
        Names of the p items.
    n_clips
        Complete rows.
    loadings, residuals, intercepts
        Shape (p,).
    vcov
        Covariance (2p, 2p) of the estimated loadings and residuals.
    intercept_errors
        Standard errors of the intercepts, shape (p,).
    standard, standard_errors, residual_errors
        Standardised loadings, their standard errors, and those of the standardised residuals
        1 − λ², shape (p,).
    covariance
        Of the items over complete rows, shape (p, p), divisor n.
    fit
        ``df``, and where it is above 0 ``chisq pvalue cfi tli rmsea rmsea.ci.lower
        rmsea.ci.upper srmr``.
    low, high
        Smallest and largest answer to each item that the items allow, shape (p,).
    method
        ``"ml"``, or ``"robust"`` where standard errors and test do not lean on normality.
    missing
        ``"listwise"``, or ``"fiml"``: a clip that lacks items counts with those it has.
    n_clusters
        Clusters that the standard errors allow for; None where clips count as independent.
    """

    context: str | None
    part: str
    items: tuple[str, ...]
    n_clips: int
    loadings: np.ndarray
    residuals: np.ndarray
    intercepts: np.ndarray
    vcov: np.ndarray
    intercept_errors: np.ndarray
    standard: np.ndarray
    standard_errors: np.ndarray
    residual_errors: np.ndarray
    covariance: np.ndarray
    fit: Mapping[str, float]
    low: np.ndarray
    high: np.ndarray
    method: str = "ml"
    missing: str = "listwise"
    n_clusters: int | None = None

    @property
    def df(self) -> int:
        """Degrees of freedom of the model test."""
        return int(self.fit["df"])

    @property
    def name(self) -> str:
        """The rows in words, for messages."""
        return name_rows(self.context, self.part)


def name_rows(context: str | None, part: str = "all") -> str:
    """Return the rows of a fit in words, for messages."""
    where = f"context '{context}'" if context is not None else "all clips"
    return f"{where} of training subjects" if part == "train" else where


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where the numbers come from.

    Attributes
    ----------
    engine
        ``"lavaan"`` or ``"closed form"``.
    call
        The R call of the last fit, that of all clips; None without R.
    versions
        Of R and lavaan; empty without R.
    warnings
        What R warned of, with the items' names.
    reason
        Why R was not used; empty where it was.
    """

    engine: str
    call: str | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    reason: str = ""

    def list_versions(self) -> dict[str, str | None]:
        """Return the versions of lavaan and of R, as columns of a glance."""
        return {"lavaan": self.versions.get("lavaan"), "r": self.versions.get("R")}

    def describe(self) -> str:
        """Return the engine with its versions."""
        if self.engine != "lavaan":
            return self.engine
        return f"lavaan {self.versions.get('lavaan', '')}, R {self.versions.get('R', '')}"


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


def list_notes(solutions: Sequence[Solution], receipt: Receipt) -> tuple[str, ...]:
    """Return what must stand beside the numbers, the most important first."""
    notes = []
    if receipt.reason:
        notes.append(
            f"R was not used: the estimates come from the closed form for three items, which is"
            f" the same maximum likelihood solution. The reason: {receipt.reason.rstrip('.')}."
        )
    if solutions[0].df == 0:
        notes.append(f"{UNTESTABLE[0].upper()}{UNTESTABLE[1:]}; no fit indices are given.")
    if any(one.part == "train" for one in solutions):
        notes.append(
            "The scores come from the fit on training subjects; the loadings in the sentence from"
            " the fit on all clips."
        )
    return tuple(notes)


def write_sentence(
    table: pd.DataFrame, solutions: Sequence[Solution], receipt: Receipt, notes: Sequence[str]
) -> str:
    """Return the fit on all clips in APA style, followed by its notes."""
    whole = [one for one in solutions if one.part == "all"]
    pooled = next(one for one in whole if one.context is None)
    contexts = len(whole) - 1
    where = f" in {contexts} contexts, and to each context" if contexts else ""
    rows = table[table["part"] == "all"]
    loadings = rows[rows["term"] == "loading"]["estimate"]
    omega = rows[(rows["term"] == "omega") & rows["context"].isna()].iloc[0]
    value, low, high = (
        write_number(omega["estimate"], bounded=True),
        float(omega["conf_low"]),
        float(omega["conf_high"]),
    )
    return " ".join(
        [
            f"A one-factor model of {len(pooled.items)} items ({', '.join(pooled.items)}) was"
            f" fitted by {_name_method(pooled)} ({receipt.describe()}) to"
            f" {write_count(pooled.n_clips)} clips{where}.",
            f"Standardized loadings ranged from {write_number(loadings.min(), bounded=True)} to"
            f" {write_number(loadings.max(), bounded=True)}; the composite's reliability was"
            f" ω = {value}, {write_level(omega['level'])} CI"
            f" {write_interval(low, high, bounded=True)}{' (all clips)' if contexts else ''}.",
            *([write_fit(pooled.df, pooled.fit)] if pooled.df else []),
            *notes,
        ]
    )


def _name_method(one: Solution) -> str:
    full = "full-information " if one.missing == "fiml" else ""
    if one.n_clusters is not None:
        return (
            f"{full}maximum likelihood with standard errors that allow for"
            f" {write_count(one.n_clusters)} clusters"
        )
    robust = " with robust standard errors" if one.method == "robust" else ""
    return f"{full}maximum likelihood{robust}"


def write_fit(df: int, fit: Mapping[str, float]) -> str:
    """Return the fit of a model in APA style."""
    limits = write_interval(fit["rmsea.ci.lower"], fit["rmsea.ci.upper"], 3, bounded=True)
    return (
        f"Fit: χ²({df}) = {write_number(fit['chisq'])}, p {tell_p(fit['pvalue'])},"
        f" CFI = {write_number(fit['cfi'], 3, bounded=True)},"
        f" RMSEA = {write_number(fit['rmsea'], 3, bounded=True)}, 90% CI {limits},"
        f" SRMR = {write_number(fit['srmr'], 3, bounded=True)}."
    )
