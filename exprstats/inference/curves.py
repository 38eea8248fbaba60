"""Metrics of how high the positives are ranked: area under the ROC curve, average precision."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from exprstats.inference.metrics import Measure, Metric
from exprstats.inference.orders import accumulate_rows, count_cells, rank_middle, slice_draws
from exprstats.inference.panels import Panel

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def prepare_auc(panel: Panel) -> Measure:
    """Return the area under the ROC curve under cluster counts.

    Each positive beats the negatives below it, and half of those at its own score.
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
        prepare=prepare_auc,
        label="AUC",
        lack="the truth is all 1 or has none",
        takes="ranked",
    ),
    Metric(
        "average_precision",
        measure_average_precision,
        range=(0, 1),
        prepare=prepare_average_precision,
        label="average precision",
        lack="the truth has no 1",
        takes="ranked",
    ),
)
