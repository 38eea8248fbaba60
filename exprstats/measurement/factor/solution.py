"""The solution of one factor model: estimates, rows and sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtrit

from exprstats.apa import (
    count_things,
    tell_p,
    write_count,
    write_interval,
    write_level,
    write_number,
)
from exprstats.contracts import arrange_rows
from exprstats.document.text import join_words
from exprstats.measurement.factor.formulas import (
    compute_alpha,
    compute_ave,
    compute_determinacy,
    compute_omega,
    propagate_error,
)

KEYS = ("context", "part", "term", "item")
UNTESTABLE = "fit cannot be tested with three items (df = 0)"
CONSISTENCY = "internal consistency of the items' means"
FEW = 10
UNFITTED = "no interval over subjects: without one of them no factor fits"
# The range of each estimate: limits of the jackknife that lie beyond are printed at its end.
_RANGES = {
    "loading": (-1.0, 1.0),
    **dict.fromkeys(("residual", "r_squared", "omega", "ave", "determinacy"), (0.0, 1.0)),
    "residual_raw": (0.0, np.inf),
    "alpha": (-np.inf, 1.0),
}
# lavaan's names of fit indices under a robust test.
VARIANTS = ("", "scaled", "robust", "unscaled")
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
    flaw
        Why there are no scores: the fit was refused or failed, or a residual variance is not
        positive; empty where nothing is wrong.
    alpha_error
        Standard error of α without normality; NaN where normal theory serves.
    jackknife, n_subjects
        Standard errors of each term over leave-one-subject-out samples, and the number of
        subjects; empty and None where subjects are not known, or have one clip each.
    started
        Whether lavaan was given starting values, since its own ended at a lower maximum.
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
    flaw: str = ""
    alpha_error: float = float("nan")
    jackknife: Mapping[str, Sequence[float]] = field(default_factory=dict)
    n_subjects: int | None = None
    started: bool = False

    @property
    def reversed_items(self) -> list[str]:
        """The items that load against the others."""
        return [item for item, one in zip(self.items, self.standard, strict=True) if one < 0]

    @property
    def df(self) -> int:
        """Degrees of freedom of the model test."""
        return int(self.fit["df"])

    @property
    def name(self) -> str:
        """The rows in words, for messages."""
        return name_fit(self.context, self.part)


def name_fit(context: str | None, part: str = "all") -> str:
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
        The R call of the fit of all clips; None without R, or where they have no such fit.
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


def list_solution_rows(solutions: Sequence[Solution], level: float) -> pd.DataFrame:
    """Return one row for each estimate of each solution, limits at the level."""
    rows = [
        {"context": one.context, "part": one.part, **_count(one), **row}
        for one in solutions
        for row in _list_solution(one, level)
    ]
    frame = arrange_rows([{"item": None, "note": None, **row} for row in rows], KEYS)
    return frame.astype({name: object for name in ("context", "item", "note")})


def _count(one: Solution) -> dict[str, Any]:
    counts: dict[str, Any] = {"method": one.method, "headline": True, "n_clips": one.n_clips}
    return counts if one.n_clusters is None else {**counts, "n_clusters": one.n_clusters}


def _list_solution(one: Solution, level: float) -> Iterator[dict[str, Any]]:
    """Return each estimate's rows: by the jackknife where there is one, and by the model."""
    flaw = {"note": one.flaw} if one.flaw else {}
    for row in _list_estimates(one, level):
        errors = one.jackknife.get(row["term"])
        if errors is None:
            yield {**row, **(flaw if row["term"] != "df" else {})}
            continue
        error = errors[one.items.index(row["item"])] if row["item"] else errors[0]
        if not np.isfinite(error):
            yield {**row, "note": UNFITTED}
            continue
        groups = one.n_subjects or 0
        few = f"{count_things(groups, 'subject is', 'subjects are')} too few"
        yield {
            **row,
            **_limit_jackknife(row["term"], row["estimate"], error, level, groups),
            "method": "jackknife",
            "n_clusters": one.n_subjects,
            "note": few if groups < FEW else None,
        }
        yield {**row, "headline": False}


def _limit_jackknife(
    term: str, estimate: float, error: float, level: float, groups: int
) -> dict[str, float]:
    """Return an estimate with its limits by t on G − 1 degrees of freedom, inside its range."""
    reach = float(stdtrit(groups - 1, 0.5 + level / 2)) * error
    lowest, highest = _RANGES.get(term, (-np.inf, np.inf))
    return {
        "std_error": float(error),
        "conf_low": float(np.maximum(estimate - reach, lowest)),
        "conf_high": float(np.minimum(estimate + reach, highest)),
    }


