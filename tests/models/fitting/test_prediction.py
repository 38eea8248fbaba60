"""Predictions of new clips, against arithmetic on the printed weights and scikit-learn's pipeline.

Tolerances: 1e-12 for the same sums in another order; 1e-6 for coordinate descent (test_penalties);
exact for what a file brings back.
"""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from exprstats.contracts import PREDICTIONS, check_table
from exprstats.errors import DataError, DataWarning, OptionError
from exprstats.inference import compare_models
from exprstats.models import (
    fit_elastic,
    fit_forest,
    fold_subjects,
    load_models,
    pair_pooled,
    predict_clips,
    rate_importance,
    report_weights,
    save_models,
    split_subjects,
    trace_dependence,
)

FEATURES = ["motion", "gaze", "blink", "still"]


@pytest.fixture(scope="module")
def models(clips):
    parts = split_subjects(clips, seed=1)
    return fit_elastic(clips, target="score", features=FEATURES, parts=parts, by="context")


@pytest.fixture
def new(draw_clips):
    table = draw_clips(subjects=7, seed=9).drop(columns=["score", "score_pooled"])
    return table.sample(frac=1, random_state=1)


def test_the_fitted_clips_get_their_predictions_again(clips, models):
    again = predict_clips(models, clips.sample(frac=1, random_state=2))
    key = ["fitted_on", "clip"]
    wanted = models.predictions.set_index(key)[["truth", "prediction"]].sort_index()
    pd.testing.assert_frame_equal(
        again.set_index(key)[["truth", "prediction"]].sort_index(), wanted, rtol=1e-12
    )


def test_new_clips_are_scaled_by_the_training_clips(clips, models, new):
    found = predict_clips(models, new)
    assert list(found.columns) == ["clip", "model", "subject", "context", "fitted_on", "prediction"]
    assert found.index.tolist() == 2 * new.index.tolist()
    parts = split_subjects(clips, seed=1)
    train = clips.merge(parts.query("part == 'train'"), on="subject")
    table = models.tidy()
    for context in ("startle", "pain", "disgust", None):
        own = train if context is None else train[train["context"] == context]
        rows = table[table["context"].isna() if context is None else table["context"] == context]
        weights = rows[rows["term"] == "weight"].set_index("feature")["estimate"][FEATURES]
        level = own["score_pooled" if context is None else "score"].mean()
        here = new if context is None else new[new["context"] == context]
        z = (here[FEATURES] - own[FEATURES].mean()) / own[FEATURES].std(ddof=0)
        which = found["fitted_on"].eq("all" if context is None else "context")
        mine = found[which & found["clip"].isin(here["clip"])].set_index("clip")["prediction"]
        np.testing.assert_allclose(mine[here["clip"]], level + z @ weights, rtol=1e-12, atol=1e-12)


def test_ridge_equals_scikit_learn(clips, new):
    parts = split_subjects(clips, seed=1)
    data = {"target": "score", "features": FEATURES, "parts": parts, "pooled_target": "score"}
    models = fit_elastic(clips, alphas=[0.5], l1_ratios=[0.0], **data)
    train = clips.merge(parts.query("part == 'train'"), on="subject")
    peer = make_pipeline(StandardScaler(), Ridge(alpha=0.5 * len(train)))
    peer.fit(train[FEATURES], train["score"])
    found = predict_clips(models, new.drop(columns=["subject", "context"]))
    np.testing.assert_allclose(found["prediction"], peer.predict(new[FEATURES]), atol=1e-6)


def test_known_targets_make_a_table_that_can_be_compared(models, draw_clips):
    found = predict_clips(models, draw_clips(subjects=12, seed=9))
    check_table(found, PREDICTIONS)
    scores = compare_models(found, metrics="rmse", by="context", interval="jackknife").tidy()
    assert scores["estimate"].between(0.4, 1).all()
    partial = predict_clips(models, draw_clips(subjects=12, seed=9).drop(columns="score_pooled"))
    assert partial["truth"].isna().groupby(partial["fitted_on"]).mean().to_dict() == {
        "all": 1.0,
        "context": 0.0,
    }


def test_an_unknown_context_is_named_or_pooled_on_request(models, new):
    strange = new.replace({"context": {"pain": "awe"}})
    told = r"column 'context': 1 context was not in the fit: 'awe' \(there is disgust, pain, startl"
    with pytest.raises(DataError, match=told):
        predict_clips(models, strange)
    with pytest.warns(DataWarning, match="predictions of the pooled model only") as caught:
        found = predict_clips(models, strange, unknown="pooled")
    assert caught[0].filename == __file__
    assert set(found.loc[found["fitted_on"] == "context", "context"]) == {"startle", "disgust"}
    every = predict_clips(models, new)
    pooled = [one[one["fitted_on"] == "all"]["prediction"] for one in (found, every)]
    pd.testing.assert_series_equal(*pooled)


