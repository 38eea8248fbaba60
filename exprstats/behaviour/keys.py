"""What frame numbers, faces, times, confidences and success may be."""

from __future__ import annotations

import numpy as np

from exprstats.errors import Problem

# Whole numbers beyond this are not exact as doubles, and no video is that long.
_LONGEST = 2**53
_REMEDY = "Run OpenFace on this video again; the file may be damaged."


def find_bad_keys(keys: np.ndarray, numbers: np.ndarray) -> list[Problem]:
    """Return a problem for each key that holds what it cannot.

    Parameters
    ----------
    keys
        ``frame``, ``face_id``, ``timestamp``, ``confidence``, ``success`` (n, 5). A missing
        confidence or success is no problem: such frames are not valid.
    numbers
        The rows' numbers (n,), which the problems name.
    """
    frame, face, time, confidence, success = keys.T
    known = ~np.isnan(confidence)
    checks = (
        ("frame", frame, ~_is_whole(frame), "no whole number"),
        ("face_id", face, ~_is_whole(face), "no whole number"),
        ("timestamp", time, ~np.isfinite(time), "no number of seconds"),
        ("confidence", confidence, known & ~((confidence >= 0) & (confidence <= 1)), "not 0 to 1"),
        ("success", success, ~np.isin(success, (0, 1)) & ~np.isnan(success), "neither 0 nor 1"),
    )
    return [
        _describe(name, values[wrong], numbers[wrong], what)
        for name, values, wrong, what in checks
        if wrong.any()
    ]


def _is_whole(values: np.ndarray) -> np.ndarray:
    return (np.abs(values) < _LONGEST) & (np.rint(values) == values)


def _describe(name: str, values: np.ndarray, numbers: np.ndarray, what: str) -> Problem:
    noun = "row holds" if len(values) == 1 else "rows hold"
    fact = f"{len(values):,} {noun} a {name} that is {what}: {values[0]:g}."
    return Problem(fact, _REMEDY, column=name, rows=tuple(int(number) for number in numbers))
