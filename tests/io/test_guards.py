"""What readers guard against: codes, labels, formulas, ids, foreign files, and files that disagree.

The truth is a list made by the random module, so that no reader of ours takes part in it.
"""

import gzip
import itertools
import random
import warnings
import zipfile

import openpyxl
import pandas as pd
import pyreadstat
import pytest

from exprstats import (
    DataError,
    DataWarning,
    OptionError,
    Reading,
    read_clips,
    read_contents,
    read_items,
    read_predictions,
    read_ratings,
)
from exprstats.contracts import find_disagreements
from exprstats.errors import speak

from .conftest import HEADER, ROWS, number_ids, rng, write_book, write_rows


@pytest.mark.parametrize("codes", [[99], [-9], [-9, 99], [-8, -9], [999], [44], [8, 9]])
def test_codes_far_from_the_scale_are_named_with_their_option(tmp_path, codes):
    rows = [list(row) for row in ROWS]
    places = rng.sample(range(len(rows)), 3 * len(codes))
    for place, code in zip(places, itertools.cycle(codes), strict=False):
        rows[place][2] = code
    path = write_rows(tmp_path / "a.csv", [HEADER, *rows])
    with pytest.warns(DataWarning, match="far from the other values") as caught:
        read_ratings(path)
    (warning,) = (one.message for one in caught)
    assert warning.option == "missing"
    given = sorted(codes)
    assert f"--missing={','.join(map(str, given))}" in warning.speak("command").replace(
        "--missing ", "--missing="
    )
    assert f"rows {', '.join(str(place + 2) for place in sorted(places)[:3])}" in str(warning)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_ratings(path, missing=codes)["rating"].isna().sum() == len(places)
    told = [str(part) for text in read_contents(path).warnings for part in text]
    assert any("far from the other values" in text for text in told)


@pytest.mark.parametrize("seed", range(20))
def test_answers_and_measurements_without_codes_are_not_suspected(tmp_path, seed):
    draw = random.Random(seed)
    rows = [
        [
            i,
            draw.choice([1, 1, 1, 2, 5, 7]),
            round(draw.lognormvariate(0, 1.5), 4),
            draw.gauss(0, 1),
        ]
        for i in range(60)
    ]
    path = write_rows(tmp_path / "a.csv", [["clip", "answer", "skewed", "normal"], *rows])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_items(path, items=["answer", "skewed", "normal"])


def test_labelled_non_answers_of_statistical_files_are_missing(tmp_path):
    rows = number_ids(ROWS)
    for place, code in ((3, -9), (20, 99), (41, -8)):
        rows[place][2] = code
    labels = {"rating": {0: "not at all", 4: "very", -9: "refused", -8: "did not know", 99: "face"}}
    path = tmp_path / "a.sav"
    frame = pd.DataFrame(rows, columns=HEADER)
    pyreadstat.write_sav(frame, str(path), variable_value_labels=labels)
    with pytest.warns(DataWarning, match=r"3 cells are read as missing: -9 \('refused'\)"):
        table = read_ratings(path)
    assert [i for i, gone in enumerate(table["rating"].isna()) if gone] == [3, 20, 41]


def test_labels_never_merge_ids(tmp_path):
    rows = number_ids(ROWS)
    people = sorted({row[3] for row in rows})
    labels = {"subject": {people[2]: str(people[1])}}
    path = tmp_path / "a.sav"
    frame = pd.DataFrame(rows, columns=HEADER)
    pyreadstat.write_sav(frame, str(path), variable_value_labels=labels)
    with pytest.warns(DataWarning, match="are other values"):
        assert read_ratings(path)["subject"].nunique() == len(people)
    assert "so values are ids" in "".join(map(str, read_contents(path).facts.notes))


def test_formulas_without_values_are_named(tmp_path):
    rows = [[c, r, f"={x}+0" if i % 5 == 0 else x, s] for i, (c, r, x, s) in enumerate(ROWS)]
    path = write_book(tmp_path / "a.xlsx", {"Data": [HEADER, *rows]})
    for verb in (read_ratings, read_clips):
        with pytest.raises(DataError, match="13 of 64 cells are formulas without stored values"):
            verb(path, **({"clip": ["clip", "rater"]} if verb is read_clips else {}))


def test_ids_that_lost_digits_are_refused_and_dates_are_told(tmp_path):
    lost = [[c, r, x, f"2.0230{s[1:]}E+11"] for c, r, x, s in ROWS]
    with pytest.raises(DataError, match=r"'2\.02300E\+11'.*lost digits"):
        read_ratings(write_rows(tmp_path / "a.csv", [HEADER, *lost]))
    dates = [[c, r, x, "2-Jan" if s == "S3" else s] for c, r, x, s in ROWS]
    with pytest.warns(DataWarning, match="'2-Jan' look like dates"):
        read_ratings(write_rows(tmp_path / "b.csv", [HEADER, *dates]))


