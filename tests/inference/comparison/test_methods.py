"""The other intervals through the verb, and mlboot's p-values.

Tolerance 1e-10: the same definition written out draw by draw.
"""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from exprstats.errors import DataWarning, OptionError
from exprstats.inference import compare_models
from exprstats.inference.resampling.clusters import draw_clusters
from exprstats.inference.resampling.summaries import METHODS, find_maximum
from exprstats.inference.resampling.terms import Terms
from exprstats.parallel import spawn_seeds

OPTIONS = {"draws": 250, "seed": 6}


def find_row(result, term, method):
    return result.table.query("term == @term and method == @method").iloc[0]


def take_copies(rows, names, drawn):
    return pd.concat([rows[rows["subject"] == names[group]] for group in drawn])


def measure_difference(rows):
    wide = rows.assign(error=(rows["prediction"] - rows["truth"]) ** 2)
    scores = wide.groupby("model")["error"].mean() ** 0.5
    return scores["a"] - scores["b"]


def spread_without(values):
    values = np.array(values)
    return np.sqrt((len(values) - 1) / len(values) * ((values - values.mean()) ** 2).sum())


def test_bootstrap_t_is_its_definition_draw_by_draw(make_predictions):
    table = make_predictions(groups=6, clips=30, models=("a", "b"))
    result = compare_models(table, metrics="rmse", interval="t", **OPTIONS)
    names = sorted(table["subject"].unique())
    whole = measure_difference(table)
    ratios = []
    for drawn in draw_clusters(spawn_seeds(6, 1)[0], [np.arange(6)])[:25]:
        copies = [
            measure_difference(take_copies(table, names, np.delete(drawn, i))) for i in range(6)
        ]
        draw = measure_difference(take_copies(table, names, drawn))
        ratios.append(abs(draw - whole) / spread_without(copies))
    sample = result.samples[0]
    draws = sample.draws[0] - sample.draws[1]
    ours = np.abs(draws - whole) / sample.errors[2]
    np.testing.assert_allclose(ours[:25], ratios, rtol=1e-8)
    error = spread_without([measure_difference(table[table["subject"] != name]) for name in names])
    row = find_row(result, "a - b", "t")
    assert row["headline"]
    assert row["std_error"] == pytest.approx(error, rel=1e-10)
    assert row["conf_high"] - whole == pytest.approx(whole - row["conf_low"], rel=1e-10)
    inside = (ours <= (row["conf_high"] - whole) / error).mean()
    assert inside == pytest.approx(0.95, abs=0.006)
    assert row["p_value"] == pytest.approx((1 + (ours >= abs(whole) / error).sum()) / 251)


def test_bootstrap_t_serves_any_function_and_any_number_of_workers(naive, make_predictions):
    table = make_predictions(groups=5, clips=15, models=("a", "b"))
    options = {"interval": "t", "draws": 150, "seed": 6}
    one = compare_models(table, metrics="mae", **options).table
    two = compare_models(table, metrics=naive["mae"], n_jobs=2, **options).table
    numbers = ["estimate", "std_error", "conf_low", "conf_high", "p_value"]
    one["conf_low"] = one["conf_low"].where(one["conf_low"] > 0, two["conf_low"])
    assert two.loc[0, "conf_low"] < 0 == min(0, two.loc[1, "conf_low"])  # An error has a floor.
    np.testing.assert_allclose(one[numbers], two[numbers], rtol=1e-8)


def test_bca_comes_beside_the_two_and_is_never_for_print(make_predictions):
    result = compare_models(make_predictions(), metrics="rmse", interval="bca", **OPTIONS)
    assert result.table["method"].tolist()[:3] == ["percentile", "jackknife", "bca"]
    assert set(result.table.loc[result.table["headline"], "method"]) == {"jackknife"}
    auto = compare_models(make_predictions(), metrics="rmse", **OPTIONS).table
    shared = result.table[result.table["method"] != "bca"].reset_index(drop=True)
    pd.testing.assert_frame_equal(shared, auto)


