"""One-way coefficients and F limits against published values, R and simulations with known truth.

Tolerances: printed values half a unit of their last digit; R 1e-9 (both in double precision, sums
in another order); simulations four Monte-Carlo standard errors of the mean.
"""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exprstats.reliability import rate_reliability
from exprstats.reliability.icc.estimands import find_f_limits, move_reliability
from exprstats.reliability.icc.oneway import (
    add_moments,
    find_divisors,
    find_mean_squares,
    find_reliability,
    sum_clips,
)

ORACLES = Path(__file__).parents[2] / "oracles" / "reliability"
ORACLE = json.loads((ORACLES / "oneway.json").read_text(encoding="utf-8"))


def read_oracle(name):
    table = pd.DataFrame(ORACLE[name]["ratings"])
    ids = {column: table[column].astype(str) for column in ("clip", "rater")}
    return table.assign(item="x", **ids)


def pick(table, term, method="f", k_rule=None):
    rows = table[(table["term"] == term) & (table["method"] == method)]
    if k_rule:
        rows = rows[rows["k_rule"] == k_rule]
    assert len(rows) == 1
    return rows.iloc[0]


def test_shrout_and_fleiss_as_printed():
    table = rate_reliability(read_oracle("fleiss")).table
    assert round(pick(table, "ICC(1,1)")["estimate"], 3) == 0.166
    assert round(pick(table, "ICC(1,k)")["estimate"], 3) == 0.443


@pytest.mark.parametrize("name", ["fleiss", "crowd"])
def test_complete_tables_equal_psych(name):
    table = rate_reliability(read_oracle(name)).table
    theirs = ORACLE[name]["psych"]
    for place, term in enumerate(("ICC(1,1)", "ICC(1,k)")):
        ours = pick(table, term)
        assert ours["estimate"] == pytest.approx(theirs["ICC"][place], abs=1e-9)
        assert ours["conf_low"] == pytest.approx(theirs["lower bound"][place], abs=1e-9)
        assert ours["conf_high"] == pytest.approx(theirs["upper bound"][place], abs=1e-9)


@pytest.mark.filterwarnings("ignore:item 'x'.*has 1 rating:exprstats.errors.DataWarning")
def test_unbalanced_mean_squares_equal_aov():
    oracle = ORACLE["unbalanced"]
    table = read_oracle("unbalanced")
    design = rate_reliability(table).design.iloc[0]
    assert design["ms_between"] == pytest.approx(oracle["ms_between"], rel=1e-9)
    assert design["ms_within"] == pytest.approx(oracle["ms_within"], rel=1e-9)
    assert design["n_single"] == (table["clip"].value_counts() == 1).sum() == 1


# Lin, Girard, & Morency (2020), Tables 5 and 6: 5 subjects, so n = 5 × clips; k raters.
PRINTED = [
    ("startle 1", 25, 3, 0.632, 0.290, 0.825),
    ("startle 4", 25, 3, 0.280, -0.391, 0.658),
    ("pain 1", 35, 3, 0.652, 0.392, 0.812),
    ("pain 2", 35, 3, 0.534, 0.187, 0.749),
    ("pain 3", 35, 3, 0.504, 0.135, 0.733),
    ("pain 4", 35, 3, -1.010, -2.509, -0.084),
    ("disgust 1", 20, 3, 0.879, 0.747, 0.948),
    ("disgust 3", 20, 3, 0.837, 0.660, 0.930),
    ("startle 1, six", 25, 6, 0.783, 0.619, 0.892),
    ("startle 3, six", 25, 6, 0.879, 0.788, 0.940),
]


@pytest.mark.parametrize("row", PRINTED, ids=lambda row: row[0])
def test_f_limits_equal_published_ones(row):
    _, n, k, estimate, low, high = row
    tries = estimate + np.linspace(-0.0005, 0.0005, 101)
    limits = np.array([find_f_limits(1 / (1 - x), n - 1, n * (k - 1), 0.95) for x in tries])
    near = np.abs(limits - (low, high)) <= 0.0005 + 1e-9
    assert near.all(axis=1).any()


