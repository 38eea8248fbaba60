"""What comparisons do at the edges: odd designs are answered in full or refused by name.

Tolerance: 1e-12 between two ways to the same sums; otherwise none.
"""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score

from exprstats.errors import DataError, DataWarning, OptionError
from exprstats.inference import (
    Metric,
    compare_contexts,
    compare_models,
    find_metrics,
    judge_equivalence,
    permute_models,
    plan_precision,
    split_variance,
)

QUICK = {"draws": 250, "seed": 1}


def measure_capped(truth, prediction):
    return float(np.mean(np.minimum(np.abs(truth - prediction), 1)))


def test_models_may_be_numbers(make_predictions):
    table = make_predictions().replace({"model": {"a": 1, "b": 2, "c": 10}})
    for reference in (2, "2"):
        found = compare_models(table, metrics="rmse", against=reference, **QUICK).table
        assert set(found["term"]) == {"1", "2", "10", "2 - 1", "2 - 10"}
        verdict = judge_equivalence(
            compare_models(table, metrics="rmse", **QUICK), margin=0.1, reference=reference
        )
        assert set(verdict.table["versus"]) == {"2"}
    with pytest.raises(OptionError, match=r"model '3' is not known\. There is: 1, 2, 10"):
        compare_models(table, metrics="rmse", against=3, **QUICK)


@pytest.mark.parametrize("metrics", [None, 3, ["rmse", None], [], ""])
def test_what_is_no_metric_is_refused_with_the_known_ones(make_predictions, metrics):
    with pytest.raises(OptionError, match="There is: nrmse, rmse, mae"):
        compare_models(make_predictions(), metrics=metrics, **QUICK)


def test_two_metrics_of_one_name_are_refused(make_predictions):
    unnamed = [lambda y, p: y.mean(), lambda y, p: p.mean()]
    with pytest.raises(OptionError, match="two metrics are called '<lambda>'"):
        compare_models(make_predictions(), metrics=unnamed, **QUICK)


@pytest.mark.parametrize(
    "options", [{"draws": 2.5}, {"draws": "2000"}, {"level": "95"}, {"draws": 1}]
)
def test_options_of_the_wrong_kind_are_refused(make_predictions, options):
    with pytest.raises(OptionError, match="must"):
        compare_models(make_predictions(), metrics="rmse", **options)


@pytest.mark.parametrize(
    ("answer", "words"), [(lambda y, p: y - p, "ndarray of shape"), (lambda y, p: "x", "'x'")]
)
def test_functions_that_return_no_number_are_refused(make_predictions, answer, words):
    with pytest.raises(OptionError, match=f"must return one number .* it returned {words}"):
        compare_models(make_predictions(), metrics=answer, **QUICK)


def test_sums_and_a_formula_are_a_metric(make_predictions):
    # One number for all rows, and truth values (True, False), are sums too.
    fast = Metric(
        "fast",
        sums={"n": lambda y, p: 1, "far": lambda y, p: np.minimum(np.abs(p - y), 1)},
        formula=lambda n, far: far / n,
        direction="lower",
    )
    table = make_predictions()
    both = compare_models(table, metrics=[fast, measure_capped], **QUICK)
    one, other = both.samples
    np.testing.assert_allclose(one.draws, other.draws, rtol=0, atol=1e-12)
    rows = table[table["model"] == "a"]
    values = rows["truth"].to_numpy(), rows["prediction"].to_numpy()
    assert fast(*values) == pytest.approx(measure_capped(*values), abs=1e-12)
    with pytest.raises(OptionError, match="'none' needs a plain function, or sums and formula"):
        Metric("none")


def test_sums_already_summed_are_refused(make_predictions):
    summed = Metric("far", sums={"e": lambda y, p: np.ones(3)}, formula=lambda e: e)
    with pytest.raises(OptionError, match=r"sum 'e' of metric 'far' .* got shape \(3,\)"):
        compare_models(make_predictions(), metrics=summed, **QUICK)


