"""The verb: what it gives, marks, refuses and says.

Tolerance 1e-12 where pandas computes the same score from the same rows.
"""

import numpy as np
import pandas as pd
import pytest

from exprstats.errors import DataError, DataWarning, OptionError
from exprstats.inference import compare_models, describe_methods

OPTIONS = {"draws": 300, "seed": 1}


def find_scores(result, metric="rmse"):
    rows = result.table.query("metric == @metric and headline and versus.isna()")
    return rows.set_index("model")["estimate"]


def test_scores_are_those_of_pandas(make_predictions):
    table = make_predictions()
    result = compare_models(table, metrics=["nrmse", "correlation"], span=7, **OPTIONS)
    for model, rows in table.groupby("model"):
        error = ((rows["prediction"] - rows["truth"]) ** 2).mean() ** 0.5
        assert find_scores(result, "nrmse")[model] == pytest.approx(error / 7, rel=1e-12)
        known = rows["truth"].corr(rows["prediction"])
        assert find_scores(result, "correlation")[model] == pytest.approx(known, rel=1e-12)


def test_rows_are_scores_then_all_pairs_with_two_methods(make_predictions):
    result = compare_models(make_predictions(), metrics="rmse", **OPTIONS)
    terms = result.table["term"].tolist()
    pairs = ["a - b", "a - c", "b - c"]
    assert terms[:12:2] == ["a", "b", "c", *pairs]
    assert terms[12:] == pairs
    methods = ["percentile", "jackknife"] * 6 + ["ols_cluster"] * 3
    assert result.table["method"].tolist() == methods
    tested = result.table["versus"].notna()
    assert result.table.loc[tested, "p_value"].notna().all()
    assert result.table.loc[~tested, ["p_value", "p_adjusted", "p_max_t"]].isna().all(axis=None)


def test_against_one_model_gives_its_difference_with_each_other(make_predictions):
    result = compare_models(make_predictions(), metrics="rmse", against="b", **OPTIONS)
    pairs = result.table.query("headline and versus.notna()")["term"].tolist()
    assert pairs == ["b - a", "b - c"]
    scores = find_scores(result)
    known = scores["b"] - scores["a"]
    row = result.table.query("term == 'b - a'").iloc[0]
    assert row["estimate"] == pytest.approx(known, rel=1e-12)


@pytest.mark.parametrize(
    ("groups", "method", "few"),
    [
        (9, "jackknife", True),
        (10, "jackknife", False),
        (39, "jackknife", False),
        (40, "jackknife", False),
    ],
)
def test_the_jackknife_is_the_headline_at_every_number_of_clusters(
    make_predictions, groups, method, few
):
    table = make_predictions(groups=groups, clips=120)
    rows = compare_models(table, metrics="rmse", **OPTIONS).table
    assert set(rows.loc[rows["headline"], "method"]) == {method}
    rows = rows[rows["method"].ne("ols_cluster")]
    said = rows["note"].str.contains("too few clusters for a bootstrap", na=False)
    assert said.all() if few else not said.any()


def test_two_clusters_are_refused(make_predictions):
    with pytest.raises(DataError, match="2 clusters"):
        compare_models(make_predictions(groups=2), metrics="rmse", **OPTIONS)


def test_contexts_come_alone_and_then_pooled(make_predictions):
    table = make_predictions(contexts=("pain", "joy"))
    result = compare_models(table, metrics="rmse", by="context", **OPTIONS)
    contexts = result.table["context"].drop_duplicates().tolist()
    assert contexts[:2] == ["pain", "joy"]
    assert pd.isna(contexts[2])
    alone = compare_models(table[table["context"] == "joy"], metrics="rmse", **OPTIONS).table
    mine = result.table.query("context == 'joy'").reset_index(drop=True)
    shared = ["estimate", "conf_low", "conf_high", "p_value", "n_clips", "n_clusters"]
    pd.testing.assert_frame_equal(mine[shared], alone[shared])
    pool = result.table[result.table["context"].isna()].reset_index(drop=True)
    whole = compare_models(table, metrics="rmse", **OPTIONS).table
    pd.testing.assert_frame_equal(pool[shared], whole[shared])


def test_each_context_is_judged_on_its_own_fit_and_the_pool_on_the_pooled_fit(make_predictions):
    table = make_predictions(contexts=("pain", "joy"))
    own = table.assign(fitted_on="context")
    pooled = table.assign(fitted_on="all", prediction=table["prediction"] + 2)
    both = pd.concat([own, pooled], ignore_index=True)
    found = compare_models(both, metrics="rmse", by="context", **OPTIONS).table
    separate = compare_models(own, metrics="rmse", by="context", **OPTIONS).table
    of_pool = compare_models(pooled, metrics="rmse", **OPTIONS).table
    here = found[found["context"] == "joy"]["estimate"].tolist()
    assert here == separate[separate["context"] == "joy"]["estimate"].tolist()
    assert found[found["context"].isna()]["estimate"].tolist() == of_pool["estimate"].tolist()
    assert len(separate[separate["context"].isna()]) == 0


