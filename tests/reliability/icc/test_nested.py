"""Nested components and coefficients against loops over pairs, lme4, and known truth.

Tolerances: loops 1e-10; lme4 1e-4 of the total variance (two optimisers of one criterion, flat
near its maximum); simulations four Monte-Carlo standard errors.
"""

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exprstats.errors import DataError, RError
from exprstats.reliability import rate_reliability
from exprstats.reliability.icc.estimands import SUBJECT_NESTED, measure_estimand
from exprstats.reliability.icc.nested import (
    find_nested_components,
    find_subject_divisors,
    sum_pairs,
)
from exprstats.reliability.icc.oneway import sum_clips
from exprstats.reliability.icc.panels import Panel, find_cells, split_panels
from exprstats.reliability.icc.reml import fit_reml, solve_one_way

ORACLES = Path(__file__).parents[2] / "oracles" / "reliability"
ORACLE = json.loads((ORACLES / "crossed.json").read_text(encoding="utf-8"))


def read_oracle(name):
    table = pd.DataFrame(ORACLE[name]["ratings"])
    ids = {column: table[column].astype(str) for column in table.columns if column != "rating"}
    return table.assign(item="x", **ids)


def loop_components(table):
    kinds = {}
    for one, two in combinations(table.to_dict("records"), 2):
        same = tuple(one[name] == two[name] for name in ("clip", "subject", "rater"))
        kinds.setdefault(same, []).append((one["rating"] - two["rating"]) ** 2 / 2)
    half = {kind: np.mean(values) for kind, values in kinds.items()}
    in_clip, in_subject = half[True, True, False], half[False, True, False]
    in_rater, apart = half[False, False, True], half[False, False, False]
    rater = apart - in_rater
    return {
        "subject": apart - in_subject,
        "clip": in_subject - in_clip,
        "clip_total": apart - in_clip,
        "rater": rater,
        "residual": in_clip - rater,
    }


def find_samples(panel):
    """Return components of all ratings, then without each subject, rater and cell."""
    sums = sum_clips(panel.rating, panel.clip)
    return find_nested_components(sum_pairs(panel, sums, find_cells(panel), nested=True)[0])


def read_components(panel):
    return {name: float(part[0]) for name, part in find_samples(panel).items()}


def test_components_equal_a_loop_over_pairs(make_crowd):
    table = make_crowd(1, subjects=6, clips=3, workers=7, raters=(2, 4))
    [panel] = split_panels(table)
    assert read_components(panel) == pytest.approx(loop_components(table), abs=1e-10)


def test_leaving_out_equals_a_loop(make_crowd):
    table = make_crowd(2, subjects=5, clips=2, workers=6, raters=(2, 4))
    [panel] = split_panels(table)
    found, place = find_samples(panel), 1
    for label in (table["subject"], table["rater"]):
        for name in label.unique():
            expected = loop_components(table[label != name])
            for component, value in expected.items():
                assert found[component][place] == pytest.approx(value, abs=1e-10)
            place += 1
    cells = table["subject"] + "/" + table["rater"]
    without = np.sort(found["clip"][place:])
    expected = np.sort([loop_components(table[cells != name])["clip"] for name in cells.unique()])
    np.testing.assert_allclose(without, expected, atol=1e-10)


def draw_nested(rng, subjects=30, clips=4, workers=20):
    subject = np.repeat(np.arange(subjects), clips)
    rater = np.argsort(rng.random((subject.size, workers)), axis=1)[:, :3]
    trait = rng.normal(0, 0.8, subjects)
    level = trait[subject] + rng.normal(0, 0.6, subject.size)
    y = level[:, None] + rng.normal(0, 0.5, workers)[rater] + rng.normal(0, 0.7, rater.shape)
    clip = np.repeat(np.arange(subject.size), 3)
    panel = Panel(None, "x", y.ravel(), clip, rater.ravel(), subject[clip], clip, 0)
    return panel, trait, y


def test_components_are_unbiased():
    rng = np.random.default_rng(3)
    names = ("subject", "clip", "rater", "residual")
    found = []
    for _ in range(300):
        components = read_components(draw_nested(rng)[0])
        found.append([components[name] for name in names])
    error = np.std(found, axis=0) / 300**0.5
    assert (np.abs(np.mean(found, axis=0) - (0.64, 0.36, 0.25, 0.49)) < 4 * error).all()


def test_subject_coefficient_is_the_squared_correlation_of_means_with_the_trait():
    rng = np.random.default_rng(5)
    parts = {"subject": 0.64, "clip": 0.36, "rater": 0.25, "residual": 0.49}
    signal, found = [], []
    for _ in range(400):
        panel, trait, y = draw_nested(rng)
        means = y.mean(axis=1).reshape(-1, 4).mean(axis=1)
        signal.append(np.corrcoef(trait, means)[0, 1] ** 2)
        divisors = find_subject_divisors(panel, np.full(len(y), 3))
        found.append(float(measure_estimand(SUBJECT_NESTED, parts, divisors)))
    assert abs(np.mean(signal) - np.mean(found)) < 4 * np.std(signal) / 400**0.5 + 0.005


def test_subject_divisors_by_hand():
    """Subject a: clips of 2 and 1 ratings, one rater in both; subject b: one clip of 2."""
    codes = {"clip": [0, 0, 1, 2, 2], "rater": [0, 1, 0, 2, 1], "subject": [0, 0, 0, 1, 1]}
    clip, rater, subject = (np.array(code) for code in codes.values())
    panel = Panel(None, "x", np.arange(5.0), clip, rater, subject, clip, 0)
    found = find_subject_divisors(panel, np.bincount(clip))
    assert found["m"] == pytest.approx(1 / np.mean([1 / 2, 1]))
    assert found["ks"] == pytest.approx(1 / np.mean([0.75**2 + 0.25**2, 0.5]))
    assert found["mk"] == pytest.approx(1 / np.mean([2 * 0.25**2 + 0.5**2, 0.5]))


