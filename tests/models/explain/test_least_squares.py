"""Weights without a penalty, against regressions of rows that are really taken.

Tolerances: 1e-10 between a regression from sums of products and numpy's least squares on the rows
(sums in another order); 6% between the jackknife and a cluster-robust error, which are equal only
in the limit of many subjects; three Monte-Carlo standard errors for coverage.
"""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.multitest import multipletests

from exprstats.inference.resampling.clusters import draw_clusters
from exprstats.models import fit_elastic, report_weights, split_subjects
from exprstats.models.data.design import build_design
from exprstats.models.explain.least_squares import list_unpenalised, regress_products
from exprstats.models.explain.refits import code_subjects, count_subjects
from exprstats.parallel import spawn_seeds

FEATURES = ["motion", "gaze", "blink", "still"]
DATA = {"target": "score", "features": FEATURES}


def regress_rows(rows, features=FEATURES):
    """Slopes by numpy's least squares, times the SD of the features in the same rows."""
    values = rows[features].to_numpy(float)
    slopes = np.linalg.lstsq(sm.add_constant(values), rows["score"].to_numpy(float))[0][1:]
    return slopes * values.std(axis=0)


def report(clips, parts, *, draws=20, features=FEATURES, **options):
    models = fit_elastic(clips, parts=parts, target="score", features=features, **options)
    return report_weights(models, draws=draws, repeats=0, seed=2).table


def pick(table, method, context=None):
    own = table["context"].isna() if context is None else table["context"] == context
    rows = table[own & (table["term"] == "unpenalised") & (table["method"] == method)]
    return rows.set_index("feature")


@pytest.fixture(scope="module")
def parts(clips):
    return split_subjects(clips, seed=1)


@pytest.fixture(scope="module")
def startle(clips, parts):
    rows = clips[clips["context"] == "startle"].merge(parts, on="subject")
    return rows[rows["part"] == "train"]


@pytest.fixture(scope="module")
def table(clips, parts):
    return report(clips, parts, by="context", pooled_target="score")


def test_a_draw_equals_least_squares_on_taken_rows(clips, parts):
    models = fit_elastic(clips, parts=parts, by="context", pooled_target="score", **DATA)
    design = models.design
    _, strata = code_subjects(design)
    names = np.unique(design.clips["subject"])
    counts = count_subjects(design, draws=4, seed=5)
    drawn = draw_clusters(spawn_seeds(5, 1)[0], strata)
    train = set(parts.loc[parts["part"] == "train", "subject"])
    for sample in design.samples:
        rows = clips if sample.context is None else clips[clips["context"] == sample.context]
        by_subject = dict(list(rows.groupby("subject")))
        for draw in range(4):
            taken = [by_subject[names[code]] for code in drawn[draw] if names[code] in train]
            wanted = regress_rows(pd.concat(taken))
            found = _regress(design, sample, counts[draw : draw + 1])[0]
            np.testing.assert_allclose(found, wanted, atol=1e-10)


def _regress(design, sample, counts):
    from exprstats.models.fitting.penalties import sum_products

    products = sum_products(design, sample, code_subjects(design)[0])
    return regress_products(products.train, counts, products.size)


def test_the_estimate_and_the_jackknife_by_leaving_out_rows(startle, table):
    whole = regress_rows(startle)
    names = startle["subject"].unique()
    left = np.array([regress_rows(startle[startle["subject"] != name]) for name in names])
    count = len(names)
    error = np.sqrt((count - 1) / count * ((left - left.mean(axis=0)) ** 2).sum(axis=0))
    rows = pick(table, "jackknife", "startle")
    np.testing.assert_allclose(rows["estimate"], whole, atol=1e-10)
    np.testing.assert_allclose(rows["std_error"], error, atol=1e-10)
    reach = stats.t(count - 1).ppf(0.975) * error
    np.testing.assert_allclose(rows["conf_low"], whole - reach, atol=1e-9)
    np.testing.assert_allclose(rows["conf_high"], whole + reach, atol=1e-9)
    p_value = 2 * stats.t(count - 1).sf(np.abs(whole) / error)
    np.testing.assert_allclose(rows["p_value"], p_value, rtol=1e-6)
    holm = multipletests(p_value, method="holm")[1]
    np.testing.assert_allclose(rows["p_adjusted"], holm, rtol=1e-6)
    assert (rows["n_clusters"] == count).all()
    assert (rows["n_clips"] == len(startle)).all()


