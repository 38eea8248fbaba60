"""Windows as clips: the frames of each, gaps, shared frames, and marks from files; all exact."""

import numpy as np
import pandas as pd
import pytest

import exprstats as ex
from exprstats.deep.intensity.windows import read_marks, share_frames
from exprstats.errors import DataError, DataWarning


@pytest.fixture
def frames():
    rng = np.random.default_rng(1)
    table = pd.DataFrame({"video": np.repeat(["b", "a"], [40, 30]), "x": rng.normal(size=70)})
    table["y"] = rng.normal(size=70)
    table["frame"] = np.r_[1:41, 1:31]
    table["subject"] = table["video"].str.upper()
    return table.assign(label=np.arange(70) % 11)


def test_arrays_are_the_frames_of_their_windows(frames):
    mixed = frames.sample(frac=1, random_state=2).sort_values("frame", kind="stable")
    mixed = mixed.reset_index(drop=True)  # videos interleaved, each in the order of time
    clips, arrays = ex.gather_windows(mixed, ex.cut_windows(mixed), features=["y", "x"])
    assert clips["clip"].tolist() == [f"b_{n}" for n in (16, 22, 28, 34, 40)] + [
        f"a_{n}" for n in (16, 22, 28)
    ]
    for row in clips.itertuples():
        own = frames[(frames["video"] == row.video) & frames["frame"].between(
            row.first_frame, row.last_frame)]  # fmt: skip
        assert len(own) == 16
        np.testing.assert_array_equal(arrays[row.clip], own[["y", "x"]].to_numpy(np.float32))
        assert row.label == own["label"].iloc[-1]
        assert row.subject == row.video.upper()
    assert clips["label"].dtype.kind == "i"


def test_windows_with_gaps_are_left_out_with_their_number(frames):
    frames.loc[20, "x"] = np.nan
    frames.loc[60, "label"] = np.nan
    windows = ex.cut_windows(frames)
    with pytest.warns(DataWarning, match="5 of 8 windows are left out"):
        clips, _ = ex.gather_windows(frames, windows, features=["x"])
    # Frame 21 of b is in the windows that end at 22, 28 and 34; frame 21 of a in those from 22 on.
    assert clips["clip"].tolist() == ["b_16", "b_40", "a_16"]
    frames["x"] = np.nan
    with pytest.raises(DataError, match="none of 8 windows is complete"):
        ex.gather_windows(frames, windows, features=["x"])


def test_shared_frames_are_found_as_sets_would():
    rng = np.random.default_rng(3)
    starts = rng.integers(1, 60, 40)
    table = pd.DataFrame({"video": rng.choice(["a", "b"], 40), "first_frame": starts})
    table["last_frame"] = starts + 15
    one, other = table.iloc[:30], table.iloc[30:]
    known = [
        any(
            mine.video == theirs.video
            and set(range(mine.first_frame, mine.last_frame + 1))
            & set(range(theirs.first_frame, theirs.last_frame + 1))
            for theirs in other.itertuples()
        )
        for mine in one.itertuples()
    ]
    assert share_frames(one, other).tolist() == known
    assert 0 < sum(known) < 30


def test_marks_are_read_from_files_and_nothing_else_is():
    table = pd.DataFrame({"m": [True, False], "n": [1, 0], "o": ["True", "FALSE"], "p": [1.0, 0.0]})
    for column in table:
        assert read_marks(table, column).tolist() == [True, False]
    with pytest.raises(DataError, match="not True or False"):
        read_marks(pd.DataFrame({"m": ["yes", "1"]}), "m")
