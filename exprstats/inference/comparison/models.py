"""Comparison of models on the same rows by a cluster bootstrap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.contracts import take_predictions
from exprstats.errors import warn_user
from exprstats.inference.comparison.predictions import (
    Span,
    check_against,
    check_fold_clusters,
    check_predictions,
    check_scheme,
    find_folds,
    find_span,
    seat_rows,
    split_contexts,
)
from exprstats.inference.comparison.regression import list_regressions, list_repeated
from exprstats.inference.comparison.wording import describe_comparison, describe_folds
from exprstats.inference.metrics import find_metrics
from exprstats.inference.metrics.metric import Metric, MetricLike
from exprstats.inference.resampling.clusters import Cell
from exprstats.inference.resampling.options import Resampling, choose_resampling
from exprstats.inference.resampling.samples import Sample, count_blocks, sample_cell
from exprstats.inference.resampling.summaries import arrange_table, list_method_rows, name_methods
from exprstats.inference.resampling.terms import KEYS, pair_models
from exprstats.options import Compat, IntervalName, SchemeName
from exprstats.parallel import Seed, spawn_seeds
from exprstats.results import Result


@dataclass(frozen=True, slots=True, eq=False)
class Comparison(Result):
    """How well models predict, and how they differ.

    Attributes
    ----------
    table
        Tidy rows: context, metric, model, versus (None for a score), term, then the estimate
        columns; ``headline`` marks the rows for print. Bootstrap rows add Monte-Carlo standard
        errors of p and limits (``p_error``, ``low_error``, ``high_error``) and the number of
        ``undefined`` draws. Last, differences of mean errors have a second row beside the
        jackknife's, ``ols_cluster``: a regression with cluster-robust standard errors; and
        correlations within clusters one, ``rm_corr``: pingouin's repeated measures correlation.
    samples
        For each context and metric the draws behind the rows.
    cluster, level, draws, interval, against, compat, strata, scheme
        How it was asked.
    folds
        Column of the folds within which correlations and their like were measured.
    """

    table: pd.DataFrame
    samples: tuple[Sample, ...]
    cluster: str
    level: float
    draws: int
    interval: str
    against: str | None
    compat: str | None = None
    strata: str | None = None
    scheme: str = "clusters"
    folds: str | None = None

    def find_place(self) -> str:
        """Return ``"pooling"`` where models of single contexts meet one for all, else its own."""
        models = list(dict.fromkeys(self.table["model"].tolist()))
        paired = {*models} == {models[0], f"{models[0]} pooled"}
        return "pooling" if paired and self.table["context"].notna().any() else "comparison"

    def glance(self) -> pd.DataFrame:
        """Return one row for each context: how much was compared, and how."""
        seen = {sample.context: sample for sample in self.samples}
        return pd.DataFrame(
            {
                "context": list(seen),
                "models": [len(sample.models) for sample in seen.values()],
                "n_clips": [sample.n_clips for sample in seen.values()],
                "n_clusters": [sample.n_clusters for sample in seen.values()],
                "cluster": self.cluster,
                "draws": self.draws,
                "interval": self.interval,
                "level": self.level,
            }
        )

    def sentence(self) -> str:
        """Return what was found, in APA style: the best model, or the one asked about."""
        text = describe_comparison(self.samples, self.table, self.against, self.cluster)
        return text if self.folds is None else f"{text} {describe_folds(self.samples)}"


def compare_models(
    predictions: pd.DataFrame,
    *,
    metrics: MetricLike | Sequence[MetricLike],
    cluster: str = "subject",
    against: str | None = None,
    by: str | None = None,
    span: Span = None,
    folds: str | None = None,
    resampling: Resampling | None = None,
    draws: int | None = None,
    interval: IntervalName | None = None,
    level: float | None = None,
    seed: Seed = None,
    compat: Compat | None = None,
    strata: str | None = None,
    scheme: SchemeName | None = None,
    n_jobs: int | None = None,
) -> Comparison:
    """Compare models that predict the same rows, resampling whole clusters.

    Parameters
    ----------
    predictions
        PREDICTIONS: clip, model, truth, prediction, the cluster column, and where they apply
        context, seat, part and fitted_on.
    metrics
        Names, `Metric` objects, or functions of truth (n,) and prediction (n,). Mean average
        precision over classes is ``"average_precision"`` with one seat a class.
    cluster
        Column of the clusters: rows of one cluster are not independent.
    against
        Only differences of this model with each other one; all pairs by default.
    by
        Column of contexts: each is compared alone, then all of them pooled (context None, last).
        Where ``fitted_on`` tells which fit a prediction comes from, a context has the rows of its
        own fit and the pool those of the fit to all.
    span
        Theoretical range of the truth (highest - lowest possible), for NRMSE; or one for each
        context, with None for the pool.
    folds
        Column that tells which fold of a cross-validation a prediction comes from; ``fold`` where
        the table has it, and a column ``repeat`` beside it tells repeats apart. Correlations, CCC,
        R², AUC, average precision, UAR, κ and plain functions are then measured within folds and
        averaged (`Metric.across` says which are not): models of different folds differ in their
        means, and pooled predictions of noise correlate at -.1 to -.3 with the truth. Errors and
        shares are taken over all folds, and averaged over repeats.
    resampling
        Options of the resampling, together.
    draws, interval, level, seed, compat, strata, scheme, n_jobs
        The same options one by one, as `Resampling` describes them.

    Returns
    -------
    Comparison
        Scores and differences with intervals and p-values, as a tidy table and in words.

    Raises
    ------
    DataError
        If the table breaks its contract, models predict different rows, or a context has fewer
        than three clusters.
    OptionError
        For unknown metrics, models or intervals, and for NRMSE without a span.

    Examples
    --------
    >>> table = pd.DataFrame({
    ...     "clip": [str(i) for i in range(12)] * 2,
    ...     "subject": [f"s{i // 2}" for i in range(12)] * 2,
    ...     "model": ["good"] * 12 + ["poor"] * 12,
    ...     "truth": [float(i) for i in range(12)] * 2,
    ...     "prediction": [i + 0.5 for i in range(12)] + [3.0, 1.0, 2.0] * 4,
    ... })
    >>> result = compare_models(table, metrics="rmse", draws=500, seed=1)
    >>> row = result.table[result.table["headline"]].iloc[-1]
    >>> row["term"], round(float(row["estimate"]), 2), row["method"]
    ('good - poor', -4.55, 'jackknife')

    References
    ----------
    Davison, A. C., & Hinkley, D. V. (1997). *Bootstrap methods and their application*.
    Bengio, Y., & Grandvalet, Y. (2004). No unbiased estimator of the variance of k-fold
    cross-validation. *Journal of Machine Learning Research, 5*, 1089-1105.
    Field, C. A., & Welsh, A. H. (2007). Bootstrapping clustered data. *JRSS B, 69*, 369-390.
    """
    measures = find_metrics(metrics)
    how = choose_resampling(
        resampling,
        "compare_models",
        draws=draws,
        interval=interval,
        level=level,
        seed=seed,
        compat=compat,
        strata=strata,
        scheme=scheme,
        n_jobs=n_jobs,
    )
    check_scheme(how.scheme, measures)
    predictions = take_predictions(predictions)
    folds = find_folds(predictions, folds)
    seated = predictions if folds is None else seat_rows(predictions, ("repeat",))
    rows = check_predictions(seated, cluster=cluster, by=by, strata=how.strata)
    options = {"strata": how.strata, "two_stage": how.scheme == "two-stage"}
    split = partial(split_contexts, cluster=cluster, by=by, **options)
    cells, inner = split(rows), []
    if folds is not None:
        check_fold_clusters(rows, cluster, folds)
        inner = [replace(cell, folded=True) for cell in split(seat_rows(rows, (folds,)))]
    check_against(against, cells)
    seeds = spawn_seeds(how.seed, count_blocks(how.draws))
    asked: dict[str, Any] = {"span": span, "against": against}
    samples = [
        sample
        for cell, folded in zip(cells, inner or cells, strict=True)
        for sample in _sample_context(cell, folded, measures, seeds, how=how, **asked)
    ]
    table = [
        row
        for sample in samples
        for row in list_method_rows(
            sample,
            pair_models(sample.models, against),
            interval="percentile" if how.compat else how.interval,
            level=how.level,
            compat=how.compat,
        )
    ]
    table += _regress_contexts(cells, measures, span, against, how)
    if how.interval != "jackknife":
        most = max(len(pair_models(cell.models, against)) for cell in cells)
        _warn_coarse(most, how.draws, how.level)
    return Comparison(
        table=arrange_table(table, KEYS),
        samples=tuple(samples),
        cluster=cluster,
        level=how.level,
        draws=how.draws,
        interval=how.interval,
        against=against,
        compat=how.compat,
        strata=how.strata,
        scheme=how.scheme,
        folds=folds,
    )


def _sample_context(
    cell: Cell,
    folded: Cell,
    metrics: Sequence[Metric],
    seeds: Sequence[np.random.SeedSequence],
    *,
    how: Resampling,
    span: Span,
    against: str | None,
) -> list[Sample]:
    """Return a context's samples in the order of the metrics, some of them within folds."""
    found: dict[str, Sample] = {}
    for one, within in ((cell, False), (folded, True)):
        mine = [m for m in metrics if within == (folded.folded and not m.across)]
        if not mine:
            continue
        drawn = sample_cell(
            one,
            mine,
            seeds,
            draws=how.draws,
            span=find_span(span, one, mine),
            n_jobs=how.n_jobs,
            pairs=pair_models(one.models, against) if how.interval == "t" else None,
        )
        found |= {sample.metric.name: sample for sample in drawn}
    return [found[metric.name] for metric in metrics]


def _regress_contexts(
    cells: Sequence[Cell],
    metrics: Sequence[Metric],
    span: Span,
    against: str | None,
    how: Resampling,
) -> list[dict[str, Any]]:
    """Return the rows of a second method, where it rests on what the jackknife rests on."""
    if how.compat or how.scheme != "clusters" or "jackknife" not in name_methods(how.interval):
        return []
    return [
        row
        for cell in cells
        for metric in metrics
        for row in (
            *list_repeated(cell, metric, level=how.level),
            *list_regressions(
                cell,
                metric,
                pair_models(cell.models, against),
                span=find_span(span, cell, [metric]),
                level=how.level,
            ),
        )
    ]


def _warn_coarse(pairs: int, draws: int, level: float) -> None:
    smallest = 2 * pairs / (draws + 1)
    if smallest > 1 - level:
        message = (
            f"{draws:,} draws are too few for {count_things(pairs, 'difference')}: the smallest "
            f"adjusted p they can give is {smallest:.3f}. Ask for more draws."
        )
        warn_user(message)
