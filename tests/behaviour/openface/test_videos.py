"""A video whose columns stand in several files gives what its one file gave, bit for bit."""

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from exprstats.behaviour import inspect_openface, read_openface, summarise_clips, summarise_openface
from exprstats.cli.program import app
from exprstats.errors import DataError, DataWarning

KEYS = ["frame", "face_id", "timestamp", "confidence", "success"]
SEGMENTS = pd.DataFrame(
    {"clip": ["a", "b"], "video": ["v", "v"], "start": [0.0, -2.0], "end": [2.0, 0.0]}
)


def cut_units(table):
    units = [name for name in table if name.startswith("AU")]
    return table.drop(columns=units), table[[*KEYS, *units]]


@pytest.fixture
def whole(tmp_path, make_face, write_face):
    table = make_face(120, fps=30.0, seed=4)
    table.loc[30:34, "success"] = 0
    place = tmp_path / "whole"
    place.mkdir()
    write_face(table, place / "v.csv")
    return table, summarise_openface(place, SEGMENTS).clips, read_openface(place)


def test_folders_inside_are_searched_on_request(folder, whole, write_face):
    table, clips, frames = whole
    motion, units = cut_units(table)
    for name, part in (("motion", motion), ("units", units)):
        (folder / name).mkdir()
        write_face(part, folder / name / "v.csv")
    with pytest.raises(DataError, match="or search inside it with recursive=True"):
        read_openface(folder)
    read = read_openface(folder, recursive=True)
    pd.testing.assert_frame_equal(read[frames.columns], frames, check_exact=True)
    found = summarise_openface(folder, SEGMENTS, recursive=True, hashed=True)
    pd.testing.assert_frame_equal(found.clips, clips, check_exact=True)
    row = found.files.iloc[0]
    assert row["file"] == f"{folder / 'motion' / 'v.csv'} + {folder / 'units' / 'v.csv'}"
    assert row["n_columns"] == table.shape[1]
    pd.testing.assert_frame_equal(summarise_clips(read, SEGMENTS), clips, check_exact=True)


@pytest.mark.parametrize(
    "keys", [["frame"], ["timestamp"], ["frame", "face_id"], ["timestamp", "frame"]]
)
def test_rows_meet_by_frame_or_time_in_any_order(folder, whole, write_face, keys):
    table, clips, _ = whole
    motion, units = cut_units(table)
    units = units.drop(columns=[name for name in KEYS if name not in keys])
    write_face(units.sample(frac=1, random_state=1), folder / "v_units.csv")
    write_face(motion, folder / "v_motion.csv.gz")
    found = summarise_openface(folder, SEGMENTS, endings=["_units", "_motion"])
    pd.testing.assert_frame_equal(found.clips, clips, check_exact=True)


def test_times_may_be_a_printed_millisecond_apart(folder, whole, write_face):
    motion, units = cut_units(whole[0])
    write_face(units.assign(timestamp=units["timestamp"] + 0.001), folder / "v_units.csv")
    write_face(motion, folder / "v_motion.csv")
    found = summarise_openface(folder, SEGMENTS, endings=["_units", "_motion"])
    pd.testing.assert_frame_equal(found.clips, whole[1], check_exact=True)


def test_the_command_joins_too(folder, whole, write_face):
    motion, units = cut_units(whole[0])
    (folder / "deep").mkdir()
    write_face(motion, folder / "v_motion.csv")
    write_face(units, folder / "deep" / "v_units.csv")
    options = ["--recursive", "--endings", "_motion,_units"]
    run = CliRunner().invoke(app, ["features", str(folder), *options])
    assert run.exit_code == 0, run.output
    assert "Features of 1 clip come" in " ".join(run.output.split())
    assert "au_count" in run.output
    assert "points_displacement" in run.output


def test_rows_without_partner_are_told_and_missing(folder, whole, write_face):
    table, clips, _ = whole
    motion, units = cut_units(table)
    write_face(motion, folder / "v_motion.csv")
    write_face(units.drop(index=range(7)), folder / "v_units.csv")
    with pytest.warns(DataWarning, match="7 of 120 rows have no partner in v_units.csv"):
        found = summarise_openface(folder, SEGMENTS, endings=["_units", "_motion"])
    left = read_openface(folder, endings=["_units", "_motion"])
    assert left["AU12_r"].isna().tolist() == [True] * 7 + [False] * 113
    assert left["x_0"].notna().all()
    same = found.clips.drop(columns=["au_count", "au_intensity"])
    pd.testing.assert_frame_equal(same, clips[same.columns], check_exact=True)
    assert found.clips["au_count"].iloc[0] != clips["au_count"].iloc[0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda units: units.assign(timestamp=units["timestamp"] + 0.5), "differ by up to 0.500 s"),
        (
            lambda units: units.assign(timestamp=units["timestamp"] + 0.003),
            "differ by up to 0.003 s",
        ),
        (lambda units: units.assign(frame=units["frame"] + 5000), "none of its rows matches"),
        (lambda units: units.assign(frame=1), "120 rows share their frame and face_id"),
        (lambda units: units.drop(columns=["frame", "timestamp"]), "'timestamp'"),
    ],
)
def test_files_that_do_not_fit_are_refused(folder, whole, write_face, change, said):
    motion, units = cut_units(whole[0])
    write_face(motion, folder / "v_motion.csv")
    write_face(change(units), folder / "v_units.csv")
    with pytest.raises(DataError, match=said):
        read_openface(folder, endings=["_units", "_motion"])
    row = inspect_openface(folder, endings=["_units", "_motion"]).iloc[0]
    assert (row["video"], row["status"]) == ("v", "failed")


def test_no_file_with_all_keys_is_an_error(folder, whole, write_face):
    motion, units = cut_units(whole[0])
    write_face(motion.drop(columns="success"), folder / "v_motion.csv")
    write_face(units.drop(columns="success"), folder / "v_units.csv")
    with pytest.raises(DataError, match="has timestamp, confidence, success together"):
        read_openface(folder, endings=["_units", "_motion"])


def test_copies_of_one_video_are_refused(folder, whole, write_face):
    for name in ("one", "two"):
        (folder / name).mkdir()
        write_face(whole[0], folder / name / "v.csv")
    with pytest.raises(DataError, match=r"'v', and the column .*: one/v.csv, two/v.csv"):
        read_openface(folder, recursive=True)


def test_an_ending_is_cut_from_single_files_too(folder, whole, write_face):
    write_face(whole[0], folder / "v_motion.csv")
    found = read_openface(folder, endings=["_motion"])
    assert found["video"].unique().tolist() == ["v"]
    np.testing.assert_array_equal(found["x_3"], whole[2]["x_3"])
