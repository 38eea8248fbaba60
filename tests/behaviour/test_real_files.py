"""Real OpenFace output, and what OpenDBM derived from it frame by frame.

OpenDBM's numbers are printed to the last bit; 1e-12 allows for another order of summing.
"""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exprstats.behaviour import (
    inspect_openface,
    plan_windows,
    rate_expressivity,
    read_openface,
    summarise_clips,
    summarise_openface,
    trace_clips,
)
from exprstats.behaviour.expressivity import EMOTIONS
from exprstats.behaviour.motion import measure_displacement
from exprstats.errors import DataError, DataWarning

pytestmark = pytest.mark.data
SHORT = {"happiness": "hap", "sadness": "sad", "surprise": "sur", "fear": "fea"}
SHORT |= {"anger": "ang", "disgust": "dis", "contempt": "con"}


@pytest.fixture(scope="module")
def openface():
    return Path(os.environ["EXPRSTATS_DATA"]) / "openface"


@pytest.fixture(params=["subj01_timepoint01", "subj01_timepoint02"])
def video(request):
    return request.param


def read_derived(openface, video, what):
    table = pd.read_csv(openface / "open_dbm" / "derived" / f"{video}_{what}.csv")
    return table.rename(columns=str.strip)


@pytest.fixture
def frames(openface, video):
    return read_openface(openface / "open_dbm" / f"{video}.csv", columns="all")


@pytest.mark.parametrize(
    ("columns", "source"),
    [
        (["gaze_0_x", "gaze_0_y", "gaze_0_z"], ("eyegaze", "mov_leyedisp")),
        (["gaze_1_x", "gaze_1_y", "gaze_1_z"], ("eyegaze", "mov_reyedisp")),
        (["pose_Rx", "pose_Ry", "pose_Rz"], ("headpose", "mov_hposedist")),
        (["pose_Tx", "pose_Ty", "pose_Tz"], ("headmov", "mov_headvel")),
    ],
)
def test_displacements_are_those_of_opendbm(openface, video, frames, columns, source):
    file, derived = source
    expected = read_derived(openface, video, file)[derived].to_numpy()
    positions = frames[columns].to_numpy()[:, None, :]
    found = measure_displacement(positions, np.arange(len(frames)) > 0)[:, 0]
    assert found == pytest.approx(expected, abs=1e-12, nan_ok=True)


