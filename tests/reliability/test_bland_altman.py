"""Limits of agreement against the published example, a loop over groups, and known truth.

Bland and Altman (1986, Table 1): peak flow of 17 people by a large and a mini meter, mean
difference −2.1, SD 38.8, limits −79.7 and 75.5, which are ∓ two SDs from the rounded numbers.
Tolerances: printed decimals; 1e-10 for the same arithmetic in another order; simulations four
Monte-Carlo standard errors.
"""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from exprstats.errors import DataError, OptionError
from exprstats.reliability import compare_raters

LARGE = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
SIDES = {"lower_limit": -1, "bias": 0, "upper_limit": 1}
MINI = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]


def find(table, term):
    return table[table["term"] == term].iloc[0]


def draw_differences(rng, subjects, clips):
    """Subjects' own differences have variance 1, those of clips 1, the bias is .5."""
    own = np.repeat(rng.normal(0, 1, subjects), clips)
    return 0.5 + own + rng.normal(0, 1, subjects * clips)


def make_pair(apart, clips, make_ratings):
    table = make_ratings(np.stack([apart, np.zeros(len(apart))], axis=1))
    return table.assign(subject="s" + (table["clip"].str[1:].astype(int) // clips).astype(str))


def test_the_published_example(make_ratings):
    table = compare_raters(make_ratings(np.stack([LARGE, MINI], axis=1))).table
    bias, low, high = (find(table, term) for term in ("bias", "lower_limit", "upper_limit"))
    assert round(bias["estimate"], 1) == -2.1
    spread = (high["estimate"] - low["estimate"]) / 2 / 1.959964
    assert round(spread, 1) == 38.8
    for side, printed in ((-1, -79.7), (1, 75.5)):
        assert bias["estimate"] + side * 2 * spread == pytest.approx(printed, abs=0.15)
    # The standard error of the mean difference: 38.8 / √17 = 9.4.
    assert round(bias["std_error"], 1) == 9.4
    # Limits of the upper limit of 17 normal differences are quantiles of a noncentral t; ours
    # take the distribution from the data, and may differ by a fifth of the interval.
    exact = stats.nct.ppf([0.025, 0.975], 16, 1.959964 * 17**0.5) * spread / 17**0.5
    found = high[["conf_low", "conf_high"]].to_numpy(float) - bias["estimate"]
    np.testing.assert_allclose(found, exact, atol=0.2 * np.ptp(exact))


def test_clips_of_one_subject_are_no_sample_of_their_own(make_ratings):
    rng = np.random.default_rng(1)
    apart = draw_differences(rng, 15, 4)
    table = compare_raters(make_pair(apart, 4, make_ratings), share=0.9).table
    groups = pd.Series(apart).groupby(np.repeat(range(15), 4))
    between, within = 4 * groups.mean().var(), groups.var().mean()
    spread = ((between - within) / 4 + within) ** 0.5
    expected = apart.mean() + 1.6448536269514722 * spread
    assert find(table, "upper_limit")["estimate"] == pytest.approx(expected, abs=1e-10)
    error = groups.mean().std() / 15**0.5
    assert find(table, "bias")["std_error"] == pytest.approx(error, abs=1e-10)


@pytest.mark.parametrize(
    ("count", "people", "clips"),
    [(120, 8, 1), (60, 30, 4), pytest.param(600, 12, 1, marks=pytest.mark.slow)],
)
def test_intervals_hold_the_truth(make_ratings, count, people, clips):
    """With limits by plain t .88 to .90 of those of 6 and 12 people held the truth."""
    rng = np.random.default_rng(2)
    truth = {side: 0.5 + one * 1.959964 * 2**0.5 for side, one in SIDES.items()}
    held = {term: [] for term in truth}
    for _ in range(count):
        apart = draw_differences(rng, people, clips)
        table = compare_raters(make_pair(apart, clips, make_ratings)).table
        for term, value in truth.items():
            row = find(table, term)
            held[term].append(row["conf_low"] <= value <= row["conf_high"])
    least = 0.95 - 3 * (0.95 * 0.05 / count) ** 0.5
    assert all(np.mean(found) > least for found in held.values()), held


@pytest.mark.parametrize("tail", [-1, 1])
def test_limits_of_skewed_differences_equal_a_loop(make_ratings, tail):
    """Zou (2013) with standard errors from people left out; mean and log SD go together."""
    apart = tail * np.random.default_rng(4).exponential(size=20)
    table = compare_raters(make_pair(apart, 1, make_ratings)).table
    loop = [np.delete(apart, one) for one in range(20)]
    means, logs = np.array([(one.mean(), np.log(one.std(ddof=1))) for one in loop]).T
    t = stats.t.ppf(0.975, 19) * 19**0.5
    mean, reach = apart.mean(), stats.norm.ppf(0.975) * apart.std(ddof=1)
    together = np.corrcoef(means, logs)[0, 1]
    assert tail * together > 0.5
    for side, term in ((-1, "lower_limit"), (1, "upper_limit")):
        shared = together * side if side == tail else 0.0
        ends = []
        for sign in (-1, 1):
            one = t * means.std()
            two = reach * abs(np.expm1(side * sign * t * logs.std()))
            away = (one**2 + two**2 + 2 * shared * one * two) ** 0.5
            ends.append(mean + side * reach + sign * away)
        found = find(table, term)[["conf_low", "conf_high"]].to_numpy(float)
        np.testing.assert_allclose(found, ends, rtol=1e-9)


def test_differences_that_do_not_vary_have_no_limits(make_ratings):
    table = compare_raters(make_ratings(np.stack([np.arange(12) + 2.0, np.arange(12)], 1))).table
    assert table["estimate"].tolist() == [2.0] * 3
    limits = table[table["term"] != "bias"]
    assert limits[["conf_low", "conf_high"]].isna().all(axis=None)
    assert set(limits["note"]) == {"no interval: the differences do not vary"}


@pytest.mark.parametrize(
    ("apart", "clips", "why"),
    [
        ([0.0] * 11 + [1.0], 1, "the differences do not vary without one subject"),
        (np.arange(12) % 5 - 2.0, 6, "fewer than three subjects"),
    ],
)
def test_why_limits_have_no_interval_is_true(make_ratings, apart, clips, why):
    """Of two people each alone has no spread between people; of others one makes all of it."""
    table = compare_raters(make_pair(np.asarray(apart), clips, make_ratings)).table
    limits = table[table["term"] != "bias"]
    assert limits[["conf_low", "conf_high"]].isna().all(axis=None)
    assert set(limits["note"]) == {f"no interval: {why}"}


def test_pairs_sentences_and_refusals(make_ratings):
    matrix = np.random.default_rng(3).normal([0, 1, 2], size=(12, 3))
    result = compare_raters(make_ratings(matrix))
    assert result.glance()["pairs"].item() == 3
    assert "x: ratings of r0 less those of r1 have the mean −" in result.sentence()
    assert "95% of differences lie between" in result.sentence()
    with pytest.raises(DataError, match="no pair of raters shares 10 clips"):
        compare_raters(make_ratings(matrix[:5]))
    with pytest.raises(OptionError, match="share"):
        compare_raters(make_ratings(matrix), share=95)
