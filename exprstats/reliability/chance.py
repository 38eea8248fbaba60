"""Krippendorff's α and Cohen's κ of a panel, from the libraries that keep them."""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import Literal

import numpy as np

from exprstats.errors import MissingDependency
from exprstats.reliability.panels import Panel

Scale = Literal["nominal", "ordinal", "interval", "ratio"]
Weights = Literal["none", "linear", "quadratic"]
FEWEST_SHARED = 10


def count_values(panel: Panel) -> tuple[np.ndarray, np.ndarray]:
    """Return how often each clip got each value (n, V), and the values (V,)."""
    levels, code = np.unique(panel.rating, return_inverse=True)
    counts = np.bincount(panel.clip * len(levels) + code, minlength=panel.n_clips * len(levels))
    return counts.reshape(panel.n_clips, len(levels)), levels


def find_alpha(counts: np.ndarray, values: np.ndarray, scale: Scale) -> float:
    """Return Krippendorff's α of value counts (n, V) of clips and the values (V,)."""
    try:
        from krippendorff import alpha
    except ImportError as error:
        message = "Krippendorff's α needs a package: pip install krippendorff"
        raise MissingDependency(message) from error
    used = counts[counts.sum(axis=1) > 1]
    try:
        return float(alpha(value_counts=used, value_domain=values, level_of_measurement=scale))
    except ValueError:
        return float("nan")


def find_kappa(panel: Panel, weights: Weights) -> tuple[float, int]:
    """Return κ averaged over pairs of raters with ten clips in common, and how many pairs.

    Pairs who gave one and the same value to all of these have no κ and do not count.
    """
    from sklearn.metrics import cohen_kappa_score

    levels, code = np.unique(panel.rating, return_inverse=True)
    kind = None if weights == "none" else weights
    found = []
    order = np.lexsort((panel.clip, panel.rater))
    starts = np.searchsorted(panel.rater[order], np.arange(panel.n_raters + 1))
    rows = [order[start:stop] for start, stop in pairwise(starts)]
    for one, two in combinations(rows, 2):
        _, left, right = np.intersect1d(panel.clip[one], panel.clip[two], return_indices=True)
        pair = code[one[left]], code[two[right]]
        if len(left) >= FEWEST_SHARED and len(np.unique(pair)) > 1:
            found.append(cohen_kappa_score(*pair, labels=np.arange(len(levels)), weights=kind))
    return (float(np.mean(found)) if found else float("nan")), len(found)
