"""Ids, numbers and texts of a file.

Numbers are compared exactly: both sides are the nearest doubles of the same decimal text.
"""

import csv
import io
import unicodedata
import zipfile

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exprstats import DataError, DataWarning, read_ratings
from exprstats.io import read_table, sniff_file
from exprstats.io.files.answers import order_answers

STRANGE = [
    "two words",
    "a+b~c",
    'system("touch x")*x1',
    "naïve 😀",
    "if",
    "<script>alert(1)</script>",
    "x,y",
    "line; end",
    "$\\alpha$",
]


def test_ids_are_text_always(write):
    path = write("id,x\n001,1\n10.0,2\n1e5,3\nTRUE,4\n 7,5\n")
    assert read_table(path, ids=["id"])["id"].tolist() == ["001", "10.0", "1e5", "TRUE", "7"]


def test_null_words_stay_ids_with_a_warning(write):
    path = write("id,x\nNA,1\nb,2\nNone,3\nNaN,4\nNA,5\n")
    with pytest.warns(DataWarning, match=r"data\.csv.*rows 2, 4, 5, 6: 'NA', 'None', 'NaN'"):
        ids = read_table(path, ids=["id"])["id"]
    assert ids.tolist() == ["NA", "b", "None", "NaN", "NA"]
    assert ids.notna().all()


@pytest.mark.parametrize("pair", [("1", "001"), ("2", "2.0"), ("Anna", "anna")])
def test_ids_that_look_alike_are_told(write, pair):
    path = write(f"id,x\n{pair[0]},1\nz,2\n{pair[1]},3\n")
    with pytest.warns(DataWarning, match=f"'{pair[0]}' and '{pair[1]}' count as different"):
        assert read_table(path, ids=["id"])["id"].nunique() == 3


@pytest.mark.parametrize(
    "forms", [("a", "a "), ("Zo\u00eb", "Zoe\u0308"), ("p1", "p1\u200b"), ("p 1", "p\u00a01")]
)
def test_ids_that_look_the_same_are_one_and_told(write, forms):
    path = write(f"id,x\n{forms[0]},1\nb,2\n{forms[1]},3\n")
    with pytest.warns(DataWarning, match=r"column 'id', row 4: 1 id is written in more than one"):
        assert read_table(path, ids=["id"])["id"].tolist() == [forms[0], "b", forms[0]]


def test_empty_ids_are_refused(write, refuse):
    (problem,) = refuse(read_table, write('id,x\na,1\n,2\n" ",3\n'), ids=["id"])
    assert problem.rows == (3, 4)
    assert "2 of 3" in problem.fact


def test_missing_texts_of_number_columns(write):
    table = read_table(write("x,y\n1,a\n,b\nNA,c\nNaN,d\n.,e\n -2 ,f\n"), numbers=["x"])
    assert table["x"].isna().tolist() == [False, True, True, True, True, False]
    assert table["x"].iloc[5] == -2


def test_further_missing_codes_match_texts_and_values(write):
    path = write("x\n1\n-1\n-1.0\n99\nn/a\n2\n")
    found = read_table(path, numbers=["x"], missing=[-1, "99", "n/a"])["x"]
    assert found.dropna().tolist() == [1, 2]
    assert read_table(write("x\n-1\n3\n"), numbers=["x"], missing="-1")["x"].isna().sum() == 1


@pytest.mark.parametrize(
    ("cell", "kind", "cure"),
    [
        ("drei", "not a number: 'drei'", "declare them as missing"),
        ("n/a", "not a number: 'n/a'", "declare them as missing"),
        ("1_000", "not a number: '1_000'", "missing"),
        ("1.2345,6", "not a number", "missing"),
        ("٣", "not a number", "missing"),
        ("2-Jan", "a date", "Spreadsheets"),
        ("02. Jan", "a date", "Spreadsheets"),
        ("2026-01-02", "a date", "Spreadsheets"),
        ("TRUE", "true or false", "Recode"),
    ],
)
def test_cells_that_are_no_numbers_are_refused(write, refuse, cell, kind, cure):
    path = write(f'x,y\n1,a\n"{cell}",b\n2,c\n')
    (problem,) = refuse(read_table, path, numbers=["x"])
    assert (problem.column, problem.rows) == ("x", (3,))
    assert kind in problem.fact
    assert "1 of 3" in problem.fact
    assert cure in str(problem)


@pytest.mark.parametrize("cell", ["inf", "-Infinity", "1e999"])
def test_infinite_values_are_refused(write, refuse, cell):
    for options in ({"numbers": ["x"]}, {}):
        (problem,) = refuse(read_table, write(f"x\n1\n{cell}\n2\n3\n4\n5\n"), **options)
        assert problem.rows == (3,)
        assert "infinite" in problem.fact


