"""Engines of the one-factor model: lavaan in R, and the closed form for three items."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from exprstats import rbridge
from exprstats.errors import FitError, Problem, RError, speak
from exprstats.measurement.factor.checks import find_improper
from exprstats.measurement.factor.formulas import (
    estimate_alpha_error,
    estimate_vcov,
    find_signs,
    measure_misfit,
    solve_best,
    solve_three,
    standardize,
)
from exprstats.measurement.factor.moments import ClusterSums, Moments
from exprstats.measurement.factor.refits import jackknife_errors
from exprstats.measurement.factor.solution import Receipt, Solution, name_fit


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One fit to make.

    Attributes
    ----------
    context, part, items
        What is fitted.
    moments
        Of the complete rows; all that plain maximum likelihood needs.
    low, high
        Range of answers, shape (p,).
    estimator, missing
        As for `fit_factor`.
    answers
        The rows (n, p), where moments do not suffice.
    cluster
        Integer codes of the rows' clusters (n,), where standard errors allow for them; None
        where every cluster has one row, which lavaan refuses and ``"mlr"`` covers.
    n_clusters
        Number of clusters that standard errors allow for.
    sums
        Sums over clusters (or subjects) of several rows, for the jackknife; None without them.
    problems
        Why no factor can be fitted to these rows; empty if it can.
    """

    context: str | None
    part: str
    items: tuple[str, ...]
    moments: Moments
    low: np.ndarray
    high: np.ndarray
    estimator: str = "ml"
    missing: str = "listwise"
    answers: np.ndarray | None = None
    cluster: np.ndarray | None = None
    n_clusters: int | None = None
    sums: ClusterSums | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def name(self) -> str:
        """The rows in words, for messages."""
        return name_fit(self.context, self.part)


# A discrepancy that is smaller by less is the same maximum, found to another last digit.
_SAME = 1e-5

Engine = Callable[[Job], tuple[Solution, Receipt]]


def solve_jobs(jobs: Sequence[Job]) -> tuple[list[Solution], Receipt]:
    """Fit every job through lavaan, or of three items by the closed form where R fails."""
    try:
        return _solve_with(solve_lavaan, jobs)
    except RError as error:
        if len(jobs[0].items) != 3 or jobs[0].answers is not None:
            message = (
                f"{error} Without R only three items can be fitted, by maximum likelihood to"
                " complete and independent clips."
            )
            raise RError(message) from error
        solutions, receipt = _solve_with(solve_closed, jobs)
        return solutions, replace(receipt, reason=str(error))


def _solve_with(engine: Engine, jobs: Sequence[Job]) -> tuple[list[Solution], Receipt]:
    solutions: list[Solution] = []
    receipts: list[Receipt] = []
    call = None
    for job in jobs:
        call = None  # what is quoted as the call of all clips, the last job, is no other's
        if job.problems:
            told = ((one.column, speak(one.fact)) for one in job.problems)
            told = (f"'{column}': {fact}" if column else fact for column, fact in told)
            solutions.append(_refuse(job, " ".join(told)))
            continue
        try:
            if len(job.items) == 3 and find_improper(
                job.name, job.items, *solve_three(job.moments.covariance)
            ):
                # lavaan takes long to find three items improper, and finds the same.
                solutions.append(solve_closed(job)[0])
                continue
            solution, receipt = engine(job)
        except FitError as error:
            solutions.append(_refuse(job, str(error)))
            continue
        solutions.append(solution)
        receipts.append(receipt)
        call = receipt.call
    said = dict.fromkeys(text for receipt in receipts for text in receipt.warnings)
    last = receipts[-1] if receipts else Receipt("closed form")
    return solutions, replace(last, call=call, warnings=tuple(said))


def solve_closed(job: Job) -> tuple[Solution, Receipt]:
    """Fit three items by the closed form, with standard errors from the expected information."""
    moments, scale = rescale_moments(job.moments)
    loadings, residuals = solve_three(moments.covariance)
    vcov = estimate_vcov(loadings, residuals, moments.n)
    standard, error, residual_error = standardize(loadings, residuals, vcov)
    answer = {
        "estimate": np.concatenate([loadings, residuals, moments.mean]),
        "vcov": vcov,
        "intercept_errors": np.sqrt(np.diag(moments.covariance) / moments.n),
        "standard": standard,
        "standard_errors": error,
        "residual_errors": residual_error,
        "fit": {"df": 0.0},
        "n": moments.n,
    }
    return _build(job, answer, scale), Receipt("closed form")


def solve_lavaan(job: Job) -> tuple[Solution, Receipt]:
    """Fit one factor by maximum likelihood in lavaan, from moments where they suffice."""
    moments, scale = rescale_moments(job.moments)
    if job.answers is None:
        function, data = "fit_moments", (moments.covariance, moments.mean, moments.n)
        options: dict[str, Any] = {}
    else:
        function, data = "fit_one_factor", (job.answers / scale,)
        options = {"estimator": job.estimator.upper(), "missing": job.missing}
        options |= {} if job.cluster is None else {"cluster": job.cluster}
    value, receipt = ask_lavaan(job, function, *data, **options)
    better = _find_better(moments.covariance, value)
    if better is not None:
        again, receipt_again = ask_lavaan(job, function, *data, start=better, **options)
        if again["objective"][0] < value["objective"][0] - _SAME:
            solution = _build(job, _read(again, len(job.items)), scale)
            return replace(solution, started=True), receipt_again
    return _build(job, _read(value, len(job.items)), scale), receipt


