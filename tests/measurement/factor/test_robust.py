"""Robust and clustered standard errors, missing answers, and the three kinds of scores.

Tolerances: 1e-6 against lavaan run by hand (its optimiser stops within 1e-7); scores from the same
estimates 1e-10. Witnesses: lavaan from the rows (stored, with its script), simulation with known
truth, and least squares derived otherwise.
"""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exprstats import rbridge
from exprstats.errors import DataError, DataWarning, OptionError, RError
from exprstats.measurement import fit_factor, score_clips

ORACLES = Path(__file__).parents[2] / "oracles" / "measurement"
ITEMS = ["y1", "y2", "y3", "y4"]
CASES = {
    "mlr": {"estimator": "mlr"},
    "fiml": {"missing": "fiml"},
    "both": {"estimator": "mlr", "missing": "fiml"},
    "cluster": {"cluster": "cluster"},
    "cluster_fiml": {"cluster": "cluster", "missing": "fiml"},
}
pytestmark = pytest.mark.filterwarnings(
    r"ignore:\d+ of \d+ clips lack:exprstats.errors.DataWarning"
)


@pytest.fixture(scope="module")
def twolevel():
    return pd.read_csv(ORACLES / "twolevel.csv", dtype={"clip": str, "cluster": str})


@pytest.mark.r
@pytest.mark.parametrize("case", CASES)
def test_robust_answers_are_lavaans(twolevel, case):
    wanted = pd.read_csv(ORACLES / "robust_estimates.csv", keep_default_na=False)
    wanted = wanted[wanted["case"] == case].set_index(["term", "item"])
    factor = fit_factor(twolevel, items=ITEMS, **CASES[case])
    rows = factor.tidy().fillna({"item": ""})
    rows = rows[rows["method"] != "jackknife"].set_index(["term", "item"])
    for item in ITEMS:
        for name in ("estimate", "std_error"):
            number = float(wanted.loc[("loading", item), name])
            assert rows.loc[("loading", item), name] == pytest.approx(number, abs=1e-6)
    assert rows.loc[("chisq", ""), "estimate"] == pytest.approx(
        float(wanted.loc[("chisq", ""), "estimate"]), abs=1e-5
    )
    assert rows.loc[("chisq", ""), "p_value"] == pytest.approx(
        float(wanted.loc[("pvalue", ""), "estimate"]), abs=1e-5
    )
    assert set(rows["n_clips"]) == set(wanted["n"])
    assert set(rows["method"]) == {"ml" if case == "fiml" else "robust"}
    if "cluster" in case:
        assert set(rows["n_clusters"]) == {60}
    said = {"cluster": "allow for 60 clusters", "fiml": "full-information", "mlr": "robust"}
    assert said[case.split("_")[0] if case != "both" else "mlr"] in factor.sentence()


@pytest.mark.r
@pytest.mark.parametrize("method", ["bartlett", "regression"])
def test_scores_with_missing_answers_are_lavaans(twolevel, method):
    wanted = pd.read_csv(ORACLES / "robust_scores.csv").set_index("clip")
    factor = fit_factor(twolevel, items=ITEMS, missing="fiml")
    scores = score_clips(factor, twolevel, method=method).set_index("clip")
    np.testing.assert_allclose(scores["score"], wanted.loc[scores.index, method], atol=1e-6)
    if method == "bartlett":
        errors = wanted.loc[scores.index, "std_error"]
        np.testing.assert_allclose(scores["factor_se"], errors, atol=1e-6)
        assert scores["factor_se"].nunique() == 4


@pytest.mark.r
def test_a_clip_without_any_answer_has_no_score(twolevel):
    empty = twolevel.copy()
    empty.loc[4, ITEMS] = np.nan
    factor = fit_factor(empty, items=ITEMS, missing="fiml")
    assert list(np.flatnonzero(factor.scores["score"].isna())) == [4]
    assert factor.solutions[0].n_clips == len(empty) - 1
    assert not factor.receipt.warnings


