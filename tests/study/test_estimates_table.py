"""The table [estimates] of a study file, alone and with its mistakes, and simulated files."""

import json

import pandas as pd
import pytest
from typer.testing import CliRunner

from exprstats.cli.program import app
from exprstats.errors import DataError
from exprstats.report import write_report
from exprstats.study import read_study, run_study

STUDY = 'title = "Acted"\nseed = 2\n[estimates]\nfiles = ["acted_face.csv", "acted_prosody.csv"]\n'

KEYS = 'by = "context"\ndraws = 100\nfolds = 2\nrepeats = 2\nemotions = ["Joy", "Fear", "Anger"]\n'


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("simulated") / "out"
    run = CliRunner().invoke(
        app, ["simulate", "estimates", "--out", str(place), "--subjects", "8", "--seed", "2"]
    )
    assert run.exit_code == 0, run.output
    return place


@pytest.fixture
def study(folder):
    def write(keys=KEYS):
        path = folder / "own.toml"
        path.write_text(STUDY + keys, encoding="utf-8")
        return path

    return write


def test_simulated_files_hold_what_their_study_needs(folder):
    names = {path.name for path in folder.iterdir()}
    assert {"acted_face.csv", "acted_prosody.csv", "truth.csv", "study.toml"} <= names
    settings = read_study(folder / "study.toml").estimates
    assert (
        settings.by == "context"
        and settings.folds == 6
        and settings.repeats == 10
        and not settings.maps
    )
    truth = pd.read_csv(folder / "truth.csv")
    assert {"mean", "spearman", "stability", "lag_one"} <= set(truth["term"])


@pytest.fixture(scope="module")
def run(folder):
    path = folder / "shared.toml"
    path.write_text(STUDY + KEYS, encoding="utf-8")
    return run_study(read_study(path))


@pytest.mark.usefixtures("blank_pictures")
def test_a_study_of_estimates_needs_nothing_else(run, tmp_path):
    assert [one.find_place() for one in run.results] == [
        "estimates",
        "structure",
        "leed",
        "transfer",
    ]
    page = write_report(run, tmp_path / "report").read_text(encoding="utf-8")
    assert all(f'id="table-{number}"' in page for number in range(1, 7))
    assert "Lin, G" not in page  # no study of expressiveness is followed here
    assert "Brooks, J. A." in page and "jackknife over people" in page
    figures = {path.name for path in (tmp_path / "report" / "figures").glob("*.svg")}
    assert figures == {
        "figure1_estimates_distributions.svg",
        "figure2_estimates_structure.svg",
        "figure3_estimates_recall.svg",
    }
    results = json.loads((tmp_path / "report" / "results.json").read_text(encoding="utf-8"))
    assert {"estimates", "structure", "leed", "transfer", "transfer_choices"} <= set(results)
    provenance = json.loads((tmp_path / "report" / "provenance.json").read_text(encoding="utf-8"))
    files = [one["file"] for one in provenance["inputs"]]
    assert files == ["acted_face.csv", "acted_prosody.csv"]
    assert "scikit-learn" in provenance["versions"]


def test_the_same_seed_gives_the_same_numbers(run, study):
    other = run_study(read_study(study()), n_jobs=2)
    pd.testing.assert_frame_equal(run.transfer.table, other.transfer.table)
    pd.testing.assert_frame_equal(run.structure.table, other.structure.table)


def test_tables_of_bounds_and_words_are_read(study, folder):
    (folder / "bounds.csv").write_text("adverb,share\nrather,0.5\n")
    (folder / "words.csv").write_text("emotion,adjective\nJoy,merry\n")

    keys = 'thresholds = "bounds.csv"\nadjectives = "words.csv"\nemotions = ["Joy", "Fear"]\n'
    run = run_study(read_study(study(keys + "most = 1\nfolds = 2\nrepeats = 1\n")))
    assert run.leed.cuts["adverb"].unique().tolist() == ["rather"]
    told = set(run.leed.sentences["sentence"])
    assert "They look rather merry." in told
    assert {"bounds.csv", "words.csv"} <= {one.file for one in run.provenance.inputs}


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ('thresholds = "high"\n', "'high' is not there .* It may also be published or quantile"),
        ('unit = "words"\n', "unit cannot be 'words'"),
        ('thresholdz = "quantile"\n', "has no key 'thresholdz'"),
        ("folds = 1\n", "folds must be a whole number of at least 2"),
        ("repeats = 0\n", "repeats must be a whole number of at least 1"),
        ("nulls = -1\n", "nulls must be a whole number of at least 0"),
        ('vectors = "none.csv"\n', "'none.csv' is not there"),
    ],
)
def test_keys_that_cannot_be_are_told(study, keys, told):
    with pytest.raises(DataError, match=told):
        read_study(study(keys))
