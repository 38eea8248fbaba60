"""APA numbers against the manual's own examples (6th section 6.36) and the report's rules."""

import pytest

from exprstats.apa import write_count, write_interval, write_level, write_number, write_p


@pytest.mark.parametrize(
    ("value", "decimals", "bounded", "text"),
    [
        (0.86, 2, True, ".86"),
        (-0.333, 3, True, "−.333"),
        (-1.0104, 3, True, "−1.010"),
        (0.999, 2, True, "1.00"),
        (1.0, 2, True, "1.00"),
        (0.5, 2, False, "0.50"),
        (-0.001, 2, False, "0.00"),
        (-0.001, 2, True, ".00"),
        (10.049, 1, False, "10.0"),
        (float("nan"), 2, False, "—"),
        (None, 2, False, "—"),
        (float("-inf"), 2, False, "−∞"),
    ],
)
def test_numbers(value, decimals, bounded, text):
    assert write_number(value, decimals, bounded=bounded) == text


def test_values_below_the_lowest_are_named_so():
    assert write_number(-25.0, bounded=True, lowest=-10) == "< −10"
    assert write_number(-9.5, bounded=True, lowest=-10) == "−9.50"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "< .001"), (0.00099, "< .001"), (0.001, ".001"), (0.05, ".050"), (1.0, "> .999")],
)
def test_p_values(value, text):
    assert write_p(value) == text


def test_a_bound_that_excludes_zero_shows_that_it_does():
    assert write_interval(0.004, 0.2, bounded=True) == "[.004, .20]"
    assert write_interval(-0.2, -0.0004, 3, bounded=True) == "[−.200, −.0004]"
    assert write_interval(-0.004, 0.2, bounded=True) == "[.00, .20]"
    assert write_interval(float("nan"), 0.2) == "—"


def test_plain_style_keeps_zeros_and_ascii():
    assert write_number(-0.5, bounded=True, style="plain") == "-0.50"
    assert write_interval(-0.5, 0.25, bounded=True, style="plain") == "[-0.50, 0.25]"


def test_counts_and_levels():
    assert write_count(1_234_567) == "1,234,567"
    assert write_level(0.9) == "90%"
