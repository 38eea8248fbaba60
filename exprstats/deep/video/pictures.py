"""Clips of videos as the pictures that networks take, and how training varies these."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exprstats.deep.recipes import find_recipe
from exprstats.deep.video.reading import VideoTimes, index_video, load_opencv, read_clip
from exprstats.errors import DataError, Option, OptionError, Problem
from exprstats.options import VARIED, name_some

if TYPE_CHECKING:
    from exprstats.deep.sequences import Loader


# Of Kinetics-400, by which the public weights of R3D-18 standardise colours.
MEANS = (0.43216, 0.394666, 0.37645)
SDS = (0.22803, 0.22145, 0.216989)
# Height and width to which frames are scaled, and the side of the square in their middle.
_SHAPES = {"r3d": ((128, 171), 112), "i3d": ((256, 256), 224)}
_KEPT = 512 << 20  # bytes of pictures that are not read again


def read_pictures(
    folder: str | Path,
    segments: pd.DataFrame,
    *,
    net: str = "r3d",
    frames: int = 16,
    whole: bool = False,
) -> Loader:
    """Return what reads the pictures (3, frames, side, side) of a row of CLIPS, spaced evenly.

    R3D-18 takes frames of 128 × 171 with the middle 112 × 112 standardised by Kinetics' colours;
    I3D takes 256 × 256 with the middle 224 × 224 scaled to −1 to 1. The folder holds the videos,
    named as in SEGMENTS, with or without their ending. If ``whole``, all of the scaled frame is
    kept, so that networks can cut squares from it at random places (``augment`` of `DeepModel`).
    """
    load_opencv()
    place = Path(folder)
    names = [str(name) for name in segments["video"].unique()]
    videos = {name: path for name in names if (path := _find_video(place, name)) is not None}
    absent = [name for name in names if name not in videos]
    if absent:
        fact = f"the folder lacks the videos {name_some(absent)}."
        raise DataError(Problem(fact, "Name them as in the segments.", file=str(folder)))
    keys = [name for name in ("context", "clip") if name in segments]
    lines = {
        tuple(map(str, row[:-3])): row[-3:]
        for row in segments[[*keys, "video", "start", "end"]].itertuples(index=False, name=None)
    }
    times: dict[str, VideoTimes] = {}
    kept: dict[tuple[str, ...], np.ndarray] = {}

    def load(row: pd.Series) -> np.ndarray:
        key = tuple(str(row[name]) for name in keys if name in row.index)
        if key not in kept:
            video, start, end = str(lines[key][0]), *map(float, lines[key][1:])
            if video not in times:
                times[video] = index_video(videos[video])
            taken = _take(times[video], (start, end), net=net, frames=frames, whole=whole)
            if sum(one.nbytes for one in kept.values()) + taken.nbytes > _KEPT:
                return scale_pictures(taken, net)
            kept[key] = taken
        return scale_pictures(kept[key], net)

    return load


def _find_video(folder: Path, name: str) -> Path | None:
    if (folder / name).is_file():
        return folder / name
    return next((one for one in sorted(folder.iterdir()) if one.stem == name), None)


def _take(
    index: VideoTimes, ends: tuple[float, float], *, net: str, frames: int, whole: bool
) -> np.ndarray:
    """Return bytes (frames, side, side, 3) of a clip, cut from the middle of its frames."""
    start, end = ends
    first = start + index.length if start < 0 else start
    last = end + index.length if end <= 0 else end
    size, side = _SHAPES[net]
    rate = min(frames / max(last - first, 1e-9), index.fps)
    found = read_clip(index.path, first, last, fps=rate, size=size, times=index).frames
    found = found[np.linspace(0, len(found) - 1, frames).round().astype(int)]
    if whole:
        return found
    top, left = (size[0] - side) // 2, round((size[1] - side) / 2)
    return np.ascontiguousarray(found[:, top : top + side, left : left + side])


def scale_pictures(pictures: np.ndarray, net: str = "r3d") -> np.ndarray:
    """Return RGB bytes (frames, height, width, 3) as a network takes them, colours first.

    Examples
    --------
    >>> scale_pictures(np.zeros((1, 2, 2, 3), np.uint8), "i3d").shape
    (3, 1, 2, 2)
    >>> float(scale_pictures(np.full((1, 1, 1, 3), 255, np.uint8), "i3d").max())
    1.0
    """
    colours = np.moveaxis(pictures.astype(np.float32) / 255, -1, 0)
    if net == "i3d":
        return 2 * colours - 1
    means, sds = (np.array(one, np.float32)[:, None, None, None] for one in (MEANS, SDS))
    return (colours - means) / sds


Settle = Callable[[np.ndarray], np.ndarray]
Vary = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def open_augmentation(settings: Mapping[str, Any] | None, net: str) -> tuple[Settle, Vary]:
    """Return what crops clips (n, 3, frames, height, width) to their middle, and what varies them.

    ``crop`` is the side of the square in pixels, ``brightness`` a share from 0 to below 1: the
    factor is drawn evenly from 1 - share to 1 + share, and the network fixes how colours are
    scaled. None changes nothing. All frames of a clip share one square and one factor, since a face
    does not jump and a lamp does not flicker; the factors of colours are those of light, so that
    black stays black.

    References
    ----------
    Ouyang, J., Koesmahargyo, V., Galatzer-Levy, I., & Zhang, L.: random crops of 224 pixels and
    brightness, whose range the paper leaves open.

    Examples
    --------
    >>> settle, vary = open_augmentation({"crop": 4, "brightness": 0.2}, "i3d")
    >>> clips = np.zeros((2, 3, 16, 6, 8), np.float32)
    >>> settle(clips).shape, vary(clips, np.random.default_rng(1)).shape
    ((2, 3, 16, 4, 4), (2, 3, 16, 4, 4))
    """
    if settings is None:
        return (lambda clips: clips), (lambda clips, _: clips)
    side, brightness = _check(settings, net)

    def settle(clips: np.ndarray) -> np.ndarray:
        if side is None:
            return clips
        top, left = (room // 2 for room in _find_room(clips, side))
        return np.ascontiguousarray(clips[..., top : top + side, left : left + side])

    def vary(clips: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        count = len(clips)
        if side is not None:
            places = [rng.integers(room + 1, size=count) for room in _find_room(clips, side)]
            squares = [
                clip[..., top : top + side, left : left + side]
                for clip, top, left in zip(clips, *places, strict=True)
            ]
            clips = np.stack(squares)
        if brightness:
            clips = brighten(clips, rng.uniform(1 - brightness, 1 + brightness, count), net)
        return np.ascontiguousarray(clips, dtype=np.float32)

    return settle, vary


def brighten(clips: np.ndarray, factors: np.ndarray, net: str) -> np.ndarray:
    """Return clips whose light is multiplied by a factor (n,) each, between black and white.

    Clips (n, 3, frames, height, width) are scaled as the network takes them: ``"i3d"`` from -1 to
    1, ``"r3d"`` standardised by Kinetics' colours.

    Examples
    --------
    >>> clip = np.full((1, 3, 1, 1, 1), -0.5)
    >>> float(brighten(clip, np.array([2.0]), "i3d")[0, 0, 0, 0, 0])
    0.0
    """
    means, sds = (np.full(3, 0.5), np.full(3, 0.5)) if net == "i3d" else (MEANS, SDS)
    center, scale = (np.reshape(one, (3, 1, 1, 1)).astype(np.float32) for one in (means, sds))
    light = clips * scale + center
    light = np.clip(light * factors.astype(np.float32).reshape(-1, 1, 1, 1, 1), 0, 1)
    return (light - center) / scale


def _check(settings: Mapping[str, Any], net: str) -> tuple[int | None, float]:
    unknown = [name for name in settings if name not in VARIED]
    if unknown:
        message = (Option("augment"), f" has no '{unknown[0]}'; there is crop and brightness.")
        raise OptionError(*message)
    if "row" not in find_recipe(net).axes:
        raise OptionError(Option("augment"), f" is for pictures; '{net}' takes features.")
    side, brightness = settings.get("crop"), settings.get("brightness", 0.0)
    if side is not None and (side < 1 or side != int(side)):
        message = f": crop is {side}; it must be a whole number of pixels, at least 1."
        raise OptionError(Option("augment"), message)
    if not 0 <= brightness < 1:
        message = f": brightness is {brightness}; it must be a share from 0 to below 1."
        raise OptionError(Option("augment"), message)
    return None if side is None else int(side), float(brightness)


def _find_room(clips: np.ndarray, side: int) -> tuple[int, int]:
    """Return by how many pixels a square can move down and to the right."""
    height, width = clips.shape[-2:]
    if min(height, width) < side:
        fact = f"pictures are {height} × {width} pixels; a crop of {side} does not fit."
        raise DataError(Problem(fact, "Make pictures larger, or the crop smaller."))
    return height - side, width - side
