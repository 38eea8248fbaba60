"""What is detected in a file, and files that are no table. No tolerance: texts and counts."""

import hashlib
import os
from collections import Counter

import pytest

from exprstats import DataError, read_ratings
from exprstats.io import read_contents, read_table, sniff_file
from exprstats.io.files import records


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.filterwarnings("ignore:.*Windows-1252")
def test_separator_and_encoding_are_detected(write, separator, encoding):
    rows = [["clip", "größe", "score"], ["é1", "ä, b; c", "1"], ["b", "x", "2"]]
    quoted = [[f'"{cell}"' for cell in row] for row in rows]
    text = "\r\n".join(separator.join(row) for row in quoted)
    path = write(text, encoding=encoding)
    facts = sniff_file(path)
    assert facts.separator == separator
    assert facts.columns == ("clip", "größe", "score")
    assert (facts.rows, facts.format, facts.decimal) == (2, "text", None)
    assert facts.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    table = read_table(path)
    assert table["größe"].tolist() == ["ä, b; c", "x"]
    assert table["clip"].tolist() == ["é1", "b"]


def test_windows_text_is_read_and_said(write):
    facts = sniff_file(write("clip,name\n1,Zoë\n", encoding="cp1252"))
    assert facts.encoding == "cp1252"
    assert "Windows-1252" in facts.notes[0]


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("a;b\nx;1,5\ny;2\n", ","),
        ('a,b\nx,"1,5"\ny,"2,25"\n', ","),
        ("a;b\nx;1.5\ny;2\n", "."),
        ("a\tb\nx\t1e-3\n", None),
        ("a\tb\nx\t-.5\n", "."),
    ],
)
def test_decimal_mark_is_detected_per_file(write, text, mark):
    assert sniff_file(write(text)).decimal == mark


def test_semicolon_file_with_decimal_commas_keeps_its_values(write):
    table = read_table(write("clip;score\na;1,5\nb;-0,25\nc;3\nd;NA\n"))
    assert table["score"].tolist()[:3] == [1.5, -0.25, 3.0]
    assert table["score"].isna().tolist() == [False, False, False, True]


def test_declared_separator_of_spreadsheets_is_followed(write):
    path = write("sep=;\na;b\nx;1\ny;bad\n")
    assert sniff_file(path).columns == ("a", "b")
    assert sniff_file(path).notes == ()


def test_blank_rows_are_skipped_and_counted(write, refuse):
    path = write("a,b\n\nx,1\n,\ny,2\nz,drei\n")
    facts = sniff_file(path)
    assert facts.rows == 3
    assert facts.notes == ("2 blank rows are skipped.",)
    (problem,) = refuse(read_table, path, numbers=["b"])
    assert problem.rows == (6,)


def test_header_of_numbers_is_noted(write):
    assert "names of the columns" in sniff_file(write("9,2,5\n6,1,3\n")).notes[0]


def test_columns_without_a_name_get_one(write):
    assert sniff_file(write('"","x", y\n1,2,3\n')).columns == ("column_1", "x", "y")


@pytest.mark.parametrize(
    ("content", "fact"),
    [
        (b"", "empty"),
        (b" \n \n", "empty"),
        (b"clip,rater\n", "no rows"),
        (b"clip,rater,clip\n1,2,3\n", "'clip' 2 times (columns 1, 3)"),
        (b"\xd0\xcf\x11\xe0 old", "old Excel"),
        (b"\x1f\x8b gz", "packed file is damaged"),
        (b"$FL2@(#)", "SPSS"),
        (b"a,b\n\x81\x8d,1\n", "not readable as text"),
        (b"\x00\x10\xff\xd8\x01binary" * 9, "not readable as text"),
        (b"PK\x03\x04 no workbook", "workbook cannot be read"),
    ],
)
def test_files_that_are_no_table_are_refused(write, refuse, content, fact):
    problems = refuse(sniff_file, write(content))
    assert any(fact in problem.fact for problem in problems)
    assert all(problem.remedy for problem in problems)


def test_absent_files_and_folders_are_named(tmp_path, write, refuse):
    write("a,b\n1,2\n", "ratings.csv")
    (problem,) = refuse(sniff_file, tmp_path / "rating.csv")
    assert "no such file" in problem.fact
    for name in ("a.csv", "b.csv", "c.csv", "d.csv", "e.csv", "notes.txt"):
        write("a,b\n1,2\n", name)
    (tmp_path / "folder").mkdir()
    (problem,) = refuse(sniff_file, tmp_path / "rating.csv")
    assert problem.remedy.startswith("The folder holds: ratings.csv, ")
    assert problem.remedy.count(",") == 4
    assert "notes" not in problem.remedy
    (problem,) = refuse(sniff_file, tmp_path / "rating")
    assert "ratings.csv" in problem.remedy
    assert "folder," not in problem.remedy
    (problem,) = refuse(sniff_file, tmp_path / "folder")
    assert "folder" in problem.fact


def test_rows_of_another_length_are_named_as_the_file_counts_them(write, refuse):
    path = write("a,b,c\n1,2,3\n1,2\n1,2,3\n1,2,3,4\n1,2")
    (problem,) = refuse(sniff_file, path)
    assert problem.rows == (3, 5, 6)
    assert "row 3 has 2" in problem.fact
    assert "3 rows" in problem.fact


def test_header_one_name_short_has_its_own_remedy(write, refuse):
    (problem,) = refuse(sniff_file, write("x y,z\n1,2,3\n2,3,4\n"))
    assert "first column a name" in problem.remedy


def test_open_quote_is_refused_where_it_begins(write, refuse):
    problems = refuse(sniff_file, write('a,b\n1,x\n2,"never closed\n3,y\n'))
    assert problems[0].rows == (3,)
    assert "quote" in problems[0].remedy


