"""Predictions of evoked expressions: average precision, MSE, correlations, groups, ablations.

Witnesses: scikit-learn and scipy for every metric, a looping jackknife, and compare_models, which
reads the same numbers from a long table. Sums run in another order than theirs: 1e-10.
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import expit, logit
from sklearn.metrics import average_precision_score, mean_squared_error

import exprstats as ex
from exprstats.errors import DataError, DataWarning, OptionError
from exprstats.events.evoked.sampling import trace_precision

EXPRESSIONS = ["amusement", "concentration", "interest", "surprise"]


@pytest.fixture(scope="module")
def truth(study):
    labels = (study.machine[EXPRESSIONS] >= 0.5).astype(int)
    return pd.concat([study.machine[["video", "time", "group"]], labels], axis=1)


@pytest.fixture(scope="module")
def found(study, truth):
    return ex.rate_evoked(truth, study.predictions, draws=400, seed=1)


def test_average_precision_and_map_are_those_of_scikit_learn(found, study, truth):
    for model, table in study.predictions.items():
        own = [average_precision_score(truth[name], table[name]) for name in EXPRESSIONS]
        rows = found.pick("average_precision", model=model).set_index("expression")["estimate"]
        np.testing.assert_allclose(rows[EXPRESSIONS], own, rtol=1e-10)
        got = found.pick("average_precision", model=model, expression=None)["estimate"].item()
        assert got == pytest.approx(np.mean(own), rel=1e-10)
    chance = found.pick("average_precision", model="chance").set_index("expression")["estimate"]
    np.testing.assert_allclose(chance[EXPRESSIONS], truth[EXPRESSIONS].mean(), rtol=1e-12)


def test_limits_are_those_of_a_looping_jackknife(found, study, truth, jackknife):
    full, image = (study.predictions[one]["interest"] for one in ("full", "image"))
    videos = truth["video"].unique()

    def score(kept, values=full):
        inside = truth["video"].isin(kept)
        return average_precision_score(truth.loc[inside, "interest"], values[inside])

    row = found.pick("average_precision", model="full", expression="interest").iloc[0]
    limits = jackknife(score, videos, there=logit, back=expit)
    np.testing.assert_allclose((row["conf_low"], row["conf_high"]), limits, rtol=1e-9)
    row = found.pick("average_precision", model="full", expression="interest", versus="image")
    limits = jackknife(lambda kept: score(kept) - score(kept, image), videos)
    np.testing.assert_allclose(row[["conf_low", "conf_high"]].to_numpy()[0], limits, rtol=1e-8)
    assert row["method"].item() == "jackknife"


def test_the_bootstrap_is_that_of_compare_models(found, study, truth):
    keys = {"clip": np.arange(len(truth)), "subject": truth["video"], "truth": truth["interest"]}
    models = [
        pd.DataFrame({**keys, "model": model, "prediction": table["interest"]})
        for model, table in study.predictions.items()
    ]
    other = ex.compare_models(pd.concat(models), metrics="average_precision", draws=400, seed=1)
    rows = other.table[other.table["method"].eq("percentile")].set_index("term")
    mine = found.table[
        found.table["expression"].eq("interest") & found.table["method"].eq("percentile")
    ]
    mine = mine[mine["model"].eq("full")].assign(key=mine["versus"].fillna("none")).set_index("key")
    for term, versus in (("full", "none"), ("full - image", "image")):
        for name in ("estimate", "conf_low", "conf_high", "p_value"):
            one, expected = mine.loc[versus, name], rows.loc[term, name]
            assert one == pytest.approx(expected, rel=1e-10, nan_ok=True)


def test_mse_and_correlation_overall_and_per_video():
    rng = np.random.default_rng(5)
    keys = pd.DataFrame(
        {"video": np.repeat(np.arange(14), 50), "time": np.tile(np.arange(50.0), 14)}
    )
    truth = keys.assign(valence=rng.normal(size=700) / 3, arousal=rng.normal(size=700) / 3)
    net = keys.assign(
        valence=truth["valence"] / 2 + rng.normal(size=700) / 4,
        arousal=truth["arousal"] + rng.normal(size=700) / 2,
    )
    found = ex.rate_evoked(truth, {"net": net, "flat": net * [1, 1, 0.5, 0.5]}, draws=100, seed=1)
    assert found.terms == ("mse", "mse_mean", "correlation", "correlation_mean")
    for name in ("valence", "arousal"):
        y, p = truth[name], net[name]
        own = [(y[keys["video"] == v], p[keys["video"] == v]) for v in range(14)]
        expected = {
            "mse": mean_squared_error(y, p),
            "mse_mean": np.mean([mean_squared_error(*one) for one in own]),
            "correlation": stats.pearsonr(y, p)[0],
            "correlation_mean": np.mean([stats.pearsonr(*one)[0] for one in own]),
        }
        for term, value in expected.items():
            got = found.pick(term, model="net", expression=name)["estimate"].item()
            assert got == pytest.approx(value, rel=1e-10), term
    told = found.sentence()
    assert "mean MSE of 2 dimensions" in told and "mean correlation of 2 dimensions" in told
    assert "Difference in MSE from flat" in told


def test_groups_are_rated_alone_and_compared(study, truth):
    share = study.human.groupby(["video", "time"], as_index=False)[EXPRESSIONS].mean()
    share = share.merge(truth[["video", "time", "group"]])
    found = ex.rate_evoked(
        share, {"machine": study.machine}, metrics=["correlation"], by="group", draws=100, seed=1
    )
    both = share.merge(study.machine, on=["video", "time"], suffixes=("", "_m"))
    own = {
        group: [stats.pearsonr(part[name], part[f"{name}_m"])[0] for name in EXPRESSIONS]
        for group, part in both.groupby("group")
    }
    rows = found.table[found.table["headline"] & found.table["expression"].isna()]
    scores = rows[rows["group"].notna() & rows["versus_group"].isna()].set_index("group")
    for group, values in own.items():
        assert scores.loc[group, "estimate"] == pytest.approx(np.mean(values), rel=1e-10)
    pair = rows[rows["group"].eq("comedy") & rows["versus_group"].eq("horror")].iloc[0]
    expected = np.mean(own["comedy"]) - np.mean(own["horror"])
    assert pair["estimate"] == pytest.approx(expected, rel=1e-9)
    assert pair["conf_low"] < expected < pair["conf_high"]
    assert 0 <= pair["p_value"] <= pair["p_adjusted"] <= 1


cells = st.lists(
    st.tuples(st.booleans(), st.integers(0, 6), st.integers(0, 4)), min_size=2, max_size=40
)


def _precision(truth, score):
    home = np.zeros(len(truth), int)
    return trace_precision(truth.astype(int), score.astype(float), home, 1).estimate


@settings(max_examples=60, deadline=None)
@given(cells)
def test_precision_by_sorted_scores_is_that_of_scikit_learn(rows):
    truth, score, _ = (np.array(column) for column in zip(*rows, strict=True))
    if not truth.any():
        assert np.isnan(_precision(truth, score))
        return
    expected = average_precision_score(truth, score)
    assert _precision(truth, score) == pytest.approx(expected)


@settings(max_examples=25, deadline=None)
@given(cells)
def test_influences_are_derivatives_by_weights(rows):
    truth, score, codes = (np.array(column) for column in zip(*rows, strict=True))
    if not truth.any():
        return
    found = trace_precision(truth.astype(int), score.astype(float), codes, 5)
    assert found.influence.sum() == pytest.approx(0, abs=1e-12)
    step = 1e-6
    for group in range(5):
        ends = [
            average_precision_score(truth, score, sample_weight=1 + sign * step * (codes == group))
            for sign in (1, -1)
        ]
        # A central difference errs by step² and by rounding over step.
        assert found.influence[group] == pytest.approx((ends[0] - ends[1]) / (2 * step), abs=1e-7)


def test_precision_tells_scores_apart_that_differ_in_their_last_bits():
    # More rows than a block, and more videos than a score has bits to spare for them: rows are in
    # the order of their scores all the same, in steps that begin in one block and end in another.
    rng = np.random.default_rng(4)
    count, videos = 90_000, 3000
    codes = rng.integers(0, videos, count)
    score = rng.choice([-2.0, -1.0, -0.0, 0.0, 0.3, 1.0, 1e-300], count)
    score += np.where(rng.random(count) < 0.6, rng.integers(0, 5, count) * 2.0**-51, 0.0)
    truth = (rng.random(count) < 0.2 + 0.1 * (score > 1)).astype(int)
    found = trace_precision(truth, score, codes, videos)
    assert found.estimate == pytest.approx(average_precision_score(truth, score), rel=1e-12)
    assert found.influence.sum() == pytest.approx(0, abs=1e-12)
    step = 1e-4
    for group in (0, 1500, 2999):
        ends = [
            average_precision_score(truth, score, sample_weight=1 + sign * step * (codes == group))
            for sign in (1, -1)
        ]
        expected = (ends[0] - ends[1]) / (2 * step)
        # Rounding of a sum over 90,000 rows over step: 1e-15 / 1e-4; an influence is about 1e-4.
        assert found.influence[group] == pytest.approx(expected, abs=1e-10)


def test_many_moments_are_left_out_to_the_first_order(study, truth, found, monkeypatch):
    from exprstats.events.evoked import sampling

    monkeypatch.setattr(sampling, "LARGE", 1000)
    linear = ex.rate_evoked(truth, study.predictions, draws=400, seed=1)
    for versus in (None, "image"):
        for name in ("conf_low", "conf_high"):
            pick = {"model": "full", "expression": "interest", "versus": versus}
            one, other = (x.pick("average_precision", **pick)[name].item() for x in (found, linear))
            # Terms of second order are about 1/60 of an interval's width.
            assert one == pytest.approx(other, abs=0.004)
    assert "to the first order" in linear.pick("average_precision", model="full")["note"].iloc[0]


def test_predictions_that_lack_moments_are_refused_or_left_out_for_all(study, truth):
    gone = {**study.predictions, "image": study.predictions["image"].iloc[50:]}
    with pytest.raises(DataError, match=r"model 'image' lacks 50 of [\d,]+ moments .*common=True"):
        ex.rate_evoked(truth, gone, draws=100)
    with pytest.warns(DataWarning, match="left out for all models"):
        found = ex.rate_evoked(truth, gone, draws=100, common=True, seed=1)
    rows = truth.iloc[50:]
    expected = average_precision_score(rows["interest"], gone["full"]["interest"].iloc[50:])
    got = found.pick("average_precision", model="full", expression="interest")["estimate"].item()
    assert got == pytest.approx(expected, rel=1e-10)
    with pytest.raises(OptionError, match=r"metrics= 'nrmse' .*take rmse"):
        ex.rate_evoked(truth, study.predictions, metrics=["nrmse"], draws=100)
    with pytest.raises(OptionError, match=r"against= 'ful'.*full"):
        ex.rate_evoked(truth, study.predictions, against="ful", draws=100)


def test_one_table_with_a_column_of_models_is_the_same(found, study, truth):
    long = pd.concat([table.assign(model=name) for name, table in study.predictions.items()])
    again = ex.rate_evoked(
        truth.sample(frac=1, random_state=2), long.sample(frac=1, random_state=3), draws=400, seed=1
    )
    one, other = (x.pick("average_precision", model="full") for x in (found, again))
    np.testing.assert_allclose(one["conf_high"], other["conf_high"], rtol=1e-12)


def test_small_groups_are_named_and_do_not_stop_the_others(study, truth):
    videos = truth["video"].unique()[:2]
    table = truth.assign(group=truth["group"].where(~truth["video"].isin(videos), "rare"))
    with pytest.warns(DataWarning, match=r"1 group has fewer than 3 videos .*: 'rare'"):
        found = ex.rate_evoked(table, study.predictions, by="group", draws=50, seed=1)
    assert found.groups == ("comedy", "horror", "music")


def test_a_mean_over_groups_is_of_the_expressions_that_all_of_them_have(study, truth):
    """Surprise occurs in one group only: means compare the other three, and say so."""
    cut = truth.copy()
    half = cut["video"].isin(sorted(cut["video"].unique())[:30])
    cut["group"] = np.where(half, "one", "two")
    cut.loc[half, "surprise"] = 0.0
    found = ex.rate_evoked(cut, study.predictions, by="group", draws=100, seed=1)
    own = found.table[found.table["headline"] & found.table["model"].eq("full")]
    own = own[own["versus"].isna()]
    change = own[own["versus_group"].notna() & own["expression"].isna()].iloc[0]
    single = own[own["versus_group"].isna() & own["expression"].isin(EXPRESSIONS[:3])]
    means = single.groupby("group")["estimate"].mean()
    assert change["estimate"] == pytest.approx(means["one"] - means["two"], abs=1e-12)
    assert "mean of the 3 of 4 expressions" in change["note"]
    assert found.sentence().count("MAP of 4 expressions") == 1


def test_names_that_differ_in_case_are_one(study, truth):
    loud = {
        name: one.rename(columns={"amusement": "Amusement"})
        for name, one in study.predictions.items()
    }
    options = {"draws": 100, "seed": 1}
    found = ex.rate_evoked(truth, loud, **options)
    pd.testing.assert_frame_equal(
        found.table, ex.rate_evoked(truth, study.predictions, **options).table
    )


def test_videos_too_short_for_a_correlation_are_no_degrees_of_freedom():
    """3 videos of 12 moments and 17 of one: t has 2 degrees of freedom, as in compare_models.

    With 19 a true null was rejected in 9 of 60 studies, now in 1. Tolerance 1e-9: sums.
    """
    rng = np.random.default_rng(0)
    truth = pd.DataFrame({"video": np.repeat(np.arange(20), [12] * 3 + [1] * 17)})
    truth["time"] = truth.groupby("video").cumcount().astype(float)
    truth[["joy", "awe"]] = rng.normal(size=(len(truth), 2))
    model = truth.assign(**(truth[["joy", "awe"]] + rng.normal(size=(len(truth), 2))))
    rows = ex.rate_evoked(truth, {"net": model}, draws=50, seed=1).table
    rows = rows[rows["term"].eq("correlation_mean") & rows["method"].eq("jackknife")]

    def average(names, left_out=None):
        kept = [one for video, one in truth.groupby("video") if len(one) > 2 and video != left_out]
        r = [[stats.pearsonr(one[x], model.loc[one.index, x])[0] for one in kept] for x in names]
        return np.arctanh(np.mean(r))

    for names, row in zip((["joy"], ["awe"], ["joy", "awe"]), rows.itertuples(), strict=True):
        left = [average(names, video) for video in range(3)]
        reach = stats.t.ppf(0.975, 2) * np.std(left) * 2**0.5
        limits = np.tanh([average(names) - reach, average(names) + reach])
        assert [row.conf_low, row.conf_high] == pytest.approx(limits.tolist(), abs=1e-9)
        assert row.n_clusters == 3
        assert "rests on the 3 of 20 videos" in row.note
    groups = truth[["video"]].drop_duplicates().assign(group=lambda t: t["video"] % 2)
    told = ex.rate_evoked(truth, {"net": model}, metrics=["correlation_mean"], by=groups, draws=50)
    apart = told.table[told.table["versus_group"].notna()]
    assert apart["conf_low"].isna().all()
