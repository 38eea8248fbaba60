"""Video frames as arrays, placed by their time stamps."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from exprstats.behaviour.openface.recordings import COMMON_RATES
from exprstats.deep.recipes import INSTALL
from exprstats.deep.weights import NO_FILE
from exprstats.errors import DataError, MissingDependency, Option, OptionError, Problem, warn_user
from exprstats.io.sources import FilePath

if TYPE_CHECKING:
    from types import ModuleType

# Below this share of both announced frames and announced time a file is cut off; a few frames
# are lost at the ends of whole files, too.
_WHOLE = 0.9
_NEAR, _LARGEST = 1e-3, 2 << 30
# Frames whose phases have a longer mean vector come evenly.
_EVEN = 0.9
Box = tuple[int, int, int]


def load_opencv() -> ModuleType:
    """Return OpenCV, or say in a MissingDependency which line installs it."""
    # FFmpeg's own lines would stand before our messages; it reads this when it is first used.
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    try:
        import cv2
    except ImportError:
        message = f"Video needs OpenCV ('cv2'), which is not installed. Run: {INSTALL}"
        raise MissingDependency(message) from None
    return cv2


@dataclass(frozen=True, slots=True, eq=False)
class VideoTimes:
    """When the frames of a video are shown; `index_video` finds it.

    Attributes
    ----------
    path
        The file.
    time
        Seconds at which each frame begins (n,), ascending.
    fps
        Frames per second: of the usual step from one frame to the next, whatever the header says.
    length
        Seconds from 0 to the end of the last frame.
    height, width
        Of the upright picture, in pixels.
    """

    path: Path
    time: np.ndarray
    fps: float
    length: float
    height: int
    width: int


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """A clip as arrays.

    Attributes
    ----------
    frames
        RGB (T, height, width, 3), bytes from 0 to 255; black where there is no frame.
    time
        Seconds of the video at which each moment begins (T,).
    present
        Where the video has a frame (T,).
    """

    frames: np.ndarray
    time: np.ndarray
    present: np.ndarray


@contextmanager
def silence_opencv() -> Iterator[None]:
    """Keep OpenCV from printing what our own errors say."""
    logging = load_opencv().utils.logging
    level = logging.getLogLevel()
    logging.setLogLevel(logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        logging.setLogLevel(level)


@contextmanager
def _open_video(path: Path) -> Iterator[Any]:
    cv2 = load_opencv()
    if not path.is_file():
        fact = NO_FILE
        raise DataError(Problem(fact, "Check the path.", file=str(path)))
    with silence_opencv():
        reader = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    # Pictures of a phone that was held upright are turned as a player turns them.
    reader.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
    try:
        if not reader.isOpened():
            fact = "the file cannot be opened as a video; it may be cut off or of an unknown kind."
            raise DataError(Problem(fact, "Copy or record it again.", file=str(path)))
        yield reader
    finally:
        reader.release()


def index_video(path: FilePath) -> VideoTimes:
    """Find when each frame of a video is shown, by passing over all of them.

    The rate in a file's header is an average where the rate varies, and its number of frames an
    estimate; only the frames' own time stamps place them. Files without time stamps have their
    frames numbered at the header's rate, with a warning. A file that ends before what it announces
    is a DataError.
    """
    place = Path(path)
    cv2 = load_opencv()
    stamps: list[float] = []
    with _open_video(place) as reader:
        announced = float(reader.get(cv2.CAP_PROP_FRAME_COUNT))
        header = float(reader.get(cv2.CAP_PROP_FPS))
        first: np.ndarray | None = None
        while reader.grab():
            if first is None:
                _, first = reader.retrieve()
            stamps.append(reader.get(cv2.CAP_PROP_POS_MSEC) / 1000)
    if first is None:
        fact = "no frame of the video can be read."
        raise DataError(Problem(fact, "Copy or record it again.", file=str(place)))
    time = np.array(stamps)
    if len(time) > 1 and (np.diff(time) <= 0).any():
        if not header > 0:
            fact = "the video has neither time stamps nor a rate."
            raise DataError(Problem(fact, "Convert it to .mp4.", file=str(place)))
        warn_user(f"{place}: the time stamps do not rise; frames are placed {header:g} a second.")
        time = np.arange(len(time)) / header
    step = float(np.median(np.diff(time))) if len(time) > 1 else 1 / max(header, 1.0)
    length = float(time[-1]) + step
    _check_whole(place, len(time), length, announced, header)
    near = min(COMMON_RATES, key=lambda rate: abs(rate * step - 1))
    fps = near if abs(near * step - 1) < _NEAR else 1 / step
    return VideoTimes(place, time, float(fps), length, first.shape[0], first.shape[1])


def _check_whole(path: Path, count: int, length: float, announced: float, rate: float) -> None:
    """Refuse a file that ends early, by its frames and by its time; the header may err in one."""
    if not announced > count:
        return
    share = max(count / announced, length * rate / announced)
    counted = f"{count:,} of the {announced:,.0f} frames that it announces"
    if share < _WHOLE:
        fact = f"the video is cut off: it holds {counted}."
        raise DataError(Problem(fact, "Copy or record it again.", file=str(path)))
    if count < announced - 1:
        warn_user(f"{path} holds {counted}; frames that are missing stay black.")


def resolve_bounds(start: float, end: float, length: float) -> tuple[float, float]:
    """Return a clip's bounds counted from 0; negative times, and an end of 0, count from the end.

    Examples
    --------
    >>> resolve_bounds(-12, -9, 60), resolve_bounds(-3, 0, 60), resolve_bounds(0, 3, 60)
    ((48, 51), (57, 60), (0, 3))
    """
    return (start + length if start < 0 else start), (end + length if end <= 0 else end)


def count_even_frames(length: float, phase: float = 0.0) -> int:
    """Return how many frames a clip has whose frames come evenly; its length is in steps.

    ``phase`` is how far frames lie behind the moments, in steps from -.5 to .5: frames from half a
    step before the clip's start to half a step before its end are its own.

    Examples
    --------
    >>> [count_even_frames(*x) for x in [(75,), (37.5,), (12.5,), (12.5, -0.5)]]
    [75, 37, 12, 13]
    """
    # Stamps are rounded to a millisecond and rates are sums of fractions: a thousandth of a step.
    return max(math.ceil(length - 0.5 - min(max(phase, -0.5), 0.498) - 1e-3), 0)


def choose_frames(time: np.ndarray, start: float, end: float, fps: float) -> np.ndarray:
    """Return which frame belongs to each moment of a clip, ascending; −1 where the video has none.

    A clip has the frames from half a step before its start to half a step before its end, so that
    clips that follow each other share none. Where frames come evenly, though not at the clip's
    moments, all lie equally far from them; the moments are moved by that part of a step, so that
    stamps which are rounded fill each moment once. Of several frames the nearest is taken. Times
    (n,) are ascending seconds, the end is excluded; there are as many moments as
    `count_even_frames` says.

    Examples
    --------
    >>> choose_frames(np.array([0, 0.04, 0.12, 0.16]), 0.04, 0.2, 25).tolist()
    [1, -1, 2, 3]
    """
    length = (end - start) * fps
    # Sums of binary fractions err by about 1e-12; a millionth of a step sets ties one way.
    place = (np.asarray(time, float) - start) * fps + 1e-6
    inside = np.flatnonzero((place >= -0.5) & (place < length - 0.5))
    if not len(inside):
        return np.full(count_even_frames(length), -1)
    phases = np.exp(2j * np.pi * place[inside]).mean()
    shift = np.angle(phases) / (2 * np.pi) if abs(phases) > _EVEN else 0.0
    # Half a step late is half a step early.
    shift -= float(shift > 0.498)
    count = count_even_frames(length, shift)
    chosen = np.full(count, -1)
    moved = place[inside] - shift
    # A frame half a step early may by its rounded stamp be of the clip before.
    moved -= float(place[inside[0]] < 0.502 and moved[0] > 0.99)
    moment = np.maximum(np.rint(moved).astype(int), 0)
    order = np.argsort(-np.abs(moved - moment), kind="stable")
    order = order[moment[order] < count]
    # The nearest is written last.
    chosen[moment[order]] = inside[order]
    return chosen


def read_clip(
    path: FilePath,
    start: float = 0.0,
    end: float = 0.0,
    *,
    fps: float | None = None,
    box: Box | None = None,
    size: int | tuple[int, int] | None = None,
    times: VideoTimes | None = None,
) -> Clip:
    """Read a clip of a video as an array, a moment each 1/fps from its start, the end excluded.

    Moments without a frame, where the video dropped one or has ended, are black (Lin, Girard, &
    Morency, 2020).

    Parameters
    ----------
    path
        A video file.
    start, end
        Seconds; negative ones, and an end of 0, count from the video's end.
    fps
        Moments a second, not more than the video's frames; None: the video's.
    box
        (x, y, side) of the square that is kept, in pixels; outside the picture it is black.
    size
        Height and width to which frames are scaled, in pixels; one number for both.
    times
        Of the same video, from `index_video`, which spares a pass over it.

    Returns
    -------
    Clip
        Frames (RGB), times, and which frames are there.

    Raises
    ------
    DataError
        If the video cannot be read, or the clip ends before it starts.
    OptionError
        If a choice cannot be, or the clip would not fit into 2 GiB.
    MissingDependency
        If OpenCV is not installed.

    References
    ----------
    Lin, V., Girard, J. M., & Morency, L.-P. (2020). Context-dependent models for predicting and
    characterizing facial expressiveness. *Proceedings of AffCon*, 11–28.
    """
    index = times or index_video(path)
    rate = _check_rate(fps, index)
    first, last = resolve_bounds(start, end, index.length)
    height, width = _find_size(index, box, size)
    count = count_even_frames((last - first) * rate)
    if count * height * width * 3 > _LARGEST:
        gib = count * height * width * 3 / (1 << 30)
        message = f"{count:,} frames of {height} × {width} pixels take {gib:.1f} GiB. "
        raise OptionError(message, "Read fewer, or make them smaller with ", Option("size"), ".")
    chosen = choose_frames(index.time, first, last, rate)
    if not (count := len(chosen)):
        fact = f"a clip from {first:g} to {last:g} s holds no frame."
        raise DataError(Problem(fact, "Give a later end.", file=str(path)))
    frames = np.zeros((count, height, width, 3), np.uint8)
    for moment, frame in walk_frames(index.path, chosen):
        frames[moment] = _shape_frame(frame, box, (height, width))[..., ::-1]
    return Clip(frames, first + np.arange(count) / rate, chosen >= 0)


def _check_rate(fps: float | None, index: VideoTimes) -> float:
    if fps is None:
        return index.fps
    if not 0 < fps <= index.fps * (1 + _NEAR):
        message = f"fps is {fps:g}; the video has {index.fps:.5g} frames per second and no more."
        raise OptionError(message, option="fps")
    return fps


def _find_size(
    index: VideoTimes, box: Box | None, size: int | tuple[int, int] | None
) -> tuple[int, int]:
    if box is not None and box[2] < 1:
        message = f"box is {box}; its side must be at least 1 pixel."
        raise OptionError(message, option="box")
    if size is None:
        return (index.height, index.width) if box is None else (box[2], box[2])
    height, width = (size, size) if isinstance(size, int) else size
    if min(height, width) < 1:
        message = f"size is {size}; it must be at least 1 pixel."
        raise OptionError(message, option="size")
    return height, width


def walk_frames(path: Path, chosen: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Yield moments and their frames (BGR) in one pass that holds one frame at a time.

    Jumps to a time are not exact in OpenCV, so that every frame before is passed over.
    """
    wanted = np.flatnonzero(chosen >= 0)
    with _open_video(path) as reader:
        number = -1
        for moment in wanted.tolist():
            while number < chosen[moment] and reader.grab():
                number += 1
            if number == chosen[moment]:
                held, frame = reader.retrieve()
                if held:
                    yield moment, frame


def _shape_frame(frame: np.ndarray, box: Box | None, size: tuple[int, int]) -> np.ndarray:
    """Return the part of a frame in a box, which may reach beyond it, scaled."""
    if box is not None:
        x, y, side = box
        height, width = frame.shape[:2]
        square = np.zeros((side, side, 3), np.uint8)
        top, left = max(y, 0), max(x, 0)
        bottom, right = min(y + side, height), min(x + side, width)
        if bottom > top and right > left:
            square[top - y : bottom - y, left - x : right - x] = frame[top:bottom, left:right]
        frame = square
    if frame.shape[:2] == size:
        return frame
    cv2 = load_opencv()
    shrinks = size[0] < frame.shape[0]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(frame, size[::-1], interpolation=how)
