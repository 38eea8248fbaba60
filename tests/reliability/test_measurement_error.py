"""Components, SEM and SDC against closed forms typed here, published numbers and known truth.

Tolerances: 1e-10 for sums in another order; three printed decimals for published values.
"""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from exprstats.errors import DataError
from exprstats.reliability.measurement_error import measure_errors


def pick(table, **keys):
    for name, value in keys.items():
        table = table[table[name] == value]
    assert len(table) == 1
    return table.iloc[0]


def test_one_way_error_is_the_root_of_the_mean_square_within(crowd):
    table = measure_errors(crowd).table
    groups = crowd.groupby("clip")["rating"]
    within = ((crowd["rating"] - groups.transform("mean")) ** 2).sum()
    sem = (within / (len(crowd) - groups.ngroups)) ** 0.5
    single = pick(table, term="SEM", raters_per_clip=1.0)
    assert single["estimate"] == pytest.approx(sem, abs=1e-10)
    k = 1 / (1 / groups.size()).mean()
    mean = table[(table["term"] == "SEM") & (table["raters_per_clip"] > 1)].iloc[0]
    assert mean["raters_per_clip"] == pytest.approx(k)
    assert mean["estimate"] == pytest.approx(sem / k**0.5, abs=1e-10)
    change = pick(table, term="SDC", raters_per_clip=1.0)
    assert change["estimate"] == pytest.approx(1.959964 * 2**0.5 * sem, rel=1e-6)


def test_shares_add_to_one(crowd):
    for model in ("one-way", "two-way", "nested"):
        table = measure_errors(crowd, model=model).table
        assert table["share"].sum() == pytest.approx(1)


def test_limits_are_those_of_a_loop_on_the_logarithm(make_crowd):
    crowd = make_crowd(4).assign(rater=lambda t: t["subject"] + t["rater"])

    def log_sem(rows):
        groups = rows.groupby("clip")["rating"]
        within = ((rows["rating"] - groups.transform("mean")) ** 2).sum()
        return np.log(within / (len(rows) - groups.ngroups)) / 2

    values = [log_sem(crowd[crowd["subject"] != name]) for name in crowd["subject"].unique()]
    error = (np.var(values) * 11) ** 0.5
    row = pick(measure_errors(crowd).table, term="SEM", raters_per_clip=1.0)
    assert row["std_error"] == pytest.approx(row["estimate"] * error, abs=1e-10)
    assert np.log(row["conf_high"] / row["estimate"]) == pytest.approx(2.2009852 * error, rel=1e-6)


def test_agreement_error_holds_raters_levels(make_ratings):
    matrix = np.add.outer([1.0, 2, 4, 7], [0, 1, 2.5]) + np.random.default_rng(1).normal(
        0, 0.2, (4, 3)
    )
    table = measure_errors(make_ratings(matrix), model="two-way").table
    sem = {family: pick(table, term="SEM", family=family, raters_per_clip=1.0) for family in "AC"}
    parts = table.dropna(subset="component").set_index("component")["estimate"]
    assert sem["A"]["estimate"] ** 2 == pytest.approx(parts["rater"] + parts["residual"])
    assert sem["C"]["estimate"] ** 2 == pytest.approx(parts["residual"])
    assert sem["A"]["estimate"] > 3 * sem["C"]["estimate"]


@pytest.mark.parametrize("count", [30, pytest.param(150, marks=pytest.mark.slow)])
def test_intervals_of_components_hold_the_truth(make_crowd, count):
    """Own raters, so that subjects are the only clusters: variances .64 + .36, error 1 scale."""
    held = []
    for seed in range(count):
        table = make_crowd(seed, subjects=40, workers=3000)
        row = measure_errors(table).table.query("component == 'error'").iloc[0]
        held.append(row["conf_low"] <= 0.6**2 + 0.8**2 <= row["conf_high"])
    assert np.mean(held) > 0.95 - 4 * (0.95 * 0.05 / count) ** 0.5


def draw_four_raters(seed, make_ratings):
    """40 clips by 4 raters: clip variance 1, raters .3, residual .7."""
    rng = np.random.default_rng(seed)
    level, bias = rng.normal(0, 1, (40, 1)), rng.normal(0, 0.3**0.5, 4)
    return make_ratings(level + bias + rng.normal(0, 0.7**0.5, (40, 4)))


@pytest.mark.parametrize("count", [80, pytest.param(200, marks=pytest.mark.slow)])
def test_limits_of_components_hold_the_truth_with_four_raters(make_ratings, count):
    """The symmetric jackknife interval held the raters' variance in .83 of such studies."""
    truth = {"clip": 1.0, "rater": 0.3, "residual": 0.7}
    held = {name: [] for name in truth}
    for seed in range(count):
        table = measure_errors(draw_four_raters(seed, make_ratings), model="two-way").table
        for row in table.dropna(subset="component").to_dict("records"):
            value = truth[row["component"]]
            held[row["component"]].append(row["conf_low"] <= value <= row["conf_high"])
    least = 0.95 - 4 * (0.95 * 0.05 / count) ** 0.5
    assert all(np.mean(found) > least for found in held.values()), held


def test_limits_of_a_raters_variance_are_those_of_its_mean_square(make_ratings):
    table = draw_four_raters(1, make_ratings)
    matrix = table.pivot_table("rating", "clip", "rater").to_numpy()
    rows = measure_errors(table, model="two-way").table.set_index("component")
    square = matrix.mean(axis=0).var(ddof=1)
    rest = matrix - matrix.mean(axis=1, keepdims=True) - matrix.mean(axis=0) + matrix.mean()
    noise = (rest**2).sum() / (39 * 3) / 40
    limits = 3 * square / stats.chi2.ppf([0.975, 0.025], 3) - noise
    assert rows.loc["rater", "estimate"] == pytest.approx(square - noise, abs=1e-10)
    found = rows.loc["rater", ["conf_low", "conf_high"]].tolist()
    assert found == pytest.approx(np.maximum(limits, 0).tolist(), abs=1e-10)


