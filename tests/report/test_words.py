"""Words and cells of the report. Texts are compared exactly."""

import ast
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exprstats.document.cells import collect_notes, name_contexts, pick_rows, write_limits
from exprstats.document.text import join_words, quote_code, say, write_plain
from exprstats.report import sections
from exprstats.report.methods.citations import find_r_year


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40))
@settings(max_examples=40, deadline=None)
def test_no_value_changes_the_style_of_a_sentence(value):
    text = say("*p* of {value} here", value=value)
    assert [run.text for run in text if run.italic] == ["p"]
    assert write_plain(text).replace("\xa0", " ") == f"p of {value} here".replace("\xa0", " ")


def test_numbers_do_not_part_from_their_neighbours():
    text = write_plain(say("Table 3 shows 95% CI {limits}, *p* = {p}", limits="[.1, .2]", p=".03"))
    assert text == "Table\xa03 shows 95%\xa0CI [.1,\xa0.2], p\xa0=\xa0.03"


def test_code_is_kept_character_by_character():
    code = 'cfa(nobs = 300, x = [1, 2], "it\'s *new*")'
    assert write_plain(quote_code(code)) == code


@pytest.mark.parametrize(
    ("words", "joined"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), ("abc", "a, b, and c")]
)
def test_words_are_joined_as_a_sentence_lists_them(words, joined):
    assert join_words(list(words)) == joined


def test_a_note_names_only_the_places_that_it_does_not_hold_for_all_of():
    rows = pd.DataFrame(
        {
            "context": ["a", "a", "b", "b"],
            "model": ["x", "y", "x", "y"],
            "note": ["flat", None, "flat; rough", np.nan],
        }
    )
    notes = [write_plain(note) for note in collect_notes(rows, ("model", "context"))]
    assert notes == ["Flat (x).", "Rough (x, b)."]
    assert collect_notes(rows, ("model",), skip={"flat", "rough"}) == ()


def test_a_limit_that_no_value_attains_is_named():
    row = {"conf_low": -np.inf, "conf_high": 0.5}
    assert write_limits(row) == "[not attainable, .50]"
    assert write_limits({"conf_low": np.nan, "conf_high": 0.5}) == "—"


def test_rows_are_picked_by_value_and_by_emptiness():
    rows = pd.DataFrame({"versus": ["a", None, np.nan], "n": [1, 2, 3]})
    assert pick_rows(rows, versus=None)["n"].tolist() == [2, 3]
    assert pick_rows(rows, versus="a", absent="x")["n"].tolist() == [1]


def test_pooled_rows_are_called_all_and_a_context_of_that_name_is_not():
    rows = pd.DataFrame({"context": ["All", None, np.nan, "b"]})
    assert name_contexts(rows)["context"].tolist() == ["All (context)", "All", "All", "b"]
    assert name_contexts(pd.DataFrame({"x": [1]}))["context"].tolist() == ["All"]


@pytest.mark.parametrize(
    ("version", "year"),
    # Release dates from CRAN.
    [
        ("4.1.0", 2021),
        ("4.2.2", 2022),
        ("4.2.3", 2023),
        ("4.3.3", 2024),
        ("4.5.0", 2025),
        ("", None),
    ],
)
def test_years_of_r_releases(version, year):
    assert find_r_year(version) == year


def find_headings():
    """Yield the headings of sections that the modules write as plain texts."""
    for path in sorted(Path(sections.__file__).parent.glob("*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            named = isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Section"
            if named and len(call.args) > 1 and isinstance(call.args[1], ast.Constant):
                yield str(call.args[1].value)


def test_headings_of_sections_have_one_capital_as_titles_of_tables_have_many():
    headings = list(find_headings())
    assert len(headings) > 30
    assert [one for one in headings if re.search(r" [A-Z][a-z]", one)] == []
