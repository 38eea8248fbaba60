"""Parts of the split, nested folds and leakage: printed cells against the tidy rows.

Tolerance: half a unit of the last printed digit.
"""

import numpy as np
import pandas as pd
import pytest

from exprstats.document.text import write_plain
from exprstats.models import (
    fit_elastic,
    fit_forest,
    fold_subjects,
    measure_leakage,
    nest_elastic,
    split_subjects,
    tally_classes,
)
from exprstats.report import describe_results, gather_analysis

FEATURES = ["motion", "gaze"]
NAMES = {"train": "Training", "validate": "Validation", "test": "Test"}


@pytest.fixture(scope="module")
def clips():
    """240 clips of 30 people in two contexts, one called "All"."""
    rng = np.random.default_rng(3)
    table = pd.DataFrame(rng.normal(size=(240, 2)), columns=FEATURES)
    table["subject"] = np.repeat([f"P{i:02d}" for i in range(30)], 8)
    table["context"] = np.tile(["All", "pain"], 120)
    table["clip"] = [f"c{i}" for i in range(240)]
    table["y"] = table["motion"] + 0.5 * rng.normal(size=240)
    table["face"] = np.where(table["y"] > 0, "lively", "still")
    return table


@pytest.fixture(scope="module")
def data(clips):
    return {"features": FEATURES, "parts": split_subjects(clips, seed=1), "by": "context"}


def describe(result, name):
    return next(one for one in describe_results(gather_analysis([result])) if one.name == name)


def read_number(cell):
    return float(cell.replace("−", "-"))


def read_notes(table):
    return " ".join(write_plain(note) for note in table.notes).replace("\xa0", " ")


def pick(table, context, **equal):
    rows = table[table["context"].isna() if context is None else table["context"].eq(context)]
    for name, value in equal.items():
        rows = rows[rows[name] == value]
    return rows["estimate"].item()


@pytest.mark.parametrize("folded", [False, True])
def test_each_part_has_its_scores_and_the_first_line_what_was_tuned(clips, data, folded):
    rest = data["parts"].query("part != 'test'")["subject"]
    folds = fold_subjects(clips[clips["subject"].isin(rest)], folds=4, seed=2) if folded else None
    models = fit_elastic(clips, target="y", folds=folds, **data)
    (table,) = describe(models, "fits").tables
    rows = models.tidy()
    names = {**NAMES, "validate": "Folds"} if folded else NAMES
    for context, shown in (("All", "All (context)"), ("pain", "pain"), (None, "All")):
        cells = table.cells[table.cells["context"] == shown].set_index("part")
        assert cells.index.tolist() == list(names.values())
        for part, name in names.items():
            for term in ("rmse", "correlation"):
                value = pick(rows, context, part=part, term=term)
                assert read_number(cells.loc[name, term]) == pytest.approx(value, abs=0.005)
        chosen = pick(rows, context, term="alpha")
        assert float(cells["alpha"].iloc[0]) == pytest.approx(chosen)
        assert set(cells["alpha"].iloc[1:]) == {""}
    notes = read_notes(table)
    assert ("which chose the penalty (Folds)" in notes) is folded
    assert "Validation" not in notes


def test_several_models_are_named_once_in_each_context(clips, data):
    models = fit_elastic(clips, target="y", **data)
    small = {"trees": 5, "max_features": [1.0], "min_leaves": [5], "seed": 1}
    forest = fit_forest(clips, target="y", name="All", **small, **data)
    results = gather_analysis([models, forest])
    section = next(one for one in describe_results(results) if one.name == "fits")
    cells = section.tables[0].cells
    assert cells["model"].tolist() == ["elastic", "", "", "All", "", ""] * 3
    assert cells.loc[cells["model"] == "All", "min_leaf"].tolist() == ["5"] * 3
    assert set(cells.loc[cells["model"] == "elastic", "min_leaf"]) == {""}


def test_clips_and_subjects_of_each_class_are_counted(clips, data):
    small = {"trees": 5, "max_features": [1.0], "min_leaves": [5], "seed": 1}
    models = fit_forest(clips, target="face", **small, **data)
    table = describe(models, "fits").tables[1]
    assert table.name == "counts"
    counts = tally_classes(models)
    for row in counts.to_dict("records"):
        shown = {"All": "All (context)", "pain": "pain"}.get(row["context"], "All")
        here = table.cells["context"].eq(shown) & table.cells["class"].eq(row["class"])
        told = table.cells.loc[here, row["part"]].item()
        assert told == f"{row['n_clips']} ({row['n_clusters']})"


def test_nested_folds_have_their_scores_and_intervals(clips):
    data = {"target": "y", "features": FEATURES, "by": "context"}
    found = nest_elastic(clips, folds=fold_subjects(clips, folds=3, seed=1), **data)
    (table,) = describe(found, "nested").tables
    rows = found.tidy().query("part == 'test'")
    cells = table.cells.set_index("context")
    for context, shown in (("All", "All (context)"), ("pain", "pain"), (None, "All")):
        for term in ("rmse", "correlation"):
            value = pick(rows, context, term=term)
            assert read_number(cells.loc[shown, term]) == pytest.approx(value, abs=0.005)
            own = rows[rows["term"] == term]
            own = own[own["context"].isna() if context is None else own["context"].eq(context)]
            printed = cells.loc[shown, f"{term}_limits"].strip("[]").split(", ")
            wanted = own[["conf_low", "conf_high"]].iloc[0].tolist()
            assert [read_number(one) for one in printed] == pytest.approx(wanted, abs=0.005)
    assert "jackknife-t intervals over subjects" in read_notes(table)
    section = describe(found, "nested")
    assert "(nan)" not in write_plain(section.sentences[0])


def test_leakage_stands_beside_the_split_of_people(clips):
    data = {"target": "y", "features": FEATURES, "by": "context"}
    found = measure_leakage(fit_elastic, clips, repeats=2, seed=1, **data)
    (table,) = describe(found, "leakage").tables
    cells = table.cells.set_index("context")
    for context, shown in (("All", "All (context)"), ("pain", "pain"), (None, "All")):
        for term in ("rmse", "correlation"):
            for split in ("subjects", "rows"):
                value = pick(found.tidy(), context, term=term, split=split)
                cell = cells.loc[shown, f"{term}_{split}"]
                assert read_number(cell) == pytest.approx(value, abs=0.005)
