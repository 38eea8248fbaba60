"""Formulas of ordered answers: a normal response behind each, cut into categories."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr

_NODES = np.linspace(-6, 6, 121)


def score_responses(
    answers: np.ndarray, loadings: np.ndarray, thresholds: Sequence[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the posterior means of the factor and their standard deviations, (n,) each.

    The expected value given the answers a posteriori (Bock & Mislevy, 1982), under a standard
    normal factor, by summation over 121 points from −6 to 6. It stays finite where every answer is
    the lowest or the highest, where maximum likelihood (Bartlett) scores run away.

    Parameters
    ----------
    answers
        Categories 0 … K − 1, shape (n, p); NaN where an item is missing. A row without any answer
        has no score.
    loadings
        Standardised, shape (p,).
    thresholds
        For each item its K − 1 cuts of the standard normal response, in order.
    """
    weights = np.exp(-(_NODES**2) / 2)
    patterns, places = np.unique(np.nan_to_num(answers, nan=-1).astype(int), axis=0,
                                 return_inverse=True)  # fmt: skip
    likelihood = np.ones((len(patterns), len(_NODES)))
    for item, cuts in enumerate(thresholds):
        shares = share_categories(loadings[item], cuts)
        given = patterns[:, item] >= 0
        likelihood[given] *= shares[patterns[given, item]]
    posterior = likelihood * weights
    posterior /= posterior.sum(axis=1, keepdims=True)
    mean = posterior @ _NODES
    spread = np.sqrt(posterior @ _NODES**2 - mean**2)
    empty = (patterns < 0).all(axis=1)
    mean[empty] = spread[empty] = np.nan
    return mean[places.ravel()], spread[places.ravel()]


def share_categories(loading: float, cuts: np.ndarray) -> np.ndarray:
    """Return the probability of each category at each point of the factor, (K, points)."""
    residual = np.sqrt(1 - loading**2)
    below = ndtr((np.asarray(cuts)[:, None] - loading * _NODES) / residual)
    padded = np.concatenate([np.zeros((1, len(_NODES))), below, np.ones((1, len(_NODES)))])
    return np.diff(padded, axis=0)
