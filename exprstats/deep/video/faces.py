"""Face boxes: one wide square a clip, from landmarks or from detected faces."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from exprstats.behaviour.openface.layout import GROUPS, POINTS
from exprstats.deep.video.detectors import Detector
from exprstats.deep.video.reading import Box, index_video, walk_frames
from exprstats.errors import DataError, Option, OptionError, Problem
from exprstats.io.sources import FilePath
from exprstats.options import is_positive
from exprstats.parallel import report_progress

# A face fills its square up to this share, so that hair, chin and turns stay inside.
MARGIN = 1.4
_SEEDS = 500  # detections from which the place of a face is looked for


@dataclass(frozen=True, slots=True)
class FaceBox:
    """The square that holds a face in all frames of a clip.

    Attributes
    ----------
    x, y, side
        Left, top and side in pixels; the square may reach beyond the picture.
    n_frames, n_found
        Frames that were looked at, and those that show the face.
    n_several
        Frames that show other faces, too.
    """

    x: int
    y: int
    side: int
    n_frames: int
    n_found: int
    n_several: int = 0

    @property
    def box(self) -> Box:
        """The square as `exprstats.deep.video.reading.read_clip` takes it."""
        return self.x, self.y, self.side


def box_landmarks(
    frames: pd.DataFrame, *, confidence: float = 0.8, margin: float = MARGIN
) -> FaceBox:
    """Return the square around all valid landmarks of a clip.

    ``frames`` are FRAMES of one video with OpenFace's 68 points in pixels. Where frames show
    several faces, the one at the place that most frames show is taken, as in `box_clip`. Where a
    tracker writes no confidence, tracked frames are valid. ``margin`` is the side of the square by
    the longer side of the landmarks' box.

    Examples
    --------
    >>> points = {f"x_{i}": [100.0 + i] for i in range(68)} | {f"y_{i}": [50.0] for i in range(68)}
    >>> frames = pd.DataFrame({"success": [1], "confidence": [0.9], **points})
    >>> box_landmarks(frames, margin=1).box
    (100, 16, 67)
    """
    names = list(GROUPS["points_px"])
    absent = [name for name in names if name not in frames]
    if absent or f"x_{POINTS}" in frames:
        fact = "the frames have no 68 landmarks in pixels."
        raise DataError(Problem(fact, "Run OpenFace with -2Dfp, or name a detector."))
    sure = frames["confidence"].ge(confidence) | frames["confidence"].isna()
    held = frames[((frames["success"] == 1) & sure).to_numpy()]
    held = held[np.isfinite(held[names].to_numpy(float)).all(axis=1)]
    count = frames["frame"].nunique() if "frame" in frames else len(frames)
    if not len(held):
        fact = f"none of {count:,} frames shows a face with a confidence of {confidence:g}."
        raise DataError(Problem(fact, ("Lower it with ", Option("confidence"), ".")))
    x, y = np.split(held[names].to_numpy(float), 2, axis=1)
    corners = np.column_stack([x.min(axis=1), y.min(axis=1), x.max(axis=1), y.max(axis=1)])
    if "frame" not in held or not held["frame"].duplicated().any():
        return _square(corners, margin, count)
    boxes = np.column_stack([corners[:, :2], corners[:, 2:] - corners[:, :2]])
    scores = held["confidence"].fillna(1.0).to_numpy(float)
    kept = follow_place(held["frame"].to_numpy(), boxes, scores)
    several = int(held["frame"].value_counts().gt(1).sum())
    return replace(_square(corners[kept], margin, count), n_several=several)


def box_clip(
    path: FilePath, detector: Detector, *, step: int = 1, margin: float = MARGIN
) -> FaceBox:
    """Return the square around the face that a detector finds in every ``step``-th frame of a clip.

    A face lies within one median side of the same place in all frames. The one that most frames
    show is taken, of two the surer one; all others are other people or errors, and are counted.
    """
    if step < 1:
        message = f"step is {step}; it must be a whole number of at least 1."
        raise OptionError(message, option="step")
    index = index_video(path)
    looked = np.arange(0, len(index.time), step)
    found = []
    for place, frame in walk_frames(index.path, looked):
        faces = detector(frame)
        found.append(np.column_stack([np.full(len(faces), place), faces]))
        report_progress(f"Finding faces in {index.path.name}", place + 1, len(looked))
    faces = np.concatenate(found) if found else np.empty((0, 6))
    if not len(faces):
        fact = f"no face was found in {len(looked):,} frames."
        raise DataError(Problem(fact, "Name landmarks, or another detector.", file=str(path)))
    kept = follow_place(faces[:, 0], faces[:, 1:5], faces[:, 5])
    boxes = faces[kept, 1:5]
    corners = np.column_stack([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]])
    several = int((np.unique(faces[:, 0], return_counts=True)[1] > 1).sum())
    return replace(_square(corners, margin, len(looked)), n_several=several)


def follow_place(frame: np.ndarray, boxes: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return which detections (k,) are of the face that most frames show, one a frame.

    ``frame`` is that of each detection (n,); boxes are left, top, width, height (n, 4).

    Examples
    --------
    >>> boxes = np.array([[0, 0, 9, 9], [50, 0, 9, 9], [1, 0, 9, 9], [51, 0, 9, 9], [50, 1, 9, 9]])
    >>> follow_place(np.array([0, 0, 1, 1, 2]), boxes, np.array([0.9, 0.8, 0.9, 0.8, 0.8])).tolist()
    [1, 3, 4]
    """
    centre = boxes[:, :2] + boxes[:, 2:] / 2
    side = np.median(boxes[:, 2:].max(axis=1))
    seeds = np.unique(np.linspace(0, len(boxes) - 1, min(len(boxes), _SEEDS)).astype(int))
    best, place = (-1, 0.0), centre[0]
    for seed in seeds:
        # Once around the median, so that the place does not hang on one detection.
        near = np.abs(centre - centre[seed]).max(axis=1) <= side
        middle = np.median(centre[near], axis=0)
        near = np.abs(centre - middle).max(axis=1) <= side
        rank = (len(np.unique(frame[near])), float(scores[near].sum()))
        best, place = max((best, place), (rank, middle), key=lambda one: one[0])
    away = np.abs(centre - place).max(axis=1)
    order = np.lexsort((away, frame))
    first = order[np.r_[True, np.diff(frame[order]) != 0]]
    return np.sort(first[away[first] <= side])


def _square(corners: np.ndarray, margin: float, n_frames: int) -> FaceBox:
    """Return the square around corners (n, 4), left, top, right, bottom of each frame's face."""
    if not is_positive(margin) or margin < 1:
        message = f"margin is {margin}; it must be at least 1."
        raise OptionError(message, option="margin")
    low, high = corners[:, :2].min(axis=0), corners[:, 2:].max(axis=0)
    side = int(np.ceil((high - low).max() * margin))
    left, top = np.floor((low + high) / 2 - side / 2).astype(int).tolist()
    return FaceBox(left, top, max(side, 1), n_frames, len(corners))
