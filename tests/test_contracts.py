import numpy as np
import pandas as pd
import pytest

from exprstats.codes import number_ids
from exprstats.contracts import CLIPS, RATINGS, arrange_rows, check_table, order_levels
from exprstats.errors import DataError, OptionError


def make_ratings(**columns):
    table = pd.DataFrame(
        {
            "clip": ["a", "a", "b", "b"],
            "rater": ["r1", "r2", "r1", "r2"],
            "item": "emotion",
            "rating": [1.0, 2.0, 3.0, np.nan],
        }
    )
    return table.assign(**columns)


def list_facts(table, contract=RATINGS):
    with pytest.raises(DataError) as caught:
        check_table(table, contract)
    return [(problem.column, problem.rows, problem.fact) for problem in caught.value.problems]


def test_a_sound_table_passes_with_missing_numbers_and_extra_columns():
    check_table(make_ratings(note="x"), RATINGS)


def test_a_column_that_stands_twice_is_named():
    ratings = make_ratings()
    with pytest.raises(DataError, match="has 2 columns 'rating'"):
        check_table(pd.concat([ratings, ratings[["rating"]]], axis=1), RATINGS)


def test_the_name_of_a_file_is_no_table():
    with pytest.raises(OptionError, match="must be a pandas DataFrame; got a str"):
        check_table("ratings.csv", RATINGS)


def test_absent_columns_are_named_together_with_the_nearest():
    with pytest.raises(DataError, match=r"'rater'.*\n.*'rating'") as caught:
        check_table(make_ratings().rename(columns={"rater": "Rater", "rating": "score"}), RATINGS)
    assert "Did you mean 'Rater'?" in caught.value.problems[0].remedy


def test_every_breach_is_collected_with_its_rows():
    table = make_ratings(rating=[1.0, np.inf, 2.0, 3.0], clip=["a", "a", "", None])
    facts = list_facts(table)
    assert ("clip", (3, 4), "2 of 4 cells are empty.") in facts
    assert ("rating", (2,), "1 value is infinite.") in facts


@pytest.mark.parametrize(
    "values",
    [["1", "2", "drei", "4"], [True, False, True, True], pd.date_range("2020-01-01", periods=4)],
)
def test_text_booleans_and_dates_are_no_numbers(values):
    assert [fact[0] for fact in list_facts(make_ratings(rating=values))] == ["rating"]


def test_a_repeated_key_is_named():
    table = make_ratings(rater=["r1", "r1", "r1", "r2"])
    [(_, rows, fact)] = list_facts(table)
    assert rows == (1, 2)
    assert "clip 'a' rater 'r1' item 'emotion'" in fact
    check_table(table.assign(context=["x", "y", "x", "x"]), RATINGS)


def test_an_empty_table_is_refused():
    assert list_facts(make_ratings().head(0))[0][2] == "the ratings table has no rows."
    assert "no column 'subject'" in list_facts(make_ratings(), CLIPS)[0][2]


def test_codes_tell_apart_what_differs_in_any_column():
    table = pd.DataFrame({"a": ["x", "x", "y", "x"], "b": [1, 2, 1, 1]})
    codes, count = number_ids(table, ["a", "b"])
    assert codes.tolist() == [0, 1, 2, 0]
    assert count == 3
    assert number_ids(table, ["a"])[1] == 2


def test_levels_follow_the_categories_or_the_first_appearance():
    column = pd.Series(["pain", "startle", "pain"])
    assert order_levels(column) == ["pain", "startle"]
    typed = column.astype(pd.CategoricalDtype(["startle", "pain", "disgust"]))
    assert order_levels(typed) == ["startle", "pain"]


def test_rows_are_arranged_keys_first_and_estimates_last():
    frame = arrange_rows([{"estimate": 1.0, "k_rule": "all", "term": "x", "note": None}], ["term"])
    assert list(frame.columns) == ["term", "k_rule", "estimate", "note"]


def test_a_table_with_one_column_an_item_is_told_how_it_becomes_long():
    wide = pd.DataFrame({"clip": ["a", "b"], "rater": ["x", "y"], "joy": [1, 2], "fear": [2, 1]})
    with pytest.raises(DataError, match="Has each item a column of its own") as caught:
        check_table(wide, RATINGS)
    told = caught.value.problems[-1].remedy.removeprefix("Then take ").rstrip(".")
    check_table(eval(told, {"table": wide}), RATINGS)
