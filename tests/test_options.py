import numpy as np
import pytest

from exprstats.errors import OptionError
from exprstats.options import check_count, check_level, is_positive, name_nearest


@pytest.mark.parametrize("count", [-1, 2.5, "20", True, None, np.nan])
def test_a_count_that_is_none_is_refused_with_its_value(count):
    with pytest.raises(OptionError, match=f"draws is {count!r}; it must be a whole number of at"):
        check_count(count, "draws", least=0)


def test_counts_of_any_integer_type_pass_from_the_least_on():
    check_count(2, "draws", least=2)
    check_count(np.int64(3), "draws", least=2)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, True),
        (np.float64(0.1), True),
        (0, False),
        ("1", False),
        (np.nan, False),
        (np.inf, False),
    ],
)
def test_only_finite_numbers_above_0_are_positive(value, expected):
    assert is_positive(value) is expected


@pytest.mark.parametrize("level", [0, 1, 95, "0.95", np.nan])
def test_levels_lie_between_0_and_1(level):
    with pytest.raises(OptionError, match="must lie between 0 and 1"):
        check_level(level)


def test_the_nearest_word_comes_first_whatever_its_case():
    assert name_nearest("RSME", ["mae", "rmse"]) == "Did you mean 'rmse'? There is: mae, rmse."


def test_words_that_hold_the_asked_one_are_offered():
    words = ["within1", "correlation_within", "rmse"]
    told = "Did you mean 'within1' or 'correlation_within'? There is: "
    assert name_nearest("Within", words) == f"{told}{', '.join(words)}."
    many = [f"item{i}" for i in range(30)]
    assert name_nearest("x", many).endswith("item24 and 5 more.")
