"""The choice of a coefficient for designs whose answer the literature agrees on. Exact."""

import numpy as np
import pandas as pd
import pytest

from exprstats.errors import OptionError
from exprstats.reliability import rate_reliability
from exprstats.reliability.choice import choose_icc
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