def test_a_plain_function_has_no_better_end(make_predictions):
    assert find_metrics(measure_capped)[0].direction == "unknown"
    comparison = compare_models(make_predictions(), metrics=measure_capped, **QUICK)
    # The first model is described, not one that would be "best" if higher were better.
    assert comparison.sentence().startswith("Over all clips")
    assert ", a had measure_capped" in comparison.sentence()
    assert judge_equivalence(comparison, margin=0.1).table["p_noninferior"].isna().all()


def test_a_model_that_some_contexts_lack_is_left_out_of_the_pool(make_predictions):
    table = make_predictions(contexts=("calm", "pain"))
    less = table[(table["model"] != "c") | (table["context"] != "pain")]
    with pytest.warns(DataWarning, match="not in every context.*'c'"):
        found = compare_models(less, metrics="rmse", by="context", **QUICK).table
    terms = found.assign(context=found["context"].fillna("All")).groupby("context")["term"]
    assert terms.agg(set).to_dict() == {
        "calm": {"a", "b", "c", "a - b", "a - c", "b - c"},
        "pain": {"a", "b", "a - b"},
        "All": {"a", "b", "a - b"},
    }
    whole = compare_models(table, metrics="rmse", by="context", **QUICK).table
    rows = [
        frame[frame["term"].isin({"a", "b"})]["estimate"].to_numpy() for frame in (found, whole)
    ]
    # Products of matrices of another width may be summed in another order.
    np.testing.assert_allclose(*rows, rtol=1e-12)
    with (
        pytest.warns(DataWarning, match="not in every"),
        pytest.raises(OptionError, match=r"'c' is not known in context 'pain'\. There is"),
    ):
        compare_models(less, metrics="rmse", by="context", against="c", **QUICK)


def test_an_absent_column_of_contexts_is_named(make_predictions):
    for compare in (compare_models, compare_contexts, permute_models):
        with pytest.raises(DataError, match="predictions table has no column 'context'"):
            compare(make_predictions(), metrics="rmse", by="context", **QUICK)
    with pytest.raises(DataError, match="predictions table has no column 'seat'"):
        split_variance(make_predictions(), metrics="rmse")


def test_whole_clusters_are_not_taken_apart(make_predictions):
    for metric in ("correlation_between", "correlation_within", "correlation_mean"):
        with pytest.raises(OptionError, match=f"{metric} is about whole clusters"):
            compare_models(make_predictions(), metrics=metric, scheme="two-stage", **QUICK)


def test_one_model_has_no_difference(make_predictions):
    alone = make_predictions(models=("a",))
    comparison = compare_models(alone, metrics="rmse", **QUICK)
    assert comparison.table["versus"].isna().all()
    with pytest.raises(DataError, match="'a' is the only model"):
        judge_equivalence(comparison, margin=0.1)
    with pytest.raises(DataError, match="'a' is the only model"):
        permute_models(alone, metrics="rmse", **QUICK)


def test_bootstrap_t_of_models_that_never_differ(make_predictions):
    table = make_predictions(models=("a",))
    twins = pd.concat([table, table.assign(model="b")], ignore_index=True)
    metrics = ["rmse", "mae", "correlation", "spearman"]
    found = compare_models(twins, metrics=metrics, interval="t", **QUICK).table
    same = found[found["versus"].notna()]
    assert (same["estimate"] == 0).all() and same[["conf_low", "conf_high"]].isna().all(axis=None)
    assert (same["p_value"] == 1).all() and (same["p_adjusted"] == 1).all()
    assert (same["note"] == "no interval: the same whichever cluster is left out").all()


