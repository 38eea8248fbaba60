"""Two-way coefficients against published values, psych, loops over pairs, and known truth.

Tolerances: printed values half a unit of their last digit; R 1e-9 (the same arithmetic in another
order); loops 1e-10; simulations four Monte-Carlo standard errors.
"""

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from exprstats.errors import DataError
from exprstats.reliability import rate_reliability
from exprstats.reliability.icc.estimands import AGREEMENT, CONSISTENCY, measure_estimand
from exprstats.reliability.icc.nested import sum_pairs
from exprstats.reliability.icc.oneway import sum_clips
from exprstats.reliability.icc.panels import Panel, find_cells, split_panels
from exprstats.reliability.icc.twoway import find_agreement_limits, find_components, square_table

ORACLES = Path(__file__).parents[2] / "oracles" / "reliability"
ORACLE = json.loads((ORACLES / "crossed.json").read_text(encoding="utf-8"))
TERMS = ["ICC(1,1)", "ICC(A,1)", "ICC(C,1)", "ICC(1,k)", "ICC(A,k)", "ICC(C,k)"]


def read_oracle(name):
    table = pd.DataFrame(ORACLE[name]["ratings"])
    ids = {column: table[column].astype(str) for column in table.columns if column != "rating"}
    return table.assign(item="x", **ids)


def rate_both(table):
    frames = [rate_reliability(table, model=model).table for model in ("one-way", "two-way")]
    return pd.concat(frames).set_index("term")


def test_shrout_and_fleiss_as_printed():
    found = rate_both(read_oracle("fleiss"))["estimate"].reindex(TERMS).round(3)
    assert found.tolist() == [0.166, 0.290, 0.715, 0.443, 0.620, 0.909]


@pytest.mark.parametrize("name", ["fleiss", "crowd"])
def test_complete_tables_equal_psych(name):
    found = rate_both(read_oracle(name)).reindex(TERMS)
    theirs = ORACLE[name]["psych"]
    names = {"ICC": "estimate", "lower bound": "conf_low", "upper bound": "conf_high"}
    for column, ours in names.items():
        np.testing.assert_allclose(found[ours], theirs[column], atol=1e-9)


def test_agreement_limits_are_not_those_of_irr():
    """irr 0.84.1 puts ICC(A,k) into a = k·r/(n(1 − r)) for ICC(A,k): [.0394, .9286]."""
    rows = rate_both(read_oracle("fleiss"))
    assert rows.loc["ICC(A,k)", ["conf_low", "conf_high"]].round(4).tolist() == [0.0711, 0.9272]
    [panel] = split_panels(read_oracle("fleiss"))
    squares = square_table(panel, np.ones(panel.n_clips, dtype=bool))
    n, k, msr, msc, mse = 6, 4, squares.clip, squares.rater, squares.residual
    r = (msr - mse) / (msr + (msc - mse) / n)
    a, b = k * r / (n * (1 - r)), 1 + k * r * (n - 1) / (n * (1 - r))
    v = (a * msc + b * mse) ** 2 / ((a * msc) ** 2 / (k - 1) + (b * mse) ** 2 / ((n - 1) * (k - 1)))
    low = stats.f.ppf(0.975, n - 1, v)
    theirs = n * (msr - low * mse) / (low * (msc - mse) + n * msr)
    assert theirs == pytest.approx(0.0394, abs=5e-5)


def test_limits_of_a_single_rating_move_to_the_mean_of_k():
    [panel] = split_panels(read_oracle("crowd"))
    low, high = find_agreement_limits(square_table(panel, np.ones(panel.n_clips, dtype=bool)), 0.9)
    row = rate_reliability(read_oracle("crowd"), model="two-way", level=0.9).table
    row = row.set_index("term").loc["ICC(A,k)"]
    assert row["conf_low"] == pytest.approx(5 * low / (1 + 4 * low))
    assert row["conf_high"] == pytest.approx(5 * high / (1 + 4 * high))


def loop_components(table):
    """Components from every pair of ratings, one pair at a time."""
    halves = {"clip": [], "rater": [], "none": []}
    for one, two in combinations(table.to_dict("records"), 2):
        half = (one["rating"] - two["rating"]) ** 2 / 2
        if one["clip"] == two["clip"]:
            halves["clip"].append(half)
        elif one["rater"] == two["rater"]:
            halves["rater"].append(half)
        else:
            halves["none"].append(half)
    a, b, c = (np.mean(halves[name]) for name in ("clip", "rater", "none"))
    return {"clip": c - a, "rater": c - b, "residual": a + b - c}


def pair_panel(table, **options):
    [panel] = split_panels(table, **options)
    return panel, find_samples(panel)


def find_samples(panel):
    """Return components of all ratings, then without each subject, rater and cell."""
    sums = sum_clips(panel.rating, panel.clip)
    return find_components(sum_pairs(panel, sums, find_cells(panel), nested=False)[0])


def test_components_equal_a_loop_over_pairs():
    table = read_oracle("incomplete")
    _, found = pair_panel(table)
    expected = loop_components(table)
    assert {name: float(part[0]) for name, part in found.items()} == pytest.approx(expected)


