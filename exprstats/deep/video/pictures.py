"""Clips of videos as the pictures that networks take."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from exprstats.deep.video.reading import VideoTimes, index_video, load_opencv, read_clip
from exprstats.errors import DataError, Problem
from exprstats.options import name_some

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
    """Return what reads a clip's pictures from its video, evenly over the clip.

    R3D-18 takes frames of 128 × 171 with the middle 112 × 112 standardised by Kinetics' colours;
    I3D takes 256 × 256 with the middle 224 × 224 scaled to −1 to 1.

    Parameters
    ----------
    folder
        Holds the videos, named as in the segments, with or without their ending.
    segments
        SEGMENTS: context?, clip, video, start, end (s; negative ones count from the end).
    net
        ``"r3d"`` or ``"i3d"``.
    frames
        Of a clip.
    whole
        Keep all of the scaled frame, so that networks can cut squares from it at random places
        (``augment`` of `DeepModel`).

    Returns
    -------
    callable
        Takes a row of CLIPS and returns (3, frames, side, side); ``load`` of deep estimators. If
        whole, the last axes are the frame's height and width.

    Raises
    ------
    DataError
        A video is absent, or later a clip cannot be read.
    MissingDependency
        OpenCV is not installed.
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
