"""The fits that a call asks for: each context and all clips, training subjects and everyone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from exprstats.errors import OptionError, Problem
from exprstats.measurement.engines import Job
from exprstats.measurement.itemsets import ItemSet, find_training
from exprstats.measurement.moments import form_moments
from exprstats.measurement.screening import find_problems, raise_problems
from exprstats.tables import encode_ids, find_absent, find_empty

FEWEST_CLUSTERS = 10


def list_jobs(
    itemset: ItemSet,
    items: tuple[str, ...],
    *,
    parts: pd.DataFrame | None = None,
    scale: tuple[float, float] | None = None,
    estimator: str = "ml",
    missing: str = "listwise",
    cluster: pd.Series | None = None,
    keep_rows: bool = False,
) -> list[Job]:
    """Return the jobs, training subjects first, the fit of all clips last.

    Parameters
    ----------
    itemset, items
        What is there.
    parts, scale, estimator, missing
        As for `fit_factor`.
    cluster
        Ids of the rows' clusters, in the order of the rows.
    keep_rows
        Whether the jobs hold the rows even where moments would do.

    Raises
    ------
    DataError
        Answers outside the scale, subjects in no part, too few clusters; items that cannot carry
        a factor, see `find_problems`.
    """
    low, high = find_range(itemset.answers, items, scale)
    codes = None if cluster is None else encode_ids(cluster.to_frame("cluster"), ["cluster"])[0]
    plain = codes is None and (estimator, missing) == ("ml", "listwise")
    jobs = []
    for part, context, keep in _list_rows(itemset, parts):
        answers = itemset.answers if keep.all() else itemset.answers[keep]
        used = _find_used(answers, missing)
        who = None if codes is None else codes[keep][used]
        n_clusters = None if who is None else len(np.unique(who))
        jobs.append(
            Job(
                context=context,
                part=part,
                items=items,
                moments=form_moments(answers),
                low=low,
                high=high,
                estimator="ml" if plain or (codes is None and estimator == "ml") else "mlr",
                missing=missing,
                answers=None if plain and not keep_rows else answers[used],
                cluster=None if n_clusters == used.sum() else who,
                n_clusters=n_clusters,
            )
        )
    raise_problems(
        [
            problem
            for job in jobs
            for problem in (*find_problems(job.moments, items, job.name), *_find_few(job))
        ]
    )
    return jobs


def _list_rows(
    itemset: ItemSet, parts: pd.DataFrame | None
) -> Iterator[tuple[str, str | None, np.ndarray]]:
    rows = {} if parts is None else {"train": find_training(itemset.ids, parts)}
    rows["all"] = np.ones(len(itemset.ids), dtype=bool)
    for part, members in rows.items():
        for context in (*itemset.contexts, None):
            yield part, context, itemset.select(context) & members


def _find_used(answers: np.ndarray, missing: str) -> np.ndarray:
    absent = np.isnan(answers)
    lost = np.all(absent, axis=1) if missing == "fiml" else np.any(absent, axis=1)
    return np.logical_not(lost)


def _find_few(job: Job) -> list[Problem]:
    if job.n_clusters is None or job.n_clusters >= FEWEST_CLUSTERS:
        return []
    fact = f"{job.name}: {job.n_clusters} clusters; robust standard errors need {FEWEST_CLUSTERS}."
    remedy = "With fewer they come out far too small (.004 where .071 is right, with two)."
    return [Problem(fact, remedy)]


def find_clusters(table: pd.DataFrame, cluster: str) -> pd.Series:
    """Return the ids of the rows' clusters.

    Raises
    ------
    DataError
        There is no such column, or it has empty cells.
    """
    raise_problems(find_absent(table, [cluster], "items"))
    raise_problems(find_empty(table, [cluster]))
    return table[cluster]


def find_range(
    answers: np.ndarray, items: tuple[str, ...], scale: tuple[float, float] | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the lowest and the highest possible answer to each item, (p,) each."""
    low, high = np.nanmin(answers, axis=0), np.nanmax(answers, axis=0)
    if scale is None:
        return low, high
    if np.shape(scale) != (2,) or not scale[0] < scale[1]:
        message = f"scale is {scale}; give the lowest and then the highest answer, such as (0, 4)."
        raise OptionError(message)
    fact = f"outside the scale {scale[0]:g} to {scale[1]:g}: the answers run from"
    raise_problems(
        [
            Problem(f"{fact} {low[place]:g} to {high[place]:g}.", "Correct them.", column=item)
            for place, item in enumerate(items)
            if low[place] < scale[0] or high[place] > scale[1]
        ]
    )
    return np.full(len(items), float(scale[0])), np.full(len(items), float(scale[1]))