def test_components_of_complete_tables_are_those_of_anova():
    panel, samples = pair_panel(read_oracle("crowd"))
    squares = square_table(panel, np.ones(panel.n_clips, dtype=bool))
    expected = {
        "clip": (squares.clip - squares.residual) / squares.k,
        "rater": (squares.rater - squares.residual) / squares.n,
        "residual": squares.residual,
    }
    found = {name: float(part[0]) for name, part in samples.items()}
    assert found == pytest.approx(expected)


def test_leaving_out_equals_a_loop(make_crowd):
    table = make_crowd(2, subjects=5, clips=2, workers=6, raters=(2, 4))
    panel, found = pair_panel(table)
    cells, place = find_cells(panel), 1
    own = table["subject"] + "/" + table["rater"]
    parts = (table["subject"], panel.cluster), (table["rater"], panel.rater), (own, cells.code)
    for label, codes in parts:
        for code in range(codes.max() + 1):
            gone = label[np.flatnonzero(codes == code)[0]]
            expected = loop_components(table[(label != gone).to_numpy()])
            for component, value in expected.items():
                assert found[component][place] == pytest.approx(value, abs=1e-10)
            place += 1
    assert place == len(found["clip"])


def test_two_way_cluster_interval_equals_the_loop(make_crowd):
    table = make_crowd(7, subjects=6, clips=2, workers=6, raters=(2, 4))
    k = 1 / (1 / table.groupby("clip").size()).mean()

    def agree(rows):
        parts = loop_components(rows)
        return parts["clip"] / (parts["clip"] + (parts["rater"] + parts["residual"]) / k)

    def spread(labels):
        values = [agree(table[labels != label]) for label in labels.unique()]
        return np.var(values) * (len(values) - 1)

    subject, rater = spread(table["subject"]), spread(table["rater"])
    cell = spread(table["subject"] + table["rater"])
    error = max(subject + rater - cell, subject, rater) ** 0.5
    row = rate_reliability(table, model="two-way").table.query("headline").iloc[0]
    assert (row["term"], row["method"], row["estimator"]) == ("ICC(A,k)", "jackknife", "moments")
    assert row["estimate"] == pytest.approx(agree(table), abs=1e-10)
    assert row["std_error"] == pytest.approx(error, abs=1e-10)
    assert row["conf_low"] == pytest.approx(agree(table) - stats.t.ppf(0.975, 5) * error)


def test_incomplete_components_are_unbiased():
    rng = np.random.default_rng(4)
    found = []
    for _ in range(300):
        rater = np.argsort(rng.random((40, 12)), axis=1)[:, :4]
        y = rng.normal(0, 1, (40, 1)) + rng.normal(0, 0.7, 12)[rater] + rng.normal(0, 0.9, (40, 4))
        clip = np.repeat(np.arange(40), 4)
        samples = find_samples(Panel(None, "", y.ravel(), clip, rater.ravel(), None, clip, 0))
        found.append([samples[name][0] for name in ("clip", "rater", "residual")])
    error = np.std(found, axis=0) / 300**0.5
    assert (np.abs(np.mean(found, axis=0) - (1, 0.49, 0.81)) < 4 * error).all()


def test_estimands_divide_each_error_by_its_own_number():
    parts = {"clip": 2.0, "rater": 1.0, "residual": 3.0}
    assert measure_estimand(AGREEMENT, parts, {}) == 2 / 6
    assert measure_estimand(AGREEMENT, parts, {"k": 4}) == 2 / 3
    assert measure_estimand(CONSISTENCY, parts, {"k": 3}) == 2 / 3
    assert measure_estimand(CONSISTENCY, parts | {"clip": -1.0}, {"k": 3}) == -np.inf


def test_own_raters_have_no_two_way_reliability(make_ratings):
    nan = np.nan
    table = make_ratings([[1, 2, nan, nan], [2, 4, nan, nan], [nan, nan, 4, 5], [nan, nan, 1, 3]])
    with pytest.raises(DataError, match="fall into 2 sets that share nothing"):
        rate_reliability(table, model="two-way")


def test_a_chain_of_raters_leaves_no_disagreement(make_ratings):
    nan = np.nan
    table = make_ratings([[1, 2, nan], [nan, 4, 5], [nan, nan, 3]])
    with pytest.raises(DataError, match="no rating is left over"):
        rate_reliability(table, model="two-way")


def test_perfect_agreement(make_ratings):
    table = rate_reliability(
        make_ratings(np.repeat([[0.1], [0.7], [0.3]], 3, axis=1)), model="two-way"
    ).table
    assert table["estimate"].tolist() == [1.0] * 4
    assert table["conf_low"].isna().all()


def test_severity_alone_costs_agreement_not_consistency(make_ratings):
    matrix = np.add.outer([1.0, 2, 4, 7], [0, 1, 2.5])
    table = rate_reliability(make_ratings(matrix), model="two-way").table.set_index("term")
    assert table.loc["ICC(C,1)", "estimate"] == pytest.approx(1)
    assert table.loc["ICC(A,1)", "estimate"] < 0.9


def test_sentence_names_the_interval():
    text = rate_reliability(read_oracle("fleiss"), model="two-way").sentence()
    assert "ICC(A,k) = .62, 95% CI [.07, .93]" in text
    assert "Satterthwaite" in text