def test_a_listwise_fit_scores_complete_clips_only(twolevel, closed):
    with pytest.warns(DataWarning, match="clips lack an item"):
        factor = fit_factor(twolevel, items=ITEMS[:3])
    for method in ("bartlett", "regression", "mean"):
        scores = score_clips(factor, twolevel, method=method)
        assert scores["score"].isna().equals(twolevel[ITEMS[:3]].isna().any(axis=1))
        assert scores["factor_se"].isna().equals(scores["score"].isna())


def test_regression_scores_are_bartlett_scores_drawn_in(draw, closed):
    table = draw()
    factor = fit_factor(table, items=["smile", "voice", "pose"])
    bartlett = score_clips(factor, table)
    regression = score_clips(factor, table, method="regression")
    one = factor.solutions[0]
    by_covariance = (table[list(one.items)].to_numpy() - one.intercepts) @ np.linalg.solve(
        np.outer(one.loadings, one.loadings) + np.diag(one.residuals), one.loadings
    )
    np.testing.assert_allclose(regression["score"], by_covariance, atol=1e-10)
    information = 1 / bartlett["factor_se"] ** 2
    drawn = bartlett["score"] * information / (1 + information)
    np.testing.assert_allclose(regression["score"], drawn, atol=1e-10)
    np.testing.assert_allclose(regression["factor_se"], 1 / np.sqrt(1 + information), atol=1e-12)


def test_regression_scores_are_nearest_to_the_truth_with_the_stated_error(draw, closed):
    table = draw(n=20_000, loadings=(0.9, 0.8, 0.7), noise=0.9)
    factor = fit_factor(table, items=["smile", "voice", "pose"])
    missed = {
        method: score_clips(factor, table, method=method) for method in ("bartlett", "regression")
    }
    spread = {
        method: np.sqrt(np.mean((scores["score"] - table["factor"]) ** 2))
        for method, scores in missed.items()
    }
    assert spread["regression"] < spread["bartlett"]
    for method, scores in missed.items():
        assert spread[method] == pytest.approx(scores["factor_se"].iloc[0], rel=0.04)


def test_mean_scores_are_plain_means_with_their_measurement_error(draw, closed):
    table = draw(n=20_000)
    items = ["smile", "voice", "pose"]
    factor = fit_factor(table, items=items)
    scores = score_clips(factor, table, method="mean")
    np.testing.assert_allclose(scores["score"], table[items].mean(axis=1), atol=1e-12)
    error = scores["score"] - (2 + table["factor"] * 0.8)
    assert scores["factor_se"].iloc[0] == pytest.approx(error.std(), rel=0.03)


@pytest.mark.r
def test_clustered_errors_cover_where_independent_ones_do_not():
    """Clips of a subject share half of their factor: the naive error is too small by a third."""
    rng = np.random.default_rng(3)
    n_subjects, clips = 60, 10
    subject = np.repeat(np.arange(n_subjects), clips)
    naive, robust, found = [], [], []
    for _ in range(12):
        factor = (rng.normal(size=n_subjects)[subject] + rng.normal(size=600)) / np.sqrt(2)
        shared = rng.normal(size=(n_subjects, 3))[subject]
        answers = factor[:, None] * 0.8 + 0.42 * shared + 0.42 * rng.normal(size=(600, 3))
        table = pd.DataFrame(answers, columns=["a", "b", "c"]).assign(subject=subject.astype(str))
        for cluster, kept in ((None, naive), ("subject", robust)):
            rows = fit_factor(table, items=["a", "b", "c"], cluster=cluster).tidy()
            rows = rows[(rows["term"] == "loading_raw") & (rows["item"] == "a")]
            row = rows[rows["method"] == ("robust" if cluster else "ml")].iloc[0]
            kept.append(row["std_error"])
        found.append(row["estimate"])
    assert np.mean(robust) > 1.3 * np.mean(naive)
    # 12 draws: a standard deviation known to about 20 %.
    assert np.mean(robust) == pytest.approx(np.std(found, ddof=1), rel=0.5)


