"""Metrics of ranks: Spearman, average precision and the area under the ROC curve."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from exprstats.inference.metrics.metric import Measure, Metric
from exprstats.inference.metrics.regression import NO_VARIANCE, measure_correlation
from exprstats.inference.resampling.clusters import Panel

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_SLAB = 64
# Numbers in a table of rows and draws: few enough to stay in the processor's cache.
_CACHED = 200_000


class Order:
    """The distinct values of some numbers (n,), lowest first, and how often clusters hold each."""

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
        return np.where(spread > NO_VARIANCE * total**3, spread / 12, np.nan)


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


def prepare_spearman(panel: Panel) -> Measure:
    """Return Spearman's correlation under cluster counts: Pearson's of midranks.

    With ties 1 - 6Σd²/(n³ - n) is not a correlation, and a resample always has ties; spreads of
    midranks are (N³ - Σt³)/12 (Kendall, 1970, chapter 3).
    """
    truth = Order(panel.truth, panel.codes, panel.groups)
    orders = [Order(line, panel.codes, panel.groups) for line in panel.predictions]
    rows = np.arange(len(panel.codes))
    joins = [count_cells(order.places, rows, (order.size, len(rows))) for order in orders]

    def measure(counts: np.ndarray) -> np.ndarray:
        columns = np.ascontiguousarray(counts.T)
        times = truth.weigh_values(columns)
        ranks = truth.rank_values(times)
        ranks -= times.sum(axis=0) / 2
        weights = columns[panel.codes]
        away = weights * ranks[truth.places]
        half = np.einsum("rd,rd->d", away, weights) / 2
        spread = truth.spread_ranks(times, columns)
        values = np.empty((len(orders), len(counts)))
        for line, (order, join) in enumerate(zip(orders, joins, strict=True)):
            times = order.weigh_values(columns)
            other = order.spread_ranks(times, columns)
            # The centred ranks of the truth sum to zero, so the others need no centring; without
            # ties, half a row's own weight is the same sum for every model.
            if order.rows is None:
                cross = np.einsum("vd,vd->d", join @ away, order.rank_values(times))
            else:
                cross = np.einsum("vd,vd->d", away[order.rows], accumulate_rows(times)) - half
            with np.errstate(divide="ignore", invalid="ignore"):
                values[line] = cross / np.sqrt(spread * other)
        return np.clip(values, -1.0, 1.0)

    return slice_draws(measure, len(rows))


def measure_spearman(truth: np.ndarray, prediction: np.ndarray) -> float:
    """Return Spearman's correlation; NaN where one of the two does not vary."""
    return measure_correlation(rank_middle(truth), rank_middle(prediction))


RANK_METRICS = (
    Metric(
        "spearman",
        measure_spearman,
        range=(-1, 1),
        prepare=prepare_spearman,
        scale="fisher",
        label="Spearman's ρ",
    ),
)


def prepare_auc(panel: Panel) -> Measure:
    """Return the area under the ROC curve under cluster counts (Hanley & McNeil, 1982).

    It is the Mann-Whitney statistic over the number of pairs: each positive beats the negatives
    below it, and half of those at its own score.
    """
    tables = []
    for line in panel.predictions:
        rows, hits = _cut_runs(panel, line)
        ties = _count_ties(panel, line)
        tables.append((rows - hits, hits, ties))
    positive = panel.truth == 1
    sizes = [np.bincount(panel.codes[of], minlength=panel.groups) for of in (positive, ~positive)]

    def measure(counts: np.ndarray) -> np.ndarray:
        columns = np.ascontiguousarray(counts.T)
        pairs = (sizes[0] @ columns) * (sizes[1] @ columns)
        values = np.empty((len(tables), len(counts)))
        for line, (rows, hits, ties) in enumerate(tables):
            below = accumulate_rows(rows @ columns)
            if ties.nnz:
                below -= (ties @ columns) / 2
            with np.errstate(divide="ignore", invalid="ignore"):
                above = np.einsum("vd,vd->d", hits @ columns, below)
                values[line] = above / pairs
        return values

    return slice_draws(measure, len(panel.codes))


def _count_ties(panel: Panel, keys: np.ndarray) -> csr_array:
    """Return a table (runs, groups) of negatives whose score a positive has as well."""
    positive = panel.truth == 1
    ends = np.unique(keys[positive])
    tied = np.flatnonzero(~positive & np.isin(keys, ends))
    shape = (max(len(ends), 1), panel.groups)
    return count_cells(np.searchsorted(ends, keys[tied]), panel.codes[tied], shape)


def prepare_average_precision(panel: Panel) -> Measure:
    """Return average precision under cluster counts: steps of recall times precision.

    Without interpolation, which would reward ties (Buckley & Voorhees, 2000).
    Rows are cut into runs that end at a distinct score with a positive; only there recall moves.
    """
    tables = [_cut_runs(panel, -line) for line in panel.predictions]

    def measure(counts: np.ndarray) -> np.ndarray:
        columns = np.ascontiguousarray(counts.T)
        values = np.empty((len(tables), len(counts)))
        for line, (rows, hits) in enumerate(tables):
            found = hits @ columns
            seen, steps = accumulate_rows(rows @ columns), accumulate_rows(found.copy())
            precision = np.divide(steps, seen, out=np.zeros_like(seen), where=seen > 0)
            with np.errstate(divide="ignore", invalid="ignore"):
                values[line] = np.einsum("vd,vd->d", found, precision) / steps[-1]
        return values

    return slice_draws(measure, len(panel.codes))


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


CURVE_METRICS = (
    Metric(
        "auc",
        measure_auc,
        range=(0, 1),
        scale="logit",
        prepare=prepare_auc,
        label="AUC",
        lack="the truth is all 1 or has none",
        takes="ranked",
    ),
    Metric(
        "average_precision",
        measure_average_precision,
        range=(0, 1),
        scale="logit",
        prepare=prepare_average_precision,
        label="average precision",
        lack="the truth has no 1",
        takes="ranked",
    ),
)
