"""The cluster bootstrap of any statistic."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from exprstats.errors import DataError, Problem
from exprstats.inference.cells import FEWEST_CLUSTERS, check_options
from exprstats.inference.clusters import BLOCK, draw_clusters
from exprstats.inference.evaluation import Evaluation
from exprstats.inference.metrics import Metric, find_metrics
from exprstats.inference.panels import Panel, code_strata, list_members
from exprstats.inference.rows import arrange_table, summarise_terms
from exprstats.inference.samples import count_blocks, draw_panel
from exprstats.inference.sentences import describe_bootstrap
from exprstats.inference.terms import Terms
from exprstats.parallel import Seed, run_tasks, spawn_seeds
from exprstats.results import Result
from exprstats.tables import find_empty, find_unnumbers, require_columns
from exprstats.words import IntervalName

Answer = float | Mapping[str, float] | pd.Series | Sequence[float] | np.ndarray
Statistic = str | Metric | Callable[[pd.DataFrame], Answer]


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
    """

    table: pd.DataFrame
    draws: pd.DataFrame
    cluster: str
    level: float
    n_clusters: int

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
        return describe_bootstrap(self.table, self.cluster)


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
        a table that returns a number, several numbers, or numbers by name. In the tables it gets,
        the second and later copies of a cluster have names of their own (``'S1 (2)'``).
    cluster
        Column of the clusters.
    draws, interval, level, seed, strata, n_jobs
        As in `compare_models`.

    Raises
    ------
    DataError
        For absent columns, empty cluster names and fewer than three clusters.
    OptionError
        For options that are not allowed.

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
    named = [name for name in (cluster, strata) if name is not None]
    require_columns(table, named)
    problems = find_empty(table, named)
    if problems:
        raise DataError(problems)
    codes, names = pd.factorize(table[cluster], sort=True)
    _check_count(len(names), cluster)
    homes = None if strata is None else code_strata(table, names, cluster=cluster, strata=strata)
    members = list_members(homes, len(names))
    seeds = spawn_seeds(seed, count_blocks(draws))
    if isinstance(statistic, str | Metric):
        terms, values = _resample_metric(
            table, statistic, codes, seeds, members=members, n_jobs=n_jobs
        )
    else:
        copies = _Copies(table, cluster, codes, list(names), members)
        terms, values = _resample_function(copies, statistic, seeds, draws=draws, n_jobs=n_jobs)
    whole, drawn, without = values
    formed = Terms(
        names=tuple((term, None) for term in terms),
        estimates=whole,
        draws=drawn[:, :draws],
        left_out=without,
        tested=np.zeros(len(terms), dtype=bool),
        fisher=np.full(len(terms), _is_fisher(statistic)),
        strata=homes,
    )
    summaries = summarise_terms(formed, n_clusters=len(names), interval=interval, level=level)
    rows = [{"term": terms[line], "n_clips": len(table), **row} for line, row in summaries]
    return Bootstrap(
        table=arrange_table(rows, ("term",)),
        draws=pd.DataFrame(formed.draws.T, columns=pd.Index(terms)),
        cluster=cluster,
        level=level,
        n_clusters=len(names),
    )


Values = tuple[np.ndarray, np.ndarray, np.ndarray]


def _check_count(groups: int, cluster: str) -> None:
    if groups < FEWEST_CLUSTERS:
        fact = f"{groups} clusters; an interval needs {FEWEST_CLUSTERS}."
        raise DataError(Problem(fact, "Name another cluster column.", column=cluster))


def _is_fisher(statistic: Statistic) -> bool:
    return isinstance(statistic, str | Metric) and find_metrics(statistic)[0].fisher


def _resample_metric(
    table: pd.DataFrame,
    statistic: str | Metric,
    codes: np.ndarray,
    seeds: Sequence[np.random.SeedSequence],
    *,
    members: tuple[np.ndarray, ...],
    n_jobs: int,
) -> tuple[list[str], Values]:
    """Return the term, and its value (1,), draws (1, B) and leave-one-out values (1, groups)."""
    require_columns(table, ["truth", "prediction"])
    problems = find_unnumbers(table, ["truth", "prediction"])
    problems += find_empty(table, ["truth", "prediction"])
    if problems:
        raise DataError(problems)
    metrics = find_metrics(statistic)
    truth, prediction = (table[name].to_numpy(float) for name in ("truth", "prediction"))
    panel = Panel(truth, prediction[None, :], codes, int(codes.max()) + 1)
    evaluation = Evaluation(panel, metrics)
    drawn = draw_panel(evaluation, seeds, strata=members, n_jobs=n_jobs)
    values = evaluation.measure_whole()[0], drawn[0], evaluation.measure_without()[0]
    return [metrics[0].name], values


class _Copies:
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


def _resample_function(
    copies: _Copies,
    statistic: Callable[[pd.DataFrame], Answer],
    seeds: Sequence[np.random.SeedSequence],
    *,
    draws: int,
    n_jobs: int,
) -> tuple[list[str], Values]:
    groups = len(copies.names)
    first = statistic(copies.table)
    terms = _name_terms(first, getattr(statistic, "__name__", "statistic"))
    draw = partial(_measure_draws, copies=copies, statistic=statistic)
    tasks = [(seed, draws - BLOCK * place) for place, seed in enumerate(seeds)]
    blocks = run_tasks(draw, tasks, n_jobs=n_jobs, label="Resampling clusters")
    without = [
        _read_answer(statistic(copies.take(np.delete(np.arange(groups), group))))
        for group in range(groups)
    ]
    return terms, (_read_answer(first), np.concatenate(blocks).T, np.array(without).T)


def _measure_draws(
    task: tuple[np.random.SeedSequence, int],
    *,
    copies: _Copies,
    statistic: Callable[[pd.DataFrame], Answer],
) -> np.ndarray:
    seed, wanted = task
    drawn = draw_clusters(seed, copies.strata)[:wanted]
    return np.array([_read_answer(statistic(copies.take(groups))) for groups in drawn])


def _name_terms(answer: Answer, name: str) -> list[str]:
    if isinstance(answer, Mapping | pd.Series):
        return [str(key) for key in answer.keys()]  # noqa: SIM118 -- iterating a Series gives its values
    several = np.atleast_1d(np.asarray(answer, dtype=float))
    return [name] if len(several) == 1 else [f"{name}[{place}]" for place in range(len(several))]


def _read_answer(answer: Answer) -> np.ndarray:
    values = list(answer.values()) if isinstance(answer, Mapping) else answer
    return np.atleast_1d(np.asarray(values, dtype=float))
