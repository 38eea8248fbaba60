"""Networks of a study: same people as the other models, one table, and a report without torch too.

Sequences carry each clip's first feature as a slope. RMSE of the printed rows is formed again with
numpy, to rounding (1e-9). The slope is five times its noise, so that r > .3 in 16 test clips is far
above what random weights give under the fixed seed.
"""

import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from exprstats.cli.program import app
from exprstats.document.text import write_plain
from exprstats.errors import DataError
from exprstats.report import write_report
from exprstats.report.analysis import gather_analysis
from exprstats.report.sections.networks import describe_networks
from exprstats.study import read_study, run_study

pytestmark = pytest.mark.usefixtures("blank_pictures")

MODELS = """
[[models]]
name = "elastic"
kind = "elastic"

[[models]]
name = "lstm"
kind = "lstm"
lr = [0.02, 1e-6]
layers = 1
hidden = 4
epochs = 3

[deep]
sequences = "arrays"
runs = 2
device = "cpu"
"""


@pytest.fixture(scope="module")
def deep_folder(folder, tmp_path_factory):
    place = tmp_path_factory.mktemp("deep")
    for name in ("ratings.csv", "clips.csv"):
        (place / name).write_bytes((folder / name).read_bytes())
    arrays = place / "arrays"
    arrays.mkdir()
    clips = pd.read_csv(place / "clips.csv")
    first = clips.select_dtypes("number").columns[0]
    rng = np.random.default_rng(3)
    for row in clips.to_dict("records"):
        frames = rng.normal(size=(8, 2)) * 0.2
        frames[:, 0] += row[first] * np.linspace(-1, 1, 8)
        np.save(arrays / f"{row['clip']}.npy", frames)
    (place / "study.toml").write_text(
        (folder / "study.toml").read_text() + MODELS, encoding="utf-8"
    )
    return place


@pytest.fixture(scope="module")
def deep_run(deep_folder):
    return run_study(read_study(deep_folder / "study.toml"))


@pytest.mark.torch
def test_networks_stand_in_the_one_table_with_the_same_people(deep_run):
    rows = deep_run.predictions
    key = ["fitted_on", "context", "clip"]
    mine, other = (
        rows[rows["model"] == name]
        .sort_values(key)[[*key, "subject", "truth"]]
        .reset_index(drop=True)
        for name in ("lstm", "elastic")
    )
    pd.testing.assert_frame_equal(mine, other)
    tested = set(deep_run.parts.query("part == 'test'")["subject"])
    assert set(rows["subject"]) <= tested
    network = deep_run.networks["lstm"]
    held = set(deep_run.parts.query("part == 'validate'")["subject"].astype(str))
    assert {str(one) for one in network.fits[-1].held_out_} == held
    assert {"lstm", "elastic"} <= set(deep_run.comparison.tidy()["model"])


@pytest.mark.torch
def test_settings_are_tuned_and_runs_are_set_apart(deep_run):
    network = deep_run.networks["lstm"]
    chosen = network.grid[network.grid["chosen"]]
    assert len(network.grid) == 2 * len(chosen)
    best = network.grid.groupby("context", dropna=False)["loss_validate"].min()
    assert set(chosen["loss_validate"]) == set(best)
    runs = network.repeated.query("fitted_on == 'all'")
    first = network.predictions.query("fitted_on == 'all' and part == 'test'")
    np.testing.assert_array_equal(runs.query("run == 1")["prediction"], first["prediction"])
    assert not np.allclose(runs.query("run == 2")["prediction"], first["prediction"])
    error = {
        run: np.sqrt(np.mean((one["truth"] - one["prediction"]) ** 2))
        for run, one in runs.groupby("run")
    }
    split = deep_run.training.tidy()
    row = split[split["context"].isna() & (split["metric"] == "nrmse")].iloc[0]
    ratio = np.std(list(error.values()), ddof=1) / np.mean(list(error.values()))
    assert row["error_training"] / row["estimate"] == pytest.approx(ratio, rel=1e-9)


