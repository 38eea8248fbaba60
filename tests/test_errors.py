import pickle
import sys

import pandas as pd
import pytest

from exprstats import bootstrap_clusters, rate_reliability
from exprstats.errors import (
    DataError,
    DataWarning,
    ExprStatsError,
    FitError,
    Option,
    OptionError,
    Problem,
    warn_user,
)
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


def test_each_reader_gets_an_option_in_his_own_words_and_no_word_of_a_file_is_touched():
    # The file's own name holds what the option is called in Python.
    error = OptionError("run_span=3.csv: NRMSE needs ", Option("span"), ", the range.")
    assert str(error) == "run_span=3.csv: NRMSE needs span=, the range."
    assert error.speak("command") == "run_span=3.csv: NRMSE needs --span, the range."
    assert error.speak("study") == "run_span=3.csv: NRMSE needs 'span', the range."
    assert error.option == "span"
    assert OptionError("draws is 0.", option="draws").option == "draws"
    assert OptionError("plain {braces} and %s.").option is None


@pytest.mark.parametrize(
    ("option", "verb", "command", "study"),
    [
        (Option("min_valid"), "min_valid=", "--min-valid", "'min_valid'"),
        (Option("min_valid", 0.4), "min_valid=0.4", "--min-valid 0.4", "min_valid = 0.4"),
        (Option("recursive", True), "recursive=True", "--recursive", "recursive = true"),
        (Option("repeated", False), "repeated=False", "no --repeated", "repeated = false"),
        (Option("force", True), "force=True", "--force", "--force"),
        (Option("cluster", None), "cluster=None", "no --subject", "no 'subject'"),
        (Option("missing", [-9, 99]), "missing=[-9, 99]", "--missing=-9,99", "missing = [-9, 99]"),
        (Option("sheet", "Day 1"), "sheet='Day 1'", "--sheet 'Day 1'", 'sheet = "Day 1"'),
    ],
)
def test_an_option_is_spelt_as_its_reader_would_type_it(option, verb, command, study):
    names = {"cluster": "subject"}
    assert option.spell() == verb
    assert option.spell("command", names) == command
    assert option.spell("study", names) == study


def test_problems_and_warnings_keep_their_options_across_processes():
    problem = Problem("one.", ("Name it with ", Option("cluster"), "."), file="a.csv", rows=(2,))
    error = pickle.loads(pickle.dumps(DataError([problem, Problem("two.")])))
    assert [one.option for one in error.problems] == ["cluster", None]
    assert str(error) == "a.csv, row 2: one. Name it with cluster=.\ntwo."
    told = error.speak("command", {"cluster": "subject"})
    assert told == "a.csv, row 2: one. Name it with --subject.\ntwo."
    fit = pickle.loads(pickle.dumps(FitError("raise ", Option("draws"), ".")))
    assert (str(fit), fit.speak("command"), fit.option) == (
        "raise draws=.",
        "raise --draws.",
        "draws",
    )
    with pytest.warns(DataWarning) as caught:
        warn_user(problem)
    (warning,) = (one.message for one in caught)
    assert str(warning) == "a.csv, row 2: one. Name it with cluster=."
    assert warning.speak("study", {"cluster": "subject"}).endswith("Name it with 'subject'.")
