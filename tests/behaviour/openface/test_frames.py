"""OpenFace files in every layout become the numbers that stand in them.

Both sides read the same decimals: 1e-14 allows for the last bit of a double.
"""

import gzip

import numpy as np
import pandas as pd
import pytest

from exprstats.behaviour import inspect_openface, read_openface
from exprstats.errors import DataError, DataWarning

POINTS = [f"{axis}_{i}" for axis in "xyXYZ" for i in range(68)]
GAZE = ["gaze_angle_x", "gaze_angle_y"]


def check_against(frames, table):
    names = [name for name in table.columns if name not in {"face_id"}]
    pd.testing.assert_frame_equal(
        frames[names], table[names], rtol=1e-14, atol=0, check_dtype=False, check_index_type=False
    )


def test_a_padded_header_and_columns_that_differ_by_case_are_kept_apart(
    folder, make_face, write_face
):
    table = make_face(seed=1)
    frames = read_openface(write_face(table, folder / "F01_pain.csv"))
    check_against(frames, table)
    assert not frames["x_0"].equals(frames["X_0"])
    assert frames["video"].unique().tolist() == ["F01_pain"]
    assert frames.columns[:6].tolist() == [
        *("video", "face", "frame", "timestamp", "success", "confidence")
    ]


@pytest.mark.parametrize(
    ("name", "look"),
    [
        ("plain.csv", {"padding": ""}),
        ("quoted.csv", {"padding": "", "quotes": '"'}),
        ("windows.csv", {"newline": "\r\n"}),
        ("packed.csv.gz", {}),
        ("blank.csv", {"ending": "\n , ,\n\n"}),
    ],
)
def test_other_ways_of_writing_give_the_same_numbers(folder, make_face, write_face, name, look):
    table = make_face(seed=2)
    check_against(read_openface(write_face(table, folder / name, **look)), table)


@pytest.mark.parametrize(
    "dropped",
    [["face_id"], ["frame", "face_id"], POINTS, [*GAZE, *POINTS], ["AU12_r", "AU28_c"]],
    ids=["no face", "no frame", "no landmarks", "no gaze", "no units"],
)
def test_layouts_without_some_columns_are_read(folder, make_face, write_face, dropped):
    table = make_face(seed=3).drop(columns=dropped)
    frames = read_openface(write_face(table, folder / "v.csv"))
    check_against(frames, table)
    assert frames["frame"].tolist() == list(range(1, 61))
    assert (frames["face"] == 0).all()


def test_keys_may_stand_last(folder, make_face, write_face):
    table = make_face(seed=4)
    table = table[[*table.columns[5:], *table.columns[:5]]]
    check_against(read_openface(write_face(table, folder / "v.csv")), table)


def test_only_the_named_columns_are_read(folder, make_face, write_face):
    path = write_face(make_face(seed=5), folder / "v.csv")
    assert read_openface(path, columns=["AU12_r"]).columns[6:].tolist() == ["AU12_r"]
    with pytest.raises(DataError, match="'AU12_x'"):
        read_openface(path, columns=["AU12_x"])
    table = make_face().assign(p_scale=2.5)
    whole = read_openface(write_face(table, folder / "w.csv"), columns="all")
    assert (whole["p_scale"] == 2.5).all()


def test_a_last_row_that_was_cut_off_is_left_out(folder, make_face, write_face):
    table = make_face(10, seed=6)
    path = write_face(table, folder / "v.csv")
    whole = path.read_bytes()
    path.write_bytes(whole[:-300])
    assert read_openface(path)["frame"].tolist() == list(range(1, 10))
    assert "cut off" in inspect_openface(path)["note"].item()
    path.write_bytes(whole + b"11, 0, 0.4")
    assert len(read_openface(path)) == 10


def test_what_windows_writes_for_no_number_is_missing(folder, make_face, write_face):
    path = write_face(make_face(3), folder / "v.csv")
    lines = path.read_text().splitlines()
    lines[2] = lines[2].rsplit(",", 1)[0] + ", -nan(ind)"
    path.write_text("\n".join(lines))
    assert read_openface(path)["AU28_c"].isna().tolist() == [False, True, False]


