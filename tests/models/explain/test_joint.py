"""Least-squares differences between contexts, against statsmodels, Welch, and equal slopes.

Tolerance 1e-8 for slopes; 1e-6 for errors, in which differences of them are squared.
"""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from exprstats.models import contrast_contexts, split_subjects
from exprstats.models.data.design import build_design
from exprstats.models.explain.contrasts import list_slopes
from exprstats.models.explain.joint import regress_contexts

FEATURES = ["motion", "gaze", "blink", "still"]


@pytest.fixture(scope="module")
def parts(clips):
    return split_subjects(clips, seed=1)


def list_ols(clips, parts):
    options = {"draws": 2, "seed": 1, "alphas": [0.1], "l1_ratios": [0.5]}
    found = contrast_contexts(clips, target="score", features=FEATURES, parts=parts, **options)
    table = found.table
    return table[(table["term"] == "difference") & (table["method"] == "ols")]


def test_least_squares_equal_statsmodels_without_each_subject(clips, parts):
    rows = clips.merge(parts, on="subject").query("part == 'train'")

    def fit_slopes(rows):
        z = (rows[FEATURES] - rows[FEATURES].mean()) / rows[FEATURES].std(ddof=0)
        return {
            context: sm.OLS(own["score"], sm.add_constant(z.loc[own.index])).fit().params[FEATURES]
            for context, own in rows.groupby("context")
        }

    whole = fit_slopes(rows)
    people = rows["subject"].unique()
    without = [fit_slopes(rows[rows["subject"] != one]) for one in people]
    for row in list_ols(clips, parts).itertuples():
        estimate, *left_out = (
            one[row.context][row.feature] - one[row.versus][row.feature]
            for one in (whole, *without)
        )
        error = np.sqrt((len(people) - 1) * np.var(left_out))
        p_value = 2 * stats.t.sf(abs(estimate) / error, len(people) - 1)
        assert row.estimate == pytest.approx(estimate, abs=1e-8)
        assert row.std_error == pytest.approx(error, rel=1e-6)
        assert row.p_value == pytest.approx(p_value, rel=1e-5)
        reach = stats.t.ppf(0.975, len(people) - 1) * error
        assert row.conf_high - row.estimate == pytest.approx(reach, rel=1e-6)


def test_contexts_with_subjects_of_their_own_have_welchs_degrees_of_freedom(draw_clips):
    clips = draw_clips(subjects=40, seed=3)
    number = clips["subject"].str.extract(r"(\d+)")[0].astype(int)
    few = (clips["context"] == "pain") & (number % 4 == 0)
    apart = clips[few | ((clips["context"] == "startle") & (number % 4 != 0))]
    parts = split_subjects(apart, seed=1)
    rows = list_ols(apart, parts)
    reach = (rows["conf_high"] - rows["estimate"]) / rows["std_error"]
    trained = apart.merge(parts, on="subject").query("part == 'train'")
    # Each context's variance is that of its own subjects, as if it were jackknifed alone.
    variances = []
    for context, own in trained.groupby("context"):
        left = []
        for one in own["subject"].unique():
            kept = trained[trained["subject"] != one]
            z = (kept[FEATURES] - kept[FEATURES].mean()) / kept[FEATURES].std(ddof=0)
            here = kept["context"] == context
            fit = sm.OLS(kept["score"][here], sm.add_constant(z[here])).fit()
            left.append(fit.params[FEATURES].to_numpy())
        variances.append((len(left) - 1) * np.var(left, axis=0))
    np.testing.assert_allclose(rows["std_error"], np.sqrt(sum(variances)), rtol=1e-6)
    least, most = sorted(trained.groupby("context")["subject"].nunique() - 1)
    assert reach.between(stats.t.ppf(0.975, least + most), stats.t.ppf(0.975, least)).all()
    assert (reach > 1.001 * stats.t.ppf(0.975, least + most)).all()


def test_a_context_with_collinear_features_leaves_the_others(clips, parts):
    twin = clips.assign(still=clips["still"].where(clips["context"] != "pain", clips["gaze"]))
    rows = list_ols(twin, parts)
    lost = rows[["context", "versus"]].eq("pain").any(axis=1)
    lost &= rows["feature"].isin(["still", "gaze"])
    assert rows.loc[lost, "estimate"].isna().all()
    assert rows.loc[~lost, ["estimate", "std_error", "p_value"]].notna().all(axis=None)


@pytest.mark.parametrize(("count", "fitted"), [(5, False), (6, True)])
def test_a_context_without_residuals_has_no_slopes(clips, parts, count, fitted):
    # Four slopes and an intercept go through five clips exactly: no error is left to judge by.
    trained = clips["subject"].isin(parts.loc[parts["part"] == "train", "subject"])
    spare = clips.index[trained & (clips["context"] == "pain")][count:]
    data = {"target": "score", "features": FEATURES, "by": "context"}
    slopes = regress_contexts(build_design(clips.drop(index=spare), parts, **data)).whole
    assert np.isfinite(slopes[1]).all() == fitted
    assert np.isfinite(slopes[[0, 2]]).all()
    rows = list_ols(clips.drop(index=spare), parts)
    # Without one of the few subjects there is nothing left to fit.
    lost = rows[["context", "versus"]].eq("pain").any(axis=1)
    assert rows.loc[lost, "std_error"].isna().all()
    assert rows.loc[lost, "note"].str.startswith("not fitted").all()
    assert rows.loc[~lost, "std_error"].notna().all()


@pytest.mark.parametrize(
    ("people", "count"),
    [(40, 50), *(pytest.param(n, 200, marks=pytest.mark.slow) for n in (40, 140))],
)
def test_least_squares_call_equal_slopes_different_at_the_nominal_rate(people, count):
    # 60 % of the people train; every context has all of them, and each person a level of her own.
    rng, single, families, largest = np.random.default_rng(8), [], [], []
    subject = np.repeat([f"s{n:03d}" for n in range(people)], 24)
    clips = pd.DataFrame({"subject": subject, "clip": range(24 * people)})
    clips["context"] = np.tile(["startle", "pain", "disgust"], 8 * people)
    parts = split_subjects(clips, seed=1)
    for _ in range(count):
        person = rng.normal(size=(people, 5)).repeat(24, axis=0)
        values = rng.normal(size=(24 * people, 4)) + 0.7 * person[:, :4]
        score = values @ [0.4, 0.2, 0, 0] + 0.7 * person[:, 4] + rng.normal(size=24 * people)
        rows = clips.assign(score=score, **dict(zip(FEATURES, values.T, strict=True)))
        data = {"target": "score", "features": FEATURES, "by": "context", "pooled_target": "score"}
        design = build_design(rows, parts, **data)
        found = pd.DataFrame(list_slopes(design, 0.95, rng))
        single += list(found["p_value"] < 0.05)
        families.append((found["p_adjusted"] < 0.05).any())
        largest.append((found["p_max_t"] < 0.05).any())
    # Tests of one sample hang together: 2,400 of 200 studies are worth some 1,000, SE .007.
    more = np.sqrt(200 / count)
    assert 0.05 - 3 * 0.007 * more <= np.mean(single) <= 0.05 + 3 * 0.007 * more
    assert max(np.mean(families), np.mean(largest)) <= 0.05 + 3 * 0.0154 * more
