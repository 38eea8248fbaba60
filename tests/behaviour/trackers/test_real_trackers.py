"""Real output of trackers: what is read is what the files say, and OpenFace's own angles.

OpenFace prints angles to .001 rad: half of that is the tolerance of recomputed ones.
"""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exprstats import DataError, DataWarning, read_faces, read_openface, summarise_clips
from exprstats.behaviour.openface.lines import UNDEFINED

pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def data():
    return Path(os.environ["EXPRSTATS_DATA"])


@pytest.mark.parametrize("folder", ["open_dbm", "openfacer", "pyfeat", "multiface"])
def test_openface_frames_are_those_of_its_own_reader(data, folder):
    path = data / "openface" / folder
    expected = read_openface(path, columns="all")
    found = read_faces(path)
    assert found.tracker == "openface"
    shared = [name for name in expected.columns if name in found.table]
    assert len(shared) == len(expected.columns)
    pd.testing.assert_frame_equal(
        found.table[shared], expected, check_dtype=False, rtol=1e-14, atol=0
    )


def test_gaze_angles_from_vectors_are_those_that_openface_prints(data, tmp_path):
    path = data / "openface" / "open_dbm" / "subj01_timepoint01.csv"
    table = pd.read_csv(path, skipinitialspace=True, na_values=UNDEFINED)
    names = ["gaze_angle_x", "gaze_angle_y"]
    table.drop(columns=names).to_csv(tmp_path / "a.csv", index=False)
    found = read_faces(tmp_path / "a.csv")
    assert np.abs(found.table[names].to_numpy() - table[names].to_numpy()).max() < 5.1e-4
    row = summarise_clips(found).iloc[0]
    assert row["gaze_displacement"] == pytest.approx(
        summarise_clips(read_faces(path)).iloc[0]["gaze_displacement"], rel=0.05
    )


def test_an_arkit_recording_runs_at_30_frames_of_a_clock_of_60(data):
    faces = read_faces(data / "arkit" / "alex_rom_3.csv")
    time = faces.table["timestamp"].to_numpy()
    # From 13:13:04 frame 31.652 to 13:15:18 frame 54.561, by hand.
    assert time[-1] == pytest.approx(134 + (54.561 - 31.652) / 60, abs=1e-9)
    # A few frames were dropped; all others follow each other.
    assert (np.abs(np.diff(time) - 1 / 30) < 1e-4).mean() > 0.99
    assert "60 frames per second" in faces.notes[0]
    # The head was not recorded: its angles are zeros, which give no feature.
    assert (faces.table["HeadYaw"] == 0).all()
    with pytest.warns(DataWarning) as caught:
        row = summarise_clips(faces).iloc[0]
    assert "yaw_displacement" not in row.index
    assert any("yaw_displacement" in str(one.message) for one in caught)
    assert row["valid_share"] > 0.99


def test_imotions_exports_hold_two_trackers_on_two_scales(data):
    path = data / "eee" / "imotions_adfes" / "Dump069_M01.txt.gz"
    with pytest.raises(DataError, match="FACET and AFFDEX, whose scales differ"):
        read_faces(path)
    facet, affdex = (read_faces(path, tracker=one) for one in ("facet", "affdex"))
    for faces in (facet, affdex):
        assert len(faces.table) == 1499
        assert faces.table["timestamp"].iloc[[0, -1]].tolist() == [0.066, 49.999]
    assert facet.table["Joy Evidence"].iloc[0] == -6.375203
    assert affdex.table["Joy"].iloc[0] == 4.717194e-05
    assert affdex.get_unit("Joy") == "likelihood (0 to 100)"
    with pytest.warns(DataWarning) as caught:
        row = summarise_clips(affdex).iloc[0]
    told = " ".join(str(one.message) for one in caught)
    assert 0 <= row["au_count"] <= 19
    # Its angles are zeros throughout: never measured.
    assert "pitch_displacement" in told
    assert "pitch_displacement" not in row.index


def test_libreface_and_pyfeat_cases_are_read(data):
    cases = data.parent / "cases"
    if not cases.is_dir():
        pytest.skip("the cases are not beside the data")
    libreface = read_faces(cases / "g08_libreface")
    pyfeat = read_faces(cases / "g09_pyfeat" / "P1.csv")
    assert (libreface.tracker, len(libreface.table)) == ("libreface", 60)
    assert pyfeat.table["timestamp"].iloc[-1] == pytest.approx(59 / 25)
    with pytest.raises(DataError, match="no known tracker"):
        read_faces(cases / "FaceLandmarkImg")
