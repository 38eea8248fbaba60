"""Intensity labels against the published equation, written out with plain loops.

Two ways of dividing and averaging a few doubles: 1e-12.
"""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exprstats.behaviour import count_labels, cut_windows, label_intensity
from exprstats.errors import DataError, DataWarning, OptionError
from exprstats.io import read_table

SIDES = ["CheekSquintLeft", "CheekSquintRight", "MouthSmileLeft", "MouthSmileRight"]


def draw_blendshapes(seed, people=3, frames=40):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(rng.random((people * frames, 4)).round(3), columns=SIDES)
    table["subject"] = np.repeat([f"s{i}" for i in range(people)], frames)
    return table


def write_out(table):
    """Happiness by equation 1: each pair over the sum of its maxima, halved and added."""
    found, highs = [], {}
    for person in set(table["subject"]):
        own = table[table["subject"] == person]
        highs[person] = {name: max(own[name]) for name in SIDES}
    for row in table.to_dict("records"):
        highest = highs[row["subject"]]
        cheek = (row[SIDES[0]] + row[SIDES[1]]) / (highest[SIDES[0]] + highest[SIDES[1]])
        mouth = (row[SIDES[2]] + row[SIDES[3]]) / (highest[SIDES[2]] + highest[SIDES[3]])
        found.append(cheek / 2 + mouth / 2)
    return found


def test_equation_1():
    table = draw_blendshapes(1)
    found = label_intensity(table, "arkit")
    expected = write_out(table)
    assert found["intensity"].to_numpy() == pytest.approx(expected, abs=1e-12)
    assert found["label"].tolist() == [int(f"{10 * value:.0f}") for value in expected]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.floats(0.01, 100))
def test_a_person_has_the_same_labels_whatever_the_scale_and_the_others(seed, scale):
    table = draw_blendshapes(seed, people=2, frames=12)
    before = label_intensity(table, "arkit")
    first = table["subject"] == "s0"
    scaled = table.copy()
    scaled.loc[first, SIDES] *= scale
    after = label_intensity(scaled, "arkit")
    assert after["intensity"].to_numpy() == pytest.approx(before["intensity"].to_numpy())
    alone = label_intensity(table[first], "arkit")
    pd.testing.assert_frame_equal(alone, before[first])


def test_the_strongest_frame_of_a_single_unit_is_10_and_none_is_0():
    frames = pd.DataFrame({"subject": list("aaabbb"), "smile": [0, 0.4, 0.8, 5, 0, 1]})
    labels = label_intensity(frames, {"AU12": ("smile",)})["label"]
    assert labels.tolist() == [0, 5, 10, 10, 0, 2]


@pytest.mark.parametrize(("tenths", "label"), [(0.05, 1), (0.15, 2), (0.35, 4), (0.949, 9)])
def test_halves_go_up(tenths, label):
    frames = pd.DataFrame({"subject": "a", "smile": [tenths, 1.0]})
    assert label_intensity(frames, {"AU12": ("smile",)})["label"].tolist() == [label, 10]


def test_halves_of_decimals_go_up_where_their_doubles_lie_below():
    # (.1/3 + 1.4/3)/2 is .25, and 2.4999999999999996 tenths in doubles.
    frames = pd.DataFrame({"subject": "a", "AU06_r": [0.1, 3.0], "AU12_r": [1.4, 3.0]})
    assert label_intensity(frames)["label"].tolist() == [3, 10]


def test_units_that_never_move_are_left_out_and_named():
    table = draw_blendshapes(2)
    own = table["subject"] == "s1"
    table.loc[own, SIDES[:2]] = 0.0
    with pytest.warns(DataWarning, match="AU06 is 0 or missing .* of 1 person .'s1'"):
        found = label_intensity(table, "arkit")
    mouth = table.loc[own, SIDES[2:]]
    expected = mouth.sum(axis=1) / mouth.max().sum()
    assert found.loc[own, "intensity"].to_numpy() == pytest.approx(expected.to_numpy())
    table.loc[own, SIDES[2:]] = 0.0
    with pytest.warns(DataWarning) as caught:
        assert label_intensity(table, "arkit").loc[own, "label"].isna().all()
    assert [str(one.message)[:14] for one in caught] == ["AU06 and AU12 "]


