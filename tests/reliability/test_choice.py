"""The choice of a coefficient for designs whose answer the literature agrees on. Exact."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exprstats.errors import OptionError
from exprstats.reliability import rate_reliability
from exprstats.reliability.choice import MEASURED, choose_icc
from exprstats.reliability.design import describe_design


@pytest.mark.parametrize(
    ("answers", "term", "model"),
    [
        ({}, "ICC(1,k)", "one-way"),
        ({"averaged": False}, "ICC(1,1)", "one-way"),
        ({"same_raters": True}, "ICC(A,k)", "two-way"),
        ({"same_raters": True, "agreement": False}, "ICC(C,k)", "two-way"),
        ({"same_raters": True, "averaged": False}, "ICC(A,1)", "two-way"),
        ({"target": "subjects", "averaged": False}, "ICC(subject,k)", "nested"),
        ({"target": "clips within subjects"}, "ICC(within,k)", "nested"),
    ],
)
def test_answers_lead_to_coefficients(answers, term, model):
    choice = choose_icc(**answers)
    assert (choice.term, choice.model) == (term, model)
    assert choice.sentence().startswith(f"Report {term}.")


def test_a_crowd_gets_the_coefficient_of_lin_et_al(crowd):
    """Lin, Girard, and Morency (2020): different raters, mean analysed: one-way average score."""
    choice = choose_icc(crowd)
    assert choice.term == "ICC(1,k)"
    assert "Each of 48 clips of 12 subjects was rated" in choice.sentence()


def test_a_complete_table_is_recognised(make_ratings):
    assert choose_icc(make_ratings(np.arange(12).reshape(4, 3))).term == "ICC(A,k)"


@pytest.mark.parametrize("target", ["clips", "clips within subjects", "subjects"])
def test_the_call_gives_what_was_chosen(crowd, target):
    choice = choose_icc(crowd, target=target)
    assert choice.call == f'rate_reliability(ratings, model="{choice.model}")'
    assert choice.term in set(rate_reliability(crowd, model=choice.model).table["term"])


def test_unknown_target():
    with pytest.raises(OptionError, match="target 'people'"):
        choose_icc(target="people")


def test_reasons_hold_no_advice_for_another_target(make_ratings):
    crossed = make_ratings([[1, 2], [3, 5], [2, 2]])
    mixed = pd.concat([crossed, crossed.iloc[2:5].assign(item="other")], ignore_index=True)
    assert "report the one-way" in describe_design(mixed).sentence()
    told = choose_icc(mixed, same_raters=True).sentence()
    assert told.startswith("Report ICC(A,k). ")
    assert "one-way" not in told


def test_few_crossed_raters_get_the_interval_that_was_measured():
    table = pd.read_csv(Path(__file__).parents[2] / "vignettes" / "coverage_few_raters.csv")
    for (subjects, raters), own in table.groupby(["subjects", "raters"]):
        both, alone = MEASURED[subjects, raters]
        held = own.groupby("method")["held"]
        ends = held.min()["jackknife_subjects"], held.max()["jackknife_subjects"]
        assert alone == pytest.approx(ends)
        if raters == 2:
            assert both is None
            continue
        assert both == pytest.approx((held.min()["jackknife"], held.max()["jackknife"]))
        # The one that is recommended for other raters never holds the truth too seldom.
        assert both[0] > 0.94
    assert len(MEASURED) == table.groupby(["subjects", "raters"]).ngroups


@pytest.mark.parametrize(
    ("raters", "said"),
    [
        (2, "With two raters no interval allows for other raters"),
        (3, "held the truth in 100% of simulated studies of 24 subjects and 3 raters"),
        (7, "held the truth in 97% to 98% of simulated studies of 24 subjects and 6 raters"),
    ],
)
def test_the_choice_says_which_interval_and_why(raters, said):
    rng = np.random.default_rng(1)
    ratings = pd.DataFrame({"clip": np.repeat(np.arange(60), raters)})
    ratings = ratings.assign(
        subject=ratings["clip"] // 3, rater=list(range(raters)) * 60, item="joy",
        rating=rng.integers(0, 5, 60 * raters),
    )  # fmt: skip
    assert said in choose_icc(ratings).sentence()
    assert "held the truth" not in choose_icc(ratings.drop(columns="subject")).sentence()
    assert "held the truth" not in choose_icc(ratings, target="subjects").sentence()
