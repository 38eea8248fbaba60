"""Widths of columns: numbers on one line by the metrics of Times, names broken at marks."""

import re
from pathlib import Path

import matplotlib as mpl
import pandas as pd
import pytest

from exprstats.document.model import Column, Table, list_columns
from exprstats.document.text import say
from exprstats.document.widths import break_names, find_widths

NUMBERS = ["−1,234.56", "[−.60, −.40]", "< .001", "13 (5–13.7)", "1,000,000,000"]


@pytest.fixture(scope="module")
def measure():
    """Return what measures a text in inches by Adobe's metrics of Times Roman."""
    path = Path(mpl.get_data_path()) / "fonts" / "afm" / "ptmr8a.afm"
    rows = re.findall(r"C (-?\d+) ; WX (\d+) ; N (\w+)", path.read_text("latin-1"))
    named = {name: int(width) for _, width, name in rows}
    widths = {chr(int(code)): int(width) for code, width, _ in rows if int(code) > 0}
    widths |= {"−": named["minus"], "–": named["endash"], "\N{NO-BREAK SPACE}": named["space"]}

    def find(text, size):
        return sum(widths[letter] for letter in text) / 1000 * size / 72

    return find


def build(columns, name="One of the models", cell="[−.60, −.40]", rows=3):
    heads = {f"c{place}": "95% CI" for place in range(columns)}
    shown = (Column("name", say("Model"), words=True), *list_columns(**heads))
    cells = pd.DataFrame([{"name": name, **dict.fromkeys(heads, cell)}] * rows)
    return Table("t", "T", shown, cells, number="1")


def test_a_table_is_upright_before_it_is_small_and_small_before_it_lies_on_its_side():
    found = [find_widths(build(columns)) for columns in range(1, 21)]
    states = list(dict.fromkeys((one.wide, one.size) for one in found))
    assert states == [(False, 9.0), (False, 8.0), (True, 9.0), (True, 8.0), (True, 7.0)]
    for one in found:
        assert sum(one.widths) <= (9.0 if one.wide else 6.5) + 1e-9


@pytest.mark.parametrize("cell", NUMBERS)
@pytest.mark.parametrize("columns", [1, 5, 7, 9])
def test_numbers_and_words_of_headings_stay_on_one_line(measure, cell, columns):
    table = build(columns, cell=cell)
    found = find_widths(table)
    for width in found.widths[1:]:
        # Word leaves .08 of an inch free at either side.
        assert measure(cell, found.size) <= width - 0.16 + 1e-9
        assert measure("95%", found.size) <= width - 0.16


def test_long_names_break_at_marks_alone_and_short_ones_nowhere():
    table = build(5, name="pitch_displacement_of_the_head/mean_over_valid_frames")
    found = find_widths(table)
    told = break_names(table.cells["name"][0], found, 0)
    parts = told.split("\N{ZERO WIDTH SPACE}")
    assert "".join(parts) == table.cells["name"][0]
    assert len(parts) > 3 and all(part.endswith(("_", "/")) for part in parts[:-1])
    assert break_names("0.5 of it", found, 0) == "0.5 of it"


def test_words_of_another_script_have_the_room_of_wide_letters():
    latin, chinese = (find_widths(build(1, name=one)).widths[0] for one in ("x" * 12, "表" * 12))
    assert 1.7 < (chinese - 0.16) / (latin - 0.16) < 2.3
