"""Whether a statistic moves as the jackknife supposes: by what each drawn cluster adds to it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from exprstats.inference.clusters import iterate_counts
from exprstats.inference.metrics import Metric
from exprstats.inference.schemes import Scheme
from exprstats.inference.significance import TIE

# Means, ratios, errors, and correlations of twenty clusters lie above, medians below.
SMOOTH = 0.8


def is_plain(metric: Metric) -> bool:
    """Return whether a metric is a function that nothing is known about."""
    return metric.sums is None and metric.prepare is None


def list_counts(
    seeds: Sequence[np.random.SeedSequence], strata: Sequence[np.ndarray], draws: int
) -> np.ndarray:
    """Return how often each draw holds each cluster (draws, clusters)."""
    scheme = Scheme(tuple(strata))
    return np.concatenate([c for seed in seeds for c in iterate_counts(seed, scheme)])[:draws]


def share_foretold(draws: np.ndarray, left_out: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return how much of the draws' variance leaving out clusters foretells (terms,).

    The squared correlation of draws T*_b with -Σ_g counts_bg·θ₋g: 1 for a mean, about .7 for the
    median of 20 clusters, for which the jackknife is inconsistent (Efron, 1982, chapter 3). NaN
    where it cannot be said.

    Parameters
    ----------
    draws
        Values of resamples (terms, B).
    left_out
        Values without each cluster (terms, clusters).
    counts
        How often each draw holds each cluster (B, clusters).
    """
    foretold = -left_out @ counts.T
    return np.array([_correlate(*pair) ** 2 for pair in zip(draws, foretold, strict=True)])


def _correlate(drawn: np.ndarray, foretold: np.ndarray) -> float:
    defined = np.isfinite(drawn) & np.isfinite(foretold)
    y, x = drawn[defined], foretold[defined]
    # What rounding leaves of no variance at all foretells nothing.
    if len(y) < 3 or np.ptp(y) <= TIE * max(1.0, np.abs(y).max()):
        return np.nan
    return float(np.corrcoef(x, y)[0, 1]) if np.ptp(x) > 0 else 0.0
