"""Weights at each penalty, against scikit-learn, glmnet, and closed forms.

Tolerances: 1e-6 where coordinate descent stops at a duality gap of 1e-7 of the target's variance
(two solvers that both stop there differ by up to 1e-6 on collinear features); 1e-8 where the
tolerance is tightened for the test, and for ridge, which is solved and not descended.
"""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import ElasticNet, Ridge

from exprstats.models.fitting import penalties as penalties
from exprstats.models.fitting.penalties import PenaltyGrid, choose_point, take_moments, trace_grid

ORACLES = Path(__file__).parents[2] / "oracles" / "models"
GRID = PenaltyGrid((1.0, 0.5, 0.1, 0.05, 0.01), tuple(i / 10 for i in range(11)))


def draw_case(seed=1, n=300, p=8):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n, 3)) @ rng.normal(size=(3, p)) + 0.6 * rng.normal(size=(n, p))
    values = values * rng.uniform(0.01, 50, p) + rng.normal(size=p) * 100
    z = (values - values.mean(0)) / values.std(0)
    return values, z, 0.5 * z[:, 0] - 0.3 * z[:, 1] + rng.normal(size=n) + 4


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_point_equals_scikit_learn(seed):
    values, z, truth = draw_case(seed)
    weights, stopped = trace_grid(take_moments(values, truth), GRID)
    assert not stopped.any()
    for (alpha, ratio), found in zip(GRID.points, weights, strict=True):
        peer = (
            Ridge(alpha=len(truth) * alpha)
            if ratio == 0
            else ElasticNet(alpha=alpha, l1_ratio=ratio, tol=1e-7, max_iter=10_000)
        )
        np.testing.assert_allclose(found, peer.fit(z, truth).coef_, atol=1e-6)


def test_ridge_equals_the_normal_equations():
    values, z, truth = draw_case()
    weights, _ = trace_grid(take_moments(values, truth), PenaltyGrid((0.3, 0.02), (0.0,)))
    for alpha, found in zip((0.3, 0.02), weights, strict=True):
        # Ridge as least squares on data with p added rows of sqrt(n alpha) I.
        rows = np.vstack([z, np.sqrt(len(z) * alpha) * np.eye(z.shape[1])])
        target = np.concatenate([truth - truth.mean(), np.zeros(z.shape[1])])
        np.testing.assert_allclose(found, np.linalg.lstsq(rows, target)[0], atol=1e-8)


def test_orthogonal_features_are_thresholded_softly(monkeypatch):
    monkeypatch.setattr(penalties, "TOLERANCE", 1e-15)
    # 16 rows of a two-level factorial: columns are orthogonal with mean 0 and SD 1.
    signs = np.array([[1 if row >> bit & 1 else -1 for bit in range(4)] for row in range(16)])
    truth = signs @ np.array([0.9, -0.4, 0.12, 0.0]) + 2
    weights, _ = trace_grid(take_moments(signs.astype(float), truth), PenaltyGrid((0.2,), (0.75,)))
    # Zou & Hastie (2005), eq. 5 in this scaling: S(b, alpha l1) / (1 + alpha (1 - l1)).
    expected = np.array([0.9 - 0.15, -(0.4 - 0.15), 0.0, 0.0]) / 1.05
    np.testing.assert_allclose(weights[0], expected, atol=1e-8)


@given(st.integers(0, 10_000), st.floats(0.01, 1), st.floats(0.05, 1))
@settings(max_examples=25, deadline=None)
def test_the_subgradient_is_zero(seed, alpha, ratio):
    values, z, truth = draw_case(seed, n=60, p=5)
    weights = trace_grid(take_moments(values, truth), PenaltyGrid((alpha,), (ratio,)))[0][0]
    slope = z.T @ (truth - truth.mean() - z @ weights) / len(z) - alpha * (1 - ratio) * weights
    active = weights != 0
    # The gap of 1e-7 bounds the objective; its slope is good to the root of that.
    np.testing.assert_allclose(slope[active], alpha * ratio * np.sign(weights[active]), atol=2e-3)
    assert (np.abs(slope[~active]) <= alpha * ratio + 2e-3).all()


