"""Invariance across contexts and equality of items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import fdtrc

from exprstats import rbridge
from exprstats.apa import count_things
from exprstats.codes import number_ids
from exprstats.errors import DataError, Problem
from exprstats.measurement.factor.checks import check_items
from exprstats.measurement.factor.engines import Job
from exprstats.measurement.factor.items import ItemSet, take_items, warn_incomplete
from exprstats.measurement.factor.model import find_clusters, list_jobs
from exprstats.measurement.factor.moments import ClusterSums, PatternSums, sum_factor_clusters
from exprstats.measurement.factor.refits import fit_sums
from exprstats.measurement.factor.solution import Receipt
from exprstats.measurement.nested_models import NestedModels, build_steps
from exprstats.options import MissingRule, check_level, check_word
from exprstats.parallel import limit_threads


def compare_restrictions(
    items_table: pd.DataFrame,
    *,
    items: Sequence[str],
    by: str | None = None,
    cluster: str | None = None,
    missing: MissingRule = "listwise",
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
    missing
        As for `fit_factor`; under ``"fiml"`` every model keeps the clips that lack some items.
    level
        1 − the level of the tests in the sentence.

    Returns
    -------
    NestedModels

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
        Clips that lack an item are left out, or count with the items they have.

    References
    ----------
    Jöreskog, K. G. (1971). Statistical analysis of sets of congeneric tests. Psychometrika, 36,
    109–133.

    Satorra, A., & Bentler, P. M. (2010). Ensuring positiveness of the scaled difference chi-square
    test statistic. Psychometrika, 75, 243–248.

    Examples
    --------
    >>> import exprstats as ex
    >>> study = ex.simulate_expressiveness(subjects=20, seed=1)
    >>> means = ex.average_raters(study.ratings)
    >>> items = ["response", "emotion", "motion"]
    >>> compare_restrictions(means, items=items).glance()["holds"].tolist()
    ['congeneric']
    """
    check_level(level)
    itemset, jobs = _prepare(items_table, items, by, cluster, missing)
    warn_incomplete(itemset, missing)
    blocks, receipts = [], []
    for job in jobs:
        # One unit for all items, since equal loadings are tested.
        scale = _find_scale(job).max()
        options = {"moments": [_pack(job, scale)]}
        if job.answers is not None:
            rows = job.answers / scale
            options = {"rows": rows, "cluster": job.cluster, "missing": missing}
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
    missing: MissingRule = "listwise",
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
    missing, level
        As for `compare_restrictions`.

    Returns
    -------
    NestedModels

    Raises
    ------
    DataError
        As `fit_factor`, and fewer than two contexts.
    FitError, RError
        As `compare_restrictions`.

    Warns
    -----
    DataWarning
        Clips that lack an item are left out, or count with the items they have.

    References
    ----------
    Meredith, W. (1993). Measurement invariance, factor analysis and factorial invariance.
    Psychometrika, 58, 525–543.

    Examples
    --------
    >>> import exprstats as ex
    >>> study = ex.simulate_expressiveness(subjects=20, seed=1)
    >>> means = ex.average_raters(study.ratings)
    >>> items = ["response", "emotion", "motion"]
    >>> check_invariance(means, items=items, cluster="subject").glance()["holds"].tolist()
    ['configural']
    """
    check_level(level)
    itemset, jobs = _prepare(items_table, items, by, cluster, missing)
    groups, pooled = jobs[:-1], jobs[-1]
    if len(groups) < 2:
        fact = f"the data have {count_things(len(groups), 'context')}."
        raise DataError(Problem(fact, "Invariance needs two or more.", column=by))
    warn_incomplete(itemset, missing)
    if pooled.answers is not None:
        # Where a context has one row a cluster, lavaan refuses clusters, and needs none.
        given = [job.cluster for job in groups if job.cluster is not None]
        options: dict[str, Any] = {
            "rows": np.concatenate([job.answers for job in groups if job.answers is not None])
            / _find_scale(pooled),
            "group": np.repeat(np.arange(1, len(groups) + 1), [job.moments.n for job in groups]),
            "missing": missing,
            "cluster": np.concatenate(given) if len(given) == len(groups) else None,
        }
    else:
        options = {"moments": [_pack(job, _find_scale(pooled)) for job in groups]}
    reply = rbridge.call("measurement", "compare_groups", names=pooled.items, **options)
    receipt = Receipt("lavaan", reply.call, reply.versions, reply.warnings)
    answer = reply.value
    if cluster:
        codes, n_clusters = number_ids(items_table[[cluster]], [cluster])
        standard = replace(itemset, answers=itemset.answers / np.nanstd(itemset.answers, axis=0))
        sums = sum_factor_clusters(standard, codes, n_clusters, missing)[:-1]
        answer = _replace_changes(answer, contrast_groups(sums, n_clusters))
    return build_steps([(None, pooled.moments.n, answer)], receipt, level, pooled.n_clusters)


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
    table: pd.DataFrame, items: Sequence[str], by: str | None, cluster: str | None, missing: str
) -> tuple[ItemSet, list[Job]]:
    names = check_items(items)
    check_word(missing, MissingRule, "missing")
    itemset = take_items(table, names, by)
    ids = None if cluster is None else find_clusters(table, cluster)
    return itemset, list_jobs(itemset, names, cluster=ids, missing=missing)


def _find_scale(job: Job) -> np.ndarray:
    """Return a power of two near each item's spread, of which tests do not depend."""
    return 2.0 ** np.round(np.log2(np.sqrt(np.diag(job.moments.covariance))))