def test_a_column_of_numbers_with_a_slip_is_refused_and_a_text_column_is_not(write, refuse):
    rows = "".join(f"{n},t{n}\n" for n in range(9))
    (problem,) = refuse(read_table, write(f"age,name\n{rows}?,t9\n"))
    assert (problem.column, problem.rows) == ("age", (11,))
    table = read_table(write("a,b,c\n1,x,NA\ny,2,\nz,w,NA\n"))
    assert table["a"].tolist() == ["1", "y", "z"]
    assert table["c"].isna().all()


def test_two_decimal_marks_in_one_file_are_refused(write, refuse):
    (problem,) = refuse(read_table, write("a;b\n1,5;2.5\n2,25;3\n"))
    assert problem.column == "a"
    assert "'2.5' (column 'b', row 2)" in problem.fact


def test_commas_that_may_group_thousands_are_refused(write, refuse):
    (problem,) = refuse(read_table, write("a;b\nx;1,234\ny;12,500\n"))
    assert "1.234 or 1234" in problem.fact
    assert read_table(write("a;b\nx;1,234\ny;0,500\n"))["b"].tolist() == [1.234, 0.5]


@pytest.mark.parametrize("name", STRANGE)
def test_column_names_may_hold_anything(write, name):
    lines = io.StringIO()
    csv.writer(lines).writerows([[name, "id"], ["1", "a"], ["2", "b"]])
    table = read_table(write(lines.getvalue()), ids=["id"], numbers=[name])
    assert table.columns.tolist() == [name, "id"]
    assert table[name].tolist() == [1, 2]


def test_absent_columns_are_named_with_the_nearest(write, refuse):
    (problem,) = refuse(read_table, write("Target,Rater\n1,2\n"), ids=["target"])
    assert problem.fact == "there is no column 'target'."
    assert "Did you mean 'Target'?" in problem.remedy


def test_rows_are_right_beyond_the_first_batch(write, refuse):
    lines = [f"c{n},{n % 5}" for n in range(20_000)]
    lines[15_000] = "c15000,oops"
    lines[19_999] = ",1"
    problems = refuse(read_table, write("id,x\n" + "\n".join(lines)), ids=["id"], numbers=["x"])
    assert {problem.rows for problem in problems} == {(15_002,), (20_001,)}


def test_workbooks_are_read_like_text(tmp_path, refuse):
    book = openpyxl.Workbook()
    book.active.append(["id", "score", "when", None])
    book.active.append([1.0, 2.5, "a", None])
    book.active.append(["001x", None, True, None])
    book.active.append([])
    book.active.append([12, 3, None, None])
    book.save(tmp_path / "a.xlsx")
    table = read_table(tmp_path / "a.xlsx", ids=["id"], numbers=["score"])
    assert table["id"].tolist() == ["1", "001x", "12"]
    assert table["score"].tolist()[::2] == [2.5, 3.0]
    facts = sniff_file(tmp_path / "a.xlsx")
    assert (facts.format, facts.encoding, facts.separator) == ("xlsx", None, None)
    assert (facts.rows, facts.columns) == (3, ("id", "score", "when"))


def test_whole_numbers_that_a_workbook_stores_as_floats_lose_their_point(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["id", "x"])
    book.active.append([17, 2.5])
    book.save(tmp_path / "a.xlsx")
    with (
        zipfile.ZipFile(tmp_path / "a.xlsx") as old,
        zipfile.ZipFile(tmp_path / "b.xlsx", "w") as new,
    ):
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"<v>17</v>", b"<v>17.0</v>"))
    assert read_table(tmp_path / "b.xlsx", ids=["id"])["id"].tolist() == ["17"]


def test_dates_in_a_workbook_are_refused_with_their_row(tmp_path, refuse):
    book = openpyxl.Workbook()
    book.active.append(["id", "score"])
    book.active.append(["a", 2])
    book.active.append(["b", pd.Timestamp("2026-01-02").to_pydatetime()])
    book.save(tmp_path / "a.xlsx")
    (problem,) = refuse(read_table, tmp_path / "a.xlsx", numbers=["score"])
    assert problem.rows == (3,)
    assert "'2026-01-02'" in problem.fact


def test_further_sheets_are_told(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["id"])
    book.active.append(["a"])
    book.create_sheet("more").append(["x"])
    book.save(tmp_path / "a.xlsx")
    with pytest.warns(
        DataWarning, match=r"sheet 'Sheet' is read, not 'more'; choose another with sheet="
    ):
        read_table(tmp_path / "a.xlsx")


cells = st.text(
    st.characters(
        codec="utf-8", exclude_characters="\0\1\xa0\u2007\u202f", exclude_categories=["Cf"]
    ),
    max_size=8,
)


