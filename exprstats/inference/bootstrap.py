"""The cluster bootstrap of any statistic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd

from exprstats.errors import DataError, OptionError
from exprstats.inference.cells import check_clusters, check_options
from exprstats.inference.evaluation import Evaluation
from exprstats.inference.metrics import Metric, find_metrics
from exprstats.inference.panels import Panel
from exprstats.inference.rows import arrange_table, summarise_terms
from exprstats.inference.samples import count_blocks, draw_panel
from exprstats.inference.sentences import describe_bootstrap
from exprstats.inference.smoothness import foretell_draws, is_plain
from exprstats.inference.statistics import Copies, Function, Values, resample_function
from exprstats.inference.strata import code_strata, list_members
from exprstats.inference.terms import Terms
from exprstats.parallel import Seed, spawn_seeds
from exprstats.results import Result
from exprstats.tables import find_empty, find_unnumbers, require_columns
from exprstats.words import IntervalName

Statistic = str | Metric | Function


@dataclass(frozen=True, slots=True, eq=False)
class Bootstrap(Result):
    """A statistic with intervals that respect clusters.

    Attributes
    ----------
    table
        Tidy rows: term and the estimate columns.
    draws
        The statistic's value in each resample, one column a term.
    cluster, level
        How it was asked.
    n_clusters
        How many clusters there were.
    metric
        What was asked for, where it is a metric.
    """

    table: pd.DataFrame
    draws: pd.DataFrame
    cluster: str
    level: float
    n_clusters: int
    metric: Metric | None = None

    def glance(self) -> pd.DataFrame:
        """Return one row: how much was resampled."""
        return pd.DataFrame(
            {
                "terms": [self.draws.shape[1]],
                "n_clips": [int(self.table["n_clips"].iloc[0])],
                "n_clusters": [self.n_clusters],
                "cluster": [self.cluster],
                "draws": [len(self.draws)],
                "level": [self.level],
            }
        )

    def sentence(self) -> str:
        """Return the estimates with their headline intervals, in APA style."""
        return describe_bootstrap(self.table, self.cluster, self.metric)


def bootstrap_clusters(
    table: pd.DataFrame,
    statistic: Statistic,
    *,
    cluster: str,
    draws: int = 2000,
    interval: IntervalName = "auto",
    level: float = 0.95,
    seed: Seed = None,
    strata: str | None = None,
    n_jobs: int = 1,
) -> Bootstrap:
    """Resample whole clusters of a table and say how far a statistic varies.

    Parameters
    ----------
    table
        Any table with a column of clusters.
    statistic
        A metric (name or `Metric`) of the columns ``truth`` and ``prediction``, or a function of
        a table that returns a number, several numbers, or numbers by name (a mapping or Series,
        whose order may change from resample to resample). In the tables it gets, the second
        and later copies of a cluster have names of their own (``'S1 (2)'``).
    cluster
        Column of the clusters.
    draws, interval, level, seed, strata, n_jobs
        As in `compare_models`, without bootstrap-t.

    Raises
    ------
    DataError
        For absent columns, empty cluster names and fewer than three clusters.
    OptionError
        For options that are not allowed, a metric that needs a span, and a function that returns
        anything but numbers.

    Notes
    -----
    The jackknife needs a smooth statistic: for a median or another quantile, a maximum or a count
    of distinct values it is inconsistent, and ``interval="percentile"`` is what they want. From 10
    clusters on, ``"auto"`` takes the percentile rows of a function as the headline where leaving
    out clusters foretells less than 80% of its variance over draws; the note says how much.

    Examples
    --------
    >>> table = pd.DataFrame({"subject": list("aabbccddee"), "smile": range(10)})
    >>> def find_median(rows):
    ...     return rows["smile"].median()
    >>> result = bootstrap_clusters(table, find_median, cluster="subject", draws=200, seed=1)
    >>> result.table["estimate"].to_list(), result.table["method"].to_list()
    ([4.5, 4.5], ['percentile', 'jackknife'])
    """
    check_options(interval=interval, level=level, draws=draws)
    if interval == "t":
        message = "interval 't' is for compare_models; here choose another, such as 'auto'."
        raise OptionError(message)
    metric = _find_metric(statistic)
    named = [name for name in (cluster, strata) if name is not None]
    require_columns(table, named)
    problems = find_empty(table, named)
    if problems:
        raise DataError(problems)
    codes, names = pd.factorize(table[cluster], sort=True)
    check_clusters(len(names), cluster)
    homes = None if strata is None else code_strata(table, names, cluster=cluster, strata=strata)
    members = list_members(homes, len(names))
    seeds = spawn_seeds(seed, count_blocks(draws))
    if metric is not None:
        values = _resample_metric(table, metric, codes, seeds, members=members, n_jobs=n_jobs)
        terms = [metric.name]
    else:
        copies = Copies(table, cluster, codes, list(names), members)
        function = cast("Function", statistic)
        terms, values = resample_function(copies, function, seeds, draws=draws, n_jobs=n_jobs)
    whole, drawn, without = values
    plain = metric is None or is_plain(metric)
    formed = Terms(
        names=tuple((term, None) for term in terms),
        estimates=whole,
        draws=drawn[:, :draws],
        left_out=without,
        tested=np.zeros(len(terms), dtype=bool),
        fisher=np.full(len(terms), metric is not None and metric.fisher),
        strata=homes,
        foretold=foretell_draws(without, seeds, members, draws) if plain else None,
    )
    summaries = summarise_terms(formed, n_clusters=len(names), interval=interval, level=level)
    rows = [{"term": terms[line], "n_clips": len(table), **row} for line, row in summaries]
    return Bootstrap(
        table=arrange_table(rows, ("term",)),
        draws=pd.DataFrame(formed.draws.T, columns=pd.Index(terms)),
        cluster=cluster,
        level=level,
        n_clusters=len(names),
        metric=metric,
    )


def _find_metric(statistic: Statistic) -> Metric | None:
    """Return the metric that is named or given; None for a function of a table."""
    if not isinstance(statistic, str | Metric):
        if callable(statistic):
            return None
        message = f"statistic must be one metric or a function of a table; got {statistic!r}."
        raise OptionError(message)
    metric = find_metrics(statistic)[0]
    if metric.spanned:
        message = f"{metric.name} needs a span, which is not known here. Ask for 'rmse'."
        raise OptionError(message)
    return metric


def _resample_metric(
    table: pd.DataFrame,
    metric: Metric,
    codes: np.ndarray,
    seeds: Sequence[np.random.SeedSequence],
    *,
    members: tuple[np.ndarray, ...],
    n_jobs: int,
) -> Values:
    """Return a metric's value (1,), draws (1, B) and leave-one-out values (1, groups)."""
    require_columns(table, ["truth", "prediction"])
    problems = find_unnumbers(table, ["truth", "prediction"])
    problems += find_empty(table, ["truth", "prediction"])
    if problems:
        raise DataError(problems)
    truth, prediction = (table[name].to_numpy(float) for name in ("truth", "prediction"))
    panel = Panel(truth, prediction[None, :], codes, int(codes.max()) + 1)
    evaluation = Evaluation(panel, [metric])
    drawn = draw_panel(evaluation, seeds, strata=members, n_jobs=n_jobs)
    return evaluation.measure_whole()[0], drawn[0], evaluation.measure_without()[0]
