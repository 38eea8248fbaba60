"""Displacement, velocity and action-unit measures between moments of a grid, on arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from exprstats.behaviour.grid import Grid, Picked, pick_frames
from exprstats.behaviour.openface.layout import GROUPS, POINTS, RATED, SEEN, list_groups
from exprstats.behaviour.openface.recordings import Recording
from exprstats.behaviour.settings import Settings

MOVING = ("points", "gaze", "head", "pitch", "yaw", "roll")
FEATURES = (
    *(f"{name}_{change}" for name in MOVING for change in ("displacement", "velocity")),
    *("au_count", "au_intensity"),
)
_ANGLES = {"pitch", "yaw", "roll"}


def find_steps(clip: np.ndarray, face: np.ndarray) -> np.ndarray:
    """Return which moments (N,) follow one of the same clip that shows the same face.

    A face of NaN: the moment has no valid frame.

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
    """Return ‖p_t − p_{t−1}‖ (N, points) of positions (N, points, dimensions), in their unit.

    NaN where there is no step to the moment (N,); see `find_steps`.
    """
    return _measure_change(positions, steps, lambda change: np.linalg.norm(change, axis=2))


def measure_turn(angle: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Return |Δ angle| (N, 1) since the moment before, the shorter way round, in [0, π].

    NaN where there is no step to the moment (N,).

    Examples
    --------
    >>> measure_turn(np.array([3.1, -3.1]), np.array([False, True]))[1].round(4).tolist()
    [0.0832]
    """
    return _measure_change(
        angle[:, None], steps, lambda turn: np.abs((turn + np.pi) % (2 * np.pi) - np.pi)
    )


def measure_velocity(displacement: np.ndarray, hz: float) -> np.ndarray:
    """Return the signed change of displacement a second, (d_t − d_{t−1})·hz (N, points).

    Three valid moments in a row are needed, since each displacement needs two; NaN elsewhere.
    """
    velocity = np.full_like(displacement, np.nan)
    velocity[1:] = (displacement[1:] - displacement[:-1]) * hz
    return velocity


def count_units(seen: np.ndarray) -> np.ndarray:
    """Return how many action units are active in each frame: (N, units) to (N,)."""
    return seen.sum(axis=1)


def average_active(rated: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Return the mean intensity of each frame's active units, 0 where none is active.

    ``rated`` from 0 to 5, and ``seen`` 0 or 1 (N, units).

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


@dataclass(frozen=True, slots=True)
class Traces:
    """Series on the grids of a video's clips.

    Attributes
    ----------
    grid
        The moments (N,).
    frame
        Place of the nearest (or a step's first) frame in the recording (N,); −1 where there is
        none.
    valid
        Whether the moment counts (N,): that frame is valid, or half of the step's frames are
        and these show one face.
    series
        Feature to its value at each moment (N,), over points their mean; NaN where undefined.
    """

    grid: Grid
    frame: np.ndarray
    valid: np.ndarray
    series: dict[str, np.ndarray]


def trace_signals(recording: Recording, grid: Grid, settings: Settings) -> Traces:
    """Return every series that the columns of one face's frames, in the order of time, allow."""
    picked = pick_frames(recording, grid, settings)
    groups = [name for name in list_groups(recording.columns) if name != _other(settings)]
    values = _gather(recording, picked, groups)
    # The valid frames of a moment show one face, which is then their mean.
    face = picked.average(recording.face[picked.places][:, None])[:, 0]
    steps = find_steps(grid.clip, face)
    series: dict[str, np.ndarray] = {}
    for name in MOVING:
        found = values.get(f"points_{settings.unit}" if name == "points" else name)
        if found is not None:
            average = picked.average_angle if name in _ANGLES else picked.average
            series |= _describe_motion(name, average(found), steps, settings)
    units = {name: values[name][:, 0] for name in ("au_count", "au_intensity") if name in values}
    if "units_seen" in values:
        seen = values["units_seen"]
        units = {"au_count": count_units(seen)}
        if "units_rated" in values:
            rated = [SEEN.index(unit.replace("_r", "_c")) for unit in RATED]
            units["au_intensity"] = average_active(values["units_rated"], seen[:, rated])
    series |= {name: picked.average(one[:, None])[:, 0] for name, one in units.items()}
    return Traces(grid, picked.frame, picked.valid, series)


def list_absent(columns: tuple[str, ...], settings: Settings) -> list[str]:
    """Return the features that a file's columns do not allow."""
    groups = set(list_groups(columns))
    points = f"points_{settings.unit}"
    needed = {name: {points if name == "points" else name} for name in MOVING}
    absent = [
        feature
        for name, group in needed.items()
        for feature in (f"{name}_displacement", f"{name}_velocity")
        if not group <= groups
    ]
    absent += ["au_count"] * groups.isdisjoint({"units_seen", "au_count"})
    rated = "au_intensity" in groups or {"units_seen", "units_rated"} <= groups
    return absent + ["au_intensity"] * (not rated)


def _other(settings: Settings) -> str:
    return "points_mm" if settings.unit == "px" else "points_px"


def _gather(recording: Recording, picked: Picked, groups: list[str]) -> dict[str, np.ndarray]:
    """Return each group's columns in each picked frame (F, columns), each frame read once."""
    names = tuple(name for group in groups for name in GROUPS[group])
    used, places = np.unique(picked.places, return_inverse=True)
    values = recording.get(used, names)[places] if names else np.empty((len(places), 0))
    ends = np.cumsum([len(GROUPS[group]) for group in groups])
    return dict(zip(groups, np.split(values, ends[:-1], axis=1), strict=True)) if groups else {}


def _describe_motion(
    name: str, values: np.ndarray, steps: np.ndarray, settings: Settings
) -> dict[str, np.ndarray]:
    if name in _ANGLES:
        displacement = measure_turn(values[:, 0], steps)
    else:
        points = POINTS if name == "points" else 1
        # Columns come axis by axis: all x, then all y.
        positions = values.reshape(len(values), values.shape[1] // points, points).swapaxes(1, 2)
        displacement = measure_displacement(positions, steps)
    velocity = measure_velocity(displacement, settings.hz)
    if not settings.signed:
        velocity = np.abs(velocity)
    return {
        f"{name}_displacement": displacement.mean(axis=1),
        f"{name}_velocity": velocity.mean(axis=1),
    }
