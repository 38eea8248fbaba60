"""Contrasts between contexts, against scikit-learn, statsmodels and planted differences.

Tolerances: 1e-6 for weights (coordinate descent, see test_penalties) and 1e-8 for least squares;
planted differences lie in 99.9 % intervals widened by .05, the pull of the penalty.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import ElasticNet, Ridge

from exprstats.errors import DataError, OptionError
from exprstats.models import contrast_contexts, split_subjects

FEATURES = ["motion", "gaze", "blink", "still"]
ALPHAS = [0.01, 0.1, 1.0]
RATIOS = [0.0, 0.5, 1.0]


@pytest.fixture(scope="module")
def parts(clips):
    return split_subjects(clips, seed=1)


@pytest.fixture(scope="module")
def contrasts(clips, parts):
    return contrast(clips, parts)


def contrast(clips, parts, **options):
    options = {"draws": 50, "seed": 1, "alphas": ALPHAS, "l1_ratios": RATIOS, **options}
    return contrast_contexts(clips, target="score", features=FEATURES, parts=parts, **options)


def list_term(contrasts, term, method="percentile"):
    table = contrasts.table
    return table[(table["term"] == term) & (table["method"] == method)]


@pytest.mark.parametrize("uneven", [False, True])
def test_one_penalty_for_all_equals_a_naive_grid(clips, draw_clips, uneven):
    if uneven:
        # Pain has a quarter of its clips: contexts must count by their clips, not one by one.
        clips = draw_clips(subjects=30, seed=11, noise=1.5)
        number = clips["clip"].str.extract(r"_(\d+)")[0].astype(int)
        clips = clips[(clips["context"] != "pain") | (number % 4 == 0)]
    parts = split_subjects(clips, seed=1)
    contrasts = contrast(clips, parts, draws=2)
    rows = clips.merge(parts, on="subject")
    train = rows[rows["part"] == "train"]
    z = (rows[FEATURES] - train[FEATURES].mean()) / train[FEATURES].std(ddof=0)
    best = (np.inf, None)
    for ratio in RATIOS:
        for alpha in ALPHAS:
            squares, found = 0.0, []
            for context in ("startle", "pain", "disgust"):
                own = (rows["context"] == context) & (rows["part"] == "train")
                held = (rows["context"] == context) & (rows["part"] == "validate")
                model = ElasticNet(alpha=alpha, l1_ratio=ratio, tol=1e-9, max_iter=10_000)
                if ratio == 0:
                    model = Ridge(alpha=own.sum() * alpha)
                model.fit(z[own], rows.loc[own, "score"])
                squares += ((model.predict(z[held]) - rows.loc[held, "score"]) ** 2).sum()
                found.append(model.coef_)
            if squares < best[0]:
                best = (squares, (alpha, ratio, np.array(found)))
    alpha, ratio, weights = best[1]
    assert (contrasts.alpha, contrasts.l1_ratio) == (alpha, ratio)
    told = list_term(contrasts, "weight")["estimate"].to_numpy().reshape(3, 4)
    np.testing.assert_allclose(told, weights, atol=1e-6)


def test_differences_are_those_of_the_weights(contrasts):
    weights = list_term(contrasts, "weight").set_index(["context", "feature"])["estimate"]
    rows = list_term(contrasts, "difference")
    assert list(zip(rows["context"], rows["versus"], strict=True))[::4] == [
        ("startle", "pain"),
        ("startle", "disgust"),
        ("pain", "disgust"),
    ]
    for row in rows.itertuples():
        wanted = weights[row.context, row.feature] - weights[row.versus, row.feature]
        assert row.estimate == pytest.approx(wanted, abs=1e-12)
    drawn = contrasts.refits.query("feature == 'gaze'").set_index(["context", "draw"])["estimate"]
    spread = (drawn["startle"] - drawn["pain"]).std()
    row = rows.query("context == 'startle' and versus == 'pain' and feature == 'gaze'").iloc[0]
    assert row["std_error"] == pytest.approx(spread, rel=1e-9)


def test_planted_differences_are_found_and_equal_weights_are_not(draw_clips, planted):
    clips = draw_clips(subjects=120, seed=4)
    found = contrast(
        clips, split_subjects(clips, seed=1), draws=200, level=0.999, alphas=[0.001, 0.01]
    )
    for row in list_term(found, "difference").itertuples():
        j = FEATURES.index(row.feature)
        truth = planted[row.context][j] - planted[row.versus][j]
        assert row.conf_low - 0.05 <= truth <= row.conf_high + 0.05
    for row in list_term(found, "difference", "ols").itertuples():
        j = FEATURES.index(row.feature)
        truth = planted[row.context][j] - planted[row.versus][j]
        if abs(truth) >= 0.3:
            assert row.p_max_t <= 2 / 201
            assert row.p_adjusted < 0.01
        if row.feature == "still":
            assert min(row.p_max_t, row.p_adjusted) > 0.05
    assert (
        "motion in startle minus pain 0."
        in contrast(clips, split_subjects(clips, seed=1), draws=200).sentence()
    )


def test_equal_contexts_do_not_differ_at_all(clips, parts):
    twin = clips[clips["context"] == "pain"].assign(context="twin")
    both = pd.concat([clips[clips["context"] == "pain"], twin])
    rows = list_term(contrast(both, parts), "difference")
    np.testing.assert_allclose(rows["estimate"], 0, atol=1e-12)
    slopes = list_term(contrast(both, parts), "difference", "ols")
    np.testing.assert_allclose(slopes["estimate"], 0, atol=1e-12)


def test_penalised_differences_are_described_and_slopes_tested(contrasts):
    rows = list_term(contrasts, "difference")
    assert rows[["p_value", "p_adjusted", "p_max_t"]].isna().all(axis=None)
    assert not rows["headline"].any()
    assert rows["note"].str.startswith("described, not tested").all()
    assert rows[["conf_low", "conf_high"]].notna().all(axis=None)
    slopes = list_term(contrasts, "difference", "ols")
    assert slopes["headline"].all()
    assert slopes[["p_value", "p_adjusted", "p_max_t"]].notna().all(axis=None)
    assert "Differences of penalized weights are described, not tested" in contrasts.sentence()


def test_adjusted_p_values_are_never_smaller(contrasts):
    rows = list_term(contrasts, "difference", "ols")
    assert (rows["p_adjusted"] >= rows["p_value"]).all()
    assert rows["p_max_t"].between(0, 1).all()
    by_size = rows.iloc[(-(rows["estimate"] / rows["std_error"]).abs()).argsort()]
    assert by_size["p_max_t"].is_monotonic_increasing


def test_workers_and_row_order_do_not_matter(clips, parts, contrasts):
    shuffled = clips.sample(frac=1, random_state=1)
    shuffled["context"] = pd.Categorical(shuffled["context"], ["startle", "pain", "disgust"])
    again = contrast(shuffled, parts, n_jobs=2)
    columns = ["estimate", "std_error", "conf_low", "conf_high", "p_value", "p_max_t"]
    np.testing.assert_allclose(
        again.table[columns], contrasts.table[columns], atol=1e-9, equal_nan=True
    )


def test_collinear_features_leave_the_penalised_contrast(clips, parts):
    twice = clips.assign(still=clips["motion"])
    found = contrast(twice, parts)
    ols = list_term(found, "difference", "ols")
    twins = ols["feature"].isin(["still", "motion"])
    assert ols.loc[twins, "estimate"].isna().all()
    assert ols.loc[twins, "note"].str.contains("collinear").all()
    assert ols.loc[~twins, ["estimate", "p_adjusted"]].notna().all(axis=None)
    assert list_term(found, "difference")["conf_low"].notna().all()


def test_a_feature_that_is_constant_in_one_context(clips, parts, contrasts):
    flat = clips.assign(still=clips["still"].where(clips["context"] != "pain", 2.0))
    found = contrast(flat, parts)
    for method in ("percentile", "ols"):
        rows = list_term(found, "difference", method)
        lost = (rows["feature"] == "still") & rows[["context", "versus"]].eq("pain").any(axis=1)
        assert lost.sum() == 2
        columns = ["estimate", "std_error", "conf_low", "conf_high"]
        columns += ["p_value", "p_adjusted"] if method == "ols" else []
        assert rows.loc[lost, columns].isna().all(axis=None)
        assert rows.loc[lost, "note"].str.startswith("not ").all()
        assert rows.loc[~lost, columns].notna().all(axis=None)
    # The other contexts' regressions are what they were; their scale of that feature is not.
    key = ["context", "versus", "feature"]
    own = list_term(found, "difference", "ols").set_index(key)["estimate"]
    before = list_term(contrasts, "difference", "ols").set_index(key)["estimate"]
    kept = own.index[(own.index.get_level_values("feature") != "still")]
    kept = [one for one in kept if "pain" not in one[:2]]
    np.testing.assert_allclose(own[kept], before[kept], atol=1e-9)
    weights = list_term(found, "weight").query("context == 'pain' and feature == 'still'")
    assert weights["note"].item() == "constant in training"
    assert np.isnan(list_term(found, "difference", "ols")["p_max_t"]).sum() == 2
    assert "of 10 differences" in found.sentence()


def test_few_subjects_are_noted(draw_clips, contrasts):
    clips = draw_clips(subjects=15)
    found = contrast(clips, split_subjects(clips, seed=1), draws=5)
    notes = list_term(found, "difference")["note"]
    assert notes.str.endswith("; too few subjects (9) for a bootstrap").all()
    assert list_term(found, "difference", "ols")["note"].isna().all()
    ten = draw_clips(subjects=17)
    found = contrast(ten, split_subjects(ten, seed=1), draws=5)
    rows = list_term(found, "difference")
    assert (rows["n_clusters"] == 10).all()
    assert not rows["note"].str.contains("too few").any()
    assert list_term(contrasts, "weight")["note"].isna().all()


def test_what_cannot_be_contrasted(clips, parts):
    with pytest.raises(DataError, match="the data have 1 context"):
        contrast(clips[clips["context"] == "pain"], parts)
    with pytest.raises(OptionError, match="draws is 1"):
        contrast(clips, parts, draws=1)


def test_the_words_go_by_adjusted_p_values(contrasts):
    ols = contrasts.table["method"] == "ols"
    for p_adjusted, said in ((0.2, ", 0 of 12 differences"), (0.01, ", 12 of 12 differences")):
        table = contrasts.table.assign(p_value=contrasts.table["p_value"].mask(ols, 0.01))
        table["p_adjusted"] = table["p_adjusted"].mask(ols, p_adjusted)
        assert said in replace(contrasts, table=table).sentence()


def test_the_words(contrasts):
    row = contrasts.glance().iloc[0]
    assert (row["n_contexts"], row["n_features"], row["n_clusters"], row["draws"]) == (3, 4, 32, 50)
    assert "of 12 differences between contexts' slopes held" in contrasts.sentence()


@pytest.mark.slow
def test_equal_weights_are_rarely_called_different(draw_clips):
    any_adjusted, single = [], []
    for seed in range(60):
        clips = draw_clips(subjects=60, seed=2000 + seed)
        one = clips.query("context == 'startle'")
        other = draw_clips(subjects=60, seed=5000 + seed).query("context == 'startle'")
        both = pd.concat([one, other.assign(context="again", clip=other["clip"] + "b")])
        found = contrast(both, split_subjects(both, seed=seed), draws=100, seed=seed)
        rows = list_term(found, "difference")
        any_adjusted.append((rows["p_max_t"] < 0.05).any())
        single += list(rows["p_value"] < 0.05)
    # SE .028 of 60 families; .014 of 240 tests (at least, four share a sample).
    assert np.mean(any_adjusted) <= 0.05 + 3 * 0.028
    assert np.mean(single) <= 0.05 + 3 * 0.02


def test_weights_that_no_refit_keeps_have_no_interval_without_width(draw_clips):
    clips = draw_clips(subjects=24, seed=1)
    parts = split_subjects(clips, seed=1)
    data = {"target": "score", "features": ["motion", "still"], "parts": parts}
    found = contrast_contexts(clips, alphas=[0.6], l1_ratios=[1.0], draws=30, seed=1, **data)
    rows = found.table[found.table["method"].eq("percentile") & found.table["feature"].eq("still")]
    assert rows["estimate"].eq(0).all()
    assert rows[["conf_low", "conf_high"]].isna().all(axis=None)
    assert rows["note"].eq("no interval: the same in all refits").all()
