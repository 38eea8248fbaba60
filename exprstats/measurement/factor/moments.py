"""Means, covariances and cluster sums of items."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exprstats.measurement.factor.items import ItemSet

_BLOCK = 65_536


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Moments of the complete rows of p items.

    Attributes
    ----------
    n
        Complete rows.
    mean
        Shape (p,).
    covariance
        Shape (p, p), divisor n.
    low, high
        Smallest and largest value of each item, shape (p,).
    """

    n: int
    mean: np.ndarray
    covariance: np.ndarray
    low: np.ndarray
    high: np.ndarray


def form_moments(values: np.ndarray) -> Moments:
    """Return the moments of the complete rows, in one pass over blocks of rows.

    Parameters
    ----------
    values
        Shape (n, p); a row with a missing value is left out.
    """
    p = values.shape[1]
    complete = np.logical_not(np.isnan(values).any(axis=1))
    # A centre near the data keeps the sums of squares from cancelling.
    centre = values[np.argmax(complete)] if complete.any() else np.zeros(p)
    n, total, squares = 0, np.zeros(p), np.zeros((p, p))
    low, high = np.full(p, np.inf), np.full(p, -np.inf)
    whole = bool(complete.all())
    for start in range(0, len(values), _BLOCK):
        block = values[start : start + _BLOCK]
        if not whole:
            block = block[complete[start : start + _BLOCK]]
        if not len(block):
            continue
        low, high = np.minimum(low, block.min(axis=0)), np.maximum(high, block.max(axis=0))
        shifted = block - centre
        n += len(block)
        total += shifted.sum(axis=0)
        squares += shifted.T @ shifted
    shift = total / max(n, 1)
    covariance = squares / max(n, 1) - np.outer(shift, shift)
    return Moments(n, centre + shift, covariance, low, high)


def correlate(covariance: np.ndarray) -> np.ndarray:
    """Return the correlations (p, p) of a covariance matrix with positive variances."""
    spread = np.sqrt(np.diag(covariance))
    return covariance / np.outer(spread, spread)


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


def split_squares(answers: np.ndarray, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return each item's variance components (p,), within and between clusters.

    Those of the one-way analysis of variance with unequal groups (Searle, Casella, & McCulloch,
    1992, ch. 3): E(MSW) = σ²w and E(MSB) = σ²w + n₀σ²b with n₀ = (n − Σnᵢ²/n)/(G − 1). Between may
    be negative; cut at 0 it would be biased.

    Parameters
    ----------
    answers
        Complete rows, shape (n, p).
    codes
        Clusters of the rows, integers (n,).
    """
    _, places, sizes = np.unique(codes, return_inverse=True, return_counts=True)
    n, groups = len(answers), len(sizes)
    centred = answers - answers.mean(axis=0)
    sums = np.array([np.bincount(places, column) for column in centred.T])
    outer = (sums**2 / sizes).sum(axis=1)
    inner = ((centred**2).sum(axis=0) - outer) / (n - groups)
    size = (n - (sizes**2).sum() / n) / (groups - 1)
    return inner, (outer / (groups - 1) - inner) / size


def share_between(score: np.ndarray, codes: np.ndarray) -> float:
    """Return the share of variance between groups: ICC(1) of unequal groups; NaN if undefined.

    Parameters
    ----------
    score
        Shape (n,).
    codes
        Group of each score, integers (n,).

    Examples
    --------
    >>> share_between(np.array([1.0, 1.0, 5.0, 5.0]), np.array([0, 0, 1, 1]))
    1.0
    """
    if not 1 < len(np.unique(codes)) < len(score):
        return float("nan")
    within, between = split_squares(score[:, None], codes)
    return float((between / (between + within))[0])
