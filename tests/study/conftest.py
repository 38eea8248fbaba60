"""A small simulated study as files, and its run, made once."""

from pathlib import Path

import pytest

from exprstats.models import Trees, fit_forest
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


def write_tables(folder: Path, simulated):
    key = ["context", "subject", "clip", "rater"]
    wide = simulated.ratings.pivot(index=key, columns="item", values="rating").reset_index()
    named = {"context": "task"}
    wide.rename(columns=named).to_csv(folder / "ratings.csv", index=False)
    simulated.clips.rename(columns=named).to_csv(folder / "clips.csv", index=False)


@pytest.fixture(scope="module", autouse=True)
def few_trees():
    """Grow 40 trees where nobody asks for a number: what is compared comes of the same forests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(fit_forest.__kwdefaults__, "trees", Trees(40))
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
def run(folder):
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