def test_the_span_may_differ_by_context(make_predictions):
    table = make_predictions(contexts=("pain", "joy"))
    spans = {"pain": 4, "joy": 5, None: 7}
    options = {"by": "context", **OPTIONS}
    wide = compare_models(table, metrics="nrmse", span=spans, **options).table
    plain = compare_models(table, metrics="rmse", **options).table
    width = plain["context"].map({"pain": 4, "joy": 5}).fillna(7)
    np.testing.assert_allclose(wide["estimate"], plain["estimate"] / width, rtol=1e-12)
    np.testing.assert_allclose(wide["conf_low"], plain["conf_low"] / width, rtol=1e-12)


@pytest.mark.parametrize("span", [None, {"pain": 4}])
def test_nrmse_without_a_span_names_the_theoretical_range(make_predictions, span):
    table = make_predictions(contexts=("pain", "joy"))
    with pytest.raises(OptionError, match="theoretical range"):
        compare_models(table, metrics="nrmse", span=span, by="context", **OPTIONS)


def test_models_must_predict_the_same_rows(make_predictions):
    table = make_predictions().drop(index=[3, 70])
    with pytest.raises(DataError, match=r"'a' 59, 'b' 59, 'c' 60; all of them 58"):
        compare_models(table, metrics="rmse", **OPTIONS)


def test_rows_that_no_model_completes_are_left_out_and_said(make_predictions):
    table = make_predictions()
    holed = table.assign(truth=table["truth"].mask(table["clip"] == "c0007"))
    with pytest.warns(DataWarning, match="3 of 180 rows lack truth"):
        result = compare_models(holed, metrics="rmse", **OPTIONS)
    assert (result.table["n_clips"] == 59).all()


def test_predictions_that_do_not_vary_have_no_correlation_but_an_error(make_predictions):
    table = make_predictions(groups=45, clips=100)
    flat = table.assign(prediction=table["prediction"].where(table["model"] != "c", 0.1))
    found = compare_models(flat, metrics=["correlation", "nrmse"], span=7, **OPTIONS).table
    undefined = found["term"].str.contains("c") & (found["metric"] == "correlation")
    numbers = ["estimate", "conf_low", "conf_high", "p_value"]
    assert found.loc[undefined, numbers].isna().all(axis=None)
    assert found.loc[undefined, "note"].str.contains("the predictions of c do not vary").all()
    assert found.loc[~undefined, ["estimate", "conf_low", "conf_high"]].notna().all(axis=None)


def test_an_interval_is_refused_where_many_draws_are_undefined(make_predictions):
    table = make_predictions(groups=10, clips=40, models=("a", "b"))
    only = table["subject"].isin(["s000", "s001"]) | (table["model"] == "a")
    flat = table.assign(prediction=table["prediction"].where(only, 0.0))
    found = compare_models(flat, metrics="correlation", interval="percentile", **OPTIONS).table
    row = found[found["term"] == "b"].iloc[0]
    # A draw misses both clusters with probability .8^10 = .107.
    assert 0.05 < row["undefined"] / 300 < 0.17
    assert row["draws"] == 300 - row["undefined"]
    assert np.isnan(row["conf_low"])
    assert "of the draws are undefined" in row["note"]
    assert not np.isnan(row["estimate"])


def test_too_few_draws_for_the_family_are_said(make_predictions):
    with pytest.warns(DataWarning, match="50 draws are too few for 3 differences"):
        compare_models(make_predictions(), metrics="rmse", draws=50, seed=1)


def test_training_rows_among_test_rows_are_said(make_predictions):
    table = make_predictions()
    parts = table.assign(part=np.where(table["clip"] < "c0030", "train", "test"))
    with pytest.warns(DataWarning, match="90 rows come from training subjects"):
        compare_models(parts, metrics="rmse", **OPTIONS)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"metrics": "rsme"}, "'rsme' is not known. Did you mean 'rmse'"),
        ({"metrics": "rmse", "against": "d"}, "model 'd' is not known"),
        ({"metrics": "rmse", "interval": "bootstrap"}, "interval 'bootstrap' is not known"),
        ({"metrics": "rmse", "level": 95}, "level is 95; it must lie between 0 and 1"),
        ({"metrics": []}, "one or more"),
    ],
)
def test_unknown_words_name_the_known_ones(make_predictions, options, words):
    with pytest.raises(OptionError, match=words):
        compare_models(make_predictions(), **options)


def test_a_missing_cluster_column_names_the_nearest(make_predictions):
    with pytest.raises(DataError, match=r"no column 'subjects'.*Did you mean 'subject'"):
        compare_models(make_predictions(), metrics="rmse", cluster="subjects")


def test_a_clip_of_two_subjects_is_refused(make_predictions):
    table = make_predictions()
    table.loc[60, "subject"] = "s011" if table.loc[60, "subject"] != "s011" else "s010"
    with pytest.raises(DataError, match="clip 'c0000' belongs to more than one subject"):
        compare_models(table, metrics="rmse", **OPTIONS)


