"""Several labels or numbers of each clip, networks that lack a modality, and transfer.

Average precision is scikit-learn's, exact. Standard errors are the delete-one jackknife over test
people, written out here: 1e-9. Frames hold two planted labels in the modality "face"; what is left
without it is the share of clips that have the label.
"""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score

import exprstats as ex
from exprstats.contracts import PREDICTIONS, check_table
from exprstats.errors import DataError, OptionError

pytestmark = pytest.mark.torch
SIZES = {"face": 2, "voice": 3, "noise": 1}
SHORT = [{"epochs": 2, "lr": 0.01, "batch": 64}]
GRID = [{"epochs": 15, "lr": 0.01, "batch": 32}]


@pytest.fixture(scope="module")
def study():
    import torch

    torch.set_num_threads(1)
    rng = np.random.default_rng(1)
    clips = pd.DataFrame({"clip": np.arange(320), "subject": np.arange(320) // 8})
    face = rng.normal(size=(320, 2))
    arrays = rng.normal(size=(320, 6, 6)).astype(np.float32)
    arrays[:, :, :2] += face[:, None]
    clips[["valence", "arousal"]] = face
    clips["joy"] = (face[:, 0] + 0.5 * rng.normal(size=320) > 0.5).astype(int)
    clips["awe"] = (face[:, 1] + 0.5 * rng.normal(size=320) > 0.5).astype(int)
    parts = ex.split_subjects(clips, train=0.5, validate=0.2, test=0.3, seed=1)
    return clips, arrays, parts


def ablate(study, **options):
    clips, arrays, parts = study
    chosen = {"targets": ["joy", "awe"], "modalities": SIZES, "grid": GRID, "draws": 200}
    chosen |= {"hidden": dict.fromkeys(SIZES, 8), "device": "cpu", "seed": 1, **options}
    return ex.ablate_modalities(clips, parts=parts, load=lambda row: arrays[row["clip"]], **chosen)


@pytest.fixture(scope="module")
def ablated(study):
    return ablate(study, subsets=[["voice", "face"], ["noise"]])


def test_several_labels_are_rows_of_predictions_with_seats(ablated):
    whole = ablated.fits["face + voice + noise"]
    check_table(whole.predictions, PREDICTIONS)
    test = whole.predictions[whole.predictions["part"].eq("test")]
    known = [
        average_precision_score(own["truth"], own["prediction"]) for _, own in test.groupby("seat")
    ]
    rows = whole.tidy()
    rows = rows[rows["part"].eq("test")]
    assert rows.loc[rows["term"].eq("map"), "estimate"].item() == pytest.approx(np.mean(known))
    single = rows[rows["term"].eq("average_precision")].set_index("target")["estimate"]
    assert single["awe"] == pytest.approx(known[0]) and single["joy"] == pytest.approx(known[1])
    assert whole.glance()["n_clips"].item() == 320
    assert f"test MAP = {np.mean(known):.2f}".replace("0.", ".") in whole.sentence()


def test_a_subset_is_a_selection_of_columns(study, ablated):
    clips, arrays, parts = study
    cut = arrays[:, :, :5]
    settings = {"sizes": (2, 3), "hidden": (8, 8), **GRID[0]}
    options = {"kind": "gated-gru", "device": "cpu", "seed": 1, "grid": [settings]}
    target = {"target": ["joy", "awe"], "parts": parts, "load": lambda row: cut[row["clip"]]}
    known = ex.fit_deep(clips, **target, **options).predictions
    found = ablated.fits["face + voice"].predictions
    np.testing.assert_array_equal(found["prediction"], known["prediction"])
    assert list(ablated.fits) == ["face + voice + noise", "face + voice", "noise"]


def test_differences_are_paired_and_resample_test_people(ablated):
    rows = ablated.predictions

    def score(model, without=None):
        own = rows[rows["model"].eq(model) & rows["subject"].ne(without)]
        return np.mean([
            average_precision_score(one["truth"], one["prediction"])
            for _, one in own.groupby("seat")
        ])  # fmt: skip

    people = rows["subject"].unique()
    table = ablated.table[ablated.table["headline"] & ablated.table["target"].isna()]
    for other in ("noise", "no features"):
        row = table[table["versus"].eq(other)].iloc[0]
        change = score("face + voice + noise") - score(other)
        assert row["estimate"] == pytest.approx(change, abs=1e-12)
        without = np.array([score("face + voice + noise", p) - score(other, p) for p in people])
        count = len(people)
        error = np.sqrt((count - 1) / count * ((without - without.mean()) ** 2).sum())
        assert row["std_error"] == pytest.approx(error, rel=1e-9)
        assert row["p_value"] < 0.001
    floor = table[table["model"].eq("no features") & table["versus"].isna()].iloc[0]
    shares = rows[rows["model"].eq("no features")].groupby("seat")["truth"].mean()
    assert floor["estimate"] == pytest.approx(shares.mean())
    each = ablated.table[ablated.table["target"].eq("joy") & ablated.table["headline"]]
    floor = each[each["model"].eq("no features") & each["versus"].isna()]
    assert floor["estimate"].item() == pytest.approx(shares["joy"])


def test_numbers_are_compared_by_errors_and_runs_are_averaged(study):
    found = ablate(study, targets=["valence", "arousal"], subsets=[["face"]], runs=2, grid=SHORT)
    whole = found.fits["face + voice + noise"]
    again = whole.repeated.groupby(["clip", "seat"])["prediction"].mean()
    own = found.predictions[found.predictions["model"].eq("face + voice + noise")]
    keys = pd.MultiIndex.from_frame(own[["clip", "seat"]])
    np.testing.assert_allclose(own["prediction"], again.loc[keys], rtol=1e-12)
    table = found.table[found.table["headline"] & found.table["target"].isna()]
    known = ((own["truth"] - own["prediction"]) ** 2).groupby(own["seat"]).mean().mean()
    row = table[table["metric"].eq("mse") & table["term"].eq("face + voice + noise")]
    assert row["estimate"].item() == pytest.approx(known)
    assert set(found.runs["run"]) == {1, 2}
    one = found.runs.query("model == 'face' and run == 2 and metric == 'rmse'")
    single = found.fits["face"].repeated.query("run == 2 and seat == 'valence'")
    rmse = np.sqrt(((single["truth"] - single["prediction"]) ** 2).mean())
    assert one.set_index("target").loc["valence", "estimate"] == pytest.approx(rmse)
    assert "MSE" in found.sentence()


def test_a_table_of_labels_keeps_its_names_and_order(study, tmp_path):
    clips, arrays, _ = study
    labels = clips[["joy", "awe"]]
    options = {"settings": {"hidden": (8,)}, "epochs": 4, "device": "cpu", "random_state": 1}
    model = ex.DeepMultilabel("gated-gru", **options).fit(arrays, labels, clips["subject"])
    plain = ex.DeepMultilabel("gated-gru", **options).fit(
        arrays, labels.to_numpy(), clips["subject"]
    )
    np.testing.assert_array_equal(model.predict_proba(arrays), plain.predict_proba(arrays))
    assert model.targets_ == ("joy", "awe") and plain.targets_ == ()
    assert model.score(arrays, labels[["awe", "joy"]]) == model.score(arrays, labels)
    model.save(tmp_path / "m.safetensors")
    again = ex.DeepMultilabel.open(tmp_path / "m.safetensors", device="cpu")
    assert again.targets_ == ("joy", "awe")
    with pytest.raises(DataError, match="targets lack 'awe'"):
        again.adapt(arrays, labels[["joy"]])


def test_weights_of_labels_start_a_regression_with_a_new_head(study, tmp_path):
    clips, arrays, _ = study
    options = {"settings": {"hidden": (8,)}, "epochs": 3, "device": "cpu", "random_state": 1}
    labels = ex.DeepMultilabel("gated-gru", **options)
    labels.fit(arrays, clips[["joy", "awe"]], clips["subject"]).save(tmp_path / "m.safetensors")
    still = {**options, "epochs": 1, "lr": 1e-12}
    start = ex.DeepRegressor("gated-gru", weights=tmp_path / "m.safetensors", **still)
    start.fit(arrays, clips[["valence", "arousal"]], clips["subject"])
    held, own = labels.net_.state_dict(), start.net_.state_dict()
    for name in held:
        if name.startswith("modalities"):
            np.testing.assert_allclose(own[name], held[name], atol=1e-6)
    assert not any(name.startswith(("experts", "labels")) for name in own)
    options |= {"weights": tmp_path / "m.safetensors", "epochs": 12, "lr": 0.01, "batch": 32}
    tuned = ex.DeepRegressor("gated-gru", **options)
    tuned.fit(arrays, clips[["valence", "arousal"]], clips["subject"])
    guess = tuned.predict(arrays)
    assert np.corrcoef(guess[:, 0], clips["valence"])[0, 1] > 0.8


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"subsets": [["faces"]]}, "'faces' is no modality.*'face'"),
        ({"subsets": [[]]}, "one at least"),
        ({"modalities": {}}, "at least one"),
    ],
)
def test_what_is_no_modality_is_refused(study, options, words):
    with pytest.raises(OptionError, match=words):
        ablate(study, **options)


