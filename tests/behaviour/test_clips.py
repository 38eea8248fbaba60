"""Clip features: a face moved by known amounts, and plain loops over the same file.

The loops (tests/oracles/behaviour/naive_clips.py) read the file themselves; sums of a few
thousand doubles in another order may differ by 1e-12, relatively.
"""

import runpy
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exprstats.behaviour import (
    FEATURES,
    rate_expressivity,
    read_openface,
    summarise_clips,
    summarise_openface,
    trace_clips,
)
from exprstats.errors import DataError, DataWarning, OptionError

NAIVE = runpy.run_path(str(Path(__file__).parents[1] / "oracles" / "behaviour" / "naive_clips.py"))
POINTS_X = [f"x_{i}" for i in range(68)]
POINTS_Y = [f"y_{i}" for i in range(68)]


def as_frames(table, video="v"):
    return table.rename(columns={"face_id": "face"}).copy().assign(video=video)


def cut(*bounds, video="v"):
    rows = [(f"c{i}", video, *times) for i, times in enumerate(bounds)]
    return pd.DataFrame(rows, columns=["clip", "video", "start", "end"])


@pytest.fixture
def moving(make_face):
    """Return 3 s at 25 Hz in which everything moves by a known amount each fifth of a second."""
    table = make_face(75)
    step = np.arange(75) / 5  # 1 per moment of the grid
    for name in POINTS_X:
        table[name] = 3 * step
    for name in POINTS_Y:
        table[name] = 4 * step
    table["gaze_angle_x"] = 0.05 * step
    # Distances 0, 1, 3, 6 … grow by one more each moment: velocity is 1 · 5 mm/s.
    table["pose_Tz"] = step * (step - 1) / 2
    table["pose_Ry"] = (0.5 * step + np.pi) % (2 * np.pi) - np.pi
    return table


def test_a_face_that_moves_by_known_amounts(moving):
    clips = summarise_clips(as_frames(moving), cut((0, 3)))
    row = clips.iloc[0]
    expected = {
        "points_displacement": 5,
        "points_velocity": 0,
        "gaze_displacement": 0.05,
        "head_displacement": np.arange(14).mean(),
        "head_velocity": 5,
        "pitch_displacement": 0,
        "yaw_displacement": 0.5,  # through ±pi without a jump
        "yaw_velocity": 0,
        "au_count": 0,
        "au_intensity": 0,
        "valid_share": 1,
    }
    assert row[list(expected)].to_numpy(float) == pytest.approx(list(expected.values()), abs=1e-12)


def test_the_mean_over_a_step_smooths_jitter(make_face):
    table = make_face(75, fps=25)
    # Left and right by 1 px from frame to frame, while the face moves 2 px a step of five frames.
    frame = np.arange(75)
    table[POINTS_X] = np.tile((0.4 * frame + np.where(frame % 2, 1, -1))[:, None], 68)
    table.loc[30:32, "success"] = 0  # three of the five frames of the step at 1.2 s
    table.loc[40:41, "success"] = 0  # two of the five at 1.6 s
    table["AU12_c"] = (frame % 5 == 0).astype(float)
    table["AU12_r"] = 2.0
    trace = trace_clips(as_frames(table), cut((0, 3)), sampling="mean")
    assert trace.loc[~trace["valid"], "time"].tolist() == pytest.approx([1.2])
    moved = trace["points_displacement"]
    # Five frames hold one more to one side than to the other: the mean swings by .2, not by 1.
    assert moved[1:6].tolist() == pytest.approx([2.4, 1.6, 2.4, 1.6, 2.4])
    assert moved[[6, 7]].isna().all()
    assert trace["au_count"][:6].tolist() == pytest.approx([0.2] * 6)
    assert trace["au_intensity"][0] == pytest.approx(2 * 0.2)
    nearest = trace_clips(as_frames(table), cut((0, 3)))["points_displacement"]
    assert nearest[1:6].tolist() == pytest.approx([4, 0, 4, 0, 4])
    with pytest.raises(OptionError, match="sampling 'median' is not known"):
        summarise_clips(as_frames(table), sampling="median")


