"""Differences between contexts against a function that computes them from the whole table.

Tolerance 1e-10: the same draws of the same subjects.
"""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from exprstats.errors import DataError, DataWarning
from exprstats.inference import (
    bootstrap_clusters,
    compare_contexts,
    compare_models,
    describe_methods,
)
from exprstats.inference.resampling.terms import count_freedom

NUMBERS = ["estimate", "std_error", "conf_low", "conf_high"]


def test_subjects_are_drawn_jointly_for_all_contexts(make_predictions):
    table = make_predictions(contexts=("pain", "joy"), clips=90)

    def measure_difference(rows):
        rows = rows[rows["model"] == "b"]
        errors = (rows["prediction"] - rows["truth"]) ** 2
        scores = errors.groupby(rows["context"]).mean() ** 0.5
        return scores["pain"] - scores["joy"]

    options = {"cluster": "subject", "draws": 250, "seed": 2}
    known = bootstrap_clusters(table, measure_difference, **options).table
    found = compare_contexts(table, metrics="rmse", **options).table
    mine = found[found["model"] == "b"]
    assert mine["term"].unique().tolist() == ["pain - joy"]
    np.testing.assert_allclose(mine[NUMBERS], known[NUMBERS], rtol=1e-10)


def test_subjects_that_a_context_lacks_are_no_subjects_of_it(make_predictions):
    table = make_predictions(contexts=("pain", "joy"), clips=90, models=("a",))
    table = table[(table["context"] == "pain") | (table["subject"] >= "s004")]
    # Far from 0, where the mean of no rows would lie.
    table[["truth", "prediction"]] += [5.0, -3.0]

    def measure_difference(rows):
        means = rows.groupby(["context", "subject"])[["truth", "prediction"]].mean()
        r = {name: own["truth"].corr(own["prediction"]) for name, own in means.groupby("context")}
        return r["pain"] - r["joy"]

    options = {"cluster": "subject", "draws": 100, "seed": 2, "interval": "jackknife"}
    found = compare_contexts(table, metrics="correlation_between", **options).table
    assert found["n_clusters"].tolist() == [8]
    assert found["estimate"].tolist() == pytest.approx([measure_difference(table)], rel=1e-10)
    without = {
        name: measure_difference(table[table["subject"] != name]) for name in set(table["subject"])
    }
    # Subjects of pain alone move its r only; twelve in all, eight of them in both.
    alone = [without[name] for name in sorted(without) if name < "s004"]
    assert len(alone) == 4
    assert np.ptp(alone) > 0


@pytest.mark.parametrize("shared", [True, False])
def test_differences_of_bias_are_the_t_tests_of_subject_means(shared):
    rng = np.random.default_rng(4)
    sizes = (9, 9) if shared else (4, 30)
    frames = []
    for context, count in zip(("pain", "joy"), sizes, strict=True):
        own = "" if shared else context
        subject = np.repeat([f"{own}{n:02d}" for n in range(count)], 3)
        error = rng.normal(size=count).repeat(3) + rng.normal(size=3 * count)
        clip = [f"{context}{n}" for n in range(3 * count)]
        frames.append(pd.DataFrame({"clip": clip, "subject": subject, "prediction": error}))
        frames[-1] = frames[-1].assign(context=context, model="a", truth=0.0)
    found = compare_contexts(
        pd.concat(frames), metrics="bias", interval="jackknife", draws=2, seed=1
    ).table.iloc[0]
    means = [frame.groupby("subject")["prediction"].mean() for frame in frames]
    known = stats.ttest_rel(*means) if shared else stats.ttest_ind(*means, equal_var=False)
    limits = known.confidence_interval(0.95)
    assert found["p_value"] == pytest.approx(known.pvalue, rel=1e-9)
    assert found[["conf_low", "conf_high"]].tolist() == pytest.approx(list(limits), rel=1e-9)


@pytest.mark.parametrize("count", [150, pytest.param(400, marks=pytest.mark.slow)])
def test_intervals_cover_where_one_context_has_few_subjects(count):
    # Three subjects against sixty others, no difference between contexts. Intervals cover in .92 of
    # these studies; in .84 with the degrees of freedom of all clusters.
    rng, held = np.random.default_rng(6), []
    subject = np.repeat(np.arange(63), 4)
    table = pd.DataFrame({"subject": subject.astype(str), "model": "a", "truth": 0.0})
    table["context"] = np.where(subject < 3, "pain", "joy")
    table["clip"] = [f"c{n}" for n in range(len(table))]
    for _ in range(count):
        level = 0.8 * rng.normal(size=63)
        table["prediction"] = level[subject] + rng.normal(size=len(table))
        row = compare_contexts(table, metrics="bias", interval="jackknife", draws=2).table.iloc[0]
        held.append(row["conf_low"] <= 0 <= row["conf_high"])
    assert np.mean(held) > 0.9


