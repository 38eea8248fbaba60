"""Data that an analysis made, in the report folder and by --out, as spreadsheets and R read them.

Values must be those of the results themselves, in full precision (to 1e-12).
"""

import subprocess

import numpy as np
import pandas as pd
import pytest

from exprstats import (
    average_raters,
    fit_elastic,
    fit_factor,
    judge_raters,
    read_clips,
    read_predictions,
    read_table,
    split_subjects,
    write_csv,
    write_report,
)
from exprstats.document.model import Column, Table
from exprstats.document.text import say
from exprstats.report.folder import print_table
from exprstats.simulate import simulate_expressiveness

ITEMS = ["response", "emotion", "motion"]
MARK = b"\xef\xbb\xbf"


@pytest.fixture(scope="module")
def made():
    study = simulate_expressiveness(subjects=30, contexts={"pain": 2, "startle": 2}, seed=3)
    factor = fit_factor(average_raters(study.ratings), items=ITEMS, by="context")
    clips = study.clips.assign(y=study.clips["au_count"])
    parts = split_subjects(clips, seed=1)
    data = {"target": "y", "features": ["head_velocity", "au_intensity"], "parts": parts}
    return study, factor, fit_elastic(clips, **data), judge_raters(study.ratings)


@pytest.mark.filterwarnings("ignore::exprstats.errors.ExprStatsWarning")
@pytest.mark.usefixtures("blank_pictures")
def test_the_report_folder_holds_what_was_made(made, tmp_path):
    _, factor, models, raters = made
    write_report([factor, models, raters], tmp_path / "report")
    place = tmp_path / "report" / "data"
    known = {
        "scores": factor.scores,
        "predictions": models.predictions,
        "raters": raters.tidy(),
        "parts": models.design.clips[["subject", "part"]].drop_duplicates("subject"),
    }
    assert {path.stem for path in place.iterdir()} == set(known)
    for name, table in known.items():
        path = place / f"{name}.csv"
        assert path.read_bytes().startswith(MARK)
        found = pd.read_csv(path, dtype={"clip": str, "subject": str, "rater": str})
        assert list(found) == list(table)
        numbers = table.select_dtypes("number").columns
        np.testing.assert_allclose(found[numbers], table[numbers], rtol=1e-12)
    again = read_predictions(place / "predictions.csv")
    assert len(again) == len(models.predictions)
    assert len(read_table(place / "scores.csv", ids=["clip"])) == len(factor.scores)


def test_printed_tables_hold_one_number_a_cell():
    cells = pd.DataFrame(
        {
            "item": ["smile", "nod"],
            "r": ["−.25", ".10"],
            "ci": ["[−.40, −.10]", ""],
            "n": ["1,684", "12"],
            "p": ["< .001", ".04"],
        }
    )
    columns = [Column(name, say(name.upper())) for name in cells]
    table = print_table(Table("x", "A table", tuple(columns), cells))
    assert list(table) == ["ITEM", "R", "CI: lower", "CI: upper", "N", "P"]
    assert table["R"].tolist() == ["-.25", ".10"]
    assert table["CI: lower"].tolist() == ["-.40", ""]
    assert table["N"].tolist() == ["1684", "12"]
    assert table["P"].tolist() == ["< .001", ".04"]


def test_numbers_in_texts_stay_numbers_and_formulas_do_not_run(tmp_path):
    table = pd.DataFrame({"a": ["-.25", "-1+1", "+5", "=1", "-x", "−3"]})
    write_csv(table, tmp_path / "t.csv")
    lines = (tmp_path / "t.csv").read_text("utf-8-sig").splitlines()
    assert lines == ["a", "-.25", "'-1+1", "'+5", "'=1", "'-x", "−3"]


@pytest.mark.r
def test_r_reads_what_we_write(tmp_path):
    table = pd.DataFrame({"Clip": ["é1", "b,c"], "x y": [-0.5, 2.0]})
    write_csv(table, tmp_path / "t.csv")
    code = (
        'x <- read.csv("t.csv", fileEncoding = "UTF-8-BOM", check.names = FALSE);'
        "cat(names(x)[1], nchar(names(x)[1]), sum(x[[2]]))"
    )
    told = subprocess.run(
        ["Rscript", "--vanilla", "-e", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "/usr/bin:/bin:/usr/local/bin", "LC_ALL": "C.UTF-8"},
    )
    assert told.stdout == "Clip 4 1.5"


def test_our_readers_take_our_files(tmp_path):
    table = pd.DataFrame({"clip": ["a", "b"], "subject": ["001", "2"], "x": [0.1, -2.5]})
    write_csv(table, tmp_path / "t.csv")
    found = read_clips(tmp_path / "t.csv")
    pd.testing.assert_frame_equal(found.astype(object), table.astype(object))
