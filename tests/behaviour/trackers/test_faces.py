"""Files of every face tracker, written here as the trackers write them, with their traps.

Values are read back as they were written; 1e-12 allows for one rounding of a sum or product.
"""

import gzip
import json

import numpy as np
import pandas as pd
import pytest

from exprstats import DataError, DataWarning, OptionError, join_frames, read_faces, summarise_clips

POINTS = [f"{axis}_{i}" for axis in "xy" for i in range(68)]
GAZE = [f"gaze_{eye}_{axis}" for eye in "01" for axis in "xyz"]
SMALL = "frame, timestamp, confidence, success, pose_Tx, AU01_r\n"
ROWS = "1, 0, 0.98, 1, 5.5, 0.2\n2, 0.04, 0.98, 1, 5.6, 0.3\n3, 0.08, 0.20, 0, 5.7, 0.1\n"


def write(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize(
    ("name", "text", "encoding"),
    [
        ("a.csv", SMALL + ROWS, "utf-8"),
        ("a.txt", SMALL + ROWS, "utf-8-sig"),
        ("a.csv", (SMALL + ROWS).replace(", ", ";"), "utf-8"),
        ("a.csv", (SMALL + ROWS).replace(", ", ";").replace(".", ","), "cp1252"),
        ("a.tsv", (SMALL + ROWS).replace(", ", "\t"), "utf-8"),
        ("a.txt", (SMALL + ROWS).replace(", ", "\t"), "utf-16"),
        ("a.csv", "sep=;\n" + (SMALL + ROWS).replace(", ", ";"), "utf-8"),
        ("a.csv", (SMALL + ROWS).replace("\n", "\r\n"), "utf-8"),
        ("a.csv", SMALL + ROWS + ", , , , , \n", "utf-8"),
        ("a.csv", SMALL + ROWS + "4, 0.12, 0.9", "utf-8"),
    ],
)
def test_openface_is_read_in_every_writing(tmp_path, name, text, encoding):
    faces = read_faces(write(tmp_path / name, text, encoding))
    assert faces.tracker == "openface"
    expected = [
        ["a", 0, i, t, s, c]
        for i, t, s, c in [(1, 0, 1, 0.98), (2, 0.04, 1, 0.98), (3, 0.08, 0, 0.2)]
    ]
    keys = ["video", "face", "frame", "timestamp", "success", "confidence"]
    assert faces.table[keys].to_numpy().tolist() == expected
    assert faces.table["pose_Tx"].tolist() == [5.5, 5.6, 5.7]
    assert faces.get_unit("AU01_r") == "intensity (0 to 5)"
    assert faces.get_unit("pose_Tx") == "mm"
    assert faces.get_unit("timestamp") == "s"


def test_what_is_passed_over_is_noted(tmp_path):
    cut = read_faces(write(tmp_path / "a.csv", SMALL + ROWS + "4, 0.12, 0.9"))
    assert cut.notes == ("the last row is cut off and left out.",)
    blank = read_faces(write(tmp_path / "b.csv", SMALL + ROWS + ", , , , , \n"))
    assert blank.notes == ("1 blank row is skipped.",)


def test_a_compressed_file_keeps_its_name(tmp_path):
    path = tmp_path / "P1.pain.csv.gz"
    path.write_bytes(gzip.compress((SMALL + ROWS).encode()))
    assert set(read_faces(path).table["video"]) == {"P1.pain"}


def test_gaze_angles_come_from_gaze_vectors_where_openface_1_wrote_none(tmp_path):
    """A gaze .2 rad to the side and .3 rad down, as vectors of both eyes a little apart."""
    x, y = np.tan(0.2), np.tan(0.3)
    header = ",".join(["frame", "timestamp", "confidence", "success", *GAZE])
    row = [1, 0, 0.9, 1, x - 0.01, y, -1.0, x + 0.01, y, -1.0]
    faces = read_faces(write(tmp_path / "a.csv", f"{header}\n{','.join(map(str, row))}\n"))
    angles = faces.table[["gaze_angle_x", "gaze_angle_y"]].to_numpy()[0]
    assert angles == pytest.approx([0.2, 0.3], abs=1e-12)
    assert faces.get_unit("gaze_angle_x") == "rad"
    assert "gaze vectors" in faces.notes[0]


def write_openface3(path, frames):
    """Write frames [(index, face, units)] in OpenFace 3's layout, lists as text."""
    rows = [
        {
            "timestamp": "2026-01-02 10:11:12",
            "video_path": "films/a.mp4",
            "frame_index": index,
            "face_id": face,
            "face_detection": str([10.0, 20.0, 110.0, 120.0, 0.99]),
            "landmarks": str([[1.0, 2.0], [3.0, 4.0]]),
            "emotion": 3,
            "gaze_yaw": 0.1,
            "gaze_pitch": -0.1,
            "action_units": str(units),
        }
        for index, face, units in frames
    ]
    pd.DataFrame(rows).to_csv(path, index=False)
    return path


def test_openface_3_needs_a_rate_and_spreads_its_lists(tmp_path):
    units = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]
    path = write_openface3(tmp_path / "a.csv", [(0, 0, units), (1, 0, units), (2, 0, units)])
    with pytest.raises(DataError, match=r"time of day at which it ran.*fps="):
        read_faces(path)
    faces = read_faces(path, fps=25)
    assert faces.tracker == "openface3"
    assert faces.table["frame"].tolist() == [1, 2, 3]
    assert faces.table["timestamp"].tolist() == pytest.approx([0, 0.04, 0.08])
    names = ["AU01", "AU02", "AU04", "AU06", "AU09", "AU12", "AU25", "AU26"]
    assert faces.table[names].iloc[0].tolist() == units
    assert faces.table[["landmark_0_x", "landmark_1_y"]].iloc[0].tolist() == [1, 4]
    assert faces.table["emotion"].tolist() == [3, 3, 3]
    assert faces.get_unit("AU12") == "not stated"
    assert faces.get_unit("emotion") == "category"


