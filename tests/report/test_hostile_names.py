"""Names that would be code elsewhere go through page, CSV, JSON and figures unharmed."""

import csv
import json
import re
from xml.etree import ElementTree
from zipfile import ZipFile

import pytest

from exprstats.models import contrast_contexts, report_weights
from exprstats.reliability import (
    compare_reliability,
    describe_design,
    judge_raters,
    plan_raters,
    study_decisions,
)
from exprstats.report import write_report

RISKY = ("=", "+", "-", "@", "\t", "\r")


@pytest.fixture(scope="module")
def folder(hostile, tmp_path_factory):
    place = tmp_path_factory.mktemp("hostile") / "report"
    ratings = hostile.ratings
    settings = {
        "target": "score",
        "features": hostile.models.design.features,
        "parts": hostile.parts,
    }
    further = [
        describe_design(ratings, by="context"),
        compare_reliability(ratings),
        study_decisions(hostile.reliability),
        plan_raters(hostile.reliability),
        judge_raters(ratings, lowest=0.95),
        report_weights(hostile.models, draws=20, repeats=0, seed=1),
        contrast_contexts(hostile.data, **settings, draws=20, seed=1),
    ]
    write_report([*hostile, *further], place, title="</title><script>alert(0)</script>")
    return place


def test_the_page_shows_the_names_and_runs_none_of_them(folder, read_page, hostile_names):
    page = read_page(folder / "index.html")
    assert page.unclosed == []
    assert "script" not in page.tags
    assert {name for _, name, _ in page.attributes if name.startswith("on")} == set()
    assert page.tags.count("img") == 5
    assert page.text.count("</title><script>alert(0)</script>") == 2
    cells = [cell for table in page.tables for row in table for cell in row]
    for name in hostile_names:
        assert name in cells, name


def test_no_name_becomes_italic_or_a_template(folder, read_page):
    text = (folder / "index.html").read_text(encoding="utf-8")
    assert "{{ 7 * 7 }}" in read_page(folder / "index.html").text
    assert "<i>i</i>" not in text


def test_word_markdown_and_latex_show_the_names_as_they_are(folder, hostile_names):
    with ZipFile(folder / "report.docx") as file:
        told = {one.text for one in ElementTree.fromstring(file.read("word/document.xml")).iter()}
    for name in hostile_names:
        assert name in told, name
    markdown = "".join(path.read_text("utf-8") for path in (folder / "tables").glob("*.md"))
    latex = "".join(path.read_text("utf-8") for path in (folder / "tables").glob("*.tex"))
    assert "\\<script\\>alert(1)\\</script\\>" in markdown
    assert not re.search(r"(?<!\\)[<|]script", markdown)
    assert r"\$x\_1\$ \& *i*" in latex and "$x_1$" not in latex


def test_no_spreadsheet_runs_a_cell(folder):
    for path in (folder / "tables").glob("*.csv"):
        with path.open(newline="", encoding="utf-8") as stream:
            for row in csv.reader(stream):
                for cell in row:
                    assert not cell.startswith(RISKY) or is_number(cell), (path.name, cell)


def is_number(cell):
    try:
        float(cell)
    except ValueError:
        return False
    return True


def test_json_keeps_the_names_as_they_are(folder, hostile_names):
    found = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    contexts = {row["context"] for row in found["reliability"]}
    assert contexts == {*hostile_names[:2], None}
    assert {row["item"] for row in found["reliability"]} == set(hostile_names[2:5])


def test_file_names_hold_no_name_from_the_data(folder):
    for path in folder.rglob("*"):
        assert path.name.replace(".", "").replace("_", "").isalnum(), path.name
