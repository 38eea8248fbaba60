"""Files that once gave a wrong number without a word: ids, row numbers, windows and draws."""

import csv
import unicodedata

import pandas as pd
import pyreadstat
import pytest

from exprstats import (
    DataError,
    OptionError,
    plan_windows,
    rate_reliability,
    read_clips,
    read_ratings,
    read_segments,
)


def save(path, rows):
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(rows)
    return path


def write_frames(path, count=60):
    head = [
        "frame",
        "face_id",
        "timestamp",
        "confidence",
        "success",
        "gaze_angle_x",
        "gaze_angle_y",
    ]
    head += ["pose_Tx", "pose_Ty", "pose_Tz", "pose_Rx", "pose_Ry", "pose_Rz"]
    rows = [[i + 1, 0, round(i / 30, 3), 0.98, 1, *[i % 7 / 10] * 8] for i in range(count)]
    return save(path, [head, *rows])


def test_file_names_in_another_unicode_form_are_found(call_json, tmp_path):
    folder = tmp_path / "openface"
    folder.mkdir()
    write_frames(folder / f"{unicodedata.normalize('NFD', 'Zoë_Grün')}.csv")
    name = unicodedata.normalize("NFC", "Zoë_Grün")
    plan = save(tmp_path / "segments.csv", [["clip", "video", "start", "end"], ["z", name, 0, 1]])
    rows = call_json("features", folder, "--segments", plan)["rows"]
    assert [row["video"] for row in rows] == [name]


def test_row_67_endless_windows_and_draws_are_refused_at_once(call, tmp_path):
    folder = tmp_path / "openface"
    folder.mkdir()
    write_frames(folder / "a.csv")
    told = " ".join(call("features", folder, "--windows", "1e-9", code=2).stderr.split())
    assert "Choose longer ones" in told
    with pytest.raises(OptionError, match="Choose longer ones"):
        plan_windows(pd.DataFrame({"video": ["a"], "length": [9.0]}), length=1e-9)
    rows = [
        ["clip", "rater", "rating"],
        *([f"c{i}", f"r{j}", i + j] for i in range(4) for j in (0, 1)),
    ]
    file = save(tmp_path / "r.csv", rows)
    told = call("reliability", file, "--draws", 2_000_000_000, code=2).stderr
    assert "at most 1,000,000" in told
    with pytest.raises(OptionError, match="at most 1,000,000"):
        rate_reliability(read_ratings(file), draws=2_000_000_000)


def test_row_60_times_in_milliseconds_and_clock_times_are_read(call_json, tmp_path):
    folder = tmp_path / "openface"
    folder.mkdir()
    write_frames(folder / "a.csv", 300)
    head = ["clip", "video", "start", "end"]
    seconds = save(tmp_path / "s.csv", [head, ["x", "a", 1, 3], ["y", "a", 4, 9]])
    known = call_json("features", folder, "--segments", seconds)["rows"]
    milli = save(tmp_path / "ms.csv", [head, ["x", "a", 1000, 3000], ["y", "a", 4000, 9000]])
    assert call_json("features", folder, "--segments", milli, "--time-unit", "ms")["rows"] == known
    clock = save(
        tmp_path / "c.csv", [head, ["x", "a", "00:00:01", "0:03"], ["y", "a", "00:04", "0:00:09.0"]]
    )
    assert call_json("features", folder, "--segments", clock)["rows"] == known
    assert read_segments(milli, unit="ms")["end"].tolist() == [3.0, 9.0]


def test_numbers_of_rows_are_no_feature(call_json, tmp_path):
    rows = [["", "clip", "subject", "smile", "y"]]
    rows += [[i, f"c{i}", f"s{i // 2}", (i * 7) % 11, (i * 5) % 13] for i in range(60)]
    file = save(tmp_path / "exported.csv", rows)
    with pytest.warns(UserWarning, match="'column_1': its numbers count the rows"):
        table = read_clips(file)
    assert list(table.select_dtypes("number")) == ["smile", "y"]
    told = call_json("fit", file, "--target", "y", "--subject", "subject")
    assert {row["feature"] for row in told["rows"] if row["term"] == "weight"} == {"smile"}
    assert any("count the rows" in one for one in told["warnings"])


def test_equal_ids_of_different_peoples_clips_are_named_with_their_cure(call, call_json, tmp_path):
    rows = [["clip", "subject", "rater", "rating"]]
    rows += [
        [f"film{i % 2}", f"s{i // 2}", f"w{j}", (i * 3 + j) % 5]
        for i in range(16)
        for j in range(3)
    ]
    file = save(tmp_path / "nested.csv", rows)
    told = " ".join(call("reliability", file, "--subject", "subject", code=2).stderr.split())
    assert "--clip subject,clip" in told and "--duplicates" not in told
    with pytest.raises(DataError, match=r"clip=\['subject', 'clip'\]"):
        read_ratings(file, subject="subject")
    named = ("--subject", "subject", "--clip", "subject,clip")
    assert {row["n_clips"] for row in call_json("reliability", file, *named)["rows"]} >= {16}


def test_labels_that_are_other_ids_are_warned_of(call_json, tmp_path):
    rows = [(f"c{i}", f"w{j}", i % 3 + 1, (i + j) % 5) for i in range(9) for j in (0, 1)]
    table = pd.DataFrame(rows, columns=["clip", "rater", "subject", "rating"])
    path = tmp_path / "ids.sav"
    pyreadstat.write_sav(table, str(path), variable_value_labels={"subject": {1: "2", 2: "9"}})
    told = call_json("reliability", path, "--subject", "subject")
    assert any("labels of 'subject' are other values" in one for one in told["warnings"])
    with pytest.warns(UserWarning, match="so values are ids"):
        assert sorted(read_ratings(path)["subject"].unique()) == ["1", "2", "3"]


def test_row_60_times_that_lie_outside_all_videos_name_both_ranges_and_the_unit(call, tmp_path):
    folder = tmp_path / "openface"
    folder.mkdir()
    write_frames(folder / "a.csv", 300)
    rows = [["clip", "video", "start", "end"], ["x", "a", 1000, 3000], ["y", "a", 4000, 9000]]
    told = call("features", folder, "--segments", save(tmp_path / "ms.csv", rows), code=2).stderr
    told = " ".join(told.split())
    assert "run from 1,000 to 9,000 s, the videos from 0 to 10 s" in told
    assert "--time-unit ms" in told
