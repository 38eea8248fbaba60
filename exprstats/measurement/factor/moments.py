"""Means, covariances and cluster sums of items."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exprstats.measurement.factor.items import ItemSet, find_complete

_BLOCK = 65_536


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Moments of rows of p items, complete ones or those that full information uses.

    Attributes
    ----------
    n
        Rows.
    mean
        Shape (p,).
    covariance
        Shape (p, p), divisor n; of incomplete rows the maximum likelihood estimate.
    low, high
        Smallest and largest value of each item, shape (p,).
    shared
        Fewest rows that two items share; n where rows are complete.
    """

    n: int
    mean: np.ndarray
    covariance: np.ndarray
    low: np.ndarray
    high: np.ndarray
    shared: int


def form_moments(values: np.ndarray) -> Moments:
    """Return the moments of the complete rows of values (n, p), in one pass over blocks of rows."""
    p = values.shape[1]
    complete = find_complete(values)
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
    return Moments(n, centre + shift, covariance, low, high, n)


def scale_covariance(covariance: np.ndarray) -> np.ndarray:
    """Return the correlations (p, p) of a covariance matrix with positive variances."""
    spread = np.sqrt(np.diag(covariance))
    return covariance / np.outer(spread, spread)


# Of each pattern of answered items: their places, and sums (B, 1 + q + q²) of 1, x and xx'.
PatternSums = list[tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True, slots=True, eq=False)
class ClusterSums:
    """Sums of one fit's rows over clusters, by pattern of answered items.

    Attributes
    ----------
    context
        A context, or None for all clips.
    patterns
        Places of the q items that were answered, and sums of 1, x and xx' about the centre in each
        cluster, shape (G, 1 + q + q²). Complete rows are one pattern.
    n
        Rows.
    centre
        What was subtracted from the items, the same for every context, shape (p,).
    """

    context: str | None
    patterns: PatternSums
    n: int
    centre: np.ndarray

    def weigh(self, counts: np.ndarray) -> PatternSums:
        """Return the sums of B samples, from the counts of their clusters (B, G)."""
        return [(places, counts @ sums) for places, sums in self.patterns]

    def leave_out(self) -> PatternSums:
        """Return the sums of the G samples that lack one cluster each."""
        return [(places, sums.sum(axis=0) - sums) for places, sums in self.patterns]


def sum_factor_clusters(
    itemset: ItemSet, codes: np.ndarray, groups: int, missing: str = "listwise"
) -> list[ClusterSums]:
    """Return the sums of each context, and of all clips last, over clusters 0 … G − 1 (n,)."""
    # A centre near the data keeps the sums of squares from cancelling.
    centre = np.nanmean(itemset.answers, axis=0)
    return [
        sum_rows(
            context, itemset.answers[keep], codes[keep], groups, centre=centre, missing=missing
        )
        for context, keep in ((one, itemset.select(one)) for one in (*itemset.contexts, None))
    ]


def sum_rows(
    context: str | None,
    answers: np.ndarray,
    codes: np.ndarray,
    groups: int,
    *,
    centre: np.ndarray,
    missing: str = "listwise",
) -> ClusterSums:
    """Return the sums of rows (n, p) over clusters; see `sum_factor_clusters`."""
    given = np.logical_not(np.isnan(answers))
    complete = given.all(axis=1)
    kinds = np.ones((1, answers.shape[1]), dtype=bool)
    if missing == "fiml" and not complete.all():
        kinds = np.unique(given[given.any(axis=1)], axis=0)
    patterns, n = [], 0
    for kind in kinds:
        rows = complete if kind.all() else (given == kind).all(axis=1)
        shifted = answers[np.ix_(rows, kind)] - centre[kind]
        squares = (shifted[:, :, None] * shifted[:, None, :]).reshape(len(shifted), -1)
        lines = np.concatenate([np.ones((len(shifted), 1)), shifted, squares], axis=1).T
        sums = np.array([np.bincount(codes[rows], line, groups) for line in lines]).T
        patterns.append((np.flatnonzero(kind), sums))
        n += len(shifted)
    return ClusterSums(context, patterns, n, centre)


def split_squares(answers: np.ndarray, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return each item's variance components (p,), within and between clusters (n,).

    Those of the one-way analysis of variance of complete rows (n, p) with unequal groups (Searle,
    Casella, & McCulloch, 1992, ch. 3): E(MSW) = σ²w and E(MSB) = σ²w + n₀σ²b with n₀ = (n −
    Σnᵢ²/n)/(G − 1). Between may be negative; cut at 0 it would be biased.
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

    Examples
    --------
    >>> share_between(np.array([1.0, 1.0, 5.0, 5.0]), np.array([0, 0, 1, 1]))
    1.0
    """
    if not 1 < len(np.unique(codes)) < len(score):
        return float("nan")
    within, between = split_squares(score[:, None], codes)
    return float((between / (between + within))[0])
