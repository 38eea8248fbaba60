"""Numbers in running text against results.json: each estimate with its interval is a row there.

Tolerance: half a unit of the last printed digit.
"""

import json
import re

import pytest

from exprstats.document.text import write_plain
from exprstats.report import build_document, gather_analysis, write_report

KEY = ("estimate",)
NUMBER = r"−?\d*\.\d+"
TRIPLE = re.compile(rf"({NUMBER})(?:, 95% CI)? \[({NUMBER}), ({NUMBER})\]")
P = re.compile(rf"({NUMBER}), 95% CI \[{NUMBER}, {NUMBER}\], p ([=<>]) ({NUMBER})")


@pytest.fixture(scope="module")
def told(plain, resampled, tmp_path_factory, without_pictures):
    """Return the text of each section, and what the folder says to machines."""
    results = [*plain, *resampled]
    folder = tmp_path_factory.mktemp("sentences") / "report"
    with without_pictures():
        write_report(results, folder)
    document = build_document(gather_analysis(results, None))
    texts = {
        section.name: " ".join(write_plain(text) for text in section.sentences)
        for section in document.sections
    }
    found = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    return {name: text.replace("\xa0", " ") for name, text in texts.items()}, found


def read_number(text):
    """Return a printed number and half a unit of its last digit."""
    decimals = len(text.split(".")[1])
    return float(text.replace("−", "-")), 0.5 * 10**-decimals + 1e-12


def holds(row, printed, keys=("estimate", "conf_low", "conf_high")):
    values = [row.get(key) for key in keys]
    if any(value is None for value in values):
        return False
    return all(
        abs(value - wanted) <= near
        for value, (wanted, near) in zip(values, map(read_number, printed), strict=True)
    )


@pytest.mark.parametrize(
    ("section", "pick", "least"),
    [
        ("reliability", lambda found: found["reliability"], 2),
        ("measurement", lambda found: found["factor"]["rows"], 2),
        ("performance", lambda found: found["comparison"], 2),
        ("comparisons", lambda found: found["comparison"], 3),
        ("weights", lambda found: found["weights"], 4),
    ],
)
def test_every_estimate_in_the_text_is_a_row(told, section, pick, least):
    texts, found = told
    printed = TRIPLE.findall(texts[section])
    assert len(printed) >= least, texts[section]
    rows = pick(found)
    for triple in printed:
        assert any(holds(row, triple) for row in rows), triple


def test_p_values_in_the_text_are_the_adjusted_ones(told):
    texts, found = told
    rows = [row for row in found["comparison"] if row["versus"] and row["headline"]]
    printed = P.findall(texts["comparisons"])
    assert len(printed) >= 3
    for estimate, sign, p in printed:
        (row,) = (row for row in rows if row["context"] is None and holds(row, [estimate], KEY))
        value, near = read_number(p)
        adjusted = row["p_adjusted"]
        assert adjusted < value if sign == "<" else abs(adjusted - value) <= near


def test_counts_in_the_text_are_those_of_the_rows(told):
    texts, found = told
    rows = [row for row in found["comparison"] if row["context"] is None and row["headline"]]
    (clips,) = {row["n_clips"] for row in rows}
    (subjects,) = {row["n_clusters"] for row in rows}
    assert texts["performance"].count(f"{clips} test clips of {subjects} subjects") == 1
    terms = [row for row in found["contrasts"] if row["p_adjusted"] is not None]
    held = sum(row["p_adjusted"] < 0.05 for row in terms)
    assert f"Holm): {held or 'none'} of {len(terms)} differ" in texts["contrasts"]
