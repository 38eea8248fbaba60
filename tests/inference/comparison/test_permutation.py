"""Swaps within clusters against scipy's paired permutation test.

Tolerance 1e-12 where all swaps are taken; five Monte-Carlo errors where they are drawn.
"""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from exprstats.errors import DataError
from exprstats.inference import permute_models

# One row a subject, on purpose.
pytestmark = pytest.mark.filterwarnings("ignore:each .* has one row:exprstats.errors.DataWarning")


def stack_pair(truth, predictions, subject):
    table = pd.DataFrame({"clip": [f"c{n:03d}" for n in range(len(truth))], "subject": subject})
    frames = [table.assign(model=m, truth=truth, prediction=p) for m, p in predictions.items()]
    return pd.concat(frames, ignore_index=True)


def test_all_swaps_of_few_clusters_are_those_of_scipy():
    rng = np.random.default_rng(2)
    truth = rng.normal(size=10)
    predictions = {"a": truth + rng.normal(size=10), "b": truth + 1.5 * rng.normal(size=10)}
    table = stack_pair(truth, predictions, [f"s{n}" for n in range(10)])
    errors = [np.abs(p - truth) for p in predictions.values()]
    known = stats.permutation_test(
        errors,
        lambda one, other, axis: (one - other).mean(axis=axis),
        permutation_type="samples",
        n_resamples=np.inf,
        vectorized=True,
    )
    row = permute_models(table, metrics="mae", draws=2000).table.iloc[0]
    assert row["draws"] == 1024
    assert row["p_value"] == pytest.approx(known.pvalue, rel=1e-12)
    assert row["estimate"] == pytest.approx(known.statistic, rel=1e-10)


def test_drawn_swaps_are_all_swaps_within_monte_carlo_error():
    rng = np.random.default_rng(3)
    subject = np.repeat([f"s{n}" for n in range(11)], 4)
    truth = rng.normal(size=44)
    predictions = {"a": truth + rng.normal(size=44), "b": truth + 1.3 * rng.normal(size=44)}
    table = stack_pair(truth, predictions, subject)
    exact = permute_models(table, metrics="correlation", draws=2048).table.iloc[0]
    drawn = permute_models(table, metrics="correlation", draws=2000, seed=1).table.iloc[0]
    assert exact["draws"] == 2048
    assert exact["p_error"] == 0
    assert drawn["draws"] == 2001
    assert abs(exact["p_value"] - drawn["p_value"]) < 5 * drawn["p_error"]


def test_monte_carlo_errors_of_swaps_are_the_spread_over_seeds():
    # 100 repeats give a standard deviation within 7 % (1 SE): asked within 25 %.
    rng = np.random.default_rng(6)
    subject = np.repeat([f"s{n:02d}" for n in range(25)], 3)
    truth = rng.normal(size=75)
    predictions = {"a": truth + rng.normal(size=75), "b": truth + 1.1 * rng.normal(size=75)}
    table = stack_pair(truth, predictions, subject)
    options = {"metrics": "rmse", "draws": 300}
    rows = [permute_models(table, seed=seed, **options).table.iloc[0] for seed in range(100)]
    p_values = np.array([row["p_value"] for row in rows])
    assert 0.05 < p_values.mean() < 0.95
    assert p_values.std(ddof=1) == pytest.approx(rows[0]["p_error"], rel=0.25)


def test_as_many_random_swaps_as_there_are_of_all_are_not_all_of_them():
    rng = np.random.default_rng(5)
    truth, subject = rng.normal(size=20), [f"s{n // 2}" for n in range(20)]
    predictions = {"a": truth + rng.normal(size=20), "b": truth + rng.normal(size=20)}
    table = stack_pair(truth, predictions, subject)
    # Of 1,023 random swaps and the data as they are there are 2^10 as well.
    row = permute_models(table, metrics="rmse", draws=1023, seed=1).table.iloc[0]
    assert row["draws"] == 1024
    p = row["p_value"]
    assert row["p_error"] == pytest.approx(np.sqrt(p * (1 - p) / 1024))


def test_a_swap_moves_whole_clusters():
    # By hand: three subjects, one swap each way, RMSE over all rows.
    truth = np.zeros(6)
    one, other = np.array([1.0, 1, 2, 2, 3, 3]), np.array([2.0, 2, 2, 2, 1, 1])
    table = stack_pair(truth, {"a": one, "b": other}, list("xxyyzz"))
    seen = []
    for swaps in range(8):
        swap = np.repeat([(swaps >> place) & 1 for place in range(3)], 2) == 1
        a, b = np.where(swap, other, one), np.where(swap, one, other)
        seen.append(np.sqrt((a**2).mean()) - np.sqrt((b**2).mean()))
    known = np.mean(np.abs(seen) >= abs(seen[0]) - 1e-12)
    assert permute_models(table, metrics="rmse").table["p_value"].iloc[0] == known


