"""Decision studies against the Spearman–Brown formula typed from its source, and simulation.

Tolerance 1e-12 for formulas.
"""

import numpy as np
import pandas as pd
import pytest

from exprstats.errors import DataError, OptionError
from exprstats.reliability import rate_reliability
from exprstats.reliability.decisions import count_raters, plan_raters, study_decisions

PILOT = pd.DataFrame(
    {
        "task": ["startle", "pain"],
        "question": ["1", "4"],
        "estimate": [0.632, -1.010],
        "conf_low": [0.290, -2.509],
        "conf_high": [0.825, -0.084],
        "raters_per_clip": 3,
    }
)


def test_reliability_follows_spearman_and_brown(crowd):
    result = rate_reliability(crowd)
    single = result.table.query("term == 'ICC(1,1)' and method == 'jackknife'").iloc[0]
    table = study_decisions(result, raters=[1, 2, 7]).table.set_index("raters_per_clip")
    for k in (1, 2, 7):
        for name in ("estimate", "conf_low", "conf_high"):
            expected = k * single[name] / (1 + (k - 1) * single[name])
            assert table.loc[k, name] == pytest.approx(expected, abs=1e-12)


def test_the_pilot_foretells_the_second_pilot():
    """Lin et al.: 3 raters gave .632 for startle, question 1; 6 raters then gave .783."""
    row = study_decisions(PILOT, raters=[6]).table.iloc[0]
    assert row["estimate"] == pytest.approx(2 * 0.632 / (1 + 0.632))
    assert row["conf_low"] < 0.783 < row["conf_high"]


@pytest.mark.parametrize("target", [0.3, 0.75, 0.9])
def test_the_planned_number_is_the_first_that_reaches_the_target(target):
    for single in (0.05, 0.3, 0.5, 0.74):
        k = np.arange(1, 2000)
        reached = k * single / (1 + (k - 1) * single) >= target - 1e-12
        assert count_raters(single, 1, target) == k[reached][0]


def test_limits_swap_and_what_is_not_attainable_says_so():
    table = plan_raters(PILOT, target=0.75).table.set_index("task")
    startle = table.loc["startle"]
    assert startle["raters_low"] < startle["raters"] < startle["raters_high"]
    assert startle["raters_low"] == count_raters(0.825, 3, 0.75)
    assert table.loc["pain", ["raters", "raters_low", "raters_high"]].isna().all()
    assert "not attainable" in table.loc["pain", "note"]
    text = plan_raters(PILOT, target=0.75).sentence()
    assert "startle 1: a reliability of .75 needs 6 raters per clip (2 to 23)" in text
    assert "pain 4: a reliability of .75 needs more raters than there can be" in text


def test_sentence_shows_both_ends():
    text = study_decisions(PILOT.head(1), raters=[1, 6]).sentence()
    assert text == "startle 1: .36 [.12, .61] with 1 rater and .77 [.45, .90] with 6 raters."


def test_means_of_more_raters_are_as_reliable_as_foretold():
    """Draw 3 ratings a clip, foretell 8, then draw 8 and correlate with the truth."""
    rng = np.random.default_rng(6)
    truth = rng.normal(0, 1, 4000)
    ratings = truth[:, None] + rng.normal(0, 1.2, (4000, 11))
    clip, rater = np.indices((4000, 3))
    table = pd.DataFrame(
        {
            "clip": clip.ravel().astype(str),
            "rater": rater.ravel().astype(str),
            "item": "x",
            "rating": ratings[:, :3].ravel(),
        }
    )
    foretold = study_decisions(rate_reliability(table), raters=[8]).table["estimate"].item()
    actual = np.corrcoef(truth, ratings[:, 3:].mean(axis=1))[0, 1] ** 2
    assert foretold == pytest.approx(actual, abs=0.02)


def test_bad_options():
    with pytest.raises(OptionError, match="target 80"):
        plan_raters(PILOT, target=80)
    with pytest.raises(OptionError, match="raters is 0; it must be a whole number of at least 1"):
        study_decisions(PILOT, raters=[0, 2])
    with pytest.raises(DataError, match="no column 'conf_low'"):
        plan_raters(PILOT.drop(columns="conf_low"))


def test_one_number_of_raters_is_told_once():
    assert study_decisions(PILOT.head(1), raters=6).sentence().count("with 6 raters") == 1
    nameless = PILOT.head(1)[["estimate", "conf_low", "conf_high", "raters_per_clip"]]
    assert study_decisions(nameless, raters=6).sentence().startswith("It: ")


@pytest.mark.parametrize(
    ("raters", "told"), [("6", "raters is '6'"), (2.5, "raters is 2.5"), ([], "raters is empty")]
)
def test_raters_are_whole_numbers(raters, told):
    with pytest.raises(OptionError, match=told):
        study_decisions(PILOT, raters=raters)


def test_a_printed_table_may_hold_texts_that_are_numbers_only():
    texts = PILOT.astype({"estimate": str})
    assert study_decisions(texts, raters=6).table.equals(study_decisions(PILOT, raters=6).table)
    with pytest.raises(DataError, match=r"column 'estimate': holds .* values such as 'high'"):
        study_decisions(PILOT.assign(estimate="high"))


def test_limits_of_fixed_raters_are_not_carried_to_others_in_silence():
    rng = np.random.default_rng(2)
    clip = np.repeat(np.arange(30), 2)
    ratings = pd.DataFrame({"clip": clip, "subject": clip // 3, "rater": [*"xy"] * 30, "item": "q"})
    ratings["rating"] = rng.normal(size=30)[clip] + rng.normal(size=60)
    told = "Limits that take the raters as fixed are too narrow for other raters."
    two = rate_reliability(ratings, model="two-way")
    assert study_decisions(two).sentence().endswith(told)
    assert plan_raters(two, target=0.9).sentence().endswith(told)
    own = rate_reliability(ratings.assign(rater=np.arange(60)), model="one-way")
    assert told not in study_decisions(own).sentence()
