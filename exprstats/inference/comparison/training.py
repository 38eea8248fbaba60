"""Variance from test subjects and variance from training, separated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.contracts import arrange_rows, require_columns
from exprstats.errors import DataError, Option, Problem
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
from exprstats.inference.resampling.clusters import Cell
from exprstats.inference.resampling.evaluation import Evaluation
from exprstats.inference.resampling.intervals import spread_jackknife
from exprstats.inference.resampling.samples import find_active
from exprstats.inference.resampling.terms import KEYS, pair_models, write_keys
from exprstats.parallel import limit_threads
from exprstats.results import Result


@dataclass(frozen=True, slots=True, eq=False)
class VarianceSplit(Result):
    """How much a value would vary with other test subjects, and with another training run.

    Attributes
    ----------
    table
        Tidy rows: context, metric, model, versus, term; estimate (mean over runs), ``error_test``
        (cluster jackknife of that mean), ``error_training`` (standard deviation over runs),
        std_error of the mean of the runs, ``error_run`` of a single new run, ``share_training``
        of the variance of a single run, ``n_runs``.
    cluster, run
        Columns of test clusters and of training runs.
    metrics
        What was measured.
    """

    place: ClassVar[str] = "training"
    table: pd.DataFrame
    cluster: str
    run: str
    metrics: tuple[PrintedMetric, ...] = ()

    def glance(self) -> pd.DataFrame:
        """Return one row: how many runs and clusters."""
        return pd.DataFrame(
            {
                "n_runs": [int(self.table["n_runs"].min())],
                "n_clusters": [int(self.table["n_clusters"].min())],
                "largest_share": [float(self.table["share_training"].max())],
            }
        )

    def sentence(self) -> str:
        """Return each value with its two errors."""
        texts = []
        for _, row in self.table.iterrows():
            metric = str(row["metric"])
            names = ("estimate", "error_test", "error_training")
            value, test, training = (
                write_metric(metric, row[name], metrics=self.metrics) for name in names
            )
            label = f"{label_metric(metric, self.metrics)} of {row['term']}{tell_place(row)}"
            errors = f"SE = {test} from test {self.cluster}s, {training} from training"
            texts.append(f"{label} = {value} ({errors})")
        return f"{'; '.join(cut_texts(texts))}."


def split_variance(
    predictions: pd.DataFrame,
    *,
    metrics: MetricLike | Sequence[MetricLike],
    run: str = "seat",
    cluster: str = "subject",
    against: str | None = None,
    by: str | None = None,
    span: Span = None,
) -> VarianceSplit:
    """Separate what other test subjects would change from what training again would change.

    A bootstrap of test subjects takes trained models as given. With the same models trained
    several times (other random seeds or other training folds) on one test set, the values of the
    runs vary by training alone, and leaving out test clusters from their mean shows the rest.

    Parameters
    ----------
    predictions
        PREDICTIONS with a column of training runs; every model has the same runs, every run
        predicts the same rows.
    run
        Column of the runs.
    metrics, cluster, against, by, span
        As in `compare_models`. Differences are taken within runs of one name, so that what two
        models share in a run (its split) cancels.

    Returns
    -------
    VarianceSplit
        Means over runs with the two parts of their variance.

    Raises
    ------
    DataError
        If a model has fewer than two runs, models have different ones, or runs predict different
        rows.
    OptionError
        As in `compare_models`.

    References
    ----------
    Bouthillier, X., Delaunay, P., Bronzi, M., et al. (2021). Accounting for variance in machine
    learning benchmarks. *Proceedings of Machine Learning and Systems, 3*, 747-769.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> truth = rng.normal(size=40)
    >>> runs = [
    ...     pd.DataFrame({
    ...         "clip": [str(i) for i in range(40)],
    ...         "subject": [f"s{i // 4}" for i in range(40)],
    ...         "model": "net",
    ...         "seat": run,
    ...         "truth": truth,
    ...         "prediction": truth + rng.normal(size=40),
    ...     })
    ...     for run in ("seed 1", "seed 2", "seed 3")
    ... ]
    >>> result = split_variance(pd.concat(runs, ignore_index=True), metrics="rmse")
    >>> int(result.table["n_runs"].iloc[0])
    3
    """
    measures = find_metrics(metrics)
    require_columns(predictions, [run, "model"], "predictions")
    runs = _check_runs(predictions, run)
    rows: list[dict[str, Any]] = []
    parts = [predictions[predictions[run] == name] for name in runs]
    cells = [
        split_contexts(
            check_predictions(part.drop(columns=["seat"], errors="ignore"), cluster=cluster, by=by),
            cluster=cluster,
            by=by,
        )
        for part in parts
    ]
    if len({tuple(cell.context for cell in run) for run in cells}) > 1:
        fact = f"training runs have different values of {by}."
        raise DataError(Problem(fact, "Use one test set for all runs.", column=by))
    for same in zip(*cells, strict=True):
        check_against(against, same)
        width = find_span(span, same[0], measures)
        rows += _split_cell(same, measures, against, width)
    table = arrange_rows(rows, KEYS)
    return VarianceSplit(table=table, cluster=cluster, run=run, metrics=strip_metrics(measures))


def _check_runs(predictions: pd.DataFrame, run: str) -> list[Any]:
    seen = predictions.groupby("model", sort=False)[run].agg(lambda column: set(column.dropna()))
    every = list(predictions[run].dropna().unique())
    lacking = [str(model) for model, runs in seen.items() if len(runs) != len(every)]
    if len(every) < 2 or lacking or predictions[run].isna().any():
        named = f"; '{lacking[0]}' lacks some" if lacking else ""
        held = count_things(len(every), "training run")
        fact = f"{held}{named}; each model needs the same two or more."
        raise DataError(
            Problem(fact, ("Name the column of runs with ", Option("run"), "."), column=run)
        )
    return every


def _split_cell(
    cells: Sequence[Cell], metrics: Sequence[Metric], against: str | None, width: float
) -> list[dict[str, Any]]:
    """Return rows of one context from its cells, one for each run."""
    first = cells[0]
    if any({*cell.models} != {*first.models} for cell in cells):
        place = "" if first.context is None else f" in context '{first.context}'"
        fact = f"training runs have different models{place}."
        raise DataError(Problem(fact, "Give every model the same runs in every context."))
    if any(cell.clusters != first.clusters or cell.n_clips != first.n_clips for cell in cells):
        counts = ", ".join(f"{cell.n_clips:,}" for cell in cells)
        fact = f"training runs predict different rows: {counts}."
        raise DataError(Problem(fact, "Use one test set for all runs."))
    pairs = pair_models(first.models, against)
    with limit_threads():
        measured = [_measure_cell(cell, metrics, first.models) for cell in cells]
    whole = np.array([values for values, _ in measured])
    without = np.array([values for _, values in measured]).mean(axis=0)
    rows = []
    names = [(line, None) for line in range(len(first.models))] + list(pairs)
    for place, metric in enumerate(metrics):
        scale = 1 / width if metric.spanned else 1.0
        active = find_active(first.panels, metric)
        rests = np.ones(len(first.clusters), dtype=bool) if active is None else active
        for line, other in names:
            values, left = whole[:, place, line], without[place, line]
            if other is not None:
                values, left = values - whole[:, place, other], left - without[place, other]
            versus = None if other is None else first.models[other]
            row = _split_term(values * scale, left[rests] * scale)
            keys = write_keys(first.context, metric.name, first.models[line], versus)
            counts = {"n_runs": len(cells), "n_clips": first.n_clips}
            rows.append(keys | row | counts | {"n_clusters": int(rests.sum())})
    return rows


def _measure_cell(
    cell: Cell, metrics: Sequence[Metric], models: Sequence[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Return values (metrics, models) and leave-one-out values, models in the given order."""
    evaluations = [Evaluation(panel, metrics) for panel in cell.panels]
    owners = np.concatenate(cell.owners)
    order = [int(np.flatnonzero(owners == cell.models.index(model))[0]) for model in models]
    whole = np.concatenate([one.measure_whole() for one in evaluations], axis=1)
    without = np.concatenate([one.measure_without() for one in evaluations], axis=1)
    return whole[:, order], without[:, order]


def _split_term(values: np.ndarray, left_out: np.ndarray) -> dict[str, float]:
    test = float(spread_jackknife(left_out[None])[0])
    training = float(values.std(ddof=1))
    single = test**2 + training**2
    return {
        "estimate": float(values.mean()),
        "error_test": test,
        "error_training": training,
        "std_error": float(np.sqrt(test**2 + training**2 / len(values))),
        "error_run": float(np.sqrt(single)),
        "share_training": training**2 / single if single > 0 else np.nan,
    }
