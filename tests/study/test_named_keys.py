"""Nothing that a study file names disappears in silence: it is done, refused, or said not to be.

Strata are counted again with pandas; the factor of the training people is formed in closed form.
"""

import warnings

import numpy as np
import pandas as pd
import pytest

from exprstats.errors import DataError
from exprstats.study import read_study, run_study

NET = "[[models]]\nname = 'net'\nkind = 'elastic'\n"
PEOPLE = "[subjects]\nfile = 'people.csv'\n"


@pytest.fixture
def run(folder, write_study):
    """Run the small study with a file of people, further columns of clips, and further text."""

    def start(more="", change=("", "")):
        path = write_study((folder / "study.toml").read_text().replace(*change) + more)
        clips = pd.read_csv(path.parent / "clips.csv")
        subjects = clips["subject"].drop_duplicates().reset_index(drop=True)
        people = pd.DataFrame({"subject": subjects, "site": ["Ulm"] * len(subjects)})
        people.to_csv(path.parent / "people.csv", index=False)
        half = clips["subject"].map(pd.Series(np.arange(len(subjects)) % 2, index=subjects))
        clips = clips.assign(half=half.map({0: "even", 1: "odd"}), pleased=clips["au_count"] * 2)
        clips.to_csv(path.parent / "clips.csv", index=False)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return run_study(read_study(path))

    return start


FEATURES = ('context = "task"\n\n[compare]', 'context = "task"\nfeatures = ["au_count"]\n[compare]')


def test_strata_may_be_a_column_of_clips_that_is_no_feature(run):
    found = run("[split]\nstratify = 'half'\n", FEATURES)
    assert not found.provenance.failures
    clips = pd.read_csv(found.study.clips.file)
    halves = clips.drop_duplicates("subject").set_index("subject")["half"]
    counts = pd.crosstab(halves, found.parts.set_index("subject")["part"])
    assert counts.loc["even"].tolist() == counts.loc["odd"].tolist() == [4, 12, 4]


def test_strata_that_tell_every_person_apart_are_warned_of(run):
    found = run("[split]\nstratify = 'pleased'\n", FEATURES)
    [told] = [one.message for one in found.provenance.warnings if "share out" in one.message]
    assert told.startswith("No two of 40 subjects have the same values of 'pleased'")


def test_scores_of_training_people_stand_beside_another_target_where_they_are_asked_for(run):
    """By default all clips are scored alike, since no model predicts the scores."""
    target = ('context = "task"\n\n[compare]', 'context = "task"\ntarget = "pleased"\n[compare]')
    for more, parts in (("", {"all"}), ("[scores]\nfitted_on = 'train'\n", {"train", "all"})):
        found = run(more, target)
        assert set(found.factor.table["part"]) == parts
        items = ["response", "emotion", "motion"]
        ratings = pd.read_csv(found.study.ratings.file)
        means = ratings.groupby(["clip", "subject"])[items].mean().reset_index("subject")
        if more:
            trained = found.parts.query("part == 'train'")["subject"]
            means = means[means["subject"].isin(trained)]
        cov = np.cov(means[items], rowvar=False, bias=True)
        load = np.sqrt(cov[0, 1] * cov[0, 2] / cov[1, 2])
        row = found.factor.table.query(
            f"context.isna() and term == 'loading_raw' and item == 'response' and part == "
            f"'{'train' if more else 'all'}'"
        )
        np.testing.assert_allclose(row["estimate"].iloc[0], load, rtol=1e-6)


def test_groups_that_are_all_alike_are_said_not_to_be_compared(run):
    found = run(f"{PEOPLE}group = 'site'\n")
    assert "People were not compared by 'site': all people are 'Ulm'." in found.provenance.notes


def test_a_sheet_of_a_file_without_sheets_is_warned_of(run):
    found = run(change=("[ratings]\n", "[ratings]\nsheet = 'Data'\n"))
    told = [one.message for one in found.provenance.warnings if "no workbook" in one.message]
    assert told == ["ratings.csv is no workbook, so that it has no sheet 'Data'. Remove 'sheet'."]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("[split]\ntraining_only = 'hlaf'\n", r"clips.csv: there is no column 'hlaf'.*'half'"),
        (f"{PEOPLE}features = ['subject']\n", r"\[subjects\] names 'subject', which has another"),
        (f"{PEOPLE}group = 'subject'\n", r"\[subjects\] names 'subject', which has another role"),
        (f"{NET}[deep]\nhz = 5\n", r"\[deep\] is for networks, and \[\[models\]\] has none"),
        (f"{NET}[video]\nfolder = '.'\nsegments = 'clips.csv'\n", r"\[video\] is for networks"),
    ],
)
def test_what_cannot_be_carried_out_is_refused(run, more, told):
    with pytest.raises(DataError, match=told):
        run(more)