def test_velocity_has_its_size_or_its_sign(moving):
    moving["pose_Tz"] = np.abs((np.arange(75) / 5) % 4 - 2)
    moving.loc[40:, "pose_Tz"] *= 3
    size = summarise_clips(as_frames(moving), cut((0, 3)))["head_velocity"].item()
    sign = summarise_clips(as_frames(moving), cut((0, 3)), signed=True)["head_velocity"].item()
    steps = trace_clips(as_frames(moving), cut((0, 3)))["head_displacement"].dropna().to_numpy()
    assert sign == pytest.approx((steps[-1] - steps[0]) * 5 / (len(steps) - 1))
    assert size == pytest.approx(np.abs(np.diff(steps)).mean() * 5)
    assert size > abs(sign)


def test_units_are_counted_and_only_active_ones_rated(make_face):
    table = make_face(15, fps=5)
    table["AU28_c"] = 1
    table.loc[5:9, ["AU12_c", "AU06_c"]] = 1
    table["AU12_r"], table["AU06_r"], table["AU04_r"] = 4.0, 1.0, 5.0
    row = summarise_clips(as_frames(table), cut((0, 3))).iloc[0]
    assert row["au_count"] == pytest.approx(1 + 2 * 5 / 15)
    assert row["au_intensity"] == pytest.approx(2.5 * 5 / 15)


def test_no_change_is_counted_across_a_gap(moving):
    moving.loc[20:30, "success"] = 0  # moments .8, 1.0, 1.2
    moving.loc[20:30, POINTS_X] = 999  # what OpenFace leaves there is stale
    frames = as_frames(moving)
    trace = trace_clips(frames, cut((0, 3)))
    assert trace.loc[~trace["valid"], "time"].tolist() == pytest.approx([0.8, 1.0, 1.2])
    assert trace["points_displacement"].isna().to_numpy().nonzero()[0].tolist() == [0, 4, 5, 6, 7]
    assert trace["points_velocity"].isna().to_numpy().nonzero()[0].tolist() == [0, 1, 4, 5, 6, 7, 8]
    row = summarise_clips(frames, cut((0, 3))).iloc[0]
    assert row["points_displacement"] == pytest.approx(5)
    assert row["valid_share"] == pytest.approx(12 / 15)


def test_frames_that_are_not_there_are_a_gap_too(moving):
    without = as_frames(moving).drop(index=range(20, 31))
    with pytest.warns(DataWarning, match="There is 1 gap between frames in 1 of 1 clips"):
        row = summarise_clips(without, cut((0, 3))).iloc[0]
    # 1.0 has no frame within .1 s; for .8 and 1.2 the frames at .76 and 1.24 stand in.
    assert row["points_displacement"] == pytest.approx((10 * 5 + 2 * 4) / 12)
    assert row["gaps"] == 1
    assert row["valid_share"] == pytest.approx(14 / 15)


