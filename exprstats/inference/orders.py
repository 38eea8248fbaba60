"""Distinct values in order, and sums down them, for many resamples at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from exprstats.inference.metrics import Measure

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_NO_VARIANCE = 1e-13
_SLAB = 64
# Numbers in a table of rows and draws: few enough to stay in the processor's cache.
_CACHED = 200_000


class Order:
    """The distinct values of some numbers, lowest first, and how often clusters hold each.

    Parameters
    ----------
    values
        Numbers (n,).
    codes, groups
        Cluster of each, and their number.
    """

    def __init__(self, values: np.ndarray, codes: np.ndarray, groups: int) -> None:
        _, self.places = np.unique(values, return_inverse=True)
        self.size = int(self.places.max()) + 1
        self._holds = count_cells(self.places, codes, (self.size, groups))
        self._sizes = np.bincount(codes, minlength=groups)
        # Without ties each value has one row, and taking its cluster's count is enough.
        self.rows = np.argsort(self.places) if self.size == len(codes) else None
        self._owners = None if self.rows is None else codes[self.rows]

    def weigh_values(self, columns: np.ndarray) -> np.ndarray:
        """Return frequencies (values, draws) for counts (clusters, draws)."""
        return self._holds @ columns if self._owners is None else columns[self._owners]

    def rank_values(self, times: np.ndarray) -> np.ndarray:
        """Return midranks (values, draws) less a half for frequencies."""
        ranks = accumulate_rows(times.copy())
        ranks -= times / 2
        return ranks

    def spread_ranks(self, times: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Return the sum of squares of ranks about their mean (draws,): (N³ - Σt³)/12."""
        total = self._sizes @ columns
        if self._owners is None:
            ties = np.einsum("vd,vd,vd->d", times, times, times)
        else:
            ties = self._sizes @ columns**3
        spread = total**3 - ties
        return np.where(spread > _NO_VARIANCE * total**3, spread / 12, np.nan)


def count_cells(rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]) -> csr_array:
    """Return a sparse table of how often each row meets each column."""
    from scipy.sparse import csr_array

    return csr_array((np.ones(len(rows)), (rows, columns)), shape=shape)


def accumulate_rows(values: np.ndarray) -> np.ndarray:
    """Turn rows (n, draws) into their running sums, in place, and return them.

    Slabs of rows run side by side and are joined afterwards: memory is walked along, not across.
    """
    length, width = values.shape
    slabs = length // _SLAB
    if slabs > 1:
        head = values[: slabs * _SLAB].reshape(slabs, _SLAB, width)
        for row in range(1, _SLAB):
            head[:, row] += head[:, row - 1]
        for slab in range(1, slabs):
            head[slab] += head[slab - 1, -1]
    done = slabs * _SLAB if slabs > 1 else 1
    for row in range(done, length):
        values[row] += values[row - 1]
    return values


def slice_draws(measure: Measure, rows: int) -> Measure:
    """Return a measure that takes few draws at a time where there are many rows."""
    width = max(_CACHED // rows, 8)

    def measure_slices(counts: np.ndarray) -> np.ndarray:
        starts = range(0, len(counts), width)
        return np.concatenate([measure(counts[at : at + width]) for at in starts], axis=1)

    return measure_slices


def rank_middle(values: np.ndarray) -> np.ndarray:
    """Return midranks (n,), 1 for the lowest."""
    _, places, times = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(times) - (times - 1) / 2)[places]
