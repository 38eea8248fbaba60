"""Real files that nobody here wrote, against the csv module and published facts about them.

Numbers are compared exactly: both sides are the nearest doubles of the same decimal text.
"""

import csv
import os
import warnings
from pathlib import Path

import numpy as np
import pytest

from exprstats.contracts import CLIPS, PREDICTIONS, RATINGS, check_table
from exprstats.errors import DataWarning
from exprstats.io import (
    read_clips,
    read_items,
    read_predictions,
    read_ratings,
    read_table,
    sniff_file,
)

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif("EXPRSTATS_DATA" not in os.environ, reason="EXPRSTATS_DATA is not set"),
]
DATA = Path(os.environ.get("EXPRSTATS_DATA", "."))
TABLES = sorted(
    path
    for folder in ("ratings/rpkgs", "ratings/irr_csv", "ratings/varde", "ratings/crema_d")
    for path in (DATA / folder).glob("*.csv")
)


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.name)
def test_every_cell_is_what_the_csv_module_reads(path):
    with path.open(encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(stream)
    with warnings.catch_warnings(action="ignore", category=DataWarning):  # of codes such as -1
        table = read_table(path)
    assert table.shape == (len(rows), len(header))
    for place, name in enumerate(table.columns):
        cells = [row[place] for row in rows]
        if table[name].dtype == float:
            expected = [np.nan if cell in {"", "NA", "."} else float(cell) for cell in cells]
            np.testing.assert_array_equal(table[name], expected)
        elif table[name].notna().any():
            assert table[name].fillna("").tolist() == cells
        else:
            assert set(cells) <= {"", "NA"}


def test_complete_crossed_ratings():
    table = read_ratings(
        DATA / "ratings/varde/ppa.csv",
        clip="Target",
        rater="Rater",
        rating="Score",
        context="Type",
        scale=(1, 10),
    )
    check_table(table, RATINGS)
    assert len(table) == 72 * 36 * 6
    assert table[["clip", "rater", "context"]].nunique().tolist() == [36, 72, 6]


def test_wide_judges():
    path = DATA / "ratings/rpkgs/shrout_fleiss_1979.csv"
    table = read_ratings(path, raters=["J1", "J2", "J3", "J4"])
    # Shrout and Fleiss (1979, Table 2): first and last target.
    assert table["rating"].tolist()[:4] == [9, 2, 5, 8]
    assert table["rating"].tolist()[-4:] == [6, 2, 4, 7]


def test_wide_judges_with_missing_answers():
    path = DATA / "ratings/irr_csv/agreement_gwet4_table3.9.csv"
    table = read_ratings(path, clip="Subject", raters=["L", "K", "W", "B"])
    with path.open(newline="") as stream:
        cells = [cell for row in list(csv.reader(stream))[1:] for cell in row[1:]]
    assert len(table) == sum(cell != "NA" for cell in cells)


def test_items_by_school():
    path = DATA / "ratings/rpkgs/lavaan_HolzingerSwineford1939.csv"
    table = read_items(path, items=["x1", "x2", "x3"], clip="id", context="school")
    assert table["context"].value_counts().to_dict() == {"Pasteur": 156, "Grant-White": 145}
    assert table["x1"].mean() == pytest.approx(4.93577, abs=1e-5)


def test_tab_separated_file_with_preset_clip_table():
    facts = sniff_file(DATA / "ratings/audience_effects/alone.txt")
    assert (facts.separator, facts.decimal, facts.rows) == ("\t", ".", 480)
    raw = read_table(DATA / "ratings/audience_effects/alone.txt", ids=["private_id"])
    clips = read_clips(DATA / "prepared/audience_alone.csv", target="pleasantness")
    check_table(clips, CLIPS)
    assert clips["subject"].nunique() == raw["private_id"].nunique() == 40
    assert clips["context"].value_counts().to_dict() == dict.fromkeys(
        ("amusement", "fear", "neutral"), 160
    )
    np.testing.assert_allclose(clips["AU12"], raw["AU12"], atol=6e-7)


def test_predictions_with_a_nameless_first_column():
    path = DATA / "predictions/ufnet/demography_and_predictions_final_model.csv"
    table = read_predictions(
        path, clip="column_1", subject="id", truth="label", models=["pred_score"]
    )
    check_table(table, PREDICTIONS)
    assert set(table["truth"]) == {0, 1}
    assert table["prediction"].between(0, 1).all()
