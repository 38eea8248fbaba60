"""Deep comparators stand beside the other models: same people, same parts, same table.

Frames hold each clip's score as a slope with five times the SD of its noise, so that r > .6 with
unseen people is far above chance.
"""

import numpy as np
import pandas as pd
import pytest

import exprstats as ex
from exprstats.contracts import PREDICTIONS, check_table
from exprstats.errors import DataError, OptionError

pytestmark = pytest.mark.torch
GRID = [{"hidden": 8, "layers": 1, "epochs": 15, "lr": 0.02}]


@pytest.fixture(scope="module")
def study():
    rng = np.random.default_rng(5)
    clips = pd.DataFrame({"subject": np.repeat(np.arange(30), 8), "clip": np.arange(240)})
    clips["context"] = np.where(clips["clip"] % 2, "pain", "calm")
    clips["score"] = 50 + 10 * rng.normal(size=240)
    frames = rng.normal(size=(240, 10, 2)).astype(np.float32)
    slope = np.linspace(-1, 1, 10)
    frames[..., 0] += (clips["score"].to_numpy()[:, None] - 50) / 3 * slope
    clips["motion"] = frames[:, -1, 0]
    return clips, frames, ex.split_subjects(clips, seed=1)


def fit(study, clips=None, **options):
    known, frames, parts = study
    options = {"grid": GRID, "device": "cpu", "seed": 1, "parts": parts, **options}
    table = known if clips is None else clips
    return ex.fit_deep(table, target="score", load=lambda row: frames[row["clip"]], **options)


@pytest.fixture(scope="module")
def models(study):
    import torch

    torch.set_num_threads(1)
    return fit(study, by="context")


def test_predictions_stand_beside_those_of_other_models(study, models):
    clips, _, parts = study
    check_table(models.predictions, PREDICTIONS)
    data = {"target": "score", "features": ["motion"], "parts": parts, "by": "context"}
    elastic = ex.fit_elastic(clips, **data)
    keys = ["fitted_on", "context", "clip"]
    mine, other = (
        table.sort_values(keys).reset_index(drop=True)
        for table in (models.predictions, elastic.predictions)
    )
    shared = ["clip", "subject", "context", "part", "fitted_on", "truth"]
    pd.testing.assert_frame_equal(mine[shared], other[shared], check_dtype=False)
    both = ex.stack_predictions(elastic, models.predictions)
    compared = ex.compare_models(both, metrics=["rmse"], draws=200, seed=1)
    assert {"elastic", "lstm"} <= set(compared.tidy()["model"])


def test_scores_are_those_of_the_predictions_and_unseen_people_are_predicted(models):
    rows = models.tidy()
    for context, fitted_on in (("calm", "context"), (None, "all")):
        own = models.predictions[models.predictions["fitted_on"] == fitted_on]
        own = own[own["part"] == "test"]
        own = own if context is None else own[own["context"] == context]
        here = rows["context"].isna() if context is None else rows["context"] == context
        value = rows[here & (rows["part"] == "test")].set_index("term")
        r = np.corrcoef(own["truth"], own["prediction"])[0, 1]
        assert value.loc["correlation", "estimate"] == pytest.approx(r)
        rmse = np.sqrt(np.mean((own["truth"] - own["prediction"]) ** 2))
        assert value.loc["rmse", "estimate"] == pytest.approx(rmse)
        assert value.loc["rmse", "n_clips"] == len(own)
        assert r > 0.6
    assert models.history.groupby("context", dropna=False)["best"].sum().tolist() == [1, 1, 1]
    text = models.sentence()
    told = (
        "one for each context and one for all clips, on 18 subjects, tuned and stopped on 6 others"
    )
    assert f"{told}, and tested on 6 further ones (48 clips)." in text
    assert "calm: test RMSE" in text
    assert "All clips: test RMSE" in text


@pytest.mark.filterwarnings("ignore:.*far from the other values")
def test_test_people_play_no_part_in_training(study, models):
    clips, _, parts = study
    tested = clips["subject"].isin(parts.loc[parts["part"] == "test", "subject"])
    changed = clips.assign(score=clips["score"].where(~tested, 999.0))
    again = fit(study, changed)
    pooled = models.predictions[models.predictions["fitted_on"] == "all"]
    np.testing.assert_array_equal(again.predictions["prediction"], pooled["prediction"])
    held = set(models.fits[-1].held_out_)
    assert held == set(parts.loc[parts["part"] == "validate", "subject"].astype(str))


