"""Grids and nearest frames; everything here is decided, not rounded, so equality is exact."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exprstats.behaviour.grid import find_nearest, place_grid


@pytest.mark.parametrize(
    ("start", "end", "hz", "count"),
    [(0, 3, 5, 15), (3, 6, 5, 15), (0.1, 3.1, 5, 15), (0, 3.01, 5, 16), (0, 0, 5, 0), (2, 1, 5, 0)],
)
def test_the_end_is_excluded(start, end, hz, count):
    grid = place_grid(np.array([start]), np.array([end]), hz)
    assert len(grid.time) == grid.count().item() == count
    assert (grid.time < end - 1e-12).all()


def test_clips_of_a_plan_share_no_moment():
    start = np.arange(3.0, 18.0, 3.0)
    grid = place_grid(start, start + 3, 5)
    assert grid.count().tolist() == [15] * 5
    assert np.diff(grid.time) == pytest.approx(0.2)


def test_of_two_frames_equally_near_the_earlier_counts():
    tenths = np.arange(10) / 10
    # .25 and .75 lie in the middle of two frames in decimals, though not in doubles.
    assert find_nearest(tenths, np.array([0.05, 0.25, 0.75]), 0.1).tolist() == [0, 2, 7]


def test_frames_further_than_the_reach_are_missing():
    time = np.array([0.0, 0.4, 1.0])
    moments = np.array([0.0, 0.1, 0.2, 0.3, 0.6, 0.89, 0.9, 1.1, 1.11])
    assert find_nearest(time, moments, 0.1).tolist() == [0, 0, -1, 1, -1, -1, 2, 2, -1]
    assert find_nearest(time, np.array([-0.5]), 0.1).tolist() == [-1]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 3000), min_size=1, max_size=40, unique=True), st.integers(2, 30))
def test_nearest_is_what_a_search_through_all_frames_finds(stamps, hz):
    time = np.sort(np.array(stamps)) / 1000
    moments = np.arange(3 * hz) / hz
    distance = np.abs(time[None, :] - moments[:, None])
    # A tolerance far below a millisecond decides ties for the first.
    first = (distance <= distance.min(axis=1, keepdims=True) + 1e-9).argmax(axis=1)
    expected = np.where(distance.min(axis=1) <= 0.5 / hz + 1e-9, first, -1)
    assert find_nearest(time, moments, 0.5 / hz).tolist() == expected.tolist()


def test_averages_leave_out_what_is_missing():
    grid = place_grid(np.array([0.0, 1.0, 2.0]), np.array([0.4, 1.4, 2.0]), 5)
    mean = grid.average(np.array([1.0, 3.0, np.nan, 5.0]))
    assert mean[:2].tolist() == [2.0, 5.0]
    assert np.isnan(mean[2])