def test_a_folder_keeps_what_can_be_read_and_names_what_cannot(folder, make_face, write_face):
    write_face(make_face(5), folder / "good.csv")
    (folder / "empty.csv").write_text("")
    (folder / "other.csv").write_text("a;b\n1;2\n")
    with pytest.warns(DataWarning) as caught:
        frames = read_openface(folder)
    told = " ".join(str(warning.message) for warning in caught)
    assert "empty.csv: the file is empty" in told
    assert "other.csv: the first line is not a header of OpenFace: 'a;b'" in told
    assert frames["video"].unique().tolist() == ["good"]
    status = inspect_openface(folder).set_index("video")["status"]
    assert status.to_dict() == {"empty": "failed", "good": "ok", "other": "failed"}


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda lines: [lines[0]], "no rows"),
        (lambda lines: [lines[0], *(one.replace(".", ",") for one in lines[1:])], "decimal points"),
        (lambda lines: [lines[0].replace(" confidence,", ""), *lines[1:]], "'confidence'"),
        (lambda lines: [*lines[:3], lines[3] + ", 1", *lines[4:]], "row 4: .* fields"),
        (lambda lines: [*lines[:3], lines[3].replace("0.98", "high"), *lines[4:]], "row 4"),
        (lambda lines: [*lines[:2], *lines[1:]], "rows 2, 3: 2 rows repeat a frame"),
        (lambda lines: [lines[0].replace("x_1,", "x_0,"), *lines[1:]], "'x_0' 2 times"),
        (lambda lines: [*lines[:3], lines[3].rsplit(",", 1)[0] + ", inf", *lines[4:]], "infinite"),
    ],
)
def test_damage_is_named_with_its_place(folder, make_face, write_face, spoil, said):
    path = write_face(make_face(8), folder / "v.csv")
    path.write_text("\n".join(spoil(path.read_text().splitlines())) + "\n")
    with pytest.raises(DataError, match=said) as caught:
        read_openface(path)
    assert all(problem.file == str(path) for problem in caught.value.problems)


def test_folders_without_files_and_twins_are_refused(folder, make_face, write_face):
    with pytest.raises(DataError, match=r"no \.csv"):
        read_openface(folder)
    with pytest.raises(DataError, match="no such"):
        read_openface(folder / "absent.csv")
    path = write_face(make_face(3), folder / "v.csv")
    (folder / "v.csv.gz").write_bytes(gzip.compress(path.read_bytes()))
    with pytest.raises(DataError, match="share a video's name"):
        read_openface(folder)


def test_inspection_counts_faces_and_finds_the_rate(folder, make_face, write_face):
    table = make_face(100, fps=30.0)
    other = table.iloc[10:13].assign(face_id=1, confidence=0.2)
    both = pd.concat([table, other]).sort_values(["frame", "face_id"])
    write_face(both, folder / "v.csv")
    row = inspect_openface(folder).iloc[0]
    assert (row["n_faces"], row["shared_frames"], row["n_rows"]) == (2, 3, 103)
    # Time stamps are printed to .001 s: a median step of .033 would mean 30.3.
    assert row["fps"] == pytest.approx(30, abs=0.02)
    assert row["length"] == pytest.approx(100 / 30, abs=0.002)
    assert row["valid_share"] == pytest.approx(100 / 103)
    assert row["absent"] == ""


def test_several_processes_read_the_same(folder, make_face, write_face):
    for i in range(3):
        write_face(make_face(5, seed=i), folder / f"v{i}.csv")
    pd.testing.assert_frame_equal(read_openface(folder), read_openface(folder, n_jobs=2))
    assert np.array_equal(read_openface(folder)["video"].unique(), ["v0", "v1", "v2"])


def test_endings_in_capitals_are_no_part_of_a_name(folder, make_face, write_face):
    write_face(make_face(5), folder / "a.csv").rename(folder / "A.CSV")
    packed = write_face(make_face(5), folder / "b.csv.gz")
    packed.rename(folder / "b.CSV.GZ")
    assert inspect_openface(folder)["video"].tolist() == ["A", "b"]
