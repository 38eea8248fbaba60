"""The intensity study through commands: simulate, label, fit, adapt; as a user would type them.

Rows of the envelope are means of the predictions that the same command wrote: 1e-9.
"""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from exprstats.cli.program import app

pytestmark = pytest.mark.usefixtures("blank_pictures")

FIT = ["--target", "label", "--subject", "subject", "--classes", 11, "--rescale", "--hidden", 8]
FIT += ["--layers", 1, "--lr", ".01", "--epochs", 6, "--split", "50,20,30", "--device", "cpu"]


def run(*arguments, code=0):
    done = CliRunner().invoke(app, [*map(str, arguments)])
    assert done.exit_code == code, done.output
    return " ".join(done.output.split())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("intensity")
    said = run("simulate", "intensity", "--out", place / "sim", "--subjects", 20)
    assert "60 files of OpenFace, one per video" in said
    assert "--tasks task --sequences" in said
    faces = [place / "sim" / "faces", "--subjects", place / "sim" / "subjects.csv"]
    written = ["--sequences", place / "windows", "--features", "x_*,y_*", "--dense-step", 3]
    said = run("label", *faces, "--tasks", "task", *written, "--json", place / "label.json")
    assert "Mean peak intensities of 20 people: smile" in said
    assert "were added nearer" in said
    assert "--training-only added" in said
    return place


def test_labels_and_peaks_are_the_simulated_ones(folder):
    truth = pd.read_csv(folder / "sim" / "truth.csv").query("term == 'peak'")
    means = truth.groupby("task")["truth"].mean()
    rows = pd.DataFrame(json.loads((folder / "label.json").read_text())["rows"])
    found = rows[rows["headline"].eq(True) & rows["versus"].isna() & rows["estimate"].notna()]
    found = found.set_index("term")["estimate"]
    # Files hold all digits of the units, so that peaks are those that were drawn.
    np.testing.assert_allclose(found[means.index].astype(float), means, atol=1e-9)


def test_arrays_are_the_columns_of_the_tracker(folder):
    clips = pd.read_csv(folder / "windows" / "clips.csv")
    row = clips.iloc[40]
    raw = pd.read_csv(folder / "sim" / "faces" / f"{row['video']}.csv")
    own = raw[raw["frame"].between(row["first_frame"], row["last_frame"])]
    held = np.load(folder / "windows" / f"{row['clip']}.npy")
    np.testing.assert_allclose(held, own[["x_48", "y_48", "x_54", "y_54"]].to_numpy(), rtol=1e-6)
    assert set(clips["task"]) == {"neutral", "smile", "smile more"}


@pytest.fixture(scope="module")
def files(folder):
    return [folder / "windows" / "clips.csv", "--sequences", folder / "windows"]


@pytest.fixture(scope="module")
def fitted(folder, files, without_pictures):
    """What was said of a network that is stored."""
    import torch

    torch.set_num_threads(1)
    training = ["--training-only", "added", "--save", folder / "m.safetensors"]
    training += ["--predictions", folder / "p.csv", "--out", folder / "fit"]
    with without_pictures():
        return run("deep", "fit", *files, *FIT, *training)


@pytest.fixture(scope="module")
def adapted(fitted, folder, files, without_pictures):
    """What was said of it when it was adapted to each new person."""
    neutral = ["--neutral", "task=neutral", "--lr", ".003", "--iterations", 3, "--device", "cpu"]
    chosen = ["--target", "label", *neutral, "--out", folder / "ad", "--save", folder / "copies"]
    with without_pictures():
        return run("deep", "adapt", folder / "m.safetensors", *files, *chosen)