@pytest.mark.r
def test_clusters_of_one_clip_are_plain_robust_errors(draw):
    table = draw(contexts=("calm",))
    items = ["smile", "voice", "pose"]
    alone = fit_factor(table, items=items, cluster="clip").tidy()
    robust = fit_factor(table, items=items, estimator="mlr").tidy()
    robust = robust[robust["method"] == "robust"]
    np.testing.assert_allclose(alone["std_error"], robust["std_error"], atol=1e-12)
    assert set(alone["n_clusters"]) == {120}


@pytest.mark.r
def test_few_clusters_are_refused_before_r(twolevel, monkeypatch):
    monkeypatch.setattr(rbridge, "call", pytest.fail)
    few = twolevel[twolevel["cluster"].isin([str(i) for i in range(1, 10)])]
    with pytest.raises(DataError, match="9 clusters; robust standard errors need 10"):
        fit_factor(few, items=ITEMS, cluster="cluster")


def test_a_cluster_column_that_is_absent_or_empty_is_named(twolevel):
    with pytest.raises(DataError, match=r"no column 'clusters'.*'cluster'"):
        fit_factor(twolevel, items=ITEMS, cluster="clusters")
    with pytest.raises(DataError, match="cells are empty"):
        fit_factor(twolevel.assign(cluster=None), items=ITEMS, cluster="cluster")


@pytest.mark.parametrize("options", list(CASES.values()))
def test_without_r_only_plain_maximum_likelihood_is_there(twolevel, closed, options):
    with pytest.raises(RError, match="complete and independent clips"):
        fit_factor(twolevel, items=ITEMS[:3], **options)


def test_an_unknown_way_of_scoring_is_refused(twolevel, closed):
    factor = fit_factor(twolevel, items=ITEMS[:3])
    with pytest.raises(OptionError, match="'thurstone'"):
        score_clips(factor, twolevel, method="thurstone")


@pytest.mark.r
def test_cluster_ids_never_reach_r(twolevel, tmp_path):
    trap = f'system("touch {tmp_path / "ran"}")'
    strange = twolevel.assign(**{trap: trap + twolevel["cluster"]})
    plain = fit_factor(twolevel, items=ITEMS, cluster="cluster")
    factor = fit_factor(strange, items=ITEMS, cluster=trap)
    pd.testing.assert_frame_equal(factor.tidy(), plain.tidy())
    assert not (tmp_path / "ran").exists()


@pytest.mark.r
def test_moments_give_what_rows_give_at_any_size():
    """The scores 1e-10 from the same estimates, 1e-6 from end to end."""
    rng = np.random.default_rng(9)
    factor = rng.normal(size=(200_000, 1))
    answers = 3 + factor * [0.9, 0.6, 0.7] + rng.normal(size=(200_000, 3)) * [0.5, 0.6, 0.4]
    table = pd.DataFrame(answers, columns=["a", "b", "c"])
    ours = fit_factor(table, items=["a", "b", "c"])
    rows = rbridge.call("measurement", "fit_one_factor", answers)
    theirs = rbridge.call("measurement", "score_bartlett", rows.value, answers)
    np.testing.assert_allclose(ours.scores["score"], theirs.value["score"], atol=1e-6)
    one = ours.solutions[0]
    stored = {
        "items": ["v1", "v2", "v3"],
        "parameters": {
            "estimate": np.concatenate([one.loadings, one.residuals, one.intercepts]),
            "term": ["loading"] * 3 + ["residual"] * 3 + ["intercept"] * 3,
        },
    }
    again = rbridge.call("measurement", "score_bartlett", stored, answers)
    np.testing.assert_allclose(ours.scores["score"], again.value["score"], atol=1e-10)


@pytest.mark.r
def test_what_lavaan_warns_of_becomes_a_warning():
    rng = np.random.default_rng(4)
    factor = rng.normal(size=200)
    table = np.outer(factor, [1, 0.9, 0.9]) + rng.normal(size=(200, 3)) * [0, 0.3, 0.3]
    table[:, 1] -= 0.25 * (table[:, 2] - 0.9 * factor)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        reply = rbridge.call("measurement", "fit_one_factor", table, names=list("abc"))
    assert reply.warnings
    assert {str(one.message) for one in caught} == {
        f"measurement.fit_one_factor: {text}" for text in reply.warnings
    }
