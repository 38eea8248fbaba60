"""Standard errors of scores against a second panel of raters, and weighted ratings.

Tolerances: algebra 1e-10. Simulated studies have 300 clips of 5 raters: the standard deviation of
differences between two panels is known to 4 %, a correlation near .9 to .012, and a mean over 500
studies to a twentieth of that; the factor's weights are estimated, which adds about 1 %.
"""

import numpy as np
import pandas as pd
import pytest

from exprstats.errors import DataError, DataWarning, OptionError
from exprstats.measurement import average_raters, fit_factor, score_clips, weight_ratings
from exprstats.measurement.factor.scoring import NO_PAIR, NO_RATER, NO_RATERS
from exprstats.reliability import rate_reliability

ITEMS = ["smile", "voice", "pose"]
LOADINGS = np.array([0.9, 0.8, 0.7])


def draw_ratings(seed, *, n=300, raters=5, halo=0.8, noise=0.3, panels=1):
    """Return RATINGS of each panel; a rater's error is shared by the items (halo) or its own."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=n)
    tables = []
    for panel in range(panels):
        felt = truth[:, None] + halo * rng.normal(size=(n, raters))
        answers = felt[:, :, None] * LOADINGS + noise * rng.normal(size=(n, raters, 3))
        index = pd.MultiIndex.from_product(
            [[f"c{i}" for i in range(n)], [f"p{panel}r{j}" for j in range(raters)], ITEMS],
            names=["clip", "rater", "item"],
        )
        tables.append(index.to_frame(index=False).assign(rating=2 + answers.ravel()))
    return tables if panels > 1 else tables[0]


def compare_panels(seed, halo=0.8):
    """Return the printed errors, the real one, the printed reliability and the real one."""
    one, other = draw_ratings(seed, halo=halo, panels=2)
    factor = fit_factor(average_raters(one), items=ITEMS, ratings=one)
    scores = factor.scores["score"].to_numpy()
    again = score_clips(factor, average_raters(other))["score"].to_numpy()
    weighted = weight_ratings(one, factor)
    wide = weighted.pivot_table(index="clip", columns="rater", values="rating").to_numpy()
    # ICC(1,k) of the weighted ratings, from its mean squares.
    between = 5 * wide.mean(axis=1).var(ddof=1)
    within = wide.var(axis=1, ddof=1).mean()
    return (
        factor.scores["std_error"].mean(),
        factor.scores["factor_se"].mean(),
        np.std(scores - again) / np.sqrt(2),
        1 - within / between,
        np.corrcoef(scores, again)[0, 1],
        factor.tidy().set_index("term").loc["omega", "estimate"],
    )


def check_panels(studies):
    printed, own, real, icc, panels, omega = np.mean(
        [compare_panels(seed) for seed in range(studies)], axis=0
    )
    assert printed == pytest.approx(real, rel=0.01)
    assert icc == pytest.approx(panels, abs=0.006)
    # What the model alone believes: an error three times too small, and a "reliability" too high.
    assert own < 0.4 * real
    assert omega > panels + 0.05


def test_the_error_of_a_score_is_that_of_another_panel(closed):
    check_panels(30)


@pytest.mark.slow
def test_the_error_of_a_score_is_that_of_another_panel_in_500_studies(closed):
    check_panels(500)


def test_the_error_is_sd_times_the_root_of_one_less_the_icc(closed):
    """By the numbers of the reliability room, at every clip's own number of raters."""
    ratings = draw_ratings(3, n=80)
    rng = np.random.default_rng(1)
    pairs = ratings[["clip", "rater"]].drop_duplicates()
    pairs = pairs[(pairs["rater"].isin(["p0r0", "p0r1"])) | (rng.random(len(pairs)) < 0.5)]
    ratings = ratings.merge(pairs)
    means = average_raters(ratings)
    factor = fit_factor(means, items=ITEMS, ratings=ratings)
    weighted = weight_ratings(ratings, factor)
    rows = rate_reliability(weighted, by=None).tidy()
    single = rows[rows["term"] == "ICC(1,1)"]["estimate"].iloc[0]
    groups = weighted.groupby("clip", sort=False)["rating"]
    k = groups.count()
    within = (groups.var(ddof=1) * (k - 1)).sum() / (k - 1).sum()
    icc = single * k / (1 + (k - 1) * single)
    # The variance of a mean of k ratings, by the variance components behind ICC(1).
    variance = within / (1 - single) * (single + (1 - single) / k)
    wanted = np.sqrt(variance * (1 - icc))
    scores = factor.scores.set_index("clip").loc[wanted.index]
    np.testing.assert_allclose(scores["std_error"], wanted, atol=1e-10)
    assert scores["std_error"].nunique() == k.nunique() > 1
    np.testing.assert_allclose(groups.mean(), scores["score"], atol=1e-10)


