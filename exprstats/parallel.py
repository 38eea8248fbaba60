"""Parallel tasks through joblib, with their seeds and progress."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, partial
from numbers import Integral
from typing import TYPE_CHECKING, TypeVar, cast

import numpy as np

from exprstats.errors import OptionError

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

Seed = int | np.random.Generator | None
Watcher = Callable[[str, int, int], None]
Task = TypeVar("Task")
Answer = TypeVar("Answer")

_watcher: ContextVar[Watcher | None] = ContextVar("watcher", default=None)


def run_tasks(
    function: Callable[[Task], Answer],
    tasks: Sequence[Task],
    *,
    n_jobs: int = 1,
    label: str = "Working",
) -> list[Answer]:
    """Return ``function(task)`` for every task, in the order of the tasks.

    Parameters
    ----------
    function
        Must depend on its task only, so that the answer is the same for any ``n_jobs``. BLAS has
        one thread in it.
    tasks
        Small pictures of the work; each travels to a worker.
    n_jobs
        Workers, as joblib counts them, never more than tasks; 1 stays in this process. The
        backend is whatever ``joblib.parallel_config`` names, so that a cluster needs no changed
        line.
    label
        What a progress bar calls the work.

    Raises
    ------
    OptionError
        As `check_jobs`.
    """
    check_jobs(n_jobs)
    # A worker without a task would cost its start, which is a second and more.
    n_jobs = min(n_jobs, max(len(tasks), 1))
    if n_jobs == 1:
        with limit_threads():
            return list(_watch(map(function, tasks), label, len(tasks)))
    from joblib import Parallel, delayed

    work = delayed(partial(_run_single, function))
    # Workers may be threads of this process, which give back the number of threads they found.
    with limit_threads():
        try:
            workers = Parallel(n_jobs=n_jobs, return_as="generator")
        except ValueError:  # A backend that hands over all answers at once.
            workers = Parallel(n_jobs=n_jobs)
        answers = cast("Iterable[Answer]", workers(work(task) for task in tasks))
        return list(_watch(answers, label, len(tasks)))


def check_jobs(n_jobs: int) -> None:
    """Refuse a number of workers that is no whole number, or 0."""
    if not _is_whole(n_jobs) or n_jobs == 0:
        message = f"n_jobs is {n_jobs}; it must be a whole number: 1, 2, ..., or -1 for all cores."
        raise OptionError(message)


@contextmanager
def limit_threads() -> Iterator[None]:
    """Give BLAS one thread: products here are small, and so the same on any number of cores."""
    with _find_pools().limit(limits=1, user_api="blas"):
        yield


def spawn_seeds(seed: Seed, count: int) -> list[np.random.SeedSequence]:
    """Return independent seed sequences, the first k of which do not depend on ``count``."""
    check_seed(seed)
    if isinstance(seed, np.random.Generator):
        seed = int(seed.integers(2**63))
    return np.random.SeedSequence(seed).spawn(count)


def open_generator(seed: Seed) -> np.random.Generator:
    """Return a generator of random numbers; one that is given goes on where it stands."""
    check_seed(seed)
    return np.random.default_rng(seed)


@contextmanager
def watching(watcher: Watcher) -> Iterator[None]:
    """Send (label, done, total) of the work inside to a watcher, such as a progress bar."""
    token = _watcher.set(watcher)
    try:
        yield
    finally:
        _watcher.reset(token)


def report_progress(label: str, done: int, total: int) -> None:
    """Tell whoever watches how far some work is; without a watcher this costs nothing."""
    watcher = _watcher.get()
    if watcher is not None:
        watcher(label, done, total)


@cache
def _find_pools() -> ThreadpoolController:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def _run_single(function: Callable[[Task], Answer], task: Task) -> Answer:
    with limit_threads():
        return function(task)


def _watch(answers: Iterable[Answer], label: str, total: int) -> Iterator[Answer]:
    for done, answer in enumerate(answers, start=1):
        report_progress(label, done, total)
        yield answer


def check_seed(seed: Seed) -> None:
    """Refuse a seed that is no whole number of at least 0, no generator, and not None."""
    if seed is None or isinstance(seed, np.random.Generator) or (_is_whole(seed) and seed >= 0):
        return
    message = f"seed is {seed}; it must be a whole number of at least 0, a generator, or None."
    raise OptionError(message)


def _is_whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)