def test_functions_that_are_not_smooth_have_percentile_headlines(make_predictions):
    table = make_predictions(groups=20, clips=40, contexts=("pain", "joy"), models=("a",))

    def measure_middle(truth, prediction):
        return float(np.median(np.abs(truth - prediction)))

    found = compare_contexts(table, metrics=[measure_middle, "mae"], draws=300, seed=1).table
    headline = found[found["headline"]].set_index("metric")["method"]
    assert headline.to_dict() == {"measure_middle": "expanded", "mae": "jackknife"}


def test_each_pair_of_contexts_counts_its_own_clips_and_subjects(make_predictions):
    table = make_predictions(groups=60, clips=240, contexts=("pain", "joy"), models=("a", "b"))
    few = make_predictions(groups=5, clips=20, contexts=("awe",), models=("a", "b"), seed=3)
    few["clip"] += "w"
    found = compare_contexts(pd.concat([table, few]), metrics="rmse", draws=300, seed=1).table
    named = found[found["headline"]].groupby("term")[["n_clips", "n_clusters", "method", "note"]]
    facts = {term: rows.fillna("").drop_duplicates().iloc[0].tolist() for term, rows in named}
    own = table[table["model"] == "a"].groupby("context")["subject"].nunique().min()
    assert own >= 40
    assert facts["pain - joy"] == [240, own, "jackknife", ""]
    # Its five subjects are among those of the other contexts.
    note = r"too few clusters for a bootstrap; the t interval rests on [\d.]+ degrees of freedom"
    for term in ("pain - awe", "joy - awe"):
        assert facts[term][:3] == [140, 5, "jackknife"]
        assert re.fullmatch(note, facts[term][3])


def test_p_values_are_adjusted_over_all_models_of_a_metric(make_predictions):
    table = make_predictions(contexts=("pain", "joy"), clips=120)
    found = compare_contexts(table, metrics=["rmse", "mae"], draws=300, seed=1).table
    for _, rows in found.groupby(["metric", "method"]):
        known = multipletests(rows["p_value"], method="holm")[1]
        assert len(rows) == 3
        assert rows["p_adjusted"].tolist() == pytest.approx(known.tolist())


def test_what_subjects_share_cancels_in_the_difference():
    rng = np.random.default_rng(1)
    subject = np.tile(np.repeat(np.arange(60), 4), 2)
    hard = rng.lognormal(0, 0.6, size=60)[subject]
    truth = rng.normal(size=480)
    table = pd.DataFrame({"subject": subject.astype(str), "truth": truth, "model": "a"})
    table["context"] = np.repeat(["pain", "joy"], 240)
    table["clip"] = [f"c{n}" for n in range(480)]
    table["prediction"] = truth + hard * rng.normal(size=480)
    joint = compare_contexts(table, metrics="mae", draws=500, seed=1).table
    apart = table.assign(subject=table["subject"] + table["context"])
    unpaired = compare_contexts(apart, metrics="mae", draws=500, seed=1).table
    error = joint.query("method == 'jackknife'")["std_error"].iloc[0]
    loose = unpaired.query("method == 'jackknife'")["std_error"].iloc[0]
    assert error < 0.85 * loose


def test_three_contexts_give_three_differences_for_each_model(make_predictions):
    table = make_predictions(contexts=("pain", "joy", "awe"), clips=120)
    result = compare_contexts(table, metrics=["rmse", "mae"], draws=300, seed=1)
    headline = result.table[result.table["headline"]]
    assert len(headline) == 2 * 3 * 3
    assert headline["p_adjusted"].ge(headline["p_value"]).all()
    assert result.glance()["contexts"].tolist() == [3]
    sure = headline[headline["p_adjusted"] < 0.05]
    assert len(sure) and all(f", {term}: " in result.sentence() for term in sure["term"])


def test_one_context_is_refused(make_predictions):
    with pytest.raises(DataError, match="1 context; a difference needs two"):
        compare_contexts(make_predictions(contexts=("pain",)), metrics="rmse")


def test_models_that_a_context_lacks_are_left_out_and_named(make_predictions):
    table = make_predictions(contexts=("pain", "joy"), clips=90)
    table = table[(table["model"] != "b") | (table["context"] == "joy")]
    with pytest.warns(DataWarning, match="not in every context, and so left out: 'b'"):
        result = compare_contexts(table, metrics="rmse", draws=100, seed=1)
    assert result.table["model"].unique().tolist() == ["a", "c"]
    apart = table[(table["model"] == "a") == (table["context"] == "pain")]
    with pytest.raises(DataError, match="no model stands in every context: 'a', 'b', 'c'"):
        compare_contexts(apart, metrics="rmse", draws=100, seed=1)


def test_bootstrap_t_gives_way_to_intervals_that_there_are(make_predictions):
    table = make_predictions(contexts=("pain", "joy"), clips=90)
    options = {"metrics": "rmse", "draws": 100, "seed": 1}
    with pytest.warns(DataWarning, match="bootstrap-t is for compare_models"):
        found = compare_contexts(table, interval="t", **options)
    pd.testing.assert_frame_equal(found.table, compare_contexts(table, **options).table)


