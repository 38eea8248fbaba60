"""The report folder: its files, its determinism, its care. Bytes are compared exactly."""

import json
from xml.etree import ElementTree
from zipfile import ZipFile

import pandas as pd
import pytest

from exprstats.errors import DataWarning, OptionError
from exprstats.report import write_report

WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
FILES = {
    "index.html",
    "report.docx",
    "results.json",
    "provenance.json",
    "figures/figure1_factor.png",
    "figures/figure2_performance.png",
    "figures/figure2_performance.svg",
    "figures/figure3_weights.png",
    "figures/figure3_weights.svg",
    "tables/table1_reliability.csv",
    "tables/table1_reliability.md",
    "tables/table1_reliability.tex",
    "tables/table1_reliability_rows.csv",
    "tables/table2_measurement.csv",
    "tables/table3_performance.csv",
    "tables/table4_comparisons.csv",
    "tables/table5_weights.csv",
}


def list_files(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def refuse_nan(word):
    message = f"{word} is not JSON"
    raise ValueError(message)


@pytest.fixture(scope="module")
def folder(plain, tmp_path_factory, without_pictures):
    """A report whose figure of models is drawn, and whose other figures are not."""
    place = tmp_path_factory.mktemp("folder") / "report"
    with without_pictures(but="performance"):
        write_report(plain, place, title="A study")
    return place


def test_the_folder_holds_what_the_design_names(folder):
    assert list_files(folder) >= FILES


def read_word(path):
    """Return the texts of a Word file's tables, row by row, and of its other paragraphs."""
    with ZipFile(path) as file:
        body = ElementTree.fromstring(file.read("word/document.xml"))[0]

    def read(element):
        told = "".join(one.text or "" for one in element.iter(f"{WORD}t"))
        return " ".join(told.replace("\N{ZERO WIDTH SPACE}", "").split())

    tables = [
        [[read(cell) for cell in row.iter(f"{WORD}tc")] for row in grid.iter(f"{WORD}tr")]
        for grid in body.iter(f"{WORD}tbl")
    ]
    return tables, [read(one) for one in body.findall(f"{WORD}p")]


def test_the_word_file_holds_what_the_page_holds(folder, read_page):
    page = read_page(folder / "index.html")
    tables, texts = read_word(folder / "report.docx")
    shown = [[[" ".join(cell.split()) for cell in row] for row in one] for one in page.tables]
    assert tables == shown and len(tables) > 5
    whole = " ".join("".join(page.text).split())
    missing = [text for text in texts if text and text not in whole]
    # On the page a number and a title stand on lines of their own.
    assert not [text for text in missing if not text.startswith(("Table ", "Figure "))]


def test_a_word_file_that_fails_does_not_take_the_page_along(plain, tmp_path, monkeypatch):
    def fail(*_):
        raise ZeroDivisionError

    monkeypatch.setattr("exprstats.document.docx.render_docx", fail)
    told = r"The Word file could not be written \(ZeroDivisionError"
    with pytest.warns(DataWarning, match=told):
        page = write_report([plain.reliability], tmp_path / "report")
    assert page.exists() and not page.with_name("report.docx").exists()
    failed = json.loads((page.parent / "results.json").read_text(encoding="utf-8"))["failed"]
    assert len(failed) == 1 and "Word file" in failed[0]


def test_the_same_results_give_the_same_bytes(plain, folder, tmp_path, without_pictures):
    with without_pictures(but="performance"):
        write_report(reversed(list(plain)), tmp_path / "again", title="A study")
    assert (folder / "figures" / "figure2_performance.png").stat().st_size > 10_000
    kept = list_files(folder) - {"provenance.json"}
    assert kept == list_files(tmp_path / "again") - {"provenance.json"}
    for name in kept:
        assert (folder / name).read_bytes() == (tmp_path / "again" / name).read_bytes(), name


def test_results_hold_every_row_in_full_precision_and_no_nan(plain, folder):
    text = (folder / "results.json").read_text(encoding="utf-8")
    found = json.loads(text, parse_constant=refuse_nan)
    for name, rows in (
        ("reliability", plain.reliability.tidy()),
        ("comparison", plain.comparison.tidy()),
    ):
        assert len(found[name]) == len(rows)
        for told, row in zip(found[name], rows.to_dict("records"), strict=True):
            if pd.notna(row["estimate"]):
                assert told["estimate"] == row["estimate"]
            else:
                assert told["estimate"] is None
    assert len(found["factor"]["rows"]) == len(plain.factor.tidy())
    assert found["factor"]["engine"] == "closed form"
    assert len(found["models"]["elastic"]) == len(plain.models.tidy())


def test_provenance_says_what_when_and_how_long(folder):
    found = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
    assert found["program"] == "exprstats"
    assert found["versions"]["exprstats"]
    assert found["written"].endswith("+00:00")
    assert found["wall_time"] > 0
    assert "R was taken away" in found["factor"]["reason"]


def test_tables_as_printed_and_as_rows(plain, folder):
    printed = pd.read_csv(folder / "tables" / "table1_reliability.csv", dtype=str)
    assert printed["Question"].tolist() == ["response", "emotion", "motion"] * 4
    assert printed["Block"].tolist() == [
        *(["startle"] * 3 + ["pain"] * 3 + ["All"] * 3),
        *["All clips as one sample"] * 3,
    ]
    rows = pd.read_csv(folder / "tables" / "table1_reliability_rows.csv")
    assert rows["estimate"].tolist() == plain.reliability.tidy()["estimate"].tolist()


def test_a_taken_folder_is_kept_unless_forced(plain, folder):
    before = (folder / "index.html").read_bytes()
    with pytest.raises(OptionError, match="already holds results"):
        write_report([plain.reliability], folder)
    assert (folder / "index.html").read_bytes() == before


@pytest.mark.usefixtures("blank_pictures")
def test_force_replaces_the_whole_folder(plain, tmp_path):
    place = tmp_path / "report"
    write_report([plain.models], place)
    page = write_report([plain.reliability], place, force=True)
    assert page == place / "index.html"
    assert not (place / "figures").exists()
    assert not list((place / "tables").glob("table5*"))


def test_a_folder_of_somebody_else_is_never_touched(plain, tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(OptionError, match="did not write"):
        write_report([plain.reliability], tmp_path, force=True)
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_a_failure_leaves_nothing_half_written(plain, tmp_path, monkeypatch):
    def fail(*_):
        message = "no space"
        raise OSError(message)

    monkeypatch.setattr("exprstats.report.folder.render_html", fail)
    with pytest.raises(OSError, match="no space"):
        write_report([plain.reliability], tmp_path / "report")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("results", [[], ["text"], "text", 7, None])
def test_what_is_no_result_is_refused(results, tmp_path):
    with pytest.raises(OptionError, match="pass"):
        write_report(results, tmp_path / "report")
    assert not (tmp_path / "report").exists()


def test_two_of_a_kind_are_refused(plain, tmp_path):
    with pytest.raises(OptionError, match="two results of kind Reliability"):
        write_report([plain.reliability, plain.reliability], tmp_path / "report")