@pytest.mark.torch
def test_the_report_tells_of_networks(deep_run, tmp_path):
    write_report(deep_run, tmp_path / "report")
    page = (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    assert "LSTM (" in page
    assert "Losses of Networks Over Training" in page
    assert "trained 2 times from other random numbers" in page
    # All that is needed to train it again, defaults too.
    for told in ("learning rate .02", "units per layer 4", "patience 10", "clips per step 32"):
        assert told.replace(" .", " 0.") in page
    assert "standardized within clips" in page
    for work in (
        "Hochreiter, S., &amp; Schmidhuber, J. (1997)",
        "Kingma, D. P., &amp; Ba, J. (2015)",
    ):
        assert work in page
    origin = json.loads((tmp_path / "report" / "provenance.json").read_text(encoding="utf-8"))
    assert {"torch", "scikit-learn"} <= set(origin["versions"])
    (arrays,) = [one for one in origin["inputs"] if one["table"] == "sequences"]
    assert (arrays["file"], len(arrays["sha256"])) == ("arrays", 64)
    stored = json.loads((tmp_path / "report" / "results.json").read_text(encoding="utf-8"))
    terms = {row["term"] for row in stored["networks"]["lstm"]}
    assert "parameters" in terms
    assert "seconds" not in terms
    assert any(
        "LSTM" in path.read_text()
        for path in (tmp_path / "report/tables").glob("table*_performance*")
    )


@pytest.mark.torch
@pytest.mark.parametrize(
    ("low", "high", "words", "small"),
    [
        (0.01, 0.09, "LSTM predicted test subjects worse than ElasticNet", True),
        (-0.09, -0.01, "LSTM predicted test subjects better than ElasticNet", False),
        (-0.01, 0.09, "includes 0", False),
        (0.0, 0.09, "includes 0", False),
        (np.nan, np.nan, "", False),
    ],
)
def test_small_data_are_blamed_only_where_the_interval_says_so(deep_run, low, high, words, small):
    """The difference is network − elastic net or the reverse, by the comparison's order."""
    table = deep_run.comparison.tidy()
    pair = table["versus"].notna() & table["metric"].eq("nrmse")
    first = pair & table["model"].eq("lstm") & table["versus"].eq("elastic")
    second = pair & table["model"].eq("elastic") & table["versus"].eq("lstm")
    assert first.any() or second.any()
    table.loc[first, ["conf_low", "conf_high"]] = low, high
    table.loc[second, ["conf_low", "conf_high"]] = -high, -low
    told = replace(deep_run.comparison, table=table)
    kept = [one for one in deep_run.results if one is not deep_run.comparison]
    analysis = gather_analysis([told, *kept], names={"lstm": "LSTM", "elastic": "ElasticNet"})
    section = describe_networks(analysis)
    text = " ".join(write_plain(one) for one in section.sentences)
    assert words in text
    assert ("small samples rarely favor deep models" in text) is small


@pytest.mark.torch
def test_frames_of_openface_give_the_same_networks_as_arrays_cut_by_hand(deep_folder):
    """Frames lie on the grid of 10 Hz, so that a clip's array is ten rows of its video."""
    clips = pd.read_csv(deep_folder / "clips.csv")
    rng = np.random.default_rng(4)
    openface, arrays = deep_folder / "openface", deep_folder / "cut"
    openface.mkdir()
    arrays.mkdir()
    segments = []
    for subject, own in clips.groupby("subject"):
        count = 10 * len(own)
        units = rng.normal(size=(count, 2)).round(3)
        frames = pd.DataFrame(
            {"frame": np.arange(1, count + 1), "timestamp": np.arange(count) / 10}
        )
        frames = frames.assign(confidence=0.98, success=1, AU06_r=units[:, 0], AU12_r=units[:, 1])
        frames.to_csv(openface / f"{subject}.csv", index=False)
        for at, (task, clip) in enumerate(zip(own["task"], own["clip"], strict=True)):
            bounds = {"start": float(at), "end": at + 1.0}
            segments.append({"context": task, "clip": clip, "video": subject, **bounds})
            np.save(arrays / f"{clip}.npy", units[10 * at : 10 * at + 10])
    pd.DataFrame(segments).to_csv(deep_folder / "segments.csv", index=False)
    text = (deep_folder / "study.toml").read_text(encoding="utf-8")
    text = text[: text.index("[deep]")].replace("lr = [0.02, 1e-6]", "lr = 0.01")
    found = []
    for source in (
        'sequences = "cut"',
        'openface = "openface"\nsegments = "segments.csv"\nhz = 10\nseconds = 1\n'
        'features = ["AU06_r", "AU12_r"]',
    ):
        path = deep_folder / "other.toml"
        path.write_text(f'{text}[deep]\ndevice = "cpu"\n{source}\n', encoding="utf-8")
        found.append(run_study(read_study(path)).networks["lstm"].predictions)
    np.testing.assert_array_equal(*(one["prediction"] for one in found))


def test_without_torch_everything_else_is_reported(deep_folder):
    code = f"""
import sys, warnings
class Hide:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {{"torch", "safetensors"}}:
            raise ModuleNotFoundError(f"No module named '{{name}}'", name=name)
sys.meta_path.insert(0, Hide())
from exprstats.study import read_study, run_study
warnings.simplefilter("ignore")
run = run_study(read_study({str(deep_folder / "study.toml")!r}), draws=100)
assert not run.networks and run.models and run.comparison is not None and run.factor is not None
print([str(one) for one in run.provenance.failures if one.stage == "networks"])
"""
    # Nor is there R, which takes its time to start.
    environment = {**os.environ, "EXPRSTATS_R": "none"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    assert 'pip install "exprstats[deep]"' in done.stdout
    assert "The stage 'networks' of 'lstm' failed" in done.stdout.replace("\\", "")


@pytest.mark.torch
def test_a_network_that_fails_is_a_failed_stage_beside_the_other_models(deep_folder, tmp_path):
    """One array has another number of columns, so that no batch can be made of it."""
    for one in ("ratings.csv", "clips.csv", "study.toml"):
        (tmp_path / one).write_bytes((deep_folder / one).read_bytes())
    (tmp_path / "arrays").mkdir()
    files = sorted((deep_folder / "arrays").glob("*.npy"))
    for place, one in enumerate(files):
        np.save(tmp_path / "arrays" / one.name, np.load(one)[:, : 2 - (place == 0)])
    command = ("report", str(tmp_path / "study.toml"), "--out", str(tmp_path / "out"), "--quiet")
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 2, done.output
    told = " ".join(done.stderr.split())
    assert "The stage 'networks' of 'lstm' failed" in told and "Traceback" not in told
    origin = json.loads((tmp_path / "out" / "provenance.json").read_text(encoding="utf-8"))
    (failure,) = origin["failures"]
    assert (failure["stage"], failure["about"]) == ("networks", "'lstm'")
    rows = pd.read_csv(tmp_path / "out" / "data" / "predictions.csv")
    assert "elastic" in set(rows["model"]) and "lstm" not in set(rows["model"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('kind = "r3d-pretrained"\n[deep]\nsequences = "."', "starts from weights"),
        ('kind = "gated-gru"\nlayers = 2\n[deep]\nsequences = "."', "for kind = 'lstm'"),
        ('kind = "lstm"', "needs \\[deep\\], which is absent"),
        ('kind = "i3d"', "needs \\[video\\], which is absent"),
        ('kind = "lstm"\n[deep]\nhz = 25', "names no input"),
        ('kind = "forest"\nlr = 0.1', "has lr, which is for networks"),
        ('kind = "lstm"\ncrop = 9\n[deep]\nsequences = "."', "for networks of pictures"),
        ('kind = "i3d"\nrescale = true\n[deep]\nsequences = "."', "for networks of features"),
        ('kind = "lstm"\nbrightness = 2\n[deep]\nsequences = "."', "brightness"),
        ('kind = "lstm"\nlr = 0\n[deep]\nsequences = "."', "must be a number above 0"),
    ],
)
def test_settings_of_networks_are_checked(folder, write_study, text, words):
    both = '\n[[models]]\nname = "elastic"\nkind = "elastic"\n[[models]]\nname = "net"\n'
    with pytest.raises(DataError, match=words):
        read_study(write_study((folder / "study.toml").read_text() + both + text))


def test_networks_alone_are_refused(folder, write_study):
    alone = '\n[[models]]\nname = "n"\nkind = "lstm"\n[deep]\nsequences = "."\n'
    with pytest.raises(DataError, match="only networks"):
        read_study(write_study((folder / "study.toml").read_text() + alone))


@pytest.mark.parametrize("epochs", [1, 3])
def test_curves_are_drawn_of_one_epoch_too(tmp_path, epochs):
    """Warnings are errors here: plotnine warns of a line through one point."""
    from exprstats.plots import draw_training

    history = pd.DataFrame({"epoch": range(1, epochs + 1), "lr": 0.1, "loss_train": 1.0})
    history = history.assign(loss_validate=2.0, best=history["epoch"].eq(1), context=None)
    twice = pd.concat([history.assign(run=run, model="LSTM") for run in (1, 2)])
    draw_training(twice).save(tmp_path / "curve.png", verbose=False)
    assert (tmp_path / "curve.png").stat().st_size > 1000
