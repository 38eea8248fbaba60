"""Standard errors of single draws, from the copies of clusters that each draw holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from exprstats.inference.intervals import weigh_stratum

# Sums of squares this small beside what they were taken from are rounding.
_NO_SPREAD = 1e-13


def spread_copies(
    values: np.ndarray,
    counts: np.ndarray,
    reduced: Iterable[np.ndarray],
    *,
    pairs: Sequence[tuple[int, int]],
    strata: Sequence[np.ndarray],
) -> np.ndarray:
    """Return each draw's jackknife standard errors over its drawn copies of clusters.

    Parameters
    ----------
    values
        Of the draws (metrics, models, draws).
    counts
        How often each cluster was drawn (draws, clusters).
    reduced
        For each cluster, values without one copy of it.
    pairs
        Differences that want a standard error as well.
    strata
        Clusters of each stratum.

    Returns
    -------
    ndarray
        (metrics, models + pairs, draws).
    """
    whole = append_pairs(values, pairs)
    total, square = (np.zeros((len(strata), *whole.shape)) for _ in range(2))
    belongs = np.empty(counts.shape[1], dtype=int)
    for place, members in enumerate(strata):
        belongs[members] = place
    for group, less in enumerate(reduced):
        times = counts[:, group]
        with np.errstate(invalid="ignore"):
            away = np.where(times > 0, append_pairs(less, pairs) - whole, 0.0)
        total[belongs[group]] += times * away
        square[belongs[group]] += times * away**2
    sizes = np.array([len(members) for members in strata])[:, None, None, None]
    spread = square - total**2 / sizes
    spread = np.where(spread > _NO_SPREAD * square, spread, np.where(np.isnan(spread), spread, 0))
    weights = [weigh_stratum(len(members), counts.shape[1]) for members in strata]
    return np.sqrt(np.tensordot(weights, spread, axes=1))


def append_pairs(values: np.ndarray, pairs: Sequence[tuple[int, int]]) -> np.ndarray:
    """Return values (metrics, models, draws) followed by differences of pairs of models."""
    first, second = (np.array([pair[side] for pair in pairs], dtype=int) for side in (0, 1))
    # Where a resample loses its last copy of its only cluster, a value can be infinite.
    with np.errstate(invalid="ignore"):
        return np.concatenate([values, values[:, first] - values[:, second]], axis=1)
