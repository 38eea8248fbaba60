"""The joint model of all contexts under one penalty, and its refits."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np

from exprstats.inference.resampling.clusters import leave_out_clusters
from exprstats.models.data.design import Design, Sample
from exprstats.models.explain.least_squares import solve_products
from exprstats.models.explain.refits import Half, draw_counts, halve_draws
from exprstats.models.fitting.penalties import (
    PenaltyGrid,
    Products,
    average_squares,
    choose_point,
    code_subjects,
    read_moments,
    scale_columns,
    sum_products,
    trace_grid,
)
from exprstats.parallel import Seed, run_tasks


def list_contexts(design: Design) -> tuple[Sample, ...]:
    """Return the samples of single contexts."""
    return tuple(sample for sample in design.samples if sample.context is not None)


def scale_pooled(design: Design) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and SD (p,) of the features over the training clips of all contexts."""
    return scale_columns(design.matrix[(design.clips["part"] == "train").to_numpy(bool)])[:2]


def tune_jointly(
    train: np.ndarray, validate: np.ndarray, penalties: PenaltyGrid
) -> tuple[np.ndarray, np.ndarray] | None:
    """Tune all contexts at once on sums of products (contexts, q, q), features in their pooled SD.

    Weights (contexts, p) are the change of a context's target for one pooled SD of the feature;
    alpha and l1_ratio (2,) are shared, with the validation error over the clips of all contexts.
    None where a context leaves nothing to fit.
    """
    weights, squares = [], np.zeros(len(penalties.points))
    for own, held in zip(train, validate, strict=True):
        moments = read_moments(own, fixed_scale=True)
        if moments is None or held[0, 0] < 1:
            return None
        weights.append(trace_grid(moments, penalties)[0])
        squares += average_squares(moments, weights[-1], held) * held[0, 0]
    errors = np.sqrt(squares / validate[:, 0, 0].sum())
    best = choose_point(penalties, np.concatenate(weights, axis=1), errors)
    return np.array([one[best] for one in weights]), penalties.points[best]


def fit_jointly(
    design: Design, penalties: PenaltyGrid, *, draws: int, seed: Seed = None, n_jobs: int = 1
) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Return weights (contexts, p), the point (2,) and refits (contexts, B, p).

    A draw takes the same subjects in every context; NaN where it leaves nothing to fit. None in
    place of all where the data do.
    """
    subjects, strata = code_subjects(design)
    scale = scale_pooled(design)
    products = [
        sum_products(design, sample, subjects, scale=scale) for sample in list_contexts(design)
    ]
    everyone = np.ones((1, len(products[0].train)))
    whole = tune_jointly(*_weigh_all(products, everyone)[0], penalties)
    if whole is None:
        return None
    fit = partial(_refit_block, products=products, penalties=penalties, strata=strata)
    halves = halve_draws(draws, seed)
    blocks = run_tasks(fit, halves, n_jobs=n_jobs, label="Refitting contexts")
    return *whole, np.concatenate(blocks, axis=1)


def _weigh_all(products: list[Products], counts: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return for each draw both sums (contexts, q, q)."""
    sums = [product.weigh(counts) for product in products]
    trains, validates = (np.stack([one[part] for one in sums], axis=1) for part in (0, 1))
    return list(zip(trains, validates, strict=True))


def _refit_block(
    half: Half, *, products: list[Products], penalties: PenaltyGrid, strata: list[np.ndarray]
) -> np.ndarray:
    counts = draw_counts(half, strata, len(products[0].train))
    weights = np.full((len(products), len(counts), products[0].size - 2), np.nan)
    for draw, totals in enumerate(_weigh_all(products, counts)):
        found = tune_jointly(*totals, penalties)
        if found is not None:
            weights[:, draw] = found[0]
    return weights


class Slopes(NamedTuple):
    """Slopes of the model in which context interacts with every feature.

    Attributes
    ----------
    whole
        (contexts, p) change of a context's target for one pooled SD of the feature; NaN where the
        context does not determine it: constant or collinear features, fewer clips than terms.
    left_out
        (contexts, p, G) the same without each subject, that SD taken without it as well.
    present
        (contexts, G) which subjects a context has.
    """

    whole: np.ndarray
    left_out: np.ndarray
    present: np.ndarray


def regress_contexts(design: Design) -> Slopes:
    """Fit each context's training clips, and again without each subject."""
    subjects, _ = code_subjects(design)
    scale = scale_pooled(design)
    sums = [sum_products(design, sample, subjects, scale=scale) for sample in list_contexts(design)]
    products, size = np.array([one.train for one in sums]), sums[0].size
    products = products[:, (products[:, :, 0] > 0).any(axis=0)]
    groups = products.shape[1]
    counts = np.vstack([np.ones((1, groups)), leave_out_clusters(0, groups, groups)])
    spread = solve_products(products.sum(axis=0), counts, size)[1]
    found = np.array([solve_products(own, counts, size)[0] * spread for own in products])
    clips = products[:, :, 0].sum(axis=1)
    found[clips <= size - 1] = np.nan
    return Slopes(found[:, 0], found[:, 1:].transpose(0, 2, 1), products[:, :, 0] > 0)
