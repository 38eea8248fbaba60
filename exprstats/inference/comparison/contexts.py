"""Differences in a model's performance between contexts, subjects resampled jointly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from exprstats.apa import count_things, tell_p, write_count
from exprstats.contracts import order_levels, sort_ids
from exprstats.errors import OTHER_COLUMN, DataError, Option, Problem, warn_user
from exprstats.inference.comparison.alignment import align_models
from exprstats.inference.comparison.predictions import (
    Span,
    check_clusters,
    check_predictions,
    find_span,
)
from exprstats.inference.comparison.wording import (
    cut_texts,
    describe_few,
    label_metric,
    write_alpha,
    write_metric,
)
from exprstats.inference.metrics import find_metrics
from exprstats.inference.metrics.metric import MetricLike, PrintedMetric, strip_metrics
from exprstats.inference.resampling.clusters import Cell
from exprstats.inference.resampling.intervals import spread_about
from exprstats.inference.resampling.options import Resampling, choose_resampling
from exprstats.inference.resampling.samples import Sample, count_blocks, sample_cell
from exprstats.inference.resampling.scales import Sides, move_values
from exprstats.inference.resampling.summaries import (
    FEWEST_CLUSTERS,
    TOO_FEW,
    arrange_table,
    refuse_limits,
    summarise_terms,
)
from exprstats.inference.resampling.terms import Terms, count_freedom, form_terms
from exprstats.options import IntervalName
from exprstats.parallel import Seed, spawn_seeds
from exprstats.results import Result

MOST_TOLD = 6
ENOUGH_CLUSTERS = 15  # below, tests of errors reject a true null too often
_FEW_CLUSTERS = "one context has {} clusters: below 15, p of errors can be too small"
Key = tuple[str, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class ContextComparison(Result):
    """Differences of each model's performance between contexts.

    Attributes
    ----------
    table
        Tidy rows: metric, model, context, versus (the other context), term "context - versus",
        then the estimate columns of a comparison; ``p_adjusted`` and ``p_max_t`` within a metric,
        over all models and pairs of contexts; ``df`` of a jackknife's t.
    cluster, level
        How it was asked.
    paired
        Whether any cluster stands in more than one context.
    metrics
        What was measured.
    """

    place: ClassVar[str] = "contexts"
    table: pd.DataFrame
    cluster: str
    level: float
    paired: bool = True
    metrics: tuple[PrintedMetric, ...] = ()

    def glance(self) -> pd.DataFrame:
        """Return one row: how much was compared."""
        table = self.table
        row = {
            "models": table["model"].nunique(),
            "contexts": len(set(table["context"]) | set(table["versus"])),
            "n_clusters": int(table["n_clusters"].max()),
        }
        return pd.DataFrame([row | {"cluster": self.cluster, "level": self.level}])

    def sentence(self) -> str:
        """Return the headline differences, in APA style; of many, those that are significant."""
        rows = self.table[self.table["headline"] & self.table["estimate"].notna()]
        start = ""
        if len(rows) > MOST_TOLD:
            sure = rows[rows["p_adjusted"] < 1 - self.level].sort_values(
                "p_adjusted", kind="stable"
            )
            counts = f"{write_count(len(sure))} of {write_count(len(rows))}"
            start = f"p < {write_alpha(1 - self.level)} for {counts} differences between contexts"
            rows, start = sure, f"{start}{': ' if len(sure) else ''}"
        told = [_describe_row(row, self.metrics) for _, row in rows.iterrows()]
        texts = cut_texts(told, MOST_TOLD)
        text = f"{start}{'; '.join(texts)} (Holm within metric; {self._tell_resampling()})."
        limited = self.table[self.table["conf_low"].notna()]
        if limited.empty:
            return text
        freedom = limited.loc[limited["headline"], "df"].dropna().tolist()
        return " ".join([text, *describe_few(limited["n_clusters"].min(), self.cluster, freedom)])

    def _tell_resampling(self) -> str:
        """Return how the clusters of the headline rows were resampled."""
        used = self.table.loc[self.table["headline"], "method"].eq("jackknife")
        ways = ["left out one by one"] * bool(used.any()) + ["resampled"] * (not used.all())
        way = " or ".join(ways)
        if not self.paired:
            return f"contexts have {self.cluster}s of their own, {way}"
        return f"the same {self.cluster}s {way} in all contexts"


def _describe_row(row: pd.Series, metrics: Sequence[PrintedMetric]) -> str:
    metric = str(row["metric"])
    number = write_metric(metric, row["estimate"], metrics=metrics)
    limits = write_metric(metric, row["conf_low"], row["conf_high"], metrics=metrics)
    start = f"{row['model']}, {label_metric(metric, metrics)}, {row['term']}"
    return f"{start}: {number}, {limits}, p {tell_p(row['p_adjusted'])}"


def compare_contexts(
    predictions: pd.DataFrame,
    *,
    metrics: MetricLike | Sequence[MetricLike],
    by: str = "context",
    cluster: str = "subject",
    span: Span = None,
    resampling: Resampling | None = None,
    draws: int | None = None,
    interval: IntervalName | None = None,
    level: float | None = None,
    seed: Seed = None,
    n_jobs: int | None = None,
) -> ContextComparison:
    """Compare each model's performance between contexts.

    Clusters are drawn from all that appear in any context, and a drawn cluster brings its rows in
    every context: what contexts share through their subjects cancels in the differences. The
    jackknife has Welch's degrees of freedom where contexts differ in their clusters.

    Parameters
    ----------
    predictions, metrics, cluster, span
        As in `compare_models`.
    by
        Column of contexts. Models that are not in all are left out, with a warning.
    resampling, draws, interval, level, seed, n_jobs
        As in `compare_models`; for bootstrap-t there are the intervals of ``"auto"``.

    Returns
    -------
    ContextComparison
        Each model's differences between two contexts.

    Raises
    ------
    DataError
        If there are fewer than two contexts, one has fewer than three clusters, or no model
        stands in all.
    OptionError
        As in `compare_models`, and for strata, schemes and ``compat``.

    References
    ----------
    Welch, B. L. (1947). The generalization of "Student's" problem when several different
    population variances are involved. *Biometrika, 34*, 28-35.

    Examples
    --------
    >>> table = pd.DataFrame(np.random.default_rng(1).normal(size=(40, 2)))
    >>> table.columns = ["truth", "prediction"]
    >>> table = table.assign(clip=range(40), subject=np.arange(40) // 4, model="net")
    >>> table["context"] = ["joy", "pain"] * 20
    >>> result = compare_contexts(table, metrics="rmse", draws=200, seed=1)
    >>> result.table["term"].unique().tolist(), result.paired
    (['joy - pain'], True)
    """
    measures = find_metrics(metrics)
    how = choose_resampling(
        resampling,
        "compare_contexts",
        without=("compat", "strata", "scheme"),
        draws=draws,
        interval=interval,
        level=level,
        seed=seed,
        n_jobs=n_jobs,
    )
    if how.interval == "t":
        message = "bootstrap-t is for compare_models; contexts are compared by 'auto' intervals."
        warn_user(message)
        how = replace(how, interval="auto")
    rows = check_predictions(predictions, cluster=cluster, by=by)
    cells = _split_jointly(rows, cluster=cluster, by=by)
    seeds = spawn_seeds(how.seed, count_blocks(how.draws))
    models = _find_shared(cells, by)
    samples = [
        sample_cell(
            cell,
            measures,
            seeds,
            draws=how.draws,
            span=find_span(span, cell, measures),
            n_jobs=how.n_jobs,
        )
        for cell in cells
    ]
    present = np.array([_mark_present(cell) for cell in cells])
    found: list[dict[str, Any]] = []
    for place in range(len(measures)):
        of_contexts = [sample[place] for sample in samples]
        options = {"interval": how.interval, "level": how.level}
        here = [
            own if sample.active is None else own & sample.active
            for own, sample in zip(present, of_contexts, strict=True)
        ]
        found += _write_rows(of_contexts, np.array(here), models, **options)
    keys = ("metric", "model", "context", "versus", "term")
    paired = bool(present.sum() > len(cells[0].clusters))
    table = arrange_table(found, keys)
    told = strip_metrics(measures)
    return ContextComparison(table, cluster, how.level, paired=paired, metrics=told)


def _split_jointly(rows: pd.DataFrame, *, cluster: str, by: str) -> list[Cell]:
    own = rows[rows["fitted_on"] == "context"] if "fitted_on" in rows.columns else rows
    names = order_levels(own[by])
    if len(names) < 2:
        own_fits = " with predictions of their own fit" if len(own) < len(rows) else ""
        fact = f"{count_things(len(names), 'context')}{own_fits}; a difference needs two."
        raise DataError(Problem(fact, (OTHER_COLUMN, Option("by"), "."), column=by))
    clusters = sort_ids(own[cluster])[1]
    key = [name for name in dict.fromkeys(("context", by, "clip")) if name in own.columns]
    cells = []
    for name in names:
        part = own[own[by] == name]
        cell = align_models(part, key, cluster=cluster, context=name, clusters=clusters)
        check_clusters(int(_mark_present(cell).sum()), cluster, name)
        cells.append(cell)
    return cells


def _find_shared(cells: Sequence[Cell], by: str) -> list[str]:
    every = list(dict.fromkeys(model for cell in cells for model in cell.models))
    partial = [name for name in every if not all(name in cell.models for cell in cells)]
    named = ", ".join(f"'{name}'" for name in partial)
    if len(partial) == len(every):
        fact = f"no model stands in every {by}: {named}."
        raise DataError(Problem(fact, "Add each model's predictions in all.", column=by))
    if partial:
        message = f"not in every {by}, and so left out: {named}."
        warn_user(message)
    return [name for name in every if name not in partial]


def _mark_present(cell: Cell) -> np.ndarray:
    """Return which of all clusters a context has (clusters,)."""
    codes = np.concatenate([panel.codes for panel in cell.panels])
    return np.bincount(codes, minlength=len(cell.clusters)) > 0


def _write_rows(
    samples: Sequence[Sample], present: np.ndarray, models: Sequence[str], **options: Any
) -> list[dict[str, Any]]:
    """Return one metric's rows: each model's differences between contexts."""
    keys, terms = join_contexts(samples, present, models)
    sizes = present.sum(axis=1)
    least = [int(min(sizes[one], sizes[other])) for _, one, other in keys]
    freedom = np.zeros(len(keys)) if terms.freedom is None else terms.freedom
    rows = []
    for line, summary in summarise_terms(terms, n_clusters=least, **options):
        model, one, other = keys[line]
        context, versus = samples[one].context, samples[other].context
        apart = terms.sides is not None and terms.sides.apart[line]
        few = _FEW_CLUSTERS.format(least[line]) if apart and least[line] < ENOUGH_CLUSTERS else ""
        summary["note"] = "; ".join(str(one) for one in (summary["note"], few) if one) or None
        named = {
            "metric": samples[0].metric.name,
            "model": model,
            "context": context,
            "versus": versus,
            "term": f"{context} - {versus}",
            "n_clips": samples[one].n_clips + samples[other].n_clips,
            "df": freedom[line] if summary["method"] == "jackknife" else None,
        }
        row = named | summary
        rows.append(row if least[line] >= FEWEST_CLUSTERS else refuse_limits(row, TOO_FEW))
    return rows


def join_contexts(
    samples: Sequence[Sample], present: np.ndarray, models: Sequence[str]
) -> tuple[list[Key], Terms]:
    """Return each model's differences between contexts, as the last of the terms.

    Samples are one metric's values in each context, over draws of the same clusters; ``present``
    marks the clusters that a context has (contexts, clusters); models stand in all contexts. Each
    term has a key: the model and the places of the two contexts.

    Notes
    -----
    A context's leave-one-out values vary among its own clusters, n of them, and their squares
    count (n - 1)/n: those of a small context are not diluted by the many clusters of another.
    Where two contexts share fewer than half the clusters of the smaller, the limits of a difference
    come from those of its two values, each on the metric's scale.
    """
    keys = [(model, *pair) for model in models for pair in combinations(range(len(samples)), 2)]
    starts = {model: len(samples) * place for place, model in enumerate(models)}
    pairs = [(starts[model] + one, starts[model] + other) for model, one, other in keys]
    terms = form_terms(_join_samples(samples, present, models), pairs)
    scores = len(terms.names) - len(keys)
    sides = _form_sides(samples, present, keys)
    away = terms.left_out[scores:] - terms.estimates[scores:, None]
    moved = sides.spread - sides.centre[:, :, None]
    away = np.where(sides.apart[:, None], moved[:, 0] - moved[:, 1], away)
    freedom = [
        count_freedom(values, present[[one, other]])
        for values, (_, one, other) in zip(away, keys, strict=True)
    ]
    return keys, Terms(
        names=terms.names[scores:],
        estimates=terms.estimates[scores:],
        draws=terms.draws[scores:],
        left_out=terms.left_out[scores:],
        tested=terms.tested[scores:],
        freedom=np.array(freedom),
        metric=terms.metric,
        sides=sides,
        foretold=None if terms.foretold is None else terms.foretold[scores:],
    )


def _form_sides(samples: Sequence[Sample], present: np.ndarray, keys: Sequence[Key]) -> Sides:
    """Return the two contexts of each difference on the metric's scale, or plain at its ends."""
    scale, found = samples[0].metric.scale, []
    for model, *pair in keys:
        lines = [samples[at].models.index(model) for at in pair]
        both = [(samples[at], line) for at, line in zip(pair, lines, strict=True)]
        given = np.array([one.estimates[line] for one, line in both])
        left_out = np.array([one.left_out[line] for one, line in both])
        moved = move_values(np.full(2, scale), given, left_out)
        if (moved.scales != scale).any():
            moved = move_values(np.full(2, "raw"), given, left_out)
        used = "share" if scale == "logit" and moved.scales[0] == "raw" else moved.scales[0]
        sides = zip(moved.centre, moved.spread, present[pair], strict=True)
        about = [spread_about(*side) for side in sides]
        sizes = present[pair].sum(axis=1)
        apart = 2 * present[pair].all(axis=0).sum() < sizes.min()
        found.append((given, moved.centre, about, used, sizes, apart))
    return Sides(*(np.array(part) for part in zip(*found, strict=True)))


def _join_samples(samples: Sequence[Sample], present: np.ndarray, models: Sequence[str]) -> Sample:
    """Return a sample whose lines are the contexts of each model, model by model."""
    lines = [
        (sample, sample.models.index(model), here)
        for model in models
        for sample, here in zip(samples, present, strict=True)
    ]
    foretold = [one.foretold[line] for one, line, _ in lines if one.foretold is not None]
    left_out = [
        spread_about(one.estimates[line], one.left_out[line], here) for one, line, here in lines
    ]
    return replace(
        samples[0],
        models=tuple(str(one.context) for one, _, _ in lines),
        estimates=np.array([one.estimates[line] for one, line, _ in lines]),
        draws=np.array([one.draws[line] for one, line, _ in lines]),
        left_out=np.array(left_out),
        foretold=np.array(foretold) if foretold else None,
        active=None,
    )
