"""Rank correlation: ranks are summed again in every resample, from one sort."""

from __future__ import annotations

import numpy as np

from exprstats.inference.metrics import Measure, Metric
from exprstats.inference.moments import measure_correlation
from exprstats.inference.orders import Order, accumulate_rows, count_cells, rank_middle, slice_draws
from exprstats.inference.panels import Panel


def prepare_spearman(panel: Panel) -> Measure:
    """Return Spearman's correlation under cluster counts: Pearson's of midranks."""
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
        fisher=True,
        label="Spearman's ρ",
    ),
)
