"""SPSS files, written here by pyreadstat (ReadStat) with labels and user-missing values."""

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from exprstats.errors import DataError
from exprstats.io import read_clips, read_ratings, sniff_file

LONG = pd.DataFrame(
    {
        "task": [1.0, 1.0, 2.0, 2.0],
        "clip": ["a", "a", "001", "001"],
        "rater": [7.0, 8.0, 7.0, 8.0],
        "rating": [0.0, 4.0, 2.5, 99.0],
    }
)
LABELS = {"task": {1: "Startle", 2: "Pain"}, "rating": {0: "A little", 4: "A lot"}}


@pytest.fixture
def write_sav(tmp_path):
    def write(table, name="study.sav", **options):
        path = tmp_path / name
        pyreadstat.write_sav(table, path, **options)
        return path

    return write


def read(path, **options):
    return read_ratings(path, context="task", rating="rating", **options)


def test_labels_name_ids_and_numbers_stay_numbers(write_sav):
    path = write_sav(LONG, variable_value_labels=LABELS, missing_ranges={"rating": [99]})
    table = read(path)
    assert table["context"].tolist() == ["Startle", "Startle", "Pain", "Pain"]
    assert table["clip"].tolist() == ["a", "a", "001", "001"]
    assert table["rater"].tolist() == ["7", "8", "7", "8"]
    np.testing.assert_array_equal(table["rating"], [0.0, 4.0, 2.5, np.nan])


def test_a_compressed_file_reads_the_same(write_sav):
    options = {"variable_value_labels": LABELS, "missing_ranges": {"rating": [99]}}
    plain = read(write_sav(LONG, **options))
    packed = read(write_sav(LONG, "study.zsav", compress=True, **options))
    pd.testing.assert_frame_equal(plain, packed)


def test_what_was_seen_is_told(write_sav):
    path = write_sav(LONG, missing_ranges={"rating": [{"lo": 90, "hi": 99}]})
    facts = sniff_file(path)
    assert (facts.format, facts.rows, facts.separator) == ("sav", 4, None)
    assert facts.columns == ("task", "clip", "rater", "rating")
    assert facts.notes == ("user-missing values of 'rating' are read as missing.",)


def test_labels_that_do_not_tell_values_apart_are_not_ids(write_sav):
    path = write_sav(LONG, variable_value_labels={"task": {1: "Task", 2: "Task"}})
    assert read(path)["context"].unique().tolist() == ["1", "2"]
    assert "labels of 'task' are not unique" in sniff_file(path).notes[0]


def test_cases_count_from_one_as_spss_counts_them(write_sav):
    with pytest.raises(DataError) as caught:
        read(write_sav(LONG), scale=(0, 4))
    [problem] = caught.value.problems
    assert (problem.column, problem.rows) == ("rating", (4,))


def test_wide_judges_and_text_columns_read(write_sav):
    wide = pd.DataFrame({"J1": [9.0, 6.0], "J2": [2.0, np.nan], "comment": ["fine  ", ""]})
    table = read_ratings(write_sav(wide), raters=["J1", "J2"])
    assert table["rating"].tolist() == [9.0, 2.0, 6.0]
    assert table["clip"].tolist() == ["1", "1", "2"]


def test_features_of_clips_read(write_sav):
    clips = pd.DataFrame({"clip": ["a", "b"], "subject": [1.0, 2.0], "smile": [0.25, np.nan]})
    table = read_clips(write_sav(clips))
    assert table["subject"].tolist() == ["1", "2"]
    np.testing.assert_array_equal(table["smile"], clips["smile"])


def test_dates_are_no_ratings(write_sav):
    dated = LONG.assign(rating=pd.to_datetime(["2020-02-01"] * 4).date)
    with pytest.raises(DataError, match="dates"):
        read(write_sav(dated))


def test_a_broken_file_is_one_readable_error(tmp_path):
    path = tmp_path / "broken.sav"
    path.write_bytes(b"$FL2" + b"\0" * 50)
    with pytest.raises(DataError, match="SPSS file cannot be read") as caught:
        sniff_file(path)
    assert caught.value.problems[0].remedy == "Save it as CSV UTF-8."


def test_labels_name_classes_only_if_the_target_is_called_so(write_sav):
    table = LONG.assign(subject=["s", "t", "s", "t"], clip=list("abcd"), face=[1.0, 2.0, 2.0, None])
    path = write_sav(table, variable_value_labels={"face": {1: "joy", 2: "fear"}})
    named = read_clips(path, features=["rating"], target="face", classes=True)["face"]
    assert named.tolist()[:3] == ["joy", "fear", "fear"]
    assert named.isna().tolist() == [False, False, False, True]
    plain = read_clips(path, features=["rating"], target="face", classes=None)["face"]
    assert plain.tolist()[:3] == [1.0, 2.0, 2.0]