def test_untracked_frames_are_missing_and_set_no_maximum():
    frames = pd.DataFrame({"subject": "a", "AU06_r": [1, 2, 9], "AU12_r": [1, 2, 9.0]})
    frames = frames.assign(success=[1, 1, 0], confidence=[0.9, 0.9, 0.9])
    assert label_intensity(frames)["label"].tolist() == [5, 10, pd.NA]
    backwards = label_intensity(frames.iloc[::-1])
    assert backwards["label"].tolist() == [pd.NA, 10, 5]
    with pytest.warns(DataWarning) as caught:
        assert label_intensity(frames, confidence=0.95)["label"].isna().all()
    assert "AU06 and AU12 are 0 or missing" in str(caught[0].message)
    least = frames.assign(confidence=[0.8, 0.79, 0.9])
    assert label_intensity(least)["label"].tolist() == [10, pd.NA, pd.NA]


def test_tables_of_one_kind_of_number_are_taken_too():
    frames = pd.DataFrame({"AU06_r": [1.0, 2, 9], "AU12_r": [1.0, 2, 9]})
    frames = frames.assign(success=[1.0, 1, 0], confidence=0.9, subject="a")
    before = frames.copy()
    assert label_intensity(frames)["label"].tolist() == [5, 10, pd.NA]
    pd.testing.assert_frame_equal(frames, before)
    one = label_intensity(frames, {"AU12": "AU12_r"})
    assert one["intensity"].tolist()[:2] == [0.5, 1.0]


def test_inputs_that_cannot_be_are_refused():
    table = draw_blendshapes(3)
    with pytest.raises(OptionError, match="confidence is 80"):
        label_intensity(table, "arkit", confidence=80)
    with pytest.raises(OptionError, match="'iphone'"):
        label_intensity(table, "iphone")
    with pytest.raises(DataError, match="MouthSmileLeft"):
        label_intensity(table.drop(columns="MouthSmileLeft"), "arkit")
    with pytest.raises(DataError, match="below 0"):
        label_intensity(table.assign(MouthSmileLeft=-1.0), "arkit")


def test_windows_of_sixteen_every_six():
    frames = pd.DataFrame({"video": ["a"] * 40 + ["b"] * 15 + ["c"] * 16})
    frames["label"] = np.arange(len(frames)) % 11
    windows = cut_windows(frames)
    assert windows["video"].tolist() == ["a"] * 5 + ["c"]
    assert windows["first"].tolist() == [0, 6, 12, 18, 24, 55]
    assert (windows["last"] - windows["first"] == 15).all()
    assert windows["label"].tolist() == frames["label"].iloc[windows["last"]].tolist()
    assert windows["complete"].all()


def test_windows_that_end_in_a_gap_are_left_out_and_others_marked():
    frames = pd.DataFrame({"video": "a", "label": pd.array([1] * 40, dtype="Int64")})
    frames.loc[21, "label"] = pd.NA
    windows = cut_windows(frames)
    assert windows["first"].tolist() == [0, 12, 18, 24]
    assert windows["complete"].tolist() == [True, False, False, True]
    frames = frames.assign(label=pd.array([1] * 12 + [pd.NA] + [1] * 27, dtype="Int64"))
    assert cut_windows(frames)["complete"].tolist() == [False, False, False, True, True]


def test_windows_over_missing_frames_are_marked():
    frames = pd.DataFrame({"video": "a", "label": 1, "frame": [*range(1, 21), *range(40, 60)]})
    windows = cut_windows(frames)
    assert windows["complete"].tolist() == [True, False, False, False, True]
    assert cut_windows(frames.drop(columns="frame"))["complete"].all()
    # The jump lies just before the second window.
    frames["frame"] = [*range(1, 7), *range(40, 74)]
    # By frame: 0, and 42, 48 and 54 after the first, none of which starts at the jump.
    found = cut_windows(frames)
    assert found["complete"].tolist() == [False, True, True, True]
    assert frames["frame"].to_numpy()[found["first"]].tolist() == [1, 43, 49, 55]


