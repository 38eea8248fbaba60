"""The simulated study against its design, and its truth against a huge draw.

Tolerances of the huge draw are four Monte-Carlo standard errors with 2,500 people (slow), three
with 1,500: of the former, whose clips are independent (no subject share), an ICC(1,1) has SE .004,
a loading .001, a weight .008.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from exprstats import DataError, OptionError
from exprstats.contracts import CLIPS, RATINGS, check_table
from exprstats.simulate import simulate_again, simulate_expressiveness, state_truth
from exprstats.simulate.population import FEATURES

ITEMS = ["response", "emotion", "motion"]
CONTEXTS = ["startle", "pain", "disgust"]


@pytest.fixture(scope="module")
def study():
    return simulate_expressiveness(seed=1)


@pytest.fixture(scope="module", params=[1500, pytest.param(2500, marks=pytest.mark.slow)])
def huge(request):
    small = simulate_expressiveness(subjects=30, subject_share=0.0, severity_share=0.1, seed=2)
    return simulate_again(small, subjects=request.param, seed=3)


def _truth(study, term, context, **keys):
    rows = study.truth[study.truth["term"] == term]
    rows = rows[rows["context"].isna() if context is None else rows["context"] == context]
    for key, value in keys.items():
        rows = rows[rows[key] == value]
    assert len(rows) == 1
    return rows["estimate"].item()


def _pick(table, context):
    return table if context is None else table[table["context"] == context]


def _average(study, context):
    rows = _pick(study.ratings, context)
    return rows.pivot_table(index="clip", columns="item", values="rating")[ITEMS]


def test_tables_meet_their_contracts(study):
    check_table(study.ratings, RATINGS)
    check_table(study.clips, CLIPS)


def test_design_is_the_central_papers(study):
    clips = study.clips.groupby("context", sort=False)["clip"].nunique() / 140
    assert clips.to_dict() == {"startle": 5, "pain": 7, "disgust": 4}
    assert study.clips["subject"].nunique() == 140
    assert set(study.ratings["rating"]) == {0, 1, 2, 3, 4}
    assert study.ratings["item"].unique().tolist() == ITEMS
    assert list(study.clips.columns[3:]) == list(FEATURES)


def test_most_clips_have_six_different_raters(study):
    one = study.ratings[study.ratings["item"] == "response"]
    counts = one.groupby("clip")["rater"].agg(["size", "nunique"])
    assert (counts["size"] == counts["nunique"]).all()
    shares = counts["size"].value_counts(normalize=True)
    # 2,240 clips: SE of a share of .80 is .0085.
    assert shares[6] == pytest.approx(0.80, abs=0.035)
    assert set(shares.index) == {4, 5, 6}


def test_workers_rate_many_subjects_and_some_rate_far_more_than_others(study):
    load = study.ratings.groupby("rater")["clip"].nunique()
    assert load.mean() == pytest.approx(120, rel=0.1)
    assert load.quantile(0.9) > 3 * load.quantile(0.1)
    assert study.ratings.groupby("rater")["subject"].nunique().median() > 40


def test_no_feature_is_negative(study):
    assert (study.clips[list(FEATURES)] > 0).all(axis=None)


def test_sizes_are_near_the_published_ones(study):
    for context in CONTEXTS:
        for item in ITEMS:
            assert 0.80 <= _truth(study, "ICC(1,k)", context, item=item) <= 0.89
            assert 0.85 <= _truth(study, "loading", context, item=item) <= 0.99
    limits = [_truth(study, "correlation_limit", context) for context in [*CONTEXTS, None]]
    # Lin, Girard, & Morency (2020, Table 3): .723, .525, .834, .497 for the fitted models.
    assert limits == pytest.approx([0.72, 0.55, 0.83, 0.53], abs=0.06)


@pytest.mark.parametrize("context", [*CONTEXTS, None])
def test_average_reliability_is_spearman_brown_at_the_harmonic_mean(study, context):
    raters = 1 / (0.80 / 6 + 0.15 / 5 + 0.05 / 4)
    for item in ITEMS:
        one = _truth(study, "ICC(1,1)", context, item=item)
        expected = raters * one / (1 + (raters - 1) * one)
        assert _truth(study, "ICC(1,k)", context, item=item) == pytest.approx(expected, abs=1e-12)


def test_pooled_variance_is_within_plus_between_contexts(study):
    far = {
        name: replace(profile, means=profile.means + shift)
        for (name, profile), shift in zip(
            study.population.profiles.items(), (-0.8, 0.0, 1.1), strict=True
        )
    }
    truth = state_truth(replace(study.population, profiles=far))
    wide = truth[truth["item"] == "emotion"].pivot_table(
        index="context", columns="term", values="estimate", dropna=False
    )
    variance = wide["loading_raw"] ** 2 + wide["residual_raw"]
    shares = pd.Series({"startle": 5 / 16, "pain": 7 / 16, "disgust": 4 / 16})
    inside, centre = wide.index.notna(), (wide["intercept"] * shares).sum()
    apart = ((wide.loc[inside, "intercept"] - centre) ** 2 * shares).sum()
    assert apart > 0.3
    assert variance[~inside].item() == pytest.approx(
        (variance[inside] * shares).sum() + apart, abs=1e-12
    )


@pytest.mark.parametrize("context", [*CONTEXTS, None])
def test_icc_of_a_huge_draw_is_the_truth(huge, context):
    for item in ITEMS:
        rows = _pick(huge.ratings[huge.ratings["item"] == item], context)
        groups = rows.groupby("clip", sort=False)["rating"]
        sizes, means = groups.size().to_numpy(), groups.mean().to_numpy()
        within = ((rows["rating"] - groups.transform("mean")) ** 2).sum() / (len(rows) - len(sizes))
        # Unweighted clip means: another estimator than the analysis of variance.
        harmonic = 1 / (1 / sizes).mean()
        between = means.var(ddof=1) - within / harmonic
        one = between / (between + within)
        assert one == pytest.approx(_truth(huge, "ICC(1,1)", context, item=item), abs=0.016)
        many = harmonic * one / (1 + (harmonic - 1) * one)
        assert many == pytest.approx(_truth(huge, "ICC(1,k)", context, item=item), abs=0.012)


@pytest.mark.parametrize("context", [*CONTEXTS, None])
def test_factor_of_a_huge_draw_is_the_truth(huge, context):
    means = _average(huge, context)
    matrix = np.corrcoef(means.T.to_numpy())
    # The first loading of a triad by its ratio, the others by their own ratios.
    loadings = [
        np.sqrt(matrix[i, j] * matrix[i, k] / matrix[j, k])
        for i, j, k in [(0, 1, 2), (1, 0, 2), (2, 0, 1)]
    ]
    truth = [_truth(huge, "loading", context, item=item) for item in ITEMS]
    assert loadings == pytest.approx(truth, abs=0.006)
    intercepts = [_truth(huge, "intercept", context, item=item) for item in ITEMS]
    assert means.mean().tolist() == pytest.approx(intercepts, abs=0.06)
    residuals = [_truth(huge, "residual", context, item=item) for item in ITEMS]
    assert residuals == pytest.approx(1 - np.square(truth), abs=1e-12)
    raw = np.array([_truth(huge, "loading_raw", context, item=item) for item in ITEMS])
    rest = np.array([_truth(huge, "residual_raw", context, item=item) for item in ITEMS])
    assert (raw**2 + rest).tolist() == pytest.approx(means.var(ddof=0).tolist(), abs=0.06)
    omega = raw.sum() ** 2 / (raw.sum() ** 2 + rest.sum())
    assert _truth(huge, "omega", context) == pytest.approx(omega, abs=1e-12)


@pytest.mark.parametrize("context", [*CONTEXTS, None])
def test_weights_of_a_huge_draw_are_the_truth(huge, context):
    means = _average(huge, context)
    raw = np.array([_truth(huge, "loading_raw", context, item=item) for item in ITEMS])
    rest = np.array([_truth(huge, "residual_raw", context, item=item) for item in ITEMS])
    precision = np.diag(1 / rest)
    bartlett = np.linalg.inv([[raw @ precision @ raw]]) @ raw[None, :] @ precision
    centred = (means - means.mean()).to_numpy()
    scores = pd.Series((centred @ bartlett.T).ravel(), index=means.index)
    clips = _pick(huge.clips, context).set_index("clip")[list(FEATURES)]
    standard = ((clips - clips.mean()) / clips.std(ddof=0)).to_numpy()
    scores = scores.loc[clips.index].to_numpy()
    weights, *_ = np.linalg.lstsq(standard, scores, rcond=None)
    truth = [_truth(huge, "weight", context, feature=name) for name in FEATURES]
    assert weights == pytest.approx(truth, abs=0.04)
    reached = np.corrcoef(standard @ weights, scores)[0, 1]
    assert reached == pytest.approx(_truth(huge, "correlation_limit", context), abs=0.02)


def test_subject_share_is_the_share_of_variance_between_subjects():
    study = simulate_expressiveness(subjects=800, contexts={"pain": 6}, subject_share=0.5, seed=4)
    groups = study.clips.groupby("subject")[list(FEATURES)]
    within = groups.var(ddof=1).mean()
    between = groups.mean().var(ddof=1) - within / 6
    # 14 features, each with SE .02.
    assert (between / (between + within)).mean() == pytest.approx(0.5, abs=0.03)


def test_severity_share_makes_a_workers_errors_alike():
    shares = {}
    for planted in (0.0, 0.6):
        study = simulate_expressiveness(subjects=150, severity_share=planted, seed=5)
        rows = study.ratings[study.ratings["item"] == "emotion"].copy()
        rows["error"] = rows["rating"] - rows.groupby("clip")["rating"].transform("mean")
        workers = rows.groupby("rater")["error"].agg(["mean", "size"])
        shares[planted] = np.average(workers["mean"] ** 2, weights=workers["size"])
    assert shares[0.0] < 0.03
    assert shares[0.6] > 0.25


def test_same_seed_gives_the_same_study(study):
    again = simulate_expressiveness(seed=1)
    pd.testing.assert_frame_equal(again.ratings, study.ratings)
    pd.testing.assert_frame_equal(again.clips, study.clips)
    other = simulate_expressiveness(seed=2)
    assert not other.clips["au_count"].equals(study.clips["au_count"])


def test_drawing_again_keeps_the_truth_and_brings_new_people(study):
    more = simulate_again(study, subjects=280, seed=9)
    pd.testing.assert_frame_equal(more.truth, study.truth)
    assert more.clips["subject"].nunique() == 280
    assert more.ratings["rater"].nunique() == pytest.approx(
        2 * study.ratings["rater"].nunique(), abs=3
    )
    first = study.clips.iloc[:100]["au_count"].to_numpy()
    assert not np.isin(first, more.clips["au_count"].to_numpy()).any()


def test_one_context_has_no_pooled_truth():
    study = simulate_expressiveness(subjects=5, contexts={"startle": 2}, raters_per_clip=2, seed=1)
    assert study.truth["context"].tolist() == ["startle"] * len(study.truth)
    assert (study.ratings.groupby(["clip", "item"]).size() == 2).all()


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"contexts": {"fear": 3}}, "fear"),
        ({"contexts": {}}, "contexts"),
        ({"contexts": {"pain": 0}}, "context 'pain' is 0; it must be a whole number"),
        ({"contexts": {"pain": 1.5}}, "context 'pain' is 1.5"),
        ({"contexts": ["pain"]}, "must name the clips of each context"),
        ({"subjects": 0}, "subjects"),
        ({"subjects": 2.5}, "subjects is 2.5; it must be a whole number"),
        ({"raters_per_clip": 1}, "raters_per_clip"),
        ({"raters_per_clip": 2.5}, "raters_per_clip is 2.5"),
        ({"workers": 3}, "workers 3"),
        ({"workers": 7.5}, "workers is 7.5"),
        ({"subject_share": 1.5}, "subject_share"),
        ({"severity_share": 0.95}, "severity_share"),
    ],
)
def test_impossible_designs_are_refused(options, named):
    with pytest.raises(OptionError, match=named) as caught:
        simulate_expressiveness(**options)
    assert not isinstance(caught.value, DataError)
