"""Least-squares weights with intervals and tests over subjects."""

from __future__ import annotations

from typing import Any

import numpy as np

from exprstats.inference.resampling.clusters import leave_out_clusters
from exprstats.inference.resampling.intervals import jackknife_clusters, sort_draws
from exprstats.inference.resampling.pvalues import adjust_holm, count_tails
from exprstats.models.data.design import Design, Sample
from exprstats.models.explain.refits import FEWEST_SUBJECTS, LIMITS, limit_draws
from exprstats.models.fitting.penalties import ROUNDING, code_subjects, sum_products

# With 60 subjects the jackknife-t covers at .95 and percentile limits at .94, and its p has no
# floor of 2/(draws + 1), which Holm would multiply.
HEADLINE = "jackknife"
# Numbers in the sums of products that are held at once.
_HELD = 4_000_000
# A feature of which so much lies in directions without variance is determined by others.
_TIED = 1e-8
_LIMITS = (*LIMITS, "p_value")


def list_unpenalised(
    design: Design, sample: Sample, counts: np.ndarray, *, refit: bool, level: float
) -> list[dict[str, Any]]:
    """Return tidy rows of the least-squares weight of each feature, by its position.

    The weight is the slope times the feature's SD, both among the subjects that the model was
    fitted to. Resamples, and samples without one subject, are scaled by their own SD: with that of
    the sample held fixed, intervals of a weight of .8 held it in 88 of 100 samples of 84 subjects,
    with their own in 95. ``counts`` (B, G) is how often each subject stands in each resample; there
    is a row with percentile and one with jackknife-t limits, one of them the headline.
    """
    sums = sum_products(design, sample, code_subjects(design)[0])
    products = sums.train + sums.validate if refit else sums.train
    own = products[products[:, 0] > 0]
    clips, groups, terms = int(own[:, 0].sum()), len(own), sums.size - 1
    whole = regress_products(own, np.ones((1, groups)), sums.size)[0]
    if clips <= terms:
        whole[:] = np.nan
    drawn = left_out = np.full((len(whole), 1), np.nan)
    if groups >= FEWEST_SUBJECTS and np.isfinite(whole).any():
        drawn = regress_products(products, counts, sums.size).T
        left_out = regress_products(own, leave_out_clusters(0, groups, groups), sums.size).T
    found = {
        "percentile": _find_percentile(whole, drawn, level),
        "jackknife": _find_jackknife(whole, left_out, level),
    }
    notes = _note_undefined(whole, clips, terms, groups)
    about = {"term": "unpenalised", "level": level, "n_clips": clips, "n_clusters": groups}
    rows = []
    for method, columns in found.items():
        about |= {"method": method, "headline": method == HEADLINE}
        for j, note in enumerate(notes):
            limits = {name: values[j] for name, values in columns.items()}
            limits["note"] = note or limits["note"]
            rows.append({"feature": j, "estimate": whole[j], **about, **limits})
    return rows


def regress_products(products: np.ndarray, counts: np.ndarray, size: int) -> np.ndarray:
    """Return least-squares weights (draws, p) of resamples: slopes times the feature's own SD.

    As in `solve_products`, whose slopes they are.
    """
    slopes, spread = solve_products(products, counts, size)
    return slopes * spread


def solve_products(
    products: np.ndarray, counts: np.ndarray, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return slopes (draws, p) of resamples, and the features' SD in them (draws, p).

    A slope is NaN where other features determine the feature. Products (G, q·q), q = p + 2, are
    those of [1, features, target] over each subject's clips; counts are (draws, G).
    """
    width = max(_HELD // size**2, 1)
    blocks = [
        _solve_totals((counts[at : at + width] @ products).reshape(-1, size, size))
        for at in range(0, len(counts), width)
    ]
    slopes, spreads = zip(*blocks, strict=True)
    return np.concatenate(slopes), np.concatenate(spreads)


def _solve_totals(totals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = totals[:, 0] / totals[:, :1, 0]
        covariance = totals / totals[:, :1, :1] - mean[:, :, None] * mean[:, None, :]
    empty = totals[:, 0, 0] < 1
    covariance[empty] = 0
    spread = np.sqrt(np.maximum(np.diagonal(covariance, axis1=1, axis2=2), 0))[:, 1:-1]
    kept = np.where(spread > ROUNDING, 1 / np.where(spread > ROUNDING, spread, 1), 0)
    gram = covariance[:, 1:-1, 1:-1] * kept[:, :, None] * kept[:, None, :]
    # b = V D⁺ V'c (Moore-Penrose): directions without variance are left out, and features with a
    # share in them are undefined, where a solver would return any one of the infinitely many fits.
    roots, vectors = np.linalg.eigh(gram)
    free = roots > 1e-10 * gram.shape[1]
    turned = np.einsum("bji,bj->bi", vectors, covariance[:, 1:-1, -1] * kept)
    shrunk = np.where(free, turned / np.where(free, roots, 1), 0)
    slopes = np.einsum("bji,bi->bj", vectors, shrunk) * kept
    tied = np.einsum("bji,bi->bj", vectors**2, (~free).astype(float)) > _TIED
    return np.where(tied, np.nan, slopes), spread


def _note_undefined(whole: np.ndarray, clips: int, terms: int, groups: int) -> list[str | None]:
    if clips <= terms:
        return [f"not defined: {clips} clips for {terms} terms"] * len(whole)
    told = "not defined: constant, or determined by other features"
    few = f"too few subjects ({groups}) for an interval" if groups < FEWEST_SUBJECTS else None
    return [told if np.isnan(one) else few for one in whole]


def _find_percentile(whole: np.ndarray, drawn: np.ndarray, level: float) -> dict[str, Any]:
    # Where the weight itself is not defined, its draws are no sample of anything.
    drawn = np.where(np.isnan(whole)[:, None], np.nan, drawn)
    columns = limit_draws(drawn, level, "resamples")
    refused = np.isnan(columns["conf_low"])
    columns["p_value"] = np.where(refused, np.nan, count_tails(*sort_draws(drawn)))
    columns["p_adjusted"] = adjust_holm(columns["p_value"])
    return columns


def _find_jackknife(whole: np.ndarray, left_out: np.ndarray, level: float) -> dict[str, Any]:
    groups = left_out.shape[1]
    if groups < FEWEST_SUBJECTS:
        columns: dict[str, Any] = {name: np.full(len(whole), np.nan) for name in _LIMITS}
    else:
        found = jackknife_clusters(whole, left_out, level=level)
        columns = {name: getattr(found, name) for name in _LIMITS}
    columns["p_adjusted"] = adjust_holm(columns["p_value"])
    lost = np.isnan(left_out).sum(axis=1).tolist()
    columns["note"] = [f"not defined without {n} of {groups} subjects" if n else None for n in lost]
    return columns
