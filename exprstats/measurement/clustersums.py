"""Sums over clusters, from which every resample of clusters gets its moments by one product."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exprstats.measurement.itemsets import ItemSet


@dataclass(frozen=True, slots=True, eq=False)
class ClusterSums:
    """Sums of one fit's complete rows over clusters.

    Attributes
    ----------
    context
        A context, or None for all clips.
    sums
        Of 1, x and xx' about the centre, shape (G, 1 + p + p²).
    n, p
        Complete rows and items.
    centre
        What was subtracted from the items, the same for every context, shape (p,).
    """

    context: str | None
    sums: np.ndarray
    n: int
    p: int
    centre: np.ndarray

    def form_moments(self, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return means (B, p) and covariances (B, p, p) of B samples, counts of clusters (B, G).

        A sample that has no row of this context gives NaN.
        """
        with np.errstate(invalid="ignore", divide="ignore"):
            total = counts @ self.sums
            average = total[:, 1:] / total[:, :1]
        mean = average[:, : self.p]
        square = average[:, self.p :].reshape(-1, self.p, self.p)
        return mean + self.centre, square - mean[:, :, None] * mean[:, None, :]


def sum_clusters(itemset: ItemSet, codes: np.ndarray, groups: int) -> list[ClusterSums]:
    """Return the sums of each context, and of all clips last.

    Parameters
    ----------
    itemset
        The clips.
    codes
        Cluster of each clip, 0 … G − 1, shape (n,).
    groups
        Number of clusters G.
    """
    complete = np.logical_not(np.isnan(itemset.answers).any(axis=1))
    # A centre near the data keeps the sums of squares from cancelling.
    centre = itemset.answers[complete].mean(axis=0)
    p = itemset.answers.shape[1]
    fits = []
    for context in (*itemset.contexts, None):
        keep = itemset.select(context) & complete
        shifted = itemset.answers[keep] - centre
        squares = (shifted[:, :, None] * shifted[:, None, :]).reshape(-1, p * p)
        lines = np.concatenate([np.ones((len(shifted), 1)), shifted, squares], axis=1).T
        sums = np.array([np.bincount(codes[keep], line, groups) for line in lines])
        fits.append(ClusterSums(context, sums.T, int(keep.sum()), p, centre))
    return fits