def test_ids_that_a_program_took_for_numbers_lose_their_point(tmp_path):
    rows = [[c, r, x, f"10{s[1:]}.0"] for c, r, x, s in ROWS]
    with pytest.warns(DataWarning, match=r"all ids end in '.0'.*'100.0' is '100'"):
        table = read_ratings(write_rows(tmp_path / "a.csv", [HEADER, *rows]))
    assert set(table["subject"]) == {f"10{i}" for i in range(8)}


def test_several_columns_make_one_id(tmp_path):
    rows = [[i, "AB"[i % 2], f"p{i // 4}", i / 7] for i in range(40)]
    path = write_rows(tmp_path / "a.csv", [["clip", "site", "subject", "smile"], *rows])
    table = read_clips(path, subject=["site", "subject"])
    assert table["subject"].nunique() == 20
    assert table["subject"].tolist()[:2] == ["A:p0", "B:p0"]
    assert table["site"].tolist()[:2] == ["A", "B"]


def test_reversed_items_are_turned_on_the_scale(tmp_path):
    path = write_rows(tmp_path / "a.csv", [["clip", "rater", "joy", "calm"], ["a", "x", 1, 2]])
    table = read_ratings(path, items=["joy", "calm"], scale=(1, 5), reverse=["calm"])
    assert table["rating"].tolist() == [1, 4]
    with pytest.raises(OptionError, match="reverse= needs the scale"):
        read_ratings(path, items=["joy", "calm"], reverse=["calm"])


def test_a_named_judge_without_ratings_does_not_disappear_in_silence(tmp_path):
    path = write_rows(
        tmp_path / "a.csv", [["clip", "A", "B", "C"], ["a", 1, 2, ""], ["b", 3, 3, ""]]
    )
    with pytest.warns(DataWarning, match=r"1 judge has no rating \('C'\): left out"):
        assert len(read_ratings(path, raters=["A", "B", "C"])) == 4


def test_common_takes_the_clips_that_every_model_predicts(tmp_path):
    rows = [[f"s{i}", i, i, "" if i in {2, 5} else i, i + 1] for i in range(9)]
    path = write_rows(tmp_path / "a.csv", [["subject", "clip", "truth", "net", "base"], *rows])
    with pytest.warns(DataWarning, match="2 of 9 clips lack a prediction"):
        table = read_predictions(path, models=["net", "base"], common=True)
    assert sorted(set(table["clip"])) == ["0", "1", "3", "4", "6", "7", "8"]
    assert len(table) == 14


@pytest.mark.parametrize(
    ("content", "kind", "cure"),
    [
        (gzip.compress(b"X\n\x00\x00\x00\x03", mtime=0), "an R object", "write.csv"),
        (gzip.compress(b"RDX3\nX\n\x00\x00", mtime=0), "an R workspace", "write.csv"),
        (b"\xd0\xcf\x11\xe0xls", "an old Excel workbook", ".xlsx"),
        (b"PAR1abc", "a Parquet file", "read_parquet"),
        (b'{"rows": []}', "JSON", "CSV"),
        ({"internal.sqlite": b""}, "a JASP file", "In JASP"),
        ({"xdata.json": b"{}"}, "a jamovi file", "In jamovi"),
        ({"a.csv": b"x"}, "a zip archive", "Unpack"),
    ],
)
def test_foreign_files_are_named_with_their_cure(tmp_path, content, kind, cure):
    path = tmp_path / "file"
    if isinstance(content, dict):
        with zipfile.ZipFile(path, "w") as archive:
            for name, held in content.items():
                archive.writestr(name, held)
    else:
        path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_contents(path)
    (problem,) = caught.value.problems
    assert str(problem.fact).startswith(f"the file is {kind}")
    assert cure in str(problem.remedy)


