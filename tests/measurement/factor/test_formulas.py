"""The formulas of one factor against simulation and against other derivations.

Tolerances: algebraic identities 1e-10; simulated standard errors 12 % (500 draws give a
Monte-Carlo error of 3.2 %), means within 3 of their own standard errors and .002 of bias.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from exprstats.errors import FitError
from exprstats.measurement.factor import formulas as composites
from exprstats.measurement.factor import formulas as normal
from exprstats.measurement.factor.moments import form_moments, scale_covariance

LOADINGS = np.array([0.9, 1.2, 0.5])
RESIDUALS = np.array([0.6, 0.4, 0.8])
PARAMETERS = np.concatenate([LOADINGS, RESIDUALS])


@pytest.fixture(scope="module")
def draws():
    """Return 500 samples of 2,000 clips under a known factor, shape (500, 2000, 3)."""
    rng = np.random.default_rng(5)
    factor = rng.normal(size=(500, 2000, 1))
    return factor * LOADINGS + rng.normal(size=(500, 2000, 3)) * np.sqrt(RESIDUALS)


@pytest.fixture(scope="module")
def fits(draws):
    covariances = [form_moments(draw).covariance for draw in draws]
    return np.array([np.concatenate(normal.solve_three(one)) for one in covariances])


def test_estimates_are_unbiased_and_their_errors_are_right(fits):
    errors = np.sqrt(np.diag(normal.estimate_vcov(LOADINGS, RESIDUALS, 2000)))
    np.testing.assert_allclose(fits.std(axis=0), errors, rtol=0.12)
    assert np.all(np.abs(fits.mean(axis=0) - PARAMETERS) < 3 * errors / np.sqrt(500) + 0.002)


def test_standardised_errors_are_right(fits):
    loadings, residuals = np.split(fits, 2, axis=1)
    simulated = (loadings / np.sqrt(loadings**2 + residuals)).std(axis=0)
    vcov = normal.estimate_vcov(LOADINGS, RESIDUALS, 2000)
    standard, error, residual_error = normal.standardize(LOADINGS, RESIDUALS, vcov)
    np.testing.assert_allclose(simulated, error, rtol=0.12)
    simulated = (residuals / (loadings**2 + residuals)).std(axis=0)
    np.testing.assert_allclose(simulated, residual_error, rtol=0.12)
    np.testing.assert_allclose(standard**2, LOADINGS**2 / (LOADINGS**2 + RESIDUALS))


@pytest.mark.parametrize(
    "formula", [composites.compute_omega, composites.compute_ave, composites.compute_determinacy]
)
def test_composites_have_the_error_that_simulation_shows(fits, formula):
    vcov = normal.estimate_vcov(LOADINGS, RESIDUALS, 2000)
    simulated = np.std([formula(fit) for fit in fits])
    assert composites.propagate_error(formula, PARAMETERS, vcov) == pytest.approx(
        simulated, rel=0.12
    )


def test_omega_is_the_squared_correlation_of_sum_and_factor(draws):
    covariance = normal.imply_covariance(LOADINGS, RESIDUALS)
    with_factor = LOADINGS.sum() / np.sqrt(covariance.sum())
    assert composites.compute_omega(PARAMETERS) == pytest.approx(with_factor**2, abs=1e-12)


def test_bartlett_scores_are_unbiased_with_the_stated_error_and_determinacy():
    rng = np.random.default_rng(6)
    factor = rng.normal(size=100_000)
    noise = rng.normal(size=(100_000, 3)) * np.sqrt(RESIDUALS)
    weights, error = normal.weigh_bartlett(LOADINGS, RESIDUALS)
    scores = (np.outer(factor, LOADINGS) + noise) @ weights
    assert weights @ LOADINGS == pytest.approx(1, abs=1e-12)
    assert np.std(scores - factor) == pytest.approx(error, rel=0.01)
    assert np.corrcoef(scores, factor)[0, 1] == pytest.approx(
        composites.compute_determinacy(PARAMETERS), abs=0.003
    )
    assert np.std(scores) == pytest.approx(np.sqrt(1 + error**2), rel=0.01)


def test_bartlett_is_weighted_least_squares():
    answers = np.array([0.3, -1.0, 2.0])
    weights, _ = normal.weigh_bartlett(LOADINGS, RESIDUALS)
    root = 1 / np.sqrt(RESIDUALS)
    by_least_squares = np.linalg.lstsq((LOADINGS * root)[:, None], answers * root, rcond=None)[0]
    assert answers @ weights == pytest.approx(by_least_squares[0], abs=1e-12)


def test_the_information_is_the_curvature_of_the_likelihood():
    """At the maximum the observed and the expected information agree: derive it by differences."""
    covariance = normal.imply_covariance(LOADINGS, RESIDUALS)

    def deviance(parameters):
        sigma = normal.imply_covariance(*np.split(parameters, 2))
        return 50 * (np.linalg.slogdet(sigma)[1] + np.trace(np.linalg.solve(sigma, covariance)))

    step = 1e-3
    hessian = np.empty((6, 6))
    for i in range(6):
        for j in range(6):
            total = 0.0
            for a in (1, -1):
                for b in (1, -1):
                    shifted = PARAMETERS.copy()
                    shifted[i] += a * step
                    shifted[j] += b * step
                    total += a * b * deviance(shifted)
            hessian[i, j] = total / (4 * step**2)
    vcov = normal.estimate_vcov(LOADINGS, RESIDUALS, 100)
    np.testing.assert_allclose(np.linalg.inv(hessian), vcov, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("signs", [(1, 1, -1), (-1, 1, 1), (1, -1, 1), (1, 0, 1)])
def test_covariances_no_factor_can_have_are_refused(signs):
    covariance = np.eye(3)
    for (i, j), sign in zip([(0, 1), (0, 2), (1, 2)], signs, strict=True):
        covariance[i, j] = covariance[j, i] = 0.4 * sign
    with pytest.raises(FitError, match="no factor fits"):
        normal.solve_three(covariance)


@settings(max_examples=25, deadline=None)
@given(arrays(float, (40, 3), elements=st.floats(-1e3, 1e3, width=32)), st.integers(0, 3))
def test_moments_are_numpys_without_incomplete_rows(values, holes):
    values = values + 1e6
    values[:holes, 1] = np.nan
    moments = form_moments(values)
    kept = values[holes:]
    assert moments.n == 40 - holes
    np.testing.assert_allclose(moments.mean, kept.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(moments.covariance, np.cov(kept.T, bias=True), rtol=1e-9, atol=1e-6)
    np.testing.assert_array_equal(moments.low, kept.min(axis=0))


def test_moments_of_many_blocks_are_those_of_one():
    values = np.random.default_rng(7).normal(3, 2, size=(150_000, 3))
    moments = form_moments(values)
    np.testing.assert_allclose(moments.covariance, np.cov(values.T, bias=True), rtol=1e-11)
    np.testing.assert_allclose(
        scale_covariance(moments.covariance), np.corrcoef(values.T), rtol=1e-11
    )
