"""Frames of MediaPipe's blendshapes: their keys, and their means in each clip by hand."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from exprstats.behaviour import read_faces
from exprstats.cli.program import app
from exprstats.errors import DataError

SHAPES = ["_neutral", "browDownLeft", "eyeBlinkLeft", "eyeBlinkRight", "jawOpen", "mouthSmileLeft"]
RATE = 25


def make_frames(videos=("P1_talk.mp4", "P2_talk.mp4"), count=12, seed=2):
    chance = np.random.default_rng(seed)
    pieces = []
    for name in videos:
        values = chance.uniform(0.05, 0.95, (count, len(SHAPES))).round(4)
        pieces.append(pd.DataFrame(values, columns=SHAPES).assign(video=name, place=range(count)))
    return pd.concat(pieces, ignore_index=True)


def write(frames, path, keys):
    """Write frames with the columns that a script may give them."""
    place = frames["place"]
    columns = {
        "video": frames["video"],
        "frame": place,
        "frame_number": place + 1,
        "timestamp_ms": (place * 1000 / RATE).astype(int),
        "timestamp": place * 1000 / RATE,
        "time": place / RATE,
        "face_detected": frames[SHAPES].notna().all(axis=1),
    }
    table = pd.DataFrame({name: columns[name] for name in keys})
    pd.concat([table, frames[SHAPES]], axis=1).to_csv(path, index=False)
    return path


@pytest.mark.parametrize("timed", ["timestamp_ms", "timestamp", "time"])
@pytest.mark.parametrize("counted", [(), ("frame",), ("frame_number",)])
def test_frames_and_times_under_any_name(tmp_path, timed, counted):
    frames = make_frames()
    faces = read_faces(write(frames, tmp_path / "a.csv", ["video", *counted, timed]))
    assert faces.tracker == "mediapipe"
    assert faces.get_unit("jawOpen") == "coefficient (0 to 1)"
    table = faces.table
    assert table["video"].unique().tolist() == ["P1_talk", "P2_talk"]
    assert table["frame"].tolist() == [*range(1, 13)] * 2
    assert np.allclose(table["timestamp"], frames["place"] / RATE, atol=1e-9)
    assert np.array_equal(table[SHAPES].to_numpy(float), frames[SHAPES].to_numpy())
    noted = any("is read as" in one for one in faces.notes)
    assert noted == (timed != "timestamp_ms")


@pytest.mark.parametrize("counted", ["frame", "frame_number"])
def test_the_first_frame_is_at_0_from_which_number_ever_frames_count(tmp_path, counted):
    frames = make_frames(("x",)).iloc[::2]
    table = read_faces(write(frames, tmp_path / "x.csv", [counted]), fps=10).table
    assert np.allclose(table["timestamp"], np.arange(0, 12, 2) / 10)


def test_files_without_times_need_the_rate_and_keep_empty_frames(tmp_path):
    frames = make_frames(("x",))
    frames.loc[[3, 4], SHAPES] = np.nan
    path = write(frames, tmp_path / "vid_001.csv", [])
    with pytest.raises(DataError, match="fps"):
        read_faces(path)
    table = read_faces(path, fps=10).table
    assert len(table) == 12
    assert table["success"].tolist() == [1, 1, 1, 0, 0, *[1] * 7]
    assert np.allclose(table["timestamp"], np.arange(12) / 10)


@pytest.mark.parametrize("lost", ["empty", "zeros", "said"])
def test_clip_means_leave_out_frames_without_a_face(tmp_path, lost):
    frames = make_frames()
    gone = frames.index.isin([2, 5, 15])
    frames.loc[gone, SHAPES] = np.nan
    written = frames.fillna({name: 0.0 for name in SHAPES}) if lost != "empty" else frames
    path = tmp_path / "shapes.csv"
    write(written, path, ["video", "timestamp_ms"])
    if lost == "said":
        table = pd.read_csv(path).assign(face_detected=~gone)
        table.loc[gone, SHAPES] = 0.4
        table.to_csv(path, index=False)
    done = CliRunner().invoke(app, ["features", str(path), "--tracker", "mediapipe", "--json", "-"])
    rows = {row["clip"]: row for row in json.loads(done.stdout)["rows"]}
    for name, own in frames.groupby("video"):
        row = rows[name.removesuffix(".mp4")]
        assert (row["frames"], row["valid_share"]) == (12, own[SHAPES].notna().all(axis=1).mean())
        for shape in SHAPES:
            assert row[shape] == pytest.approx(own[shape].mean(), abs=1e-12)


def test_segments_cut_videos_into_clips(tmp_path):
    frames = make_frames(("x.mp4",))
    write(frames, tmp_path / "x.csv", ["timestamp_ms"])
    plan = tmp_path / "plan.csv"
    rows = {"clip": ["a", "b"], "video": "x", "start": [0.0, 0.2], "end": [0.2, 0.48]}
    pd.DataFrame({**rows, "subject": "s"}).to_csv(plan, index=False)
    words = ["features", tmp_path / "x.csv", "--tracker", "mediapipe", "--segments", plan,
             "--json", "-"]  # fmt: skip
    done = CliRunner().invoke(app, [str(one) for one in words])
    first, second = json.loads(done.stdout)["rows"]
    # 25 frames a second: 0 to 4 lie before .2 s.
    assert (first["frames"], second["frames"]) == (5, 7)
    assert first["jawOpen"] == pytest.approx(frames["jawOpen"].iloc[:5].mean(), abs=1e-12)
    assert (first["subject"], second["clip"]) == ("s", "b")
    # From the end: the last fifth of a second, of .48 s.
    pd.DataFrame({"clip": ["c"], "video": "x", "start": -0.2, "end": 0}).to_csv(plan, index=False)
    [last] = json.loads(CliRunner().invoke(app, [str(one) for one in words]).stdout)["rows"]
    assert last["frames"] == 5
    assert last["jawOpen"] == pytest.approx(frames["jawOpen"].iloc[7:].mean(), abs=1e-12)
    pd.DataFrame({"clip": ["d"], "video": "y", "start": 0, "end": 1}).to_csv(plan, index=False)
    done = CliRunner().invoke(app, [str(one) for one in words])
    assert (done.exit_code, "a video without frames: 'y'" in done.output) == (2, True)


def test_pictures_are_videos_of_one_frame(tmp_path):
    frames = make_frames(("a.png", "b.png"), 1)
    path = write(frames, tmp_path / "pictures.csv", ["video", "time"])
    done = CliRunner().invoke(app, ["features", str(path), "--tracker", "mediapipe", "--json", "-"])
    rows = json.loads(done.stdout)["rows"]
    assert [row["jawOpen"] for row in rows] == frames["jawOpen"].tolist()


@pytest.mark.parametrize("timed", [True, False])
def test_check_tells_frames_from_means(tmp_path, timed):
    def check(path):
        done = CliRunner().invoke(app, ["check", str(path)])
        return " ".join(done.output.split())

    frames = make_frames()
    for name, own in frames.groupby("video"):
        keys = ["timestamp_ms"] if timed else []
        path = tmp_path / "frames" / f"{name.removesuffix('.mp4')}.csv"
        path.parent.mkdir(exist_ok=True)
        write(own.reset_index(drop=True), path, keys)
    told = check(tmp_path / "frames")
    assert "2 files hold frames of MediaPipe" in told
    assert ("Try: exprstats features" in told and "--tracker mediapipe" in told) == timed
    assert ("--fps" in told) != timed
    # A script may have kept a few of the 52.
    few = ["cheekSquintLeft", "cheekSquintRight", "eyeSquintLeft"]
    kept = frames[["video"]].assign(**dict.fromkeys(few, 0.25), timestamp_ms=range(len(frames)))
    kept.to_csv(tmp_path / "few.csv", index=False)
    assert "the layout of MediaPipe" in check(tmp_path / "few.csv")
    means = frames.groupby("video")[SHAPES].mean().reset_index()
    means.to_csv(tmp_path / "means.csv", index=False)
    assert "MediaPipe" not in check(tmp_path / "means.csv")