@pytest.mark.parametrize("interval", ["percentile", "basic", "bca", "t", "jackknife"])
def test_p_is_below_the_level_exactly_where_the_interval_excludes_zero(make_predictions, interval):
    # Away from the edge: one draw in 999 either way may count differently.
    checked = 0
    for seed in range(8):
        table = make_predictions(groups=14, clips=50, seed=seed)
        result = compare_models(table, metrics="rmse", interval=interval, draws=999, seed=seed)
        rows = result.table[(result.table["method"] == interval) & result.table["versus"].notna()]
        for _, row in rows.iterrows():
            if abs(row["p_value"] - 0.05) > 0.004:
                excluded = row["conf_low"] > 0 or row["conf_high"] < 0
                assert excluded == (row["p_value"] < 0.05)
                checked += 1
    assert checked > 18


@pytest.mark.parametrize("method", ["percentile", "basic", "bca", "t"])
@pytest.mark.parametrize(("undefined", "given"), [(0, True), (5, True), (6, False)])
def test_intervals_are_refused_above_five_undefined_draws_in_a_hundred(method, undefined, given):
    rng = np.random.default_rng(3)
    draws = np.where(np.arange(100) < undefined, np.nan, rng.normal(1, 1, size=(1, 100)))
    terms = Terms(
        names=(("a", "b"),),
        estimates=np.ones(1),
        draws=draws,
        left_out=rng.normal(1, 0.1, size=(1, 40)),
        tested=np.ones(1, dtype=bool),
        errors=np.ones((1, 100)),
    )
    found = METHODS[method](terms, 0.95, np.array([40])) | {"p_max_t": find_maximum(terms)}
    numbers = [found[name][0] for name in ("conf_low", "conf_high", "p_value", "p_max_t")]
    assert np.isfinite(numbers).all() == given
    assert np.isnan(numbers).all() != given
    assert found["undefined"][0] == undefined
    said = {0: "", 5: "5 undefined draws left out"}
    assert found["note"][0] == said.get(undefined, "no interval: 6.0% of the draws are undefined")


@pytest.mark.parametrize("interval", ["percentile", "jackknife", "basic", "bca", "t"])
def test_a_shift_of_one_stratum_shifts_its_share_in_every_limit(make_predictions, interval):
    # The sizes of strata are fixed by design, so that a level that one has all over is no spread.
    table = make_predictions(groups=20, clips=60, models=("a", "b"))
    table["site"] = np.where(table["subject"] < "s007", "north", "south")
    up = (table["site"] == "north") & (table["model"] == "a")
    table["prediction"] += np.where(table["site"] == "north", 0, np.exp(table["prediction"]))
    moved = table.assign(prediction=table["prediction"] + 5 * up)
    options = {"metrics": "bias", "strata": "site", "interval": interval, "cluster": "subject"}
    # As many clips in each subject: the share of the north is the same in every draw.
    even = [one.groupby(["subject", "model"]).head(1) for one in (table, moved)]
    with pytest.warns(DataWarning, match="each subject has one row"):
        before, after = (compare_models(one, **options, **OPTIONS) for one in even)
    for term, sign in (("a", 1), ("a - b", 1), ("b", 0)):
        rows = [find_row(one, term, interval) for one in (before, after)]
        limits = [one[["estimate", "conf_low", "conf_high"]].to_numpy(float) for one in rows]
        np.testing.assert_allclose(limits[1] - limits[0], sign * 5 * 7 / 20, rtol=0, atol=1e-10)


@pytest.mark.parametrize("metric", ["rmse", "accuracy"])
@pytest.mark.parametrize("interval", ["percentile", "basic", "bca", "t"])
def test_the_order_of_two_models_turns_signs_only(make_predictions, interval, metric):
    table = make_predictions(groups=12, clips=40, models=("a", "b"))
    if metric == "accuracy":
        # Labels make many draws equal to one another, and to the estimate.
        table = table.assign(**(table[["truth", "prediction"]] > 0).astype(float))
    options = {"metrics": metric, "interval": interval, "draws": 500, "seed": 2}
    one, two = (
        find_row(compare_models(table, against=name, **options), term, interval)
        for name, term in (("a", "a - b"), ("b", "b - a"))
    )
    same, turned = ["std_error", "p_value", "p_max_t"], ["estimate", "conf_low", "conf_high"]
    assert one[same].tolist() == pytest.approx(two[same].tolist(), rel=1e-10)
    assert one[turned].tolist() == pytest.approx((-two[[turned[0], *turned[:0:-1]]]).tolist())


