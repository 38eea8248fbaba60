"""The ceiling, against its variance components and the correlation it bounds.

Tolerance: .03, four standard errors of the simulated reliability's root.
"""

import numpy as np
import pandas as pd
import pytest

from exprstats.models import rate_ceiling, rate_scores
from exprstats.reliability import rate_reliability


@pytest.fixture(scope="module")
def case(draw_ratings, make_factor):
    return draw_ratings(subjects=300, raters=4, seed=6), make_factor()


def test_it_is_the_correlation_of_the_mean_with_the_truth(case):
    ratings, factor = case
    found = rate_ceiling(ratings, factor).table.set_index("context")["estimate"]
    # Bartlett (1937): loadings over residual variances.
    weights = np.array([0.9, 0.7, 0.5]) / np.array([0.2, 0.5, 0.9])
    # Signal 1 and noise 1 in all answers, .3 in each: shares of a weighted mean of four raters.
    error = 1 + 0.3**2 * (weights @ weights) / weights.sum() ** 2
    assert found["fear"] == pytest.approx(np.sqrt(1 / (1 + error / 4)), abs=0.03)
    rated = rate_scores(ratings, factor).table.query("headline").set_index("context")
    assert rated.loc["fear", "estimate"] == pytest.approx(1 / (1 + error / 4), abs=0.03)
    assert rated.loc["fear", "conf_low"] < 1 / (1 + error / 4) < rated.loc["fear", "conf_high"]


@pytest.mark.parametrize("level", [0.95, 0.8])
def test_it_is_the_root_of_the_reliability_of_the_sums(case, level):
    ratings, factor = case
    joy = ratings[ratings["context"] == "joy"]
    loadings = joy["item"].map({"response": 0.6 / 0.2, "emotion": 0.8 / 0.5, "motion": 0.4 / 0.9})
    sums = (
        joy.assign(rating=joy["rating"] * loadings, item="sum")
        .groupby(["context", "clip", "rater", "subject", "item"], as_index=False)["rating"]
        .sum()
    )
    wanted = rate_reliability(sums, level=level).table
    wanted = wanted[wanted["headline"]].iloc[0]
    row = rate_ceiling(ratings, factor, level=level).table.set_index("context").loc["joy"]
    assert row["level"] == level
    for name in ("estimate", "conf_low", "conf_high"):
        assert row[name] ** 2 == pytest.approx(wanted[name], abs=1e-9)


def test_a_noisy_item_lowers_the_ceiling_of_plain_sums_not_that_of_the_scores(make_factor):
    """Loadings alike, one item mostly noise: √ICC(k) of scores and of sums by closed form."""
    rng = np.random.default_rng(3)
    clips, raters, noise = 1500, 4, np.array([0.3, 0.3, 6.0])
    level = rng.normal(size=clips)
    answers = 2 + level[:, None, None] + noise * rng.normal(size=(clips, raters, 3))
    index = pd.MultiIndex.from_product(
        [range(clips), range(raters), ("response", "emotion", "motion")],
        names=["clip", "rater", "item"],
    )
    ratings = pd.DataFrame({"rating": answers.ravel()}, index).reset_index()
    ratings["subject"] = ratings["clip"]
    factor = make_factor(by=None)
    for one in factor.solutions:
        one.loadings, one.residuals = np.ones(3), noise**2 / raters
    found = rate_ceiling(ratings, factor).table["estimate"].item()
    weights = (1 / noise**2) / (1 / noise**2).sum()
    best, plain = (
        np.sqrt(1 / (1 + w**2 @ noise**2 / raters)) for w in (weights, np.full(3, 1 / 3))
    )
    assert best == pytest.approx(0.994, abs=0.001)
    assert plain == pytest.approx(0.706, abs=0.001)
    assert found == pytest.approx(best, abs=0.002)


def test_noise_has_no_ceiling(draw_ratings, make_factor):
    ratings = draw_ratings(subjects=20, seed=1)
    # Every rating as far above the clip's mean as another lies below: clips do not differ.
    means = ratings.groupby(["clip", "item"])["rating"].transform("mean")
    flat = ratings.assign(rating=ratings["rating"] - 0.999 * means)
    found = rate_ceiling(flat, make_factor()).table
    assert found["estimate"].isna().all()
    assert set(found["note"]) == {"the reliability is below 0"}


def test_the_words(case):
    found = rate_ceiling(*case)
    assert found.sentence().count("[.") == 3
    assert "√ICC(1,k) of the raters' scores: fear ." in found.sentence()
    assert len(found.glance()) == 1
