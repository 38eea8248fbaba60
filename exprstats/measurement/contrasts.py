"""Tests of invariance that allow for subjects who appear in several contexts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import fdtrc

from exprstats.inference.clusters import leave_out_clusters
from exprstats.measurement.clustersums import ClusterSums
from exprstats.measurement.refits import solve_many
from exprstats.parallel import limit_threads


class Contrast(NamedTuple):
    """One test: Hotelling's T², its numerator degrees of freedom, its p."""

    statistic: float
    df: int
    p_value: float


def contrast_groups(fits: Sequence[ClusterSums], groups: int) -> dict[str, Contrast]:
    """Test equal loadings, intercepts and residuals across contexts by the cluster jackknife.

    The contexts' own fits are compared with the first context's: loadings λ_g ∝ λ_1 (metric),
    intercept differences ν_g − ν_1 ∝ λ (scalar), residual variances θ_g = θ_1 (strict). Each set
    of contrasts h that should be zero is held against its covariance over leave-one-cluster-out
    samples, V = (G − 1)/G·Σ(h₋g − h̄)(h₋g − h̄)', by T² = h'V⁻¹h, (G − q)/(q(G − 1))·T² ~
    F(q, G − q). A subject in several contexts is left out of all of them at once, which
    likelihood-ratio tests of independent groups cannot do.

    Parameters
    ----------
    fits
        Sums of each context, two or more; items in units of their own spread.
    groups
        Number of clusters G.
    """
    everyone = np.ones((1, groups))
    _, direction = _estimate(fits, everyone)
    # The same basis for every sample: orthogonal to the loadings, no item before the others.
    basis = np.linalg.svd(direction[0][None, :])[2][1:].T
    whole = _list_contrasts(fits, everyone, basis)
    with limit_threads():
        left = _list_contrasts(fits, leave_out_clusters(0, groups, groups), basis)
    return {step: _test_zero(whole[step][0], left[step]) for step in whole}


class _Estimates(NamedTuple):
    """Estimates of one context in B samples, (B, p) each; loadings have length 1."""

    means: np.ndarray
    shares: np.ndarray
    residuals: np.ndarray


def _estimate(
    fits: Sequence[ClusterSums], counts: np.ndarray
) -> tuple[list[_Estimates], np.ndarray]:
    """Return the estimates of each context, and the direction (B, p) their loadings share."""
    found = []
    for fit in fits:
        mean, covariances = fit.form_moments(counts)
        loadings, residuals = solve_many(covariances, fit.n)
        share = loadings / np.linalg.norm(loadings, axis=1, keepdims=True)
        found.append(_Estimates(mean, share, residuals))
    total = np.sum([one.shares for one in found], axis=0)
    return found, total / np.linalg.norm(total, axis=1, keepdims=True)


def _list_contrasts(
    fits: Sequence[ClusterSums], counts: np.ndarray, basis: np.ndarray
) -> dict[str, np.ndarray]:
    """Return the contrasts (B, q) of each step."""
    found, direction = _estimate(fits, counts)
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
