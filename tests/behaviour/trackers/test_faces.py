"""Files of every face tracker, written here as the trackers write them, with their traps.

Values are read back as they were written; 1e-12 allows for one rounding of a sum or product.
"""

import gzip

import numpy as np
import pandas as pd
import pytest

from exprstats import DataError, OptionError, join_frames, read_faces

from .conftest import make_pyfeat, write, write_arkit, write_imotions, write_libreface

GAZE = [f"gaze_{eye}_{axis}" for eye in "01" for axis in "xyz"]
SMALL = "frame, timestamp, confidence, success, pose_Tx, AU01_r\n"
ROWS = "1, 0, 0.98, 1, 5.5, 0.2\n2, 0.04, 0.98, 1, 5.6, 0.3\n3, 0.08, 0.20, 0, 5.7, 0.1\n"


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


def clock(seconds):
    return [f"{int(s) // 60:02d}:{int(s) % 60:02d}" for s in seconds]


@pytest.mark.parametrize("rate", [25, 30, 24, 60])
def test_pyfeat_times_come_from_whole_seconds(tmp_path, rate):
    table = make_pyfeat(3 * rate)
    table.assign(approx_time=clock(table["frame"] / rate)).to_csv(tmp_path / "a.csv", index=False)
    faces = read_faces(tmp_path / "a.csv")
    assert faces.table["timestamp"].to_numpy() == pytest.approx(np.arange(3 * rate) / rate)
    assert faces.table["frame"].iloc[0] == 1
    assert f"at {rate} frames per second" in faces.notes[0]


def test_pyfeat_without_times_needs_a_rate(tmp_path):
    make_pyfeat(10).to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(DataError, match=r"frame numbers without times.*fps="):
        read_faces(tmp_path / "a.csv")
    assert read_faces(tmp_path / "a.csv", fps=10).table["timestamp"].iloc[-1] == 0.9
    short = make_pyfeat(10).assign(approx_time="00:00")
    short.to_csv(tmp_path / "b.csv", index=False)
    with pytest.raises(DataError, match="rate lies between 9 and inf frames per second"):
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


@pytest.mark.parametrize(("rate", "step"), [(60, 2), (60, 1), (30, 1), (24, 1), (60, 1.999)])
def test_arkit_timecodes_count_frames_of_a_clock_and_pass_midnight(tmp_path, rate, step):
    faces = read_faces(write_arkit(tmp_path / "a.csv", 4 * rate, rate, step=step))
    expected = np.arange(4 * rate) * step / rate
    # Timecodes are printed to a thousandth of a frame.
    assert faces.table["timestamp"].to_numpy() == pytest.approx(expected, abs=1e-3 / rate)
    assert f"{rate} frames per second" in faces.notes[0]
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
