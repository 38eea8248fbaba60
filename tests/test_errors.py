import pickle

import pytest

from exprstats.errors import DataError, ExprStatsError, OptionError, Problem
from exprstats.words import check_word


def test_every_problem_travels_in_one_error_and_survives_a_process():
    problems = [
        Problem("no column 'rater'.", "Did you mean 'Rater'?", file="a.csv"),
        Problem("3 values are infinite.", column="rating", rows=(2, 5, 9, 11, 12, 40)),
    ]
    error = pickle.loads(pickle.dumps(DataError(problems)))
    assert error.problems == tuple(problems)
    assert str(error).splitlines() == [
        "a.csv: no column 'rater'. Did you mean 'Rater'?",
        "column 'rating', rows 2, 5, 9, 11, 12 and 1 more: 3 values are infinite.",
    ]
    assert isinstance(error, ExprStatsError)
    assert isinstance(error, ValueError)


def test_an_unknown_word_is_answered_with_the_nearest():
    from exprstats.words import MetricName

    check_word("rmse", MetricName, "metric")
    with pytest.raises(OptionError, match=r"Did you mean 'correlation'\? There is: nrmse"):
        check_word("corelation", MetricName, "metric")
