"""The formulas on numbers that can be worked out by hand; rounding of doubles only."""

import numpy as np
import pytest

from exprstats.behaviour.motion import (
    average_active,
    count_units,
    find_steps,
    measure_displacement,
    measure_turn,
    measure_velocity,
)

nan = np.nan


def test_steps_need_two_valid_moments_of_one_clip():
    clip = np.array([0, 0, 0, 0, 1, 1, 1])
    valid = np.array([True, True, False, True, True, True, True])
    assert find_steps(clip, valid).tolist() == [False, True, False, False, False, True, True]
    assert find_steps(clip[:0], valid[:0]).tolist() == []


def test_each_point_has_its_own_distance():
    positions = np.zeros((3, 2, 3))
    positions[1, 0] = [2, 3, 6]
    positions[2, 1] = [0, -4, 3]
    moved = measure_displacement(positions, np.array([False, True, True]))
    assert moved[1:].tolist() == [[7, 0], [7, 5]]
    assert np.isnan(moved[0]).all()


@pytest.mark.parametrize(
    ("before", "after", "turn"),
    [(0.1, 0.3, 0.2), (0.3, 0.1, 0.2), (3.1, -3.1, 2 * np.pi - 6.2), (-3, 3, 2 * np.pi - 6)],
)
def test_angles_turn_the_shorter_way(before, after, turn):
    found = measure_turn(np.array([before, after]), np.array([False, True]))
    assert found[1, 0] == pytest.approx(turn)


def test_velocity_is_a_change_a_second_and_needs_two_displacements():
    moved = np.array([[nan], [1.0], [3.0], [nan], [2.0], [0.0]])
    velocity = measure_velocity(moved, 5)[:, 0]
    assert velocity == pytest.approx([nan, nan, 10, nan, nan, -10], nan_ok=True)


def test_units_are_counted_and_the_active_ones_averaged():
    seen = np.array([[1, 0, 1], [0, 0, 0], [0, 1, 0], [nan, 1, 0]])
    rated = np.array([[2.0, 5, 4], [5, 5, 5], [1, 0, 1], [1, 2, 3]])
    assert count_units(seen) == pytest.approx([2, 0, 1, nan], nan_ok=True)
    assert average_active(rated, seen) == pytest.approx([3, 0, 0, nan], nan_ok=True)