def test_three_rules_for_k():
    counts = np.array([2, 3, 7, 7])
    rules = find_divisors(counts)
    assert rules["mean"] == 19 / 4
    assert rules["harmonic"] == pytest.approx(4 / (1 / 2 + 1 / 3 + 2 / 7))
    assert rules["n0"] == pytest.approx((19 - 111 / 19) / 3)
    assert find_divisors(np.array([3, 3])) == {"all": 3.0}


def test_harmonic_rule_is_the_squared_correlation_of_clip_means_with_the_truth():
    """Clips with 2–12 ratings and ICC(1) = .3: .692 with the truth, .750 by 1 − MSW/MSB."""
    rng = np.random.default_rng(5)
    n = 40_000
    counts = rng.integers(2, 13, n)
    truth = rng.normal(0, 0.3**0.5, n)
    clip = np.repeat(np.arange(n), counts)
    rating = truth[clip] + rng.normal(0, 0.7**0.5, clip.size)
    sums = sum_clips(rating, clip)
    squares = find_mean_squares(add_moments(sums))
    by_n0 = float(find_reliability(squares))
    harmonic = move_reliability(by_n0, float(squares.n0), find_divisors(counts)["harmonic"])
    actual = np.corrcoef(truth, sums.totals / counts)[0, 1] ** 2
    assert actual == pytest.approx(0.692, abs=0.01)
    assert harmonic == pytest.approx(actual, abs=0.01)
    assert by_n0 == pytest.approx(0.750, abs=0.01)


def test_icc1_is_near_the_truth_on_average():
    rng = np.random.default_rng(8)
    found = []
    for _ in range(200):
        counts = rng.integers(2, 9, 100)
        clip = np.repeat(np.arange(100), counts)
        rating = rng.normal(0, 0.4**0.5, 100)[clip] + rng.normal(0, 0.6**0.5, clip.size)
        squares = find_mean_squares(add_moments(sum_clips(rating, clip)))
        found.append(move_reliability(float(find_reliability(squares)), float(squares.n0), 1))
    assert abs(np.mean(found) - 0.4) < 4 * np.std(found) / 200**0.5 + 0.002


def test_spearman_brown_goes_beyond_what_is_attainable():
    assert move_reliability(-0.25, 1, 3) == pytest.approx(-1.5)
    assert move_reliability(-0.5, 1, 3) == -np.inf
    assert move_reliability(-np.inf, 4, 1) == pytest.approx(-1 / 3)
    assert move_reliability(0.9, 1, 1) == 0.9


def test_a_large_mean_costs_no_digits(make_ratings):
    matrix = np.random.default_rng(2).normal(size=(20, 4))
    small = rate_reliability(make_ratings(matrix)).table["estimate"]
    large = rate_reliability(make_ratings(matrix + 1e8)).table["estimate"]
    np.testing.assert_allclose(large, small, atol=1e-6)


@pytest.mark.data
def test_bh1996_as_published():
    """Bliese's HRS table: ICC(1) .1335, ICC(k) .9197 (99 groups, one-way, unbalanced)."""
    path = Path(os.environ["EXPRSTATS_DATA"]) / "ratings/rpkgs/multilevel_bh1996.csv"
    raw = pd.read_csv(path, usecols=["GRP", "HRS"])
    ratings = pd.DataFrame(
        {
            "clip": raw["GRP"].astype(str),
            "rater": np.arange(len(raw)).astype(str),
            "item": "hrs",
            "rating": raw["HRS"].astype(float),
        }
    )
    table = rate_reliability(ratings).table
    assert round(pick(table, "ICC(1,1)")["estimate"], 4) == 0.1335
    assert round(pick(table, "ICC(1,k)", k_rule="n0")["estimate"], 4) == 0.9197