@pytest.mark.parametrize("sampling", ["nearest", "mean"])
@pytest.mark.parametrize("rates", [(25, 5, "px"), (29.97, 5, "mm"), (10, 4, "px")])
def test_plain_loops_find_the_same(folder, make_face, write_face, rates, sampling):
    fps, hz, unit = rates
    rng = np.random.default_rng(7)
    table = make_face(int(7 * fps), fps=fps, seed=7)
    table["confidence"] = rng.choice([0.5, 0.79, 0.8, 0.98], len(table), p=[0.05, 0.05, 0.2, 0.7])
    table["success"] = (rng.random(len(table)) > 0.05).astype(int)
    table = table.drop(index=rng.choice(len(table), len(table) // 8, replace=False))
    table["face_id"] = (rng.random(len(table)) < 0.05).cumsum() % 2
    path = write_face(table, folder / "v.csv")
    bounds = [(0, 3), (3, 6), (0.5, 2.25), (5, 7.5)]
    segments = cut(*bounds)
    with warnings.catch_warnings():
        # Some clips are so short of frames that a feature is not defined.
        warnings.simplefilter("ignore", DataWarning)
        choices = {"hz": hz, "unit": unit, "sampling": sampling}
        clips = summarise_clips(read_openface(path), segments, min_valid=0, **choices)
        short = summarise_openface(path, segments, min_valid=0, **choices).clips
    pd.testing.assert_frame_equal(short, clips, check_exact=True)
    rows = NAIVE["read_frames"](path)
    axes = {"px": "xy", "mm": "XYZ"}[unit]
    names = [*FEATURES, "valid_share"]
    for place, (start, end) in enumerate(bounds):
        found = NAIVE["describe_clip"](rows, start, end, hz=hz, axes=axes, sampling=sampling)
        expected = [np.nan if found[name] is None else found[name] for name in names]
        assert clips.loc[place, names].to_numpy(float) == pytest.approx(
            expected, rel=1e-12, nan_ok=True
        )


def test_order_units_and_inputs_are_left_alone(make_face):
    frames = as_frames(make_face(75, seed=8))
    segments = cut((0, 2), (1, 3)).set_index(pd.Index([7, 3]))
    before = frames.copy(), segments.copy()
    clips = summarise_clips(frames, segments.assign(mood="calm"))
    assert clips.index.tolist() == [7, 3]
    assert clips.columns[:3].tolist() == ["clip", "video", "mood"]
    shuffled = summarise_clips(frames.sample(frac=1, random_state=1), segments)
    pd.testing.assert_frame_equal(shuffled, clips.drop(columns="mood"))
    scaled = frames.assign(**{name: 10 * frames[name] for name in [*POINTS_X, *POINTS_Y]})
    tenfold = summarise_clips(scaled, segments)
    for name in ("points_displacement", "points_velocity"):
        assert tenfold[name].to_numpy() == pytest.approx(10 * clips[name].to_numpy(), rel=1e-12)
    pd.testing.assert_frame_equal(frames, before[0])
    pd.testing.assert_frame_equal(segments, before[1])


def test_clips_that_fail_are_left_out_listed_kept_or_an_error(make_face):
    table = make_face(100, seed=9)
    table.loc[25:49, "confidence"] = 0.3
    table.loc[50:66, "success"] = 0
    frames, segments = as_frames(table), cut((0, 1), (1, 2), (2, 3), (3, 4), (-9, -8))
    with pytest.warns(DataWarning, match="3 of 5 clips fail .*'c1', 'c2', 'c4'.* left out"):
        assert summarise_clips(frames, segments)["clip"].tolist() == ["c0", "c3"]
    with pytest.warns(DataWarning) as caught:
        kept = summarise_clips(frames, segments, failed="keep")
    assert "kept" in str(caught[0].message)
    assert kept["valid_share"].tolist()[:4] == [1, 0, pytest.approx(0.2), 1]
    with pytest.raises(DataError, match="no valid frame"):
        summarise_clips(frames, segments, failed="error")
    with pytest.warns(DataWarning) as caught:
        some = summarise_clips(frames, segments, min_valid=0.1)
    assert "2 of 5" in str(caught[0].message)
    assert "points_displacement in 1" in str(caught[1].message)
    assert np.isnan(some.loc[2, "points_displacement"])
    with pytest.raises(DataError, match="4 of 4 clips fail"):
        summarise_clips(frames, segments.head(4), confidence=1.0)


def test_features_without_columns_are_named(make_face):
    table = make_face(50, seed=10).drop(columns=["gaze_angle_y", "AU28_c"])
    with pytest.warns(
        DataWarning, match="gaze_displacement, gaze_velocity, au_count, au_intensity"
    ):
        clips = summarise_clips(as_frames(table))
    assert "gaze_displacement" not in clips
    assert clips["head_displacement"].notna().all()
    short = as_frames(make_face(50, seed=1))
    with pytest.warns(DataWarning, match=r"in the one clip: points_velocity, gaze_velocity, "):
        summarise_clips(short, cut((0, 0.4)))
    both = pd.concat([as_frames(table), as_frames(make_face(50, seed=1), "w")])
    with pytest.warns(DataWarning, match="missing in some of 2 clips: gaze_displacement in 1"):
        clips = summarise_clips(both)
    assert clips["gaze_displacement"].isna().tolist() == [True, False]


def test_two_faces_need_a_choice(make_face):
    near, far = make_face(50, seed=11), make_face(50, seed=12).assign(face_id=1)
    for i in range(68):
        near[f"x_{i}"] += 10_000 * (i % 2)
        near[f"y_{i}"] += 10_000 * (i % 3)
    frames = as_frames(pd.concat([far, near]))
    with pytest.raises(
        DataError, match=r"50 frames of video 'v'.*face to follow, 0, 1 or the largest, with face="
    ):
        summarise_clips(frames)
    only = summarise_clips(as_frames(near))
    pd.testing.assert_frame_equal(summarise_clips(frames, face=0), only)
    pd.testing.assert_frame_equal(summarise_clips(frames, face="largest"), only)
    one = frames[(frames["face"] == 0) | (frames["frame"] == 7)]
    with pytest.raises(DataError, match=r"^frame 7 of video 'v' shows more than one face"):
        summarise_clips(one)
    with pytest.raises(DataError, match="no face 3; its faces are 0, 1"):
        summarise_clips(frames, face=3)
    with pytest.raises(DataError, match="no face 3; its only face is 0"):
        summarise_clips(as_frames(near), face=3)


def test_times_from_the_end_do_not_depend_on_the_face(make_face):
    near = make_face(100, fps=25, seed=15)
    far = make_face(60, fps=25, seed=16).assign(face_id=1)
    frames = as_frames(pd.concat([near, far]))
    # The second face leaves at 2.36 s, near enough to stand for 2.4; the video ends at 4 s.
    late = summarise_clips(frames, cut((-2, 0)), face=1, failed="keep", min_valid=0)
    fixed = summarise_clips(frames, cut((2, 4)), face=1, failed="keep", min_valid=0)
    pd.testing.assert_frame_equal(late, fixed)
    assert late["valid_share"].item() == pytest.approx(0.3)
    assert trace_clips(frames, cut((-2, 0)), face=1)["time"].iloc[0] == 2
    rated = rate_expressivity(frames, cut((-2, 0), (-5, -3)), face=1)
    assert rated["expressivity"].isna().tolist() == [False, True]


def test_wrong_time_stamps_are_told_and_corrected(make_face):
    right = make_face(75, fps=25, seed=13)
    wrong = right.assign(timestamp=(right["frame"] - 1) / 1000)
    expected = summarise_clips(as_frames(right), cut((0, 3)))
    with pytest.warns(DataWarning) as caught:
        summarise_clips(as_frames(wrong), cut((0, 0.06)), failed="keep")
    assert "1,000 frames per second" in str(caught[0].message)
    corrected = summarise_clips(as_frames(wrong), cut((0, 3)), fps=25)
    pd.testing.assert_frame_equal(corrected, expected)
    slow = right.iloc[::12]
    with pytest.warns(DataWarning) as caught:
        summarise_clips(as_frames(slow), cut((0, 3)), failed="keep")
    assert "2.083 frames per second, fewer than the 5 asked for" in str(caught[0].message)


def test_segments_without_a_video_are_tolerated_only_when_few(make_face):
    frames = as_frames(make_face(50, seed=14))
    segments = pd.concat([cut((0, 2)), cut((0, 2), video="w").assign(clip="x")])
    with pytest.raises(DataError, match=r"names a video without frames: 'w'\. There is: 'v'\. Use"):
        summarise_clips(frames, segments)
    with pytest.warns(DataWarning, match=r"its video has no frames\): 'x'\. It is left out\."):
        assert len(summarise_clips(frames, segments, unmatched=0.5)) == 1
    for name in ("v.mp4", "clips/v.csv", "v.csv.gz"):
        assert len(summarise_clips(frames, cut((0, 2), video=name))) == 1
    with pytest.raises(DataError, match="no segment names a video"):
        trace_clips(frames, cut((0, 2), video="w"), unmatched=1)


@pytest.mark.parametrize(
    "choice", [{"hz": 0}, {"confidence": 80}, {"unit": "cm"}, {"face": "first"}, {"fps": -1}]
)
def test_choices_that_cannot_be_are_refused(make_face, choice):
    with pytest.raises(OptionError):
        summarise_clips(as_frames(make_face(10)), **choice)