def test_mostly_undefined_draws_show_no_equivalence(make_predictions):
    # One of 41 subjects holds every 1: 37 % of the draws lack it.
    table = make_predictions(groups=41, clips=164, models=("a", "b"))
    named = table["subject"] == table["subject"].iloc[0]
    table = table.assign(truth=np.where(named, 1.0, 0.0))
    comparison = compare_models(table, metrics="auc", **QUICK)
    row = judge_equivalence(comparison, margin=0.9).table.iloc[0]
    assert comparison.samples[0].draws.shape == (2, 250)
    assert np.isnan([row["p_value"], row["conf_low"], row["p_noninferior"]]).all()
    assert not row["equivalent"] and not row["noninferior"]


def test_notes_say_why_a_value_is_undefined(make_predictions):
    # Two clips a subject: no correlation within any of them.
    table = make_predictions(clips=24)
    table["subject"] = "s" + (table["clip"].str[1:].astype(int) // 2).astype(str)
    found = compare_models(table, metrics="correlation_mean", **QUICK).table
    assert found["note"].str.contains("no cluster has 3 clips that vary").all()


def test_a_seat_without_a_value_is_left_out_of_the_mean(make_predictions):
    table = make_predictions(models=("a",))
    seats = [table.assign(seat=name) for name in ("one", "two", "three")]
    seats[1] = seats[1].assign(prediction=-(seats[1]["prediction"] ** 2))
    seats[2] = seats[2].assign(prediction=1.0)
    stacked = pd.concat(seats, ignore_index=True)
    found = compare_models(stacked, metrics=["correlation", "rmse"], **QUICK).table
    by_seat = [rows["truth"].corr(rows["prediction"]) for rows in seats[:2]]
    errors = [((rows["truth"] - rows["prediction"]) ** 2).mean() ** 0.5 for rows in seats]
    estimates = found[found["headline"]].set_index("metric")["estimate"]
    assert estimates["correlation"] == pytest.approx(np.mean(by_seat), rel=1e-12)
    assert estimates["rmse"] == pytest.approx(np.mean(errors), rel=1e-12)


@pytest.mark.parametrize(("apart", "same"), [(1e-4, False), (1e-13, True)])
def test_truths_are_the_same_up_to_rounding(make_predictions, apart, same):
    table = make_predictions(models=("a", "b"))
    table.loc[70, "truth"] += apart
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        compare_models(table, metrics="mae", **QUICK)
    texts = [str(one.message) for one in told]
    assert texts == ([] if same else ["'b' is judged by other truths than 'a' in 1 of 60 rows."])


@pytest.mark.parametrize(("draws", "enough"), [(118, False), (119, True)])
def test_the_smallest_p_that_is_told_is_the_smallest_there_is(make_predictions, draws, enough):
    table = make_predictions(groups=45, clips=90)
    table["prediction"] += table["model"].map({"a": 0, "b": 10, "c": 30})
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        found = compare_models(table, metrics="mae", draws=draws, seed=1).table
    least = found.loc[found["method"] == "percentile", "p_adjusted"].min()
    assert (least <= 0.05) == enough
    texts = [str(one.message) for one in told]
    assert texts == [] if enough else f"adjusted p they can give is {least:.3f}" in texts[0]


def test_only_the_pool_s_own_fit_is_compared_without_contexts(make_predictions):
    table = make_predictions(contexts=("calm", "pain")).assign(fitted_on="all")
    own = table.assign(fitted_on="context", prediction=table["prediction"] * 0.5)
    both = pd.concat([table, own], ignore_index=True)
    found = compare_models(both, metrics="rmse", **QUICK).table
    known = compare_models(table, metrics="rmse", **QUICK).table
    pd.testing.assert_frame_equal(found, known)
    alone = compare_models(own, metrics="rmse", **QUICK).table
    assert alone["n_clips"].tolist() == known["n_clips"].tolist()
    assert alone["estimate"].iloc[0] != known["estimate"].iloc[0]
    between = [compare_contexts(rows, metrics="rmse", **QUICK).table for rows in (both, own)]
    pd.testing.assert_frame_equal(*between)


def test_classes_as_seats_give_mean_average_precision():
    rng = np.random.default_rng(1)
    frames = []
    label = rng.integers(3, size=60)
    for model in ("a", "b"):
        for one in range(3):
            table = {"clip": np.arange(60).astype(str), "subject": np.arange(60).astype(str)}
            frame = pd.DataFrame(table).assign(
                model=model,
                seat=f"class {one}",
                truth=(label == one).astype(float),
                prediction=rng.normal(size=60) + (label == one),
            )
            frame["subject"] = "s" + (np.arange(60) // 5).astype(str)
            frames.append(frame)
    table = pd.concat(frames, ignore_index=True)
    found = compare_models(table, metrics="average_precision", **QUICK).table
    for model, rows in table.groupby("model"):
        known = [
            average_precision_score(y["truth"], y["prediction"]) for _, y in rows.groupby("seat")
        ]
        mine = found[found["term"] == model]["estimate"]
        assert mine.to_numpy() == pytest.approx(np.mean(known), abs=1e-12)


def test_notes_blame_the_truth_where_it_does_not_vary(make_predictions):
    table = make_predictions(models=("a", "b")).assign(truth=0.0)
    table.loc[table["model"] == "b", "prediction"] = 0.0
    found = compare_models(table, metrics=["r2", "auc", "correlation"], **QUICK).table
    notes = found[found["headline"]].groupby("metric")["note"].unique()
    assert {name: list(note) for name, note in notes.items()} == {
        "r2": ["not defined: the truth does not vary"],
        "auc": ["not defined: the truth is all 1 or has none"],
        "correlation": ["not defined: the truth does not vary"],
    }


def test_notes_blame_predictions_only_where_they_must_vary(make_predictions):
    table = make_predictions(models=("a", "b"))
    table["truth"] = (table["truth"] > 0).astype(float)
    table.loc[table["model"] == "b", "prediction"] = 0.0
    found = compare_models(table, metrics=["r2", "auc", "correlation"], **QUICK).table
    rows = found[found["headline"]].set_index(["metric", "term"])
    assert rows.loc[("auc", "b"), "estimate"] == 0.5
    assert rows.loc["r2", "note"].isna().all()
    still = "no interval: the value is the same whichever cluster is left out"
    assert rows.loc["auc", "note"].fillna("").to_list() == ["", still, ""]
    told = "not defined: the predictions of b do not vary"
    assert rows.loc["correlation"]["note"].fillna("").to_list() == ["", told, told]


@pytest.mark.parametrize("metrics", ["f1", "uar", "within1", [lambda y, p: float(np.mean(y == p))]])
def test_results_travel_to_other_processes(make_predictions, metrics):
    table = make_predictions(contexts=("pain", "joy"), clips=90, models=("a", "b"))
    table[["truth", "prediction"]] = (table[["truth", "prediction"]] > 0).astype(float)
    options = {"metrics": metrics, "draws": 100, "seed": 1}
    for verb in (permute_models, compare_contexts, plan_precision):
        result = verb(table, **options)
        again = pickle.loads(pickle.dumps(result))
        assert again.sentence() == result.sentence()


def draw_singles(seed, models="ab", sizes=(10,) * 3 + (1,) * 17):
    rng = np.random.default_rng(seed)
    subject = np.repeat(np.arange(len(sizes)), sizes)
    truth = rng.normal(size=len(subject))
    frames = [
        pd.DataFrame(
            {"clip": range(len(subject)), "subject": subject, "model": name, "truth": truth}
        ).assign(prediction=truth + rng.normal(size=len(subject)))
        for name in models
    ]
    return pd.concat(frames, ignore_index=True)


@pytest.mark.parametrize("metric", ["correlation_within", "correlation_mean"])
def test_clusters_that_cannot_tell_do_not_count(metric):
    """Seventeen people with one clip say nothing of a correlation within people."""
    table = draw_singles(3)
    found, few = (
        compare_models(one, metrics=metric, **QUICK).table.query("method == 'jackknife'")
        for one in (table, table[table["subject"] < 3])
    )
    numbers = ["estimate", "std_error", "conf_low", "conf_high", "p_value", "n_clusters", "n_clips"]
    a, b = (
        one[numbers].to_numpy(float) for one in (found.set_index("term"), few.set_index("term"))
    )
    np.testing.assert_allclose(a, b, rtol=1e-9)
    assert found["note"].str.contains("rests on the 3 of 20 clusters").all()
    several = compare_models(table, metrics=["rmse", metric], **QUICK)
    assert "(30 clips, 3 subjects)" in several.sentence()


def test_two_clusters_that_tell_have_no_interval():
    table = draw_singles(3, sizes=(8, 8) + (1,) * 10)
    row = compare_models(table, metrics="correlation_within", **QUICK).table
    row = row[row["method"] != "rm_corr"]
    assert row["estimate"].notna().all()
    assert row[["conf_low", "conf_high", "p_value"]].isna().all(axis=None)
    assert row["note"].str.startswith("no interval: rests on the 2 of 12 clusters").all()


def test_contexts_count_the_clusters_that_tell():
    """Person-wise limits of two contexts, in one of which two people of eight have one clip."""
    one = draw_singles(1, "a", (5,) * 8).assign(context="x")
    other = draw_singles(2, "a", (5,) * 6 + (1,) * 2).assign(context="y")
    other["clip"] += 100
    table = pd.concat([one, other])
    known = table[(table["context"] == "x") | (table["subject"] < 6)]
    a, b = (
        compare_contexts(each, metrics="correlation_within", **QUICK).table.query("headline")
        for each in (table, known)
    )
    for name in ("estimate", "std_error", "conf_low", "conf_high", "p_value", "df"):
        np.testing.assert_allclose(a[name].to_numpy(float), b[name].to_numpy(float), rtol=1e-9)


def test_a_cluster_with_half_of_the_rows_is_told():
    table = draw_singles(1, sizes=(30,) + (3,) * 10)
    told = "subject '0' holds 50% of the rows: 11 subjects tell no more than 3.6 of equal size"
    with pytest.warns(DataWarning, match=told):
        compare_models(table, metrics="rmse", **QUICK)


def test_a_seat_of_two_clips_has_no_correlation():
    """Two points lie on a line: a rater of two clips would say r = 1 or -1 of nothing."""
    table = draw_singles(5, "a", sizes=(4,) * 6).assign(seat=None)
    seats = table.assign(model="human", seat=["x"] * 22 + ["y"] * 2)
    found = compare_models(pd.concat([table, seats]), metrics="correlation", **QUICK).table
    own = seats.iloc[:22]
    known = np.corrcoef(own["truth"], own["prediction"])[0, 1]
    row = found[found["term"].eq("human") & found["headline"]].iloc[0]
    assert row["estimate"] == pytest.approx(known, rel=1e-12)


@pytest.mark.parametrize("studies", [150, pytest.param(3000, marks=pytest.mark.slow)])
def test_a_cluster_with_half_of_the_rows_makes_intervals_too_narrow(studies):
    """Why such a cluster is named: tests of nothing reject at .05 in about 10 of 100 studies."""
    codes = np.repeat(np.arange(11), (30,) + (3,) * 10)
    rejected = []
    for seed in range(studies):
        rng = np.random.default_rng(seed)
        size = np.exp(0.5 * rng.normal(size=(2, 11)))[:, codes]
        loss = (size * rng.normal(size=(2, 60)) + rng.normal(size=(2, 11))[:, codes]) ** 2
        away = np.sqrt(loss[0].mean()) - np.sqrt(loss[1].mean())
        kept = [codes != one for one in range(11)]
        left = np.array([np.sqrt(loss[0][k].mean()) - np.sqrt(loss[1][k].mean()) for k in kept])
        error = np.sqrt(10 / 11 * ((left - left.mean()) ** 2).sum())
        rejected.append(abs(away) > 2.2281 * error)
    assert 0.055 < np.mean(rejected) < 0.25
