"""Names from data as figure labels: literal, wrapped, drawable. Texts are compared exactly."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exprstats.plots.looks import code_levels, write_label

HOSTILE = ["<script>alert(1)</script>", "$x_1$", "=cmd()", "a\tb\x00c", r"\alpha", "$", "{}%"]


def measure_lines(label):
    return [len(line.replace(r"\$", "$")) for line in label.split("\n")]


@given(st.text(max_size=120), st.integers(min_value=6, max_value=30))
@settings(max_examples=60, deadline=None)
def test_any_text_becomes_at_most_three_short_lines_without_formulas(text, width):
    label = write_label(text, width=width)
    lines = measure_lines(label)
    assert len(lines) <= 3
    assert max(lines) <= width
    assert "$" not in label.replace(r"\$", "")
    assert not any(ord(character) < 32 for character in label.replace("\n", ""))


@pytest.mark.parametrize("name", HOSTILE)
def test_matplotlib_shows_the_name_itself(name):
    from matplotlib.cbook import is_math_text

    assert not is_math_text(write_label(name))


def test_short_names_stay_as_they_are():
    assert write_label("au_count") == "au_count"
    assert write_label("Überraschung & Ekel") == "Überraschung & Ekel"


def test_long_names_break_after_joining_marks_and_end_in_an_ellipsis():
    assert write_label("gaze_displacement_left", width=14) == "gaze_\ndisplacement_\nleft"
    label = write_label("one two three four five six seven eight", width=9)
    assert label == "one two\nthree\nfour fiv…"


def test_characters_that_no_font_has_become_a_square():
    linear_b, half_a_pair = "\U00010000", "\ud800"
    assert write_label(f"a{linear_b}{half_a_pair}\u200db") == "a□□b"


def test_names_that_are_cut_alike_keep_different_codes():
    names = ["x" * 200 + "1", "x" * 200 + "2"]
    coded = code_levels(names, width=10)
    assert len(coded) == 2
    assert len(set(coded.values())) == 1
