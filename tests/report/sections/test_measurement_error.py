"""Sections on errors in points and subjects' means. Cells against the tidy rows."""

import numpy as np
import pytest

from exprstats.apa import write_interval, write_number
from exprstats.document.text import write_plain
from exprstats.reliability import measure_errors, study_subjects
from exprstats.report import describe_results, gather_analysis


def read(result):
    [section] = describe_results(gather_analysis(result))
    return section, " ".join(write_plain(one) for one in section.sentences).replace("\xa0", " ")


@pytest.fixture(scope="module")
def ratings(plain):
    return plain.ratings


def test_errors_have_their_components_and_their_points(ratings):
    errors = measure_errors(ratings, model="two-way", by="context")
    section, words = read(errors)
    parts, points = section.tables
    assert (parts.name, points.name) == ("components", "errors")
    rows = errors.table[errors.table["term"].eq("variance")]
    assert parts.cells["variance"].tolist() == [write_number(x) for x in rows["estimate"]]
    assert parts.cells["df"].tolist() == [write_number(x, 1).removesuffix(".0") for x in rows["df"]]
    shares = parts.cells["share"].str.rstrip("%").str.replace("−", "-").astype(float)
    assert (
        shares.groupby([parts.cells["context"], parts.cells["item"]])
        .sum()
        .sub(100)
        .abs()
        .le(1.5)
        .all()
    )
    for term in ("SEM", "SDC"):
        rows = errors.table[errors.table["term"].eq(term)]
        assert points.cells[term].tolist() == [write_number(x) for x in rows["estimate"]]
    assert set(points.cells["family"]) == {"agreement", "consistency"}
    sems = errors.table.query("term == 'SEM' and family == 'A' and raters_per_clip > 1")
    low = sems.loc[sems["estimate"].idxmin()]
    told = f"{write_number(low['estimate'])}, 95% CI "
    told += write_interval(low["conf_low"], low["conf_high"])
    assert f"standard error of measurement of {told} ({low['item']}, " in words


def test_errors_that_are_not_defined_are_said_so(ratings):
    errors = measure_errors(ratings, items="motion")
    assert "has a standard error of measurement of" in read(errors)[1]
    assert "(Table errors)." in read(errors)[1]
    errors.table.loc[errors.table["term"].ne("variance"), "estimate"] = np.nan
    assert "The error of a clip’s mean rating is not defined (Table errors)." in read(errors)[1]


def test_means_of_subjects_have_all_plans_and_their_figure(ratings):
    subjects = study_subjects(ratings, clips=[2, 8], raters=[1, 6], by="context")
    section, words = read(subjects)
    table = section.tables[0]
    assert table.name == "subjects" and [figure.name for figure in section.figures] == ["subjects"]
    pooled = subjects.table[subjects.table["context"].isna()]
    assert len(table.cells) == 6
    for cells in table.cells.to_dict("records"):
        row = pooled[
            pooled["item"].eq(cells["item"])
            & pooled["clips_per_subject"].eq(int(cells["clips_per_subject"]))
            & pooled["raters_per_clip"].eq(6)
        ].iloc[0]
        limits = write_interval(row["conf_low"], row["conf_high"], bounded=True)
        assert cells["k6"] == f"{write_number(row['estimate'], bounded=True)} {limits}"
    notes = " ".join(write_plain(note) for note in table.notes)
    assert "contexts alone are in the folder “tables”" in notes
    assert words.count("would tell subjects apart") == 3
    assert "in pain" not in words
