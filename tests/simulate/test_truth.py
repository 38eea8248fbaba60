"""Moments of rounded ratings against scipy's bivariate normal and Gauss–Hermite quadrature.

Tolerance 1e-8: scipy's multivariate normal integrates to about that; 1e-10 where the witness is
a one-dimensional sum or quadrature of a smooth function.
"""

import numpy as np
import pytest
from scipy import stats

from exprstats.simulate.truth import average_rounded, covary_rounded, vary_rounded

LOW, HIGH = 0, 4
MARGINS = [(1.6, 1.4), (0.2, 0.7), (3.6, 2.0)]


def _list_chances(mean, sd):
    cuts = stats.norm.cdf(np.arange(LOW, HIGH) + 0.5, mean, sd)
    return np.diff(np.concatenate([[0.0], cuts, [1.0]]))


@pytest.mark.parametrize(("mean", "sd"), MARGINS)
def test_mean_and_variance_are_those_of_the_five_answers(mean, sd):
    chances = _list_chances(mean, sd)
    answers = np.arange(LOW, HIGH + 1)
    expected = chances @ answers
    assert average_rounded(mean, sd, LOW, HIGH) == pytest.approx(expected, abs=1e-12)
    variance = chances @ (answers - expected) ** 2
    assert vary_rounded(mean, sd, LOW, HIGH) == pytest.approx(variance, abs=1e-12)


@pytest.mark.parametrize("correlation", [-0.6, 0.0, 0.5, 0.95, 0.999])
def test_covariance_is_the_sum_over_cells_of_the_bivariate_normal(correlation):
    means, sds = (1.6, 2.1), (1.4, 1.1)
    cover = [[1.0, correlation], [correlation, 1.0]]
    edges = [
        np.concatenate([[-9.0], (np.arange(LOW, HIGH) + 0.5 - m) / s, [9.0]])
        for m, s in zip(means, sds, strict=True)
    ]
    below = np.array(
        [[stats.multivariate_normal.cdf([a, b], cov=cover) for b in edges[1]] for a in edges[0]]
    )
    chances = np.diff(np.diff(below, axis=0), axis=1)
    answers = np.arange(LOW, HIGH + 1)
    expected = answers @ chances @ answers - (chances.sum(1) @ answers) * (chances.sum(0) @ answers)
    assert covary_rounded(means, sds, correlation, LOW, HIGH) == pytest.approx(expected, abs=2e-6)


@pytest.mark.parametrize(("mean", "sd"), MARGINS)
@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_covariance_of_two_raters_is_the_variance_of_expected_ratings(mean, sd, share):
    nodes, weights = np.polynomial.hermite_e.hermegauss(120)
    weights = weights / weights.sum()
    clips = mean + sd * np.sqrt(share) * nodes
    noise = sd * np.sqrt(1 - share)
    cuts = np.arange(LOW, HIGH) + 0.5
    seen = LOW + stats.norm.sf((cuts[None, :] - clips[:, None]) / noise).sum(axis=1)
    expected = weights @ seen**2 - (weights @ seen) ** 2
    found = covary_rounded((mean, mean), (sd, sd), share, LOW, HIGH)
    assert found == pytest.approx(expected, abs=1e-9)