def test_what_new_clips_must_hold(models, new):
    with pytest.raises(DataError, match="no column 'gaze'"):
        predict_clips(models, new.drop(columns="gaze"))
    with pytest.raises(DataError, match="have no contexts, by which the models were fitted"):
        predict_clips(models, new.drop(columns="context"))
    with pytest.raises(DataError, match="column 'gaze': holds"):
        predict_clips(models, new.assign(gaze="left"))
    with pytest.raises(DataError, match="share their context, clip"):
        predict_clips(models, pd.concat([new, new]))
    with pytest.raises(OptionError, match="unknown 'any' is not known"):
        predict_clips(models, new, unknown="any")
    renamed = new.rename(columns={"context": "task"})
    pd.testing.assert_frame_equal(
        predict_clips(models, renamed, by="task"), predict_clips(models, new)
    )


def test_a_missing_feature_and_another_unit_are_told(models, new):
    holed = new.copy()
    holed.iloc[3, holed.columns.get_loc("gaze")] = np.nan
    with pytest.warns(DataWarning, match=r"1 of 84 clips has no prediction.*'gaze'"):
        found = predict_clips(models, holed)
    lost = found["prediction"].isna()
    assert set(found.loc[lost, "clip"]) == {holed["clip"].iloc[3]}
    pd.testing.assert_frame_equal(found[~lost], predict_clips(models, new)[~lost.to_numpy()])
    with pytest.warns(DataWarning, match=r"far from the mean .*motion: [67]\d\d SDs"):
        predict_clips(models, new.assign(motion=1000 * new["motion"]))


@pytest.mark.parametrize("folded", [False, True])
def test_a_stored_fit_is_the_fit(clips, new, tmp_path, folded):
    parts = split_subjects(clips, seed=1)
    folds = fold_subjects(clips, seed=1) if folded else None
    data = {"target": "score", "features": FEATURES, "parts": parts, "by": "context"}
    models = fit_elastic(clips, folds=folds, **data)
    path = tmp_path / "models.json"
    save_models(models, path)
    again = load_models(path)
    pd.testing.assert_frame_equal(predict_clips(again, new), predict_clips(models, new))
    pd.testing.assert_frame_equal(again.tidy(), models.tidy(), check_dtype=False)
    pd.testing.assert_frame_equal(again.glance(), models.glance())
    assert again.sentence() == models.sentence()
    save_models(again, tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == path.read_bytes()


def test_a_file_holds_no_row_of_the_data(clips, models, tmp_path):
    save_models(models, tmp_path / "models.json")
    text = (tmp_path / "models.json").read_text("utf-8")
    stored = json.loads(text)
    assert stored["versions"].keys() == {"exprstats", "python", "numpy", "pandas", "scikit-learn"}
    assert len(stored["fits"]) == 4
    assert not any(f'"{subject}"' in text for subject in clips["subject"].unique())
    numbers = {repr(value) for value in clips[[*FEATURES, "score"]].to_numpy().ravel().tolist()}
    assert not any(number in text for number in numbers)


def test_what_needs_clips_says_that_a_file_has_none(models, tmp_path):
    save_models(models, tmp_path / "models.json")
    again = load_models(tmp_path / "models.json")
    for verb in (report_weights, rate_importance, trace_dependence, pair_pooled):
        with pytest.raises(DataError, match="come from a file, which holds no clips"):
            verb(again)


def test_changed_and_foreign_files_are_refused(models, tmp_path):
    path = tmp_path / "models.json"
    save_models(models, path)
    stored = json.loads(path.read_text("utf-8"))
    stored["fits"][0]["weights"][0] += 0.1
    cases = {
        json.dumps(stored): "SHA-256 differs",
        "{}": "it holds no models",
        "[1": "it is not JSON",
        json.dumps({**stored, "version": 9}): "its version is 9",
    }
    for text, told in cases.items():
        path.write_text(text, "utf-8")
        with pytest.raises(DataError, match=told):
            load_models(path)
    with pytest.raises(DataError, match="cannot be read"):
        load_models(tmp_path / "none.json")


def test_forests_predict_and_are_not_stored(clips, new, tmp_path):
    parts = split_subjects(clips, seed=1)
    data = {"features": FEATURES, "parts": parts, "trees": 5, "seed": 1}
    forest = fit_forest(clips, target="score", by="context", **data)
    again = predict_clips(forest, clips)
    wanted = forest.predictions.set_index(["fitted_on", "clip"])["prediction"]
    pd.testing.assert_series_equal(again.set_index(["fitted_on", "clip"])["prediction"], wanted)
    with pytest.raises(OptionError, match="fit_forest grows the same trees"):
        save_models(forest, tmp_path / "forest.json")
    named = clips.assign(face=np.where(clips["motion"] > 0, "lively", "still"))
    classes = fit_forest(named, target="face", **data)
    faces = predict_clips(classes, named.head(40))
    assert (faces["truth_class"] == named["face"].head(40)).all()
    assert set(faces["prediction_class"]) == {"lively", "still"}
    assert "truth" not in predict_clips(classes, new)
    with pytest.raises(DataError, match="1 class was not in the fit: 'asleep'"):
        predict_clips(classes, new.assign(face="asleep"))