def _pack(job: Job, scale: np.ndarray) -> dict[str, Any]:
    scale = np.broadcast_to(scale, len(job.items))
    moments = job.moments
    covariance = moments.covariance / np.outer(scale, scale)
    return {"cov": covariance, "mean": moments.mean / scale, "n": float(moments.n)}


class Contrast(NamedTuple):
    """One test: Hotelling's T², its numerator degrees of freedom, its p."""

    statistic: float
    df: int
    p_value: float


def contrast_groups(fits: Sequence[ClusterSums], groups: int) -> dict[str, Contrast]:
    """Test equal loadings, intercepts and residuals across contexts by the cluster jackknife.

    The contexts' own fits are compared with the first context's: loadings λ_g ∝ λ_1 (metric),
    intercept differences ν_g − ν_1 ∝ λ (scalar), residual variances θ_g = θ_1 (strict). Each set of
    contrasts h that should be zero is held against its covariance over leave-one-cluster-out
    samples, V = (G − 1)/G·Σ(h₋g − h̄)(h₋g − h̄)', by T² = h'V⁻¹h, (G − q)/(q(G − 1))·T² ~ F(q, G −
    q). A subject in several contexts is left out of all of them at once, which likelihood-ratio
    tests of independent groups cannot do. Items are in units of their own spread.
    """
    everyone = [fit.weigh(np.ones((1, groups))) for fit in fits]
    _, direction = _estimate(everyone)
    # The same basis for every sample: orthogonal to the loadings, no item before the others.
    basis = np.linalg.svd(direction[0][None, :])[2][1:].T
    whole = _list_contrasts(everyone, basis)
    with limit_threads():
        left = _list_contrasts([fit.leave_out() for fit in fits], basis)
    return {step: _test_zero(whole[step][0], left[step]) for step in whole}


class _Estimates(NamedTuple):
    """Estimates of one context in B samples, (B, p) each; loadings have length 1."""

    means: np.ndarray
    shares: np.ndarray
    residuals: np.ndarray


def _estimate(samples: Sequence[PatternSums]) -> tuple[list[_Estimates], np.ndarray]:
    """Return the estimates of each context, and the direction (B, p) their loadings share."""
    found = []
    for sums in samples:
        fit = fit_sums(sums)
        share = fit.loadings / np.linalg.norm(fit.loadings, axis=1, keepdims=True)
        found.append(_Estimates(fit.means, share, fit.residuals))
    total = np.sum([one.shares for one in found], axis=0)
    return found, total / np.linalg.norm(total, axis=1, keepdims=True)


def _list_contrasts(samples: Sequence[PatternSums], basis: np.ndarray) -> dict[str, np.ndarray]:
    """Return the contrasts (B, q) of each step."""
    found, direction = _estimate(samples)
    first, others = found[0], found[1:]

    def turn(change: np.ndarray) -> np.ndarray:
        along = np.sum(change * direction, axis=1, keepdims=True)
        return (change - along * direction) @ basis

    return {
        "metric": _join([turn(one.shares - first.shares) for one in others]),
        "scalar": _join([turn(one.means - first.means) for one in others]),
        "strict": _join([one.residuals - first.residuals for one in others]),
    }


def _join(blocks: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate(blocks, axis=1)


def _test_zero(contrast: np.ndarray, left: np.ndarray) -> Contrast:
    groups, q = left.shape
    undefined = Contrast(float("nan"), q, float("nan"))
    if groups <= q + 1 or not (np.isfinite(contrast).all() and np.isfinite(left).all()):
        return undefined
    away = left - left.mean(axis=0)
    covariance = (groups - 1) / groups * away.T @ away
    # Brought to unit variances first, so that units do not decide what is singular.
    spread = np.sqrt(np.diag(covariance))
    if not (spread > 0).all():
        return undefined
    standard = contrast / spread
    statistic = float(standard @ np.linalg.pinv(covariance / np.outer(spread, spread)) @ standard)
    ratio = (groups - q) / (q * (groups - 1)) * statistic
    return Contrast(statistic, q, float(fdtrc(q, groups - q, ratio)))
