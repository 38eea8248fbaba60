"""Many fits at once, and the jackknife over subjects, against single fits and known truth.

Tolerances: refits of complete rows 1e-8 against a fit of the rows left; Fisher scoring 1e-6 and
full information 2e-5 against lavaan, whose optimiser stops within about that; coverage of 95 %
intervals over 200 studies 3 Monte-Carlo errors (.046), over 1,000 .021.
"""

import numpy as np
import pandas as pd
import pytest

from exprstats import rbridge
from exprstats.errors import FitError
from exprstats.measurement import (
    bootstrap_factor,
    check_invariance,
    compare_restrictions,
    fit_factor,
)
from exprstats.measurement.factor.formulas import estimate_alpha_error, solve_many
from exprstats.measurement.factor.moments import sum_rows
from exprstats.measurement.factor.refits import derive_quantities, fit_sums

ITEMS = list("abc")
MORE = list("abcde")


def draw_clips(rng, subjects=40, clips=6, *, loadings=(0.9, 0.85, 0.7), residuals=(0.2, 0.3, 0.5),
               share=0.5):  # fmt: skip
    """Return clips whose subjects share a part of the factor and of each item's residual."""
    loadings, residuals = np.array(loadings), np.array(residuals)
    who = np.repeat(np.arange(subjects), clips)
    near, far = np.sqrt(share), np.sqrt(1 - share)
    factor = near * rng.normal(size=subjects)[who] + far * rng.normal(size=len(who))
    own = near * rng.normal(size=(subjects, len(loadings)))[who]
    own = own + far * rng.normal(size=(len(who), len(loadings)))
    answers = factor[:, None] * loadings + own * np.sqrt(residuals)
    table = pd.DataFrame(answers, columns=list("abcdefgh")[: len(loadings)])
    return table.assign(subject=[f"s{one}" for one in who])


def take(factor, term, method="jackknife"):
    rows = factor.tidy()
    return rows[(rows["term"] == term) & (rows["method"] == method)]


def test_the_jackknife_is_that_of_refits_without_one_subject(closed):
    table = draw_clips(np.random.default_rng(1), subjects=12)
    factor = fit_factor(table, items=ITEMS)
    left = [
        fit_factor(table[table["subject"] != who], items=ITEMS) for who in table["subject"].unique()
    ]
    for term in ("loading", "residual", "r_squared", "loading_raw", "residual_raw", "intercept",
                 "omega", "ave", "determinacy", "alpha"):  # fmt: skip
        values = np.array([take(one, term, "ml")["estimate"] for one in left])
        wanted = np.sqrt(11 / 12 * ((values - values.mean(axis=0)) ** 2).sum(axis=0))
        rows = take(factor, term)
        np.testing.assert_allclose(rows["std_error"], wanted, atol=1e-8)
        assert rows["headline"].all()
        assert set(rows["n_clusters"]) == {12}
        # 2.200985 is the 97.5 % point of t on 11 degrees of freedom.
        reach = 2.200985 * rows["std_error"]
        high = rows["estimate"] + reach
        if term not in {"loading_raw", "residual_raw", "intercept"}:
            high = high.clip(upper=1)
        np.testing.assert_allclose(rows["conf_high"], high, atol=1e-6)
        assert not take(factor, term, "ml")["headline"].any()


@pytest.mark.r
def test_five_items_without_one_subject_are_what_lavaan_finds():
    loadings, residuals = (0.9, 0.8, 0.7, 0.8, -0.6), (0.3, 0.3, 0.5, 0.4, 0.5)
    table = draw_clips(np.random.default_rng(2), 15, loadings=loadings, residuals=residuals)
    codes = pd.factorize(table["subject"])[0]
    answers = table[MORE].to_numpy()
    sums = sum_rows(None, answers, codes, 15, centre=answers.mean(axis=0))
    found = derive_quantities(fit_sums(sums.leave_out()))
    for out in (0, 7, 14):
        rest = np.ascontiguousarray(answers[codes != out])
        fit = rbridge.call("measurement", "fit_one_factor", rest).value["standardized"]
        np.testing.assert_allclose(found["loading"][:, out], fit["estimate"][:5], atol=1e-6)


def scatter_holes(rng, table, items, share):
    """Leave answers out at random, never all of a clip."""
    answers = table[items].to_numpy().copy()
    holes = rng.random(answers.shape) < share
    holes[holes.all(axis=1), 0] = False
    return table.assign(**dict(zip(items, np.where(holes, np.nan, answers).T, strict=True)))


