"""Quantities of one-factor fits to resampled clusters, and to all clusters but one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from exprstats.inference.clusters import BLOCK, count_clusters, draw_clusters, leave_out_clusters
from exprstats.inference.samples import count_blocks
from exprstats.inference.significance import settle_ties
from exprstats.inference.terms import Terms
from exprstats.measurement.clustersums import ClusterSums
from exprstats.measurement.refits import derive_quantities, solve_many
from exprstats.parallel import Seed, limit_threads, spawn_seeds

# Estimates (fits, q, 1), draws (fits, q, B) and left-out values (fits, q, G).
Values = tuple[np.ndarray, np.ndarray, np.ndarray]


def measure_fits(fits: Sequence[ClusterSums], groups: int, draws: int, seed: Seed) -> Values:
    """Return estimates (fits, q, 1), draws (fits, q, B), left-out values (fits, q, G)."""

    def measure(counts: np.ndarray) -> np.ndarray:
        return np.array([_measure_fit(fit, counts) for fit in fits])

    strata = [np.arange(groups)]
    with limit_threads():
        blocks = [
            measure(count_clusters(draw_clusters(one, strata)[: draws - BLOCK * place], groups))
            for place, one in enumerate(spawn_seeds(seed, count_blocks(draws)))
        ]
        drawn = np.concatenate(blocks, axis=2)
        whole = measure(np.ones((1, groups)))
        without = _measure_without(measure, groups)
    return whole, drawn, without


def _measure_fit(fit: ClusterSums, counts: np.ndarray) -> np.ndarray:
    _, covariances = fit.form_moments(counts)
    return derive_quantities(*solve_many(covariances, fit.n), covariances)


def _measure_without(measure: Callable[[np.ndarray], np.ndarray], groups: int) -> np.ndarray:
    return np.concatenate(
        [
            measure(leave_out_clusters(start, min(start + 250, groups), groups))
            for start in range(0, groups, 250)
        ],
        axis=2,
    )


def form_terms(cells: Sequence[tuple[int, int | None, int]], values: Values) -> Terms:
    """Return the terms of cells: a fit, the fit that is subtracted from it or None, a quantity."""
    joined = []
    for stack in values:
        taken = []
        for one, other, line in cells:
            value = stack[one, line]
            if other is not None:
                value = settle_ties(value - stack[other, line], value, stack[other, line])
            taken.append(value)
        joined.append(np.array(taken))
    tested = np.array([other is not None for _, other, _ in cells])
    return Terms(
        names=tuple(("", "" if other is not None else None) for _, other, _ in cells),
        estimates=joined[0][:, 0],
        draws=joined[1],
        left_out=joined[2],
        tested=tested,
        fisher=np.zeros(len(cells), dtype=bool),
    )