@pytest.mark.parametrize("method", ["bartlett", "regression", "mean"])
def test_every_kind_of_score_has_its_own_error(closed, method):
    ratings = draw_ratings(4)
    factor = fit_factor(average_raters(ratings), items=ITEMS)
    scores = score_clips(factor, average_raters(ratings), method=method, ratings=ratings)
    weighted = weight_ratings(ratings, factor, method=method)
    within = weighted.groupby("clip")["rating"].var(ddof=1).mean()
    np.testing.assert_allclose(scores["std_error"], np.sqrt(within / 5), atol=1e-10)


def test_each_context_has_its_own_raters(closed):
    calm, loud = draw_ratings(5, halo=0.2), draw_ratings(6, halo=1.5)
    ratings = pd.concat([calm.assign(context="calm"), loud.assign(context="loud")])
    factor = fit_factor(average_raters(ratings), items=ITEMS, by="context", ratings=ratings)
    errors = factor.scores.groupby(["fitted_on", "context"])["std_error"].agg(["mean", "std"])
    assert (errors["std"] < 1e-12).all()
    for fitted_on in ("context", "all"):
        weighted = weight_ratings(ratings, factor, fitted_on=fitted_on)
        for context, rows in weighted.groupby("context"):
            within = rows.groupby("clip")["rating"].var(ddof=1).mean()
            assert errors.loc[(fitted_on, context), "mean"] == pytest.approx(np.sqrt(within / 5))


def test_without_raters_there_is_a_note_in_place_of_an_error(closed):
    ratings = draw_ratings(7, n=60)
    means = average_raters(ratings)
    scores = fit_factor(means, items=ITEMS).scores
    assert scores["std_error"].isna().all()
    assert set(scores["note"]) == {NO_RATERS}
    one = ratings[ratings["rater"] == "p0r0"]
    scores = fit_factor(average_raters(one), items=ITEMS, ratings=one).scores
    assert scores["std_error"].isna().all()
    assert set(scores["note"]) == {NO_PAIR}
    torn = ratings[~((ratings["clip"] == "c3") & (ratings["item"] == "pose") &
                     (ratings["rater"] != "p0r9"))]  # fmt: skip
    with pytest.warns(DataWarning, match="1 of 60 clips lacks an item"):
        scores = fit_factor(average_raters(torn), items=ITEMS, ratings=torn).scores
    assert scores.set_index("clip").loc["c3", "note"] == "an item is missing"
    spread = ratings.copy()
    own = {"smile": ["p0r0"], "voice": ["p0r1"], "pose": ["p0r2"]}
    kept = spread["clip"].ne("c5") | np.array(
        [rater in own[item] for rater, item in zip(spread["rater"], spread["item"], strict=True)]
    )
    scores = fit_factor(means, items=ITEMS, ratings=spread[kept]).scores.set_index("clip")
    assert scores.loc["c5", "note"] == NO_RATER
    assert np.isnan(scores.loc["c5", "std_error"])
    assert scores.drop(index="c5")["std_error"].notna().all()


def test_raters_who_agree_have_no_error(closed):
    ratings = draw_ratings(8, n=60)
    first = ratings[ratings["rater"] == "p0r0"]
    alike = pd.concat([first, first.assign(rater="again")])
    scores = fit_factor(average_raters(alike), items=ITEMS, ratings=alike).scores
    assert (scores["std_error"] == 0).all()


def test_weighted_ratings_are_ratings(closed):
    ratings = draw_ratings(9, n=60)
    before = ratings.copy()
    factor = fit_factor(average_raters(ratings), items=ITEMS)
    weighted = weight_ratings(ratings, factor)
    pd.testing.assert_frame_equal(ratings, before)
    assert weighted.columns.tolist() == ["clip", "rater", "item", "rating"]
    assert set(weighted["item"]) == {"score"}
    shuffled = weight_ratings(ratings.sample(frac=1, random_state=1), factor)
    keys = ["clip", "rater"]
    pd.testing.assert_frame_equal(
        weighted.sort_values(keys, ignore_index=True), shuffled.sort_values(keys, ignore_index=True)
    )
    with pytest.warns(DataWarning, match="1 of 300 raters' clips was left out"):
        assert len(weight_ratings(ratings.iloc[1:], factor)) == 299
    with pytest.raises(OptionError, match="has no models of contexts"):
        weight_ratings(ratings, factor, fitted_on="context")
    with pytest.raises(DataError, match="no item 'pose'"):
        weight_ratings(ratings[ratings["item"] != "pose"], factor)
