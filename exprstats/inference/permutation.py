"""A second p: swap two models' predictions within clusters, where neither is better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from exprstats.inference.cells import (
    Span,
    check_against,
    check_options,
    check_predictions,
    find_span,
    split_contexts,
)
from exprstats.inference.metrics import Metric, MetricLike, Printed, find_metrics, strip_metrics
from exprstats.inference.panels import Cell
from exprstats.inference.rows import arrange_table
from exprstats.inference.samples import count_blocks
from exprstats.inference.sentences import cut_texts, label_metric, name_place, write_value
from exprstats.inference.significance import (
    TIE,
    adjust_holm,
    estimate_p_error,
)
from exprstats.inference.swaps import list_swaps, swap_pairs, takes_every
from exprstats.inference.terms import KEYS, check_pairs, pair_models, write_keys
from exprstats.numerals import tell_p
from exprstats.parallel import Seed, spawn_seeds
from exprstats.results import Result


@dataclass(frozen=True, slots=True, eq=False)
class Permutation(Result):
    """Permutation p-values of differences between models.

    Attributes
    ----------
    table
        Tidy rows: context, metric, model, versus, term, estimate, p_value, p_adjusted (Holm
        within metric and context), draws (swaps tried; all 2^G of them where that is fewer).
    cluster
        Column of the clusters within which predictions were swapped.
    metrics
        What was measured.
    """

    table: pd.DataFrame
    cluster: str
    metrics: tuple[Printed, ...] = ()

    def glance(self) -> pd.DataFrame:
        """Return one row: how many differences, and the smallest p that swaps can give."""
        return pd.DataFrame(
            {
                "differences": [len(self.table)],
                "cluster": [self.cluster],
                "smallest_p": [1 / float(self.table["draws"].min())],
            }
        )

    def sentence(self) -> str:
        """Return each difference with its p, in APA style."""
        texts = []
        for _, row in self.table.iterrows():
            metric = str(row["metric"])
            label = label_metric(metric, self.metrics)
            number = write_value(metric, row["estimate"], metrics=self.metrics)
            p_value = f"p {tell_p(row['p_adjusted'])}"
            texts.append(f"{row['term']}{name_place(row)}: {label} {number}, {p_value}")
        return f"{'; '.join(cut_texts(texts))} (swaps within {self.cluster}, Holm)."


def permute_models(
    predictions: pd.DataFrame,
    *,
    metrics: MetricLike | Sequence[MetricLike],
    cluster: str = "subject",
    against: str | None = None,
    by: str | None = None,
    span: Span = None,
    draws: int = 2000,
    seed: Seed = None,
    n_jobs: int = 1,
) -> Permutation:
    """Test differences between models by swapping their predictions within clusters.

    If it did not matter which of two models made a cluster's predictions, swapping them in any
    set of clusters would give a difference like the one seen. The test asks that of both models'
    predictions as a whole, needs no standard error, and is exact with any number of clusters;
    it gives no interval.

    Parameters
    ----------
    predictions, metrics, cluster, against, by, span
        As in `compare_models`; models that stand in seats cannot be swapped.
    draws
        Random swaps; where all 2^G of them are no more, all are taken.
    seed, n_jobs
        As in `compare_models`.

    References
    ----------
    Good, P. I. (2005). *Permutation, parametric, and bootstrap tests of hypotheses*.
    """
    measures = find_metrics(metrics)
    check_options(interval="auto", level=0.95, draws=draws)
    rows = check_predictions(predictions, cluster=cluster, by=by)
    cells = split_contexts(rows, cluster=cluster, by=by)
    check_against(against, cells)
    check_pairs(cells)
    seeds = spawn_seeds(seed, count_blocks(draws))
    found: list[dict[str, Any]] = []
    for cell in cells:
        width = find_span(span, cell, measures)
        swaps = list_swaps(len(cell.clusters), seeds, draws)
        pairs = pair_models(cell.models, against)
        values = swap_pairs(cell, measures, pairs, swaps, n_jobs)
        every = takes_every(len(cell.clusters), draws)
        found += _write_rows(cell, measures, pairs, values, width, every=every)
    table = arrange_table(found, KEYS)
    return Permutation(table=table, cluster=cluster, metrics=strip_metrics(measures))


def _write_rows(
    cell: Cell,
    metrics: Sequence[Metric],
    pairs: Sequence[tuple[int, int]],
    values: tuple[np.ndarray, np.ndarray],
    width: float,
    *,
    every: bool,
) -> list[dict[str, Any]]:
    rows = []
    for metric, differences, sizes in zip(metrics, *values, strict=True):
        seen = differences[:, :1]
        finite = np.isfinite(differences).sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            above = (np.abs(differences) >= np.abs(seen) - TIE * sizes[:, None]).sum(axis=1)
            p_values = np.where(np.isfinite(seen[:, 0]), above / finite, np.nan)
        adjusted = adjust_holm(p_values)
        errors = estimate_p_error(p_values, finite, doubled=False) * (not every)
        for line, (first, second) in enumerate(pairs):
            rows.append(
                write_keys(cell.context, metric.name, cell.models[first], cell.models[second])
                | {
                    "estimate": seen[line, 0] / (width if metric.spanned else 1.0),
                    "method": "permutation",
                    "p_value": p_values[line],
                    "p_adjusted": adjusted[line],
                    "p_error": errors[line],
                    "n_clips": cell.n_clips,
                    "n_clusters": len(cell.clusters),
                    "draws": finite[line],
                    "note": None if np.isfinite(seen[line, 0]) else "not defined in this sample",
                }
            )
    return rows
