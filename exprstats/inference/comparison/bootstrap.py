"""The cluster bootstrap of any statistic."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import numpy as np
import pandas as pd

from exprstats.contracts import find_empty, find_unnumbers, require_columns, sort_ids
from exprstats.errors import DataError, OptionError
from exprstats.inference.comparison.predictions import check_clusters
from exprstats.inference.comparison.wording import describe_bootstrap
from exprstats.inference.metrics import find_metrics
from exprstats.inference.metrics.metric import Metric
from exprstats.inference.resampling.clusters import (
    BLOCK,
    Panel,
    code_strata,
    draw_clusters,
    list_members,
)
from exprstats.inference.resampling.evaluation import Evaluation
from exprstats.inference.resampling.intervals import foretell_draws, is_plain
from exprstats.inference.resampling.options import Resampling, choose_resampling
from exprstats.inference.resampling.samples import (
    count_blocks,
    count_holders,
    draw_panel,
    find_active,
)
from exprstats.inference.resampling.summaries import arrange_table, summarise_terms, tell_active
from exprstats.inference.resampling.terms import Terms
from exprstats.options import IntervalName
from exprstats.parallel import Seed, run_tasks, spawn_seeds
from exprstats.results import Result

Answer = float | Mapping[str, float] | pd.Series | Sequence[float] | np.ndarray
Function = Callable[[pd.DataFrame], Answer]
Statistic = str | Metric | Function
Values = tuple[np.ndarray, np.ndarray, np.ndarray]


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
    resampling: Resampling | None = None,
    draws: int | None = None,
    interval: IntervalName | None = None,
    level: float | None = None,
    seed: Seed = None,
    strata: str | None = None,
    n_jobs: int | None = None,
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
    resampling, draws, interval, level, seed, strata, n_jobs
        As in `compare_models`, without bootstrap-t.

    Returns
    -------
    Bootstrap
        Estimates with intervals, one term for each number, and the draws.

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
    clusters on, ``"auto"`` takes the expanded rows of a function as the headline where leaving
    out clusters foretells less than 80% of its variance over draws; the note says how much.

    Examples
    --------
    >>> table = pd.DataFrame({"subject": list("aabbccddee"), "smile": range(10)})
    >>> def find_median(rows):
    ...     return rows["smile"].median()
    >>> result = bootstrap_clusters(table, find_median, cluster="subject", draws=200, seed=1)
    >>> result.table["estimate"].to_list(), result.table["method"].to_list()
    ([4.5, 4.5], ['expanded', 'jackknife'])
    """
    given = {"draws": draws, "interval": interval, "level": level, "seed": seed}
    given |= {"strata": strata, "n_jobs": n_jobs}
    without = ("compat", "scheme")
    how = choose_resampling(resampling, "bootstrap_clusters", without=without, **given)
    if how.interval == "t":
        message = "interval 't' is for compare_models; here choose another, such as 'auto'."
        raise OptionError(message)
    metric = _find_metric(statistic)
    named = [name for name in (cluster, how.strata) if name is not None]
    require_columns(table, named)
    problems = find_empty(table, named)
    if problems:
        raise DataError(problems)
    codes, names = sort_ids(table[cluster])
    check_clusters(len(names), cluster)
    homes = None
    if how.strata is not None:
        homes = code_strata(table, names, cluster=cluster, strata=how.strata)
    members = list_members(homes, len(names))
    seeds = spawn_seeds(how.seed, count_blocks(how.draws))
    holders, active = 0, None
    if metric is not None:
        panel = _read_panel(table, codes)
        evaluation = Evaluation(panel, [metric])
        drawn = draw_panel(evaluation, seeds, strata=members, n_jobs=how.n_jobs)[0]
        values = evaluation.measure_whole()[0], drawn, evaluation.measure_without()[0]
        terms, holders = [metric.name], count_holders([panel], metric)
        active = find_active([panel], metric)
    else:
        copies = Copies(table, cluster, codes, list(names), members)
        function = cast("Function", statistic)
        terms, values = resample_function(
            copies, function, seeds, draws=how.draws, n_jobs=how.n_jobs
        )
    whole, drawn, without = values
    plain = metric is None or is_plain(metric)
    rests = np.ones(len(names), dtype=bool) if active is None else active
    counts = {"n_clips": int(rests[codes].sum()), "n_clusters": int(rests.sum())}
    formed = Terms(
        names=tuple((term, None) for term in terms),
        estimates=whole,
        draws=drawn[:, : how.draws],
        left_out=without[:, rests],
        tested=np.zeros(len(terms), dtype=bool),
        metric=metric,
        holders=holders,
        strata=None if homes is None else homes[rests],
        foretold=foretell_draws(without, seeds, members, how.draws) if plain else None,
    )
    options = {"n_clusters": counts["n_clusters"], "interval": how.interval, "level": how.level}
    rows = [{"term": terms[i], **counts, **row} for i, row in summarise_terms(formed, **options)]
    rows = rows if active is None else [tell_active(row, active) for row in rows]
    return Bootstrap(
        table=arrange_table(rows, ("term",)),
        draws=pd.DataFrame(formed.draws.T, columns=pd.Index(terms)),
        cluster=cluster,
        level=how.level,
        n_clusters=counts["n_clusters"],
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


def _read_panel(table: pd.DataFrame, codes: np.ndarray) -> Panel:
    require_columns(table, ["truth", "prediction"])
    problems = find_unnumbers(table, ["truth", "prediction"])
    problems += find_empty(table, ["truth", "prediction"])
    if problems:
        raise DataError(problems)
    truth, prediction = (table[name].to_numpy(float) for name in ("truth", "prediction"))
    return Panel(truth, prediction[None, :], codes, int(codes.max()) + 1)


class Copies:
    """A table that can be taken apart by cluster and put together from drawn ones."""

    def __init__(
        self,
        table: pd.DataFrame,
        cluster: str,
        codes: np.ndarray,
        names: list[Any],
        strata: tuple[np.ndarray, ...],
    ) -> None:
        self.table, self.cluster, self.names, self.strata = table, cluster, names, strata
        order = np.argsort(codes, kind="stable")
        self.rows = np.split(order, np.cumsum(np.bincount(codes))[:-1])

    def take(self, drawn: np.ndarray) -> pd.DataFrame:
        """Return the rows of drawn clusters (G,), each copy under a name of its own."""
        taken = self.table.iloc[np.concatenate([self.rows[group] for group in drawn])]
        seen = np.zeros(len(self.names), dtype=int)
        labels = []
        for group in drawn:
            seen[group] += 1
            copy = f" ({seen[group]})" if seen[group] > 1 else ""
            labels += [f"{self.names[group]}{copy}" if copy else self.names[group]] * len(
                self.rows[group]
            )
        return taken.assign(**{self.cluster: labels})


def resample_function(
    copies: Copies,
    function: Function,
    seeds: Sequence[np.random.SeedSequence],
    *,
    draws: int,
    n_jobs: int,
) -> tuple[list[str], Values]:
    """Return the terms of a function, and its values, draws and leave-one-out values.

    Where it names its numbers, those of a resample are found by name: their order may change (as
    that of counts does), and one that a resample lacks is undefined there. Anything but numbers, or
    other numbers of them in resamples, is an OptionError.
    """
    groups = len(copies.names)
    first = function(copies.table)
    terms = _name_terms(first, getattr(function, "__name__", "statistic"))
    whole = _read_answer(first, terms)
    draw = partial(_measure_draws, copies=copies, function=function, terms=terms)
    tasks = [(seed, draws - BLOCK * place) for place, seed in enumerate(seeds)]
    blocks = run_tasks(draw, tasks, n_jobs=n_jobs, label="Resampling clusters")
    without = [
        _read_answer(function(copies.take(np.delete(np.arange(groups), group))), terms)
        for group in range(groups)
    ]
    return terms, (whole, np.concatenate(blocks).T, np.array(without).T)


def _measure_draws(
    task: tuple[np.random.SeedSequence, int],
    *,
    copies: Copies,
    function: Function,
    terms: list[str],
) -> np.ndarray:
    seed, wanted = task
    drawn = draw_clusters(seed, copies.strata)[:wanted]
    return np.array([_read_answer(function(copies.take(groups)), terms) for groups in drawn])


def _name_terms(answer: Any, name: str) -> list[str]:
    if isinstance(answer, Mapping | pd.Series):
        return [str(key) for key, _ in answer.items()]
    count = np.size(answer)
    return [name] if count == 1 else [f"{name}[{place}]" for place in range(count)]


def _read_answer(answer: Any, terms: list[str]) -> np.ndarray:
    """Return the numbers of an answer in the order of the terms."""
    if isinstance(answer, Mapping | pd.Series):
        named = {str(key): value for key, value in answer.items()}
        answer = [named.get(term, np.nan) for term in terms]
    try:
        values = np.atleast_1d(np.asarray(answer, dtype=float))
    except (TypeError, ValueError):
        values = np.empty(0)
    if isinstance(answer, pd.DataFrame) or values.shape != (len(terms),):
        message = (
            "the statistic must return a number, several (as many in each resample), or numbers "
            f"by name; it returned {type(answer).__name__} {str(answer)[:60]!r}."
        )
        raise OptionError(message)
    return values
