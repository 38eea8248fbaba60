"""The quality of clips, counted by hand on a still face of 25 frames per second."""

import warnings

import numpy as np
import pandas as pd
import pytest

from exprstats.behaviour import summarise_clips
from exprstats.behaviour.clips import measure_frames
from exprstats.behaviour.settings import Settings
from exprstats.errors import DataWarning


@pytest.fixture
def find_quality(make_face):
    """Return a function from changes of 4 s of frames, and bounds, to the ledger's rows."""

    def find(change, *bounds, **choices):
        table = make_face(100).rename(columns={"face_id": "face"}).assign(video="v")
        rows = [(f"c{i}", "v", *times) for i, times in enumerate(bounds)]
        segments = pd.DataFrame(rows, columns=["clip", "video", "start", "end"])
        return measure_frames(change(table), segments, Settings(**choices)).ledger

    return find


def test_the_frame_at_the_end_of_a_clip_belongs_to_the_next(find_quality):
    found = find_quality(lambda table: table, (0, 1), (1, 3), (3, 4))
    assert found["n_frames"].tolist() == [25, 50, 25]
    assert found["n_grid"].tolist() == [5, 10, 5]


def test_a_gap_between_two_clips_belongs_to_neither(find_quality):
    # Nothing from .96 to 1.04 s, nor from 2.4 to 2.6 s.
    def drop(table):
        return table.drop(index=[24, 25, *range(60, 65)])

    with pytest.warns(DataWarning, match="There is 1 gap between frames in 1 of 3 clips"):
        found = find_quality(drop, (0, 1), (1, 2), (2, 3))
    assert found["gaps"].tolist() == [0, 0, 1]
    with pytest.warns(DataWarning, match="There are 2 gaps between frames in 1 of 1 clips"):
        assert find_quality(drop, (0, 3))["gaps"].tolist() == [2]


def test_another_face_between_two_clips_is_a_switch_in_neither(find_quality):
    def switch(table):
        return table.assign(face=np.repeat([0, 1, 0], [25, 10, 65]))

    with pytest.warns(DataWarning, match="The face changes within 2 of 3 clips: 'c1', 'c2'"):
        found = find_quality(switch, (0, 1), (1, 2), (0, 4))
    assert found["face_switches"].tolist() == [0, 1, 2]


def test_frames_without_a_confidence_are_no_part_of_its_mean(find_quality):
    def lose(table):
        return table.assign(confidence=np.where(np.arange(100) % 5 == 4, np.nan, 0.9))

    found = find_quality(lose, (0, 1), (1, 4))
    assert found["mean_confidence"].to_numpy() == pytest.approx([0.9, 0.9])


def test_a_clip_with_just_enough_valid_moments_is_kept(find_quality):
    # Of the moments 0, .2, …, 1.8 s the first five are untracked.
    def lose(table):
        return table.assign(success=np.where(np.arange(100) < 22, 0, 1))

    assert find_quality(lose, (0, 2))["kept"].tolist() == [True]
    with pytest.warns(DataWarning, match=r"1 of 2 clips fails \(1: valid share below 0\.51\)"):
        assert find_quality(lose, (0, 2), (2, 4), min_valid=0.51)["kept"].tolist() == [False, True]


@pytest.mark.parametrize(("rates", "told"), [((25.0, 24.0), False), ((25.0, 23.0), True)])
def test_rates_that_differ_by_more_than_a_twentieth_are_told(make_face, rates, told):
    frames = pd.concat(
        make_face(int(4 * fps), fps=fps).rename(columns={"face_id": "face"}).assign(video=video)
        for fps, video in zip(rates, "vw", strict=True)
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        summarise_clips(frames)
    texts = [str(one.message).split(";")[0] for one in caught]
    text = "Videos run at 23 ('w') to 25 frames per second. Jitter depends on the rate"
    assert texts == ([text] if told else [])


def test_moments_in_a_row_that_failed_are_a_gap_and_count_once_beside_absent_frames(find_quality):
    # At 5 moments a second: .4 and .6 s failed, 2 s failed, and 3.2 and 3.4 s failed or absent.
    def lose(table):
        failed = table["frame"].sub(1).isin([*range(9, 17), 50, *range(78, 88)])
        return table.assign(success=np.where(failed, 0, 1)).drop(index=range(83, 88))

    with pytest.warns(DataWarning, match="There is 1 gap between frames in 1 of 1 clips"):
        found = find_quality(lose, (0, 4))
    assert found["gaps"].tolist() == [3] and found["n_valid"].tolist() == [15]
    with pytest.warns(DataWarning) as told:
        assert find_quality(lose, (0, 1), (3, 4))["gaps"].tolist() == [1, 1]
    assert any("1 gap between frames in 1 of 2 clips" in str(one.message) for one in told)
