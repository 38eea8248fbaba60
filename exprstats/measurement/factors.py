"""Several correlated factors, each with its own items."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from exprstats.apa import count_things, write_count, write_number
from exprstats.contracts import arrange_rows
from exprstats.errors import OptionError
from exprstats.measurement.factor.checks import find_improper, raise_improper, warn_reversed
from exprstats.measurement.factor.engines import Job, ask_lavaan
from exprstats.measurement.factor.formulas import (
    compute_omega,
    find_signs,
    propagate_error,
    weigh_bartlett,
)
from exprstats.measurement.factor.items import ItemSet, take_items, warn_incomplete
from exprstats.measurement.factor.model import list_jobs
from exprstats.measurement.factor.solution import Receipt, limit_estimate, list_fit, write_fit
from exprstats.options import check_level
from exprstats.results import Result

KEYS = ("context", "factor", "versus", "term", "item")
HIGH = 0.85


@dataclass(frozen=True, slots=True, eq=False)
class Factors(Result):
    """Several fitted factors.

    Attributes
    ----------
    table
        context factor versus term item estimate std_error conf_low conf_high level p_value method
        n_clips. Terms as in `Factor`, and ``correlation`` of ``factor`` with ``versus``; ``omega``
        is each factor's own.
    scores
        context clip subject fitted_on factor score std_error factor_se: Bartlett scores, with the
        model's standard error as factor_se; std_error, what other raters would change, is that of
        `score_clips`. With uncorrelated
        residuals and one factor an item they are those of each factor's own items.
    items
        Items of each factor.
    by, level
        As they were asked for.
    n_clips, fit
        Complete clips, and the fit of all of them: chisq df pvalue cfi tli rmsea rmsea.ci.lower
        rmsea.ci.upper srmr.
    receipt
        Where the numbers come from.
    """

    place: ClassVar[str] = "factors"
    table: pd.DataFrame
    scores: pd.DataFrame
    items: Mapping[str, tuple[str, ...]]
    by: str | None
    level: float
    n_clips: int
    fit: Mapping[str, float]
    receipt: Receipt

    def glance(self) -> pd.DataFrame:
        """Return one row: counts, the largest correlation, the fit of all clips."""
        pooled = self.table[self.table["context"].isna()]
        terms = pooled.set_index("term")["estimate"]
        facts = {
            "n_factors": len(self.items),
            "n_items": sum(map(len, self.items.values())),
            "n_clips": self.n_clips,
            "largest_correlation": float(terms.loc[["correlation"]].abs().max()),
            **{name: self.fit[name] for name in ("chisq", "df", "cfi", "rmsea", "srmr")},
        }
        return pd.DataFrame([facts])

    def sentence(self) -> str:
        """Return what was found, in APA style."""
        pooled = self.table[self.table["context"].isna()]
        pairs = pooled[pooled["term"] == "correlation"]
        told = ", ".join(
            f"{row['factor']} and {row['versus']} r = {write_number(row['estimate'], bounded=True)}"
            for row in pairs.to_dict("records")
        )
        high = pairs[pairs["estimate"].abs() > HIGH]
        doubt = " Factors this close may be one." if len(high) else ""
        return (
            f"{len(self.items)} correlated factors were fitted by maximum likelihood"
            f" ({self.receipt.describe()}) to {write_count(self.n_clips)} clips: {told}.{doubt}"
            f" {write_fit(int(self.fit['df']), self.fit)}"
        )


def fit_factors(
    items_table: pd.DataFrame,
    *,
    items: Mapping[str, Sequence[str]],
    by: str | None = None,
    level: float = 0.95,
) -> Factors:
    """Fit several correlated factors by maximum likelihood through lavaan.

    Parameters
    ----------
    items_table
        One row per clip, as for `fit_factor`.
    items
        The items of each factor: two or more factors of two or more items, each item once.
    by
        Column of contexts: one model for each, and a pooled one.
    level
        Confidence level.

    Returns
    -------
    Factors

    Raises
    ------
    OptionError
        Too few factors or items, an item in two factors.
    DataError
        As `fit_factor`.
    FitError
        lavaan did not converge, a residual variance is not positive, or correlations of factors
        are impossible (beyond 1, or not all of them together).
    RError
        R cannot be used.

    Warns
    -----
    DataWarning
        Clips that lack an item are left out of the fit.

    References
    ----------
    Rosseel, Y. (2012). lavaan: An R package for structural equation modeling. Journal of
    Statistical Software, 48(2).

    Examples
    --------
    >>> import exprstats as ex
    >>> rng = np.random.default_rng(1)
    >>> factors = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], size=800)
    >>> answers = np.repeat(factors, 3, axis=1) + 0.6 * rng.normal(size=(800, 6))
    >>> table = pd.DataFrame(answers, columns=list("abcdef"))
    >>> found = ex.fit_factors(table, items={"joy": ["a", "b", "c"], "fear": ["d", "e", "f"]})
    >>> found.glance()["largest_correlation"].round(2).tolist()
    [0.5]
    """
    if not isinstance(items, Mapping) or any(isinstance(one, str) for one in items.values()):
        message = "items must give a list for each factor, as in {'joy': ['smile', 'laugh']}."
        raise OptionError(message)
    groups = {str(name): tuple(map(str, one)) for name, one in items.items()}
    _check_groups(groups, level)
    names = tuple(item for one in groups.values() for item in one)
    itemset = take_items(items_table, names, by)
    jobs = list_jobs(itemset, names)
    warn_incomplete(itemset)
    fits = [solve_factors(job, groups) for job in jobs]
    improper = []
    for job, fit in zip(jobs, fits, strict=True):
        improper += find_improper(job.name, names, fit.loads[0], fit.rests[0])
        improper += find_impossible(job.name, list(groups), fit)
    raise_improper(improper)
    for job, fit in zip(jobs, fits, strict=True):
        loads = zip(names, fit.loads[0], strict=True)
        warn_reversed(job.name, [item for item, load in loads if load < 0])
    rows = [row for fit in fits for row in list_factor_rows(fit, groups, level)]
    table = arrange_rows(rows, KEYS)
    objects = {name: object for name in ("context", "factor", "versus", "item")}
    return Factors(
        table=table.astype(objects),
        scores=score_fits(fits, itemset, groups),
        items=groups,
        by=by,
        level=level,
        n_clips=fits[-1].n_clips,
        fit=fits[-1].fit,
        receipt=fits[-1].receipt,
    )


def find_impossible(name: str, factors: Sequence[str], fit: FactorsFit) -> list[str]:
    """Return why correlations of factors cannot be those of any people; empty if they can."""
    matrix = np.eye(len(factors))
    for one, other, r, _ in fit.pairs:
        matrix[one, other] = matrix[other, one] = r
    if np.linalg.eigvalsh(matrix)[0] > 0:
        return []
    one, other, r, _ = max(fit.pairs, key=lambda pair: abs(pair[2]))
    pair = f"'{factors[one]}' and '{factors[other]}'"
    fact = f"factors {pair} correlate {r:.2f}"
    if abs(r) < 1:
        fact = f"the factors' correlations (largest {r:.2f}, of {pair}) contradict each other"
    return [f"{name}: {fact}; scores are not defined. Fit them as one factor, or fit more clips."]


def _check_groups(groups: Mapping[str, tuple[str, ...]], level: float) -> None:
    if len(groups) < 2:
        named = count_things(len(groups), "factor was", "factors were")
        message = f"{named} named; for one factor there is fit_factor."
        raise OptionError(message)
    for name, one in groups.items():
        if len(one) < 2:
            message = f"factor '{name}' has {count_things(len(one), 'item')}; it needs two."
            raise OptionError(message)
    listed = [item for one in groups.values() for item in one]
    twice = sorted({item for item in listed if listed.count(item) > 1})
    if twice:
        message = f"item '{twice[0]}' is named twice; an item belongs to one factor."
        raise OptionError(message)
    check_level(level)


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
    """Fit correlated factors to the moments of a job through lavaan."""
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
    signs = [float(find_signs(loads[2, one])) for one in places]
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


def list_factor_rows(
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
        yield {**own, "term": "omega", **limit_estimate(compute_omega(parameters), error, level)}
    for first, second, estimate, error in fit.pairs:
        pair = {"factor": names[first], "versus": names[second], "term": "correlation"}
        yield {**whole, **pair, **limit_estimate(estimate, error, level)}
    for row in list_fit(int(fit.fit["df"]), fit.fit):
        yield {**whole, **row}


def score_fits(
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
                std_error=np.nan,
                factor_se=np.where(np.isnan(score), np.nan, error),
            )
            tables.append(table)
    return pd.concat(tables)
