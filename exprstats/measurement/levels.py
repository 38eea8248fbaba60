"""The two-level factor: within subjects and between subjects."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from exprstats.apa import write_count, write_interval, write_level, write_number
from exprstats.contracts import arrange_rows
from exprstats.errors import FitError, FitWarning, Problem, warn_user
from exprstats.measurement.factor import checks
from exprstats.measurement.factor.checks import tell_heywood
from exprstats.measurement.factor.engines import Job, ask_lavaan, rescale_moments
from exprstats.measurement.factor.formulas import compute_omega, find_signs, propagate_error
from exprstats.measurement.factor.items import take_items, warn_incomplete
from exprstats.measurement.factor.model import find_clusters, list_jobs
from exprstats.measurement.factor.moments import split_squares
from exprstats.measurement.factor.solution import (
    UNTESTABLE,
    Receipt,
    limit_estimate,
    list_fit,
    write_fit,
)
from exprstats.options import check_level
from exprstats.results import Result

KEYS = ("context", "layer", "term", "item")
LAYERS = ("within", "between")
IMPROPER = "not defined: a residual variance between clusters is not positive"


@dataclass(frozen=True, slots=True, eq=False)
class LevelFactors(Result):
    """A factor within clusters and one between them.

    Attributes
    ----------
    table
        context layer term item estimate std_error conf_low conf_high level method p_value n_clips
        n_clusters note. Layer ``"within"``: clips around their subject's mean; ``"between"``:
        subjects. Terms: ``loading`` and ``residual`` (standardised within their layer),
        ``loading_raw``, ``residual_raw``, ``intercept``; ``omega`` of each layer (Geldhof,
        Preacher, & Zyphur, 2014); ``omega_means``, that of a subject's observed mean over
        their clips (Lai, 2021); ``icc``, the share of an item's variance between subjects;
        the fit where df > 0.
    items, by, cluster, level
        As they were asked for.
    df, fit
        Degrees of freedom and fit of all clips, as of `Solution`.
    receipt
        Where the numbers come from.
    """

    place: ClassVar[str] = "levels"
    table: pd.DataFrame
    items: tuple[str, ...]
    by: str | None
    cluster: str
    level: float
    fit: dict[str, float]
    receipt: Receipt

    @property
    def df(self) -> int:
        """Degrees of freedom of the fit of all clips."""
        return int(self.fit["df"])

    def glance(self) -> pd.DataFrame:
        """Return one row: counts, degrees of freedom, versions."""
        pooled = self.table[self.table["context"].isna()].iloc[0]
        facts = {
            "n_items": len(self.items),
            "n_clips": int(pooled["n_clips"]),
            "n_clusters": int(pooled["n_clusters"]),
            "df": self.df,
        }
        return pd.DataFrame([{**facts, **self.receipt.list_versions()}])

    def sentence(self) -> str:
        """Return what was found, in APA style."""
        pooled = self.table[self.table["context"].isna()]
        counts = pooled.iloc[0]
        told = "; ".join(_write_layer(pooled, layer) for layer in LAYERS)
        fit = write_fit(self.df, self.fit) if self.df else f"{UNTESTABLE.capitalize()}."
        return (
            f"A two-level factor model of {len(self.items)} items ({', '.join(self.items)}) was"
            f" fitted by maximum likelihood ({self.receipt.describe()}) to"
            f" {write_count(int(counts['n_clips']))} clips in"
            f" {write_count(int(counts['n_clusters']))} clusters ({self.cluster}):"
            f" {told}. {fit}"
        )


def _write_layer(rows: pd.DataFrame, layer: str) -> str:
    own = rows[rows["layer"] == layer]
    loads = own[own["term"] == "loading"]["estimate"]
    omega = own[own["term"] == "omega"].iloc[0]
    low, high = (write_number(one, bounded=True) for one in (loads.min(), loads.max()))
    told = f"{layer} clusters, standardized loadings were {low} to {high}"
    if np.isnan(omega["estimate"]):
        return f"{told} and ω is {omega['note']}"
    limits = write_interval(float(omega["conf_low"]), float(omega["conf_high"]), bounded=True)
    value = write_number(omega["estimate"], bounded=True)
    return f"{told} and ω = {value}, {write_level(omega['level'])} CI {limits}"


def fit_levels(
    items_table: pd.DataFrame,
    *,
    items: Sequence[str],
    cluster: str = "subject",
    by: str | None = None,
    level: float = 0.95,
) -> LevelFactors:
    """Fit one factor within clusters and one between them by maximum likelihood through lavaan.

    Clips of one person differ, and persons differ: loadings and ω of the two can be told apart
    where subjects have several clips each (Muthén, 1994). Needs R. Clips that lack an item are
    left out.

    Parameters
    ----------
    items_table, items, by, level
        As for `fit_factor`.
    cluster
        Column of clusters: 10 or more, of more than one clip.

    Returns
    -------
    LevelFactors

    Raises
    ------
    OptionError
        Fewer than three items, an item named twice.
    DataError
        As `fit_factor`; too few clusters, one clip in each of them, items that vary only within
        clusters or only between them.
    FitError
        No convergence, or a residual variance within clusters that is not positive.
    RError
        R cannot be used.

    Warns
    -----
    FitWarning
        An item's residual variance between clusters is not positive, as happens where it hardly
        differs from 0; ω between clusters is then not given.

    References
    ----------
    Muthén, B. O. (1994). Multilevel covariance structure analysis. Sociological Methods &
    Research, 22, 376–398.

    Geldhof, G. J., Preacher, K. J., & Zyphur, M. J. (2014). Reliability estimation in a multilevel
    confirmatory factor analysis framework. Psychological Methods, 19, 72–91.

    Lai, M. H. C. (2021). Composite reliability of multilevel data. Psychological Methods, 26,
    90–102.

    Examples
    --------
    >>> import exprstats as ex
    >>> rng = np.random.default_rng(1)
    >>> person = np.repeat(rng.normal(size=(60, 1)), 6, axis=0)
    >>> person = person + 0.4 * np.repeat(rng.normal(size=(60, 3)), 6, axis=0)
    >>> clip = rng.normal(size=(360, 1)) + 0.6 * rng.normal(size=(360, 3))
    >>> table = pd.DataFrame(person + clip, columns=["a", "b", "c"])
    >>> table["subject"] = np.repeat([f"s{i}" for i in range(60)], 6)
    >>> layers = ex.fit_levels(table, items=["a", "b", "c"]).tidy().query("term == 'omega'")
    >>> layers[["layer", "estimate"]].round(2).to_records(index=False).tolist()
    [('within', 0.88), ('between', 0.94)]
    """
    names = checks.check_items(items)
    check_level(level)
    itemset = take_items(items_table, names, by)
    jobs = list_jobs(itemset, names, cluster=find_clusters(items_table, cluster), keep_rows=True)
    checks.raise_problems([one for job in jobs for one in _find_unlayered(job, cluster)])
    warn_incomplete(itemset)
    fits = [solve_levels(job) for job in jobs]
    _judge_residuals(jobs, fits)
    table = arrange_rows([row for fit in fits for row in list_layer_rows(fit, names, level)], KEYS)
    return LevelFactors(
        table=table.astype({name: object for name in (*KEYS, "note")}),
        items=names,
        by=by,
        cluster=cluster,
        level=level,
        fit=dict(fits[-1].fit),
        receipt=fits[-1].receipt,
    )


def _find_unlayered(job: Job, cluster: str) -> list[Problem]:
    """Return why the rows have no two layers; empty if they have."""
    if job.cluster is None or job.answers is None:
        fact = f"{job.name}: every cluster has one clip."
        return [Problem(fact, "Fit one level with fit_factor.", column=cluster)]
    within, between = split_squares(job.answers, job.cluster)
    problems = []
    for item, inner, outer in zip(job.items, within, between, strict=True):
        if inner <= 1e-12 * (inner + abs(outer)):
            fact = f"{job.name}: it does not vary within clusters."
            problems.append(Problem(fact, "It belongs to the cluster; leave it out.", column=item))
        elif outer <= 0:
            share = outer / (outer + inner)
            fact = (
                f"{job.name}: it varies no more between clusters than by chance (ICC {share:.3f})."
            )
            remedy = "There is no factor between clusters; fit_factor(cluster=...) fits one level."
            problems.append(Problem(fact, remedy, column=item))
    return problems


def _judge_residuals(jobs: Sequence[Job], fits: Sequence[LevelFit]) -> None:
    pairs = list(zip(jobs, fits, strict=True))
    improper = []
    for job, fit in pairs:
        layer = fit.find_layer("within")
        improper += checks.find_improper(f"{job.name}, within", job.items, *layer)
    checks.raise_improper(improper)
    for job, fit in pairs:
        loads = fit.find_layer("within")[0] + fit.find_layer("between")[0]
        turned = zip(job.items, loads, strict=True)
        checks.warn_reversed(job.name, [item for item, load in turned if load < 0])
        for item, residual in zip(job.items, fit.find_layer("between")[1], strict=True):
            if residual <= 0:
                message = (
                    f"{job.name}: between clusters, {tell_heywood(item, residual)}; ω between "
                    "clusters is not given. More clusters may help."
                )
                warn_user(message, FitWarning)


@dataclass(frozen=True, slots=True, eq=False)
class LevelFit:
    """One two-level fit; each factor means more of what its items measure.

    Attributes
    ----------
    context, n_clips, n_clusters
        The rows.
    raw, standard
        Estimates and standard errors, shape (2, 4p): loadings and residual variances within
        clusters, then both between them. Standardised within each layer.
    intercepts
        Estimates and standard errors, shape (2, p).
    vcov
        Of the raw estimates, shape (4p, 4p).
    size
        Harmonic mean of the clusters' numbers of clips.
    fit
        As of `Solution`.
    receipt
        Where it comes from.
    """

    context: str | None
    n_clips: int
    n_clusters: int
    raw: np.ndarray
    standard: np.ndarray
    intercepts: np.ndarray
    vcov: np.ndarray
    size: float
    fit: Mapping[str, float]
    receipt: Receipt

    def find_layer(self, layer: str) -> tuple[np.ndarray, np.ndarray]:
        """Return the raw loadings and residual variances (p,) of a layer."""
        quarters = np.split(self.raw[0], 4)
        place = 2 * LAYERS.index(layer)
        return quarters[place], quarters[place + 1]


def solve_levels(job: Job) -> LevelFit:
    """Fit two levels to the rows of a job through lavaan."""
    answers, codes = job.answers, job.cluster
    if answers is None or codes is None:
        message = f"{job.name}: two levels need the rows and their clusters."
        raise FitError(message)
    scale = rescale_moments(job.moments)[1]
    value, receipt = ask_lavaan(job, "fit_levels", answers / scale, codes, what="two levels")
    sizes = np.unique(codes, return_counts=True)[1]
    return _read_fit(job, value, scale, float(1 / np.mean(1 / sizes)), receipt)


def _read_fit(
    job: Job, value: Mapping[str, Any], scale: np.ndarray, size: float, receipt: Receipt
) -> LevelFit:
    columns = ("estimate", "std_error")
    raw, standard, intercepts = (
        np.array([value[kind][name] for name in columns])
        for kind in ("raw", "standardized", "intercepts")
    )
    ones = np.ones(len(scale))
    within, between = (float(find_signs(one)) for one in np.split(standard[0], 4)[::2])
    flips = np.concatenate([within * ones, ones, between * ones, ones])
    back = flips * np.concatenate([scale, scale**2, scale, scale**2])
    raw[0] *= back
    raw[1] *= np.abs(back)
    standard[0] *= flips
    return LevelFit(
        context=job.context,
        n_clips=int(value["n"][0]),
        n_clusters=int(value["clusters"][0]),
        raw=raw,
        standard=standard,
        intercepts=intercepts * scale,
        vcov=value["vcov"] * np.outer(back, back),
        size=size,
        fit={name: float(number[0]) for name, number in value["fit"].items()},
        receipt=receipt,
    )


def list_layer_rows(
    one: LevelFit, items: tuple[str, ...], level: float
) -> Iterator[dict[str, Any]]:
    """Return one row for each estimate of a fit, limits at the level."""
    counts = {"n_clips": one.n_clips, "n_clusters": one.n_clusters, "method": "ml"}
    for row in (
        *_list_items(one, items, level),
        *_list_composites(one, items, level),
        *list_fit(int(one.fit["df"]), one.fit),
    ):
        empty = {"layer": None, "item": None, "note": None}
        yield {"context": one.context, **empty, **row, **counts}


def _list_items(one: LevelFit, items: tuple[str, ...], level: float) -> Iterator[dict[str, Any]]:
    p = len(items)
    for suffix, values in (("", one.standard), ("_raw", one.raw)):
        for place in range(4 * p):
            layer, rest = divmod(place, 2 * p)
            yield {
                "layer": LAYERS[layer],
                "term": ("loading" if rest < p else "residual") + suffix,
                "item": items[place % p],
                **limit_estimate(values[0, place], values[1, place], level),
            }
    for item, mean, error in zip(items, *one.intercepts, strict=True):
        keys = {"layer": "between", "term": "intercept", "item": item}
        yield {**keys, **limit_estimate(mean, error, level)}


def _list_composites(
    one: LevelFit, items: tuple[str, ...], level: float
) -> Iterator[dict[str, Any]]:
    improper = bool((one.find_layer("between")[1] <= 0).any())
    half = len(one.raw[0]) // 2
    formulas: list[tuple[dict[str, Any], Callable[[np.ndarray], float]]] = [
        ({"layer": "within", "term": "omega"}, lambda all_: compute_omega(all_[:half])),
        ({"layer": "between", "term": "omega"}, lambda all_: compute_omega(all_[half:])),
        (
            {"layer": "between", "term": "omega_means"},
            lambda all_: compute_omega_means(all_, one.size),
        ),
        *(
            ({"term": "icc", "item": item}, lambda all_, place=place: compute_share(all_, place))
            for place, item in enumerate(items)
        ),
    ]
    for keys, formula in formulas:
        if improper and keys["term"] in {"omega", "omega_means"} and keys["layer"] == "between":
            yield {**keys, "estimate": np.nan, "note": IMPROPER}
            continue
        error = propagate_error(formula, one.raw[0], one.vcov)
        yield {**keys, **limit_estimate(formula(one.raw[0]), error, level)}


def compute_omega_means(parameters: np.ndarray, size: float) -> float:
    """Return ω of clusters' observed mean keyed composites over m clips (Lai, 2021).

    (Σλ_b)²/((Σλ_b)² + Σθ_b + ((Σλ_w)² + Σθ_w)/m), of raw λ_w, θ_w, λ_b, θ_b (4p,), items
    that load negatively reversed.
    """
    loads, rests, loads_between, rests_between = np.split(parameters, 4)
    keys = np.where(loads + loads_between < 0, -1.0, 1.0)
    true = (keys @ loads_between) ** 2
    error = rests_between.sum() + ((keys @ loads) ** 2 + rests.sum()) / size
    return float(true / (true + error))


def compute_share(parameters: np.ndarray, place: int) -> float:
    """Return the share of an item's variance that lies between clusters, of raw (4p,)."""
    loads, rests, loads_between, rests_between = np.split(parameters, 4)
    within = loads[place] ** 2 + rests[place]
    between = loads_between[place] ** 2 + rests_between[place]
    return float(between / (between + within))
