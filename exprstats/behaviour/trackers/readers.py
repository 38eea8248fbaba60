"""Frames of trackers from their files: OpenFace, py-feat, LibreFace, iMotions, ARKit."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.behaviour.openface.layout import GAZE_NOTE, GAZE_VECTORS, GROUPS, measure_gaze
from exprstats.behaviour.openface.recordings import COMMON_RATES
from exprstats.behaviour.trackers.shapes import parse_mediapipe
from exprstats.behaviour.trackers.tables import ONES, ParsedFile, TrackerFile
from exprstats.behaviour.trackers.units import AFFDEX_COLUMNS
from exprstats.errors import NO_TIMES, DataError, Option, Problem
from exprstats.io.files.words import holds_shapes
from exprstats.options import Tracker

_FACET_ENDS = (" Evidence", " Intensity", " Degrees")
_SENSORS = {"facet": ("facet", "emotient"), "affdex": ("aff",)}
_COUNTS = {"facet": "NoOfFaces", "affdex": "Number of faces"}
_STIMULI = ("StimulusName", "SourceStimuliName")
_PLACES = {"facet": "FrameNo", "affdex": "FrameIndex"}
# Whole frames a second of the clocks that number them in timecodes.
_CLOCKS = (24.0, 25.0, 30.0, 48.0, 50.0, 60.0, 100.0, 120.0, 240.0)
_DAY = 86_400.0


def parse_facet(file: TrackerFile, fps: float | None) -> ParsedFile:
    """Return the frames of FACET in an iMotions export: log10 odds, which may be negative."""
    own = [
        name
        for name in file.table.columns
        if name.endswith(_FACET_ENDS) or name.startswith("FaceRect ")
    ]
    return _parse_imotions(file, fps, "facet", own)


def parse_affdex(file: TrackerFile, fps: float | None) -> ParsedFile:
    """Return the frames of AFFDEX in an iMotions export: scores from 0 to 100."""
    own = [name for name in AFFDEX_COLUMNS if file.has(name)]
    return _parse_imotions(file, fps, "affdex", own)


def _parse_imotions(
    file: TrackerFile, fps: float | None, tracker: str, own: list[str]
) -> ParsedFile:
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
    return ParsedFile(keys, values, (*file.notes, ONES))


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


def parse_arkit(file: TrackerFile, fps: float | None) -> ParsedFile:
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
    return ParsedFile(keys, shapes, tuple(notes))


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


# Order in which OpenFace 3 lists its action units.
_LISTED = tuple(f"AU{unit:02d}" for unit in (1, 2, 4, 6, 9, 12, 25, 26))
# Rates this near cannot be told apart by whole seconds, and differ by .001 s a second.
_ALIKE = 1.0015


def parse_openface(file: TrackerFile, fps: float | None) -> ParsedFile:
    """Return the frames of OpenFace 0.x, 1.x and 2.x.

    Files without ``frame`` have their rows numbered, those without ``face_id`` show face 0. Where
    there are gaze vectors but no angles, the angles are those of `measure_gaze`.
    """
    count = len(file.table)
    frame = file.get_numbers("frame") if file.has("frame") else np.arange(1.0, count + 1)
    face = file.get_numbers("face_id") if file.has("face_id") else np.zeros(count)
    time = file.get_numbers("timestamp") if fps is None else (frame - 1) / fps
    success, confidence = file.get_numbers("success"), file.get_numbers("confidence")
    keys = ["frame", "face_id", "timestamp", "success", "confidence"]
    own = file.table.drop(columns=keys, errors="ignore")
    notes: tuple[str, ...] = ()
    if file.has(*GAZE_VECTORS) and not file.has("gaze_angle_x"):
        vectors = np.column_stack([file.get_numbers(name) for name in GAZE_VECTORS])
        angles = pd.DataFrame(measure_gaze(vectors), columns=list(GROUPS["gaze"]))
        own = pd.concat([own, angles], axis=1)
        notes = (GAZE_NOTE,)
    return ParsedFile(_make_keys(file.video, face, frame, time, success, confidence), own, notes)


def parse_openface3(file: TrackerFile, fps: float | None) -> ParsedFile:
    """Return the frames of OpenFace 3, its lists spread over columns.

    Its ``timestamp`` is the clock of the computer that ran it, so that times need the video's
    rate. It gives all faces of a frame the action units of one of them; in such frames they are
    missing here.
    """
    frame = file.get_numbers("frame_index")
    if fps is None:
        fact = "OpenFace 3 writes the time of day at which it ran, not the time of the video."
        raise file.ask_rate(fact)
    face = file.get_numbers("face_id")
    units = _spread(file, "action_units", _LISTED)
    shared = pd.Series(frame).duplicated(keep=False).to_numpy()
    notes = [ONES]
    if shared.any():
        units[shared] = np.nan
        counted = count_things(len(np.unique(frame[shared])), "frame shows", "frames show")
        notes.append(
            f"{counted} several faces, to all of which OpenFace 3 gives the action units of one: "
            "they are missing there."
        )
    pieces = [units, _spread(file, "landmarks", None), _spread(file, "face_detection", None)]
    spread = {"timestamp", "frame_index", "face_id", "face_detection", "landmarks", "action_units"}
    own = file.table.drop(columns=[name for name in spread if file.has(name)])
    own = pd.concat([own, *pieces], axis=1)
    ones = np.ones(len(frame))
    video = _name_videos(file, "video_path")
    keys = _make_keys(video, face, frame + 1, frame / fps, ones, ones * np.nan)
    return ParsedFile(keys, own, tuple(notes))


def parse_pyfeat(file: TrackerFile, fps: float | None) -> ParsedFile:
    """Return the frames of py-feat 1 and 2.

    Its frames count from 0, here from 1. It follows no faces: those of a frame are numbered in
    their order. Frames without a face have rows without values, which are not successful.
    """
    frame = file.get_numbers("frame")
    confidence = file.get_numbers("FaceScore")
    video = _name_videos(file, "input")
    notes = []
    if fps is None:
        fps, note = _infer_rate(file, frame)
        notes.append(note)
    places = pd.DataFrame({"video": video, "frame": frame})
    face = places.groupby(["video", "frame"]).cumcount().to_numpy(float)
    if (face > 0).any():
        notes.append(
            "py-feat does not follow faces: a face's number is its order within the frame, and may "
            "be another person in the next."
        )
    success = (~np.isnan(confidence)).astype(float)
    own = file.table.drop(columns="frame")
    keys = _make_keys(video, face, frame + 1, frame / fps, success, confidence)
    return ParsedFile(keys, own, tuple(notes))


def parse_libreface(file: TrackerFile, fps: float | None) -> ParsedFile:
    """Return the frames of LibreFace, which has no rows for frames without a face.

    Its frames count from 0, here from 1; it writes no confidence.
    """
    index = file.get_numbers("frame_idx")
    time = file.get_numbers("frame_time_in_ms") / 1000 if fps is None else index / fps
    notes = ["the file holds no confidence: every frame with a row counts as tracked."]
    lost = int(np.ptp(index)) + 1 - len(np.unique(index)) if len(index) else 0
    if lost:
        counted = count_things(lost, "frame has", "frames have")
        notes.append(f"{counted} no row: LibreFace leaves out frames without a face.")
    ones = np.ones(len(index))
    keys = _make_keys(file.video, ones - 1, index + 1, time, ones, ones * np.nan)
    return ParsedFile(keys, file.table, tuple(notes))


PARSERS: dict[Tracker, Callable[[TrackerFile, float | None], ParsedFile]] = {
    "openface": parse_openface,
    "openface3": parse_openface3,
    "py-feat": parse_pyfeat,
    "libreface": parse_libreface,
    "arkit": parse_arkit,
    "mediapipe": parse_mediapipe,
    "facet": parse_facet,
    "affdex": parse_affdex,
}


def find_trackers(names: set[str]) -> list[Tracker]:
    """Return the trackers that a header fits.

    Examples
    --------
    >>> find_trackers({"frame_idx", "frame_time_in_ms", "au_1"})
    ['libreface']
    """
    sensors = "EventSource" in names
    affdex = {"Brow Furrow", "Lip Corner Depressor", "Engagement"}
    found: dict[Tracker, bool] = {
        "openface": {"timestamp", "confidence", "success"} <= names,
        "openface3": {"frame_index", "face_id", "action_units"} <= names,
        "py-feat": {"FaceScore", "frame"} <= names,
        "libreface": {"frame_idx", "frame_time_in_ms"} <= names,
        "arkit": {"Timecode", "BlendShapeCount"} <= names,
        "mediapipe": holds_shapes(names) and not {"FaceScore", "Timecode"} & names,
        "facet": sensors and any(name.endswith(" Evidence") for name in names),
        "affdex": sensors and affdex <= names,
    }
    return [tracker for tracker, fits in found.items() if fits]


def _make_keys(
    video: str | list[str], face: np.ndarray, frame: np.ndarray, *more: np.ndarray
) -> pd.DataFrame:
    columns = dict(zip(("timestamp", "success", "confidence"), more, strict=True))
    keys = pd.DataFrame({"face": face, "frame": frame, **columns})
    keys.insert(0, "video", video)
    return keys


def _name_videos(file: TrackerFile, column: str) -> str | list[str]:
    """Return the videos that a column names, where it names several."""
    if not file.has(column) or file.table[column].nunique() < 2:
        return file.video
    names = file.table[column].astype(str).str.replace("\\", "/").str.split("/").str[-1]
    return [name.rsplit(".", 1)[0] for name in names]


def _spread(file: TrackerFile, name: str, names: tuple[str, ...] | None) -> pd.DataFrame:
    """Return a column of lists, written as text, as columns of numbers.

    Lists of pairs (landmarks) give ``landmark_0_x``, ``landmark_0_y`` …; the others ``face_0`` ….
    """
    if not file.has(name):
        return pd.DataFrame(index=file.table.index)
    lists = [_read_list(file, name, cell) for cell in file.table[name]]
    width = max(map(len, lists), default=0)
    if names is not None and width > len(names):
        fact = f"column '{name}' lists {width} values, not {len(names)}."
        raise file.blame(fact)
    if names is None and name == "landmarks":
        names = tuple(f"landmark_{place // 2}_{'xy'[place % 2]}" for place in range(width))
    elif names is None:
        names = tuple(f"face_{place}" for place in range(width))
    values = np.full((len(lists), len(names)), np.nan)
    for row, one in enumerate(lists):
        values[row, : len(one)] = one
    return pd.DataFrame(values, columns=list(names))


def _read_list(file: TrackerFile, name: str, cell: object) -> list[float]:
    if not isinstance(cell, str):
        return []
    text = cell.strip().replace("(", "[").replace(")", "]").replace("nan", "NaN")
    if "," not in text:
        text = ",".join(text.replace("[", " [ ").split()).replace("[,", "[").replace(",]", "]")
    try:
        return np.ravel(json.loads(text)).astype(float).tolist()
    except ValueError:
        fact = f"column '{name}' holds no list of numbers: '{cell[:40]}'."
        raise file.blame(fact) from None


def _infer_rate(file: TrackerFile, frame: np.ndarray) -> tuple[float, str]:
    """Return the rate at which frame f falls into the whole second that py-feat prints for it."""
    if not file.has("approx_time"):
        raise file.ask_rate(NO_TIMES)
    parts = file.table["approx_time"].astype(str).str.split(":", expand=True)
    numbers = parts.apply(pd.to_numeric, errors="coerce").to_numpy(float)
    second = numbers @ (60.0 ** np.arange(numbers.shape[1])[::-1])
    if np.isnan(second).any():
        fact = "column 'approx_time' holds no times such as 00:02."
        raise file.ask_rate(fact)
    low = float((frame / (second + 1)).max())
    with np.errstate(divide="ignore", invalid="ignore"):
        high = float(np.nanmin(np.where(second > 0, frame / second, np.inf)))
    fitting = [rate for rate in COMMON_RATES if low < rate <= high * (1 + 1e-9)]
    if not fitting or max(fitting) > min(fitting) * _ALIKE:
        fact = f"py-feat prints times in whole seconds: the rate lies between {low:.3g} and "
        fact = f"{fact}{high:.3g} frames per second."
        raise file.ask_rate(fact)
    rate = max(fitting)
    return rate, f"times are frame numbers at {rate:g} frames per second, as whole seconds allow."
