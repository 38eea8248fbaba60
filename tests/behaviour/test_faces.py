"""Which of two faces is the largest."""

import numpy as np
import pandas as pd
import pytest

from exprstats.behaviour import summarise_clips, trace_clips


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