def test_percentile_rows_come_from_the_draws_of_the_refits(clips, parts, table):
    models = fit_elastic(clips, parts=parts, by="context", pooled_target="score", **DATA)
    report = report_weights(models, draws=20, repeats=0, seed=2)
    pd.testing.assert_frame_equal(report.table, table)
    rows = pick(table, "percentile", "startle")
    assert (rows["draws"] == 20).all()
    # With hardly any penalty the refits of the same draws are the regressions themselves.
    mild = fit_elastic(clips, parts=parts, by="context", alphas=[1e-9], l1_ratios=[0], **DATA)
    found = report_weights(mild, draws=20, repeats=0, seed=2).table
    weights = found[(found["context"] == "startle") & (found["term"] == "weight")]
    for name in ("estimate", "std_error", "conf_low", "conf_high"):
        np.testing.assert_allclose(rows[name], weights[name], atol=1e-7)


def test_the_error_is_near_a_cluster_robust_one(draw_clips):
    clips = draw_clips(subjects=200, seed=4).query("context == 'pain'")
    parts = split_subjects(clips, seed=1)
    rows = pick(report(clips, parts, pooled_target="score"), "jackknife")
    train = clips.merge(parts.query("part == 'train'"), on="subject")
    z = (train[FEATURES] - train[FEATURES].mean()) / train[FEATURES].std(ddof=0)
    fit = sm.OLS(train["score"], sm.add_constant(z)).fit(
        cov_type="cluster", cov_kwds={"groups": train["subject"]}
    )
    np.testing.assert_allclose(rows["estimate"], fit.params[FEATURES], atol=1e-10)
    null = ["blink", "still"]
    np.testing.assert_allclose(rows["std_error"][null], fit.bse[null], rtol=0.06)
    # Where the weight is not 0, its SD adds its share: influence of slope · SD (delta method).
    influence = (z * fit.resid.to_numpy()[:, None]) @ np.linalg.inv(z.T @ z)
    influence.columns = FEATURES
    influence = influence + fit.params[FEATURES] * (z**2 - 1) / 2 / len(z)
    sums = influence.groupby(train["subject"].to_numpy()).sum()
    np.testing.assert_allclose(rows["std_error"], np.sqrt((sums**2).sum()), rtol=0.06)
    assert rows["std_error"]["motion"] > 1.02 * fit.bse["motion"]


def test_the_headline_and_few_subjects(table, draw_clips):
    rows = table[table["term"] == "unpenalised"]
    assert (rows["headline"] == (rows["method"] == "jackknife")).all()
    clips = draw_clips(subjects=15)
    few = report(clips, split_subjects(clips, seed=1))
    noted = few[few["term"] == "unpenalised"].groupby("method")["note"].agg(set)
    assert noted["percentile"] == {"too few subjects (9) for a bootstrap"}
    assert few.loc[few["method"] == "jackknife", "note"].isna().all()


def test_refitted_models_are_regressed_on_the_same_subjects(clips, parts):
    table = report(clips, parts, refit=True, pooled_target="score")
    used = clips.merge(parts, on="subject").query("part != 'test'")
    rows = pick(table, "jackknife")
    np.testing.assert_allclose(rows["estimate"], regress_rows(used), atol=1e-10)
    assert (rows["n_clusters"] == used["subject"].nunique()).all()