def test_modalities_and_targets_must_fit(study):
    clips, arrays, parts = study
    with pytest.raises(DataError, match=r"have 5 features; clip '\d+' is \(6, 6\)"):
        ablate(study, modalities={"face": 2, "voice": 3})
    data = {"parts": parts, "load": lambda row: arrays[row["clip"]]}
    with pytest.raises(OptionError, match="neither classes nor"):
        ex.fit_deep(clips, target=["joy", "awe"], classes=range(2), **data)
    with pytest.raises(DataError, match="fear"):
        ex.fit_deep(clips, target=["joy", "fear"], **data)


def test_too_few_test_people_are_refused_before_training(study):
    clips, arrays, parts = study
    tested = parts.loc[parts["part"].eq("test"), "subject"].iloc[2:]
    fewer = parts.assign(part=parts["part"].mask(parts["subject"].isin(tested), "train"))
    with pytest.raises(DataError, match=r"2 test people have clips\. Intervals need three"):
        ablate((clips, arrays, fewer))


def test_models_beside_the_networks_must_be_of_the_same_targets(study, ablated):
    rows = ablated.predictions
    other = rows[rows["model"].eq("noise")].assign(model="other", part="test")
    with pytest.raises(DataError, match="'other' predicts other targets or clips"):
        ablate(study, grid=SHORT, subsets=[["face"]], beside=other[other["seat"].eq("joy")])
    with pytest.raises(DataError, match="seat"):
        ablate(study, grid=SHORT, subsets=[["face"]], beside=other.drop(columns="seat"))


def test_clips_of_contexts_may_share_their_names(study):
    clips, arrays, parts = study
    both = clips.assign(context=np.where(clips["clip"] % 2, "a", "b"), clip=clips["clip"] // 2)
    load = lambda row: arrays[2 * row["clip"] + (row["context"] == "a")]  # noqa: E731
    options = {"targets": ["joy", "awe"], "modalities": SIZES, "grid": SHORT, "draws": 200}
    options |= {"hidden": dict.fromkeys(SIZES, 4), "subsets": [["face"]], "device": "cpu"}
    found = ex.ablate_modalities(both, parts=parts, load=load, seed=1, **options)
    assert found.predictions.duplicated(["model", "clip", "seat"]).sum() == 0
    test = found.predictions[found.predictions["model"].eq(found.full)]
    assert len(test) == 2 * parts["part"].eq("test").sum() * 8