def test_openface_3_gives_all_faces_the_units_of_one(tmp_path):
    units, other = [0.1] * 8, [0.9] * 8
    path = write_openface3(tmp_path / "a.csv", [(0, 0, units), (1, 0, other), (1, 1, other)])
    faces = read_faces(path, fps=25)
    assert faces.table["AU12"].isna().tolist() == [False, True, True]
    assert any("1 frame shows several faces" in note for note in faces.notes)


def make_pyfeat(n, *, emotion="happiness", pose=0.1, **more):
    rng = np.random.default_rng(1)
    table = pd.DataFrame({"FaceRectX": np.full(n, 10.0), "FaceScore": 0.99})
    points = pd.DataFrame(rng.normal(100, 1, (n, 136)), columns=POINTS)
    rest = {"Pitch": pose, "Roll": 0.0, "Yaw": np.arange(n) * 0.01, "AU01": 0.7, "AU12": 0.4}
    rest |= {emotion: 0.3, **more, "frame": np.arange(n)}
    return pd.concat([table, points, pd.DataFrame(rest)], axis=1)


def clock(seconds):
    return [f"{int(s) // 60:02d}:{int(s) % 60:02d}" for s in seconds]


@pytest.mark.parametrize("rate", [25, 30, 24, 60])
def test_pyfeat_times_come_from_whole_seconds(tmp_path, rate):
    table = make_pyfeat(3 * rate)
    table.assign(approx_time=clock(table["frame"] / rate)).to_csv(tmp_path / "a.csv", index=False)
    faces = read_faces(tmp_path / "a.csv")
    assert faces.table["timestamp"].to_numpy() == pytest.approx(np.arange(3 * rate) / rate)
    assert faces.table["frame"].iloc[0] == 1
    assert f"at {rate} frames a second" in faces.notes[0]


