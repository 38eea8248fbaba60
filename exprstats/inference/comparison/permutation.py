"""Permutation tests that swap two models' predictions within clusters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from exprstats.apa import tell_p
from exprstats.errors import DataError, Problem
from exprstats.inference.comparison.predictions import (
    Span,
    check_against,
    check_predictions,
    find_span,
    split_contexts,
)
from exprstats.inference.comparison.wording import cut_texts, label_metric, tell_place, write_metric
from exprstats.inference.metrics import find_metrics
from exprstats.inference.metrics.metric import Metric, MetricLike, PrintedMetric, strip_metrics
from exprstats.inference.resampling.clusters import BLOCK, Cell, Panel
from exprstats.inference.resampling.evaluation import Evaluation
from exprstats.inference.resampling.options import Resampling, choose_resampling
from exprstats.inference.resampling.pvalues import TIE, adjust_holm, estimate_p_error, settle_ties
from exprstats.inference.resampling.samples import count_blocks
from exprstats.inference.resampling.summaries import UNDEFINED, arrange_table
from exprstats.inference.resampling.terms import KEYS, check_pairs, pair_models, write_keys
from exprstats.parallel import Seed, run_tasks, spawn_seeds
from exprstats.results import Result

USUAL = 0.05


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

    place: ClassVar[str] = "permutation"
    table: pd.DataFrame
    cluster: str
    metrics: tuple[PrintedMetric, ...] = ()

    def glance(self) -> pd.DataFrame:
        """Return one row: how many differences, and the smallest p that swaps can give."""
        return pd.DataFrame(
            {
                "differences": [len(self.table)],
                "cluster": [self.cluster],
                "smallest_p": [float(self.table["smallest_p"].max())],
            }
        )

    def sentence(self) -> str:
        """Return each difference with its p, in APA style."""
        texts = []
        for _, row in self.table.iterrows():
            metric = str(row["metric"])
            label = label_metric(metric, self.metrics)
            number = write_metric(metric, row["estimate"], metrics=self.metrics)
            p_value = f"p {tell_p(row['p_adjusted'])}"
            texts.append(f"{row['term']}{tell_place(row)}: {label} {number}, {p_value}")
        least, ending = self.table["smallest_p"].max(), ""
        if least > USUAL:
            groups = int(self.table["n_clusters"].min())
            ending = f" Swaps of {groups} {self.cluster}s can give no p below {tell_p(least)[2:]}."
        return f"{'; '.join(cut_texts(texts))} (swaps within {self.cluster}, Holm).{ending}"


def permute_models(
    predictions: pd.DataFrame,
    *,
    metrics: MetricLike | Sequence[MetricLike],
    cluster: str = "subject",
    against: str | None = None,
    by: str | None = None,
    span: Span = None,
    resampling: Resampling | None = None,
    draws: int | None = None,
    seed: Seed = None,
    n_jobs: int | None = None,
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
    resampling, seed, n_jobs
        As in `compare_models`; what is about intervals and strata does not apply to swaps.

    Returns
    -------
    Permutation
        Differences with their p-values.

    Raises
    ------
    DataError
        If there is one model only, or models stand in seats or have truths of their own.
    OptionError
        As in `compare_models`.

    References
    ----------
    Good, P. I. (2005). *Permutation, parametric, and bootstrap tests of hypotheses*.

    Examples
    --------
    >>> table = pd.DataFrame({
    ...     "clip": [str(i) for i in range(12)] * 2,
    ...     "subject": [f"s{i // 2}" for i in range(12)] * 2,
    ...     "model": ["good"] * 12 + ["poor"] * 12,
    ...     "truth": [float(i) for i in range(12)] * 2,
    ...     "prediction": [i + 0.5 for i in range(12)] + [3.0, 1.0, 2.0] * 4,
    ... })
    >>> result = permute_models(table, metrics="rmse")
    >>> row = result.table.iloc[0]  # All 2^6 swaps.
    >>> int(row["draws"]), round(float(row["p_value"]), 3)
    (64, 0.062)
    """
    measures = find_metrics(metrics)
    how = choose_resampling(resampling, "permute_models", draws=draws, seed=seed, n_jobs=n_jobs)
    rows = check_predictions(predictions, cluster=cluster, by=by)
    cells = split_contexts(rows, cluster=cluster, by=by)
    check_against(against, cells)
    check_pairs(cells)
    seeds = spawn_seeds(how.seed, count_blocks(how.draws))
    found: list[dict[str, Any]] = []
    for cell in cells:
        width = find_span(span, cell, measures)
        swaps = list_swaps(len(cell.clusters), seeds, how.draws)
        pairs = pair_models(cell.models, against)
        values = swap_pairs(cell, measures, pairs, swaps, how.n_jobs)
        every = takes_every(len(cell.clusters), how.draws)
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
                    # To swap all clusters gives the same difference, of the other sign.
                    "smallest_p": (2 if every else 1) / max(int(finite[line]), 1),
                    "note": None if np.isfinite(seen[line, 0]) else UNDEFINED,
                }
            )
    return rows


