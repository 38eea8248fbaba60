"""What one resample draws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True, eq=False)
class Scheme:
    """What is drawn: clusters, clusters within strata, or clusters and then rows of each.

    Attributes
    ----------
    strata
        Cluster indices of each stratum; from each, as many are drawn as it has. One stratum
        of all clusters is the plain cluster bootstrap.
    units
        For two-stage resampling, the cluster of each row that can be drawn (units,).
    """

    strata: tuple[np.ndarray, ...]
    units: np.ndarray | None = None
