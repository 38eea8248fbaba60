"""Clips as arrays: one file a clip in a folder, or stretches of a table of frames."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from exprstats.contracts import find_absent
from exprstats.errors import DataError, Problem
from exprstats.options import is_positive, name_some

if TYPE_CHECKING:
    from exprstats.deep.model import Loader


def read_sequences(folder: str | Path) -> Loader:
    """Return what reads a clip's array from a folder, by the clip's name.

    Parameters
    ----------
    folder
        Holds ``CLIP.npy`` (an array of any number of axes) or ``CLIP.csv`` (a header, then one row
        a frame, numbers only) for each clip.

    Returns
    -------
    callable
        Takes a row of CLIPS and returns its array; ``load`` of deep estimators.

    Raises
    ------
    DataError
        The folder, or later the file of a clip, is absent or holds no numbers.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(f"{folder}/c1.npy", np.zeros((75, 35)))
    ...     read_sequences(folder)(pd.Series({"clip": "c1"})).shape
    (75, 35)
    """
    place = Path(folder)
    if not place.is_dir():
        raise DataError(Problem("there is no such folder.", "Check its name.", file=str(folder)))

    def load(row: pd.Series) -> np.ndarray:
        name = str(row["clip"])
        if Path(name).name != name:
            fact = f"clip '{name}' is not the name of a file."
            raise DataError(Problem(fact, "Name clips without slashes.", column="clip"))
        for path in (place / f"{name}.npy", place / f"{name}.csv"):
            if path.is_file():
                return _read_array(path)
        fact = f"the folder has neither {name}.npy nor {name}.csv."
        raise DataError(Problem(fact, "Leave the clip out.", file=str(folder)))

    return load


def _read_array(path: Path) -> np.ndarray:
    try:
        if path.suffix == ".npy":
            # A pickle inside could run code.
            return np.load(path, allow_pickle=False).astype(np.float32)
        return pd.read_csv(path).to_numpy(np.float32)
    except (ValueError, OSError, EOFError) as error:
        fact = f"it holds no array of numbers ({str(error).splitlines()[0]})."
        raise DataError(Problem(fact, "Write it again.", file=str(path))) from error


def cut_frames(
    frames: pd.DataFrame,
    segments: pd.DataFrame,
    *,
    features: list[str],
    hz: float = 25.0,
    seconds: float = 3.0,
) -> dict[str, np.ndarray]:
    """Return the features of each clip on an even grid of time, from one table of frames.

    Each moment takes the nearest frame, which may lie at most one step of the grid away; moments
    without one, and missing values, take the clip's last known value (the first known one before
    it), so that networks get no gaps.

    Parameters
    ----------
    frames
        FRAMES: video, timestamp (s) and the features.
    segments
        SEGMENTS: clip, video, start (s from the beginning of the video).
    features
        Columns to take.
    hz
        Moments in a second.
    seconds
        Length of all clips.

    Returns
    -------
    dict
        Clip to array (moments, features).

    Raises
    ------
    DataError
        Columns are absent, or a clip has no frame or no value of a feature.

    Examples
    --------
    >>> frames = pd.DataFrame({"video": "v", "timestamp": np.arange(100) / 25, "AU12_r": 0.5})
    >>> segments = pd.DataFrame({"clip": ["c"], "video": ["v"], "start": [0.4]})
    >>> cut_frames(frames, segments, features=["AU12_r"])["c"].shape
    (75, 1)
    """
    problems = find_absent(frames, ["video", "timestamp", *features], "frames")
    problems += find_absent(segments, ["clip", "video", "start"], "segments")
    if not (is_positive(hz) and is_positive(seconds)):
        problems.append(Problem(f"hz = {hz} and seconds = {seconds} must both be above 0."))
    if problems:
        raise DataError(problems)
    videos = {str(name): own.sort_values("timestamp") for name, own in frames.groupby("video")}
    moments = np.arange(round(hz * seconds)) / hz
    cut, lost = {}, []
    for clip, video, start in zip(
        segments["clip"], segments["video"].astype(str), segments["start"], strict=True
    ):
        own = videos.get(video, frames.iloc[:0])
        times = own["timestamp"].to_numpy(float)
        wanted = moments + start
        if not len(times):
            lost.append(clip)
            continue
        after = np.clip(np.searchsorted(times, wanted), 1, max(len(times) - 1, 1))
        after = np.minimum(after, len(times) - 1)
        before = np.maximum(after - 1, 0)
        nearer = np.abs(times[before] - wanted) <= np.abs(times[after] - wanted)
        place = np.where(nearer, before, after)
        values = own[features].to_numpy(float)[place]
        values[np.abs(times[place] - wanted) > 1 / hz] = np.nan
        values = pd.DataFrame(values).ffill().bfill().to_numpy(np.float32)
        if np.isnan(values).any():
            lost.append(clip)
            continue
        cut[clip] = values
    if lost:
        fact = f"clips without a frame or without a value of a feature: {name_some(lost)}."
        raise DataError(Problem(fact, "Leave these clips out."))
    return cut
