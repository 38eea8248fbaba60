"""Lines without quotes are split at once; the result is that of the csv reader, cell by cell."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exprstats.errors import DataError
from exprstats.io.detection import sniff_file
from exprstats.io.files.text import remember_rows
from exprstats.io.sources import give_role, open_source

ODD = (
    *("", " ", "NA", "nan", "NaN", ".", "inf", "-Infinity", "1e5", "1e400", "0x10", "1_000", "007"),
    *("1,5", "2;5", "1.5", "12.50", "1 234", "1 234,5", "1.234.567", "5%", "−3", "٣", "4 - very"),
    *("2024-01-02", "3.4.2020", "TRUE", "7.0", "2.02E+11", "=A1+1", "a b", "é", "#", "-99", "None"),
    *('"q"', '"a,b"', '"a\nb"', 'a"b', "'s'", "\x0b", "\x1c2", "\u2028", "\u00a0", "\ufeff", "\0"),
)
LINES = ("", ",,", ",", "a", "a,b,1,2", "clip,rater,rating", " clip ,rater,rating", "P1 Mean,,3.2")
ENDS = ("\n", "\r\n", "\r")
ROLES = ("id", "text", "number", "guess", "class", "target", "label", "time", "ms")


@st.composite
def draw_file(draw):
    """Return a table of three batches, with odd cells and lines at some places."""
    cells = st.one_of(st.sampled_from(ODD), st.integers(0, 9).map(str), st.floats(-9, 9).map(str))
    count = draw(st.integers(8_000, 13_000))
    varied = draw(st.booleans())
    lines = [f"c{n // 3},r{n % 3},{n / 7 if varied else n % 5}" for n in range(count)]
    places = st.integers(0, count - 1) | st.sampled_from((4094, 4095, 4096, 8190, 8191, count - 1))
    for place in draw(st.lists(places.filter(lambda one: one < count), max_size=4)):
        row = ",".join(draw(cells) for _ in range(3))
        lines[place] = draw(st.sampled_from(LINES)) if draw(st.booleans()) else row
    end = draw(st.sampled_from(ENDS))
    mark = draw(st.sampled_from(("", "\ufeff")))
    last = draw(st.sampled_from(("", end, end + end, end + "a note of some words" + end)))
    return mark, end, end.join(lines) + last


def read(path, role):
    """Return all that a reading tells: the table, its rows, what is said and what is wrong."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        source = open_source(path)
        draft = source.take(give_role(source.header, role))
        try:
            facts = sniff_file(path)
            told = (facts.rows, facts.decimal, facts.notes)
        except DataError as error:
            told = str(error)
    said = [str(one.message).replace(str(path), "FILE") for one in caught]
    return draft, source.marks.decimal, said, str(told).replace(str(path), "FILE")


@settings(max_examples=20, deadline=None)
@given(file=draw_file(), role=st.sampled_from(ROLES))
def test_a_quote_in_the_header_changes_nothing(tmp_path_factory, file, role):
    mark, end, body = file
    folder = tmp_path_factory.mktemp("plain")
    found = []
    # A quote anywhere leaves all that follows it to the csv reader.
    for name, header in (("plain", "clip,rater,rating"), ("quoted", '"clip",rater,rating')):
        path = folder / f"{name}.csv"
        path.write_bytes(f"{mark}{header}{end}{body}".encode())
        try:
            found.append(read(path, role))
        except DataError as error:
            found.append(str(error).replace(str(path), "FILE"))
    first, second = found
    if isinstance(first, str):
        assert first == second
        return
    assert first[1:] == second[1:]
    one, two = first[0], second[0]
    assert [str(p) for p in one.problems] == [str(p) for p in two.problems]
    np.testing.assert_array_equal(one.rows, two.rows)
    assert one.said == two.said
    assert one.table.equals(two.table)
    assert one.table.dtypes.tolist() == two.table.dtypes.tolist()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_a_long_file_keeps_its_letters(tmp_path, encoding):
    path = tmp_path / "long.csv"
    names = [f"{'é' * (n % 3)}c{n}" for n in range(9_000)]
    path.write_bytes("\n".join(["clip,x", *(f"{n},1.5" for n in names)]).encode(encoding))
    source = open_source(path, warned=False)
    table = source.take({"clip": "id", "x": "number"}).table
    assert table["clip"].tolist() == names
    assert table["x"].eq(1.5).all()


@pytest.mark.filterwarnings("ignore:.*row 9002 holds totals")
def test_rows_that_are_remembered_give_the_same_columns(tmp_path):
    path = tmp_path / "ratings.csv"
    lines = [f"c{n // 3},r{n % 3},{n % 5},{n / 7}" for n in range(9_000)]
    lines[4_500] = "c1500,r0,1,2,3"
    lines += ["Total,,9,9"]
    path.write_text("\n".join(["clip,rater,rating,time", *lines]), encoding="utf-8")
    roles = {"clip": "id", "rater": "id", "rating": "number", "time": "guess"}
    apart = open_source(path).take(roles)
    with remember_rows():
        first = open_source(path)
        first.take(give_role(first.header, "guess"))
        source = open_source(path)
        again = source.take(roles)
        fewer = open_source(path).take({"time": "number"})
    assert apart.table.equals(again.table)
    assert fewer.table["time"].tolist() == apart.table["time"].tolist()
    assert list(map(str, apart.problems)) == list(map(str, again.problems)) != []
    assert source.passed == first.passed != []
    np.testing.assert_array_equal(apart.rows, again.rows)


@pytest.mark.filterwarnings("ignore:.*'practice' left out")
def test_remembered_rows_without_practice_are_not_those_of_a_column_of_contexts(tmp_path):
    path = tmp_path / "ratings.csv"
    lines = [f"c{n},{('practice', 'main')[n > 3]},{n % 5}" for n in range(30)]
    path.write_text("\n".join(["clip,block,rating", *lines]), encoding="utf-8")
    with remember_rows():
        source = open_source(path)
        assert len(source.take(give_role(source.header, "guess")).table) == 26
        roles = {"clip": "id", "block": "id", "rating": "number"}
        assert len(open_source(path).take(roles).table) == 30


@pytest.mark.filterwarnings("ignore:.*subtotals")
@pytest.mark.parametrize("again", ["{} Mean,,3.5", ",{} Mean,3.5", "{} Mean,3.5,"])
def test_subtotals_beside_blank_cells_are_left_out_of_plain_rows(tmp_path, again):
    path = tmp_path / "ratings.csv"
    groups = [[f"P{n},a,3", f"P{n},b,4", again.format(f"P{n}")] for n in range(2_000)]
    lines = [line for group in groups for line in group] + ["P9,a,1", "P9,b,2"]
    path.write_text("\n".join(["rater,clip,rating", *lines]), encoding="utf-8")
    table = open_source(path).take({"rater": "id", "clip": "id", "rating": "number"}).table
    assert table["rater"].tolist() == [f"P{n // 2}" for n in range(4_000)] + ["P9", "P9"]
