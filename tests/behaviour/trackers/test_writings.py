"""One recording in every writing that trackers, their versions and spreadsheets give it.

Features of the command are those that pandas forms from the frames as they were made: a rounding of
a sum or product, 1e-9. The grid takes every frame, so that displacements are plain differences.
"""

import json
from functools import cache

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from exprstats import DataWarning, read_faces, summarise_clips
from exprstats.cli.program import app

from .conftest import make_pyfeat

POINTS = [f"{axis}_{i}" for axis in "xy" for i in range(68)]
UNITS = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 45)
HZ, COUNT = 25, 60


@cache
def make_frames(seed=3):
    """OpenFace 2's columns of one face at 25 frames per second, gaze as vectors of both eyes."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({"frame": np.arange(1, COUNT + 1), "face_id": 0})
    table["timestamp"] = (np.arange(COUNT) / HZ).round(3)
    table["confidence"], table["success"] = 0.98, 1
    angles = rng.normal(0, 0.2, (COUNT, 2)).round(3)
    tangents = np.tan(angles)
    for eye in "01":
        for place, axis in enumerate("xy"):
            table[f"gaze_{eye}_{axis}"] = tangents[:, place]
        table[f"gaze_{eye}_z"] = -1.0
    table[["gaze_angle_x", "gaze_angle_y"]] = angles
    for name in ("pose_Tx", "pose_Ty", "pose_Tz"):
        table[name] = rng.normal(300, 5, COUNT).round(1)
    for name in ("pose_Rx", "pose_Ry", "pose_Rz"):
        table[name] = rng.normal(0, 0.1, COUNT).round(3)
    points = pd.DataFrame(rng.normal(300, 40, (COUNT, 136)).round(1), columns=POINTS)
    units = pd.DataFrame({f"AU{unit:02d}_r": rng.uniform(0, 5, COUNT).round(2) for unit in UNITS})
    seen = pd.DataFrame({f"AU{unit:02d}_c": rng.integers(0, 2, COUNT) for unit in (*UNITS, 28)})
    return pd.concat([table, points, units, seen], axis=1)


def form_features(frames, gaze=("gaze_angle_x", "gaze_angle_y")):
    """Return the features of one clip as the paper defines them, by pandas alone."""
    found = {}
    x, y = frames[POINTS[:68]], frames[POINTS[68:]]
    steps = np.hypot(x.diff().to_numpy(), y.diff().to_numpy())
    moved = {"points": pd.DataFrame(steps)}
    moved["gaze"] = np.sqrt(frames[list(gaze)].diff().pow(2).sum(axis=1, skipna=False)).to_frame()
    head = frames[["pose_Tx", "pose_Ty", "pose_Tz"]].diff().pow(2).sum(axis=1, skipna=False)
    moved["head"] = np.sqrt(head).to_frame()
    for name, column in (("pitch", "pose_Rx"), ("yaw", "pose_Ry"), ("roll", "pose_Rz")):
        moved[name] = frames[[column]].diff().abs()
    for name, change in moved.items():
        found[f"{name}_displacement"] = change.mean(axis=1).mean()
        found[f"{name}_velocity"] = (change.diff().abs() * HZ).mean(axis=1).mean()
    active = frames[[f"AU{unit:02d}_c" for unit in (*UNITS, 28)]]
    found["au_count"] = active.sum(axis=1).mean()
    both = active[[f"AU{unit:02d}_c" for unit in UNITS]].to_numpy()
    rated = frames[[f"AU{unit:02d}_r" for unit in UNITS]].to_numpy()
    found["au_intensity"] = ((rated * both).sum(axis=1) / np.maximum(both.sum(axis=1), 1)).mean()
    return found


@cache
def form_known():
    return form_features(make_frames())


def write_text(table, separator=",", space="", decimal="."):
    lines = [f"{separator}{space}".join(table.columns)]
    for row in table.to_numpy(object):
        cells = (str(cell).replace(".", decimal) for cell in row)
        lines.append(f"{separator}{space}".join(cells))
    return "\n".join(lines) + "\n"


WRITINGS = {
    "commas": ("a.csv", {}, "utf-8"),
    "spaces": ("a.csv", {"space": " "}, "utf-8"),
    "mark": ("a.csv", {"space": " "}, "utf-8-sig"),
    "text": ("a.txt", {"space": " "}, "utf-8"),
    "tabs": ("a.txt", {"separator": "\t"}, "utf-8"),
    "tabs as csv": ("a.csv", {"separator": "\t"}, "utf-8"),
    "semicolons": ("a.csv", {"separator": ";"}, "utf-8"),
    "German": ("a.csv", {"separator": ";", "decimal": ","}, "cp1252"),
    "UTF-16": ("a.csv", {}, "utf-16"),
    "UTF-16 with tabs": ("a.txt", {"separator": "\t"}, "utf-16"),
}
VERSIONS = {"2": [], "1": ["gaze_angle_x", "gaze_angle_y"], "0": ["frame", "face_id"]}


def call(*arguments, code=0):
    run = CliRunner().invoke(app, ["features", *map(str, arguments)])
    assert run.exit_code == code, run.output
    return run


@pytest.mark.parametrize("writing", WRITINGS)
@pytest.mark.parametrize("version", VERSIONS)
def test_openface_gives_the_same_features_in_every_writing_and_version(tmp_path, writing, version):
    frames, known = make_frames(), form_known()
    name, options, encoding = WRITINGS[writing]
    text = write_text(frames.drop(columns=VERSIONS[version]), **options)
    folder = tmp_path / "faces"
    folder.mkdir()
    (folder / name).write_bytes(text.encode(encoding))
    call(folder, "--hz", HZ, "--json", tmp_path / "rows.json")
    stored = json.loads((tmp_path / "rows.json").read_text(encoding="utf-8"))
    (row,) = stored["rows"]
    assert {one: row[one] for one in known} == pytest.approx(known, rel=1e-9, abs=1e-9)
    assert row["mean_confidence"] == pytest.approx(0.98)
    assert len(stored["inputs"]) == 1


def test_two_faces_in_another_writing_are_chosen_by_their_number(tmp_path):
    one, other = make_frames(), make_frames(seed=4).assign(face_id=1)
    both = pd.concat([one, other]).sort_values(["frame", "face_id"])
    (tmp_path / "a.txt").write_text(write_text(both, "\t"))
    said = " ".join(call(tmp_path, "--hz", HZ, code=2).output.split())
    assert "show more than one face. Choose the face to follow, 0, 1 or the largest" in said
    assert "--face" in said
    for face, frames in ((0, one), (1, other)):
        call(tmp_path, "--hz", HZ, "--face", face, "--json", tmp_path / "rows.json")
        (row,) = json.loads((tmp_path / "rows.json").read_text(encoding="utf-8"))["rows"]
        known = form_features(frames)
        assert {name: row[name] for name in known} == pytest.approx(known, rel=1e-9, abs=1e-9)


def test_what_needs_files_as_openface_writes_them_says_so(tmp_path):
    (tmp_path / "a.txt").write_text(write_text(make_frames(), "\t"))
    said = " ".join(call(tmp_path, "--windows", "1", code=2).output.split())
    assert "--windows needs files as OpenFace writes them: .csv in UTF-8, with commas" in said


def test_pyfeat_1_and_2_give_the_features_of_their_scale(tmp_path):
    rng = np.random.default_rng(5)
    angles = pd.DataFrame(rng.normal(0, 0.2, (COUNT, 5)))
    angles.columns = ["Pitch", "Yaw", "Roll", "gaze_yaw", "gaze_pitch"]
    units = rng.uniform(0, 1, (COUNT, 2))
    table = make_pyfeat(COUNT, emotion="Happy", valence=0.1)
    table[["AU01", "AU12"]] = units
    table = table.drop(columns=["Pitch", "Yaw", "Roll"]).join(angles)
    first = table.rename(columns={"Happy": "happiness"}).drop(columns=["valence", "gaze_yaw"])
    first = first.drop(columns="gaze_pitch")
    for version, made, turn in (("2", table, 1.0), ("1", first, np.pi / 180)):
        own = made.copy()
        own[["Pitch", "Yaw", "Roll"]] /= turn
        own.to_csv(tmp_path / "a.csv", index=False)
        call(tmp_path, "--tracker", "py-feat", "--fps", HZ, "--hz", HZ,
             "--json", tmp_path / "rows.json")  # fmt: skip
        stored = json.loads((tmp_path / "rows.json").read_text(encoding="utf-8"))
        (row,) = stored["rows"]
        for name, column in (("pitch", "Pitch"), ("yaw", "Yaw"), ("roll", "Roll")):
            known = angles[column].diff().abs().mean()
            assert row[f"{name}_displacement"] == pytest.approx(known, rel=1e-9)
        assert row["au_count"] == pytest.approx((units >= 0.5).sum(axis=1).mean())
        x, y = table[POINTS[:68]].diff().to_numpy(), table[POINTS[68:]].diff().to_numpy()
        known = np.nanmean(np.hypot(x, y))
        assert row["points_displacement"] == pytest.approx(known, rel=1e-9)
        gaze = np.sqrt(angles[["gaze_yaw", "gaze_pitch"]].diff().pow(2).sum(axis=1)[1:]).mean()
        assert ("gaze_displacement" in row) is (version == "2")
        assert row.get("gaze_displacement", gaze) == pytest.approx(gaze, rel=1e-9)
        assert any("probability (0 to 1)" in one for one in stored["warnings"])


def test_angles_of_unknown_unit_are_told(tmp_path):
    make_pyfeat(COUNT).to_csv(tmp_path / "a.csv", index=False)
    told = "does not say whether Pitch, Yaw, Roll are degrees or radians"
    with pytest.warns(DataWarning) as caught:
        summarise_clips(read_faces(tmp_path / "a.csv", fps=HZ))
    assert any(told in str(one.message) for one in caught)


def test_sentences_name_the_tracker_and_no_confidence_that_it_does_not_write(tmp_path):
    frames = {"frame_idx": range(COUNT), "frame_time_in_ms": np.arange(COUNT) * 40.0}
    table = pd.DataFrame({**frames, "pitch": 1.0, "yaw": np.arange(COUNT) * 1.0, "roll": 0.5})
    table.to_csv(tmp_path / "a.csv", index=False)
    run = call(tmp_path, "--tracker", "libreface", "--json", tmp_path / "rows.json")
    said = " ".join(run.output.split())
    assert "Features from LibreFace" in said
    assert "the LibreFace frames nearest to a grid of 5 Hz that were tracked (median" in said
    assert "confidence of at least" not in said
    (row,) = json.loads((tmp_path / "rows.json").read_text(encoding="utf-8"))["rows"]
    assert row["mean_confidence"] is None
    # One degree a frame of 40 ms: 5 degrees from one fifth of a second to the next.
    assert row["yaw_displacement"] == pytest.approx(np.pi / 36)


def test_files_without_any_feature_are_refused_with_what_serves(tmp_path):
    lines = ["Timecode,BlendShapeCount,JawOpen,HeadYaw"]
    lines += [f"00:00:{i // 30:02d}:{2 * (i % 30):06.3f},61,0.1,0" for i in range(90)]
    (tmp_path / "a.csv").write_text("\n".join(lines) + "\n")
    run = call(tmp_path, "--tracker", "arkit", code=2)
    said = " ".join(run.output.split())
    assert "the files of ARKit hold none of the landmarks" in said
    assert "'exprstats label'" in said
