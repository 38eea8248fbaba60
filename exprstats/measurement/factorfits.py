"""Fits of several correlated factors, as numbers and as rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from exprstats.measurement.composites import compute_omega, propagate_error
from exprstats.measurement.engines import Job, ask_lavaan
from exprstats.measurement.itemsets import ItemSet
from exprstats.measurement.normal import weigh_bartlett
from exprstats.measurement.rows import limit_estimate, list_fit
from exprstats.measurement.solution import Receipt


@dataclass(frozen=True, slots=True, eq=False)
class FactorsFit:
    """One fit of several factors, each meaning more of what its items measure.

    Attributes
    ----------
    context, n_clips
        The rows.
    loads, rests
        Loadings and residual variances, shape (4, p): estimates, their standard errors,
        standardised estimates, theirs.
    means
        Intercepts and their standard errors, shape (2, p).
    pairs
        First and second factor, their correlation, its standard error.
    vcov
        Of loadings and residual variances, shape (2p, 2p).
    fit
        As of `Solution`.
    receipt
        Where it comes from.
    """

    context: str | None
    n_clips: int
    loads: np.ndarray
    rests: np.ndarray
    means: np.ndarray
    pairs: list[tuple[int, int, float, float]]
    vcov: np.ndarray
    fit: dict[str, float]
    receipt: Receipt


def solve_factors(job: Job, groups: Mapping[str, tuple[str, ...]]) -> FactorsFit:
    """Fit correlated factors to the moments of a job through lavaan.

    Raises
    ------
    FitError
        lavaan did not converge.
    """
    moments = job.moments
    places = list_places(groups)
    numbers = [np.array(one) + 1 for one in places]
    data = (moments.covariance, moments.mean, moments.n, numbers)
    value, receipt = ask_lavaan(job, "fit_factors", *data, what=f"{len(groups)} factors")
    return _read_fit(job, value, places, receipt)


def _read_fit(
    job: Job, value: Mapping[str, Any], places: Sequence[list[int]], receipt: Receipt
) -> FactorsFit:
    columns = ("estimate", "std_error", "standardized", "standardized_error")
    loads, rests = (
        np.array([value[kind][name] for name in columns]) for kind in ("loadings", "residuals")
    )
    signs = [-1.0 if loads[2, one].sum() < 0 else 1.0 for one in places]
    by_item = np.repeat(signs, [len(one) for one in places])
    loads[[0, 2]] *= by_item
    flips = np.concatenate([by_item, np.ones(len(by_item))])
    found = value["correlations"]
    pairs = []
    for place, (first, second) in enumerate(zip(found["first"], found["second"], strict=True)):
        one, other = int(first) - 1, int(second) - 1
        correlation = float(found["estimate"][place] * signs[one] * signs[other])
        pairs.append((one, other, correlation, float(found["std_error"][place])))
    return FactorsFit(
        context=job.context,
        n_clips=job.moments.n,
        loads=loads,
        rests=rests,
        means=np.array([value["intercepts"][name] for name in columns[:2]]),
        pairs=pairs,
        vcov=value["vcov"] * np.outer(flips, flips),
        fit={name: float(number[0]) for name, number in value["fit"].items()},
        receipt=receipt,
    )


def list_places(groups: Mapping[str, tuple[str, ...]]) -> list[list[int]]:
    """Return the places of each factor's items among all items."""
    ends = np.cumsum([len(one) for one in groups.values()])
    return [
        list(range(end - len(one), end)) for end, one in zip(ends, groups.values(), strict=True)
    ]


def list_rows(
    fit: FactorsFit, groups: Mapping[str, tuple[str, ...]], level: float
) -> Iterator[dict[str, Any]]:
    """Return the tidy rows of a fit."""
    whole = {"context": fit.context, "method": "ml", "n_clips": fit.n_clips}
    names = list(groups)
    kinds = {
        "loading": fit.loads[2:],
        "residual": fit.rests[2:],
        "loading_raw": fit.loads[:2],
        "residual_raw": fit.rests[:2],
        "intercept": fit.means,
    }
    for name, places in zip(names, list_places(groups), strict=True):
        own = {**whole, "factor": name}
        for term, (estimates, errors) in kinds.items():
            for item, place in zip(groups[name], places, strict=True):
                found = limit_estimate(estimates[place], errors[place], level)
                yield {**own, "term": term, "item": item, **found}
        cells = [*places, *(place + len(fit.loads[0]) for place in places)]
        parameters = np.concatenate([fit.loads[0][places], fit.rests[0][places]])
        error = propagate_error(compute_omega, parameters, fit.vcov[np.ix_(cells, cells)])
        yield {
            **own,
            "term": "omega",
            **limit_estimate(compute_omega(parameters), error, level),
        }
    for first, second, estimate, error in fit.pairs:
        pair = {"factor": names[first], "versus": names[second], "term": "correlation"}
        yield {**whole, **pair, **limit_estimate(estimate, error, level)}
    for row in list_fit(int(fit.fit["df"]), fit.fit):
        yield {**whole, **row}


def list_scores(
    fits: Sequence[FactorsFit], itemset: ItemSet, groups: Mapping[str, tuple[str, ...]]
) -> pd.DataFrame:
    """Return Bartlett scores of each clip on each factor: own-context fits first."""
    tables = []
    for fit in fits:
        keep = itemset.select(fit.context)
        for name, places in zip(groups, list_places(groups), strict=True):
            weights, error = weigh_bartlett(fit.loads[0][places], fit.rests[0][places])
            score = (itemset.answers[keep][:, places] - fit.means[0, places]) @ weights
            table = itemset.ids[keep].assign(
                fitted_on="all" if fit.context is None else "context",
                factor=name,
                score=score,
                std_error=np.where(np.isnan(score), np.nan, error),
            )
            tables.append(table)
    return pd.concat(tables)