def test_rows_after_a_cell_with_line_breaks_count_as_in_a_spreadsheet(write, refuse):
    (problem,) = refuse(read_table, write('a,b\n"x\ny",1\nz,drei\n'), numbers=["b"])
    assert problem.rows == (3,)


def test_separator_that_cannot_be_told_is_refused(write, refuse):
    problems = refuse(sniff_file, write("a,b;c\n1,2;3\n4,5;6\n"))
    assert "comma and semicolon" in problems[0].fact


def test_all_problems_travel_together(write, refuse):
    path = write("clip,score,score\n,drei,1\nb,2,1\nc,3\n")
    problems = refuse(read_table, path, ids=["clip", "rater"], numbers=["score"])
    facts = " | ".join(problem.fact for problem in problems)
    for part in ("'score' 2 times", "no column 'rater'", "cells is empty", "'drei'", "row 4 has 2"):
        assert part in facts


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"])
def test_a_file_of_a_byte_order_mark_alone_is_empty(tmp_path, refuse, mark):
    (tmp_path / "a.csv").write_bytes(mark)
    (problem,) = refuse(sniff_file, tmp_path / "a.csv")
    assert problem.fact == "the file is empty."


def test_curled_quotes_of_windows_are_no_japanese(tmp_path):
    file = tmp_path / "quoted.csv"
    pairs = [(clip, rater) for clip in range(6) for rater in range(3)]
    for note in ("I don’t and it’s", "I don’t – it’s", "a “good” one"):
        rows = "".join(f"c{c},r{r},{1 + c * r % 5},{note}\n" for c, r in pairs)
        file.write_bytes(f"clip,rater,rating,note\n{rows}".encode("cp1252"))
        assert sniff_file(file).encoding == "cp1252"
    for names in (("テスト", "トス", "スト"), ("映像一", "山田太郎", "ひらがな")):
        rows = "".join(f"{name},r{r},{1 + r % 5}\n" for name in names for r in range(3))
        file.write_bytes(f"clip,rater,rating\n{rows}".encode("shift_jis"))
        assert sniff_file(file).encoding == "shift_jis"


def test_a_name_in_brackets_begins_a_table_and_a_list_does_not(tmp_path):
    file = tmp_path / "first.csv"
    file.write_text("[Clip],rater,rating\na,x,1\na,y,2\nb,x,3\nb,y,5\n")
    assert sniff_file(file).columns[0] == "[Clip]"
    for text in ("[[1, 2], [3, 4]]", '["a", "b"]', "[\n  [1, 2]\n]"):
        file.write_text(text)
        with pytest.raises(DataError, match="JSON"):
            sniff_file(file)


def test_raters_who_are_called_as_statistics_are_kept(tmp_path):
    file = tmp_path / "initials.csv"
    answers = {"AB": "1,5,3", "KL": "2,2,4", "SD": "5,1,5", "MW": "3,4,1"}
    file.write_text("rater,c1,c2,c3\n" + "".join(f"{k},{v}\n" for k, v in answers.items()))
    assert sniff_file(file).rows == 4
    answers = {f"P{at}": one for at, one in enumerate(answers.values())}
    answers |= {"MW": "2.75,3,3.25", "SD": "1.7,1.8,1.7"}
    file.write_text("rater,c1,c2,c3\n" + "".join(f"{k},{v}\n" for k, v in answers.items()))
    assert sniff_file(file).rows == 4


@pytest.mark.parametrize("rows", ["1,3\n2,4\n3,5\n", "a,3\nb,4\nc,5\n", "1,joy\n2,sad\n3,joy\n"])
def test_a_name_beside_a_blank_one_is_a_title_unless_numbers_follow(write, rows):
    assert sniff_file(write(f",rating\n{rows}")).columns == ("column_1", "rating")
    titled = sniff_file(write("\n".join([",Our study", "clip,rating", rows])))
    assert titled.columns == ("clip", "rating")


def test_a_file_that_is_absent_is_told_by_its_whole_name(refuse, tmp_path):
    (problem,) = refuse(sniff_file, tmp_path / "one + two.csv")
    assert problem.file == str(tmp_path / "one + two.csv")
    (tmp_path / "b.csv").write_text("clip,rating\na,1\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"/a\.csv: there is no such file"):
        sniff_file([tmp_path / "a.csv", tmp_path / "b.csv"])


def test_a_small_file_is_laid_out_and_walked_once(write, monkeypatch):
    path, done = write("clip,rater,rating\nonce,x,1\nonce,y,2\nb,x,3\nb,y,5\n"), Counter()

    def tally(kind):
        def run(*given):
            done[kind.__name__] += 1
            return kind(*given)

        return run

    for kind in (records.find_header, records.Sieve):
        monkeypatch.setattr(records, kind.__name__, tally(kind))
    assert sniff_file(path).rows == 4
    assert read_contents(path).layout == "ratings"
    assert read_ratings(path)["rating"].tolist() == [1, 2, 3, 5]
    assert done == {"find_header": 1, "Sieve": 1}


def test_a_file_that_changed_is_read_anew_whatever_its_time_and_size(write):
    path = write("clip,rater,rating\na,x,1\na,y,2\n")
    times = path.stat()
    assert read_ratings(path)["rating"].tolist() == [1, 2]
    path.write_text("rater;clip;rating\nx;a;3\ny;a;4\n"[: times.st_size], encoding="utf-8")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert path.stat().st_size == times.st_size
    again = read_ratings(path)
    assert again["rating"].tolist() == [3, 4] and again["clip"].tolist() == ["a", "a"]
