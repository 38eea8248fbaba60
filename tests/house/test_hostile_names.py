"""Every command on a context and a model called "All", and a file called ``run_span=3``.

"All" is also what the rows of all contexts together are called in print, and ``span`` is an
option: neither a context's name nor a file's may be taken for what it is not. The table below has
every command; one that is added to the program and not to the table is a failure.
"""

import json
import re

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from exprstats.cli.program import app

NAME = "run_span=3"
FILE = f"{NAME}.csv"
CONTEXTS = {"startle": "All", "disgust": "calm"}


def call(*arguments):
    done = CliRunner().invoke(app, [str(one) for one in arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def tell(done):
    return " ".join((done.stdout + done.stderr).replace("\N{NO-BREAK SPACE}", " ").split())


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder of each kind of input, each file with the hostile name."""
    place = tmp_path_factory.mktemp("hostile")
    for design in ("expressiveness", "signing", "evoked", "estimates"):
        call("simulate", design, "--out", place / "sim" / design, "--subjects", 20, "--seed", 2)
    (place / "sim").mkdir(exist_ok=True)
    simulated = place / "sim" / "expressiveness"
    ratings, clips = (pd.read_csv(simulated / f"{one}.csv") for one in ("ratings", "clips"))
    key = ["context", "subject", "clip"]
    truth = clips["au_count"]
    noise = np.random.default_rng(1).normal(size=(len(clips), 2))
    models = {"All": truth + noise[:, 0], "other": truth + noise[:, 1]}
    rated = ratings.rename(columns={"response": "All"})
    tables = {
        "ratings": rated,
        "items": rated.groupby(key)[["All", "emotion", "motion"]].mean().reset_index(),
        "clips": clips.rename(columns={"au_intensity": "All"}),
        "predictions": clips[key].assign(truth=truth, **models),
        "machine": pd.read_csv(place / "sim" / "evoked" / "machine.csv").replace({"comedy": "All"}),
        "estimates": pd.read_csv(place / "sim" / "estimates" / "acted_face.csv"),
        "events": pd.read_csv(place / "sim" / "signing" / "events.csv"),
        "printed": pd.DataFrame(
            {"context": ["All"], "estimate": ["0.70"], "conf_low": ["0.57"]}
            | {"conf_high": ["0.80"], "n_clips": [60], "raters_per_clip": [4]}
        ),
        "segments": pd.DataFrame(
            {"clip": ["a", "b"], "video": NAME, "start": [0, 2], "end": [2, 4]}
            | {"subject": ["s", "t"], "context": ["All", "calm"]}
        ),
    }
    tables["estimates"] = tables["estimates"].replace({"context": {"laboratory": "All"}})
    for name, table in tables.items():
        (place / name).mkdir()
        if "context" in table and name != "estimates":
            table = table.replace({"context": CONTEXTS})
        table.to_csv(place / name / FILE, index=False)
    write_faces(place / "faces" / NAME)
    text = '[clips]\nfile = "clips/run_span=3.csv"\ntarget = "au_count"\n[compare]\ndraws = 100\n'
    text += '[[models]]\nname = "All"\nkind = "elastic"\n'
    text += '[[models]]\nname = "mean"\nkind = "mean"\n'
    text = text.replace("[compare]", 'features = ["All", "gaze_velocity"]\n[compare]')
    (place / f"{NAME}.toml").write_text(text, encoding="utf-8")
    return place


def write_faces(folder):
    folder.mkdir(parents=True)
    frames, wave = np.arange(1, 101), np.sin(np.arange(100) / 7)
    table = pd.DataFrame({"frame": frames, "timestamp": frames / 25, "confidence": 0.98})
    table = table.assign(success=1, pose_Tx=wave, pose_Ty=1.0, pose_Tz=500.0)
    table = table.assign(AU06_r=1 + wave, AU12_r=1 + wave, AU06_c=1, AU12_c=1)
    table.to_csv(folder / FILE, index=False)


BY = ("--by", "context")
WHO = ("--subject", "subject")
ITEMS = ("--items", "All,emotion,motion")
TARGET = ("--target", "au_count", *WHO)
# The arguments of each command; {} is the folder of all files. The demo and the doctor read none.
CASES = {
    "demo": ("--help",),
    "report": ("{}/run_span=3.toml", "--out", "{}/report"),
    "check": ("{}/ratings/run_span=3.csv", "{}/run_span=3.toml"),
    "init": ("{}/ratings/run_span=3.csv", "--out", "{}/made_span=3.toml"),
    "reliability": ("{}/ratings/run_span=3.csv", "--rating", "All,emotion", *WHO, *BY),
    "agreement": ("{}/ratings/run_span=3.csv", "--rating", "All", *WHO, *BY),
    "audit": ("{}/printed/run_span=3.csv",),
    "factor": ("{}/items/run_span=3.csv", *ITEMS, *WHO, *BY, "--save", "{}/factor_span=3"),
    "score": ("{}/items/run_span=3.csv", *ITEMS, *WHO, *BY),
    "r-script": ("{}/items/run_span=3.csv", *ITEMS, *BY, "--script", "{}/refit_span=3.R"),
    "features": ("{}/faces/run_span=3", "--segments", "{}/segments/run_span=3.csv"),
    "label": ("{}/faces/run_span=3",),
    "fit": ("{}/clips/run_span=3.csv", *TARGET, *BY, "--save", "{}/fit_span=3.json"),
    "predict": ("{}/clips/run_span=3.csv", "--model", "{}/fit_span=3.json", *WHO, *BY),
    "compare": ("{}/predictions/run_span=3.csv", *WHO, *BY, "--models", "All,other"),
    "signing": (
        "{}/events/run_span=3.csv",
        "--lexicon",
        "{}/sim/signing/lexicon.csv",
        "--trees",
        "2",
    ),
    "estimates": ("{}/estimates/run_span=3.csv", *BY),
    "evoked": ("{}/machine/run_span=3.csv", "--by", "group"),
    "simulate": ("signing", "--subjects", "5", "--out", "{}/sim_span=3"),
    "doctor": ("--help",),
    # What these read are videos and arrays; their files' names are tried in their own rooms too.
    "clips": ("{}/none/run_span=3.mp4", "--plan", "expressiveness", "--out", "{}/cut_span=3"),
    "faces": ("{}/none/run_span=3.mp4", "--landmarks", "{}/none/run_span=3.csv"),
    "deep": ("fit", "{}/none/run_span=3.csv", "--sequences", "{}", *TARGET),
}
# What names the row of all contexts together beside a context "All": where, in JSON.
APART = ("reliability", "agreement", "factor", "fit", "compare")
REFUSED = {"clips", "faces", "deep"}
QUICK = {
    "compare": ["--draws", 100],
    "signing": ["--draws", 20, "--trees", 2],
    "estimates": ["--draws", 99, "--folds", 2, "--repeats", 1],
}
RUNS = [name for name in CASES if name not in REFUSED]


@pytest.fixture(scope="module")
def run(place):
    """Return what a command printed, each run once; `fit` before what reads its model."""
    held = {}

    def get(name):
        if name == "predict" and "fit" not in held:
            get("fit")
        if name not in held:
            arguments = [one.format(place) for one in CASES[name]]
            keep = ["--json", place / f"{name}.json"] if name in APART else []
            held[name] = call(name, *arguments, *keep, *QUICK.get(name, []))
        return held[name]

    return get


def test_the_table_has_every_command():
    from typer.main import get_command

    assert set(CASES) == set(get_command(app).commands)


@pytest.mark.filterwarnings("ignore::exprstats.errors.ExprStatsWarning")
@pytest.mark.usefixtures("blank_pictures")
@pytest.mark.parametrize("name", RUNS)
def test_a_command_takes_hostile_names(name, run):
    done = run(name)
    assert done.exit_code == 0, done.output
    told = tell(done)
    assert not re.search(r"run_-+span|run_\[|_-+span ?=? ?3", told), "a file's name was rewritten"
    assert "Traceback" not in told and "nan" not in told.lower().split()


@pytest.mark.filterwarnings("ignore::exprstats.errors.ExprStatsWarning")
@pytest.mark.parametrize("name", APART)
def test_a_context_called_all_is_not_all_contexts(name, run, place):
    printed = run(name).stdout
    rows = json.loads((place / f"{name}.json").read_text(encoding="utf-8"))["rows"]
    contexts = {row.get("context") for row in rows}
    assert {"All", "calm", None} <= contexts
    assert "All (context)" in printed
    # The pooled row, or its column, has the bare word.
    assert re.search(r"(?<![\w(])All(?! ?\(context\))", printed)


@pytest.mark.filterwarnings("ignore::exprstats.errors.ExprStatsWarning")
def test_a_report_of_such_names_tells_them_apart(run, place):
    run("report")
    page = (place / "report" / "index.html").read_text(encoding="utf-8")
    rows = json.loads((place / "report" / "results.json").read_text(encoding="utf-8"))
    scores = pd.DataFrame(rows["comparison"])
    assert "All (context)" in page
    assert {"All", "mean"} <= set(scores["model"])
    assert scores["context"].isna().any() and scores["context"].eq("All").any()


READERS = [name for name, arguments in CASES.items() if any(NAME in one for one in arguments)]


@pytest.mark.parametrize("name", READERS)
def test_an_error_has_the_name_of_the_file_as_it_is(name, place):
    """A file that is not there is named with its own name, and no option is made of it."""
    gone = [one.format(place / "none") for one in CASES[name]]
    done = call(name, *gone)
    assert done.exit_code == 2, done.output
    told = tell(done).replace(" ", "")
    assert "_span=3" in told
    assert "--span" not in told and "Traceback" not in told
