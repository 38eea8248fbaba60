"""Features' columns from any tracker's frames, by their units."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from exprstats.behaviour.openface.layout import GROUPS, POINTS
from exprstats.behaviour.trackers.faces import Frames
from exprstats.behaviour.trackers.tables import KEYS
from exprstats.behaviour.trackers.units import (
    AFFDEX_UNITS,
    DEGREES,
    EVEN_ODDS,
    INTENSITY,
    PIXELS,
    PRESENCE,
    RADIANS,
    TRACKER_NAMES,
)
from exprstats.errors import warn_user

# Tracker to OpenFace's angle and what the tracker calls it. Eyes of ARKit turn within the head,
# which is no gaze through the room.
_ANGLES: dict[str, dict[str, str]] = {
    "py-feat": {
        **{"pose_Rx": "Pitch", "pose_Ry": "Yaw", "pose_Rz": "Roll"},
        **{"gaze_angle_x": "gaze_yaw", "gaze_angle_y": "gaze_pitch"},
    },
    "libreface": {
        **{"pose_Rx": "pitch", "pose_Ry": "yaw", "pose_Rz": "roll"},
        **{"gaze_angle_x": "gaze_yaw", "gaze_angle_y": "gaze_pitch"},
    },
    "arkit": {"pose_Rx": "HeadPitch", "pose_Ry": "HeadYaw", "pose_Rz": "HeadRoll"},
    "facet": {"pose_Rx": "Pitch Degrees", "pose_Ry": "Yaw Degrees", "pose_Rz": "Roll Degrees"},
    "affdex": {"pose_Rx": "Pitch", "pose_Ry": "Yaw", "pose_Rz": "Roll"},
}
_TURNS = {RADIANS: 1.0, DEGREES: np.pi / 180}
# Tracker to the names of columns that say which units are active, the unit's number in a group.
_UNITS = {
    "py-feat": re.compile(r"AU(\d+)"),
    "libreface": re.compile(r"au_(\d+)"),
    "facet": re.compile(r"AU(\d+) Evidence"),
    "affdex": re.compile("|".join(map(re.escape, AFFDEX_UNITS))),
}


def align_frames(frames: Frames) -> pd.DataFrame:
    """Return the FRAMES table that features are computed from, with OpenFace's names and units.

    Landmarks are taken where a tracker marks OpenFace's 68 points in pixels, angles of head and
    gaze where their unit is known (as radians). Of action units, ``au_count`` counts those that are
    active at even odds or better: a presence of 1, a probability of .5, log10 odds of 0, a
    likelihood of 50 of 100; ``au_intensity`` is the mean intensity of the active ones, where both
    are rated. They rest on other units than OpenFace's, which a warning says. Nothing else is
    taken: a blendshape is no unit, and a unit without a scale has no threshold. Frames of OpenFace
    stay as they are; the confidence of tracked frames is 1 where the tracker writes none.

    Examples
    --------
    >>> keys = {"video": "a", "face": 0, "frame": [1], "timestamp": [0.0], "success": [1.0]}
    >>> table = pd.DataFrame({**keys, "confidence": [np.nan], "HeadYaw": [0.1]})
    >>> units = pd.DataFrame({"column": ["HeadYaw"], "unit": ["rad"]})
    >>> import warnings
    >>> with warnings.catch_warnings(action="ignore"):
    ...     aligned = align_frames(Frames(table, units, "arkit"))
    >>> aligned[["confidence", "pose_Ry"]].to_numpy().tolist()
    [[1.0, 0.1]]
    """
    if frames.tracker == "openface":
        return frames.table
    units = dict(zip(frames.units["column"], frames.units["unit"], strict=True))
    keys = frames.table[list(KEYS)]
    name = TRACKER_NAMES[frames.tracker]
    if keys["confidence"].isna().all():
        keys = keys.assign(confidence=keys["success"].where(keys["success"] == 1))
        warn_user(f"{name} writes no confidence: every tracked frame counts as valid.")
    _tell_angles(frames, units)
    pieces = [keys, _take_angles(frames, units)]
    points = list(GROUPS["points_px"])
    # The 478 points of a mesh carry the same names, and are others.
    if units.get("x_0") == PIXELS and f"x_{POINTS}" not in units and set(points) <= set(units):
        pieces.append(frames.table[points])
    pieces.append(_rate_units(frames, units))
    return pd.concat(pieces, axis=1)


def _tell_angles(frames: Frames, units: dict[str, str]) -> None:
    """Warn of angles that are there and whose unit is not known."""
    named = [own for own in _ANGLES.get(frames.tracker, {}).values() if own in units]
    unknown = [own for own in named if units[own] not in _TURNS]
    if unknown:
        name = TRACKER_NAMES[frames.tracker]
        warn_user(
            f"{name} does not say whether {', '.join(unknown)} are degrees or radians, and its "
            "versions differ: they give no feature."
        )


def _take_angles(frames: Frames, units: dict[str, str]) -> pd.DataFrame:
    """Return angles as radians; columns of zeros alone were never measured."""
    taken = {
        angle: frames.table[own].to_numpy(float) * _TURNS[units[own]]
        for angle, own in _ANGLES.get(frames.tracker, {}).items()
        if units.get(own) in _TURNS and frames.table[own].fillna(0).ne(0).any()
    }
    return pd.DataFrame(taken, index=frames.table.index)


def _rate_units(frames: Frames, units: dict[str, str]) -> pd.DataFrame:
    """Return how many units are active in each frame and, where it is rated, how strongly."""
    pattern = _UNITS.get(frames.tracker)
    rated = [
        column
        for column, unit in units.items()
        if pattern is not None and pattern.fullmatch(column) and unit in EVEN_ODDS
    ]
    if not rated:
        return pd.DataFrame(index=frames.table.index)
    values = frames.table[rated].to_numpy(float)
    scale = units[rated[0]]
    active = np.where(np.isnan(values), np.nan, values >= EVEN_ODDS[scale])
    found = pd.DataFrame({"au_count": active.sum(axis=1)}, index=frames.table.index)
    name, threshold = TRACKER_NAMES[frames.tracker], EVEN_ODDS[scale]
    level = "" if scale == PRESENCE else f" of at least {threshold:g}"
    told = [f"au_count counts {name}'s {len(rated)} units by {scale}{level}"]
    both = [one for one in rated if units.get(f"{one}_intensity") == INTENSITY]
    if both:
        strength = frames.table[[f"{one}_intensity" for one in both]].to_numpy(float)
        seen = active[:, [rated.index(one) for one in both]]
        total = (strength * seen).sum(axis=1)
        found["au_intensity"] = total / np.maximum(seen.sum(axis=1), 1)
        told.append(f"au_intensity is the {INTENSITY} of {len(both)} of them")
    warn_user(f"{' and '.join(told)}; OpenFace rates 18 units of its own: do not mix their values.")
    return found