def test_one_bad_byte_among_letters_in_utf8_is_said_with_its_row(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("clip,name\n1,Zoë\n2,Jürgen\n3,Ren".encode() + b"\xe9\n")
    found = read_contents(path)
    told = next(speak(one) for one in found.warnings if "not UTF-8" in speak(one))
    assert "(row 4, column 'name')" in told and "encoding=" in told
    names = found.columns.set_index("column").loc["name", "levels"]
    assert names == ("Zoë", "Jürgen", "René") and found.facts.encoding == "utf-8"


def test_codebooks_and_correlations_are_no_data(tmp_path):
    book = write_rows(
        tmp_path / "b.csv", [["variable", "label"], ["joy", "How happy?"], ["x", "y"]]
    )
    assert "codebook" in read_contents(book).problems[0].fact
    matrix = [["", "a", "b", "c"], ["a", 1, 0.3, 0.2], ["b", 0.3, 1, 0.1], ["c", 0.2, 0.1, 1]]
    path = write_rows(tmp_path / "c.csv", matrix)
    assert "correlation matrix" in read_contents(path).problems[0].fact
    with pytest.raises(DataError, match="correlation matrix"):
        read_items(path, items=["a", "b", "c"])


def test_options_of_reading_come_alone_or_together(tmp_path):
    rows = [["x"], ["made", "today"], HEADER, *ROWS]
    path = write_rows(tmp_path / "a.csv", rows)
    whole = read_ratings(path, reading=Reading(header_row=3, missing=[4]))
    with warnings.catch_warnings(action="ignore"):
        assert read_ratings(path, header_row=3, missing=[4]).equals(whole)
    with pytest.raises(OptionError, match="missing= is given twice"):
        read_ratings(path, missing=[4], reading=Reading())
    with pytest.raises(OptionError, match="Did you mean 'encoding'"):
        read_ratings(path, encodng="utf-8")
    with pytest.raises(DataError, match="no sheet 'C'; it has 'A', 'B'"):
        book = write_book(tmp_path / "a.xlsx", {"A": [HEADER, *ROWS], "B": [HEADER, *ROWS]})
        read_ratings(book, sheet="C")
    assert read_ratings(book, sheet="B").equals(read_ratings(book, sheet=2))


def test_merged_cells_fill_their_rows(tmp_path):
    book = openpyxl.Workbook()
    for row in [
        HEADER,
        *([c, r, x, s if i % 8 == 0 else None] for i, (c, r, x, s) in enumerate(ROWS)),
    ]:
        book.active.append(row)
    for top in range(2, 66, 8):
        book.active.merge_cells(start_row=top, end_row=top + 7, start_column=4, end_column=4)
    book.save(tmp_path / "a.xlsx")
    assert read_ratings(tmp_path / "a.xlsx")["subject"].tolist() == [row[3] for row in ROWS]


def test_two_files_that_disagree_about_a_clip_are_named():
    ratings = pd.DataFrame({"clip": ["7", "7", "8"], "subject": ["s1", "s1", "s2"]})
    clips = pd.DataFrame({"clip": ["7", "8"], "subject": ["s9", "s2"], "context": ["a", "b"]})
    (problem,) = find_disagreements({"ratings.csv": ratings, "clips.csv": clips})
    for part in ("'7'", "'s1' in ratings.csv", "'s9' in clips.csv"):
        assert part in problem.fact
    assert not find_disagreements({"a": ratings, "b": clips.assign(subject=["s1", "s2"])})
    (problem,) = find_disagreements(
        {"a": clips, "b": clips.assign(context=["a", "a"])[["clip", "context"]]}
    )
    assert "two contexts" in problem.fact
    # The same clips in every context are no conflict.
    crossed = pd.DataFrame({"clip": ["1", "1"], "context": ["a", "b"], "subject": ["p", "q"]})
    assert not find_disagreements({"a": crossed, "b": crossed.iloc[::-1]})


PHASES = "clip,rater,phase,rating\n,a,main,\np1,a,practice,5\nx,a,main,1\ny,a,main,2\nx,b,main,2\n"


def test_rows_of_practice_and_of_no_case_are_left_out_aloud_unless_they_are_named(write):
    path = write(f"{PHASES}y,b,main,4\n")
    with pytest.warns(DataWarning) as caught:
        table = read_ratings(path)
    told = [str(one.message) for one in caught]
    assert any("column 'phase', row 3: 1 row of 'practice' left out" in one for one in told)
    assert any("row 2: 1 row holds no 'clip' and no answer: left out" in one for one in told)
    assert table[["clip", "rating"]].to_numpy().tolist() == [["x", 1], ["y", 2], ["x", 2], ["y", 4]]
    with pytest.warns(DataWarning):
        kept = read_ratings(path, context="phase")
    assert kept["context"].tolist() == ["practice", "main", "main", "main", "main"]


@pytest.mark.parametrize("level", ["training", "rehearsal"])
def test_conditions_that_are_called_as_practice_is_are_kept(write, level):
    path = write(PHASES.replace("practice", level).replace("phase", "condition")[:-1] + "\n")
    with pytest.warns(DataWarning, match="no 'clip' and no answer"):
        assert len(read_ratings(path)) == 4


def test_an_answer_without_a_clip_is_still_an_error(write, refuse):
    with pytest.warns(DataWarning, match="'practice' left out"):
        (problem,) = refuse(read_ratings, write(PHASES.replace(",a,main,\n", ",a,main,3\n")))
    assert problem.column == "clip" and "empty" in problem.fact and problem.rows == (2,)
