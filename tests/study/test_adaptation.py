"""Ablation and adaptation as tables of a study file, beside the other models.

Results are those of the verbs on the same tables, formed here by hand, and shares and average
precision of the predictions by numpy and scikit-learn: exact to rounding (1e-9).
"""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score

import exprstats as ex
from exprstats.errors import DataError
from exprstats.report import write_report
from exprstats.study import read_study, run_study
from exprstats.study.inputs import Lesson
from exprstats.study.provenance import Logbook
from exprstats.study.stages.networks import adapt_networks

BEGIN = """\
title = "Windows"
seed = 2

[clips]
file = "clips.csv"
features = ["mouth", "brow"]
target = "label"
classes = true

[split]
train = 0.5
validate = 0.2
test = 0.3
training_only = "added"

[[models]]
name = "forest"
kind = "forest"

[[models]]
name = "lstm"
kind = "lstm"
lr = 0.02
layers = 1
hidden = 4
epochs = 4
rescale = true

[deep]
sequences = "arrays"
device = "cpu"

[compare]
metrics = ["accuracy"]
draws = 400

[importance]
repeats = 1
draws = 100
"""
ADAPTATION = """
[adaptation]
neutral = "task=neutral"
iterations = 3
lr = 0.003
"""
LABELS = """\
title = "Labels"
seed = 2

[clips]
file = "clips.csv"
features = ["mouth", "brow"]
target = "awe"

[[models]]
name = "elastic"
kind = "elastic"

[[models]]
name = "net"
kind = "gated-gru"
lr = 0.02
epochs = 4
batch = 16

[deep]
sequences = "arrays"
modalities = {face = 2, voice = 1}
units = {face = 6, voice = 3}
device = "cpu"

[compare]
metrics = ["rmse"]
draws = 400

[ablation]
targets = ["joy", "awe"]
subsets = [["face"]]
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("windows")
    rng = np.random.default_rng(6)
    count = 20 * 14
    clips = pd.DataFrame({"clip": [f"w{i}" for i in range(count)]})
    clips["subject"] = np.repeat([f"s{i:02d}" for i in range(20)], 14)
    clips["task"] = np.tile(["neutral"] * 5 + ["smile"] * 9, 20)
    clips["added"] = np.tile([0] * 11 + [1] * 3, 20)
    smile = np.where(clips["task"].eq("smile"), rng.uniform(0, 10, count), 0)
    clips["label"] = smile.round().astype(int)
    clips["mouth"] = smile + rng.normal(size=count)
    clips["brow"] = rng.normal(size=count)
    frames = rng.normal(size=(count, 6, 3))
    frames[..., 0] += smile[:, None]
    clips["joy"] = (smile + rng.normal(size=count) > 4).astype(int)
    clips["awe"] = (clips["brow"] > 0).astype(int)
    (folder / "arrays").mkdir()
    for name, array in zip(clips["clip"], frames, strict=True):
        np.save(folder / "arrays" / f"{name}.npy", array)
    clips.to_csv(folder / "clips.csv", index=False)
    return folder


def run(place, text, name="study"):
    path = place / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return run_study(read_study(path))


@pytest.fixture(scope="module")
def adapted(place):
    return run(place, BEGIN + ADAPTATION)


@pytest.fixture(scope="module")
def ablated(place):
    return run(place, LABELS, "labels")


@pytest.mark.torch
def test_a_study_adapts_its_network_to_each_test_subject(adapted, place):
    found, network = adapted.adaptation, adapted.networks["lstm"].fits[-1]
    tested = sorted(adapted.parts.query("part == 'test'")["subject"])
    assert found.people["subject"].tolist() == tested
    clips = pd.read_csv(place / "clips.csv")
    own = clips[clips["subject"].isin(tested)]
    by_hand = ex.adapt_people(
        network,
        own.assign(still=own["task"].eq("neutral")),
        neutral="still",
        iterations=3,
        lr=0.003,
        draws=400,
        seed=1,
    )
    pd.testing.assert_frame_equal(found.predictions, by_hand.predictions)
    last = found.predictions.query("iteration == 3")
    near = (last["prediction"] - last["truth"]).abs().le(2).mean()
    assert found.pick("within2", 3)["estimate"] == pytest.approx(near, abs=1e-9)
    # Six people with six smiles that were not added.
    assert len(last) == 6 * 6
    assert not adapted.provenance.failures


@pytest.mark.torch
def test_clips_for_training_only_are_left_out_for_every_model(adapted, place):
    clips = pd.read_csv(place / "clips.csv").set_index("clip")
    assert not clips.loc[adapted.predictions["clip"], "added"].any()
    assert set(adapted.predictions["model"]) >= {"forest", "lstm"}
    trained = set(adapted.parts.query("part == 'train'")["subject"])
    kept = adapted.clips
    assert kept["added"].sum() == 3 * len(trained)
    told = [str(one) for one in adapted.provenance.exclusions]
    assert any("'added' is 1" in one and "30 of 280 clips" in one for one in told)


@pytest.mark.torch
def test_baselines_do_not_know_of_added_clips(adapted, place):
    clips = pd.read_csv(place / "clips.csv")
    trained = set(adapted.parts.query("part == 'train'")["subject"])
    own = clips[clips["subject"].isin(trained) & clips["added"].eq(0)]
    rows = adapted.predictions.query("model == 'majority'")
    assert set(rows["prediction"].astype(float)) == {float(own["label"].mode().iloc[0])}
    assert len(rows) == adapted.parts["part"].eq("test").sum() * 11


@pytest.mark.torch
def test_the_report_holds_adaptation_beside_the_models(adapted, draw_only, tmp_path):
    draw_only("adaptation")
    page = write_report(adapted, tmp_path / "report").read_text(encoding="utf-8")
    assert "Adaptation to new people" in page
    assert "adapted to each of 6 new people in 3 iterations of 3 neutral windows" in page
    stored = json.loads((tmp_path / "report" / "results.json").read_text(encoding="utf-8"))
    assert {row["metric"] for row in stored["adaptation"]} >= {"within2", "bias", "error0"}
    assert list((tmp_path / "report" / "figures").glob("figure*_adaptation.png"))


@pytest.mark.torch
def test_a_study_ablates_its_network_beside_elastic_nets(ablated, place):
    found = ablated.ablation
    assert list(found.fits) == ["face + voice", "face"]
    whole = found.fits["face + voice"].fits[-1].net_
    assert [gru.hidden_size for gru in whole.modalities] == [6, 3]
    assert [gru.input_size for gru in whole.modalities] == [2, 1]
    rows = found.table[found.table["headline"] & found.table["versus"].isna()]
    assert set(rows["model"]) == {"face + voice", "face", "elastic", "no features"}
    clips = pd.read_csv(place / "clips.csv")
    for target in ("joy", "awe"):
        data = {"target": target, "features": ["mouth", "brow"], "parts": ablated.parts}
        guess = ex.fit_elastic(clips, **data).predictions.query("part == 'test'")
        known = average_precision_score(guess["truth"], guess["prediction"])
        row = rows[rows["model"].eq("elastic") & rows["target"].eq(target)]
        assert row["estimate"].item() == pytest.approx(known, abs=1e-9)
    # The brow stands in the features alone, so that only the elastic net knows of awe.
    awe = rows[rows["target"].eq("awe")].set_index("model")["estimate"]
    assert awe["elastic"] > awe["face + voice"] + 0.2
    own = ablated.networks["net"].fits[-1].net_
    assert [gru.hidden_size for gru in own.modalities] == [6, 3]
    assert not ablated.provenance.failures


@pytest.mark.torch
@pytest.mark.usefixtures("blank_pictures")
def test_the_report_names_the_models_beside_the_networks(ablated, tmp_path):
    page = write_report(ablated, tmp_path / "report").read_text(encoding="utf-8")
    assert "Ablation of modalities" in page
    (cells,) = (tmp_path / "report" / "tables").glob("table*_ablation.csv")
    assert "ElasticNet" in cells.read_text(encoding="utf-8-sig")


@pytest.mark.torch
def test_what_fails_is_told_and_the_rest_goes_on(adapted):
    log = Logbook(1)
    lesson = Lesson(adapted.clips, adapted.parts, None, "label", adapted.features, classes=True)
    asked = replace(adapted.study.adaptation, neutral="task=calm")
    study = replace(adapted.study, adaptation=asked)
    with log.isolate("networks", "the adaptation"):
        adapt_networks(study, adapted.networks, lesson, log)
    (failure,) = log.failures
    assert str(failure) == (
        "The stage 'networks' of the adaptation failed: column 'task': no clip has the value "
        "'calm'; there is 'neutral', 'smile'. Name one of these values."
    )
    # A network that was left out has a warning of its own.
    assert adapt_networks(adapted.study, {}, lesson, log) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (BEGIN + ADAPTATION.replace("task=neutral", "task"), "must be a column and a value"),
        (BEGIN + ADAPTATION + 'model = "lstn"', r"names no such network\. Did you mean 'lstm'"),
        (BEGIN + ADAPTATION.replace("iterations = 3", "iterations = 0"), "at least 1"),
        (BEGIN.replace('kind = "lstm"', 'kind = "forest"') + ADAPTATION, "needs a network"),
        (BEGIN + "[ablation]", "needs a network, and there is none"),
        (LABELS.replace("classes", "x") + ADAPTATION, "needs labels in whole numbers"),
        (LABELS.replace('subsets = [["face"]]', 'subsets = [["fac"]]'), "'fac' is none of the"),
        (LABELS.replace("units = {face = 6, voice = 3}", "units = {face = 6}"), "lacks 'voice'"),
        (LABELS.replace("modalities = {face = 2, voice = 1}\n", ""), "needs the modalities"),
        (LABELS.replace("face = 2,", "face = 0,"), "whole number of at least 1"),
        (LABELS.replace('subsets = [["face"]]', "subsets = []"), "must be lists such as"),
        (LABELS.replace('features = ["mouth", "brow"]', ""), "would be features of the other"),
    ],
)
def test_settings_are_checked(place, text, words):
    path = place / "checked.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=words):
        read_study(path)