@pytest.mark.r
@pytest.mark.filterwarnings("ignore:.*lack an item:UserWarning")
@pytest.mark.parametrize("items", [ITEMS, MORE])
def test_full_information_refits_are_lavaans(items):
    rng = np.random.default_rng(3)
    loadings, residuals = (0.9, 0.8, 0.7, 0.8, 0.6), (0.3, 0.3, 0.5, 0.4, 0.5)
    table = draw_clips(rng, 20, loadings=loadings[: len(items)], residuals=residuals[: len(items)])
    # Holes in three items are eight patterns of answers, each of which a refit goes through.
    table = scatter_holes(rng, table, items[:3], 0.2)
    codes = pd.factorize(table["subject"])[0]
    answers = table[items].to_numpy()
    centre = np.nanmean(answers, axis=0)
    sums = sum_rows(None, answers, codes, 20, centre=centre, missing="fiml")
    found = fit_sums(sums.leave_out())
    for out in (0, 11):
        rest = fit_factor(table[codes != out], items=items, missing="fiml").solutions[0]
        np.testing.assert_allclose(found.loadings[out], rest.loadings, atol=2e-5)
        np.testing.assert_allclose(found.residuals[out], rest.residuals, atol=2e-5)
        if len(items) == 3:
            np.testing.assert_allclose(found.means[out] + centre, rest.intercepts, atol=2e-5)
    boot = bootstrap_factor(table, items=items, missing="fiml", draws=20, seed=1).tidy()
    whole = fit_factor(table, items=items, missing="fiml")
    errors = boot[(boot["term"] == "loading") & (boot["method"] == "jackknife")]["std_error"]
    np.testing.assert_allclose(errors, take(whole, "loading")["std_error"], atol=1e-8)


def test_a_matrix_that_no_factor_fits_gives_nothing():
    rng = np.random.default_rng(4)
    good = np.cov(draw_clips(rng, loadings=(0.9,) * 4, residuals=(0.3,) * 4)[list("abcd")].T)
    absent, constant = np.full((4, 4), np.nan), good.copy()
    constant[0] = constant[:, 0] = 0
    summed = good.copy()
    summed[3] = summed[:3].sum(axis=0)
    summed[:, 3] = summed[:, :3].sum(axis=1)
    summed[3, 3] = good[:3, :3].sum()
    loadings, residuals = solve_many(np.array([good, absent, constant, summed]))
    assert np.isfinite(loadings[0]).all()
    assert np.isnan(loadings[1:]).all()
    # The likelihood's own equations: at the maximum diag(Σ⁻¹(Σ − S)Σ⁻¹) vanishes.
    implied = np.outer(loadings[0], loadings[0]) + np.diag(residuals[0])
    inverse = np.linalg.inv(implied)
    away = inverse @ (implied - good) @ inverse
    np.testing.assert_allclose(np.diag(away), 0, atol=1e-7)
    np.testing.assert_allclose(away @ loadings[0], 0, atol=1e-7)


TRUTH = {
    "loading": np.array([0.9, 0.85, 0.7]) / np.sqrt([1.01, 1.0225, 0.99]),
    "omega": np.array([2.45**2 / (2.45**2 + 1)]),
}


def cover(studies, subjects, share, seed=5):
    """Return the shares of 95 % intervals that hold the truth, by term and method.

    Studies that give a Heywood case have no intervals; they must be few.
    """
    rng = np.random.default_rng(seed)
    hits, refused = {}, 0
    for _ in range(studies):
        try:
            factor = fit_factor(draw_clips(rng, subjects, share=share), items=ITEMS)
        except FitError:
            refused += 1
            continue
        for term, truth in TRUTH.items():
            for method in ("jackknife", "ml"):
                rows = take(factor, term, method)
                inside = (rows["conf_low"] <= truth) & (truth <= rows["conf_high"])
                hits.setdefault((term, method), []).append(inside.mean())
    assert refused < 0.1 * studies
    return {key: np.mean(found) for key, found in hits.items()}


def test_intervals_over_subjects_cover_and_independent_ones_do_not(closed):
    found = cover(200, 40, 0.5)
    for term in TRUTH:
        assert found[term, "jackknife"] == pytest.approx(0.95, abs=0.046)
        assert found[term, "ml"] < 0.88


@pytest.mark.slow
@pytest.mark.parametrize("subjects", [20, 40, 140])
@pytest.mark.parametrize("share", [0.3, 0.6])
def test_intervals_over_subjects_cover_in_1000_studies(closed, subjects, share):
    found = cover(1000, subjects, share)
    for term in TRUTH:
        assert 0.92 < found[term, "jackknife"] < 0.971
        assert found[term, "ml"] < 0.93