def test_rows_of_the_nested_model(make_crowd):
    result = rate_reliability(make_crowd(4, subjects=20), model="nested")
    terms = list(dict.fromkeys(result.table["term"]))
    assert terms == [
        "ICC(clip,1)",
        "ICC(clip,k)",
        "ICC(within,1)",
        "ICC(within,k)",
        "ICC(subject,k)",
    ]
    parts = result.design.iloc[0]
    rows = result.table.set_index(["term", "k_rule"])["estimate"]
    single = result.table.set_index("term").loc["ICC(within,1)", "estimate"]
    error = parts["variance_rater"] + parts["variance_residual"]
    assert single == pytest.approx(parts["variance_clip"] / (parts["variance_clip"] + error))
    assert rows["ICC(clip,k)", "harmonic"] > rows["ICC(within,k)", "harmonic"]
    assert result.table["headline"].sum() == 1


def test_own_raters_leave_their_variance_in_the_residual():
    rows = [
        (f"s{s}", f"s{s}c{c}", f"s{s}c{c}r{r}", s + 0.3 * c + 0.1 * r * (-1) ** (s + c))
        for s in range(6)
        for c in range(3)
        for r in range(2)
    ]
    table = pd.DataFrame(rows, columns=["subject", "clip", "rater", "rating"]).assign(item="x")
    design = rate_reliability(table, model="nested").design.iloc[0]
    assert design["variance_rater"] == 0
    assert design["variance_residual"] == pytest.approx(0.1**2 / 2)


def test_nested_needs_subjects_with_several_clips(make_ratings):
    table = make_ratings([[1, 2], [3, 5], [2, 2]])
    with pytest.raises(DataError, match="subjects are not known"):
        rate_reliability(table, model="nested")
    with pytest.raises(DataError, match="each subject has one clip"):
        rate_reliability(table.assign(subject=table["clip"]), model="nested")


def test_one_way_reml_equals_stored_lme4():
    table = read_oracle("incomplete")
    [panel] = split_panels(table)
    clip, error = solve_one_way(sum_clips(panel.rating, panel.clip))
    theirs = ORACLE["incomplete"]["oneway"]
    assert clip == pytest.approx(theirs["clip"], abs=1e-6)
    assert error == pytest.approx(theirs["Residual"], abs=1e-6)


def test_balanced_one_way_reml_is_anova_and_never_negative(make_ratings):
    matrix = np.random.default_rng(3).normal(size=(12, 4)) + np.arange(12)[:, None] / 4
    found = rate_reliability(make_ratings(matrix), estimator="reml").table
    closed = found[found["estimator"] == "anova"]["estimate"].to_numpy()
    reml = found[found["estimator"] == "reml"]["estimate"].to_numpy()
    np.testing.assert_allclose(reml, closed, atol=1e-6)
    negative = rate_reliability(make_ratings([[1, 4], [4, 1.1], [1, 4.2]]), estimator="reml").table
    reml = negative[negative["estimator"] == "reml"]
    assert (reml["estimate"] == 0).all()
    assert reml["note"].str.contains("no interval").all()
    assert (negative[negative["estimator"] == "anova"]["estimate"] < 0).all()


@pytest.mark.r("lme4")
@pytest.mark.parametrize(
    ("name", "model"), [("crowd", "two-way"), ("incomplete", "two-way"), ("nested", "nested")]
)
def test_reml_through_r_equals_stored_lme4(name, model):
    [panel] = split_panels(read_oracle(name))
    fit = fit_reml(panel, model)
    theirs = {"residual" if k == "Residual" else k: v for k, v in ORACLE[name]["lme4"].items()}
    found = {name: fit.components[name] for name in theirs}
    assert found == pytest.approx(theirs, abs=1e-4)
    assert fit.call.startswith("lme4::lmer(rating ~ 1 + (1 |")
    assert "lme4" in fit.versions


@pytest.mark.r("lme4")
def test_reml_rows_come_first_and_take_the_headline():
    result = rate_reliability(read_oracle("nested"), model="nested", estimator="reml")
    row = result.table.query("headline").iloc[0]
    parts = ORACLE["nested"]["lme4"]
    signal = parts["subject"] + parts["clip"]
    expected = signal / (signal + (parts["rater"] + parts["Residual"]) / row["raters_per_clip"])
    assert (row["estimator"], row["term"]) == ("reml", "ICC(clip,k)")
    assert row["estimate"] == pytest.approx(expected, abs=1e-4)
    closed = result.table.query("estimator == 'moments' and term == 'ICC(clip,k)'").iloc[0]
    assert row["conf_high"] - row["conf_low"] == pytest.approx(
        closed["conf_high"] - closed["conf_low"]
    )
    assert "lme4" in result.r_versions


def test_without_lme4_the_message_names_the_cure(crowd, monkeypatch):
    from exprstats import rbridge

    monkeypatch.setattr(rbridge, "probe_r", lambda: rbridge.RState(ready=True))
    with pytest.raises(RError, match="r-cran-lme4"):
        rate_reliability(crowd, model="nested", estimator="reml")
    assert len(rate_reliability(crowd, estimator="reml").table)
