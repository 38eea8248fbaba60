"""Inputs and outputs that overlap, full disks and interruptions: nothing of anybody's is lost.

Files are compared byte by byte before and after. A full disk is a limit on the size of files, which
the system enforces with the same error; interruptions are signals to a process of their own.
"""

import resource
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from exprstats.cli.program import app

STUDY = """\
seed = 3

[clips]
file = "clips.csv"
target = "wert"
features = ["blick"]

[compare]
draws = 100
calibration = false
"""
PROGRAM = "from exprstats.cli import run; run()"


def call(*words):
    return CliRunner().invoke(app, [str(one) for one in words])


def write_study(folder):
    rng = np.random.default_rng(1)
    clips = pd.DataFrame({"clip": range(60), "subject": [f"p{k // 4:02d}" for k in range(60)]})
    clips["blick"] = rng.normal(size=60)
    clips["wert"] = clips["blick"] + rng.normal(size=60)
    folder.mkdir(parents=True, exist_ok=True)
    clips.to_csv(folder / "clips.csv", index=False)
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    return folder / "study.toml"


def read_all(folder):
    """Return every file below a folder, hidden ones too, with its bytes."""
    files = (one for one in sorted(folder.rglob("*")) if one.is_file() and not one.is_symlink())
    return {one.relative_to(folder).as_posix(): one.read_bytes() for one in files}


@pytest.fixture(scope="module")
def done(tmp_path_factory, without_pictures):
    """A study with its report, and notes that somebody laid beside ours."""
    place = tmp_path_factory.mktemp("done")
    with without_pictures():
        result = call("report", write_study(place), "--quiet")
    assert result.exit_code == 0, result.output
    (place / "report" / "notes.txt").write_text("years of work")
    return place


@pytest.fixture
def place(done, tmp_path):
    for name, held in read_all(done).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(held)
    return tmp_path


def link_out(place):
    (place / "link").symlink_to(place)
    return ("report", place / "study.toml", "--out", place / "link" / ".", "--force")


def link_in(place):
    """The file of clips is a link to one that lies in the report folder."""
    (place / "clips.csv").rename(place / "report" / "own.csv")
    (place / "clips.csv").symlink_to("report/own.csv")
    return ("report", place / "study.toml", "--force")


def link_study(place):
    (place / "study.toml").rename(place / "report" / "study.toml")
    (place / "study.toml").symlink_to("report/study.toml")
    (place / "report" / "clips.csv").write_bytes((place / "clips.csv").read_bytes())
    return ("report", place / "study.toml", "--force")


def nest_subjects(place):
    (place / "report" / "people.csv").write_text("subject,age\np00,3\n")
    text = STUDY + '[subjects]\nfile = "report/people.csv"\n'
    (place / "study.toml").write_text(text, encoding="utf-8")
    return ("report", place / "study.toml", "--force")


def nest_estimates(place):
    (place / "report" / "faces.csv").write_text("id,time,joy\na,0,1\n")
    text = STUDY + '[estimates]\nfiles = ["report/faces.csv"]\n'
    (place / "study.toml").write_text(text, encoding="utf-8")
    return ("report", place / "study.toml", "--force")


OVERLAPS = {
    "the folder of the study": lambda at: ("report", at / "study.toml", "--out", at, "--force"),
    "the same by another way": lambda at: (
        *("report", at / "study.toml", "--out", at / "report" / "..", "--force"),
    ),
    "through a link": link_out,
    "clips that are a link into it": link_in,
    "a study that is a link into it": link_study,
    "a file of people in it": nest_subjects,
    "a file of estimates in it": nest_estimates,
    "a table of a command": lambda at: (
        *("fit", at / "clips.csv", "--target", "wert", "--subject", "subject"),
        *("--out", at, "--force"),
    ),
    "a study file of init over a table": lambda at: (
        *("init", at / "clips.csv", "--out", at / "clips.csv", "--force"),
    ),
    "a study file of init over another file": lambda at: (
        *("init", at / "clips.csv", "--out", at / "report" / "notes.txt"),
    ),
    "a demonstration": lambda at: ("demo", "--out", at, "--force"),
    "a simulation": lambda at: ("simulate", "signing", "--out", at, "--force"),
    "a report without force": lambda at: ("report", at / "study.toml"),
    "below a file": lambda at: ("report", at / "study.toml", "--out", at / "clips.csv" / "deep"),
    "a file": lambda at: ("report", at / "study.toml", "--out", at / "clips.csv", "--force"),
    "JSON over an input": lambda at: (
        *("report", at / "study.toml", "--json", at / "clips.csv", "--force"),
    ),
}


@pytest.mark.parametrize("case", OVERLAPS)
def test_places_that_overlap_are_refused_before_any_work(place, case):
    words = OVERLAPS[case](place)
    before = read_all(place)
    started = time.perf_counter()
    result = call(*words)
    assert result.exit_code == 2, result.output
    assert result.stderr.startswith(f"exprstats {words[0]}:")
    assert read_all(place) == before
    assert time.perf_counter() - started < 20


@pytest.mark.usefixtures("blank_pictures")
def test_what_others_laid_beside_a_report_outlives_force(place):
    (place / "report" / "deep" / "er").mkdir(parents=True)
    (place / "report" / "deep" / "er" / "data.csv").write_text("a\n1\n")
    (place / "report" / "away").symlink_to(place / "clips.csv")
    result = call("report", place / "study.toml", "--force", "--quiet")
    assert result.exit_code == 0, result.output
    assert (place / "report" / "notes.txt").read_text() == "years of work"
    assert (place / "report" / "deep" / "er" / "data.csv").read_text() == "a\n1\n"
    assert (place / "report" / "away").resolve() == place / "clips.csv"
    assert [one.name for one in place.iterdir() if one.name.startswith(".")] == []


@contextmanager
def limit_files(size):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize(
    "words",
    [
        ("report", "study.toml", "--force"),
        ("simulate", "expressiveness", "--out", "new"),
        ("init", "clips.csv", "--out", "study.toml", "--force"),
        ("check", "clips.csv", "--json", "found.json"),
    ],
)
def test_a_full_disk_leaves_everything_as_it_was(place, monkeypatch, words):
    before = read_all(place)
    monkeypatch.chdir(place)
    with limit_files(400):
        result = call(*words)
    assert result.exit_code == 2, result.output
    told = " ".join(result.stderr.split())
    assert "cannot be written (File too large)" in told
    assert read_all(place) == before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_interrupted_leaves_everything_as_it_was(place, number):
    # So many draws that the run has not ended when the signal comes, however busy the machine is.
    text = STUDY.replace("draws = 100", "draws = 300000")
    (place / "study.toml").write_text(text, encoding="utf-8")
    before = read_all(place)
    words = ("report", str(place / "study.toml"), "--force")
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # A shell that started the tests in its background ignores SIGINT, and so would they.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    for _ in range(600):
        if any(one.name.startswith(".report.") for one in place.iterdir()):
            break
        time.sleep(0.05)
    process.send_signal(number)
    _, told = process.communicate(timeout=60)
    assert process.returncode not in {0, -number}
    assert b"Traceback" not in told
    assert read_all(place) == before
    assert [one.name for one in place.iterdir() if one.name.startswith(".")] == []
