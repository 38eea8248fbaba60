"""What clips of each class were taken for, as printed.

Tolerance: none for counts; recall and precision to the two printed decimals against scikit-learn.
"""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import confusion_matrix, precision_score, recall_score

from exprstats.document.text import write_plain
from exprstats.models import fit_forest, split_subjects
from exprstats.report import build_document, gather_analysis, write_report

pytestmark = pytest.mark.usefixtures("blank_pictures")

NAMES = np.array(["<b>fear</b>", "joy", "anger"])


def make_clips(labels):
    """Return clips of 24 people in two contexts, motion deciding between the classes."""
    rng = np.random.default_rng(6)
    clips = pd.DataFrame(rng.normal(size=(192, 2)), columns=["motion", "gaze"])
    clips["clip"], clips["subject"] = range(192), np.repeat(range(24), 8)
    clips["context"] = np.tile(["pain", "startle"], 96)
    level = clips["motion"] + 0.5 * rng.normal(size=192)
    code = np.digitize(level, np.quantile(level, np.linspace(0, 1, len(labels) + 1)[1:-1]))
    return clips.assign(face=np.array(labels)[code])


def grow(clips, **options):
    parts = split_subjects(clips, seed=1)
    options = {"features": ["motion", "gaze"], "trees": 15, "min_leaves": [3], "seed": 1, **options}
    return fit_forest(clips, target="face", parts=parts, **options)


@pytest.fixture(scope="module")
def forest():
    return grow(make_clips(NAMES), by="context")


def describe(results):
    document = build_document(gather_analysis(results, None))
    section = next(one for one in document.sections if one.name == "performance")
    (table,) = (one for one in section.tables if one.name == "classes")
    told = " ".join(write_plain(text) for text in section.sentences)
    return told.replace("\xa0", " "), table


def take_test(models, context):
    rows = models.predictions.query("part == 'test'")
    own = rows["fitted_on"].eq("all") if context == "All" else rows["context"].eq(context)
    return rows[own & rows["fitted_on"].eq("all" if context == "All" else "context")]


def test_cells_are_scikit_learns(forest):
    _, table = describe([forest])
    headings = [write_plain(column.heading) for column in table.columns]
    labels = sorted(NAMES)
    assert headings == ["True class", *labels, "Clips", "Recall", "Precision"]
    assert table.cells["context"].unique().tolist() == ["pain", "startle", "All"]
    for context, cells in table.cells.groupby("context"):
        rows = take_test(forest, context)
        pair = rows["truth_class"], rows["prediction_class"]
        wanted = confusion_matrix(*pair, labels=labels)
        printed = cells[[f"taken{place}" for place in range(3)]].astype(int).to_numpy()
        np.testing.assert_array_equal(printed, wanted)
        assert cells["truth"].tolist() == labels
        for name, score in (("recall", recall_score), ("precision", precision_score)):
            values = score(*pair, labels=labels, average=None, zero_division=np.nan)
            shown = cells[name].replace("—", "nan").astype(float)
            np.testing.assert_allclose(shown, values, atol=0.0051)


def test_the_sentence_says_hits_and_both_chance_levels(forest):
    told, _ = describe([forest])
    rows = take_test(forest, "All")
    hits = int((rows["truth_class"] == rows["prediction_class"]).sum())
    assert f"the random forest put {hits} of {len(rows)} test clips" in told
    trained = forest.predictions.query("part == 'train' and fitted_on == 'all'")["truth_class"]
    most = trained.value_counts().idxmax()
    share = f"{(rows['truth_class'] == most).mean():.2f}".lstrip("0")
    assert f".33 for guesses that are even over the 3 classes, and {share} for calling" in told
    assert f"every clip {most}, the most frequent class in training" in told


def test_codes_of_many_classes_name_the_commonest_mistake():
    clips = make_clips(range(10)).drop(columns="context")
    _, table = describe([grow(clips, task="classification")])
    assert [column.key for column in table.columns] == [
        *("truth", "mistaken", "clips", "recall", "precision")
    ]
    assert table.cells["truth"].tolist() == [str(code) for code in range(10)]
    counts = table.rows.query("truth == 4 and prediction != 4")
    most = counts.loc[counts["n_clips"].idxmax()]
    wanted = f"{most['prediction']:g} ({most['n_clips']})"
    assert table.cells["mistaken"].iloc[4] == wanted
    assert table.group is None


def test_folder_and_page_hold_every_count(forest, tmp_path):
    page = write_report([forest], tmp_path / "report").read_text(encoding="utf-8")
    assert "<b>fear" not in page and "&lt;b&gt;fear" in page
    found = json.loads((tmp_path / "report" / "results.json").read_text(encoding="utf-8"))
    counts = sum(row["n_clips"] for row in found["classes"] if row["context"] is None)
    assert counts == len(take_test(forest, "All"))
    assert {row["model"] for row in found["classes"]} == {"forest"}
    (file,) = (tmp_path / "report" / "tables").glob("table*_classes_rows.csv")
    rows = pd.read_csv(file)
    assert rows["n_clips"].sum() == sum(row["n_clips"] for row in found["classes"])


def test_quantities_have_no_such_table(plain):
    document = build_document(gather_analysis(list(plain), None))
    assert "classes" not in [one.name for section in document.sections for one in section.tables]
