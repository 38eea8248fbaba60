"""Studies of other sizes, drawn from a pilot's clusters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtri, stdtrit

from exprstats.inference.clusters import BLOCK, count_clusters
from exprstats.inference.copies import append_pairs
from exprstats.inference.evaluation import Evaluation
from exprstats.inference.metrics import Metric
from exprstats.inference.panels import Cell
from exprstats.inference.samples import average_owners


def count_needed(width: float, spread: float, size: int, level: float) -> float:
    """Return the number of clusters at which a t interval has a width, SE falling with √size."""
    if not spread > 0:
        return np.nan
    share = (1 + level) / 2
    # A t interval needs a few clusters more than a normal one.
    needed = max(float(np.ceil((2 * ndtri(share) * spread / width) ** 2 * size)), 3.0)
    while 2 * stdtrit(needed - 1, share) * spread * np.sqrt(size / needed) > width * (1 + 1e-12):
        needed += 1
    return needed


def measure_sizes(
    seed: np.random.SeedSequence,
    *,
    cell: Cell,
    metrics: Sequence[Metric],
    pairs: Sequence[tuple[int, int]],
    sizes: Sequence[int],
) -> np.ndarray:
    """Return values (sizes, metrics, terms, draws) of studies drawn from the pilot."""
    evaluations = [Evaluation(panel, metrics) for panel in cell.panels]
    groups, found = len(cell.clusters), []
    for size, own in zip(sizes, seed.spawn(len(sizes)), strict=True):
        drawn = np.random.default_rng(own).integers(groups, size=(BLOCK, size))
        counts = count_clusters(drawn, groups)
        values = [evaluation.measure_counts(counts) for evaluation in evaluations]
        means = average_owners(values, owners=cell.owners, models=len(cell.models))
        found.append(append_pairs(means, pairs))
    return np.array(found)


def find_spread(values: np.ndarray) -> np.ndarray:
    """Return the SD over draws (sizes, metrics, terms); NaN where fewer than two are defined."""
    defined = np.isfinite(values)
    count = defined.sum(axis=3)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(defined, values, 0.0).sum(axis=3) / count
        squares = np.where(defined, (values - mean[..., None]) ** 2, 0.0).sum(axis=3)
        return np.where(count > 1, np.sqrt(squares / (count - 1)), np.nan)


def measure_pilot(
    cell: Cell, metrics: Sequence[Metric], pairs: Sequence[tuple[int, int]]
) -> np.ndarray:
    """Return values (metrics, terms) of the pilot itself."""
    values = [Evaluation(panel, metrics).measure_whole()[..., None] for panel in cell.panels]
    means = average_owners(values, owners=cell.owners, models=len(cell.models))
    return append_pairs(means, pairs)[..., 0]
