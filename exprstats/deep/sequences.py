"""Clips as arrays, one file a clip or stretches of a table of frames, and their inner split."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.contracts import find_absent
from exprstats.deep.recipes import find_recipe
from exprstats.errors import DataError, Option, OptionError, Problem, warn_user
from exprstats.io.files.kinds import hash_file
from exprstats.options import is_positive, name_some, take_path

LEAVE_OUT = "Leave these clips out."

Clips = np.ndarray | pd.DataFrame
Loader = Callable[[pd.Series], np.ndarray]
Taker = Callable[[np.ndarray], np.ndarray]
Variation = Callable[[np.ndarray, np.random.Generator], np.ndarray]


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
    place = take_path(folder)
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
        remedy = "Name the folder that holds an array for each clip, or leave the clip out."
        raise DataError(Problem(fact, remedy, file=str(folder)))

    return load


def hash_sequences(folder: str | Path, clips: Sequence[object]) -> str:
    """Return one SHA-256 over the arrays of some clips, in the order of their names.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(f"{folder}/c1.npy", np.zeros(2))
    ...     hash_sequences(folder, ["c1"])[:8] == hash_sequences(folder, ["c1", "c2"])[:8]
    True
    """
    digest = hashlib.sha256()
    for name in sorted({str(one) for one in clips}):
        for path in (Path(folder) / f"{name}.npy", Path(folder) / f"{name}.csv"):
            if path.is_file():
                digest.update(f"{path.name} {hash_file(path)}\n".encode())
                break
    return digest.hexdigest()


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
        raise DataError(Problem(fact, LEAVE_OUT))
    return cut


def open_clips(
    X: Clips, *, net: str, load: Loader | None = None, shape: tuple[int, ...] | None = None
) -> tuple[Taker, int, tuple[int, ...]]:
    """Return what gives the clips at some positions, their number, and the shape of one.

    ``X`` are clips (n, ...) with the axes that the network takes and, where there was one, the
    shape of training; or a table of n clips, and ``load`` returns the array of a row.
    """
    axes = find_recipe(net).axes
    if not len(X):
        raise DataError(Problem("there are no clips.", "Check what was selected."))
    if isinstance(X, pd.DataFrame):
        if load is None:
            message = ("X is a table: set ", Option("load"), ", which returns a row's array.")
            raise OptionError(*message)
        # A row of numbers of several kinds would turn the clip named 1 into 1.0.
        table = X.astype(object)
        one = np.asarray(load(table.iloc[0]))
        lines: dict[int, pd.Series] = {}  # to form a row again each epoch costs more than a step

        def find_line(row: int) -> pd.Series:
            if row not in lines:
                lines[row] = table.iloc[row]
            return lines[row]

        def take(rows: np.ndarray) -> np.ndarray:
            loaded = []
            for row in rows.tolist():
                line = find_line(row)
                array = np.asarray(load(line), dtype=np.float32)[None]
                loaded.append(check_clips(array, found, name=line.get("clip")))
            return np.concatenate(loaded)
    else:
        clips = np.asarray(X)
        one = clips[0]

        def take(rows: np.ndarray) -> np.ndarray:
            return check_clips(clips[rows], found)

    if one.ndim != len(axes):
        fact = f"a clip of '{net}' has the axes {', '.join(axes)}; this has {one.ndim}."
        raise DataError(Problem(fact, f"Give X of {len(axes) + 1} axes, clips first."))
    found = one.shape if shape is None else shape
    return take, len(X), found


def check_clips(
    clips: np.ndarray, shape: tuple[int, ...] | None, *, name: object = None
) -> np.ndarray:
    """Return clips (m, ...) in single precision if all numbers are finite and the shape is known.

    Where there is one clip, messages call it by its name.
    """
    clips = np.ascontiguousarray(clips, dtype=np.float32)
    if shape is not None and clips.shape[1:] != shape:
        whose = "clips have" if name is None else f"clip '{name}' has"
        fact = f"{whose} shape {clips.shape[1:]}; others have {shape}."
        raise DataError(Problem(fact, "Cut all clips to one length and the same features."))
    gaps = clips.size - int(np.isfinite(clips).sum())
    if gaps:
        counted = count_things(gaps, "values is", "values are", of=clips.size)
        whose = "clips have" if name is None else f"clip '{name}' has"
        fact = f"{whose} gaps: {counted} missing or infinite."
        raise DataError(Problem(fact, "Fill gaps in tracking, or leave these clips out."))
    return clips


def measure_levels(take: Taker, rows: np.ndarray, batch: int) -> np.ndarray:
    """Return means and SDs (2, features) over all frames of some clips, read in batches.

    Features that do not vary have an SD of 1, so that they become 0.

    Examples
    --------
    >>> clips = np.array([[[1.0, 5], [3, 5]], [[5.0, 5], [7, 5]]])
    >>> measure_levels(lambda rows: clips[rows], np.arange(2), 1).round(3).tolist()
    [[4.0, 5.0], [2.236, 1.0]]
    """
    pieces = np.array_split(rows, -(-len(rows) // batch))
    count, center, spread = 0, 0.0, 0.0
    for piece in pieces:
        frames = np.concatenate(take(piece)).astype(float)
        # Sums of squares about the mean so far: squares of raw pixels would lose digits.
        share = len(frames) / (count + len(frames))
        step = frames.mean(0) - center
        spread = spread + np.square(frames - frames.mean(0)).sum(0) + count * share * step**2
        center, count = center + share * step, count + len(frames)
    scale = np.sqrt(spread / count)
    return np.stack([center, np.where(scale > 1e-6 * np.abs(center), scale, 1.0)])


def hold_people(
    count: int, groups: Any, held_out: Any = None, *, share: float, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return which clips (positions) are trained on, which stop training, and their people.

    Whole people are held out: a clip of a person who is trained on is predicted too well, so that
    training would stop too late. ``groups`` (count,) is the person of each clip; without them clips
    are held out, and a warning says so. ``held_out`` (count,) marks clips in place of a random
    share (at least one person on either side; 0 holds out nobody). The draw depends on the set of
    people and not on the order of clips. A person on both sides is a DataError.

    Examples
    --------
    >>> hold_people(6, list("aabbcc"), share=0.2, seed=1)
    (array([2, 3, 4, 5]), array([0, 1]), array(['a'], dtype='<U1'))
    """
    people = None if groups is None else np.asarray(groups)
    if people is not None and people.shape != (count,):
        fact = f"groups have shape {people.shape}; the number of clips is {count:,}."
        raise DataError(Problem(fact, "Name one person for each clip.", option="groups"))
    if held_out is None:
        if not share:
            return np.arange(count), np.arange(0), np.array([])
        if people is None:
            message = (
                "Without groups, clips that stop training may show people who are trained on. "
                "Name each clip's person: fit(X, y, groups=...)."
            )
            warn_user(message)
        held_out = _draw_people(np.arange(count) if people is None else people, share, seed)
    mask = np.asarray(held_out)
    if mask.shape != (count,) or mask.dtype != bool:
        fact = f"held_out has shape {mask.shape} and type {mask.dtype}."
        raise DataError(Problem(fact, f"Give one True or False for each of {count:,} clips."))
    train, held = np.flatnonzero(~mask), np.flatnonzero(mask)
    if not len(train):
        raise DataError(Problem("every clip is held out.", "Leave some to train on."))
    if people is None:
        return train, held, np.array([])
    torn = np.intersect1d(people[train], people[held])
    if len(torn):
        counted = count_things(len(torn), "person is", "people are")
        fact = f"{counted} on both sides of the inner split: {name_some(torn.tolist())}."
        raise DataError(Problem(fact, "Hold out whole people.", option="held_out"))
    return train, held, np.unique(people[held])


def _draw_people(units: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Return which clips (n,) belong to the share of units that is held out."""
    names = np.unique(units)
    if len(names) < 2:
        fact = "all clips show one person, so that nobody can be held out to stop training."
        raise DataError(Problem(fact, ("Use ", Option("validation", 0), ".")))
    drawn = np.random.default_rng(seed).permutation(names)
    return np.isin(units, drawn[: min(max(round(share * len(names)), 1), len(names) - 1)])
