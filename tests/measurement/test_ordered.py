"""Ordered items: against lavaan by hand, known truth, and posterior integrals done otherwise.

Tolerances: 1e-6 against lavaan; posterior means 1e-5 against adaptive integration, and 1e-12 among
other clips, where products of another size may be summed in another order; known loadings within
3 standard errors.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from exprstats.errors import DataError, DataWarning, FitError, RError
from exprstats.measurement import fit_ordered, score_ordered
from exprstats.measurement.ordered import score_responses, share_categories

ORACLES = Path(__file__).parents[1] / "oracles" / "measurement"
ITEMS = ["A2", "A3", "A4", "A5"]
LOADINGS = np.array([0.8, 0.7, 0.6])
CUTS = (np.array([-1.0, 0.2, 1.1]), np.array([-0.5, 0.5]), np.array([0.3]))


@pytest.fixture(scope="module")
def bfi():
    return pd.read_csv(ORACLES / "bfi.csv")


def draw_answers(n=2500, seed=1):
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=n)
    hidden = np.outer(factor, LOADINGS) + rng.normal(size=(n, 3)) * np.sqrt(1 - LOADINGS**2)
    answers = [np.digitize(hidden[:, place], cuts) for place, cuts in enumerate(CUTS)]
    table = pd.DataFrame(np.array(answers).T.astype(float), columns=list("abc"))
    return table.assign(factor=factor, context=np.resize(["x", "y"], n))


@pytest.mark.r
def test_estimates_and_fit_are_lavaans(bfi):
    wanted = pd.read_csv(ORACLES / "ordered.csv", keep_default_na=False)
    factor = fit_ordered(bfi, items=ITEMS)
    rows = factor.tidy()
    for term, op, column in (("loading", "=~", "rhs"), ("threshold", "|", "lhs")):
        theirs = wanted[wanted["op"] == op]
        mine = rows[rows["term"] == term]
        assert mine["item"].tolist() == theirs[column].tolist()
        for name in ("estimate", "std_error"):
            np.testing.assert_allclose(mine[name], theirs[name].astype(float), atol=1e-6)
    fit = wanted[wanted["lhs"] == "fit"].set_index("rhs")["estimate"].astype(float)
    mine = rows.set_index("term")
    assert mine.loc["chisq", "estimate"] == pytest.approx(fit["chisq.scaled"], abs=1e-5)
    assert mine.loc["chisq", "p_value"] == pytest.approx(fit["pvalue.scaled"], abs=1e-6)
    assert mine.loc["srmr", "estimate"] == pytest.approx(fit["srmr"], abs=1e-6)
    assert "WLSMV" in factor.sentence()


@pytest.mark.r
def test_scores_rank_clips_as_lavaans_posterior_modes_do(bfi):
    modes = pd.read_csv(ORACLES / "ordered_scores.csv")["mode"]
    scores = fit_ordered(bfi, items=ITEMS).scores["score"]
    assert np.corrcoef(scores, modes)[0, 1] > 0.998
    assert np.abs(scores - modes).max() < 0.25


@pytest.mark.r
def test_known_loadings_and_cuts_are_found():
    table = draw_answers()
    factor = fit_ordered(table, items=list("abc"), by="context")
    assert factor.tidy()["context"].drop_duplicates().tolist()[:2] == ["x", "y"]
    rows = factor.tidy()
    rows = rows[rows["context"].isna()]
    found = rows[rows["term"] == "loading"]
    assert (np.abs(found["estimate"] - LOADINGS) < 3 * found["std_error"]).all()
    cuts = rows[rows["term"] == "threshold"]
    assert (np.abs(cuts["estimate"] - np.concatenate(CUTS)) < 3 * cuts["std_error"]).all()
    assert cuts["category"].tolist() == [0, 1, 2, 0, 1, 0]
    assert "Fit cannot be tested with three items" in factor.sentence()
    pooled = factor.scores[factor.scores["fitted_on"] == "all"]
    assert pooled.index.equals(table.index)
    missed = pooled["score"] - table["factor"]
    assert np.sqrt((missed**2).mean()) == pytest.approx(
        np.sqrt((pooled["factor_se"] ** 2).mean()), rel=0.05
    )


@pytest.mark.r
def test_new_and_incomplete_clips_are_scored():
    table = draw_answers()
    factor = fit_ordered(table, items=list("abc"))
    new = table.head(3).copy()
    new.loc[0, "a"] = np.nan
    new.loc[1, ["a", "b", "c"]] = np.nan
    scores = score_ordered(factor, new)
    assert scores["score"].isna().tolist() == [False, True, False]
    known = factor.scores["score"].iloc[2]
    assert scores["score"].iloc[2] == pytest.approx(known, rel=1e-12)
    assert scores["factor_se"].iloc[0] > factor.scores["factor_se"].iloc[0]
    strange = table.head(1).assign(a=9.0)
    with pytest.warns(DataWarning, match="1 answer was never seen"):
        scores = score_ordered(factor, strange)
    highest = score_ordered(factor, table.head(1).assign(a=3.0))
    assert scores["score"].iloc[0] == highest["score"].iloc[0]


def test_posterior_means_are_the_integrals():
    def weigh(point, answers, power):
        chance = norm.pdf(point) * point**power
        for answer, loading, cuts in zip(answers, LOADINGS, CUTS, strict=True):
            edges = np.concatenate([[-np.inf], cuts, [np.inf]])
            if answer >= 0:
                bounds = (edges[answer : answer + 2] - loading * point) / np.sqrt(1 - loading**2)
                chance *= norm.cdf(bounds[1]) - norm.cdf(bounds[0])
        return chance

    patterns = [(0, 0, 0), (3, 2, 1), (1, 2, 0), (-1, 1, 1)]
    answers = np.where(np.array(patterns) < 0, np.nan, np.array(patterns, float))
    mean, spread = score_responses(answers, LOADINGS, CUTS)
    for place, pattern in enumerate(patterns):
        moments = [quad(weigh, -9, 9, args=(pattern, power))[0] for power in (0, 1, 2)]
        wanted = moments[1] / moments[0]
        assert mean[place] == pytest.approx(wanted, abs=1e-5)
        assert spread[place] == pytest.approx(
            np.sqrt(moments[2] / moments[0] - wanted**2), abs=1e-5
        )


def test_categories_share_out_everything():
    shares = share_categories(0.7, np.array([-1.0, 0.5]))
    assert shares.shape[0] == 3
    np.testing.assert_allclose(shares.sum(axis=0), 1, atol=1e-12)
    assert (shares >= 0).all()


def test_answers_that_are_not_ordered_are_refused():
    table = draw_answers(100)
    with pytest.raises(DataError, match=r"'a'.*1\.5; ordered answers are whole numbers"):
        fit_ordered(table.assign(a=table["a"].replace(1.0, 1.5)), items=list("abc"))
    with pytest.raises(DataError, match="has 100 categories"):
        fit_ordered(table.assign(b=np.arange(100.0)), items=list("abc"))


def test_without_r_there_is_no_ordered_factor(closed):
    with pytest.raises(RError):
        fit_ordered(draw_answers(200), items=list("abc"))


@pytest.mark.r
def test_contexts_are_scored_by_their_own_fit_and_strange_ones_refused():
    table = draw_answers().assign(context=["calm", "loud"] * 1250)
    factor = fit_ordered(table, items=list("abc"), by="context")
    calm = table[table["context"] == "calm"]
    with pytest.raises(DataError, match=r"'pain' was not in the fit\. It has calm, loud"):
        score_ordered(factor, table.assign(context="pain"))
    own = factor.scores[factor.scores["context"] == "calm"]
    found = score_ordered(factor, calm)
    pd.testing.assert_frame_equal(found.drop(columns="clip"), own.drop(columns="clip"))


@pytest.mark.r
def test_clips_that_lack_an_item_are_told():
    table = draw_answers()
    table.loc[0, "a"] = np.nan
    with pytest.warns(DataWarning, match="left out of the fit and scored by the items they have"):
        factor = fit_ordered(table, items=list("abc"))
    assert factor.solutions[0].n_clips == len(table) - 1
    assert np.isfinite(factor.scores["score"].iloc[0])


@pytest.mark.r
@pytest.mark.filterwarnings("ignore:measurement.fit_ordered:exprstats.errors.RWarning")
def test_items_that_are_answered_nearly_alike_are_refused_by_name():
    """Twelve clips in which the answers hardly differ leave loadings without a standard error."""
    rng = np.random.default_rng(9)
    factor = rng.normal(size=(12, 1))
    answers = np.clip(np.round(2 + factor + 0.12 * rng.normal(size=(12, 3))), 1, 4)
    with pytest.raises(FitError, match=r"item '[abc]' has a loading of .* answered alike"):
        fit_ordered(pd.DataFrame(answers, columns=["a", "b", "c"]), items=["a", "b", "c"])


@pytest.mark.r
@pytest.mark.filterwarnings("ignore::exprstats.errors.RWarning")
def test_a_fit_whose_information_has_no_inverse_names_the_item():
    # lavaan then returns no matrix of covariances at all, and standard errors that are missing.
    rng = np.random.default_rng(7)
    expressed = rng.normal(size=(12, 1))
    answers = np.clip(np.round(2 + expressed + 0.12 * rng.normal(size=(12, 3))), 1, 4)
    table = pd.DataFrame(answers, columns=list("abc"))
    with pytest.raises(FitError, match=r"item 'a' .* and no standard error: it and the others"):
        fit_ordered(table, items=list("abc"))