def test_nrmse_is_rmse_over_the_range_and_has_its_p(make_predictions):
    table = make_predictions(groups=9, models=("a", "b"))
    found = permute_models(table, metrics=["rmse", "nrmse"], span=7, draws=512).table
    plain, shared = found["estimate"]
    assert shared == pytest.approx(plain / 7, rel=1e-12)
    assert found["p_value"].iloc[0] == found["p_value"].iloc[1]
    assert found["draws"].tolist() == [512, 512]


def test_identical_models_have_p_one(make_predictions):
    table = make_predictions(models=("a",))
    twin = pd.concat([table, table.assign(model="b")])
    result = permute_models(twin, metrics=["rmse", "spearman"], draws=300, seed=1)
    assert (result.table["p_value"] == 1).all()


@pytest.mark.parametrize("count", [60, pytest.param(150, marks=pytest.mark.slow)])
@pytest.mark.parametrize("groups", [10, 28, 80])
def test_p_is_uniform_where_models_are_equally_good(groups, count):
    # Kolmogorov-Smirnov, 1 % level; all 1,024 swaps of 10 clusters.
    rng = np.random.default_rng(8)
    subject = np.repeat([f"s{n}" for n in range(groups)], 3)
    p_values = []
    for seed in range(count):
        level = rng.normal(size=groups).repeat(3)
        truth = level + rng.normal(size=3 * groups)
        models = {name: 0.5 * truth + 0.5 * level + rng.normal(size=3 * groups) for name in "ab"}
        table = stack_pair(truth, models, subject)
        found = permute_models(table, metrics="rmse", draws=1024, seed=seed).table
        p_values.append(found["p_value"].iloc[0])
    assert stats.kstest(p_values, "uniform").pvalue > 0.01


def test_seats_cannot_be_swapped(make_predictions):
    table = make_predictions(models=("a", "human"))
    seated = table.assign(seat=np.where(table["model"] == "human", "one", None))
    with pytest.raises(DataError, match="cannot be swapped"):
        permute_models(seated, metrics="rmse")


def test_workers_change_nothing_and_words_are_apa(make_predictions):
    table = make_predictions(groups=20)
    one = permute_models(table, metrics="rmse", draws=600, seed=3)
    two = permute_models(table, metrics="rmse", draws=600, seed=3, n_jobs=2)
    pd.testing.assert_frame_equal(one.table, two.table, check_exact=True)
    assert "(swaps within subject, Holm)" in one.sentence()


def test_ties_beside_large_values_are_ties():
    # Errors of 1000 and steps of .01: several swaps give the same difference but for rounding.
    rng = np.random.default_rng(27)
    truth = rng.normal(size=15)
    steps = rng.integers(-2, 3, size=(2, 15))
    table = stack_pair(
        truth,
        {"a": truth + 1000 + 0.01 * steps[0], "b": truth + 1000 + 0.01 * steps[1]},
        np.repeat([f"s{n}" for n in range(5)], 3),
    )
    sums = (steps[0] - steps[1]).reshape(5, 3).sum(axis=1)
    signs = np.array(list(product([1, -1], repeat=5)))
    known = np.mean(np.abs(signs @ sums) >= abs(sums.sum()))
    row = permute_models(table, metrics="mae", draws=100).table.iloc[0]
    assert row["p_value"] == known


def test_the_smallest_p_of_few_clusters_is_said():
    """Of three people, swaps give ±d in 2 of 8 ways at the least: p = .25."""
    rng = np.random.default_rng(1)
    truth = rng.normal(size=12)
    table = {"clip": range(12), "subject": np.arange(12) // 4, "truth": truth}
    frames = [
        pd.DataFrame(table).assign(model=name, prediction=truth + size * rng.normal(size=12))
        for name, size in (("a", 0.1), ("b", 2.0))
    ]
    found = permute_models(pd.concat(frames), metrics="rmse", draws=250, seed=1)
    assert found.table["p_value"].item() == 0.25 == found.glance()["smallest_p"].item()
    assert "Swaps of 3 subjects can give no p below .250." in found.sentence()
