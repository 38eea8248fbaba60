"""Metrics of order: ranks are summed again in every resample, from one sort."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from exprstats.inference.metrics import Measure, Metric
from exprstats.inference.moments import measure_correlation
from exprstats.inference.panels import Panel

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_NO_VARIANCE = 1e-13


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
        self.holds = count_cells(self.places, codes, (self.size, groups))

    def rank_values(self, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return midranks and frequencies of the distinct values, (values, draws) each."""
        times = self.holds @ counts.T
        return accumulate_rows(times) - times / 2 + 0.5, times


def count_cells(rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]) -> csr_array:
    """Return a sparse table of how often each row meets each column."""
    from scipy.sparse import csr_array

    return csr_array((np.ones(len(rows)), (rows, columns)), shape=shape)


def accumulate_rows(values: np.ndarray) -> np.ndarray:
    """Return running sums down the rows; a loop over rows beats a cumsum across memory."""
    total = values.copy()
    for row in range(1, len(total)):
        np.add(total[row], total[row - 1], out=total[row])
    return total


def prepare_spearman(panel: Panel) -> Measure:
    """Return Spearman's correlation under cluster counts: Pearson's of midranks.

    The variance of ranks needs only the frequencies t of ties: (N³ - Σt³)/12.
    """
    truth = Order(panel.truth, panel.codes, panel.groups)
    orders = [Order(line, panel.codes, panel.groups) for line in panel.predictions]
    joins = [
        count_cells(order.places, np.arange(len(panel.codes)), (order.size, len(panel.codes)))
        for order in orders
    ]

    def measure(counts: np.ndarray) -> np.ndarray:
        ranks, times = truth.rank_values(counts)
        total = times.sum(axis=0)
        middle = (total + 1) / 2
        away = counts.T[panel.codes] * (ranks - middle)[truth.places]
        spread = _spread_ranks(times, total)
        values = np.empty((len(orders), len(counts)))
        for line, (order, join) in enumerate(zip(orders, joins, strict=True)):
            other, ties = order.rank_values(counts)
            moved = away[_sort_places(order)] if order.size == len(panel.codes) else join @ away
            cross = np.einsum("vd,vd->d", moved, other - middle)
            with np.errstate(divide="ignore", invalid="ignore"):
                values[line] = cross / np.sqrt(spread * _spread_ranks(ties, total))
        return np.clip(values, -1.0, 1.0)

    return measure


def _sort_places(order: Order) -> np.ndarray:
    sorted_places = np.empty_like(order.places)
    sorted_places[order.places] = np.arange(len(order.places))
    return sorted_places


def _spread_ranks(times: np.ndarray, total: np.ndarray) -> np.ndarray:
    spread = total**3 - np.einsum("vd,vd,vd->d", times, times, times)
    return np.where(spread > _NO_VARIANCE * total**3, spread / 12, np.nan)


def prepare_auc(panel: Panel) -> Measure:
    """Return the area under the ROC curve under cluster counts, from the positives' midranks."""
    positive = np.flatnonzero(panel.truth == 1)
    orders = [Order(line, panel.codes, panel.groups) for line in panel.predictions]
    holds = [
        count_cells(order.places[positive], panel.codes[positive], (order.size, panel.groups))
        for order in orders
    ]

    def measure(counts: np.ndarray) -> np.ndarray:
        values = np.empty((len(orders), len(counts)))
        for line, (order, held) in enumerate(zip(orders, holds, strict=True)):
            ranks, times = order.rank_values(counts)
            found = held @ counts.T
            hits = found.sum(axis=0)
            above = np.einsum("vd,vd->d", found, ranks) - hits * (hits + 1) / 2
            with np.errstate(divide="ignore", invalid="ignore"):
                values[line] = above / (hits * (times.sum(axis=0) - hits))
        return values

    return measure


def prepare_average_precision(panel: Panel) -> Measure:
    """Return average precision under cluster counts: steps of recall times precision.

    Rows are cut into runs that end at a distinct score with a positive; only there recall moves.
    """
    tables = [_cut_runs(panel, -line) for line in panel.predictions]

    def measure(counts: np.ndarray) -> np.ndarray:
        values = np.empty((len(tables), len(counts)))
        for line, (rows, hits) in enumerate(tables):
            found = hits @ counts.T
            seen, steps = accumulate_rows(rows @ counts.T), accumulate_rows(found)
            precision = np.divide(steps, seen, out=np.zeros_like(seen), where=seen > 0)
            with np.errstate(divide="ignore", invalid="ignore"):
                values[line] = np.einsum("vd,vd->d", found, precision) / steps[-1]
        return values

    return measure


def _cut_runs(panel: Panel, keys: np.ndarray) -> tuple[csr_array, csr_array]:
    """Return tables (runs, groups) of all rows and of positive rows."""
    _, places = np.unique(keys, return_inverse=True)
    positive = panel.truth == 1
    ends = np.unique(places[positive]) if positive.any() else np.array([int(places.max())])
    runs = np.searchsorted(ends, places)
    inside = runs < len(ends)
    shape = (len(ends), panel.groups)
    return (
        count_cells(runs[inside], panel.codes[inside], shape),
        count_cells(runs[positive], panel.codes[positive], shape),
    )


def rank_middle(values: np.ndarray) -> np.ndarray:
    """Return midranks (n,), 1 for the lowest."""
    _, places, times = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(times) - (times - 1) / 2)[places]


def measure_spearman(truth: np.ndarray, prediction: np.ndarray) -> float:
    """Return Spearman's correlation; NaN where one of the two does not vary."""
    return measure_correlation(rank_middle(truth), rank_middle(prediction))


def measure_auc(truth: np.ndarray, prediction: np.ndarray) -> float:
    """Return the chance that a row of truth 1 is predicted above another, ties half."""
    ones, others = prediction[truth == 1], prediction[truth != 1]
    if not (len(ones) and len(others)):
        return float("nan")
    return float((rank_middle(prediction)[truth == 1].mean() - (len(ones) + 1) / 2) / len(others))


def measure_average_precision(truth: np.ndarray, prediction: np.ndarray) -> float:
    """Return the mean over positives of the precision among rows predicted at least as high."""
    ones = prediction[truth == 1]
    if not len(ones):
        return float("nan")
    return float(np.mean([np.mean(truth[prediction >= score] == 1) for score in ones]))


RANK_METRICS = (
    Metric(
        "spearman",
        measure_spearman,
        range=(-1, 1),
        prepare=prepare_spearman,
        fisher=True,
        label="Spearman's ρ",
    ),
    Metric("auc", measure_auc, range=(0, 1), prepare=prepare_auc, label="AUC"),
    Metric(
        "average_precision",
        measure_average_precision,
        range=(0, 1),
        prepare=prepare_average_precision,
        label="average precision",
    ),
)