@pytest.mark.parametrize("model", ["one-way", "two-way", "nested"])
def test_no_limit_of_a_variance_is_below_0(make_crowd, model):
    for seed in range(8):
        crowd = make_crowd(seed, subjects=8, workers=6, share=0.05)
        parts = measure_errors(crowd, model=model).table.dropna(subset="component")
        assert (parts["conf_low"].dropna() >= 0).all()
        assert (parts["conf_high"].dropna() >= parts["estimate"][parts["conf_high"].notna()]).all()


def test_refusals(make_ratings):
    with pytest.raises(DataError, match="subjects are not known"):
        measure_errors(make_ratings([[1, 2], [3, 5]]), model="nested")


def test_sentence_speaks_in_points(crowd):
    text = measure_errors(crowd).sentence()
    assert "has a standard error of measurement of 0." in text
    assert "points may be error alone" in text


@pytest.mark.data
def test_ppa_components_as_lme4_has_them():
    """Type 1: targets .712, raters 1.087, residual 1.454."""
    path = Path(os.environ["EXPRSTATS_DATA"]) / "ratings/varde/ppa.csv"
    raw = pd.read_csv(path, dtype={"Target": str, "Rater": str, "Type": str})
    names = {"Target": "clip", "Rater": "rater", "Score": "rating"}
    ratings = raw[raw["Type"] == "1"].rename(columns=names).assign(item="x")
    table = measure_errors(ratings, model="two-way").table.dropna(subset="component")
    found = table.set_index("component")["estimate"].round(3)
    assert found.to_dict() == {"clip": 0.712, "rater": 1.087, "residual": 1.454}


def test_perfect_agreement_has_no_error_and_says_so(make_ratings):
    matrix = np.repeat([[1.0], [2], [3], [4]], 3, axis=1)
    found = measure_errors(make_ratings(matrix))
    rows = found.table[found.table["term"].isin(["SEM", "SDC"])]
    assert (rows["estimate"] == 0).all() and rows["conf_low"].isna().all()
    assert "no error of measurement shows, as what counts as error does not vary" in (
        found.sentence()
    )
    level = measure_errors(make_ratings(matrix + np.array([0, 1.0, 0])), model="two-way")
    table = level.table.set_index("family")
    assert (table.loc["C", "estimate"] == 0).all() and (table.loc["A", "estimate"] > 0).all()
    assert level.table.set_index("component").loc["residual", "estimate"] == 0


@pytest.mark.parametrize("model", ["two-way", "nested"])
def test_rounding_is_no_variance(model):
    """Raters who differ in level alone leave no residual, also where .7 and thirds are rounded."""
    rows = [
        (f"s{i // 2}", f"c{i}", f"r{j}", "q", i % 3 / 3 + 0.7 * (j == 1))
        for i in range(8)
        for j in range(3)
    ]
    table = pd.DataFrame(rows, columns=["subject", "clip", "rater", "item", "rating"])
    found = measure_errors(table, model=model).table
    residual = pick(found, component="residual")
    assert residual["estimate"] == 0 and residual["share"] == 0
    rater = pick(found, component="rater")["estimate"]
    assert rater == pytest.approx(np.var([0, 0.7, 0], ddof=1), rel=1e-12)


def test_the_error_variance_and_its_root_have_one_interval(crowd):
    for model, name in (("one-way", "error"), ("two-way", "residual")):
        table = measure_errors(crowd, model=model).table
        part = pick(table, component=name)
        family = "1" if model == "one-way" else "C"
        sem = pick(table, term="SEM", family=family, raters_per_clip=1.0)
        for end in ("estimate", "conf_low", "conf_high"):
            assert part[end] == pytest.approx(sem[end] ** 2, rel=1e-9)
        assert part["df"] == sem["df"] and part["method"] == sem["method"]


def test_two_raters_are_said_to_be_fixed(make_ratings):
    matrix = np.random.default_rng(2).normal(size=(12, 2)) + np.arange(12)[:, None]
    row = pick(
        measure_errors(make_ratings(matrix), model="two-way").table,
        term="SEM",
        family="C",
        raters_per_clip=1.0,
    )
    assert row["method"] == "jackknife_subjects" and "raters treated as fixed" in row["note"]


def test_people_of_whom_each_clip_was_rated_once_are_no_degrees_of_freedom():
    """Clips of 4 in 20 people were rated twice: limits of the SEM are those of the four.

    Of 200 such studies, limits with 19 degrees of freedom held the truth in .85, with 3 in .91.
    """
    rng = np.random.default_rng(1)
    rows = [
        (f"c{subject}.{clip}", subject, f"r{subject}.{clip}.{rater}", "q", rng.normal())
        for subject in range(20)
        for clip in range(4)
        for rater in range(2 if subject < 4 else 1)
    ]
    table = pd.DataFrame(rows, columns=["clip", "subject", "rater", "item", "rating"])
    found, alone = (
        measure_errors(one).table.query("term == 'SEM' or component == 'error'")
        for one in (table, table[table["subject"] < 4])
    )
    single = [0, 1]  # of a mean, the number of raters differs
    numbers = ["estimate", "std_error", "conf_low", "conf_high", "df", "n_clusters"]
    np.testing.assert_allclose(
        found[numbers].iloc[single].astype(float), alone[numbers].iloc[single].astype(float)
    )
    assert found["n_clusters"].eq(4).all()
