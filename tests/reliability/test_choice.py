"""The choice of a coefficient for designs whose answer the literature agrees on. Exact."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exprstats.errors import OptionError
from exprstats.reliability import rate_reliability
from exprstats.reliability.choice import MEASURED, choose_icc, recommend_interval
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


COVERAGE = pd.read_csv(Path(__file__).parents[2] / "vignettes" / "coverage_few_raters.csv")
SIZES = sorted(MEASURED)


def test_the_coverage_that_is_quoted_is_the_one_that_was_measured():
    held = COVERAGE.groupby(["subjects", "raters", "method"])
    low, high, mean = held.min(), held.max(), held.mean()
    assert len(MEASURED) == COVERAGE.groupby(["subjects", "raters"]).ngroups
    for (subjects, raters), told in MEASURED.items():
        for way, method in (("both", "jackknife"), ("alone", "jackknife_subjects")):
            for name, column in ((way, "held"), (f"{way}_fixed", "held_fixed")):
                ends = [side.loc[(subjects, raters, method), column] for side in (low, high)]
                if raters == 2 and way == "both":
                    assert getattr(told, name) is None
                    assert np.isnan(ends).all()
                else:
                    assert getattr(told, name) == pytest.approx(ends)
        widths = [
            mean.loc[(subjects, raters, f"jackknife{end}"), "width"] for end in ("", "_subjects")
        ]
        if raters > 2:
            assert told.ratio == pytest.approx(widths[0] / widths[1], abs=0.051)


@pytest.mark.parametrize(("subjects", "raters"), SIZES)
def test_measured_coverage_decides(subjects, raters):
    """By hand: the lowest coverage that is .93 or more wins, else the highest that is not."""
    told = recommend_interval(subjects, raters)
    assert "95% intervals" in told
    assert "nearest" not in told
    if raters == 2:
        assert told.startswith("With two raters no interval allows for other raters")
        return
    own = COVERAGE.query("subjects == @subjects and raters == @raters")
    for column, claim in (("held", "For other raters"), ("held_fixed", "For these raters alone")):
        worst = own.groupby("method")[column].min()[["jackknife", "jackknife_subjects"]]
        enough = worst[worst >= 0.93]
        best = enough.idxmin() if len(enough) else worst.idxmax()
        named = told[told.index(claim) :].split(":")[0].split(", which")[0]
        assert ("subjects and raters" in named) == (best == "jackknife")
    # .97 is where coverage ends to be called nominal.
    worst = own.query("method == 'jackknife'")["held"].min()
    assert ("It is too wide" in told) == (worst > 0.97)


def test_three_raters_are_told_that_the_interval_says_little():
    told = recommend_interval(24, 3)
    assert "(2 degrees of freedom): 95% intervals of its kind held the truth in 100% of" in told
    assert "It is too wide, on average 2.5 times as wide as the other" in told


@pytest.mark.parametrize(
    ("subjects", "quoted", "far"), [(500, 60, True), (4, 12, True), (30, 24, False)]
)
def test_a_simulated_size_that_is_not_near_is_named(subjects, quoted, far):
    told = recommend_interval(subjects, 3)
    assert f"simulated studies of {quoted} subjects and 3 raters" in told
    assert (f"the nearest to these {subjects} subjects that were simulated" in told) == far


def cross(subjects, raters, context="joy", clips=3, seed=1):
    """Ratings of all of a context's clips by all of its raters."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({"clip": np.repeat(np.arange(subjects * clips), raters)})
    return table.assign(
        subject=table["clip"] // clips,
        rater=list(range(raters)) * subjects * clips,
        item="smile",
        context=context,
        rating=rng.integers(0, 5, len(table)),
    )


@pytest.mark.parametrize(
    ("raters", "said"),
    [
        (2, "With two raters no interval allows for other raters"),
        (3, "held the truth in 100% of simulated studies of 24 subjects and 3 raters"),
        (7, "held the truth in 97% to 98% of simulated studies of 24 subjects and 6 raters"),
    ],
)
def test_the_choice_says_which_interval_and_why(raters, said):
    ratings = cross(20, raters)
    assert said in choose_icc(ratings).sentence()
    assert "held the truth" not in choose_icc(ratings.drop(columns="subject")).sentence()
    assert "held the truth" not in choose_icc(ratings, target="subjects").sentence()


def test_each_context_has_the_recommendation_of_its_own_raters():
    mixed = pd.concat([cross(20, 2), cross(20, 5, "pain", seed=2)], ignore_index=True)
    told = choose_icc(mixed, by="context").sentence()
    assert told.count("with two raters") == 1
    assert "In joy, with two raters no interval" in told
    assert "In pain, for other raters of their kind" in told
    alike = pd.concat([cross(20, 5), cross(20, 5, "pain", seed=2)], ignore_index=True)
    told = choose_icc(alike, by="context").sentence()
    assert told.count("For other raters of their kind") == 1
    assert "In joy" not in told
    many = pd.concat([cross(20, 2), cross(20, 12, "pain", seed=2)], ignore_index=True)
    told = choose_icc(many, by="context").sentence()
    assert "In joy, with two raters" in told
    assert "In pain" not in told
