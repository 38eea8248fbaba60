"""Predictions side by side: the arrays that metrics are computed from."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from exprstats.inference.schemes import Scheme


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """Rows that several models predict.

    Attributes
    ----------
    truth
        What is predicted (n,).
    predictions
        One line for each model (models, n).
    codes
        Cluster of each row (n,), 0 … groups - 1.
    groups
        Number of clusters.
    units
        Which of the cell's clips each row is (n,); empty where rows are never drawn one by one.
    """

    truth: np.ndarray
    predictions: np.ndarray
    codes: np.ndarray
    groups: int
    units: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=int))


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """The panels of one context, whose models are compared with each other.

    Attributes
    ----------
    context
        Its name; None where contexts are pooled.
    models
        Names, in the order of the results.
    panels
        One for each set of rows with its own truth: usually one; a model that stands in several
        seats (raters, folds) has one for each seat.
    owners
        For each panel, the model of each of its lines.
    clusters
        Names of the clusters, sorted, so that the order of rows does not matter.
    n_clips
        Number of rows that a model predicts.
    scheme
        How resamples are drawn.
    strata
        Stratum of each cluster (clusters,), where clusters are drawn within strata.
    """

    context: object
    models: tuple[str, ...]
    panels: tuple[Panel, ...]
    owners: tuple[np.ndarray, ...]
    clusters: tuple[object, ...]
    n_clips: int
    scheme: Scheme
    strata: np.ndarray | None = None