def test_windows_over_two_faces_are_marked():
    frames = pd.DataFrame({"video": "a", "label": 1, "face": np.repeat([0, 1], [20, 20])})
    assert cut_windows(frames)["complete"].tolist() == [True, False, False, False, True]
    named = frames.assign(face=np.repeat(["left", "right"], [20, 20]))
    assert cut_windows(named)["complete"].tolist() == [True, False, False, False, True]


def test_windows_and_labels_that_cannot_be_are_refused():
    frames = pd.DataFrame({"video": ["a"] * 20, "label": list("xy") * 10})
    assert len(cut_windows(frames)) == 1
    with pytest.raises(DataError, match=r"'frame'.*not numbers"):
        cut_windows(frames.assign(frame="a"))
    with pytest.raises(DataError, match="not numbers"):
        cut_windows(frames, dense_step=2)
    with pytest.raises(DataError, match="column 'video'"):
        cut_windows(frames.assign(video=[None, *"a" * 19]))
    with pytest.raises(OptionError, match=r"length is 16\.5; it must be a whole number"):
        cut_windows(frames, length=16.5)
    with pytest.raises(DataError, match="2 values are no labels from 0 to 10, such as 11"):
        count_labels(pd.DataFrame({"label": [3, 11, None, 2.5]}))


def test_denser_windows_even_the_classes():
    rise = [0] * 30 + [2, 4, 6, 8] + [10] * 30
    frames = pd.DataFrame({"video": "a", "label": rise})
    plain, dense = cut_windows(frames), cut_windows(frames, dense_step=1)
    assert set(dense.loc[dense["added"], "label"]) <= {4, 6}
    assert len(dense) == len(plain) + dense["added"].sum()
    middle = [
        counts.set_index("label")["share"].loc[3:7].sum()
        for counts in (count_labels(plain), count_labels(dense))
    ]
    assert middle[0] < middle[1]
    assert count_labels(dense)["n"].sum() == len(dense)
    with pytest.raises(OptionError, match="step is 0"):
        cut_windows(frames, step=0)


def test_labels_3_to_7_are_added_where_windows_at_the_plain_step_do_not_end():
    frames = pd.DataFrame({"video": "a", "label": range(11)})
    windows = cut_windows(frames, length=1, step=2, dense_step=1)
    assert windows.loc[windows["added"], "label"].tolist() == [3, 5, 7]
    assert windows.loc[~windows["added"], "label"].tolist() == [0, 2, 4, 6, 8, 10]


@pytest.mark.data
def test_a_real_recording_of_blendshapes():
    path = Path(os.environ["EXPRSTATS_DATA"]) / "arkit" / "alex_rom_3.csv"
    frames = read_table(path, ids=["Timecode"]).assign(subject="alex", video="alex_rom_3")
    found = label_intensity(frames, "arkit")
    assert found["intensity"].between(0, 1).all()
    expected = write_out(frames)
    assert found["intensity"].to_numpy() == pytest.approx(expected, abs=1e-12)
    windows = cut_windows(frames.assign(label=found["label"]))
    assert len(windows) == (len(frames) - 16) // 6 + 1


def test_a_rating_beyond_the_scale_is_no_maximum():
    frames = pd.DataFrame({"subject": "a", "AU06_r": [1.0, 400, 2], "AU12_r": [1.0, 2, 3]})
    with pytest.raises(DataError, match="it reaches 400, and the scale ends at 5"):
        label_intensity(frames)
    frames = frames.assign(success=[1, 0, 1], confidence=0.9)
    assert label_intensity(frames)["label"].tolist() == [4, pd.NA, 10]