def test_seats_of_a_model_are_averaged(make_predictions):
    table = make_predictions(models=("a", "human"), groups=8, clips=40)
    people = table[table["model"] == "human"]
    seats = pd.concat(
        [
            people.assign(seat="one"),
            people.assign(seat="two", prediction=people["prediction"] * 0.5, truth=people["truth"]),
        ]
    )
    both = pd.concat([table[table["model"] == "a"], seats], ignore_index=True)
    result = compare_models(both, metrics="rmse", **OPTIONS)
    halves = [
        ((rows["prediction"] - rows["truth"]) ** 2).mean() ** 0.5
        for _, rows in seats.groupby("seat")
    ]
    assert find_scores(result)["human"] == pytest.approx(np.mean(halves), rel=1e-12)
    lone = compare_models(
        pd.concat([table[table["model"] == "a"], seats[seats["seat"] == "one"]]),
        metrics="rmse",
        **OPTIONS,
    )
    draws = result.samples[0].draws[0]
    assert np.array_equal(draws, lone.samples[0].draws[0])


def test_the_sentence_names_the_best_model_with_its_interval(make_predictions):
    text = compare_models(make_predictions(), metrics="correlation", **OPTIONS).sentence()
    assert text.startswith("Over all clips (60 clips, 12 subjects), b had r = .")
    assert "difference from a" in text
    assert "(Holm)" in text
    assert "jackknife-t" in text


def test_a_result_can_be_printed_and_glanced_at(make_predictions):
    table = make_predictions(contexts=("pain", "joy"))
    result = compare_models(table, metrics="rmse", by="context", **OPTIONS)
    assert result.glance()["n_clips"].tolist() == [30, 30, 60]
    assert "a - b" in str(result)
    assert result.tidy().equals(result.table)


def test_a_column_in_the_wrong_role_is_said(make_predictions):
    table = make_predictions().assign(person=lambda rows: rows["clip"])
    with pytest.warns(DataWarning, match="each person has one row"):
        compare_models(table, metrics="rmse", cluster="person", **OPTIONS)


def test_the_methods_paragraph_says_what_was_done(make_predictions):
    both = ["rmse", "correlation"]
    text = describe_methods(compare_models(make_predictions(), metrics=both, **OPTIONS))
    assert "3 models (a, b, c) was measured by RMSE and r" in text
    assert "whole clusters (12, by subject) were resampled with replacement in 300 draws" in text
    assert "delete-one-cluster jackknife" in text
    assert "(Holm, 1979)" in text


@pytest.mark.parametrize("interval", ["auto", "percentile", "jackknife", "basic", "bca", "t"])
def test_one_model_alone_has_scores_only(make_predictions, interval):
    table = make_predictions(models=("a",))
    result = compare_models(table, metrics="rmse", interval=interval, **OPTIONS)
    assert set(result.table["term"]) == {"a"}
    assert result.sentence().startswith("Over all clips (60 clips, 12 subjects), a had RMSE = ")
    assert "a" in describe_methods(result)


def test_what_is_not_defined_is_said_in_words(make_predictions):
    table = make_predictions().assign(prediction=0.5)
    text = compare_models(table, metrics="correlation", against="b", **OPTIONS).sentence()
    assert "Over all clips (60 clips, 12 subjects), r of b is not defined." in text


def test_a_model_with_other_truths_is_compared_and_said(make_predictions):
    table = make_predictions()
    people = table["model"] == "c"
    other = table.assign(truth=table["truth"] + 0.5 * (people & (table["clip"] < "c0010")))
    with pytest.warns(DataWarning, match="'c' is judged by other truths than 'a' in 10 of 60 rows"):
        result = compare_models(other, metrics="rmse", **OPTIONS)
    mine = other[people]
    known = ((mine["prediction"] - mine["truth"]) ** 2).mean() ** 0.5
    assert find_scores(result)["c"] == pytest.approx(known, rel=1e-12)
    plain = compare_models(table, metrics="rmse", **OPTIONS)
    one, two = result.samples[0].draws[:2], plain.samples[0].draws[:2]
    np.testing.assert_allclose(one, two, rtol=1e-12)


def test_seats_that_leave_rows_out_are_said(make_predictions):
    table = make_predictions(models=("a", "human"))
    table = table.assign(seat=np.where(table["model"] == "human", "one", None))
    with pytest.warns(DataWarning, match="'human' predicts 55 of 60 rows"):
        compare_models(table.drop(index=range(60, 65)), metrics="rmse", **OPTIONS)


def test_ids_as_categories_change_nothing(make_predictions):
    table = make_predictions()
    categories = table.copy()
    for name in ("clip", "subject"):
        levels = [*table[name].unique()[::-1], "nobody"]
        categories[name] = pd.Categorical(table[name], categories=levels)
    one, other = (
        compare_models(given, metrics=["rmse", "correlation"], draws=250, seed=1).table
        for given in (table, categories)
    )
    pd.testing.assert_frame_equal(one, other)
