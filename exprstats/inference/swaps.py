"""Two models' predictions swapped within clusters."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from exprstats.errors import DataError, Problem
from exprstats.inference.clusters import BLOCK
from exprstats.inference.evaluation import Evaluation
from exprstats.inference.metrics import Metric
from exprstats.inference.panels import Cell, Panel
from exprstats.inference.significance import (
    settle_ties,
)
from exprstats.parallel import run_tasks


def takes_every(groups: int, draws: int) -> bool:
    """Return whether all swaps of so many clusters are no more than the draws asked for."""
    return groups < 31 and 2**groups <= draws


def list_swaps(
    groups: int, seeds: Sequence[np.random.SeedSequence], draws: int
) -> list[np.ndarray]:
    """Return blocks of swaps (draws, groups) of 0 and 1, the first of them the data as they are."""
    if takes_every(groups, draws):
        every = (np.arange(2**groups)[:, None] >> np.arange(groups)) & 1
        return [every[at : at + BLOCK].astype(float) for at in range(0, len(every), BLOCK)]
    blocks = [np.zeros((1, groups))]
    for place, seed in enumerate(seeds):
        drawn = np.random.default_rng(seed).integers(2, size=(BLOCK, groups))
        blocks.append(drawn[: draws - place * BLOCK].astype(float))
    return blocks


def swap_pairs(
    cell: Cell,
    metrics: Sequence[Metric],
    pairs: Sequence[tuple[int, int]],
    swaps: Sequence[np.ndarray],
    n_jobs: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Return differences (metrics, pairs, draws), the first draw that of the data, and sizes.

    The sizes (metrics, pairs) are those of the data's values, beside which rounding is judged.
    """
    panel = cell.panels[0]
    if len(cell.panels) > 1 or len(panel.predictions) < len(cell.models):
        fact = "models with seats or truths of their own cannot be swapped."
        raise DataError(Problem(fact, "Leave them out, or use compare_models."))
    first, second = (np.array([pair[side] for pair in pairs], dtype=int) for side in (0, 1))
    order = np.argsort(cell.owners[0])
    one, other = panel.predictions[order[first]], panel.predictions[order[second]]
    # Each pair is one line over twice the clusters: a swap weighs the second half instead.
    double = Panel(
        np.tile(panel.truth, 2),
        np.concatenate([one, other], axis=1),
        np.concatenate([panel.codes, panel.codes + panel.groups]),
        2 * panel.groups,
    )
    evaluation = Evaluation(double, metrics)
    task = partial(_measure_swaps, evaluation=evaluation)
    blocks = run_tasks(task, swaps, n_jobs=n_jobs, label="Swapping models")
    halves = np.repeat(np.eye(2), panel.groups, axis=1)
    sizes = np.maximum(1.0, np.abs(evaluation.measure_counts(halves)).max(axis=2))
    return np.concatenate(blocks, axis=2), sizes


def _measure_swaps(swaps: np.ndarray, *, evaluation: Evaluation) -> np.ndarray:
    one = evaluation.measure_counts(np.concatenate([1 - swaps, swaps], axis=1))
    other = evaluation.measure_counts(np.concatenate([swaps, 1 - swaps], axis=1))
    return settle_ties(one - other, one, other)
