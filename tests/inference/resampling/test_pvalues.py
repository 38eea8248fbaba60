"""p-values: ties, symmetry, families, and Monte-Carlo errors.

Tolerance 1e-12 where the same arithmetic is written twice; simulations say theirs.
"""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests

from exprstats.inference import compare_models
from exprstats.inference.resampling.intervals import sort_draws
from exprstats.inference.resampling.pvalues import (
    adjust_holm,
    adjust_maximum,
    count_tails,
    count_tails_mlboot,
    estimate_limit_error,
    estimate_p_error,
    invert_accelerated,
)


def test_the_sample_itself_counts_so_that_p_is_never_zero():
    draws = np.linspace(1, 2, 999)[None, :]
    assert count_tails(*sort_draws(draws))[0] == pytest.approx(2 / 1000)


def test_ties_count_on_both_sides():
    draws = np.array([[0.0] * 3 + [1.0] * 6])
    assert count_tails(*sort_draws(draws))[0] == pytest.approx(2 * 4 / 10)
    assert count_tails(*sort_draws(-draws))[0] == pytest.approx(2 * 4 / 10)
    assert count_tails(*sort_draws(0 * draws))[0] == 1.0


@pytest.mark.parametrize("metric", ["rmse", "mae", "correlation"])
def test_identical_models_have_p_one_and_no_interval(make_predictions, metric):
    table = make_predictions(groups=45, clips=200, models=("a",))
    # The same predictions after rounding errors, as another program would write them.
    twin = table.assign(model="b", prediction=(table["prediction"] * 3 + 0.3 - 0.3) / 3)
    both = compare_models(pd.concat([table, twin]), metrics=metric, draws=500, seed=1).table
    rows = both[both["versus"].notna()]
    assert (rows["estimate"] == 0).all() and rows[["conf_low", "conf_high"]].isna().all(axis=None)
    assert (rows["p_value"] == 1).all()
    assert (rows["p_adjusted"] == 1).all()
    assert rows["p_max_t"].tolist() == [1.0, 1.0]


def test_ties_count_on_one_side_where_mlboot_is_retraced():
    draws = np.array([[0.0] * 3 + [1.0] * 7])
    assert count_tails_mlboot(*sort_draws(draws))[0] == pytest.approx(2 * 3 / 10)
    assert count_tails_mlboot(*sort_draws(-draws))[0] == 0.0


def test_holm_is_that_of_statsmodels():
    p_values = np.random.default_rng(3).uniform(0, 0.2, size=21)
    known = multipletests(p_values, method="holm")[1]
    np.testing.assert_allclose(adjust_holm(p_values), known, rtol=1e-12)


def test_holm_leaves_undefined_ones_out_of_the_family():
    found = adjust_holm(np.array([np.nan, 0.01, 0.04]))
    np.testing.assert_allclose(found, [np.nan, 0.02, 0.04], rtol=1e-12)


def test_the_largest_t_of_one_difference_is_its_own():
    rng = np.random.default_rng(5)
    draws = rng.normal(0.5, 0.3, size=(1, 999))
    found = adjust_maximum(np.array([0.5]), draws, draws.std(axis=1, ddof=1))
    away = np.abs(draws[0] - 0.5)
    assert found[0] == pytest.approx((1 + (away >= 0.5).sum()) / 1000, rel=1e-12)


def test_the_largest_t_of_independent_differences_is_that_of_sidak():
    # 1 - (1 - p)^k for k independent normal differences; 40,000 draws give p within .01.
    rng = np.random.default_rng(6)
    draws = rng.normal(size=(5, 40_000))
    found = adjust_maximum(np.full(5, 2.2), draws + 2.2, np.ones(5))
    alone = (np.abs(draws) >= 2.2).mean()
    np.testing.assert_allclose(found, 1 - (1 - alone) ** 5, atol=0.01)


def test_differences_that_never_vary_are_left_out_with_p_one():
    draws = np.vstack([np.zeros(99), 9 + np.random.default_rng(1).normal(size=99)])
    found = adjust_maximum(np.array([0.0, 9.0]), draws, draws.std(axis=1, ddof=1))
    assert found[0] == 1.0
    assert found[1] == pytest.approx(0.01)


def test_as_many_draws_on_either_side_of_0_have_the_same_p_when_turned():
    draws = np.repeat([-2.0, -1.0, 0.0, 1.0, 3.0], [3, 7, 5, 6, 4])[None, :]
    bias, acceleration = np.array([0.3]), np.array([0.05])
    found = [
        invert_accelerated(
            *sort_draws(sign * draws), bias=sign * bias, acceleration=sign * acceleration
        )
        for sign in (1, -1)
    ]
    assert found[0] == pytest.approx(found[1], rel=1e-12)


def test_monte_carlo_errors_are_the_spread_over_seeds():
    # 400 repeats give a standard deviation within 3.5 % (1 SE): asked within 12 %.
    rng = np.random.default_rng(7)
    draws = rng.normal(1.6, 1.0, size=(400, 2000))
    ordered, finite = sort_draws(draws)
    p_values = count_tails(ordered, finite)
    error = estimate_p_error(p_values, finite).mean()
    assert p_values.std(ddof=1) == pytest.approx(error, rel=0.12)
    low = np.quantile(draws, 0.025, axis=1)
    error = estimate_limit_error(ordered, finite, 0.025).mean()
    assert low.std(ddof=1) == pytest.approx(error, rel=0.12)


def test_swapping_every_sign_changes_no_p():
    draws = np.random.default_rng(8).normal(0.3, 1, size=(4, 501))
    one, two = count_tails(*sort_draws(draws)), count_tails(*sort_draws(-draws))
    assert np.array_equal(one, two)