def test_pyfeat_without_times_needs_a_rate(tmp_path):
    make_pyfeat(10).to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(DataError, match=r"frame numbers without times.*fps="):
        read_faces(tmp_path / "a.csv")
    assert read_faces(tmp_path / "a.csv", fps=10).table["timestamp"].iloc[-1] == 0.9
    short = make_pyfeat(10).assign(approx_time="00:00")
    short.to_csv(tmp_path / "b.csv", index=False)
    with pytest.raises(DataError, match="rate lies between 9 and inf frames a second"):
        read_faces(tmp_path / "b.csv")


def test_pyfeat_rates_units_from_0_to_1_and_its_angles_have_the_unit_of_its_version(tmp_path):
    def unit_of_pitch(**options):
        make_pyfeat(5, **options).to_csv(tmp_path / "a.csv", index=False)
        faces = read_faces(tmp_path / "a.csv", fps=25)
        assert faces.get_unit("AU01") == "probability (0 to 1)"
        return faces.get_unit("Pitch")

    assert unit_of_pitch(pose=4.5) == "deg"
    assert unit_of_pitch(pose=0.1) == "not stated"
    assert unit_of_pitch(pose=0.1, emotion="Happy", valence=-0.2) == "rad"


def test_pyfeat_numbers_faces_by_their_order_and_keeps_frames_without_a_face(tmp_path):
    table = make_pyfeat(4)
    table["frame"] = [0, 1, 1, 2]
    table.loc[3, table.columns != "frame"] = np.nan
    table.to_csv(tmp_path / "a.csv", index=False)
    faces = read_faces(tmp_path / "a.csv", fps=25)
    assert faces.table["face"].tolist() == [0, 0, 1, 0]
    assert faces.table["success"].tolist() == [1, 1, 1, 0]
    assert "does not follow faces" in faces.notes[-1]


