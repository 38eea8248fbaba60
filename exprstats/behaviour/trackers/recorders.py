"""Frames of iMotions exports (FACET, AFFDEX) and of ARKit recordings, from their files."""

from __future__ import annotations

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.behaviour.trackers.tables import Parsed, TrackerFile
from exprstats.behaviour.trackers.units import AFFDEX_COLUMNS
from exprstats.errors import DataError, Option, Problem

_FACET_ENDS = (" Evidence", " Intensity", " Degrees")
_SENSORS = {"facet": ("facet", "emotient"), "affdex": ("aff",)}
_COUNTS = {"facet": "NoOfFaces", "affdex": "Number of faces"}
_STIMULI = ("StimulusName", "SourceStimuliName")
_PLACES = {"facet": "FrameNo", "affdex": "FrameIndex"}
# Whole frames a second of the clocks that number them in timecodes.
_CLOCKS = (24.0, 25.0, 30.0, 48.0, 50.0, 60.0, 100.0, 120.0, 240.0)
_DAY = 86_400.0
ONES = "the file holds no confidence: every frame with a face counts as tracked."


def parse_facet(file: TrackerFile, fps: float | None) -> Parsed:
    """Return the frames of FACET in an iMotions export: log10 odds, which may be negative."""
    own = [
        name
        for name in file.table.columns
        if name.endswith(_FACET_ENDS) or name.startswith("FaceRect ")
    ]
    return _parse_imotions(file, fps, "facet", own)


def parse_affdex(file: TrackerFile, fps: float | None) -> Parsed:
    """Return the frames of AFFDEX in an iMotions export: scores from 0 to 100."""
    own = [name for name in AFFDEX_COLUMNS if file.has(name)]
    return _parse_imotions(file, fps, "affdex", own)


def _parse_imotions(file: TrackerFile, fps: float | None, tracker: str, own: list[str]) -> Parsed:
    """Return one tracker's frames.

    Rows of several sensors interleave, and rows of other sensors repeat the last face: only those
    of this tracker are its frames. Each stimulus is a video of its own; times are those of the
    stimulus (``MediaTime``) where it has any, else of the recording.
    """
    source = file.table["EventSource"].astype(str).str.casefold()
    mine = np.logical_or.reduce([source.str.contains(word) for word in _SENSORS[tracker]])
    mine = np.asarray(mine, bool)
    if not mine.any() and source.str.fullmatch(r"\d+").all():
        # Versions that number their sensors name none: the tracker's rows have its values.
        mine = file.table[own].notna().any(axis=1).to_numpy()
    if not mine.any():
        seen = ", ".join(sorted(file.table["EventSource"].astype(str).unique())[:5])
        fact = f"no row comes from this tracker; the sources are: {seen}."
        raise file.blame(fact)
    if not mine.all():
        counted = count_things(
            (~mine).sum(), "row of another sensor is", "rows of other sensors are"
        )
        file = file.take(mine, f"{counted} left out.")
    clock = "MediaTime" if file.has("MediaTime") else "Timestamp"
    media = file.get_numbers(clock)
    if np.isnan(media).any() and clock == "MediaTime" and file.has("Timestamp"):
        media = file.get_numbers("Timestamp")
    video, run = _name_stimuli(file)
    place = _PLACES[tracker]
    frame = file.get_numbers(place) + 1 if file.has(place) else np.full(len(media), np.nan)
    if np.isnan(frame).any() or pd.DataFrame({"run": run, "frame": frame}).duplicated().any():
        frame = pd.Series(run).groupby(run).cumcount().to_numpy(float) + 1
    time = media / 1000 if fps is None else (frame - 1) / fps
    values = file.table[own]
    held = values.notna().any(axis=1).to_numpy()
    count = _COUNTS[tracker]
    faces = file.get_numbers(count) if file.has(count) else held.astype(float)
    keys = pd.DataFrame({"video": video, "face": 0.0, "frame": frame, "timestamp": time})
    keys = keys.assign(success=((faces > 0) & held).astype(float), confidence=np.nan)
    return Parsed(keys, values, (*file.notes, ONES))


def _name_stimuli(file: TrackerFile) -> tuple[list[str], np.ndarray]:
    """Return each row's video and the number of its stimulus's showing."""
    count = len(file.table)
    column = next((one for one in _STIMULI if file.has(one)), None)
    if column is None or file.table[column].nunique() < 2:
        return [file.video] * count, np.zeros(count, int)
    stimulus = file.table[column].fillna("").astype(str)
    run = (stimulus != stimulus.shift()).cumsum().to_numpy() - 1
    shown = stimulus.groupby(run).first()
    again = shown.groupby(shown).cumcount()
    names = [
        f"{file.video}_{name}" + (f"_{number + 1}" if number else "")
        for name, number in zip(shown, again, strict=True)
    ]
    return [names[place] for place in run], run


def parse_arkit(file: TrackerFile, fps: float | None) -> Parsed:
    """Return the frames of an ARKit recording (Live Link Face).

    A timecode HH:MM:SS:FF.fff counts seconds and frames of a clock whose rate it does not say;
    the rate is that at which the steps over full seconds are as long as all others. Times count
    from the first frame.
    """
    if not file.table["Timecode"].astype(str).str.fullmatch(r"\d+:\d+:\d+:\d+(\.\d+)?").all():
        fact = "column 'Timecode' holds times that are not HH:MM:SS:FF."
        raise file.blame(fact)
    cells = file.table["Timecode"].astype(str).str.split(":", expand=True).to_numpy(float)
    rate = fps or _find_clock(file, cells)
    time = _read_clock(cells, rate)
    notes = [
        f"timecodes count {rate:g} frames per second; the first is "
        f"{file.table['Timecode'].iloc[0]}.",
        ONES,
    ]
    shapes = file.table.drop(columns=["Timecode", "BlendShapeCount"])
    tracked = (file.get_numbers("BlendShapeCount") > 0) & shapes.notna().any(axis=1).to_numpy()
    frame = np.arange(1.0, len(time) + 1)
    keys = pd.DataFrame({"video": file.video, "face": 0.0, "frame": frame, "timestamp": time})
    keys = keys.assign(success=tracked.astype(float), confidence=np.nan)
    return Parsed(keys, shapes, tuple(notes))


def _read_clock(cells: np.ndarray, rate: float) -> np.ndarray:
    """Return seconds from the first timecode on (n,); a clock that passes midnight goes on."""
    time = cells[:, :3] @ np.array([3600.0, 60.0, 1.0]) + cells[:, 3] / rate
    time = time + _DAY * np.r_[0, np.cumsum(np.diff(time) < -_DAY / 2)]
    return time - time[0]


def _find_clock(file: TrackerFile, cells: np.ndarray) -> float:
    fitting = [rate for rate in _CLOCKS if rate > cells[:, 3].max()]
    crosses = len(np.unique(cells[:, 2])) > 1
    if not crosses or not fitting:
        fact = "the timecodes do not say how many frames their clock counts a second."
        remedy = ("Give that rate, for most recordings 60, with ", Option("fps"), ".")
        raise DataError(Problem(fact, remedy, file=str(file.path)))
    spread = []
    for rate in fitting:
        steps = np.diff(_read_clock(cells, rate))
        spread.append(
            np.abs(steps - np.median(steps)).mean() * rate if (steps > 0).all() else np.inf
        )
    return fitting[int(np.argmin(spread))]
