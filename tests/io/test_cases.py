"""Files of the kinds that people really have: each says the same ratings in another way.

The truth is a list made here by the random module, so that no reader of ours takes part in it.
Values of reliability are sums of squares written out below, to 1e-12 (rounding of sums).
"""

import csv
import gzip
import itertools
import subprocess
import sys
import warnings
import zipfile

import pandas as pd
import pyreadstat
import pytest

from exprstats import DataError, DataWarning, rate_reliability, read_contents, read_ratings
from exprstats.io.clips import read_subjects

from .conftest import HEADER, ROWS, number_ids, rng, write_book, write_rows

WORDS = ["Not at all", "Slightly", "Moderately", "Quite a bit", "Extremely"]


def rate_by_hand(rows):
    """Return ICC(1,1) of equal numbers of ratings from the sums of squares."""
    clips = {}
    for clip, _, rating, *_ in rows:
        clips.setdefault(clip, []).append(float(rating))
    k = len(next(iter(clips.values())))
    means = {clip: sum(held) / k for clip, held in clips.items()}
    grand = sum(means.values()) / len(means)
    between = k * sum((mean - grand) ** 2 for mean in means.values()) / (len(means) - 1)
    within = sum((x - means[c]) ** 2 for c, held in clips.items() for x in held)
    within /= len(means) * (k - 1)
    return (between - within) / (between + (k - 1) * within)


def write_ods(path, rows):
    """Write the smallest OpenDocument spreadsheet, with the padding that programs add."""
    names = " ".join(
        f'xmlns:{one}="urn:oasis:names:tc:opendocument:xmlns:{one}:1.0"'
        for one in ("office", "table", "text")
    )

    def write_cell(cell):
        if isinstance(cell, int):
            return f'<table:table-cell office:value-type="float" office:value="{cell}"/>'
        text = f"<text:p>{cell}</text:p>"
        return f'<table:table-cell office:value-type="string">{text}</table:table-cell>'

    wide = '<table:table-cell table:number-columns-repeated="1020"/>'
    deep = '<table:table-row table:number-rows-repeated="1048000"><table:table-cell/>'
    body = "".join(
        f"<table:table-row>{''.join(map(write_cell, row))}{wide}</table:table-row>" for row in rows
    )
    table = f'<table:table table:name="Data">{body}{deep}</table:table-row></table:table>'
    sheet = f"<office:body><office:spreadsheet>{table}</office:spreadsheet></office:body>"
    content = f"<office:document-content {names}>{sheet}</office:document-content>"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
    return path


QUALTRICS = [
    ["Which clip", "Worker code", "How expressive was the person?", "Person"],
    ['{"ImportId":"QID1"}', '{"ImportId":"QID2"}', '{"ImportId":"QID3"}', '{"ImportId":"QID4"}'],
]
SOSCI = [["Clip shown", "Code of worker", "How expressive was it?", "Who is seen"]]
VARIANTS = {
    "plain.csv": lambda p: write_rows(p, [HEADER, *ROWS]),
    "semicolon.csv": lambda p: write_rows(p, [HEADER, *ROWS], delimiter=";"),
    "tab.txt": lambda p: write_rows(p, [HEADER, *ROWS], delimiter="\t"),
    "blank.txt": lambda p: write_rows(p, [HEADER, *ROWS], delimiter=" "),
    "quoted.csv": lambda p: write_rows(p, [HEADER, *ROWS], quoting=csv.QUOTE_ALL),
    "utf16.csv": lambda p: write_rows(p, [HEADER, *ROWS], encoding="utf-16"),
    "trailing.csv": lambda p: write_rows(p, [HEADER, *([*row, ""] for row in ROWS)]),
    "ending.csv": lambda p: write_rows(p, [[*row, ""] for row in [HEADER, *ROWS]]),
    "title.csv": lambda p: write_rows(p, [["Pilot study"], [], HEADER, *ROWS]),
    "comment.csv": lambda p: write_rows(p, [["# made by us"], ["# today, again"], HEADER, *ROWS]),
    "qualtrics.csv": lambda p: write_rows(p, [HEADER, *QUALTRICS, *ROWS]),
    "sosci.csv": lambda p: write_rows(p, [HEADER, *SOSCI, *ROWS]),
    "coded.csv": lambda p: write_rows(
        p, [HEADER, *([c, r, f"{x} - {WORDS[x]}", s] for c, r, x, s in ROWS)]
    ),
    "packed.csv.gz": lambda p: p.write_bytes(
        gzip.compress(write_rows(p.with_name("in.csv"), [HEADER, *ROWS]).read_bytes())
    ),
    "book.xlsx": lambda p: write_book(p, {"Sheet": [HEADER, *ROWS]}),
    "title.xlsx": lambda p: write_book(p, {"Sheet": [["Pilot study"], [], HEADER, *ROWS]}),
    "second.xlsx": lambda p: write_book(
        p, {"Codebook": [["variable", "meaning"], ["rating", "0-4"]], "Data": [HEADER, *ROWS]}
    ),
    "hidden.xlsx": lambda p: write_book(
        p, {"Old": [HEADER, *ROWS[:20]], "Clean": [HEADER, *ROWS]}, hidden=["Old"]
    ),
    "table.ods": lambda p: write_ods(p, [HEADER, *ROWS]),
}