def test_predictions_of_the_pooled_fit_alone_have_no_contexts(make_predictions):
    table = make_predictions(contexts=("pain", "joy"), clips=90).assign(fitted_on="all")
    with pytest.raises(DataError, match="0 contexts with predictions of their own fit"):
        compare_contexts(table, metrics="rmse")


def draw_apart(few=6, many=60, seed=4):
    """Two contexts with subjects of their own, 4 clips each; errors of scale 1."""
    rng = np.random.default_rng(seed)
    parts = []
    for name, size in (("pain", few), ("joy", many)):
        own = pd.DataFrame({"subject": np.repeat([f"{name}{n}" for n in range(size)], 4)})
        own["truth"] = rng.normal(size=len(own))
        own["prediction"] = own["truth"] + rng.normal(size=len(own))
        parts.append(own.assign(context=name))
    table = pd.concat(parts, ignore_index=True).assign(model="a")
    return table.assign(clip=[f"c{n}" for n in range(len(table))])


def test_sentences_follow_the_headline_method_and_its_degrees_of_freedom():
    """Welch's degrees of freedom of two jackknife variances of the mean error, by hand."""
    table = draw_apart()
    result = compare_contexts(table, metrics=["mae", "rmse"], draws=200, seed=1)
    rows = result.table[result.table["headline"]].set_index("metric")
    errors = (
        (table["prediction"] - table["truth"]).abs().groupby([table["context"], table["subject"]])
    )
    means = errors.mean()
    variances, sizes = [], []
    for name in ("pain", "joy"):
        # Equal numbers of clips: leaving a subject out moves the mean by known amounts; on the log
        # scale, that of single errors, each side is a mean of its own.
        own = means[name].to_numpy()
        n = len(own)
        logs = np.log([(own.sum() - x) / (n - 1) for x in own]) - np.log(own.mean())
        variances.append((n - 1) / n * ((logs - logs.mean()) ** 2).sum())
        sizes.append(n)
    welch = sum(variances) ** 2 / sum(v**2 / (n - 1) for v, n in zip(variances, sizes, strict=True))
    assert rows.loc["mae", "df"] == pytest.approx(welch, rel=1e-10)
    text = result.sentence()
    ends = [f"{x:.3g}" for x in (rows["df"].min(), rows["df"].max())]
    assert "contexts have subjects of their own, left out one by one)" in text
    assert f"With only 6 subjects, intervals rest on {' to '.join(dict.fromkeys(ends))}" in text
    assert "rest on 5 degrees" not in text
    assert "resampled" not in text
    both = compare_models(table, metrics="mae", draws=200, seed=1)
    told = describe_methods(both, result)
    assert "leave out one of the subjects at a time, from every context, with Welch's" in told
    assert "rest on draws" not in told


def test_sentences_of_drawn_intervals_speak_of_draws(make_predictions):
    table = make_predictions(groups=20, clips=40, contexts=("pain", "joy"), models=("a",))
    drawn = compare_contexts(table, metrics="mae", draws=200, seed=1, interval="percentile")
    assert "the same subjects resampled in all contexts" in drawn.sentence()
    both = compare_models(table, metrics="mae", draws=200, seed=1)
    assert "contexts rest on draws of subjects" in describe_methods(both, drawn)
    left = compare_contexts(table, metrics="mae", draws=200, seed=1)
    assert "the same subjects left out one by one in all contexts" in left.sentence()
    assert "at a time, from every context" in describe_methods(both, left)
    assert "rest on draws" not in describe_methods(both, left)


def test_degrees_of_freedom_between_welch_and_paired():
    """A has clusters 0 to 5, B 4 to 7: parts of A alone, of B alone, and of both."""
    present = np.zeros((2, 8), dtype=bool)
    present[0, :6], present[1, 4:] = True, True
    away = np.array([0.3, -0.1, 0.4, -0.2, 0.5, -0.6, 0.2, -0.5])
    parts = [
        (away[:4] @ away[:4], 4 * (1 - 1 / 6)),
        (away[6:] @ away[6:], 2 * (1 - 1 / 4)),
        (away[4:6] @ away[4:6], 2 * (1 - 1 / 4)),
    ]
    wanted = sum(v for v, _ in parts) ** 2 / sum(v**2 / f for v, f in parts)
    assert count_freedom(away, present) == pytest.approx(wanted, rel=1e-12)


def test_sentences_without_any_interval_speak_of_none():
    result = compare_contexts(draw_apart(), metrics="mae", draws=200, seed=1)
    assert "With only 6 subjects" in result.sentence()
    bare = replace(result, table=result.table.assign(conf_low=np.nan, conf_high=np.nan))
    assert "With only" not in bare.sentence()
