"""Face trackers, the units of their columns, and emotions as their action units."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from exprstats.errors import Option, OptionError
from exprstats.io.files.words import SHAPE
from exprstats.options import name_nearest

TRACKER_NAMES: dict[str, str] = {
    "openface": "OpenFace",
    "openface3": "OpenFace 3",
    "py-feat": "py-feat",
    "libreface": "LibreFace",
    "arkit": "ARKit",
    "mediapipe": "MediaPipe",
    "facet": "FACET",
    "affdex": "AFFDEX",
}

PIXELS, MILLIMETRES, RADIANS, DEGREES, SECONDS = "px", "mm", "rad", "deg", "s"
INTENSITY = "intensity (0 to 5)"
PRESENCE = "presence (0 or 1)"
PROBABILITY = "probability (0 to 1)"
EVIDENCE = "evidence (log10 odds)"
LIKELIHOOD = "likelihood (0 to 100)"
COEFFICIENT = "coefficient (0 to 1)"
BALANCE = "balance (-1 to 1)"
CATEGORY = "category"
UNSTATED = "not stated"
# From this value on a rating of a unit says that the unit is active: even odds.
EVEN_ODDS = {PRESENCE: 0.5, PROBABILITY: 0.5, EVIDENCE: 0.0, LIKELIHOOD: 50.0}

# What AFFDEX calls the action units that it rates.
AFFDEX_UNITS: dict[str, str] = {
    "InnerBrowRaise": "AU01",
    "Brow Raise": "AU02",
    "Brow Furrow": "AU04",
    "Eye Widen": "AU05",
    "Cheek Raise": "AU06",
    "Lid Tighten": "AU07",
    "NoseWrinkle": "AU09",
    "UpperLipRaise": "AU10",
    "Smile": "AU12",
    "Dimpler": "AU14",
    "Lip Corner Depressor": "AU15",
    "ChinRaise": "AU17",
    "LipPucker": "AU18",
    "Lip Stretch": "AU20",
    "LipPress": "AU24",
    "MouthOpen": "AU25",
    "Jaw Drop": "AU26",
    "LipSuck": "AU28",
    "EyeClosure": "AU43",
}
AFFDEX_COLUMNS = (
    *AFFDEX_UNITS,
    *("Engagement", "Valence", "Attention", "Interocular Distance", "Pitch", "Yaw", "Roll"),
    *("Smirk", "Anger", "Sadness", "Disgust", "Joy", "Surprise", "Fear", "Contempt"),
)
_EMOTIONS = "anger|disgust|fear|happiness|sadness|surprise|neutral|happy|sad"

# Tracker to (pattern of a column's whole name, its unit), the first that fits counts.
_RULES: dict[str, tuple[tuple[str, str], ...]] = {
    "openface": (
        (r"(eye_lmk_)?[xy]_\d+", PIXELS),
        (r"(eye_lmk_)?[XYZ]_\d+|pose_T[xyz]", MILLIMETRES),
        (r"pose_R[xyz]|gaze_angle_[xy]", RADIANS),
        (r"gaze_[01]_[xyz]", "unit vector"),
        (r"AU\d+_r", INTENSITY),
        (r"AU\d+_c", PRESENCE),
    ),
    "openface3": ((r"landmark_\d+_[xy]|face_\d+", PIXELS), (r"emotion", CATEGORY)),
    "py-feat": (
        (r"[xy]_\d+|FaceRect\w+", PIXELS),
        (r"AU\d+|FaceScore", PROBABILITY),
        (rf"(?i:{_EMOTIONS})", PROBABILITY),
        (SHAPE, COEFFICIENT),
        (r"gaze_(pitch|yaw|angle)", RADIANS),
        (r"valence|arousal", BALANCE),
    ),
    "libreface": (
        (r"au_\d+_intensity", INTENSITY),
        (r"au_\d+", PRESENCE),
        (r"gaze_(yaw|pitch)|pitch|yaw|roll", DEGREES),
        (r"facial_expression", CATEGORY),
        (r"frame_time_in_ms", "ms"),
    ),
    "arkit": (
        (r"(Head|LeftEye|RightEye)(Yaw|Pitch|Roll)", RADIANS),
        (r"(Brow|Cheek|Eye|Jaw|Mouth|Nose|Tongue)[A-Z]\w+", COEFFICIENT),
    ),
    "mediapipe": ((SHAPE, COEFFICIENT),),
    "facet": ((r".+ Evidence", EVIDENCE), (r".+ Degrees", DEGREES), (r"FaceRect .+", PIXELS)),
    "affdex": (
        (r"Valence", "balance (-100 to 100)"),
        (r"Pitch|Yaw|Roll", DEGREES),
        (r"Interocular Distance", PIXELS),
        ("|".join(map(re.escape, AFFDEX_COLUMNS)), LIKELIHOOD),
    ),
}
# Angles that versions of a tracker write in different units; their size decides.
_EULER = {"py-feat": ("Pitch", "Roll", "Yaw"), "libreface": ("pitch", "yaw", "roll")}


def map_columns(tracker: str, table: pd.DataFrame) -> pd.DataFrame:
    """Return the ``column`` and ``unit`` of each column of a tracker's table under its own names.

    ``"not stated"`` where the tracker's documentation is silent, or its versions differ and the
    values do not decide.

    Examples
    --------
    >>> map_columns("facet", pd.DataFrame({"AU4 Evidence": [-1.2]})).to_numpy().tolist()
    [['AU4 Evidence', 'evidence (log10 odds)']]
    """
    rules = [(re.compile(pattern), unit) for pattern, unit in _RULES[tracker]]
    named = {
        str(name): next((unit for rule, unit in rules if rule.fullmatch(str(name))), UNSTATED)
        for name in table.columns
    }
    angles = [name for name in _EULER.get(tracker, ()) if name in named]
    if angles:
        unit = _find_angle_unit(tracker, table[angles].to_numpy(float), named)
        named |= dict.fromkeys(angles, unit)
    return pd.DataFrame({"column": list(named), "unit": list(named.values())})


def _find_angle_unit(tracker: str, angles: np.ndarray, named: dict[str, str]) -> str:
    """Return the unit of a head's angles: beyond π they cannot be radians.

    LibreFace writes degrees. py-feat 1 wrote degrees, then radians; version 2, known by its
    capital emotions or its gaze, writes radians.
    """
    if np.nanmax(np.abs(angles), initial=0.0) > np.pi:
        return DEGREES
    if tracker == "libreface":
        return DEGREES
    return RADIANS if {"Happy", "gaze_yaw", "valence"} & set(named) else UNSTATED


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
_ARKIT: dict[int, tuple[str, ...]] = {
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
    "arkit": _ARKIT,
    "affdex": {int(unit[2:]): (name,) for name, unit in AFFDEX_UNITS.items()},
}


def name_units(
    tracker: str, emotion: str, held: Collection[str] | None = None
) -> tuple[Units, tuple[str, ...]]:
    """Return an emotion's units with a tracker's columns, and the units that it does not rate.

    ``held`` are the columns that are there, since versions of a tracker rate other units; None:
    all. A tracker that rates none of the emotion's units from 0 upwards is an OptionError.

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