@pytest.mark.torch
def test_a_network_is_fitted_rated_and_adapted_to_people_it_has_not_seen(
    folder, files, fitted, adapted
):
    model, said = folder / "m.safetensors", fitted
    assert "The share within 2 of LSTM was" in said or "share within 2" in said
    tested = pd.read_csv(folder / "p.csv").query("part == 'test'")
    labels = pd.read_csv(folder / "fit" / "tables" / "labels.csv")
    one = labels.query("model == 'lstm' and metric == 'within3' and headline and versus.isna()")
    near = tested["prediction"].sub(tested["truth"]).abs().le(3).mean()
    assert one["estimate"].item() == pytest.approx(near, abs=1e-9)

    assert "adapted to each of 6 new people in 3 iterations of 3 neutral windows" in adapted
    assert "14 people took part in training" in adapted
    rows = json.loads((folder / "ad" / "results.json").read_text())["rows"]
    rows = pd.DataFrame(rows)
    predictions = pd.read_csv(folder / "ad" / "data" / "predictions.csv")
    last = predictions[predictions["iteration"].eq(3)]
    away = last["prediction"] - last["truth"]
    here = rows["headline"] & rows["iteration"].eq(3) & rows["versus"].isna()
    found = rows[here].set_index("metric")["estimate"]
    assert found["bias"] == pytest.approx(away.mean(), abs=1e-9)
    assert found["within2"] == pytest.approx(away.abs().le(2).mean(), abs=1e-9)
    figures = {path.name for path in (folder / "ad" / "figures").iterdir()}
    assert {"figure1_adaptation.png", "figure2_distances.png"} <= figures

    for change, words in (
        (["--neutral", "task"], "give a column and a value"),
        (["--neutral", "mood=neutral"], "no such column"),
        (["--neutral", "task=calm"], "no clip has the value 'calm'; there is 'neutral', 'smile'"),
        ([], "give --save for a network adapted to all clips"),
    ):
        assert words in run("deep", "adapt", model, *files, "--target", "label", *change, code=2)


def test_what_sequences_need_is_asked_for(folder):
    faces = [folder / "sim" / "faces", "--subjects", folder / "sim" / "subjects.csv"]
    place = ["--sequences", folder / "other"]
    assert "needs the columns that networks see" in run("label", *faces, *place, code=2)
    wrong = [*place, "--features", "z_*"]
    assert "no column of the tracker fits 'z_*'" in run("label", *faces, *wrong, code=2)
    assert "no such column beside" in run("label", *faces, "--tasks", "mood", code=2)


@pytest.mark.torch
def test_each_persons_copy_predicts_the_person(folder, files, adapted):
    """The folder of copies gives what `adapt` predicted after its last iteration."""
    files = [*files, "--device", "cpu"]
    copies = folder / "copies"
    assert f"6 copies are in {copies}" in adapted
    adapted = pd.read_csv(folder / "ad" / "data" / "predictions.csv").query("iteration == 3")
    said = run("deep", "predict", copies, *files, "--predictions", folder / "by_copies.csv")
    assert "14 people have no copy of their own and are left out" in said
    found = pd.read_csv(folder / "by_copies.csv").set_index("clip")
    assert set(found["subject"]) == set(adapted["subject"])
    known = found.loc[adapted["clip"], "prediction"]
    np.testing.assert_array_equal(known, adapted["prediction"])
    # One model file for another person, and a model that was adapted to nobody.
    seen = pd.read_csv(files[0]).query("subject not in @found.subject")
    seen.to_csv(folder / "seen.csv", index=False)
    others = [folder / "seen.csv", *files[1:]]
    assert "none of the copies is of these people" in run(
        "deep", "predict", copies, *others, code=2
    )
    one = ["--target", "label", "--save", folder / "one.safetensors"]
    said = run("deep", "adapt", folder / "m.safetensors", *others, *one)
    assert "14 people took part in the network's training" in said
    (folder / "empty").mkdir()
    assert "no .safetensors file" in run("deep", "predict", folder / "empty", *files, code=2)
    shutil.copy(folder / "m.safetensors", folder / "empty")
    assert "adapted to nobody" in run("deep", "predict", folder / "empty", *files, code=2)
