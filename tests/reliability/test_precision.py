"""Planned studies against formulas and against studies drawn by other code.

Tolerances: four Monte-Carlo standard errors, or as stated.
"""

import numpy as np
import pytest

from exprstats.errors import DataError, OptionError
from exprstats.reliability import rate_reliability
from exprstats.reliability.precision import StudyPlan, draw_study, simulate_plans

PARTS = {"subject": 0.5, "clip": 0.5, "rater": 0.3, "residual": 0.7}


def test_truth_and_mean_estimate():
    row = simulate_plans(PARTS, subjects=40, clips=5, raters=4, workers=40, seed=1).table.iloc[0]
    assert row["reliability"] == pytest.approx(4 * 0.5 / (1 + 3 * 0.5))
    assert row["estimate"] == pytest.approx(row["reliability"], abs=0.02)
    assert row["n_ratings"] == 800
    assert row["coverage"] > 0.95 - 4 * (0.95 * 0.05 / 200) ** 0.5
    assert row["coverage_f"] < row["coverage"]


def test_more_subjects_narrow_the_interval_by_the_root():
    table = simulate_plans(
        PARTS | {"rater": 0.0}, subjects=[40, 160], clips=4, raters=3, workers=400, seed=2
    ).table
    ratio = table["width"].iloc[0] / table["width"].iloc[1]
    assert ratio == pytest.approx(2, rel=0.15)


def test_every_combination_is_a_plan():
    table = simulate_plans(
        PARTS, subjects=[10, 20], clips=[2, 3], raters=[2], workers=6, draws=3, seed=1
    ).table
    pairs = list(zip(table["subjects"], table["clips_per_subject"], strict=True))
    assert pairs == [(10, 2), (10, 3), (20, 2), (20, 3)]


def test_width_is_that_of_a_study_drawn_otherwise(make_crowd):
    """make_crowd: subject .5, clip .5, rater .36, residual .64."""
    widths = []
    for seed in range(60):
        table = make_crowd(seed, subjects=30, clips=4, workers=20, raters=(4, 4))
        row = rate_reliability(table).table.query("headline").iloc[0]
        widths.append(row["conf_high"] - row["conf_low"])
    parts = {"subject": 0.5, "clip": 0.5, "rater": 0.36, "residual": 0.64}
    row = simulate_plans(parts, subjects=30, clips=4, raters=4, workers=20, seed=3).table.iloc[0]
    error = np.std(widths) / 60**0.5
    assert abs(row["width"] - np.mean(widths)) < 4 * error


def test_a_pilot_gives_the_components(make_crowd):
    pilot = make_crowd(1, subjects=60, workers=30)
    result = simulate_plans(pilot, subjects=20, clips=3, raters=3, workers=30, draws=5, seed=1)
    design = rate_reliability(pilot, model="nested").design.iloc[0]
    for name in ("subject", "clip", "rater", "residual"):
        assert result.components[name].item() == pytest.approx(design[f"variance_{name}"])
    assert result.sentence().startswith("response: 20 subjects with 3 clips rated by 3 raters")


def test_the_drawn_ratings_have_the_variances_asked_for():
    rng = np.random.default_rng(1)
    panel = draw_study(StudyPlan(2000, 3, 3, 400), PARTS, rng)
    assert panel.rating.var() == pytest.approx(2.0, rel=0.06)
    means = np.bincount(panel.clip, panel.rating) / 3
    within = (panel.rating - means[panel.clip]).var() * 3 / 2
    assert within == pytest.approx(1.0, rel=0.05)


def test_the_seed_decides():
    one, two = (
        simulate_plans(PARTS, subjects=10, clips=2, raters=2, workers=8, draws=5, seed=4).table
        for _ in range(2)
    )
    assert one.equals(two)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"raters": 9}, "workers, with 9 raters per clip, is 8"),
        ({"subjects": 1}, "subjects is 1; it must be a whole number of at least 2"),
        ({"draws": 1}, "draws is 1"),
        ({"clips": 2.5}, "clips is 2.5"),
        ({"level": 2}, "level is 2"),
    ],
)
def test_impossible_plans(change, match):
    plan = {"subjects": 10, "clips": 2, "raters": 2, "workers": 8}
    with pytest.raises(OptionError, match=match):
        simulate_plans(PARTS, **(plan | change))


def test_components_must_be_there(make_ratings):
    plan = {"subjects": 10, "clips": 2, "raters": 2, "workers": 8}
    with pytest.raises(OptionError, match="lack rater, residual"):
        simulate_plans({"subject": 1, "clip": 1}, **plan)
    pilot = make_ratings([[1, 2], [3, 5]]).assign(subject=["a", "a", "b", "b"])
    with pytest.raises(DataError, match="each subject has one clip"):
        simulate_plans(pilot, **plan)


@pytest.mark.parametrize("change", [{"rater": 0, "residual": 0}, {"clip": "much"}])
def test_components_that_leave_no_error_cannot_be_studied(change):
    with pytest.raises(OptionError, match="components must be numbers, those of raters or resid"):
        simulate_plans(PARTS | change, subjects=10, clips=2, raters=2, workers=8)


def test_sizes_may_be_of_any_integer_type():
    plan = {"clips": 1, "raters": 2, "workers": 8, "draws": 2, "seed": 1}
    result = simulate_plans(PARTS, subjects=np.int64(10), **plan)
    assert "10 subjects with 1 clip rated by 2 raters each" in result.sentence()
