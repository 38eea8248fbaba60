import pickle
import sys

import pandas as pd
import pytest

from exprstats import bootstrap_clusters, rate_reliability
from exprstats.errors import DataError, DataWarning, ExprStatsError, OptionError, Problem
from exprstats.options import check_word


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
    from exprstats.options import MetricName

    check_word("rmse", MetricName, "metric")
    with pytest.raises(OptionError, match=r"Did you mean 'correlation'\? There is: nrmse"):
        check_word("corelation", MetricName, "metric")


def test_a_warning_points_at_the_line_that_called_exprstats_first():
    ratings = pd.DataFrame(
        [
            (f"c{clip}", f"s{clip}", f"r{rater}", (clip + rater**2) % 5)
            for clip in range(9)
            for rater in range(3)
        ],
        columns=["clip", "subject", "rater", "rating"],
    ).assign(item="joy")

    def rate(sample: pd.DataFrame) -> float:
        return rate_reliability(ratings).table["estimate"].iloc[0] + len(sample)

    with pytest.warns(DataWarning, match="each of 9 subjects has one clip") as caught:
        rate(ratings)
    assert caught[0].filename == __file__
    assert caught[0].lineno == rate.__code__.co_firstlineno + 1
    clips = ratings.drop_duplicates("clip")
    with pytest.warns(DataWarning, match="each of 9 subjects has one clip") as caught:
        line = sys._getframe().f_lineno + 1
        bootstrap_clusters(clips, rate, cluster="subject", draws=20)
    assert {(one.filename, one.lineno) for one in caught} == {(__file__, line)}
