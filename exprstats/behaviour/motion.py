"""How far and how fast things move between moments of a grid: arrays in, arrays out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def find_steps(clip: np.ndarray, face: np.ndarray) -> np.ndarray:
    """Return which moments (N,) follow one of the same clip that shows the same face.

    Parameters
    ----------
    clip
        Which clip each moment belongs to (N,).
    face
        The face that its valid frames show (N,); NaN where there are none.

    Examples
    --------
    >>> face = np.array([0, 0, 1, 1, np.nan, 1])
    >>> find_steps(np.zeros(6), face).tolist()
    [False, True, False, True, False, False]
    """
    steps = np.zeros(len(clip), dtype=bool)
    # NaN equals nothing, so that no step leads to or from a moment without valid frames.
    steps[1:] = (face[1:] == face[:-1]) & (clip[1:] == clip[:-1])
    return steps


def measure_displacement(positions: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Return the distance that each point travelled since the moment before.

    Parameters
    ----------
    positions
        Coordinates (N, points, dimensions).
    steps
        Where there is a moment before (N,); see `find_steps`.

    Returns
    -------
    numpy.ndarray
        ‖p_t − p_{t−1}‖ (N, points) in the unit of the coordinates; NaN where there is no step.
    """
    return _measure_change(positions, steps, lambda change: np.linalg.norm(change, axis=2))


def measure_turn(angle: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Return how far an angle turned since the moment before, the shorter way round.

    Parameters
    ----------
    angle
        Radians (N,).
    steps
        Where there is a moment before (N,).

    Returns
    -------
    numpy.ndarray
        |Δ angle| wrapped to [0, π] (N, 1); NaN where there is no step.

    Examples
    --------
    >>> measure_turn(np.array([3.1, -3.1]), np.array([False, True]))[1].round(4).tolist()
    [0.0832]
    """
    return _measure_change(
        angle[:, None], steps, lambda turn: np.abs((turn + np.pi) % (2 * np.pi) - np.pi)
    )


def measure_velocity(displacement: np.ndarray, hz: float) -> np.ndarray:
    """Return the change of displacement a second.

    Three valid moments in a row are needed, since each displacement needs two.

    Parameters
    ----------
    displacement
        Distances (N, points), NaN where there was no step.
    hz
        Moments a second.

    Returns
    -------
    numpy.ndarray
        (d_t − d_{t−1})·hz (N, points), signed; NaN where it is not defined.
    """
    velocity = np.full_like(displacement, np.nan)
    velocity[1:] = (displacement[1:] - displacement[:-1]) * hz
    return velocity


def count_units(seen: np.ndarray) -> np.ndarray:
    """Return how many action units are active in each frame: (N, units) to (N,)."""
    return seen.sum(axis=1)


def average_active(rated: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Return the mean intensity of each frame's active units, 0 where none is active.

    Parameters
    ----------
    rated
        Intensities (N, units), 0 to 5.
    seen
        Whether each of the same units is active, 0 or 1 (N, units).

    Examples
    --------
    >>> average_active(np.array([[1.0, 3.0], [2.0, 2.0]]), np.array([[1, 1], [0, 0]])).tolist()
    [2.0, 0.0]
    """
    return (rated * seen).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)


def _measure_change(
    values: np.ndarray, steps: np.ndarray, measure: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    change = np.full(values.shape[:2], np.nan)
    rows = np.flatnonzero(steps)
    change[rows] = measure(values[rows] - values[rows - 1])
    return change
