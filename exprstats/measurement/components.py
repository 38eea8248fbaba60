"""Variance components of clips: how much lies within clusters, and how much between them."""

from __future__ import annotations

import numpy as np


def split_squares(answers: np.ndarray, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return each item's variance components (p,), within and between clusters.

    Those of the one-way analysis of variance; between may be negative.

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