def test_the_p_of_symmetric_bootstrap_t_is_one_share_of_the_draws(make_predictions):
    table = make_predictions(groups=12, clips=40, models=("a", "b"))
    row = find_row(compare_models(table, metrics="rmse", interval="t", **OPTIONS), "a - b", "t")
    p = row["p_value"]
    assert row["p_error"] == pytest.approx(np.sqrt(p * (1 - p) / row["draws"]))


def test_infinite_draws_are_left_out_of_the_largest_t(make_predictions):
    table = make_predictions(groups=12, clips=60, models=("a", "b", "c"))
    worst = table.loc[table["model"] == "b", "prediction"].max()

    def measure_error(truth, prediction):
        # One clip of model b drawn four times or more: no number.
        return np.inf if np.sum(prediction == worst) > 3 else np.mean((truth - prediction) ** 2)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        options = {"interval": "percentile", "draws": 500, "seed": 1}
        broken = compare_models(table, metrics=measure_error, **options).table
        sound = compare_models(table, metrics="mse", **options).table
    assert broken["undefined"].max() > 0
    assert (broken["note"].dropna().str.contains("undefined draws left out")).all()
    np.testing.assert_allclose(broken["p_max_t"], sound["p_max_t"], atol=0.02)


@pytest.mark.parametrize("interval", ["basic", "bca", "t"])
def test_nrmse_is_rmse_over_the_range_in_every_limit(make_predictions, interval):
    table = make_predictions(groups=12, clips=40, models=("a", "b"))
    options = {"metrics": ["rmse", "nrmse"], "span": 7, "interval": interval}
    found = compare_models(table, **options, **OPTIONS).table
    plain, shared = (found[found["metric"] == name] for name in ("rmse", "nrmse"))
    divided = ["estimate", "std_error", "conf_low", "conf_high"]
    np.testing.assert_allclose(shared[divided], plain[divided] / 7, rtol=1e-10)
    np.testing.assert_allclose(shared["p_value"], plain["p_value"], rtol=1e-10)


def test_only_scores_have_their_jackknife_on_the_z_scale(make_predictions):
    table = make_predictions(groups=12, clips=40, models=("a", "b"))
    result = compare_models(table, metrics="correlation", interval="jackknife", **OPTIONS)
    reach = stats.t.ppf(0.975, 11)
    for term in ("a", "b", "a - b"):
        row = find_row(result, term, "jackknife")
        sides = row["estimate"] - row["conf_low"], row["conf_high"] - row["estimate"]
        if term == "a - b":
            assert sides == pytest.approx([reach * row["std_error"]] * 2, rel=1e-10)
        else:
            assert sides[0] > 1.1 * sides[1]


def test_mlboot_counts_ties_on_one_side(make_predictions):
    table = make_predictions(groups=45, clips=120, models=("a",))
    twin = pd.concat([table, table.assign(model="b")])
    result = compare_models(twin, metrics="rmse", compat="mlboot", **OPTIONS)
    assert find_row(result, "a - b", "percentile")["p_value"] == 0.0
    assert result.table["method"].unique().tolist() == ["percentile"]


def test_mlboot_s_p_is_its_definition_on_the_same_draws(make_predictions):
    table = make_predictions(groups=45, clips=120, models=("a", "b"))
    result = compare_models(table, metrics="correlation", compat="mlboot", **OPTIONS)
    draws = result.samples[0].draws
    for term, values in (("a", draws[0]), ("a - b", draws[0] - draws[1])):
        share = (values <= 0).mean()
        known = 2 * share if share < 0.5 else 2 * (1 - share)
        assert find_row(result, term, "percentile")["p_value"] == pytest.approx(known)


def test_mlboot_has_percentile_intervals_only(make_predictions):
    with pytest.raises(OptionError, match="percentile intervals only"):
        compare_models(make_predictions(), metrics="rmse", compat="mlboot", interval="bca")


def test_bootstrap_t_of_very_few_clusters_says_what_is_undefined(make_predictions):
    table = make_predictions(groups=3, clips=9, models=("a", "b"))
    rows = compare_models(table, metrics=["rmse", "correlation"], interval="t", **OPTIONS).table
    # One draw in nine holds a single cluster three times: its copies do not vary.
    assert rows["undefined"].between(10, 50).all()
    assert rows["note"].str.contains("of the draws are undefined|too few clusters").all()
