"""Weights refitted to resampled subjects, with the penalty chosen anew in every resample."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from exprstats.models.designs import Design
from exprstats.models.penalties import Grid, choose_point, trace_grid
from exprstats.models.products import (
    Products,
    code_subjects,
    measure_errors,
    read_moments,
    sum_products,
)
from exprstats.models.resamples import Half, draw_counts, halve_draws
from exprstats.models.rounds import Rounds, refit_rounds
from exprstats.parallel import Seed, run_tasks


def refit_weights(
    design: Design,
    penalties: Grid,
    *,
    draws: int,
    refit: bool = False,
    rounds: Rounds | None = None,
    seed: Seed = None,
    n_jobs: int = 1,
) -> tuple[np.ndarray, np.ndarray]:
    """Resample the subjects of each part with replacement, and tune and fit every sample anew.

    Copies of a subject stay in the subject's part, and all samples of a draw share its subjects.

    Parameters
    ----------
    design, penalties, refit, rounds
        As they were fitted; copies of a subject share a fold.
    draws
        How many resamples B.
    seed, n_jobs
        The numbers depend on the seed only; the first draws of many are the few.

    Returns
    -------
    weights : (samples, B, p) array
        NaN where a resample leaves nothing to fit.
    chosen : (samples, B, 2) array
        alpha and l1_ratio.
    """
    subjects, strata = code_subjects(design)
    products = [sum_products(design, sample, subjects) for sample in design.samples]
    tune = partial(_tune_draws, penalties=penalties, refit=refit, rounds=rounds)
    fit = partial(_refit_block, products=products, strata=strata, tune=tune)
    halves = halve_draws(draws, seed)
    blocks = run_tasks(fit, halves, n_jobs=n_jobs, label="Refitting weights")
    weights, chosen = (np.concatenate(part, axis=1) for part in zip(*blocks, strict=True))
    return weights, chosen


def tune_total(
    train: np.ndarray, validate: np.ndarray, penalties: Grid, *, refit: bool = False
) -> tuple[np.ndarray, np.ndarray] | None:
    """Return weights (p,) and (alpha, l1_ratio) tuned on sums of products, or None."""
    moments = read_moments(train)
    if moments is None or validate[0, 0] < 1:
        return None
    weights, _ = trace_grid(moments, penalties)
    best = choose_point(penalties, weights, np.sqrt(measure_errors(moments, weights, validate)))
    point = penalties.points[best]
    if not refit:
        return weights[best], point
    both = read_moments(train + validate)
    if both is None:
        return None
    return trace_grid(both, Grid((point[0],), (point[1],)))[0][0], point


def _refit_block(
    half: Half,
    *,
    products: list[Products],
    strata: list[np.ndarray],
    tune: Callable[[Products, np.ndarray], Iterator[tuple[np.ndarray, np.ndarray] | None]],
) -> tuple[np.ndarray, np.ndarray]:
    counts = draw_counts(half, strata, len(products[0].train))
    weights = np.full((len(products), len(counts), products[0].size - 2), np.nan)
    chosen = np.full((len(products), len(counts), 2), np.nan)
    for i, product in enumerate(products):
        for draw, found in enumerate(tune(product, counts)):
            if found is not None:
                weights[i, draw], chosen[i, draw] = found
    return weights, chosen


def _tune_draws(
    product: Products,
    counts: np.ndarray,
    *,
    penalties: Grid,
    refit: bool,
    rounds: Rounds | None,
) -> Iterator[tuple[np.ndarray, np.ndarray] | None]:
    if rounds is not None:
        for one in counts:
            yield refit_rounds(product.train, one, rounds, penalties)
        return
    for train, validate in zip(*product.weigh(counts), strict=True):
        yield tune_total(train, validate, penalties, refit=refit)
