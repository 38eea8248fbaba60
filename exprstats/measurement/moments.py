"""Means and covariances of items: all that a maximum likelihood fit needs to know of the rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

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
    complete = _find_complete(values)
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


def _find_complete(values: np.ndarray) -> np.ndarray:
    return np.logical_not(np.isnan(values).any(axis=1))


def correlate(covariance: np.ndarray) -> np.ndarray:
    """Return the correlations (p, p) of a covariance matrix with positive variances."""
    spread = np.sqrt(np.diag(covariance))
    return covariance / np.outer(spread, spread)
