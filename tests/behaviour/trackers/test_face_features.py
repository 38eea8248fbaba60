"""Features of faces that other trackers followed.

Motion is that which was written into the files; 1e-12 allows for one rounding of a sum or product.
"""

import json

import numpy as np
import pandas as pd
import pytest

from exprstats import DataWarning, read_faces, summarise_clips

from .conftest import POINTS, make_pyfeat, write_arkit, write_imotions, write_libreface


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
