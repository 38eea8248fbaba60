"""``exprstats deep``: fit, predict and adapt from files to files."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from exprstats.cli.program import app

FIT = ["--target", "score", "--subject", "subject", "--device", "cpu", "--hidden", "8"]
FIT += ["--layers", "1", "--epochs", "10"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("deep")
    rng = np.random.default_rng(1)
    clips = pd.DataFrame({"clip": range(120), "subject": np.repeat(np.arange(20), 6)})
    clips["score"] = rng.normal(size=120)
    clips["label"] = (clips["score"] > 0).astype(int)
    (place / "seq").mkdir()
    slope = np.linspace(-1, 1, 10)[:, None]
    for name, score in zip(clips["clip"], clips["score"], strict=True):
        np.save(place / "seq" / f"{name}.npy", rng.normal(size=(10, 2)) + 2 * score * slope)
    clips.to_csv(place / "clips.csv", index=False)
    return place


def put(change, options):
    """Return options without those that a change has anew, and the change."""
    names = [one for one in change if str(one).startswith("--")]
    kept = [*options]
    for name in names:
        if name in kept:
            place = kept.index(name)
            del kept[place : place + 2]
    return [*kept, *change]


def run(*arguments, code=0):
    done = CliRunner().invoke(app, ["deep", *map(str, arguments)])
    assert done.exit_code == code, done.output
    return done


@pytest.mark.torch
def test_a_network_is_fitted_stored_used_and_adapted(folder):
    import torch

    torch.set_num_threads(1)
    files = [folder / "clips.csv", "--sequences", folder / "seq"]
    model, envelope = folder / "m.safetensors", folder / "fit.json"
    tried = ["--lr", ".02,.000001", "--save", model, "--json", envelope]
    said = run("fit", *files, *FIT, *tried, "--predictions", folder / "p.csv").output
    assert "LSTM (" in said and "was trained on 12 subjects" in " ".join(said.split())
    assert "learning rate 0.02, layers 1, units per layer 8" in " ".join(said.split())
    rows = pd.DataFrame(json.loads(envelope.read_text(encoding="utf-8"))["rows"])
    test = rows[rows["part"] == "test"].set_index("term")["estimate"]
    assert test["correlation"] > 0.6
    fitted = pd.read_csv(folder / "p.csv")
    inside = fitted[fitted["part"] == "test"]
    r = np.corrcoef(inside["truth"], inside["prediction"])[0, 1]
    assert test["correlation"] == pytest.approx(r)
    run("predict", model, *files, "--device", "cpu", "--predictions", folder / "q.csv")
    again = pd.read_csv(folder / "q.csv").set_index("clip")["prediction"]
    # Networks are in single precision, and clips share batches with others here.
    np.testing.assert_allclose(again[fitted["clip"]], fitted["prediction"], rtol=1e-6)
    own = folder / "own.csv"
    pd.read_csv(folder / "clips.csv").query("subject == 3").to_csv(own, index=False)
    adapted = folder / "n.safetensors"
    options = ["--target", "score", "--epochs", 3, "--device", "cpu", "--save", adapted]
    said = run("adapt", model, own, *files[1:], *options).output
    assert "6 clips of 1 person in 3 passes" in said
    run("predict", adapted, *files, "--device", "cpu", "--predictions", folder / "r.csv")
    assert (pd.read_csv(folder / "r.csv")["prediction"] != again.to_numpy()).any()


@pytest.mark.torch
@pytest.mark.usefixtures("blank_pictures")
def test_several_trainings_are_set_beside_other_test_people(folder, tmp_path):
    files = [folder / "clips.csv", "--sequences", folder / "seq"]
    said = run("fit", *files, *FIT, "--lr", ".02", "--runs", 2, "--out", tmp_path / "o").output
    assert "trained 2 times from other random numbers" in " ".join(said.split())
    table = pd.read_csv(tmp_path / "o" / "tables" / "training.csv").set_index("metric")
    history = pd.read_csv(tmp_path / "o" / "tables" / "history.csv")
    assert set(history["run"]) == {1, 2}
    assert table.loc["rmse", "n_runs"] == 2
    assert table.loc["rmse", "error_training"] > 0


@pytest.mark.torch
def test_classes_are_fitted_and_adapted(folder):
    files = [folder / "clips.csv", "--sequences", folder / "seq", "--target", "label"]
    model = folder / "c.safetensors"
    options = ["--subject", "subject", "--classes", 2, "--epochs", 2, "--device", "cpu"]
    assert "UAR" in run("fit", *files, *options, "--save", model).output
    run("adapt", model, *files, "--device", "cpu", "--save", folder / "d.safetensors")


@pytest.mark.torch
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (["--save", "model.pt"], "must end in .safetensors"),
        (["--hidden", "8,x"], "--hidden 8,x: give numbers above 0"),
        (["--model", "r3d-pretrained"], "starts from a local file, which you name with --weights"),
        (["--sequences", "nowhere"], "no such folder"),
    ],
)
def test_wrong_options_end_in_one_readable_block(folder, change, words):
    given = put(change, [folder / "clips.csv", "--sequences", folder / "seq", *FIT])
    said = " ".join(run("fit", *given, code=2).output.split())
    assert words in said


@pytest.mark.torch
def test_several_labels_a_missing_modality_and_transfer(folder, tmp_path):
    clips = pd.read_csv(folder / "clips.csv")
    clips["high"] = (clips["score"] > 0.5).astype(int)
    clips["twice"] = 2 * clips["score"]
    clips.to_csv(tmp_path / "c.csv", index=False)
    files = [tmp_path / "c.csv", "--sequences", folder / "seq", "--subject", "subject"]
    net = ["--model", "gated-gru", "--modalities", "one=1,other=1", "--hidden", 4, "--epochs", 2]
    net += ["--lr", ".01", "--device", "cpu", "--split", "50,20,30"]
    model, file = tmp_path / "m.safetensors", tmp_path / "p.csv"
    kept = ["--save", model, "--predictions", file]
    said = run("fit", *files, "--target", "label,high", *net, *kept).output
    assert "units per layer 4 + 4" in " ".join(said.split())
    found = pd.read_csv(file)
    assert set(found["seat"]) == {"label", "high"}
    assert found["prediction"].between(0, 1).all()
    run("predict", model, *files[:3], "--device", "cpu", "--predictions", tmp_path / "q.csv")
    again = pd.read_csv(tmp_path / "q.csv").set_index(["clip", "seat"])["prediction"]
    keys = list(zip(found["clip"], found["seat"], strict=True))
    # Networks are in single precision, and clips share batches with others here.
    np.testing.assert_allclose(again.loc[keys], found["prediction"], rtol=1e-5)
    both = ["--target", "high,label", "--device", "cpu", "--save", tmp_path / "n.safetensors"]
    assert "120 clips of 20 people in 1 pass" in run("adapt", model, *files, *both).output
    done = run("adapt", model, *files, *both[2:], "--target", "high,score", "--force", code=2)
    assert "lack 'label'" in done.output
    numbers = ["--target", "score,twice", *net]
    late = ["--weights", model, "--name", "late", "--predictions", tmp_path / "late.csv"]
    done = run("fit", *files, *numbers, *late)
    assert "MSE of late" in " ".join(done.output.split())
    run("fit", *files, *numbers, "--name", "early", "--predictions", tmp_path / "early.csv")
    both = [str(tmp_path / name) for name in ("early.csv", "late.csv")]
    asked = ["--metric", "mse", "--subject", "subject", "--json", str(tmp_path / "compared")]
    done = CliRunner().invoke(app, ["compare", *both, *asked])
    assert done.exit_code == 0, done.output
    rows = pd.DataFrame(json.loads((tmp_path / "compared").read_text(encoding="utf-8"))["rows"])
    change = rows[rows["term"].eq("early - late") & rows["headline"]]["estimate"].item()
    one, other = (
        table[table["part"].eq("test")]
        .assign(square=lambda held: (held["truth"] - held["prediction"]) ** 2)
        .groupby("seat")["square"]
        .mean()
        .mean()
        for table in map(pd.read_csv, both)
    )
    assert change == pytest.approx(one - other)
    said = run("fit", *files, "--target", "label,high", *net, "--ablate", "--json", tmp_path / "j")
    assert "Table 1. " in said.output
    rows = pd.DataFrame(json.loads((tmp_path / "j").read_text(encoding="utf-8"))["rows"])
    assert set(rows["model"]) == {"one + other", "other", "one", "no features"}
    for change, words in (
        (["--ablate", "--classes", 2], "--ablate takes neither"),
        (["--modalities", "one"], "must be a name and its features"),
        (["--modalities", "one=2", "--ablate"], "two or more"),
        (["--model", "lstm"], "are for --model gated-gru"),
        (["--ablate", "--hidden", "4,8"], "one number of --hidden"),
    ):
        done = run("fit", *files, "--target", "label,high", *put(change, net), code=2)
        assert words in " ".join(done.output.split())
