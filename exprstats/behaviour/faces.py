"""Which face of a video to follow, and in what order its frames come."""

from __future__ import annotations

from typing import Literal

import numpy as np

from exprstats.behaviour.layouts import GROUPS
from exprstats.behaviour.recordings import Recording
from exprstats.errors import DataError, Problem

Face = int | Literal["largest"] | None


def follow_face(recording: Recording, face: Face = None) -> Recording:
    """Return the frames of one face, one row a frame, in the order of time.

    Parameters
    ----------
    recording
        All rows of a video.
    face
        An OpenFace face id; ``"largest"`` follows, frame by frame, the tracked face that fills
        most of the picture (its landmarks' box; without landmarks, the one that is nearest);
        None accepts any id, as long as no frame shows two faces.

    Raises
    ------
    DataError
        If a frame shows two faces and none is chosen, or the chosen one never occurs.
    """
    if face == "largest":
        chosen = _keep_largest(recording)
    elif face is None:
        chosen = np.arange(len(recording.frame))
    else:
        chosen = np.flatnonzero(recording.face == face)
        _require_face(recording, face, chosen)
    followed = recording.take(chosen)
    _refuse_repeats(followed, face)
    return followed.take(np.argsort(followed.time, kind="stable"))


def count_shared(recording: Recording) -> int:
    """Return how many frames show more than one face."""
    _, counts = np.unique(recording.frame, return_counts=True)
    return int((counts > 1).sum())


def _require_face(recording: Recording, face: int, chosen: np.ndarray) -> None:
    if not len(chosen):
        seen = np.unique(recording.face)
        shown = "its only face is" if len(seen) == 1 else "its faces are"
        fact = f"video '{recording.video}' has no face {face}; {shown} {', '.join(map(str, seen))}."
        raise DataError(Problem(fact, "Choose a face that it has, or the largest."))


def _refuse_repeats(followed: Recording, face: Face) -> None:
    frames, counts = np.unique(followed.frame, return_counts=True)
    if (counts == 1).all():
        return
    twice = frames[counts > 1]
    alone = len(twice) == 1
    named = f"frame {twice[0]} of video '{followed.video}'"
    if not alone:
        named = f"{len(twice):,} frames of video '{followed.video}' (such as frame {twice[0]})"
    if face is None and len(np.unique(followed.face)) > 1:
        seen = ", ".join(str(one) for one in np.unique(followed.face))
        fact = f"{named} show{'s' * alone} more than one face."
        raise DataError(Problem(fact, f"Choose the face to follow: {seen}, or the largest."))
    fact = f"{named} stand{'s' * alone} twice."
    raise DataError(Problem(fact, "Run OpenFace on this video again."))


def _keep_largest(recording: Recording) -> np.ndarray:
    """Return one row for each frame; only frames that show several faces are measured."""
    _, codes, counts = np.unique(recording.frame, return_inverse=True, return_counts=True)
    shared = counts[codes] > 1
    size = np.zeros(len(codes))
    rows = np.flatnonzero(shared)
    if len(rows):
        size[rows] = np.where(recording.success[rows] == 1, _measure_faces(recording, rows), -1.0)
    order = np.lexsort((-size, codes))
    first = np.r_[True, codes[order][1:] != codes[order][:-1]]
    return np.sort(order[first])


def _measure_faces(recording: Recording, rows: np.ndarray) -> np.ndarray:
    """Return sizes (len(rows),): the area of the landmarks' box, px², or 1 / distance, 1/mm."""
    present = set(recording.columns)
    if present.issuperset(GROUPS["points_px"]):
        x, y = np.split(recording.get(rows, GROUPS["points_px"]), 2, axis=1)
        return np.ptp(x, axis=1) * np.ptp(y, axis=1)
    if "pose_Tz" in present:
        distance = recording.get(rows, ("pose_Tz",))[:, 0]
        return 1 / np.maximum(distance, 1.0)
    fact = f"video '{recording.video}' has neither landmarks nor head positions to size faces by."
    raise DataError(Problem(fact, "Choose a face by its id."))
