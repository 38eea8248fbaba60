"""Per-cluster sums against the naive loop, and what resamples must not depend on.

Tolerance 1e-10: both sides are sums of the same numbers in another order.
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exprstats.inference import Metric, compare_models
from exprstats.inference.metrics import find_metrics
from exprstats.inference.resampling.clusters import BLOCK, Panel, count_clusters, draw_clusters
from exprstats.inference.resampling.evaluation import Evaluation

NAMES = ["rmse", "mae", "correlation"]


def draw_panel(seed, groups, models, shift, scale):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 7, size=groups)
    codes = rng.permutation(np.repeat(np.arange(groups), sizes))
    truth = shift + scale * (rng.normal(size=groups)[codes] + rng.normal(size=len(codes)))
    noise = scale * rng.standard_t(3, size=(models, len(codes)))
    return Panel(truth, 0.6 * truth + noise, codes, groups)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    size=st.tuples(st.integers(3, 30), st.integers(1, 4)),
    place=st.tuples(st.sampled_from([0.0, -3.0, 1e3]), st.sampled_from([1.0, 1e-2, 50.0])),
)
def test_sums_equal_the_naive_loop_on_the_same_draws(naive, seed, size, place):
    (groups, models), (shift, scale) = size, place
    panel = draw_panel(seed, groups, models, shift, scale)
    evaluation = Evaluation(panel, find_metrics(NAMES))
    drawn = draw_clusters(np.random.SeedSequence(seed), [np.arange(groups)])[:40]
    fast = evaluation.measure_counts(count_clusters(drawn, groups))
    without = evaluation.measure_without()
    for line, name in enumerate(NAMES):
        metric = naive["METRICS"][name]
        given_rows = (panel.truth, panel.predictions, panel.codes)
        slow = naive["loop_draws"](*given_rows, drawn, metric)
        np.testing.assert_allclose(fast[line] / scale, slow / scale, rtol=1e-10, atol=1e-10)
        slow = naive["loop_left_out"](*given_rows, metric)
        np.testing.assert_allclose(without[line] / scale, slow / scale, rtol=1e-10, atol=1e-10)


def test_a_plain_function_takes_the_same_draws_as_sums_do(naive, make_predictions):
    table = make_predictions()
    slow = compare_models(table, metrics=naive["rmse"], draws=300, seed=5).table
    fast = compare_models(table, metrics="rmse", draws=300, seed=5).table
    fast = fast[fast["method"].ne("ols_cluster")]  # a regression knows named metrics only
    numbers = ["estimate", "std_error", "conf_low", "conf_high", "p_value", "p_max_t"]
    # Single errors have their jackknife interval on the log scale, functions on their own.
    alike = fast["versus"].notna() | (fast["method"] == "percentile")
    np.testing.assert_allclose(
        slow.loc[alike, numbers], fast.loc[alike, numbers], rtol=1e-10, atol=1e-12
    )
    assert (fast["metric"] == "rmse").all()


def test_a_metric_of_ones_own_needs_sums_and_a_formula(make_predictions):
    bias = Metric(
        "bias",
        lambda truth, prediction: float(np.mean(prediction - truth)),
        direction="zero",
        sums={"n": lambda t, p: np.ones(len(t)), "e": lambda t, p: p - t},
        formula=lambda n, e: e / n,
    )
    table = make_predictions()
    errors = (table["prediction"] - table["truth"]).groupby(table["model"]).mean()
    found = compare_models(table, metrics=bias, draws=150, seed=1).table
    scores = found[found["versus"].isna() & found["headline"]].set_index("model")["estimate"]
    np.testing.assert_allclose(scores[["a", "b", "c"]], errors[["a", "b", "c"]], rtol=1e-12)


def test_counts_are_how_often_each_cluster_was_drawn():
    drawn = draw_clusters(np.random.SeedSequence(3), [np.arange(9)])
    counts = count_clusters(drawn, 9)
    assert counts.shape == (BLOCK, 9)
    assert (counts.sum(axis=1) == 9).all()
    assert counts[7].tolist() == [int((drawn[7] == group).sum()) for group in range(9)]


def test_draws_are_uniform_over_clusters():
    drawn = draw_clusters(np.random.SeedSequence(11), [np.arange(20)])
    seen = np.bincount(drawn.ravel(), minlength=20) / drawn.size
    # Standard error of a share of 5,000 draws is .0031.
    assert np.abs(seen - 0.05).max() < 4 * 0.0031


def test_the_first_thousand_draws_of_two_thousand_are_the_thousand(make_predictions):
    table = make_predictions()
    few = compare_models(table, metrics=NAMES, draws=1000, seed=2).samples
    many = compare_models(table, metrics=NAMES, draws=2000, seed=2).samples
    odd = compare_models(table, metrics=NAMES, draws=1130, seed=2).samples
    for one, two, three in zip(few, many, odd, strict=True):
        assert np.array_equal(one.draws, two.draws[:, :1000])
        assert np.array_equal(three.draws, two.draws[:, :1130])


def test_numbers_do_not_depend_on_the_number_of_workers(make_predictions):
    table = make_predictions()
    one = compare_models(table, metrics=NAMES, draws=600, seed=2, n_jobs=1)
    two = compare_models(table, metrics=NAMES, draws=600, seed=2, n_jobs=2)
    pd.testing.assert_frame_equal(one.table, two.table, check_exact=True)


@pytest.fixture(scope="module")
def compared(make_predictions):
    """A table of predictions and its comparison, which are only read."""
    table = make_predictions()
    return table, compare_models(table, metrics=NAMES, draws=250, seed=4).table


@settings(max_examples=10, deadline=None)
@given(order=st.integers(0, 1000))
def test_numbers_do_not_depend_on_the_order_of_rows(compared, order):
    table, one = compared
    before = table.copy(deep=True)
    mixed = table.sample(frac=1, random_state=order)
    two = compare_models(mixed, metrics=NAMES, draws=250, seed=4).table
    pd.testing.assert_frame_equal(table, before)
    # A pair may come as b - a: compare scores by name, and differences by size.
    one, two = (frame[frame["versus"].isna()] for frame in (one, two))
    names = ["metric", "model", "method"]
    one, two = (frame.sort_values(names).reset_index(drop=True) for frame in (one, two))
    pd.testing.assert_frame_equal(one, two, rtol=1e-10, atol=1e-12)


def test_names_of_clusters_that_keep_their_order_do_not_matter(make_predictions):
    table = make_predictions()
    other = table.assign(subject="person " + table["subject"])
    options = {"metrics": NAMES, "draws": 500, "seed": 4}
    one, two = compare_models(table, **options), compare_models(other, **options)
    pd.testing.assert_frame_equal(one.table, two.table, check_exact=True)


def test_any_names_of_clusters_leave_estimates_and_jackknife_alone(make_predictions):
    table = make_predictions()
    names = table["subject"].unique()
    renamed = dict(zip(names, np.random.default_rng(1).permutation(names), strict=True))
    other = table.assign(subject=table["subject"].map(renamed))
    options = {"metrics": NAMES, "draws": 4000, "seed": 4}
    one, two = compare_models(table, **options).table, compare_models(other, **options).table
    numbers = ["estimate", "std_error", "conf_low", "conf_high", "p_value"]
    jackknife = one["method"] == "jackknife"
    np.testing.assert_allclose(
        one.loc[jackknife, numbers], two.loc[jackknife, numbers], rtol=1e-10, atol=1e-12
    )
    # Other draws of the same distribution: within five Monte-Carlo errors.
    one, two = (rows[rows["method"].ne("ols_cluster")] for rows in (one, two))
    jackknife = one["method"] == "jackknife"
    error = one.loc[~jackknife, "low_error"]
    away = (one["conf_low"] - two["conf_low"])[~jackknife].abs()
    assert (away < 5 * np.sqrt(2) * error).all()


@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_two_models_turns_signs_only(make_predictions, name):
    table = make_predictions(models=("a", "b"))
    turned = pd.concat([table[table["model"] == "b"], table[table["model"] == "a"]])
    options = {"metrics": name, "draws": 999, "seed": 8}
    one = compare_models(table, **options).table.query("versus == 'b'").iloc[0]
    two = compare_models(turned, **options).table.query("versus == 'a'").iloc[0]
    assert one["estimate"] == pytest.approx(-two["estimate"], rel=1e-12)
    assert one["p_value"] == two["p_value"]
    assert one["p_max_t"] == two["p_max_t"]


@settings(max_examples=10, deadline=None)
@given(factor=st.sampled_from([0.01, 2.0, 1000.0]), shift=st.sampled_from([0.0, -7.0, 50.0]))
def test_units_change_errors_and_leave_correlations_and_p(compared, factor, shift):
    table, one = compared
    moved = table.assign(
        truth=factor * table["truth"] + shift, prediction=factor * table["prediction"] + shift
    )
    two = compare_models(moved, metrics=NAMES, draws=250, seed=4).table
    scale = np.where(one["metric"] == "correlation", 1.0, factor)
    for name in ("estimate", "std_error", "conf_low", "conf_high"):
        np.testing.assert_allclose(two[name], one[name] * scale, rtol=1e-7, atol=1e-9 * factor)
    np.testing.assert_allclose(two["p_value"], one["p_value"], rtol=1e-6)


@pytest.mark.parametrize("metric", ["rmse", "spearman"])
def test_a_block_is_the_same_however_it_is_run(make_predictions, metric):
    table = make_predictions()
    one = compare_models(table, metrics=metric, draws=500, seed=np.random.default_rng(3))
    two = compare_models(table, metrics=metric, draws=500, seed=np.random.default_rng(3))
    other = compare_models(table, metrics=metric, draws=500, seed=4)
    assert np.array_equal(one.samples[0].draws, two.samples[0].draws)
    assert not np.array_equal(one.samples[0].draws, other.samples[0].draws)
