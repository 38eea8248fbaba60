"""Fits of one factor within and one between clusters, as numbers and as rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from exprstats.errors import FitError
from exprstats.measurement.composites import compute_omega, propagate_error
from exprstats.measurement.engines import Job, ask_lavaan, rescale_moments
from exprstats.measurement.rows import limit_estimate, list_fit
from exprstats.measurement.solution import Receipt

LAYERS = ("within", "between")
IMPROPER = "not defined: a residual variance between clusters is not positive"


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
    """Fit two levels to the rows of a job through lavaan.

    Raises
    ------
    FitError
        lavaan did not converge.
    """
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
    within, between = (
        -1.0 if quarter.sum() < 0 else 1.0 for quarter in np.split(standard[0], 4)[::2]
    )
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


def list_rows(one: LevelFit, items: tuple[str, ...], level: float) -> Iterator[dict[str, Any]]:
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
    """Return the reliability of clusters' observed mean composites (Lai, 2021).

    (Σλ_b)²/((Σλ_b)² + Σθ_b + ((Σλ_w)² + Σθ_w)/m): what is specific to m clips adds to the error.

    Parameters
    ----------
    parameters
        Raw λ_w, θ_w, λ_b, θ_b, shape (4p,).
    size
        m, clips a cluster.
    """
    loads, rests, loads_between, rests_between = np.split(parameters, 4)
    true = loads_between.sum() ** 2
    error = rests_between.sum() + (loads.sum() ** 2 + rests.sum()) / size
    return float(true / (true + error))


def compute_share(parameters: np.ndarray, place: int) -> float:
    """Return the share of an item's variance that lies between clusters, of raw (4p,)."""
    loads, rests, loads_between, rests_between = np.split(parameters, 4)
    within = loads[place] ** 2 + rests[place]
    between = loads_between[place] ** 2 + rests_between[place]
    return float(between / (between + within))