def test_units_do_not_matter(clips, parts, table):
    rescaled = clips.assign(motion=1e6 + 1e3 * clips["motion"], gaze=-1e-4 * clips["gaze"])
    found = report(rescaled, parts, by="context", pooled_target="score")
    wanted, found = (
        one[one["term"] == "unpenalised"].set_index("feature") for one in (table, found)
    )
    sign = np.where(wanted.index == "gaze", -1, 1)
    np.testing.assert_allclose(found["estimate"], sign * wanted["estimate"], atol=1e-8)
    np.testing.assert_allclose(found["std_error"], wanted["std_error"], atol=1e-8)


@pytest.mark.filterwarnings("ignore::exprstats.errors.ExprStatsWarning")
def test_what_is_not_identified_has_no_weight(clips, parts):
    spoiled = clips.assign(flat=3.0, twin=clips["gaze"] * 2 + clips["blink"])
    names = [*FEATURES, "flat", "twin"]
    rows = pick(report(spoiled, parts, features=names, pooled_target="score"), "jackknife")
    tied = ["gaze", "blink", "flat", "twin"]
    assert rows.loc[tied, ["estimate", "std_error", "p_value"]].isna().all(axis=None)
    assert set(rows.loc[tied, "note"]) == {"not defined: constant, or determined by other features"}
    # The others are what they are in the regression on a full set of columns.
    train = clips.merge(parts.query("part == 'train'"), on="subject")
    wanted = regress_rows(train)[[0, 3]]
    np.testing.assert_allclose(rows.loc[["motion", "still"], "estimate"], wanted, atol=1e-10)
    assert rows.loc[["motion", "still"], "p_adjusted"].notna().all()


@pytest.mark.filterwarnings("ignore::exprstats.errors.ExprStatsWarning")
@pytest.mark.parametrize("count", [23, 24])
def test_as_many_terms_as_clips_or_more(clips, count):
    rng = np.random.default_rng(1)
    small = clips.query("context == 'startle'").groupby("subject").head(1)
    names = [f"f{i}" for i in range(count)]
    wide = pd.concat(
        [small, pd.DataFrame(rng.normal(size=(40, count)), small.index, names)], axis=1
    )
    table = report(wide, split_subjects(wide, seed=1), features=names)
    rows = table[table["term"] == "unpenalised"]
    assert rows[["estimate", "conf_low", "p_value", "p_adjusted"]].isna().all(axis=None)
    assert set(rows["note"]) == {f"not defined: 24 clips for {count + 1} terms"}


def test_a_subject_or_draw_on_whom_a_feature_hangs(clips, parts):
    one = parts.query("part == 'train'")["subject"].iloc[0]
    rare = clips.assign(rare=(clips["subject"] == one) * np.arange(len(clips)))
    names = [*FEATURES, "rare"]
    table = report(rare, parts, features=names, pooled_target="score", draws=40)
    jackknife, percentile = (pick(table, method) for method in ("jackknife", "percentile"))
    assert jackknife["estimate"].notna().all()
    assert jackknife.loc["rare", "note"] == "not defined without 1 of 24 subjects"
    assert np.isnan(jackknife.loc["rare", "conf_low"])
    assert "of 40 resamples undefined" in percentile.loc["rare", "note"]
    assert np.isnan(percentile.loc["rare", "p_value"])
    assert jackknife.loc[FEATURES, "conf_low"].notna().all()


@pytest.mark.filterwarnings("ignore::exprstats.errors.ExprStatsWarning")
def test_a_context_with_two_training_subjects(clips, parts):
    kept = [*parts.groupby("part")["subject"].head(2)]
    few = clips[(clips["context"] != "pain") | clips["subject"].isin(kept)]
    rows = pick(report(few, parts, by="context"), "jackknife", "pain")
    assert rows["estimate"].notna().all()
    assert rows[["std_error", "conf_low", "p_value"]].isna().all(axis=None)
    assert set(rows["note"]) == {"too few subjects (2) for an interval"}


PLANTED = np.array([0.8, 0.3, -0.4, 0.0, 0.0, 0.0])


