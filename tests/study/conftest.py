"""A small simulated study as files, and its run, made once."""

from contextlib import contextmanager
from pathlib import Path

import pytest

from exprstats import rbridge
from exprstats.errors import RError
from exprstats.simulate import simulate_expressiveness
from exprstats.study import read_study, run_study

STUDY = """\
title = "A small study"
seed = 5

[ratings]
file = "ratings.csv"
subject = "subject"
context = "task"
items = ["response", "emotion", "motion"]
scale = [0, 4]

[clips]
file = "clips.csv"
context = "task"

[compare]
draws = 200
"""


_R = {name: getattr(rbridge, name) for name in ("call", "probe_r")}


@contextmanager
def leave_r():
    """Fit three items by their closed form, which gives lavaan's numbers (tests/measurement)."""

    def refuse(*_arguments, **_options):
        message = "R is not asked here."
        raise RError(message)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rbridge, "call", refuse)
        patch.setattr(rbridge, "probe_r", lambda: rbridge.RState())
        yield


@pytest.fixture(scope="module", autouse=True)
def closed():
    with leave_r():
        yield


@pytest.fixture
def with_r(monkeypatch):
    """Ask R all the same."""
    for name, own in _R.items():
        monkeypatch.setattr(rbridge, name, own)


def write_tables(folder: Path, simulated):
    key = ["context", "subject", "clip", "rater"]
    wide = simulated.ratings.pivot(index=key, columns="item", values="rating").reset_index()
    named = {"context": "task"}
    wide.rename(columns=named).to_csv(folder / "ratings.csv", index=False)
    simulated.clips.rename(columns=named).to_csv(folder / "clips.csv", index=False)


@pytest.fixture(scope="module", autouse=True)
def few_settings(use_few):
    with use_few():
        yield


@pytest.fixture(scope="session")
def simulated():
    return simulate_expressiveness(subjects=40, contexts={"startle": 3, "pain": 3}, seed=8)


@pytest.fixture(scope="session")
def folder(tmp_path_factory, simulated):
    place = tmp_path_factory.mktemp("study")
    write_tables(place, simulated)
    (place / "study.toml").write_text(STUDY, encoding="utf-8")
    return place


@pytest.fixture(scope="session")
def run(folder, use_few):
    with leave_r(), use_few():
        return run_study(read_study(folder / "study.toml"))


@pytest.fixture
def write_study(folder, tmp_path):
    """Write a study file that uses the tables of the small study; return its path."""

    def write(text):
        for name in ("ratings.csv", "clips.csv"):
            (tmp_path / name).write_bytes((folder / name).read_bytes())
        path = tmp_path / "study.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write