@pytest.mark.filterwarnings("ignore::exprstats.errors.DataWarning")
@pytest.mark.parametrize("name", VARIANTS)
def test_every_way_of_writing_gives_the_same_ratings(tmp_path, name):
    path = tmp_path / name
    VARIANTS[name](path)
    table = read_ratings(path)
    assert table[HEADER].to_numpy().tolist() == ROWS
    contents = read_contents(path)
    assert contents.layout == "ratings"
    assert {
        "clip": "clip",
        "rater": "rater",
        "subject": "subject",
    }.items() <= contents.roles.items()
    assert not contents.problems


@pytest.mark.parametrize(("ending", "write"), [("dta", "write_dta"), ("por", "write_por")])
def test_files_of_stata_and_portable_files_are_read(tmp_path, ending, write):
    rows = number_ids(ROWS)
    frame = pd.DataFrame(rows, columns=HEADER)
    getattr(pyreadstat, write)(frame, str(tmp_path / f"x.{ending}"))
    names = {name: name if ending == "dta" else name.upper() for name in HEADER}
    ids = {name: names[name] for name in ("clip", "rater", "rating", "subject")}
    table = read_ratings(tmp_path / f"x.{ending}", **ids)
    assert table["rating"].tolist() == [row[2] for row in rows]
    assert table["clip"].tolist() == [str(row[0]) for row in rows]


def test_a_pipe_is_read_once_and_works(tmp_path):
    path = write_rows(tmp_path / "a.csv", [HEADER, *ROWS])
    code = (
        "import sys, exprstats as ex; a = ex.read_ratings('-'); b = ex.read_ratings('-');"
        "print(len(a), a.equals(b), ex.sniff_file('-').sha256)"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], input=path.read_bytes(), capture_output=True, check=True
    )
    count, equal, digest = told.stdout.decode().split()
    assert (count, equal) == ("64", "True")
    assert len(digest) == 64


def test_reliability_of_what_was_read_is_that_of_the_ratings(tmp_path):
    path = write_rows(tmp_path / "a.csv", [["Pilot"], HEADER, *SOSCI, *ROWS], delimiter=";")
    with pytest.warns(DataWarning) as caught:
        table = read_ratings(path)
    told = [str(one.message) for one in caught]
    assert any("the header is in row 2" in text for text in told)
    assert any("row 3 holds labels of the columns" in text for text in told)
    rows = rate_reliability(table.drop(columns="subject")).tidy()
    assert rows.loc[rows["term"] == "ICC(1,1)", "estimate"].iloc[0] == pytest.approx(
        rate_by_hand(ROWS), abs=1e-12
    )


def test_raters_in_rows_and_items_by_raters_are_read(tmp_path):
    clips = [f"c{i}" for i in range(12)]
    cells = {(judge, clip): rng.randint(1, 5) for judge in "ABCD" for clip in clips}
    wide = [["rater", *clips], *([j, *(cells[j, c] for c in clips)] for j in "ABCD")]
    path = write_rows(tmp_path / "rows.csv", wide)
    with pytest.warns(DataWarning, match="each row is read as a judge") as caught:
        table = read_ratings(path)
    assert caught[0].message.option == "raters_in_rows"
    found = {(r, c): x for c, r, x in table[["clip", "rater", "rating"]].to_numpy().tolist()}
    assert found == cells
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_ratings(path, raters_in_rows=True).equals(table)
    assert read_contents(path).layout == "raters in rows"

    items, judges = ["joy", "calm_face"], ["r1", "r2", "r3"]
    names = [f"{item}_{judge}" for item, judge in itertools.product(items, judges)]
    body = [[clip, *(rng.randint(1, 5) for _ in names)] for clip in clips]
    path = write_rows(tmp_path / "both.csv", [["clip", *names], *body])
    table = read_ratings(path, items=items).set_index(["clip", "item", "rater"])["rating"]
    for row in body:
        for name, value in zip(names, row[1:], strict=True):
            item, judge = name.rsplit("_", 1)
            assert table[row[0], item, judge] == value
    assert read_contents(path).layout == "items by raters"


def test_answers_in_words_are_offered_an_order_and_read_on_request(tmp_path):
    path = write_rows(tmp_path / "a.csv", [HEADER, *([c, r, WORDS[x], s] for c, r, x, s in ROWS)])
    with pytest.raises(DataError) as caught:
        read_ratings(path)
    (problem,) = caught.value.problems
    assert problem.option == "labels"
    assert f"labels={WORDS!r}" in str(problem)
    listed = read_ratings(path, labels=WORDS)["rating"]
    assert listed.tolist() == [row[2] + 1 for row in ROWS]
    numbers = {word: place for place, word in enumerate(WORDS)}
    assert read_ratings(path, labels=numbers)["rating"].tolist() == [row[2] for row in ROWS]


def test_codes_of_people_are_missing_where_they_are_named(tmp_path):
    place = tmp_path / "people.csv"
    place.write_text("id,age\na,31\nb,-9\n", encoding="utf-8")
    people = read_subjects(place, subject="id", needed=["age"], missing=[-9])
    assert people["age"].tolist()[0] == 31 and people["age"].isna().tolist() == [False, True]