def test_the_order_of_rows_plays_no_part(study, models):
    clips, _, _ = study
    turned = fit(study, clips.sample(frac=1, random_state=1))
    found = turned.predictions.set_index("clip")["prediction"]
    pooled = models.predictions[models.predictions["fitted_on"] == "all"]
    np.testing.assert_array_equal(found.loc[pooled["clip"]], pooled["prediction"])


def test_settings_are_chosen_on_validation_people(study):
    grid = [{**GRID[0], "lr": 1e-6, "epochs": 2}, {**GRID[0], "epochs": 8}]
    models = fit(study, grid=grid)
    assert models.grid["chosen"].tolist() == [False, True]
    assert models.grid["loss_validate"].idxmin() == 1
    assert models.fits[0].lr == 0.02


def test_classes_are_compared_by_hits(study):
    clips, frames, parts = study
    clips = clips.assign(label=(clips["score"] > 50).astype(int) + 2)
    models = ex.fit_deep(
        clips,
        target="label",
        parts=parts,
        load=lambda row: frames[row["clip"]],
        kind="gated-gru",
        classes=range(11),
        grid=[{"hidden": (8,), "dropout": 0.0, "epochs": 15, "lr": 0.02, "batch": 16}],
        device="cpu",
        seed=1,
    )
    value = models.tidy().set_index(["part", "term"])["estimate"]
    assert value["test", "accuracy"] > 0.75
    assert set(models.predictions["prediction"]) <= set(range(11))
    assert "was trained to predict label on 18 subjects" in models.sentence()
    assert "UAR" in models.sentence()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"kind": "r3d-pretrained"}, "local file"),
        ({"kind": "r3d", "weights": "kinetics.pth"}, "'r3d' from scratch"),
        ({"kind": "lstn"}, "'lstm'"),
        ({"by": "subject"}, "'context'"),
        ({"grid": [{"units": 3}]}, "units"),
    ],
)
def test_wrong_options_are_refused(study, options, words):
    with pytest.raises(OptionError, match=words):
        fit(study, **options)


def test_broken_tables_are_refused_with_every_reason(study):
    clips, _, parts = study
    with pytest.raises(DataError, match="without a part: '29'"):
        fit(study, parts=parts[parts["subject"] != 29])
    with pytest.raises(DataError, match="more than one part: '29'"):
        fit(study, parts=pd.concat([parts, parts[parts["subject"] == 29].assign(part="x")]))
    with pytest.raises(DataError, match="1 of 240 targets is missing"):
        fit(study, clips.assign(score=clips["score"].where(clips["clip"] != 3)))
    with pytest.raises(DataError, match="not among the classes"):
        fit(study, clips.assign(score=1.5), classes=range(3))
    with pytest.raises(DataError, match="no clips in the validate part"):
        fit(study, parts=parts.assign(part=parts["part"].replace("validate", "train")))


def test_targets_that_do_not_vary_in_training_are_refused(study):
    clips, _, parts = study
    trained = clips["subject"].isin(parts.loc[parts["part"] == "train", "subject"])
    still = clips.assign(score=clips["score"].where(~trained, 1.0))
    with pytest.raises(DataError, match="'score' is the same in all training clips"):
        fit(study, still)


def test_a_number_is_rated_beside_the_training_mean(study, models):
    import warnings

    with warnings.catch_warnings(action="ignore"):
        found = ex.rate_labels(models, draws=200, seed=1).table
    rows = models.predictions.query("fitted_on == 'all'")
    test = rows[rows["part"] == "test"]
    mean = rows.loc[rows["part"] == "train", "truth"].mean()
    shown = found[found["headline"] & found["versus"].isna()].set_index(["model", "metric"])
    for model, guess in (("lstm", test["prediction"]), ("mean", mean)):
        known = np.sqrt(np.mean((test["truth"] - guess) ** 2))
        assert shown.loc[(model, "rmse"), "estimate"] == pytest.approx(known)


def test_a_clip_that_cannot_be_used_is_named(study):
    _, frames, _ = study
    for change, words in (
        (lambda array: array[:, :1], r"clip '7' has shape \(10, 1\); others have \(10, 2\)"),
        (lambda array: np.where(array == array[0, 0], np.nan, array), "clip '7' has gaps: 1 of 20"),
    ):
        load = lambda row, change=change: (  # noqa: E731
            change(frames[row["clip"]]) if str(row["clip"]) == "7" else frames[row["clip"]]
        )
        clips, _, parts = study
        with pytest.raises(DataError, match=words):
            ex.fit_deep(clips, target="score", parts=parts, load=load, grid=GRID, device="cpu")