def plain(text):
    """Return an id in NFC without outer blanks."""
    return unicodedata.normalize("NFC", text).strip()


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(
            cells.filter(lambda text: plain(text) and text[:1] != "'"),
            st.floats(allow_nan=False, allow_infinity=False),
        ),
        min_size=1,
        max_size=20,
        unique_by=lambda row: plain(row[0]).casefold(),
    )
)
@pytest.mark.filterwarnings("ignore::exprstats.errors.DataWarning")
def test_what_a_csv_writer_writes_comes_back(write, rows):
    lines = io.StringIO()
    csv.writer(lines, quoting=csv.QUOTE_ALL).writerows([("id", "x"), *rows])
    table = read_table(write(lines.getvalue()), ids=["id"], numbers=["x"])
    assert table["id"].tolist() == [plain(text) for text, _ in rows]
    np.testing.assert_array_equal(table["x"], [number for _, number in rows])


def test_a_worksheet_that_was_cut_off_is_refused(tmp_path, refuse):
    book = openpyxl.Workbook()
    book.active.append(["id", "score"])
    book.active.append(["a", 1])
    book.save(tmp_path / "a.xlsx")
    with (
        zipfile.ZipFile(tmp_path / "a.xlsx") as old,
        zipfile.ZipFile(tmp_path / "b.xlsx", "w") as new,
    ):
        for name in old.namelist():
            held = old.read(name)
            new.writestr(name, held[: len(held) // 2] if "worksheets" in name else held)
    (problem,) = refuse(read_table, tmp_path / "b.xlsx")
    assert "the workbook cannot be read" in problem.fact


# Five answers from the lowest, as questionnaires of each language print them.
FIVE = [
    "Strongly disagree|Somewhat disagree|Neither agree nor disagree|Somewhat agree|Strongly agree",
    "none|mild|moderate|severe|very severe",
    "very low|low|medium|high|very high",
    "very poor|poor|fair|good|excellent",
    "sehr niedrig|niedrig|mittel|hoch|sehr hoch",
    "nie|selten|manchmal|oft|immer",
    "très faible|faible|moyen|fort|très fort",
    "nunca|rara vez|a veces|a menudo|siempre",
    "muy bajo|bajo|medio|alto|muy alto",
    "Muy en desacuerdo|En desacuerdo|Ni de acuerdo ni en desacuerdo|De acuerdo|Muy de acuerdo",
    "非常不同意|比较不同意|一般|比较同意|非常同意",
    "完全不同意|有点不同意|中立|有点同意|完全同意",
    "Fortemente in disaccordo|In disaccordo|Incerto|D'accordo|Fortemente d'accordo",
    "zdecydowanie się nie zgadzam|raczej się nie zgadzam|nie mam zdania|raczej się zgadzam|"
    "zdecydowanie się zgadzam",
    "全くそう思わない|ややそう思わない|どちらともいえない|ややそう思う|強くそう思う",
    "0/4|1/4|2/4|3/4|4/4",
    "Level 1|Level 2|Level 5|Level 7|Level 9",
    "--|-|0|+|++",
    "★☆☆☆☆|★★☆☆☆|★★★☆☆|★★★★☆|★★★★★",
    "I|II|III|IV|V",
    "1 Stern|2 Sterne|3 Sterne|4 Sterne|5 Sterne",
]


@pytest.mark.parametrize("scale", FIVE)
def test_answers_are_ordered_whatever_the_order_of_the_rows(scale):
    answers = scale.split("|")
    for turned in (answers[::-1], answers[2:] + answers[:2]):
        assert [*order_answers(turned)] == answers


def test_numbers_in_answers_are_kept():
    given = [order_answers(texts.split("|")) for texts in ("2/4|0/4", "Level 9|Level 2", "+|--|0")]
    assert given == [{"0/4": 0, "2/4": 2}, {"Level 2": 2, "Level 9": 9}, {"--": -2, "0": 0, "+": 1}]
    # The same answer written twice has one number.
    assert order_answers(["often", "never", "Often"]) == {"never": 1, "Often": 2, "often": 2}


@pytest.mark.parametrize(
    "texts", ["joy|anger|fear", "film 1|film 2", "-|--", "3/5|3/7", "7/5|3/5", "A|B|C"]
)
def test_categories_have_no_order(texts):
    assert order_answers(texts.split("|")) is None


def test_a_remedy_lists_ordered_answers_from_the_lowest(tmp_path):
    path = tmp_path / "r.csv"
    for words in ("immer|neutral|nie", "3/3|1/3|2/3"):
        cells = [f"c{i},{j},{one}" for i in range(4) for j, one in enumerate(words.split("|"))]
        path.write_text("\n".join(["clip,rater,rating", *cells, ""]))
        with pytest.raises(DataError) as caught:
            read_ratings(path)
        right = ",".join(order_answers(words.split("|")))
        assert f"--labels {right}." in caught.value.speak("command")
    assert right == "1/3,2/3,3/3"
