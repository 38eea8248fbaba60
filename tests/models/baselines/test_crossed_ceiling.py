"""Reliability of scores and ceiling where the same raters rated all clips.

Raters differ in severity and hardly otherwise: clips are ordered alike by all. Witness: the mean
squares of a two-way table by loops. Tolerance 1e-9.
"""

import numpy as np
import pandas as pd
import pytest

from exprstats.measurement import average_raters, fit_factor, weight_ratings
from exprstats.models import rate_ceiling, rate_scores


@pytest.fixture(scope="module")
def crossed():
    rng = np.random.default_rng(1)
    level = rng.normal(size=90)
    severe = np.array([-1.5, 0.0, 1.5])
    rows = [
        (clip, clip // 3, f"R{rater}", item, level[clip] + severe[rater] + 0.3 * rng.normal())
        for clip in range(90)
        for rater in range(3)
        for item in "abc"
    ]
    ratings = pd.DataFrame(rows, columns=["clip", "subject", "rater", "item", "rating"])
    return ratings, fit_factor(average_raters(ratings), items=list("abc"))


def measure(ratings, factor):
    table = weight_ratings(ratings, factor, fitted_on="all").pivot_table(
        "rating", "clip", "rater", sort=False
    )
    values = table.to_numpy()
    n, k = values.shape
    own, judge = values.mean(axis=1), values.mean(axis=0)
    msr = k * ((own - values.mean()) ** 2).sum() / (n - 1)
    msc = n * ((judge - values.mean()) ** 2).sum() / (k - 1)
    rest = values - own[:, None] - judge + values.mean()
    mse = (rest**2).sum() / ((n - 1) * (k - 1))
    return (msr - mse) / (msr + (msc - mse) / n), 1 - mse / msr


def test_scores_are_rated_by_agreement_and_limited_by_consistency(crossed):
    agreement, consistency = measure(*crossed)
    rows = rate_scores(*crossed).tidy().query("headline")
    assert rows["term"].tolist() == ["ICC(A,k)"]
    assert rows["estimate"].iloc[0] == pytest.approx(agreement, rel=1e-9)
    found = rate_ceiling(*crossed)
    assert found.tidy()["estimate"].iloc[0] == pytest.approx(np.sqrt(consistency), rel=1e-9)
    assert consistency > 0.95 > agreement
    assert "above √ICC(C,k) of the raters' scores" in found.sentence()


def test_crowds_stay_one_way(crossed):
    ratings, factor = crossed
    rng = np.random.default_rng(2)
    names = {key: f"W{rng.integers(40)}-{key}" for key in range(270)}
    seats = ratings.groupby(["clip", "rater"], sort=False).ngroup()
    crowd = ratings.assign(rater=seats.map(names))
    assert rate_scores(crowd, factor).tidy().query("headline")["term"].tolist() == ["ICC(1,k)"]
    assert set(rate_ceiling(crowd, factor).tidy()["icc"]) == {"ICC(1,k)"}
