"""What can be tested when one factor fits perfectly: equal items, and equal contexts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from exprstats import rbridge
from exprstats.errors import DataError, Problem
from exprstats.measurement.clustersums import sum_clusters
from exprstats.measurement.contrasts import Contrast, contrast_groups
from exprstats.measurement.engines import Job
from exprstats.measurement.itemsets import ItemSet, read_items, warn_incomplete
from exprstats.measurement.jobs import find_clusters, list_jobs
from exprstats.measurement.screening import check_items
from exprstats.measurement.solution import Receipt
from exprstats.measurement.steps import NestedModels, build_steps
from exprstats.numerals import count_things
from exprstats.tables import encode_ids
from exprstats.words import check_level


def compare_restrictions(
    items_table: pd.DataFrame,
    *,
    items: Sequence[str],
    by: str | None = None,
    cluster: str | None = None,
    level: float = 0.95,
) -> NestedModels:
    """Test whether items are interchangeable: equal loadings, then equal residuals too.

    With three items the congeneric model fits perfectly (df = 0), but tau-equivalence (df = 2) and
    parallelism (df = 4) can be tested (Jöreskog, 1971).

    Parameters
    ----------
    items_table, items, by
        As for `fit_factor`.
    cluster
        Column of clusters: scaled tests that allow for them (Satorra & Bentler, 2001; where their
        scaling factor is negative, 2010).
    level
        1 − the level of the tests in the sentence.

    Raises
    ------
    DataError
        As `fit_factor`.
    FitError
        lavaan did not converge.
    RError
        R cannot be used.

    Warns
    -----
    DataWarning
        Clips that lack an item are left out.
    """
    check_level(level)
    itemset, jobs = _prepare(items_table, items, by, cluster)
    warn_incomplete(itemset)
    blocks, receipts = [], []
    for job in jobs:
        options = {"moments": [_pack(job)]}
        if cluster:
            options = {"rows": job.answers, "cluster": job.cluster}
        reply = rbridge.call("measurement", "compare_restrictions", names=job.items, **options)
        blocks.append((job.context, job.moments.n, reply.value))
        receipts.append(Receipt("lavaan", reply.call, reply.versions, reply.warnings))
    return build_steps(blocks, receipts[-1], level, jobs[-1].n_clusters)


def check_invariance(
    items_table: pd.DataFrame,
    *,
    items: Sequence[str],
    by: str = "context",
    cluster: str | None = None,
    level: float = 0.95,
) -> NestedModels:
    """Test whether a factor is measured alike in all contexts.

    Configural, metric (equal loadings), scalar (equal intercepts too) and strict (equal residuals
    too) invariance (Meredith, 1993). Scores of different contexts can be compared in size only
    under scalar invariance.

    Parameters
    ----------
    items_table, items
        As for `fit_factor`.
    by
        Column of contexts.
    cluster
        Column of clusters, such as subjects, who may appear in several contexts: the steps are
        then tested by the cluster jackknife (see `contrast_groups`), because likelihood-ratio
        tests take contexts for independent; the fit of each model is scaled for clusters.
    level
        As for `compare_restrictions`.

    Raises
    ------
    DataError
        As `fit_factor`, and fewer than two contexts.
    FitError, RError
        As `compare_restrictions`.

    Warns
    -----
    DataWarning
        Clips that lack an item are left out.
    """
    check_level(level)
    itemset, jobs = _prepare(items_table, items, by, cluster)
    groups, pooled = jobs[:-1], jobs[-1]
    if len(groups) < 2:
        fact = f"the data have {count_things(len(groups), 'context')}."
        raise DataError(Problem(fact, "Invariance needs two or more.", column=by))
    warn_incomplete(itemset)
    if cluster:
        options: dict[str, Any] = {
            "rows": np.concatenate([_give_rows(job) / _find_scale(pooled) for job in groups]),
            "group": np.repeat(np.arange(1, len(groups) + 1), [job.moments.n for job in groups]),
            "cluster": _give_clusters(groups),
        }
    else:
        options = {"moments": [_pack(job, _find_scale(pooled)) for job in groups]}
    reply = rbridge.call("measurement", "compare_groups", names=pooled.items, **options)
    receipt = Receipt("lavaan", reply.call, reply.versions, reply.warnings)
    answer = reply.value
    if cluster:
        answer = _replace_changes(answer, _contrast(itemset, items_table[cluster]))
    return build_steps([(None, pooled.moments.n, answer)], receipt, level, pooled.n_clusters)


def _contrast(itemset: ItemSet, cluster: pd.Series) -> dict[str, Contrast]:
    codes, groups = encode_ids(cluster.to_frame("cluster"), ["cluster"])
    standard = replace(itemset, answers=itemset.answers / np.nanstd(itemset.answers, axis=0))
    return contrast_groups(sum_clusters(standard, codes, groups)[:-1], groups)


def _replace_changes(
    answer: Mapping[str, Any], contrasts: Mapping[str, Contrast]
) -> dict[str, Any]:
    changes = {
        step: {
            "chisq": [one.statistic],
            "df": [one.df],
            "pvalue": [one.p_value],
            "method": "jackknife",
        }
        for step, one in contrasts.items()
    }
    return {step: {**found, "change": changes.get(step)} for step, found in answer.items()}


def _prepare(
    table: pd.DataFrame, items: Sequence[str], by: str | None, cluster: str | None
) -> tuple[ItemSet, list[Job]]:
    names = check_items(items)
    itemset = read_items(table, names, by)
    ids = find_clusters(table, cluster) if cluster else None
    return itemset, list_jobs(itemset, names, cluster=ids)


def _give_rows(job: Job) -> np.ndarray:
    return np.empty((0, len(job.items))) if job.answers is None else job.answers


def _give_clusters(jobs: Sequence[Job]) -> np.ndarray | None:
    """Return the clusters of all rows; None where a context has one row a cluster."""
    given = [job.cluster for job in jobs if job.cluster is not None]
    return np.concatenate(given) if len(given) == len(jobs) else None


def _find_scale(job: Job) -> np.ndarray:
    """Return a power of two near each item's spread: tests across contexts do not depend on it."""
    return 2.0 ** np.round(np.log2(np.sqrt(np.diag(job.moments.covariance))))


def _pack(job: Job, scale: np.ndarray | float = 1.0) -> dict[str, Any]:
    scale = np.broadcast_to(scale, len(job.items))
    moments = job.moments
    covariance = moments.covariance / np.outer(scale, scale)
    return {"cov": covariance, "mean": moments.mean / scale, "n": float(moments.n)}
