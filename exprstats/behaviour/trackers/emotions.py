"""Emotions as action units, under the names that each tracker gives these."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from exprstats.behaviour.trackers.units import AFFDEX_UNITS, TRACKER_NAMES
from exprstats.errors import Option, OptionError
from exprstats.options import name_nearest

Units = Mapping[str, tuple[str, ...]]
# Action units of each emotion, as Ouyang, Koesmahargyo, Galatzer-Levy, and Zhang map them (Fig. 1).
EMOTIONS: dict[str, tuple[int, ...]] = {
    "happiness": (6, 12),
    "sadness": (1, 4, 15),
    "surprise": (1, 2, 5, 26),
    "fear": (1, 2, 4, 5, 7, 20, 26),
    "anger": (4, 5, 6, 23),
    "disgust": (9, 15, 16),
}
_RATED = {
    "openface": (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 45),
    "py-feat": (1, 2, 4, 5, 6, 7, 9, 10, 11, 12, 14, 15, 17, 20, 23, 24, 25, 26, 28, 43),
    "libreface": (1, 2, 4, 5, 6, 9, 12, 15, 17, 20, 25, 26),
}
_NAMED = {"openface": "AU{:02d}_r", "py-feat": "AU{:02d}", "libreface": "au_{}_intensity"}
# Blendshapes are no action units; these move the same part of the face in the same way. None is a
# tightened lip (AU 23).
_SHAPES: dict[int, tuple[str, ...]] = {
    1: ("BrowInnerUp",),
    2: ("BrowOuterUpLeft", "BrowOuterUpRight"),
    4: ("BrowDownLeft", "BrowDownRight"),
    5: ("EyeWideLeft", "EyeWideRight"),
    6: ("CheekSquintLeft", "CheekSquintRight"),
    7: ("EyeSquintLeft", "EyeSquintRight"),
    9: ("NoseSneerLeft", "NoseSneerRight"),
    12: ("MouthSmileLeft", "MouthSmileRight"),
    15: ("MouthFrownLeft", "MouthFrownRight"),
    16: ("MouthLowerDownLeft", "MouthLowerDownRight"),
    20: ("MouthStretchLeft", "MouthStretchRight"),
    26: ("JawOpen",),
}
# Tracker to unit and its columns, a unit's sides apart.
UNIT_COLUMNS: dict[str, dict[int, tuple[str, ...]]] = {
    **{
        tracker: {unit: (_NAMED[tracker].format(unit),) for unit in units}
        for tracker, units in _RATED.items()
    },
    "arkit": _SHAPES,
    "affdex": {int(unit[2:]): (name,) for name, unit in AFFDEX_UNITS.items()},
}


def name_units(
    tracker: str, emotion: str, held: Collection[str] | None = None
) -> tuple[Units, tuple[str, ...]]:
    """Return an emotion's units with a tracker's columns, and the units that it does not rate.

    Parameters
    ----------
    tracker
        One that rates units from 0 upwards.
    emotion
        One of `EMOTIONS`.
    held
        The columns that are there, since versions of a tracker rate other units; None: all.

    Raises
    ------
    OptionError
        The emotion is not known, or the tracker rates none of its units from 0 upwards.

    Examples
    --------
    >>> name_units("openface", "disgust")
    ({'AU09': ('AU09_r',), 'AU15': ('AU15_r',)}, ('AU16',))
    """
    if emotion not in EMOTIONS:
        raise OptionError(Option("emotion", emotion), f": {name_nearest(emotion, list(EMOTIONS))}")
    known = {
        unit: columns
        for unit, columns in UNIT_COLUMNS.get(tracker, {}).items()
        if held is None or set(columns) <= set(held)
    }
    units = {f"AU{unit:02d}": known[unit] for unit in EMOTIONS[emotion] if unit in known}
    if not units:
        message = f"the units of {TRACKER_NAMES[tracker]} for {emotion} are not known. "
        raise OptionError(message, "Name columns with ", Option("units"), ".")
    return units, tuple(f"AU{unit:02d}" for unit in EMOTIONS[emotion] if unit not in known)