def draw_nested(subjects, rng, *, unbalanced=False, skewed=False):
    """Clips in subjects who differ in features and in what the features leave over."""
    sizes = rng.integers(1, 9, subjects) if unbalanced else np.full(subjects, 4)
    own = np.repeat(np.arange(subjects), sizes)
    names = [f"f{i}" for i in range(len(PLANTED))]
    mixing = np.eye(len(PLANTED)) + 0.3
    people, moments = (rng.normal(size=(n, len(PLANTED))) for n in (subjects, len(own)))
    values = (people[own] + moments) @ (mixing / np.sqrt(2 * (mixing**2).sum(axis=0)))
    if skewed:
        # Lognormal with log SD .6 (skewness 2.3), to mean and SD of the population.
        share = np.exp(0.6**2)
        values = (np.exp(0.6 * values) - share**0.5) / np.sqrt((share - 1) * share)
    left = 0.4 * rng.normal(size=subjects)[own] + 0.5 * rng.normal(size=len(own))
    clips = pd.DataFrame(values, columns=names)
    clips = clips.assign(score=values @ PLANTED + left, subject=own.astype(str))
    return clips.assign(clip=np.arange(len(own)).astype(str)), names


def measure_coverage(subjects, samples, *, draws=2, **options):
    """How often intervals hold the planted weights: a frame (samples, features) a method."""
    rng = np.random.default_rng(7)
    found = {"percentile": [], "jackknife": []}
    for _ in range(samples):
        clips, names = draw_nested(subjects, rng, **options)
        design = build_design(clips, None, folded=True, target="score", features=names)
        counts = rng.multinomial(subjects, np.full(subjects, 1 / subjects), draws).astype(float)
        rows = list_unpenalised(design, design.samples[0], counts, refit=False, level=0.95)
        for method, inside in found.items():
            limits = [row for row in rows if row["method"] == method]
            low, high = (np.array([row[name] for row in limits]) for name in LIMITS)
            inside.append((low <= PLANTED) & (high >= PLANTED))
    return {method: np.mean(inside, axis=0) for method, inside in found.items()}


LIMITS = ("conf_low", "conf_high")


@pytest.mark.parametrize("count", [80, pytest.param(300, marks=pytest.mark.slow)])
def test_null_and_strong_weights_are_covered(count):
    found = measure_coverage(60, count)["jackknife"]
    # 300 samples: SE .013; clips taken for independent would cover the null weights at .87.
    more = np.sqrt(300 / count)
    np.testing.assert_allclose(found, 0.95, atol=3 * 0.013 * more)
    assert found[3:].mean() == pytest.approx(0.95, abs=0.025 * more)


@pytest.mark.slow
@pytest.mark.parametrize("unbalanced", [False, True])
@pytest.mark.parametrize("subjects", [60, 84])
def test_coverage_over_many_samples(subjects, unbalanced):
    found = measure_coverage(subjects, 2000, draws=500, unbalanced=unbalanced)
    # 2,000 samples: SE .005.
    np.testing.assert_allclose(found["jackknife"], 0.95, atol=4 * 0.005)
    assert ((found["percentile"] > 0.915) & (found["percentile"] < 0.96)).all()


@pytest.mark.slow
@pytest.mark.parametrize(("unbalanced", "least"), [(False, 0.935), (True, 0.915)])
def test_coverage_with_twenty_subjects(unbalanced, least):
    found = measure_coverage(20, 2000, unbalanced=unbalanced)["jackknife"]
    assert (found > least).all()
    assert (found[3:] < 0.975).all()


@pytest.mark.slow
def test_coverage_with_skewed_features():
    found = measure_coverage(60, 2000, skewed=True)["jackknife"]
    # The SD of a skewed feature is hard to know, which only a weight other than 0 feels.
    np.testing.assert_allclose(found[3:], 0.95, atol=4 * 0.005)
    assert 0.87 < found[0] < 0.93
