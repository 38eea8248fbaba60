"""Blendshapes of MediaPipe and ARKit: their frames, and their means in each clip."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.behaviour.grid import SLACK
from exprstats.behaviour.measurements import resolve_times
from exprstats.behaviour.openface.recordings import record_frames
from exprstats.behaviour.segments import make_plan
from exprstats.behaviour.settings import Settings
from exprstats.behaviour.trackers.tables import ONES, ParsedFile, TrackerFile
from exprstats.behaviour.trackers.units import COEFFICIENT
from exprstats.errors import NO_TIMES, DataError, Problem
from exprstats.io.files.words import SHAPE

# What scripts that write MediaPipe's blendshapes call the other columns.
_VIDEOS = r"(video|clip|file|film|movie|source|input|recording)s?(_?(name|id|file|path))?|filename"
_FRAMES = r"frames?(_?(number|num|nr|idx|index|id|no))?|image_?(number|idx|index)"
_TIMES = (
    r"(time|timestamp|t|seconds?|sec|ms)(stamp)?[ _(\[]*"
    r"(?P<unit>ms|msec|milliseconds?|us|s|sec|seconds?)?[)\]]?"
)
_FACES = r"face(_?(id|index|number))?"
_SEEN = r"(face_?)?(detected|found|success|valid|present)|has_?face"
_TRUE = frozenset({"true", "1", "1.0", "yes"})
# Steps of frames in seconds are shorter, in milliseconds longer.
_LONGEST, _MICRO = 2.0, 2_000.0


def parse_mediapipe(file: TrackerFile, fps: float | None) -> ParsedFile:
    """Return the frames of a table of MediaPipe's blendshapes, of one video or several.

    MediaPipe writes no file itself, so that scripts call the other columns as they like: a video,
    a frame, a time in seconds, milliseconds or microseconds (its name says it, else the length of
    its steps), and whether a face was found. Times without a column need ``fps``, and the rows of
    a video are then its frames. Rows of empty cells or of zeros alone show no face.
    """
    columns = {str(name): str(name).strip().lower() for name in file.table}
    own = [name for name in columns if re.fullmatch(SHAPE, name)]
    found = {
        role: next((name for name, low in columns.items() if re.fullmatch(pattern, low)), None)
        for role, pattern in (("video", _VIDEOS), ("frame", _FRAMES), ("face", _FACES))
    }
    seen = next((name for name, low in columns.items() if re.fullmatch(_SEEN, low)), None)
    video = _name_videos(file, found["video"])
    count = pd.Series(video).groupby(video).cumcount().to_numpy(float)
    frame = count if found["frame"] is None else file.get_numbers(found["frame"])
    first = pd.Series(frame).groupby(video).transform("min").to_numpy(float)
    face = np.zeros(len(frame)) if found["face"] is None else file.get_numbers(found["face"])
    time, notes = _read_times(file, columns, fps, frame - np.minimum(first, 1))
    shapes = file.table[own].apply(pd.to_numeric, errors="coerce")
    values = shapes.to_numpy(float)
    tracked = ~np.isnan(values).all(axis=1) & (np.nan_to_num(values) != 0).any(axis=1)
    if seen is not None:
        tracked &= file.table[seen].astype(str).str.strip().str.lower().isin(_TRUE).to_numpy()
    keys = pd.DataFrame({"video": video, "face": face, "frame": frame - first + 1})
    keys = keys.assign(timestamp=time, success=tracked.astype(float), confidence=np.nan)
    if not tracked.all():
        counted = count_things((~tracked).sum(), "frame shows", "frames show", of=len(tracked))
        notes.append(f"{counted} no face.")
    shown = pd.DataFrame(np.where(tracked[:, None], values, np.nan), columns=own)
    return ParsedFile(keys, shown, (*file.notes, *notes, ONES))


def _name_videos(file: TrackerFile, column: str | None) -> list[str]:
    if column is None:
        return [file.video] * len(file.table)
    names = file.table[column].astype(str).str.replace("\\", "/").str.split("/").str[-1]
    return [re.sub(r"\.\w{2,4}$", "", name) for name in names]


def _read_times(
    file: TrackerFile, columns: dict[str, str], fps: float | None, place: np.ndarray
) -> tuple[np.ndarray, list[str]]:
    """Return seconds, and what was taken for granted."""
    if fps is not None:
        return place / fps, []
    timed = {name: found for name, low in columns.items() if (found := re.fullmatch(_TIMES, low))}
    if not timed:
        raise file.ask_rate(NO_TIMES)
    name, found = next(iter(timed.items()))
    time = file.get_numbers(name)
    unit = found["unit"] or ("ms" if columns[name] == "ms" else "")
    steps = np.diff(time)
    step = float(np.median(steps[steps > 0])) if (steps > 0).any() else 0.0
    notes = []
    if not unit:
        unit = "s" if step < _LONGEST else "ms" if step < _MICRO else "us"
        known = {"s": "seconds", "ms": "milliseconds", "us": "microseconds"}[unit]
        notes.append(f"'{name}' is read as {known}, as its steps are {step:g}.")
    per = 1e3 if unit.startswith("m") else 1e6 if unit == "us" else 1.0
    return time / per, notes


def summarise_shapes(
    table: pd.DataFrame,
    units: pd.DataFrame,
    segments: pd.DataFrame | None = None,
    settings: Settings | None = None,
) -> pd.DataFrame:
    """Return the mean of each blendshape over the frames of each clip that show a face.

    Parameters
    ----------
    table, units
        Of `Frames`: the columns whose unit is a coefficient are averaged, on their scale of 0 to 1.
    segments
        SEGMENTS; None: each video is one clip.
    settings
        How many segments may name videos without frames; these have no row.

    Returns
    -------
    pandas.DataFrame
        The ids of the segments, ``frames``, ``valid_share`` (of frames that show a face), and a
        column for each blendshape, in the order of the segments.

    Raises
    ------
    DataError
        If a video shows several faces, or more segments than tolerated name no video.

    Examples
    --------
    >>> keys = {"video": "a", "face": 0, "frame": [1, 2, 3], "timestamp": [0, 0.1, 0.2]}
    >>> table = pd.DataFrame({**keys, "success": [1, 1, 0], "confidence": np.nan})
    >>> table["jawOpen"] = [0.2, 0.4, np.nan]
    >>> units = pd.DataFrame({"column": ["jawOpen"], "unit": ["coefficient (0 to 1)"]})
    >>> summarise_shapes(table, units)[["valid_share", "jawOpen"]].round(3).to_numpy().tolist()
    [[0.667, 0.3]]
    """
    several = table.groupby("video", sort=False)["face"].nunique()
    if several.gt(1).any():
        fact = f"video '{several.index[several > 1][0]}' shows several faces."
        raise DataError(Problem(fact, "Keep the rows of one face.", column="face"))
    shapes = [one for one in units.loc[units["unit"] == COEFFICIENT, "column"] if one in table]
    plan = make_plan(segments, list(dict.fromkeys(table["video"])), settings or Settings())
    found = {}
    for recording in record_frames(table):
        timed, frames = recording.retime(None), table[table["video"] == recording.video]
        given = plan.get_bounds(recording.video)
        places = np.flatnonzero(plan.video == recording.video)
        for place, last, start, end in zip(
            places, given[1], *resolve_times(*given, timed), strict=True
        ):
            inside = (timed.time >= start - SLACK) & (np.isnan(last) | (timed.time < end - SLACK))
            own = frames[inside]
            valid = own["success"] == 1
            share = float(valid.mean()) if len(own) else np.nan
            means = own.loc[valid, shapes].mean()
            found[place] = {"frames": len(own), "valid_share": share, **means}
    ids = plan.segments.drop(columns=["video", "start", "end"]).reset_index(drop=True)
    return ids.join(pd.DataFrame.from_dict(found, orient="index"), how="inner")
