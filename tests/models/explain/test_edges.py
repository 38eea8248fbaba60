"""Sentences at the edges: twins, copies of the target, models that learned nothing, few subjects.

Exact for words; .02 for credit that two equal features share under ridge.
"""

import numpy as np
import pandas as pd
import pytest

from exprstats.errors import DataWarning
from exprstats.models import (
    fit_elastic,
    fit_forest,
    measure_leakage,
    rate_importance,
    report_weights,
    split_subjects,
    trace_dependence,
)

FEATURES = ["smile", "brow", "nod"]


def make_faces(subjects=30, seed=1):
    """Clips of 4 a subject whose y goes along with smiles; smile2 is the same again, as recorded
    by a second tracker."""
    rng = np.random.default_rng(seed)
    clips = pd.DataFrame(rng.normal(size=(4 * subjects, 3)), columns=FEATURES)
    clips["y"] = 0.7 * clips["smile"] - 0.4 * clips["brow"] + 0.7 * rng.normal(size=len(clips))
    clips["smile2"] = clips["smile"] + 0.0005 * rng.normal(size=len(clips))
    clips["clip"] = [f"v{i:03d}" for i in range(len(clips))]
    clips["subject"] = np.repeat([f"p{i:02d}" for i in range(subjects)], 4)
    return clips


def fit(clips, features, *, target="y", verb=fit_elastic, **options):
    parts = options.pop("parts", None)
    parts = split_subjects(clips, seed=1) if parts is None else parts
    return verb(clips, target=target, features=features, parts=parts, **options)


def test_twins_share_the_credit_and_the_words_say_so():
    clips = make_faces()
    models = fit(clips, [*FEATURES, "smile2"], l1_ratios=[0.0], alphas=[0.01])
    weights = models.table.query("term == 'weight'").set_index("feature")["estimate"]
    alone = fit(clips, FEATURES, l1_ratios=[0.0], alphas=[0.01]).table
    whole = alone.query("term == 'weight' and feature == 'smile'")["estimate"].item()
    assert weights["smile"] == pytest.approx(whole / 2, abs=0.02)
    assert weights["smile2"] == pytest.approx(whole / 2, abs=0.02)
    told = "smile and smile2 all but repeat one another and share the credit"
    report = report_weights(models, draws=20, repeats=2, seed=1)
    assert told in report.sentence()
    importance = rate_importance(models, repeats=10, draws=100, seed=1)
    assert (
        f"{told}: what one of them has says nothing of it alone; permuted" in importance.sentence()
    )
    rows = importance.tidy().query("headline").set_index("feature")
    assert rows.loc["smile + smile2", "estimate"] > 2 * rows.loc["smile", "estimate"]
    for table in (report.tidy().query("term == 'weight'"), importance.tidy()):
        noted = table[table["note"].astype(object).fillna("").str.contains("shares the credit")]
        assert set(noted["feature"]) == {"smile", "smile2"}
    none = rate_importance(fit(clips, FEATURES), repeats=2, draws=20, seed=1).sentence()
    assert "credit" not in none


def test_two_pairs_of_twins_are_two_sentences():
    clips = make_faces().assign(brow2=lambda table: 2 - 3 * table["brow"])
    models = fit(clips, [*FEATURES, "smile2", "brow2"], l1_ratios=[0.0])
    told = rate_importance(models, repeats=2, draws=20, seed=1).sentence()
    assert "smile and smile2 all but repeat" in told
    assert "brow and brow2 all but repeat" in told


def test_a_copy_of_the_target_is_named():
    clips = make_faces().assign(code=lambda table: 7 - 2 * table["y"])
    with pytest.warns(
        DataWarning, match="1 feature is a copy of the target 'y'.*: 'code'"
    ) as caught:
        models = fit(clips, [*FEATURES, "code"])
    assert caught[0].filename == __file__
    assert "The target is among the features ('code')" in models.sentence()
    faces = make_faces().assign(face=lambda table: np.where(table["y"] > 0, "glad", "sad"))
    faces["coded"] = faces["face"].map({"glad": 4, "sad": 9})
    with pytest.warns(DataWarning, match="copy of the target 'face'"):
        fit(faces, ["smile", "coded"], target="face", verb=fit_forest, trees=5, seed=1)


def test_a_model_without_weights_learned_nothing():
    clips = make_faces()
    models = fit(clips, FEATURES, alphas=[50.0], l1_ratios=[1.0])
    assert "learned nothing: every weight is zero, the mean is predicted" in models.sentence()
    report = report_weights(models, draws=20, repeats=2, seed=1)
    assert "No feature was selected in all clips: every weight is zero." in report.sentence()
    assert (
        "all clips: none, all clips get the same prediction" in trace_dependence(models).sentence()
    )
    assert "no feature's interval lies above 0" in rate_importance(models, seed=1).sentence()
    data = {"target": "y", "features": FEATURES, "alphas": [50.0], "l1_ratios": [1.0]}
    told = measure_leakage(fit_elastic, clips, repeats=2, seed=1, **data).sentence()
    assert "all test clips get the same prediction" in told
    assert "—" not in told


def test_the_majority_class_is_nothing_learned():
    clips = make_faces(60)
    rng = np.random.default_rng(1)
    clips["face"] = np.where(rng.random(len(clips)) < 0.9, "neutral", "glad")
    data = {"target": "face", "verb": fit_forest, "min_leaves": [60], "trees": 50, "seed": 1}
    models = fit(clips, FEATURES, **data)
    test = models.predictions.query("part == 'test'")
    assert set(test["prediction_class"]) == {"neutral"}
    assert "learned nothing: it takes every clip for 'neutral'" in models.sentence()
    assert "UAR = .50" in models.sentence()


def test_a_forest_of_single_leaves_predicts_the_same_for_all():
    models = fit(make_faces(), FEATURES, verb=fit_forest, min_leaves=[200], trees=5, seed=1)
    assert "r not defined; the model learned nothing: all clips get the same" in models.sentence()


def test_three_test_subjects_explain_their_interval():
    clips = make_faces()
    parts = pd.DataFrame({"subject": sorted(clips["subject"].unique()), "part": "train"})
    parts.loc[20:26, "part"], parts.loc[27:, "part"] = "validate", "test"
    found = rate_importance(fit(clips, FEATURES, parts=parts), repeats=2, draws=20, seed=1)
    told = (
        "With only 3 test subjects such an interval rests on 2 degrees of freedom and is very wide"
    )
    assert told in found.sentence()
    many = rate_importance(fit(make_faces(60), FEATURES), repeats=2, draws=20, seed=1)
    assert "degrees of freedom" not in many.sentence()