def load_glmnet(path=ORACLES / "glmnet_path.json"):
    stored = json.loads(path.read_text())
    return np.array(stored["values"]), np.array(stored["truth"]), stored["rows"]


@pytest.mark.parametrize(("tolerance", "within"), [(1e-7, 1e-6), (1e-15, 1e-8)])
def test_the_path_equals_glmnet(monkeypatch, tolerance, within):
    monkeypatch.setattr(penalties, "TOLERANCE", tolerance)
    values, truth, rows = load_glmnet()
    alphas = tuple(sorted({row["alpha"] for row in rows}, reverse=True))
    grid = PenaltyGrid(alphas, tuple(sorted({row["l1_ratio"] for row in rows})))
    weights, _ = trace_grid(take_moments(values, truth), grid)
    for row in rows:
        at = np.flatnonzero((grid.points == (row["alpha"], row["l1_ratio"])).all(axis=1))
        np.testing.assert_allclose(weights[at[0]], row["weights"], atol=within)


@pytest.mark.r("glmnet")
def test_the_stored_glmnet_path_is_what_r_gives_today(tmp_path):
    out = tmp_path / "glmnet_path.json"
    script = ORACLES / "glmnet_path.R"
    done = subprocess.run(["Rscript", script, out], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for fresh, stored in zip(load_glmnet(out)[2], load_glmnet()[2], strict=True):
        assert (fresh["alpha"], fresh["l1_ratio"]) == (stored["alpha"], stored["l1_ratio"])
        np.testing.assert_allclose(fresh["weights"], stored["weights"], atol=1e-8)


def test_a_constant_feature_gets_no_weight_and_changes_no_other():
    values, _, truth = draw_case()
    spoiled = np.insert(values, 2, 1 / 3, axis=1)
    weights, _ = trace_grid(take_moments(values, truth), GRID)
    found, _ = trace_grid(take_moments(spoiled, truth), GRID)
    assert (found[:, 2] == 0).all()
    np.testing.assert_allclose(np.delete(found, 2, axis=1), weights, atol=1e-6)


def test_a_duplicated_feature_shares_the_ridge_weight():
    values, _, truth = draw_case()
    twice = np.column_stack([values, values[:, 0]])
    weights, _ = trace_grid(take_moments(twice, truth), PenaltyGrid((0.1,), (0.0,)))
    assert weights[0, 0] == pytest.approx(weights[0, -1], abs=1e-8)


def test_more_features_than_clips():
    values, z, truth = draw_case(n=12, p=20)
    weights, _ = trace_grid(take_moments(values, truth), PenaltyGrid((0.5,), (0.0, 0.5)))
    peer = ElasticNet(alpha=0.5, l1_ratio=0.5, tol=1e-7, max_iter=10_000).fit(z, truth)
    np.testing.assert_allclose(weights[1], peer.coef_, atol=1e-6)


def test_descent_that_is_cut_short_is_said(monkeypatch):
    monkeypatch.setattr(penalties, "MAX_ITERATIONS", 2)
    values, _, truth = draw_case()
    _, stopped = trace_grid(take_moments(values, truth), PenaltyGrid((0.5, 0.01), (0.0, 0.5)))
    assert not stopped[:2].any()
    assert stopped[3]


def test_ties_go_to_the_fewest_weights_then_the_stronger_penalty():
    grid = PenaltyGrid((1.0, 0.1), (0.0, 0.5, 1.0))
    # points: (1, 0) (.1, 0) (1, .5) (.1, .5) (1, 1) (.1, 1)
    weights = np.array([[1, 1], [1, 1], [1, 0], [0, 2], [1, 1], [1, 0]], dtype=float)
    level = np.full(6, 0.7)
    assert choose_point(grid, weights, level) == 2
    assert choose_point(grid, np.ones((6, 2)), level) == 4
    assert choose_point(grid, weights, level * (1 + 1e-12 * np.arange(6))) == 2
    assert choose_point(grid, weights, level - 1e-6 * (np.arange(6) == 1)) == 1