def test_the_verb_moves_landmarks_as_opendbm_does(openface, video, frames):
    derived = read_derived(openface, video, "faclmk")
    moved = derived[[f"fac_LMK{i:02d}disp" for i in range(68)]].to_numpy()
    # Its rows run backwards in time.
    expected = moved[1:][::-1]
    trace = trace_clips(frames, hz=30, fps=30, unit="mm")
    assert trace["frame"].tolist() == frames["frame"].tolist()
    assert trace["points_displacement"].to_numpy()[1:] == pytest.approx(
        expected.mean(axis=1), abs=1e-12
    )
    head = read_derived(openface, video, "headmov")["mov_headvel"].to_numpy()
    assert trace["head_displacement"].to_numpy() == pytest.approx(head, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize(("complete", "kind"), [(False, "soft"), (True, "hard")])
def test_expressivity_is_that_of_opendbm(openface, video, frames, complete, kind):
    derived = read_derived(openface, video, "facemo")
    row = rate_expressivity(frames, complete=complete).iloc[0]
    for emotion in EMOTIONS:
        expected = derived[f"fac_{SHORT[emotion]}int{kind}"].mean()
        assert row[emotion] == pytest.approx(expected, abs=1e-12)
    assert row["expressivity"] == pytest.approx(derived[f"fac_comint{kind}"].mean(), abs=1e-12)


@pytest.mark.parametrize(
    ("folder", "width", "files", "absent"),
    [
        ("open_dbm", 714, 2, ""),
        ("openfacer", 538, 1, "points_displacement, points_velocity"),
        ("pyfeat", 431, 1, ""),
        ("smyle", 334, 21, "points_displacement, points_velocity"),
        ("multiface", 61, 10, None),
        ("exploface/tests", 40, 4, None),
    ],
)
def test_every_layout_is_read(openface, folder, width, files, absent):
    facts = inspect_openface(openface / folder)
    assert facts["status"].eq("ok").all()
    assert (len(facts), set(facts["n_columns"])) == (files, {width})
    if absent is not None:
        assert set(facts["absent"]) == {absent}
    frames = read_openface(openface / folder)
    for path in sorted((openface / folder).glob("*.csv*")):
        plain = pd.read_csv(path).rename(columns=str.strip)
        name = path.name.removesuffix(".gz").removesuffix(".csv")
        here = frames[frames["video"] == name].reset_index(drop=True)
        columns = [column for column in plain if column in frames and column != "frame"]
        pd.testing.assert_frame_equal(
            here[columns], plain[columns], rtol=1e-14, atol=0, check_dtype=False
        )


def test_the_short_way_gives_the_same_on_real_files(openface):
    folder = openface / "smyle"
    segments = plan_windows(inspect_openface(folder)[["video", "length"]], length=2)
    with pytest.warns(DataWarning, match="points_displacement"):
        result = summarise_openface(folder, segments)
    with pytest.warns(DataWarning, match="points_displacement"):
        expected = summarise_clips(read_openface(folder), segments)
    pd.testing.assert_frame_equal(result.clips, expected, check_exact=True)
    assert len(result.clips) > 30


def test_two_faces_are_refused_until_one_is_chosen(openface):
    path = openface / "multiface" / "clip1.csv"
    with pytest.raises(DataError, match="18 frames of video 'clip1'"):
        summarise_clips(read_openface(path))
    with pytest.raises(DataError, match="neither landmarks nor head positions"):
        summarise_clips(read_openface(path), face="largest")
    with pytest.warns(DataWarning) as caught:
        row = summarise_clips(read_openface(path), face=0).iloc[0]
    told = " ".join(str(one.message) for one in caught)
    assert "There are 6 gaps between frames in 1 of 1 clips" in told
    assert "no columns for points_displacement" in told
    assert 0.5 < row["valid_share"] < 0.6
    # Beside the steps without frames, one run of moments has frames that are not valid.
    assert row["gaps"] == 7


def test_millisecond_steps_are_told(openface):
    with pytest.warns(DataWarning) as caught:
        summarise_clips(read_openface(openface / "pyfeat"))
    assert "1,000 frames per second; give the true rate" in str(caught[0].message)
    row = summarise_clips(read_openface(openface / "pyfeat"), fps=30).iloc[0]
    assert row["points_displacement"] > 0
    # This version of OpenFace wrote the direction of each eye and no angles.
    assert row["gaze_displacement"] > 0


def test_the_last_seconds_of_a_video_are_those_of_all_its_faces(openface):
    frames = read_openface(openface / "multiface" / "clip3.csv")
    shown = frames.groupby("face")["timestamp"].max()
    assert shown[0] < 8.2
    assert shown.max() > 9.9
    plan = pd.DataFrame({"clip": ["a"], "video": "clip3", "start": [-3.0], "end": [0.0]})
    with pytest.warns(DataWarning) as caught:
        late = summarise_openface(openface / "multiface" / "clip3.csv", plan, face=0, failed="keep")
    assert "valid share below 0.5" in str(caught[0].message)
    assert late.ledger["end"].item() == pytest.approx(shown.max() + 1 / 24, abs=2e-3)


def test_mixed_rates_are_told(openface):
    with pytest.warns(DataWarning) as caught:
        result = summarise_openface(openface / "multiface", face=0)
    told = " ".join(str(one.message) for one in caught)
    assert "Videos run at 24 ('clip2') to 30 frames per second" in told
    assert result.files["fps"].round(1).isin([24, 25, 30]).all()
