"""Metrics of a panel under any weighting of its clusters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from numbers import Real

import numpy as np

from exprstats.errors import OptionError
from exprstats.inference.metrics.metric import Measure, Metric, Term, check_coding
from exprstats.inference.resampling.clusters import (
    BLOCK,
    Panel,
    leave_out_clusters,
    sum_over_clusters,
)


class Evaluation:
    """Metrics of one panel, ready to be asked for many resamples.

    Metrics made of sums share them: each distinct term is summed once per cluster, and a block of
    resamples is one product of counts and sums. Other metrics are asked one by one. Metrics that
    take other values than the panel has are a DataError.
    """

    def __init__(self, panel: Panel, metrics: Sequence[Metric]) -> None:
        check_coding(panel, metrics)
        self.groups = panel.groups
        self.shape = (len(metrics), len(panel.predictions))
        self._metrics = list(metrics)
        self._sums, self._places = sum_clusters(panel, metrics)
        self._measures = {
            place: metric.prepare(panel) if metric.prepare else resample_rows(metric, panel)
            for place, metric in enumerate(metrics)
            if metric.sums is None
        }

    def measure_counts(self, counts: np.ndarray) -> np.ndarray:
        """Return values (metrics, models, draws) for counts (draws, clusters)."""
        values = self._apply(self._sums @ counts.T)
        for place, measure in self._measures.items():
            values[place] = measure(counts)
        return values

    def measure_whole(self) -> np.ndarray:
        """Return values (metrics, models) of all rows."""
        return self.measure_counts(np.ones((1, self.groups)))[:, :, 0]

    def measure_without(self) -> np.ndarray:
        """Return values (metrics, models, clusters), each of all rows but one cluster's."""
        values = self._apply(self._sums.sum(axis=1, keepdims=True) - self._sums)
        for place, measure in self._measures.items():
            for start in range(0, self.groups, BLOCK):
                stop = min(start + BLOCK, self.groups)
                counts = leave_out_clusters(start, stop, self.groups)
                values[place, :, start:stop] = measure(counts)
        return values

    def iterate_reduced(self, counts: np.ndarray) -> Iterator[np.ndarray]:
        """Yield, for each cluster, values (metrics, models, draws) without one copy of it."""
        totals = self._sums @ counts.T
        for group in range(self.groups):
            values = self._apply(totals - self._sums[:, group : group + 1])
            if self._measures:
                fewer = counts.copy()
                fewer[:, group] = np.maximum(fewer[:, group] - 1, 0)
                for place, measure in self._measures.items():
                    values[place] = measure(fewer)
            yield values

    def _apply(self, totals: np.ndarray) -> np.ndarray:
        values = np.empty((*self.shape, totals.shape[1]))
        with np.errstate(divide="ignore", invalid="ignore"):
            for place, metric in enumerate(self._metrics):
                if metric.sums is None or metric.formula is None:
                    continue
                given = {name: totals[self._places[term]] for name, term in metric.sums.items()}
                values[place] = metric.formula(**given)
        return values


def sum_clusters(
    panel: Panel, metrics: Sequence[Metric]
) -> tuple[np.ndarray, dict[Term, int | slice]]:
    """Return per-cluster sums (terms, groups) that metrics need, and where each term's lie."""
    lines: list[np.ndarray] = []
    places: dict[Term, int | slice] = {}
    for term in dict.fromkeys(term for metric in metrics for term in (metric.sums or {}).values()):
        rows = _add_rows(term, panel, metrics)
        place = len(lines)
        places[term] = place if rows.ndim == 1 else slice(place, place + len(rows))
        lines.extend(sum_over_clusters(np.atleast_2d(rows), panel))
    sums = np.array(lines) if lines else np.zeros((0, panel.groups))
    return sums, places


def _add_rows(term: Term, panel: Panel, metrics: Sequence[Metric]) -> np.ndarray:
    """Return what each row adds to a sum, (n,) or (models, n); one number serves all rows."""
    rows = np.asarray(term(panel.truth, panel.predictions), dtype=float)
    if rows.shape in {panel.truth.shape, panel.predictions.shape}:
        return rows
    if rows.ndim == 0:
        return np.full(panel.truth.shape, rows)
    names = [
        f"sum '{key}' of metric '{metric.name}'"
        for metric in metrics
        for key, one in (metric.sums or {}).items()
        if one is term
    ]
    message = (
        f"{names[0]} must return what each row adds, shape {panel.truth.shape} or "
        f"{panel.predictions.shape}; got shape {rows.shape}. The sum over rows is taken for you."
    )
    raise OptionError(message)


def resample_rows(metric: Metric, panel: Panel) -> Measure:
    """Return the slow way that serves any function: take each resample's rows, row by row."""
    first = metric(panel.truth, panel.predictions[0])
    if not (np.ndim(first) == 0 and isinstance(first, Real | np.ndarray)):
        message = (
            f"metric '{metric.name}' must return one number for truth (n,) and prediction (n,); "
            f"it returned {_describe_answer(first)}."
        )
        raise OptionError(message)

    def measure(counts: np.ndarray) -> np.ndarray:
        values = np.empty((len(panel.predictions), len(counts)))
        for draw, weights in enumerate(counts.astype(int)):
            rows = np.repeat(np.arange(len(panel.codes)), weights[panel.codes])
            for model, prediction in enumerate(panel.predictions):
                values[model, draw] = metric(panel.truth[rows], prediction[rows])
        return values

    return measure


def _describe_answer(answer: object) -> str:
    shape = np.shape(answer) if isinstance(answer, np.ndarray | list | tuple) else ()
    return f"{type(answer).__name__} of shape {shape}" if shape else repr(answer)
