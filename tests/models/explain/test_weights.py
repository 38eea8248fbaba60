"""The weight report, against refits of rows that are really repeated, and shares by hand.

Tolerances: 1e-8 between a refit from sums of products and one from repeated rows (sums taken in
another order); shares, ranks and orders are exact; planted weights lie within their intervals.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata, t
from sklearn.linear_model import LinearRegression

from exprstats.errors import DataError, OptionError
from exprstats.inference.resampling.clusters import draw_clusters
from exprstats.models import fit_elastic, report_weights, split_subjects
from exprstats.models.explain.refits import code_subjects, limit_draws, refit_weights
from exprstats.models.explain.weights import inflate_variance, list_stability, rank_sizes
from exprstats.parallel import spawn_seeds

FEATURES = ["motion", "gaze", "blink", "still"]


@pytest.fixture(scope="module")
def models(clips):
    parts = split_subjects(clips, seed=1)
    return fit_elastic(clips, target="score", features=FEATURES, parts=parts, by="context")


@pytest.fixture(scope="module")
def weights(models):
    return report_weights(models, draws=60, repeats=5, seed=2)


def pick(table, context, term):
    own = table["context"].isna() if context is None else table["context"] == context
    return table[own & (table["term"] == term)]


def repeat_subjects(clips, names, strata, drawn):
    """Clips and parts in which the k-th drawn copy of a subject is a person of its own."""
    takes, parts = [], []
    sizes = [len(members) for members in strata]
    labels = np.repeat(["train", "validate"], sizes)
    for place, code in enumerate(drawn):
        own = clips[clips["subject"] == names[code]]
        copy = f"copy {place}"
        takes.append(own.assign(subject=copy, clip=own["clip"] + f" {place}"))
        parts.append((copy, labels[place]))
    return pd.concat(takes), pd.DataFrame(parts, columns=["subject", "part"])


@pytest.mark.parametrize("refit", [False, True])
def test_a_draw_equals_a_fit_to_repeated_rows(clips, models, refit):
    design = models.design
    _, strata = code_subjects(design)
    names = np.unique(design.clips["subject"])
    weights, chosen = refit_weights(design, models.penalties, draws=3, refit=refit, seed=5)
    drawn = draw_clusters(spawn_seeds(5, 1)[0], strata)
    for draw in range(3):
        rows, parts = repeat_subjects(clips, names, strata, drawn[draw])
        naive = fit_elastic(
            rows, target="score", features=FEATURES, parts=parts, by="context", refit=refit
        )
        for i, context in enumerate(["startle", "pain", "disgust", None]):
            wanted = pick(naive.table, context, "weight")["estimate"]
            np.testing.assert_allclose(weights[i, draw], wanted, atol=1e-8)
            alpha = pick(naive.table, context, "alpha")["estimate"].item()
            ratio = pick(naive.table, context, "l1_ratio")["estimate"].item()
            assert tuple(chosen[i, draw]) == (alpha, ratio)


def test_neither_workers_nor_more_draws_change_a_draw(models):
    def refit(**options):
        return refit_weights(models.design, models.penalties, seed=3, **options)[0]

    few = refit(draws=40)
    np.testing.assert_array_equal(few, refit(draws=40, n_jobs=2))
    np.testing.assert_array_equal(few, refit(draws=60)[:, :40])
    assert not np.array_equal(few[:, :20], few[:, 20:])


def test_the_report_starts_from_the_fitted_weights(models, weights):
    for context in ("startle", None):
        np.testing.assert_array_equal(
            pick(weights.table, context, "weight")["estimate"],
            pick(models.table, context, "weight")["estimate"],
        )
    terms = ["weight", "selected", "same_sign", "notable", "rank", "vif"]
    for term in terms:
        assert len(weights.table[weights.table["term"] == term]) == 4 * len(FEATURES)
    assert weights.table.loc[weights.table["term"].isin(terms), "headline"].all()


def test_shares_limits_and_ranks_by_hand():
    refits = np.array([[0.3, 0.0], [0.1, -0.5], [0.25, 0.2], [-0.2, 0.0]])
    rows = list_stability(np.array([0.2, 0.0]), refits, threshold=0.2, level=0.5)
    found = {(row["feature"], row["term"]): row for row in rows}
    assert found[0, "selected"]["estimate"] == 1
    assert found[1, "selected"]["estimate"] == 0.5
    assert found[0, "same_sign"]["estimate"] == 0.75
    assert np.isnan(found[1, "same_sign"]["estimate"])
    assert found[1, "same_sign"]["note"] == "the weight is 0"
    assert found[0, "notable"]["estimate"] == 0.75
    assert found[1, "notable"]["estimate"] == 0.5
    assert (found[0, "rank"]["estimate"], found[1, "rank"]["estimate"]) == (1, 2)
    # Sorted -.2 .1 .25 .3; (B + 1)p = 1.25 and 3.75 lie between order statistics 1, 2 and 3, 4.
    assert -0.2 < found[0, "weight"]["conf_low"] < 0.1
    assert 0.25 < found[0, "weight"]["conf_high"] < 0.3
    assert found[0, "weight"]["std_error"] == pytest.approx(refits[:, 0].std(ddof=1))


def test_a_weight_of_zero_has_the_sign_of_no_other():
    refits = np.array([[0.3], [0.0], [-0.1], [0.2]])
    for weight in (0.2, -0.2):
        rows = list_stability(np.array([weight]), refits, threshold=0.2, level=0.5)
        found = {row["term"]: row["estimate"] for row in rows}
        assert found["same_sign"] == (refits * weight > 0).mean()


def test_a_weight_at_the_threshold_is_told(weights):
    own = pick(weights.table, "startle", "weight").set_index("feature")["estimate"].abs()
    at = replace(weights, threshold=own["gaze"]).sentence().split("startle: ")[1].split("pain: ")[0]
    above = np.nextafter(own["gaze"], 1)
    over = replace(weights, threshold=above).sentence().split("startle: ")[1].split("pain: ")[0]
    assert "gaze" in at and "gaze" not in over
    assert "motion" in over


def test_three_training_subjects_have_intervals_with_two_degrees_of_freedom(draw_clips):
    clips = draw_clips(subjects=9, clips_each=8)
    names = sorted(clips["subject"].unique())
    parts = pd.DataFrame({"subject": names, "part": np.repeat(["train", "validate", "test"], 3)})
    models = fit_elastic(clips, target="score", features=FEATURES, parts=parts)
    table = report_weights(models, draws=50, repeats=0, seed=1).table
    rows = table[(table["term"] == "unpenalised") & (table["method"] == "jackknife")]
    assert rows["n_clusters"].tolist() == [3] * 4
    reach = t.ppf(0.975, 2) * rows["std_error"]
    assert (reach > 0).all()
    np.testing.assert_allclose(rows["conf_high"] - rows["estimate"], reach, rtol=1e-10)
    np.testing.assert_allclose(rows["estimate"] - rows["conf_low"], reach, rtol=1e-10)


def test_features_may_be_called_like_columns(clips):
    names = ["alpha", "draw", "context ", "part"]
    renamed = clips.rename(columns=dict(zip(FEATURES, names, strict=True)))
    data = {"target": "score", "parts": split_subjects(clips, seed=1), "by": "context"}
    found = report_weights(fit_elastic(renamed, features=names, **data), draws=5, seed=1)
    wanted = report_weights(fit_elastic(clips, features=FEATURES, **data), draws=5, seed=1)
    np.testing.assert_array_equal(found.table["estimate"], wanted.table["estimate"])
    assert list(found.refits["feature"].unique()) == names


def test_many_undefined_refits_give_no_interval():
    refits = np.array([[0.3], [0.1], [np.nan], [0.2]])
    row = list_stability(np.array([0.2]), refits, threshold=0.2, level=0.95)[0]
    assert np.isnan(row["conf_low"])
    assert row["note"] == "1 of 4 refits undefined"
    for undefined, given in ((5, True), (6, False)):
        refits = np.random.default_rng(1).normal(size=(100, 1))
        refits[:undefined] = np.nan
        rows = list_stability(np.array([0.2]), refits, threshold=0.2, level=0.95)
        limits = [row["conf_low"] for row in rows if row["term"] in {"weight", "rank"}]
        assert np.isfinite(limits).all() == given
        assert np.isnan(limits).all() != given
        found = limit_draws(refits.T, 0.95, "refits")
        assert np.isfinite(found["conf_low"]).all() == given
        assert found["note"] == [None if given else "6 of 100 refits undefined"]


def test_ranks_equal_scipy():
    rng = np.random.default_rng(1)
    weights = np.round(rng.normal(size=(30, 7)), 1)
    wanted = [rankdata(-np.abs(one)) for one in weights]
    np.testing.assert_array_equal(rank_sizes(weights), wanted)


def test_inflation_equals_one_over_one_minus_r_squared():
    rng = np.random.default_rng(1)
    values = rng.normal(size=(80, 5)) @ (np.eye(5) + 0.6) * [1, 10, 0.1, 5, 1] + 3
    for j, found in enumerate(inflate_variance(values)):
        others = np.delete(values, j, axis=1)
        r_squared = LinearRegression().fit(others, values[:, j]).score(others, values[:, j])
        assert found == pytest.approx(1 / (1 - r_squared), rel=1e-8)


def test_inflation_of_determined_and_constant_features():
    rng = np.random.default_rng(1)
    values = rng.normal(size=(50, 3))
    spoiled = np.column_stack([values, values[:, 0] - values[:, 1], np.ones(50)])
    found = inflate_variance(spoiled)
    assert np.isnan(found[[0, 1, 3, 4]]).all()
    assert found[2] == pytest.approx(inflate_variance(values)[2], abs=0.1)


def test_planted_weights_lie_in_their_intervals(draw_clips, planted):
    clips = draw_clips(subjects=120, seed=8)
    models = fit_elastic(
        clips,
        target="score",
        features=FEATURES,
        parts=split_subjects(clips, seed=1),
        by="context",
        alphas=[0.001, 0.01],
    )
    found = report_weights(models, draws=100, repeats=0, level=0.999, seed=1).table
    for context, truth in planted.items():
        rows = pick(found, context, "weight")
        assert (rows["conf_low"] - 0.02 <= np.array(truth)).all()
        assert (rows["conf_high"] + 0.02 >= np.array(truth)).all()
        assert (rows["conf_high"] - rows["conf_low"]).between(0.03, 0.4).all()


def test_the_words(weights):
    assert "startle: weights of .20 or more in size were motion 0." in weights.sentence()
    assert "60 refits to resampled subjects (32)" in weights.sentence()
    told = "at the 5% level after Holm's adjustment in startle (motion, gaze), pain (motion, gaze)"
    assert told in weights.sentence()
    row = weights.glance().iloc[0]
    assert (row["n_contexts"], row["n_features"], row["draws"]) == (3, 4, 60)
    assert len(weights.refits) == 4 * 60 * 4


def test_contexts_without_large_weights_are_told_together(weights):
    shrunk = weights.table["term"].eq("weight") & weights.table["context"].ne("startle")
    table = weights.table.assign(
        estimate=weights.table["estimate"].mask(shrunk, 0.1),
        p_adjusted=weights.table["p_adjusted"].mask(weights.table["context"].ne("startle"), 0.5),
    )
    text = replace(weights, table=table).sentence()
    assert "No weight reached .20 in size in pain, disgust, and all clips." in text
    assert text.endswith("in startle (motion, gaze); none does in pain, disgust, and all clips.")
    none = table.assign(p_adjusted=table["p_adjusted"].clip(lower=0.5))
    text = replace(weights, table=none).sentence()
    ending = (
        "Without a penalty, no weight differs from 0 at the 5% level after Holm's adjustment in"
    )
    assert text.endswith(f"{ending} startle, pain, disgust, and all clips.")


def test_few_subjects_are_noted(draw_clips, weights):
    clips = draw_clips(subjects=15)
    parts = split_subjects(clips, seed=1)
    found = report_weights(
        fit_elastic(clips, target="score", features=FEATURES, parts=parts), draws=5, seed=1
    ).table
    rows = found[found["term"] == "weight"]
    assert set(rows["note"]) == {"too few subjects (9) for a bootstrap"}
    assert weights.table.loc[weights.table["term"] == "weight", "note"].isna().all()


def test_what_cannot_be_reported(models, clips):
    with pytest.raises(OptionError, match="draws is 1; it must be a whole number of at least 2"):
        report_weights(models, draws=1)
    with pytest.raises(OptionError, match="level"):
        report_weights(models, level=95)
    with pytest.raises(OptionError, match="repeats is -1; it must be a whole number of at least 0"):
        report_weights(models, repeats=-1)
    with pytest.raises(OptionError, match="threshold is -1"):
        report_weights(models, threshold=-1)
    parts = split_subjects(clips, train=0.9, validate=0.05, test=0.05, seed=1)
    few = fit_elastic(clips, target="score", features=FEATURES, parts=parts)
    with pytest.raises(DataError, match="2 validate subjects; resampling needs 3"):
        report_weights(few)


@pytest.mark.slow
def test_null_weights_are_covered_at_the_nominal_rate(draw_clips):
    inside = []
    for seed in range(60):
        clips = draw_clips(subjects=60, seed=1000 + seed).query("context == 'startle'")
        parts = split_subjects(clips, seed=seed)
        models = fit_elastic(
            clips, target="score", features=FEATURES, parts=parts, pooled_target="score"
        )
        rows = report_weights(models, draws=100, repeats=0, seed=seed).table
        rows = rows[(rows["term"] == "weight") & rows["feature"].isin(["blink", "still"])]
        inside += list((rows["conf_low"] <= 0) & (rows["conf_high"] >= 0))
    # 120 intervals: SE .02; an interval of a shrunken null weight holds 0 at least as often.
    assert np.mean(inside) >= 0.95 - 3 * 0.02


def test_a_weight_that_no_refit_keeps_has_no_interval_without_width():
    """The lasso takes b away in all samples of 20 people, which does not make it 0."""
    rng = np.random.default_rng(1)
    clips = pd.DataFrame(rng.normal(size=(200, 2)), columns=["a", "b"])
    clips = clips.assign(clip=range(200), subject=np.repeat(range(20), 10))
    clips["score"] = 2 * clips["a"] + 0.3 * rng.normal(size=200)
    models = fit_elastic(
        clips, target="score", features=["a", "b"], parts=split_subjects(clips, seed=1),
        alphas=[0.5], l1_ratios=[1.0],
    )  # fmt: skip
    found = report_weights(models, draws=50, seed=1)
    rows = found.table.query("term == 'weight'").set_index("feature")
    assert (rows.loc["b", "estimate"], rows.loc["a", "conf_low"] > 1) == (0.0, True)
    assert rows.loc["b", ["std_error", "conf_low", "conf_high"]].isna().all()
    assert rows.loc["b", "note"] == "no interval: the weight is 0 in all refits"
