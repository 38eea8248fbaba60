"""The table [evoked] of a study file, alone and with its mistakes."""

import json

import pandas as pd
import pytest

from exprstats.errors import DataError
from exprstats.io import write_csv
from exprstats.report import write_report
from exprstats.simulate import simulate_evoked
from exprstats.study import read_study, run_study

pytestmark = pytest.mark.usefixtures("blank_pictures")

STUDY = 'title = "Evoked"\nseed = 2\n[evoked]\nfiles = "machine.csv"\n'


@pytest.fixture(scope="module")
def tables():
    found = simulate_evoked(videos=30, seed=2)
    return {"machine": found.machine, "human": found.human} | found.predictions


@pytest.fixture
def study(tables, tmp_path):
    for name, table in tables.items():
        write_csv(table, tmp_path / f"{name}.csv")

    def write(keys=""):
        path = tmp_path / "study.toml"
        path.write_text(STUDY + keys, encoding="utf-8")
        return path

    return write


def test_a_study_of_evoked_expressions_needs_nothing_else(study, tmp_path):
    keys = 'by = "group"\nhuman = "human.csv"\npredictions = ["full.csv", "image.csv"]\n'
    keys += 'metrics = ["average_precision"]\nsplit = [0.6, 0.4]\ndraws = 100\n'
    run = run_study(read_study(study(keys)))
    assert [one.find_place() for one in run.results] == [
        *("evoked_labels", "evoked_split", "evoked_annotators"),
        *("evoked_scores",) * 3,
    ]
    assert list(run.evoked_scores) == ["share of annotators", "labels", "majority of annotators"]
    page = write_report(run, tmp_path / "report").read_text(encoding="utf-8")
    assert all(f'id="table-{number}"' in page for number in range(1, 13))
    assert "Lin, G" not in page
    assert "Sun, J. J." in page and "Fleiss, J. L." in page
    results = json.loads((tmp_path / "report" / "results.json").read_text(encoding="utf-8"))
    assert {"evoked_labels", "evoked_split", "evoked_annotators", "evoked_scores"} <= set(results)
    provenance = json.loads((tmp_path / "report" / "provenance.json").read_text(encoding="utf-8"))
    assert [one["file"] for one in provenance["inputs"]] == [
        *("machine.csv", "human.csv", "full.csv", "image.csv")
    ]


def test_a_vote_is_told_in_the_methods(study, tmp_path):
    path = study("vote = true\nhz = 1\nwindow = 3\nstride = 1\n")
    page = write_report(run_study(read_study(path)), tmp_path / "report").read_text("utf-8")
    assert "majorities over windows of 3" in page.replace("\N{NO-BREAK SPACE}", " ")


def test_the_same_seed_gives_the_same_numbers(study):
    path = study('predictions = "full.csv"\ndraws = 100\nsplit = [0.5, 0.5]\n')
    one, other = (run_study(read_study(path), n_jobs=jobs) for jobs in (1, 2))
    pd.testing.assert_frame_equal(one.evoked_split.parts, other.evoked_split.parts)
    tables = [run.evoked_scores["labels"].table for run in (one, other)]
    pd.testing.assert_frame_equal(*tables)


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ('truth = "most"\n', "truth cannot be 'most'"),
        ("treshold = 0.5\n", "has no key 'treshold'"),
        ("split = [0.5, 0.4]\n", "must be shares that add up to 1"),
        ('human = "none.csv"\n', "'none.csv' is not there"),
    ],
)
def test_keys_that_cannot_be_are_told(study, keys, told):
    with pytest.raises(DataError, match=told):
        read_study(study(keys))


def test_themes_of_a_file_are_a_key_and_models_are_rated_by_theme(study, tmp_path):
    path = study('themes = "themes.csv"\npredictions = "full.csv"\ndraws = 100\n')
    videos = pd.read_csv(tmp_path / "machine.csv")["video"].unique()
    themes = [(video, ("comedy", "horror")[place % 2]) for place, video in enumerate(videos)]
    write_csv(pd.DataFrame(themes, columns=["video", "theme"]), tmp_path / "themes.csv")
    run = run_study(read_study(path))
    assert run.evoked_labels.by == "theme" and run.evoked_labels.groups == ("comedy", "horror")
    assert run.evoked_scores["labels"].groups == ("comedy", "horror")
    page = write_report(run, tmp_path / "report").read_text("utf-8")
    told = page.replace("\N{NO-BREAK SPACE}", " ")
    assert "Videos by Theme" in told and "By theme, 2 groups have 15 videos each" in told
    assert "by Group" in told
