"""Any function of a table, called for resamples of whole clusters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from exprstats.errors import OptionError
from exprstats.inference.clusters import BLOCK, draw_clusters
from exprstats.parallel import run_tasks

Answer = float | Mapping[str, float] | pd.Series | Sequence[float] | np.ndarray
Function = Callable[[pd.DataFrame], Answer]
Values = tuple[np.ndarray, np.ndarray, np.ndarray]


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

    Where it names its numbers, those of a resample are found by name: their order may change
    (as that of counts does), and one that a resample lacks is undefined there.

    Raises
    ------
    OptionError
        If the function returns anything but numbers, or other numbers of them in resamples.
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
