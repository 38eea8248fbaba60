"""Which of two faces is the largest."""

import numpy as np
import pandas as pd
import pytest

from exprstats.behaviour import rate_expressivity, summarise_clips, trace_clips
from exprstats.errors import DataWarning

RIGHT = [f"x_{i}" for i in range(68)]
PLAN = pd.DataFrame(
    {"clip": ["c0", "c1", "c2"], "video": "v", "start": [0.0, 1, 0], "end": [1.0, 2, 3]}
)


def place_box(table, width, height):
    """Give a face's landmarks a box (px) that goes 1 px to the right in each frame."""
    places, right = np.arange(68), table["frame"].to_numpy()[:, None]
    table[[f"x_{i}" for i in places]] = width * (places % 2) + right
    table[[f"y_{i}" for i in places]] = height * (places % 3 == 0) + 0 * right
    return table


@pytest.fixture
def pair(make_face):
    """Two faces: one of 90 x 10 px that turns, one of 40 x 40 px that is still."""
    wide = place_box(make_face(50), 90, 10)
    wide["pose_Ry"] = wide["frame"] / 100
    square = place_box(make_face(50), 40, 40)
    square["face_id"] = 1
    return wide, square


def stack(*faces):
    return pd.concat(faces).rename(columns={"face_id": "face"}).copy().assign(video="v")


def test_the_largest_face_is_that_of_the_largest_box(pair):
    wide, square = pair
    found = summarise_clips(stack(wide, square), face="largest")
    assert found["yaw_displacement"].item() == 0
    taller = stack(place_box(wide, 90, 20), square)
    assert summarise_clips(taller, face="largest")["yaw_displacement"].item() == pytest.approx(0.05)


def test_a_face_that_is_not_tracked_is_never_the_largest(pair):
    wide, square = pair
    square.loc[20:, "success"] = 0
    trace = trace_clips(stack(wide, square), face="largest")
    assert trace["valid"].all()
    assert trace["yaw_displacement"].iloc[1:4].tolist() == [0, 0, 0]
    assert trace["yaw_displacement"].iloc[5:].tolist() == pytest.approx([0.05] * 5)


def test_without_landmarks_the_nearest_face_is_the_largest(pair):
    wide, square = (one.loc[:, ~one.columns.str.match("[xyXYZ]_")] for one in pair)
    for distance, turned in ((500, 0), (300, 0.05)):
        frames = stack(wide.assign(pose_Tz=float(distance)), square.assign(pose_Tz=400.0))
        with pytest.warns(match="points_displacement, points_velocity"):
            found = summarise_clips(frames, face="largest")
        assert found["yaw_displacement"].item() == pytest.approx(turned, abs=1e-12)


@pytest.fixture
def walker(make_face):
    """Return 3 s at 25 Hz of a face that goes 5 px to the right, and 1 mm away, a fifth second."""
    frames = stack(make_face(75))
    frames[RIGHT] = np.tile(np.arange(75.0)[:, None], 68)
    return frames.assign(pose_Tz=np.arange(75) / 5)


@pytest.mark.parametrize("sampling", ["nearest", "mean"])
def test_no_movement_is_counted_from_one_face_to_another(walker, sampling):
    alone = trace_clips(walker, PLAN.tail(1), sampling=sampling)
    # Another person, elsewhere in the picture, from 1.0 s (moment 5) to 1.96 s.
    other = walker.copy()
    other.loc[25:49, "face"] = 1
    other.loc[25:49, [*RIGHT, "pose_Tz", "pose_Rx", "gaze_angle_y"]] += 400
    trace = trace_clips(other, PLAN.tail(1), sampling=sampling)
    assert trace["valid"].all()
    for name in ("points", "gaze", "head", "pitch"):
        for change, lost in (("displacement", [0, 5, 10]), ("velocity", [0, 1, 5, 6, 10, 11])):
            series = trace[f"{name}_{change}"]
            assert series.isna().to_numpy().nonzero()[0].tolist() == lost
            whole = alone[f"{name}_{change}"]
            assert series.dropna().to_numpy() == pytest.approx(
                whole[series.notna()].to_numpy(), abs=1e-9
            )


def test_frames_of_two_faces_are_never_averaged(walker):
    frames = walker.copy()
    frames.loc[27:, "face"] = 1  # the third of the five frames from 1.0 s (moment 5)
    frames.loc[27:, RIGHT] += 400
    trace = trace_clips(frames, PLAN.tail(1), sampling="mean")
    assert trace.loc[~trace["valid"], "time"].tolist() == [1.0]
    assert trace["points_displacement"].isna().to_numpy().nonzero()[0].tolist() == [0, 5, 6]
    assert trace["points_displacement"].dropna().to_numpy() == pytest.approx([5.0] * 12)
    frames.loc[25:26, "success"] = 0
    trace = trace_clips(frames, PLAN.tail(1), sampling="mean")
    assert trace["valid"].all()
    assert trace["points_displacement"].isna().to_numpy().nonzero()[0].tolist() == [0, 5]


def test_clips_in_which_the_face_changes_are_named(walker):
    frames = walker.copy()
    frames.loc[30:, "face"] = 1
    told = r"The face changes within 2 of 3 clips: 'c1', 'c2'\. Their means may mix people\."
    with pytest.warns(DataWarning, match=told):
        found = summarise_clips(frames, PLAN)
    assert found["face_switches"].tolist() == [0, 1, 1]
    with pytest.warns(DataWarning, match="The face changes within 1 of 1 clips: 'v'"):
        rated = rate_expressivity(frames)
    assert "mixed" not in rated
    assert len(rate_expressivity(frames, PLAN.head(1))) == 1
