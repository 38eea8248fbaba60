"""Components, SEM and SDC against closed forms typed here, published numbers and known truth.

Tolerances: 1e-10 for sums in another order; three printed decimals for published values.
"""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

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


def test_intervals_of_components_hold_the_truth(make_crowd):
    """Own raters, so that subjects are the only clusters: variances .64 + .36, error 1 scale."""
    held = []
    for seed in range(150):
        table = make_crowd(seed, subjects=40, workers=3000)
        row = measure_errors(table).table.query("component == 'error'").iloc[0]
        held.append(row["conf_low"] <= 0.6**2 + 0.8**2 <= row["conf_high"])
    assert np.mean(held) > 0.95 - 4 * (0.95 * 0.05 / 150) ** 0.5


def test_refusals(make_ratings):
    with pytest.raises(DataError, match="subjects are not known"):
        measure_errors(make_ratings([[1, 2], [3, 5]]), model="nested")


def test_sentence_speaks_in_points(crowd):
    text = measure_errors(crowd).sentence()
    assert "is off by a standard error of 0." in text
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
