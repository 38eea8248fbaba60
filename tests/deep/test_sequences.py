"""Clips as arrays, from files and from tables of frames."""

import numpy as np
import pandas as pd
import pytest

import exprstats as ex
from exprstats.errors import DataError


def test_files_of_both_kinds_are_read_by_name(tmp_path):
    np.save(tmp_path / "1.npy", np.arange(6.0).reshape(3, 2))
    (tmp_path / "b.csv").write_text("x,y\n1,2\n3,4\n")
    load = ex.read_sequences(tmp_path)
    np.testing.assert_array_equal(load(pd.Series({"clip": 1})), [[0, 1], [2, 3], [4, 5]])
    np.testing.assert_array_equal(load(pd.Series({"clip": "b"})), [[1, 2], [3, 4]])


def test_what_is_no_array_is_refused(tmp_path):
    np.save(tmp_path / "code.npy", np.array([{}], dtype=object), allow_pickle=True)
    (tmp_path / "text.csv").write_text("x\nnothing\n")
    load = ex.read_sequences(tmp_path)
    for name in ("code", "text"):
        with pytest.raises(DataError, match="holds no array of numbers"):
            load(pd.Series({"clip": name}))
    with pytest.raises(DataError, match=r"neither c\.npy nor c\.csv"):
        load(pd.Series({"clip": "c"}))
    with pytest.raises(DataError, match="without slashes"):
        load(pd.Series({"clip": "../code"}))
    with pytest.raises(DataError, match="no such folder"):
        ex.read_sequences(tmp_path / "none")


def cut(times, values, start=0.0, **options):
    frames = pd.DataFrame({"video": "v", "timestamp": times, "f": values})
    segments = pd.DataFrame({"clip": ["c"], "video": ["v"], "start": [start]})
    return ex.cut_frames(frames, segments, features=["f"], **options)["c"][:, 0].tolist()


def test_moments_take_the_nearest_frame():
    # By hand: moments 1, 1.5, 2, 2.5; nearest of 0, .9, 1.6, 2.1, 2.6.
    times = [0, 0.9, 1.6, 2.1, 2.6]
    assert cut(times, [0, 1, 2, 3, 4], start=1.0, hz=2, seconds=2) == [1, 2, 3, 4]
    assert cut(times[::-1], [4, 3, 2, 1, 0], start=1.0, hz=2, seconds=2) == [1, 2, 3, 4]


def test_gaps_take_the_last_known_value_and_the_start_the_first():
    # Moment 2 lies 1 s from the frame at 1, moment 3 1 s from that at 4: within one step.
    assert cut([0, 1, 4, 5], [7, 8, 9, 6], hz=1, seconds=6) == [7, 8, 8, 9, 9, 6]
    # Frames at 1 and 9: moments 0 to 2 have one within 1 s, 3 to 7 none, 8 to 10 again.
    assert cut([1, 9], [5, 6], hz=1, seconds=11) == [5] * 8 + [6] * 3
    assert cut([3], [5], hz=1, seconds=5) == [5] * 5
    assert cut([0, 1, 2], [np.nan, 5, np.nan], hz=1, seconds=3) == [5, 5, 5]


def test_clips_without_a_value_are_named():
    with pytest.raises(DataError, match="without a frame or without a value of a feature: 'c'"):
        cut([0, 1], [np.nan, np.nan], hz=1, seconds=2)
    with pytest.raises(DataError, match="'c'"):
        cut([0, 1], [1, 2], start=50.0, hz=1, seconds=2)
