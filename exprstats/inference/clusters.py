"""Resampling whole clusters, because rows of one cluster are not independent."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from exprstats.inference.panels import Panel

# A constant, so that the first 1,000 draws of 2,000 are the 1,000 draws, however they are run.
BLOCK = 250


def draw_clusters(seed: np.random.SeedSequence, strata: Sequence[np.ndarray]) -> np.ndarray:
    """Draw a block of resamples of clusters with replacement.

    Parameters
    ----------
    seed
        The block's own seed.
    strata
        Cluster indices of each stratum; from each, as many are drawn as it has. One stratum
        of all clusters is the plain cluster bootstrap.

    Returns
    -------
    ndarray
        Cluster indices (250, clusters).
    """
    rng = np.random.default_rng(seed)
    drawn = [
        members[rng.integers(len(members), size=(BLOCK, len(members)))]
        if len(strata) > 1
        else rng.integers(len(members), size=(BLOCK, len(members)))
        for members in strata
    ]
    return drawn[0] if len(drawn) == 1 else np.concatenate(drawn, axis=1)


def count_clusters(drawn: np.ndarray, groups: int) -> np.ndarray:
    """Return how often each cluster stands in each draw, (draws, groups), as floats."""
    offsets = groups * np.arange(len(drawn))[:, None]
    counts = np.bincount((drawn + offsets).ravel(), minlength=len(drawn) * groups)
    return counts.reshape(len(drawn), groups).astype(float)


def sum_rows(rows: np.ndarray, panel: Panel) -> np.ndarray:
    """Return sums over each cluster (lines, groups) of rows (lines, n)."""
    sums = [np.bincount(panel.codes, weights=line, minlength=panel.groups) for line in rows]
    return np.array(sums)


def leave_out_clusters(start: int, stop: int, groups: int) -> np.ndarray:
    """Return counts (stop - start, groups) of the samples that lack one cluster each."""
    counts = np.ones((stop - start, groups))
    counts[np.arange(stop - start), np.arange(start, stop)] = 0.0
    return counts