def _list_estimates(one: Solution, level: float) -> Iterator[dict[str, Any]]:
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
    whole = {"item": None}
    for term, formula in _COMPOSITES.items():
        value = error = float("nan")
        if not one.flaw:
            value = formula(parameters)
            error = propagate_error(formula, parameters, one.vcov)
        yield {**whole, "term": term, **limit_estimate(value, error, level)}
    keys = np.where(one.standard < 0, -1.0, 1.0)
    alpha, error = compute_alpha(one.covariance * np.outer(keys, keys), one.n_clips)
    note = None
    if one.method == "robust":
        error = one.alpha_error
    if one.missing == "fiml":
        error = float("nan")
        note = "limits for incomplete clips: bootstrap_factor"
    yield {**whole, "term": "alpha", **limit_estimate(alpha, error, level), "note": note}
    yield from ({**whole, **row} for row in list_fit(one.df, one.fit))


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


def name_variants(fit: Mapping[str, float]) -> dict[str, str]:
    """Return lavaan's words for χ², CFI and RMSEA: "" (plain), scaled, robust, unscaled."""
    return {
        term: VARIANTS[int(fit.get(f"variant.{term}", 0))] for term in ("chisq", "cfi", "rmsea")
    }


def list_fit(df: int, fit: Mapping[str, float]) -> Iterator[dict[str, Any]]:
    """Fit measures; none with df = 0, where any would look perfect and mean nothing."""
    yield {"term": "df", "estimate": float(df), "note": None if df else UNTESTABLE}
    if not df or "chisq" not in fit:
        return
    notes = {term: name or None for term, name in name_variants(fit).items()}
    test = {"estimate": fit["chisq"], "p_value": fit["pvalue"]}
    yield {"term": "chisq", **test, "note": notes["chisq"]}
    for term in ("cfi", "tli"):
        yield {"term": term, "estimate": fit[term], "note": notes["cfi"]}
    yield {"term": "srmr", "estimate": fit["srmr"]}
    yield {
        "note": notes["rmsea"],
        "term": "rmsea",
        "estimate": fit["rmsea"],
        "conf_low": fit["rmsea.ci.lower"],
        "conf_high": fit["rmsea.ci.upper"],
        "level": 0.9,
    }


def write_sentence(
    table: pd.DataFrame, solutions: Sequence[Solution], receipt: Receipt, notes: Sequence[str]
) -> str:
    """Return the fit on all clips in APA style, followed by its notes."""
    whole = [one for one in solutions if one.part == "all"]
    pooled = next(one for one in whole if one.context is None)
    contexts = len(whole) - 1
    where = ""
    if contexts:
        each = ", and to each context" if contexts > 1 else ""
        where = f" in {count_things(contexts, 'context')}{each}"
    rows = table[(table["part"] == "all") & table["headline"]]
    loadings = rows[rows["term"] == "loading"]["estimate"].dropna()
    omega = rows[(rows["term"] == "omega") & rows["context"].isna()].iloc[0]
    said = [
        f"A one-factor model of {len(pooled.items)} items ({', '.join(pooled.items)}) was fitted by"
        f" {_name_method(pooled)} ({receipt.describe()}) to {write_count(pooled.n_clips)}"
        f" clips{where}.",
        f"Standardized loadings ranged from {write_number(loadings.min(), bounded=True)} to"
        f" {write_number(loadings.max(), bounded=True)}.",
        _write_omega(omega, pooled, contexts),
    ]
    if pooled.df and "chisq" in pooled.fit:
        said.append(write_fit(pooled.df, pooled.fit))
    return " ".join([*said, *notes])


def _write_omega(omega: pd.Series, pooled: Solution, contexts: int) -> str:
    of_all = " (all clips)" if contexts else ""
    if np.isnan(omega["estimate"]):
        return f"The {CONSISTENCY}{of_all} is not defined."
    turned = ""
    if pooled.reversed_items:
        named = join_words([f"'{item}'" for item in pooled.reversed_items])
        turned = f", with {named} reversed,"
    limits = write_interval(float(omega["conf_low"]), float(omega["conf_high"]), bounded=True)
    over = ""
    if omega["method"] == "jackknife":
        over = f" over {count_things(int(omega['n_clusters']), 'subject')}"
    return (
        f"The {CONSISTENCY}{turned} was ω = {write_number(omega['estimate'], bounded=True)},"
        f" {write_level(omega['level'])} CI {limits}{over}{of_all}."
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
    words = {term: f"{name} " if name else "" for term, name in name_variants(fit).items()}
    return (
        f"Fit: {words['chisq']}χ²({df}) = {write_number(fit['chisq'])}, p {tell_p(fit['pvalue'])},"
        f" {words['cfi']}CFI = {write_number(fit['cfi'], 3, bounded=True)},"
        f" {words['rmsea']}RMSEA = {write_number(fit['rmsea'], 3, bounded=True)}, 90% CI {limits},"
        f" SRMR = {write_number(fit['srmr'], 3, bounded=True)}."
    )
