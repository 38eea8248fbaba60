"""The table [signing] of a study file, alone and with its mistakes."""

import json

import pandas as pd
import pytest

from exprstats.errors import DataError
from exprstats.io import write_csv
from exprstats.report import write_report
from exprstats.simulate import simulate_signing
from exprstats.study import read_study, run_study

pytestmark = pytest.mark.usefixtures("blank_pictures")

STUDY = 'title = "Signing"\nseed = 2\n[signing]\nfiles = "events.csv"\nlexicon = "lexicon.csv"\n'


KEYS = "trees = 3\nn_folds = 3\ndraws = 100\n"


@pytest.fixture(scope="module")
def signed():
    return simulate_signing(utterances=80, signers=4, seed=2)


def write_study(signed, folder, keys=KEYS):
    write_csv(signed.events, folder / "events.csv")
    write_csv(signed.lexicon, folder / "lexicon.csv")
    path = folder / "study.toml"
    path.write_text(STUDY + keys, encoding="utf-8")
    return path


@pytest.fixture
def study(signed, tmp_path):
    return lambda keys=KEYS: write_study(signed, tmp_path, keys)


@pytest.fixture(scope="module")
def run(signed, tmp_path_factory):
    return run_study(read_study(write_study(signed, tmp_path_factory.mktemp("signing"))))


def test_a_study_of_signing_needs_nothing_else(run, tmp_path):
    assert [one.find_place() for one in run.results] == [
        *("event_counts", "cooccurrence", "label_prediction")
    ]
    page = write_report(run, tmp_path / "report").read_text(encoding="utf-8")
    assert all(f'id="table-{number}"' in page for number in range(1, 6))
    # The difference of both kinds of folds is the first result on the page.
    places = [page.index(f'id="{one}"') for one in ("label_prediction", "events", "cooccurrence")]
    assert places == sorted(places)
    assert "Folds of single frames" in page[: places[1]]
    assert "Lin, G" not in page  # no study of expressiveness is followed here
    assert "Kezar" in page
    results = json.loads((tmp_path / "report" / "results.json").read_text(encoding="utf-8"))
    assert {"cooccurrence", "event_tokens", "label_prediction_importance"} <= set(results)
    provenance = json.loads((tmp_path / "report" / "provenance.json").read_text(encoding="utf-8"))
    assert [one["file"] for one in provenance["inputs"]] == ["events.csv", "lexicon.csv"]
    assert "scikit-learn" in provenance["versions"]


def test_the_same_seed_gives_the_same_numbers(run, study):
    other = run_study(read_study(study()), n_jobs=2)
    pd.testing.assert_frame_equal(run.cooccurrence.table, other.cooccurrence.table)
    pd.testing.assert_frame_equal(run.label_prediction.table, other.label_prediction.table)


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ('given = "words"\n', "given cannot be 'words'"),
        ('flods = "signers"\n', "has no key 'flods'"),
        ("trees = 0\n", "trees must be a whole number of at least 1"),
        ('units = "none.csv"\n', "'none.csv' is not there"),
    ],
)
def test_keys_that_cannot_be_are_told(study, keys, told):
    with pytest.raises(DataError, match=told):
        read_study(study(keys))


def test_tables_of_ones_own_and_the_way_of_words_are_keys(study, tmp_path):
    (tmp_path / "units.csv").write_text("unit,tier,value\nAU 99,nose,wrinkle\n")
    (tmp_path / "spellings.csv").write_text("tier,value,tier_as,value_as\nnose,wrinkle,Nose,up\n")
    quick = "trees = 3\nn_folds = 3\ndraws = 100\n"
    keys = f'{quick}tokens = "spaces"\n'
    run = run_study(read_study(study(keys + 'units = "units.csv"\n')))
    assert run.event_counts.units.to_numpy().tolist()[0][:3] == ["AU 99", "nose", "wrinkle"]
    assert set(run.label_prediction.importance["feature"]) == {"AU 99"}
    page = write_report(run, tmp_path / "report").read_text("utf-8")
    assert "The table of action units gives" in page.replace("\N{NO-BREAK SPACE}", " ")
    run = run_study(read_study(study(f'{quick}spellings = "spellings.csv"\nleast = 5\n')))
    assert "Nose=up" in set(run.cooccurrence.table["feature"])
    assert run.event_counts.spellings["n_intervals"].sum() > 0
