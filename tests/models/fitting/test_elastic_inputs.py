"""What the elastic net says about inputs it cannot use or had to change; messages are exact."""

import numpy as np
import pytest

from exprstats.errors import DataError, DataWarning, FitWarning, OptionError
from exprstats.models import contrast_contexts, fit_elastic, fit_forest, split_subjects
from exprstats.models.fitting import penalties

FEATURES = ["motion", "gaze", "blink", "still"]


@pytest.fixture(scope="module")
def parts(clips):
    return split_subjects(clips, seed=1)


def fit_by(clips, parts, **options):
    return fit_elastic(
        clips, target="score", features=FEATURES, parts=parts, by="context", **options
    )


def pick(models, context, term):
    table = models.table
    return table[(table["context"] == context) & (table["term"] == term)]


def test_a_constant_feature_is_named(clips, parts):
    flat = clips.assign(still=clips["still"].where(clips["context"] != "pain", 2.0))
    with pytest.warns(DataWarning, match=r"weight 0 \(context 'pain': 'still'\)"):
        found = fit_by(flat, parts)
    row = pick(found, "pain", "weight").query("feature == 'still'").iloc[0]
    assert row["estimate"] == 0
    assert row["note"] == "constant in training"
    assert pick(found, "startle", "weight")["note"].isna().all()


def test_descent_cut_short_warns_once(monkeypatch, clips, parts):
    monkeypatch.setattr(penalties, "MAX_ITERATIONS", 1)
    with pytest.warns(FitWarning, match=r"context 'startle': \d+ of 55") as caught:
        fit_by(clips, parts)
    assert len(caught) == 1


def test_all_weights_zero_is_said_in_words(clips, parts):
    found = fit_by(clips, parts, alphas=[50.0], l1_ratios=[1.0])
    assert (pick(found, "pain", "weight")["estimate"] == 0).all()
    told = "r not defined (alpha = 50, L1 ratio = 1); the model learned nothing: every weight is"
    assert told in found.sentence()
    r = pick(found, "pain", "correlation")
    assert r["estimate"].isna().all()
    assert set(r["note"]) == {"prediction is constant"}


def test_missing_features_and_targets_are_counted(clips, parts):
    holes = clips.copy()
    holes.loc[[3, 4], "gaze"] = np.nan
    holes.loc[7, "score"] = np.nan
    with pytest.raises(DataError) as caught:
        fit_by(holes, parts)
    told = {problem.column: problem for problem in caught.value.problems}
    assert "2 of 480 feature values are missing" in str(told["gaze"])
    assert told["gaze"].rows == (4, 5)
    assert "1 of 480 targets are missing" in str(told["score"])
    assert "dropna(subset=['score'])" in told["score"].remedy


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"gaze": "high"}, "column 'gaze'.*'high'"),
        ({"gaze": np.inf}, "column 'gaze'.*480 values are infinite"),
        ({"score": 1.5}, "context 'startle': all 96 training targets are 1.5"),
        ({"clip": "same"}, "rows share their context, clip"),
    ],
)
def test_columns_that_cannot_be_fitted(clips, parts, change, message):
    with pytest.raises(DataError, match=message):
        fit_by(clips.assign(**change), parts)


def test_an_absent_column_and_the_nearest_name(clips, parts):
    with pytest.raises(DataError, match=r"no column 'motions'.*'motion'"):
        fit_elastic(clips, target="score", features=["motions"], parts=parts)


def test_no_validation_subjects(clips):
    parts = split_subjects(clips, train=0.8, validate=0, test=0.2, seed=1)
    with pytest.raises(DataError, match="context 'startle': no clips in the validate part"):
        fit_by(clips, parts)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"alphas": [0.0]}, "alphas must be above 0"),
        ({"alphas": []}, "alphas must be a list of values to try"),
        ({"l1_ratios": 0.5}, "l1_ratios must be a list of values to try; got 0.5"),
        ({"l1_ratios": [0.5, 1.5]}, "between 0 and 1, not 0.5 to 1.5"),
    ],
)
def test_penalties_out_of_range(clips, parts, options, message):
    with pytest.raises(OptionError, match=message):
        fit_by(clips, parts, **options)


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ("motion", "must be a list"),
        ([], "must be a list"),
        (["motion", "motion"], "names motion more than once"),
        (["motion", "score"], "'score' is among the features"),
    ],
)
def test_features_that_are_no_features(clips, parts, features, message):
    with pytest.raises(OptionError, match=message):
        fit_elastic(clips, target="score", features=features, parts=parts)


@pytest.mark.parametrize("fit", [fit_elastic, fit_forest, contrast_contexts])
def test_a_split_that_was_forgotten(clips, fit):
    with pytest.raises(OptionError, match="parts is None; give the table that split_subjects"):
        fit(clips, target="score", features=FEATURES, parts=None)


def test_the_column_of_contexts_is_named_as_it_was_typed(clips, parts):
    data = {"target": "score", "features": FEATURES, "parts": parts}
    with pytest.raises(DataError, match="no column 'taks'"):
        fit_elastic(clips, by="taks", **data)
    with pytest.raises(OptionError, match="'gaze' names the contexts; it cannot be a feature"):
        fit_elastic(clips, by="gaze", **data)


def test_a_target_that_is_no_quantity_is_refused(clips, parts):
    named = clips.assign(score=clips["score"] > 0).drop(columns="score_pooled", errors="ignore")
    with pytest.raises(DataError, match="True or False: two classes"):
        fit_elastic(named, target="score", features=FEATURES, parts=parts)