def write_libreface(path, indices):
    n = len(indices)
    table = pd.DataFrame(
        {
            "frame_idx": indices,
            "frame_time_in_ms": np.array(indices) * 40.0,
            **{"pitch": 1.0, "yaw": np.arange(n) * 2.0, "roll": 0.5},
            **{"au_1": 1, "au_12": [0, 1] * (n // 2), "au_7": 1},
            **{"au_1_intensity": 2.0, "au_12_intensity": 4.0, "au_5_intensity": 5.0},
            **{"facial_expression": "Happiness", "gaze_yaw": 3.0, "gaze_pitch": 4.0},
        }
    )
    table.to_csv(path, index=False)
    return path


def test_libreface_drops_frames_without_a_face(tmp_path):
    faces = read_faces(write_libreface(tmp_path / "a.csv", [0, 1, 5, 6]))
    assert faces.table["frame"].tolist() == [1, 2, 6, 7]
    assert faces.table["timestamp"].tolist() == pytest.approx([0, 0.04, 0.2, 0.24])
    assert "3 frames have no row" in faces.notes[-1]
    assert faces.table["facial_expression"].iloc[0] == "Happiness"
    units = {name: faces.get_unit(name) for name in ("au_12", "au_12_intensity", "yaw", "gaze_yaw")}
    assert units == {
        **{"au_12": "presence (0 or 1)", "au_12_intensity": "intensity (0 to 5)"},
        **{"yaw": "deg", "gaze_yaw": "deg"},
    }


def write_imotions(path, *, affdex=False, blank=""):
    """Write an export in which rows of an eye tracker repeat the last face."""
    facet = ["Joy Evidence", "Joy Intensity", "AU1 Evidence", "AU12 Evidence", "Yaw Degrees"]
    more = ["Brow Furrow", "Engagement", "Lip Corner Depressor", "Smile"] if affdex else []
    header = ["StudyName", "StimulusName", "EventSource", "Timestamp", "MediaTime"]
    header += [*more, "FrameNo", "FrameTime", "NoOfFaces", *facet]
    lines = ["#Study : s", "#Date : d", "#Version : 6.2", "#TestRunDate : t", blank]
    lines.append("\t".join(header))

    def row(source, time, *cells):
        lines.append("\t".join(map(str, ["s", cells[0], source, time, *cells[1:]])))

    scores = [70.0] * len(more)
    for i in range(4):
        values = [-1.5, 0, 0.3, -0.2, 5.0 + i]
        row("Emotient FACET", 1000 + i * 40, "film", i * 40, *scores, i, i * 40, 1, *values)
        row("ET", 1010 + i * 40, "film", i * 40 + 10, *scores, "", "", "", *values)
    row("Emotient FACET", 1400, "pause", 0, *scores, 10, 400, 0, *[""] * 5)
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize("blank", ["", "\t\t\t"])
def test_facet_rows_are_told_from_those_of_other_sensors(tmp_path, blank):
    faces = read_faces(write_imotions(tmp_path / "a.txt", blank=blank))
    assert faces.tracker == "facet"
    assert faces.table["video"].tolist() == ["a_film"] * 4 + ["a_pause"]
    assert faces.table["timestamp"].tolist() == pytest.approx([0, 0.04, 0.08, 0.12, 0])
    assert faces.table["success"].tolist() == [1, 1, 1, 1, 0]
    assert "4 rows of other sensors are left out." in faces.notes
    assert faces.get_unit("Joy Evidence") == "evidence (log10 odds)"
    assert faces.get_unit("Yaw Degrees") == "deg"
    assert faces.table["Joy Evidence"].iloc[0] == -1.5


def test_an_export_of_two_trackers_asks_which(tmp_path):
    path = write_imotions(tmp_path / "a.txt", affdex=True)
    with pytest.raises(DataError, match=r"FACET and AFFDEX, whose scales differ.*tracker='facet'"):
        read_faces(path)
    faces = read_faces(path, tracker="facet")
    assert "Smile" not in faces.table
    with pytest.raises(DataError, match="no row comes from this tracker"):
        read_faces(path, tracker="affdex")


def write_arkit(path, frames, rate, *, step=1, start=(23, 59, 58)):
    """Write timecodes of a clock from a start on, which may pass midnight."""
    hour, minute, second = start
    lines = ["Timecode,BlendShapeCount,EyeBlinkLeft,JawOpen,HeadYaw,HeadPitch,HeadRoll"]
    for i in range(frames):
        whole, part = divmod(i * step, rate)
        total = (hour * 3600 + minute * 60 + second + int(whole)) % 86_400
        code = f"{total // 3600:02d}:{total // 60 % 60:02d}:{total % 60:02d}:{part:06.3f}"
        lines.append(f"{code},61,0.1,0.2,{i * 0.001},0,0")
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize(("rate", "step"), [(60, 2), (60, 1), (30, 1), (24, 1), (60, 1.999)])
def test_arkit_timecodes_count_frames_of_a_clock_and_pass_midnight(tmp_path, rate, step):
    faces = read_faces(write_arkit(tmp_path / "a.csv", 4 * rate, rate, step=step))
    expected = np.arange(4 * rate) * step / rate
    # Timecodes are printed to a thousandth of a frame.
    assert faces.table["timestamp"].to_numpy() == pytest.approx(expected, abs=1e-3 / rate)
    assert f"{rate} frames a second" in faces.notes[0]
    assert faces.get_unit("JawOpen") == "coefficient (0 to 1)"
    assert faces.get_unit("HeadYaw") == "rad"


def test_arkit_timecodes_within_one_second_need_a_rate(tmp_path):
    path = write_arkit(tmp_path / "a.csv", 20, 60)
    with pytest.raises(DataError, match=r"how many frames.*60.*fps="):
        read_faces(path)
    assert read_faces(path, fps=60).table["timestamp"].iloc[-1] == pytest.approx(19 / 60)


def test_scales_are_never_mixed(tmp_path):
    openface = read_faces(write(tmp_path / "a.csv", SMALL + ROWS))
    libreface = read_faces(write_libreface(tmp_path / "b.csv", [0, 1]))
    with pytest.raises(DataError, match="OpenFace and LibreFace, whose scales differ"):
        join_frames([openface, libreface])
    with pytest.raises(DataError, match="OpenFace and LibreFace, whose scales differ"):
        read_faces(tmp_path)
    make_pyfeat(5, pose=4.5).to_csv(tmp_path / "c.csv", index=False)
    make_pyfeat(5, pose=0.1).to_csv(tmp_path / "d.csv", index=False)
    parts = [read_faces(tmp_path / name, fps=25) for name in ("c.csv", "d.csv")]
    with pytest.raises(DataError, match="'Pitch' is in different units: deg and not stated"):
        join_frames(parts)
    with pytest.raises(DataError, match="two recordings are called 'a'"):
        join_frames([openface, openface])
    with pytest.raises(OptionError, match="no frames to join"):
        join_frames([])


def test_a_folder_of_one_tracker_is_one_table(tmp_path):
    write(tmp_path / "a.csv", SMALL + ROWS)
    write(tmp_path / "b.txt", SMALL + ROWS)
    # OpenFace writes the settings of its run beside each table.
    write(tmp_path / "a_of_details.txt", "Input:/films/a.mp4\nCamera parameters:1,1,1,1\n")
    faces = read_faces(tmp_path)
    assert faces.table["video"].tolist() == ["a"] * 3 + ["b"] * 3
    assert str(faces).startswith("OpenFace wrote 6 frames of 2 videos.")


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("a,b\n1,2\n", "no known tracker: a, b"),
        (SMALL, "header but no rows"),
        (SMALL + "1, 0, 0.98, 1, 5,5, 0.2\n", "7 fields, the header 6"),
        (SMALL + ROWS + "3, 0.08, 0.20, 0, 5.7, 0.1\n", "2 rows repeat a frame and face"),
        (SMALL + "1, 0, 98, 1, 5.5, 0.2\n", "confidence that is not 0 to 1"),
        (SMALL + "1, x, 0.98, 1, 5.5, 0.2\n", "no number in column 'timestamp'"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path, text, match):
    with pytest.raises(DataError, match=match):
        read_faces(write(tmp_path / "a.csv", text))


def test_choices_that_cannot_be_are_refused(tmp_path):
    path = write(tmp_path / "a.csv", SMALL + ROWS)
    with pytest.raises(OptionError, match="tracker 'openfase' is not known"):
        read_faces(path, tracker="openfase")
    with pytest.raises(OptionError, match="fps is 0"):
        read_faces(path, fps=0)
    with pytest.raises(DataError, match="header is not that of py-feat"):
        read_faces(path, tracker="py-feat")
    with pytest.raises(DataError, match="no such file"):
        read_faces(tmp_path / "none.csv")


# Features of other trackers.


def summarise(faces, **options):
    with pytest.warns(DataWarning) as caught:
        clips = summarise_clips(faces, min_valid=0, **options)
    return clips.iloc[0], " ".join(str(one.message) for one in caught)


def test_openface_features_are_those_of_its_table(tmp_path, make_face, write_face):
    path = write_face(make_face(60, seed=1), tmp_path / "a.csv")
    faces = read_faces(path)
    pd.testing.assert_frame_equal(summarise_clips(faces), summarise_clips(faces.table))


def test_libreface_gives_angles_and_units_on_a_named_scale(tmp_path):
    faces = read_faces(write_libreface(tmp_path / "a.csv", list(range(10))))
    row, told = summarise(faces, hz=25)
    # Yaw turns 2 degrees a frame; the gaze stays.
    assert row["yaw_displacement"] == pytest.approx(np.deg2rad(2), abs=1e-12)
    assert row["gaze_displacement"] == 0
    # Units 1 and 7 in every frame, 12 in every second; the intensities of 1 and of 12 are 2 and 4.
    assert row["au_count"] == 2.5
    assert row["au_intensity"] == pytest.approx((2 + (2 + 4) / 2) / 2)
    assert "au_count counts LibreFace's 3 units by presence (0 or 1)" in told
    assert "au_intensity is the intensity (0 to 5) of 2 of them" in told
    assert "LibreFace writes no confidence" in told
    assert {"points_displacement", "head_displacement"}.isdisjoint(row.index)
    assert "points_displacement" in told


def test_pyfeat_gives_landmarks_but_a_mesh_gives_none(tmp_path):
    table = make_pyfeat(50, pose=4.5)
    table.to_csv(tmp_path / "a.csv", index=False)
    row, told = summarise(read_faces(tmp_path / "a.csv", fps=25), hz=25)
    x, y = table[POINTS[:68]].to_numpy(), table[POINTS[68:]].to_numpy()
    moved = np.hypot(np.diff(x, axis=0), np.diff(y, axis=0)).mean()
    assert row["points_displacement"] == pytest.approx(moved, abs=1e-12)
    assert row["au_count"] == 1
    assert "by probability (0 to 1) of at least 0.5" in told
    assert "au_intensity" not in row.index
    mesh = pd.DataFrame(
        0.0, index=table.index, columns=[f"{a}_{i}" for a in "xy" for i in range(68, 478)]
    )
    pd.concat([table, mesh], axis=1).to_csv(tmp_path / "b.csv", index=False)
    faces = read_faces(tmp_path / "b.csv", fps=25)
    assert "points_displacement" not in summarise(faces, hz=25)[0].index
    with pytest.warns(DataWarning, match="points_displacement"):
        summarise_clips(faces.table, hz=25)


def test_pyfeat_2_gives_gaze_and_head_in_radians(tmp_path):
    n = 50
    more = {"gaze_yaw": np.arange(n) * 0.003, "gaze_pitch": np.arange(n) * 0.004}
    table = make_pyfeat(n, emotion="Happy", valence=0.1, **more)
    table.to_csv(tmp_path / "a.csv", index=False)
    row, told = summarise(read_faces(tmp_path / "a.csv", fps=25), hz=25)
    assert row["gaze_displacement"] == pytest.approx(0.005, abs=1e-12)
    assert row["yaw_displacement"] == pytest.approx(0.01, abs=1e-12)
    assert "head_displacement" in told


def test_angles_whose_unit_is_not_known_give_no_feature(tmp_path):
    make_pyfeat(50, pose=0.1).to_csv(tmp_path / "a.csv", index=False)
    row, told = summarise(read_faces(tmp_path / "a.csv", fps=25), hz=25)
    assert "yaw_displacement" not in row.index
    assert "yaw_displacement" in told


def test_frames_that_libreface_drops_are_no_valid_moments(tmp_path):
    kept = [*range(10), *range(20, 50)]
    row, _ = summarise(read_faces(write_libreface(tmp_path / "a.csv", kept)), hz=25)
    assert row["valid_share"] == pytest.approx(40 / 50)
    assert row["gaps"] == 1
    # The turn over the gap is not counted: all others are 2 degrees.
    assert row["yaw_displacement"] == pytest.approx(np.deg2rad(2), abs=1e-12)


def test_facet_and_arkit_features(tmp_path):
    facet = read_faces(write_imotions(tmp_path / "a.txt"))
    row, told = summarise(facet, hz=25)
    assert row["yaw_displacement"] == pytest.approx(np.deg2rad(1), abs=1e-12)
    # Unit 1 has log10 odds of .3, unit 12 of −.2.
    assert row["au_count"] == 1
    assert "evidence (log10 odds) of at least 0" in told
    arkit = read_faces(write_arkit(tmp_path / "b.csv", 120, 30))
    row, told = summarise(arkit, hz=30)
    assert row["yaw_displacement"] == pytest.approx(0.001, abs=1e-9)
    assert {"gaze_displacement", "au_count"}.isdisjoint(row.index)


def test_reading_changes_no_input(tmp_path):
    faces = read_faces(write_libreface(tmp_path / "a.csv", list(range(10))))
    before = json.dumps(faces.table.to_dict("list"), default=str)
    summarise(faces)
    assert json.dumps(faces.table.to_dict("list"), default=str) == before
