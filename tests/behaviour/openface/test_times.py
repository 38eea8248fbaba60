"""Lengths and moments of videos whose time stamps are printed to a millisecond.

Stamps are the exact times rounded, so that all expectations are exact; 1e-9 s allows for sums.
"""

import math
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exprstats import inspect_openface, plan_windows, read_openface, summarise_openface, trace_clips
from exprstats.behaviour.openface.recordings import recover_times

pytestmark = pytest.mark.filterwarnings("ignore:The files hold no columns")
NTSC = 30000 / 1001


def round_up(value):
    return math.ceil(value * 1000) / 1000


def write_video(path, count, fps, *, first=1):
    """Write OpenFace's keys and a head that moves 1 mm a frame, as a tracker prints them."""
    lines = ["frame, face_id, timestamp, confidence, success, pose_Tx, pose_Ty, pose_Tz"]
    lines += [f"{i + first}, 0, {i / fps:.3f}, 0.98, 1, {i:.1f}, 0.0, 500.0" for i in range(count)]
    path.write_text("\n".join(lines) + "\n")
    return path


LONG = pytest.param(30_000, marks=pytest.mark.slow)


@pytest.mark.parametrize("fps", [24, 25, 30, 60, 50, 24000 / 1001, NTSC, 12.5, 15, 120])
@pytest.mark.parametrize("count", [2, 60, 100, 1001, 8_000, LONG])
def test_a_video_of_n_frames_lasts_n_over_f(fps, count):
    frame = np.arange(1, count + 1)
    stamps = np.array([float(f"{i / fps:.3f}") for i in range(count)])
    found = recover_times(frame, stamps)
    if count > 60 or fps in {25, 50, 12.5}:
        assert found["length"] == pytest.approx(count / fps, abs=1e-9)
        assert found["time"] == pytest.approx((frame - 1) / fps, abs=1e-9)
    # Over few frames two rates may print the same stamps; they differ by less than a millisecond.
    assert found["length"] == pytest.approx(count / fps, abs=2e-3)


def test_a_rate_that_no_camera_has_is_fitted():
    frame = np.arange(1, 3001)
    found = recover_times(frame, np.round((frame - 1) / 27.3, 3))
    # Rounding by ±.5 ms moves a slope over 110 s by less than 1e-5 of itself.
    assert 1 / found["step"] == pytest.approx(27.3, rel=1e-6)
    assert found["length"] == pytest.approx(3000 / 27.3, abs=1e-3)


def test_stamps_that_a_computation_gave_are_taken_at_their_word():
    frame = np.arange(1, 61)
    found = recover_times(frame, (frame - 1) / 29.99)
    assert 1 / found["step"] == pytest.approx(29.99, rel=1e-9)


@pytest.mark.parametrize("printed", [round_up, lambda value: math.floor(value * 1000) / 1000])
def test_stamps_that_are_rounded_one_way_give_the_same_length(printed):
    frame = np.arange(1, 241)
    found = recover_times(frame, np.array([printed((i - 1) / 24) for i in frame]))
    assert found["length"] == pytest.approx(10, abs=1e-9)


def test_lost_frames_and_thinned_files_keep_their_times():
    frame = np.arange(1, 901)
    stamps = np.round((frame - 1) / 30, 3)
    kept = np.random.default_rng(3).random(900) > 0.2
    kept[[0, -1]] = True
    assert recover_times(frame[kept], stamps[kept])["length"] == pytest.approx(30, abs=1e-9)
    thin = recover_times(frame[::6], stamps[::6])
    assert thin["step"] == pytest.approx(0.2)
    assert thin["length"] == pytest.approx(30, abs=1e-9)
    late = recover_times(frame[300:], stamps[300:])
    assert late["time"][0] == pytest.approx(10, abs=1e-9)
    assert late["length"] == pytest.approx(30, abs=1e-9)
    zero = recover_times(frame - 1, stamps)
    assert (zero["time"][0], zero["length"]) == pytest.approx((0, 30), abs=1e-9)


def test_uneven_stamps_stay_as_they_are():
    stamps = np.cumsum(np.random.default_rng(5).uniform(0.02, 0.05, 200)).round(3)
    found = recover_times(np.arange(1, 201), stamps)
    assert found["time"] == pytest.approx(stamps, abs=0)
    middle = np.median(np.diff(stamps))
    slope = np.ptp(stamps) / 199
    step = slope if abs(slope - middle) <= 1e-3 else middle
    assert found["length"] == pytest.approx(stamps[-1] + step)


def test_ten_windows_of_a_second_in_240_frames_at_24(tmp_path):
    write_video(tmp_path / "v24_240.csv", 240, 24)
    facts = inspect_openface(tmp_path)
    assert facts["length"].item() == pytest.approx(10, abs=1e-9)
    windows = plan_windows(facts[["video", "length"]], length=1)
    assert windows["start"].tolist() == list(range(10))
    result = summarise_openface(tmp_path, windows)
    assert result.ledger["kept"].all()
    assert result.ledger["n_frames"].tolist() == [24] * 10


def test_no_moment_comes_after_the_last_frame(tmp_path):
    path = write_video(tmp_path / "v30_60.csv", 60, 30)
    moments = trace_clips(read_openface(path), hz=5)
    assert moments["time"].tolist() == pytest.approx([j / 5 for j in range(10)])
    assert moments["head_displacement"].dropna().tolist() == pytest.approx([6.0] * 9)
    # Of a segment that ends after the video, the moments beyond it are missing.
    longer = pd.DataFrame({"clip": ["a"], "video": ["v30_60"], "start": [1.0], "end": [3.0]})
    moments = trace_clips(read_openface(path), longer, hz=5)
    assert moments["valid"].tolist() == [True] * 5 + [False] * 5


def test_a_clip_from_the_end_reaches_the_first_frame(tmp_path):
    write_video(tmp_path / "v60_120.csv", 120, 60)
    segments = pd.DataFrame({"clip": ["s3"], "video": ["v60_120"], "start": [-2.0], "end": [-1.0]})
    result = summarise_openface(tmp_path, segments)
    row = result.ledger.iloc[0]
    assert (row["start"], row["end"], row["n_frames"]) == pytest.approx((0, 1, 60))
    assert result.clips["head_displacement"].item() == pytest.approx(12)


@pytest.mark.data
@pytest.mark.filterwarnings("ignore::exprstats.errors.DataWarning")
def test_real_videos_have_the_rates_of_cameras_and_no_moment_after_the_end():
    folder = Path(os.environ["EXPRSTATS_DATA"]) / "openface"
    facts = inspect_openface(folder, recursive=True, endings=["_none"])
    facts = facts[(facts["status"] == "ok") & (facts["n_rows"] > 1)]
    assert len(facts) >= 36
    usual = np.array([10, 24000 / 1001, 24, 25, NTSC, 30, 1000])
    nearest = usual[np.abs(facts["fps"].to_numpy()[:, None] - usual).argmin(axis=1)]
    assert facts["fps"].to_numpy(float) == pytest.approx(nearest, rel=1e-12)
    for file in facts["file"]:
        frames = read_openface(file, columns=[])
        last = frames["frame"].max() / facts.loc[facts["file"] == file, "fps"].item()
        length = facts.loc[facts["file"] == file, "length"].item()
        assert length == pytest.approx(last, abs=1e-9)