def test_subjects_of_one_clip_each_leave_the_independent_interval(draw, closed):
    table = draw().assign(subject=[f"s{i}" for i in range(120)])
    rows = fit_factor(table, items=["smile", "voice", "pose"]).tidy()
    assert set(rows["method"]) == {"ml"}
    assert rows["headline"].all()


def test_few_subjects_are_named(closed):
    table = draw_clips(np.random.default_rng(6), subjects=6, clips=20)
    factor = fit_factor(table, items=ITEMS)
    assert set(take(factor, "loading")["note"]) == {"6 subjects are too few"}
    two = table[table["subject"].isin(["s0", "s1"])]
    assert set(fit_factor(two, items=ITEMS).tidy()["method"]) == {"ml"}


def test_printed_limits_lie_in_the_range(closed):
    table = draw_clips(np.random.default_rng(8), 4, 40, share=0.2)
    rows = fit_factor(table, items=ITEMS).tidy()
    rows = rows[rows["method"] == "jackknife"].set_index("term")
    assert (rows.loc["loading", "conf_high"] == 1).any()
    assert (rows.loc[["loading", "omega", "alpha"], "conf_high"] <= 1).all()
    assert (rows.loc[["residual", "residual_raw"], "conf_low"] >= 0).all()


def test_alphas_error_without_normality_is_the_one_simulated():
    """Tails of a t on 12 degrees of freedom; subjects of 6 clips, or clips of their own."""
    rng = np.random.default_rng(7)
    for share in (0.0, 0.5):
        alphas, plain, clustered = [], [], []
        for _ in range(400):
            who = np.repeat(np.arange(100), 6)
            tails = np.sqrt(12 / rng.chisquare(12, size=(100, 1)))[who]
            answers = draw_clips(rng, 100, share=share)[ITEMS].to_numpy() * tails
            covariance = np.cov(answers.T)
            alphas.append(1.5 * (1 - np.trace(covariance) / covariance.sum()))
            plain.append(estimate_alpha_error(answers, np.ones(3), None))
            clustered.append(estimate_alpha_error(answers, np.ones(3), who))
        assert np.mean(clustered) == pytest.approx(np.std(alphas), rel=0.15)
        assert (np.mean(plain) < 0.8 * np.mean(clustered)) == (share > 0)


def test_alphas_error_is_its_derivative_by_each_row():
    answers = draw_clips(np.random.default_rng(9), 30)[ITEMS].to_numpy()
    keys = np.array([1.0, 1.0, -1.0])
    n = len(answers)

    def weigh(weights):
        mean = weights @ answers / weights.sum()
        away = (answers - mean) * keys
        covariance = (away * weights[:, None]).T @ away / weights.sum()
        return 1.5 * (1 - np.trace(covariance) / covariance.sum())

    slopes = []
    for row in range(n):
        shift = np.zeros(n)
        shift[row] = 1e-5
        slopes.append((weigh(np.ones(n) + shift) - weigh(np.ones(n) - shift)) / 2e-5)
    wanted = np.sqrt(np.sum(np.square(slopes)))
    assert estimate_alpha_error(answers, keys, None) == pytest.approx(wanted, rel=1e-6)


@pytest.mark.r
@pytest.mark.filterwarnings("ignore:.*lack an item:UserWarning")
def test_nested_models_keep_the_clips_that_full_information_uses():
    rng = np.random.default_rng(10)
    loadings, residuals = (0.9, 0.8, 0.7, 0.8), (0.3, 0.3, 0.5, 0.4)
    table = draw_clips(rng, 60, loadings=loadings, residuals=residuals, share=0.0)
    items = list("abcd")
    # Holes in two items are four patterns of answers, each of which lavaan's search goes through.
    table = scatter_holes(rng, table, items[:2], 0.2).assign(context=np.tile(["x", "y"], 180))
    fiml = check_invariance(table, items=items, missing="fiml")
    assert set(fiml.steps["n_clips"]) == {360}
    listwise = check_invariance(table, items=items)
    assert listwise.steps["n_clips"].max() < 250
    steps = compare_restrictions(table, items=items, missing="fiml").steps
    alone = fit_factor(table, items=items, missing="fiml").tidy().set_index("term")
    assert steps["n_clips"].iloc[0] == 360
    for term in ("chisq", "srmr"):
        assert steps[term].iloc[0] == pytest.approx(alone.loc[term, "estimate"], abs=1e-6)
    # lavaan refits every step without each subject.
    few = table[table["subject"].isin([f"s{one}" for one in range(20)])]
    shared = check_invariance(few, items=items, missing="fiml", cluster="subject")
    assert (shared.steps["method_change"].dropna() == "jackknife").all()
    assert shared.steps["p_change"].notna().sum() == 3