def _find_better(covariance: np.ndarray, value: dict[str, Any]) -> np.ndarray | None:
    """Return loadings and residual variances (2p,) of a higher maximum than lavaan's, if any."""
    best = solve_best(covariance)
    if best is None:
        return None
    found = np.split(np.asarray(value["parameters"]["estimate"]), 3)[:2]
    ours, theirs = measure_misfit(
        np.stack([covariance] * 2), *(np.stack(pair) for pair in zip(best, found, strict=True))
    )
    return np.concatenate(best) if ours < theirs - _SAME else None


def ask_lavaan(
    job: Job, function: str, *data: Any, what: str = "", **options: Any
) -> tuple[dict[str, Any], Receipt]:
    """Return what lavaan found in one fit by an R function of data, and where it comes from.

    ``what`` is the model in words; by default its items. Without convergence it is a FitError.
    """
    reply = rbridge.call("measurement", function, *data, names=job.items, **options)
    if not reply.value["converged"][0]:
        message = f"{job.name}: lavaan did not converge for {what or ', '.join(job.items)}."
        raise FitError(message)
    return reply.value, Receipt("lavaan", reply.call, reply.versions, reply.warnings)


def _read(value: dict[str, Any], p: int) -> dict[str, Any]:
    standard = value["standardized"]
    return {
        "estimate": value["parameters"]["estimate"],
        "vcov": value["vcov"][: 2 * p, : 2 * p],
        "intercept_errors": value["parameters"]["std_error"][2 * p :],
        "standard": standard["estimate"][:p],
        "standard_errors": standard["std_error"][:p],
        "residual_errors": standard["std_error"][p:],
        "fit": {name: float(number[0]) for name, number in value["fit"].items()},
        "n": int(value["n"][0]),
    }


def _refuse(job: Job, flaw: str) -> Solution:
    """Return a solution without estimates, that says why."""
    p = len(job.items)
    nothing = {"estimate": np.full(3 * p, np.nan), "vcov": np.full((2 * p, 2 * p), np.nan)}
    nothing |= dict.fromkeys(
        ("intercept_errors", "standard", "standard_errors", "residual_errors"), np.full(p, np.nan)
    )
    answer = {**nothing, "fit": {"df": float(p * (p - 3) // 2)}, "n": job.moments.n}
    return replace(_build(job, answer, np.ones(p)), flaw=flaw)


def rescale_moments(moments: Moments) -> tuple[Moments, np.ndarray]:
    """Bring items of very different scales near unit variance by powers of two, which is exact."""
    spread = np.sqrt(np.diag(moments.covariance))
    scale = np.ones(len(spread))
    if spread.max() > 10 * spread.min() or spread.max() > 100 or spread.min() < 0.01:
        scale = 2.0 ** np.round(np.log2(spread))
    covariance = moments.covariance / np.outer(scale, scale)
    return replace(moments, mean=moments.mean / scale, covariance=covariance), scale


def _build(job: Job, answer: dict[str, Any], scale: np.ndarray) -> Solution:
    p = len(scale)
    loadings, residuals, intercepts = np.split(answer["estimate"], 3)
    sign = float(find_signs(answer["standard"]))
    back = np.concatenate([sign * scale, scale**2])
    improper = find_improper(job.name, job.items, loadings, residuals)
    alpha_error = np.nan
    if job.estimator == "mlr" and job.missing == "listwise" and job.answers is not None:
        keys = np.where(loadings * sign < 0, -1.0, 1.0)
        alpha_error = estimate_alpha_error(job.answers, keys, job.cluster)
    jackknife: Mapping[str, list[float]] = {}
    if job.sums is not None and not improper and np.isfinite(loadings).all():
        jackknife = {
            term: list(map(float, one)) for term, one in jackknife_errors(job.sums).items()
        }
    return Solution(
        context=job.context,
        part=job.part,
        items=job.items,
        n_clips=answer["n"],
        loadings=loadings * back[:p],
        residuals=residuals * back[p:],
        intercepts=intercepts * scale,
        vcov=answer["vcov"] * np.outer(back, back),
        intercept_errors=answer["intercept_errors"] * scale,
        standard=answer["standard"] * sign,
        standard_errors=answer["standard_errors"],
        residual_errors=answer["residual_errors"],
        covariance=job.moments.covariance,
        fit=answer["fit"],
        low=job.low,
        high=job.high,
        method="robust" if job.estimator == "mlr" else "ml",
        missing=job.missing,
        n_clusters=job.n_clusters,
        flaw=" ".join(improper),
        alpha_error=alpha_error,
        jackknife=jackknife,
        n_subjects=len(job.sums.patterns[0][1]) if jackknife and job.sums else None,
    )