def takes_every(groups: int, draws: int) -> bool:
    """Return whether all swaps of so many clusters are no more than the draws asked for."""
    return groups < 31 and 2**groups <= draws


def list_swaps(
    groups: int, seeds: Sequence[np.random.SeedSequence], draws: int
) -> list[np.ndarray]:
    """Return blocks of swaps (draws, groups) of 0 and 1, the first of them the data as they are."""
    if takes_every(groups, draws):
        every = (np.arange(2**groups)[:, None] >> np.arange(groups)) & 1
        return [every[at : at + BLOCK].astype(float) for at in range(0, len(every), BLOCK)]
    blocks = [np.zeros((1, groups))]
    for place, seed in enumerate(seeds):
        drawn = np.random.default_rng(seed).integers(2, size=(BLOCK, groups))
        blocks.append(drawn[: draws - place * BLOCK].astype(float))
    return blocks


def swap_pairs(
    cell: Cell,
    metrics: Sequence[Metric],
    pairs: Sequence[tuple[int, int]],
    swaps: Sequence[np.ndarray],
    n_jobs: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Return differences (metrics, pairs, draws), the first draw that of the data, and sizes.

    The sizes (metrics, pairs) are those of the data's values, beside which rounding is judged.
    """
    panel = cell.panels[0]
    if len(cell.panels) > 1 or len(panel.predictions) < len(cell.models):
        fact = "models with seats or truths of their own cannot be swapped."
        raise DataError(Problem(fact, "Leave them out, or use compare_models."))
    first, second = (np.array([pair[side] for pair in pairs], dtype=int) for side in (0, 1))
    order = np.argsort(cell.owners[0])
    one, other = panel.predictions[order[first]], panel.predictions[order[second]]
    # Each pair is one line over twice the clusters: a swap weighs the second half instead.
    double = Panel(
        np.tile(panel.truth, 2),
        np.concatenate([one, other], axis=1),
        np.concatenate([panel.codes, panel.codes + panel.groups]),
        2 * panel.groups,
    )
    evaluation = Evaluation(double, metrics)
    task = partial(_measure_swaps, evaluation=evaluation)
    blocks = run_tasks(task, swaps, n_jobs=n_jobs, label="Swapping models")
    halves = np.repeat(np.eye(2), panel.groups, axis=1)
    sizes = np.maximum(1.0, np.abs(evaluation.measure_counts(halves)).max(axis=2))
    return np.concatenate(blocks, axis=2), sizes


def _measure_swaps(swaps: np.ndarray, *, evaluation: Evaluation) -> np.ndarray:
    one = evaluation.measure_counts(np.concatenate([1 - swaps, swaps], axis=1))
    other = evaluation.measure_counts(np.concatenate([swaps, 1 - swaps], axis=1))
    return settle_ties(one - other, one, other)
