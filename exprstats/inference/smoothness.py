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


def foretell_draws(
    left_out: np.ndarray,
    seeds: Sequence[np.random.SeedSequence],
    strata: Sequence[np.ndarray],
    draws: int,
) -> np.ndarray:
    """Return what leaving out clusters says of each draw (terms, B), to scale: -Σ_g counts_bg·θ₋g.

    Parameters
    ----------
    left_out
        Values without each cluster (terms, clusters).
    seeds, strata
        From which the draws were made; of two stages the first.
    draws
        Their number B.
    """
    scheme = Scheme(tuple(strata))
    with np.errstate(invalid="ignore"):
        blocks = [-left_out @ c.T for seed in seeds for c in iterate_counts(seed, scheme)]
    return np.concatenate(blocks, axis=1)[:, :draws]


def share_foretold(draws: np.ndarray, foretold: np.ndarray) -> np.ndarray:
    """Return how much of the variance of draws (terms, B) is foretold (terms,).

    The squared correlation of both: 1 for a mean, about .7 for the median of 20 clusters, for
    which the jackknife is inconsistent (Efron, 1982, chapter 3). NaN where it cannot be said.
    """
    return np.array([_correlate(*pair) ** 2 for pair in zip(draws, foretold, strict=True)])


def _correlate(drawn: np.ndarray, foretold: np.ndarray) -> float:
    defined = np.isfinite(drawn) & np.isfinite(foretold)
    y, x = drawn[defined], foretold[defined]
    # What rounding leaves of no variance at all foretells nothing.
    if len(y) < 3 or np.ptp(y) <= TIE * max(1.0, np.abs(y).max()):
        return np.nan
    return float(np.corrcoef(x, y)[0, 1]) if np.ptp(x) > 0 else 0.0
