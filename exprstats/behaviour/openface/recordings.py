"""The recording of one video and one face, from a table or from a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from exprstats.behaviour.openface.layout import GAZE_NOTE, GAZE_VECTORS, GROUPS, KEYS, measure_gaze
from exprstats.behaviour.openface.lines import AGAIN, FileLines, find_bad_keys
from exprstats.behaviour.openface.videos import Joined
from exprstats.errors import DataError, Option, Problem

# Frames tables name the face shortly.
_COLUMNS = {"face_id": "face"}
_MILLISECOND = 1.0001e-3
# How far errors of printed stamps spread: most are rounded (±.5 ms), some rounded up (7.584 for
# frame 183 at 24 frames a second in a real file); stamps that computations give are exact.
_PRINTED, _EXACT = 1.5001e-3, 1e-6
# Rates that cameras and video files have; the NTSC ones are thousandths off whole numbers.
COMMON_RATES = (
    *(1, 2, 5, 6, 7.5, 8, 10, 12, 12.5, 15, 16, 18, 20, 24, 25, 30, 48, 50, 60, 72, 90, 100),
    *(120, 144, 180, 200, 240, 300, 480, 500, 960, 1000),
    *(15000 / 1001, 24000 / 1001, 30000 / 1001, 60000 / 1001, 120000 / 1001),
)

Fetch = Callable[[np.ndarray, tuple[str, ...]], np.ndarray]
Face = int | Literal["largest"] | None


@dataclass(frozen=True, slots=True)
class Recording:
    """The keys of n frames, and a way to get other columns of some of them.

    Attributes
    ----------
    video
        Its name.
    frame, face
        Frame numbers and face ids (n,), integers.
    time
        Seconds (n,).
    confidence, success
        As OpenFace gives them (n,).
    rows
        Where the frames stand in their source (n,).
    columns
        Names of all columns of the source.
    fetch
        Source rows (m,) and c names to numbers (m, c).
    notes
        What a person should know.
    step
        Seconds from one frame to the next; known once the recording is timed.
    length
        Seconds from 0 to the end of the last frame; known once the recording is timed.
    """

    video: str
    frame: np.ndarray
    face: np.ndarray
    time: np.ndarray
    confidence: np.ndarray
    success: np.ndarray
    rows: np.ndarray
    columns: tuple[str, ...]
    fetch: Fetch
    notes: tuple[str, ...] = ()
    step: float = np.nan
    length: float = np.nan

    def take(self, chosen: np.ndarray) -> Recording:
        """Return the recording of some of its frames, in the order given."""
        names = ("frame", "face", "time", "confidence", "success", "rows")
        return replace(self, **{name: getattr(self, name)[chosen] for name in names})

    def retime(self, fps: float | None) -> Recording:
        """Return the recording with the times that its stamps are roundings of; None: as stamped.

        With frames per second given, the first frame begins at 0.
        """
        if fps is None:
            return replace(self, **recover_times(self.frame, self.time))
        time = (self.frame - 1) / fps
        return replace(self, time=time, step=1 / fps, length=float(self.frame.max() / fps))

    def get(self, places: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
        """Return some columns (m, c) of the frames at some places (m,)."""
        return self.fetch(self.rows[places], names)

    def judge(self, confidence: float) -> np.ndarray:
        """Return which frames are valid (n,): tracked, with at least this confidence."""
        return (self.success == 1) & (self.confidence >= confidence)


def recover_times(frame: np.ndarray, stamps: np.ndarray) -> dict[str, Any]:
    """Return the times that stamps printed to a millisecond are roundings of, as seconds.

    Where the frames follow each other evenly, frame i of a video at f frames per second begins at
    (i − 1)/f, and n frames last n/f. The rate f is the common rate nearest to the fitted one of all
    that give every stamp within its rounding; the fitted one if there is none. Elsewhere the stamps
    stay as they are. Frames (n,) that show several faces come more than once.

    Examples
    --------
    >>> frame = np.arange(1, 241)
    >>> found = recover_times(frame, np.round((frame - 1) / 24, 3))
    >>> round(1 / found["step"], 9), round(found["length"], 9)
    (24.0, 10.0)
    """
    numbers, first = np.unique(frame, return_index=True)
    printed = stamps[first]
    steps = np.diff(np.unique(stamps))
    if not len(steps):
        return {"time": stamps, "step": np.nan, "length": float(stamps.max())}
    exact = np.abs(printed * 1000 - np.rint(printed * 1000)).max() > _EXACT
    spread = _EXACT if exact else _PRINTED
    step = _fit_step(numbers, printed, spread)
    if step is None:
        middle = float(np.median(steps))
        slope = float(np.ptp(stamps) / max(np.ptp(frame), 1))
        step = slope if abs(slope - middle) <= _MILLISECOND else middle
        return {"time": stamps, "step": step, "length": float(stamps.max() + step)}
    offsets = printed - (numbers - 1) * step
    # Frames are counted from 1, by some programs from 0; a cut file may begin anywhere.
    begins = (0.0, step, (offsets.max() + offsets.min()) / 2)
    begin = next(one for one in begins if np.abs(offsets - one).max() <= spread)
    # Of a file with every third frame only, each stands for three.
    each = float(np.median(np.diff(numbers))) * step
    length = begin + (int(numbers[-1]) - 1) * step + each
    return {"time": begin + (frame - 1) * step, "step": each, "length": float(length)}


def _fit_step(numbers: np.ndarray, printed: np.ndarray, spread: float) -> float | None:
    """Return the step that gives all stamps but for their errors; None if none does."""
    count = numbers - numbers[0]
    if len(numbers) < 2:
        return None
    centred = count - count.mean()
    fitted = float(centred @ printed / (centred @ centred))
    if fitted <= 0:
        return None
    common = sorted((1 / rate for rate in COMMON_RATES), key=lambda one: abs(one - fitted))
    near = (one for one in common if abs(one - fitted) * count[-1] <= spread)
    fits = (one for one in (*near, fitted) if np.ptp(printed - count * one) <= spread)
    return next(fits, None)


def record_lines(lines: FileLines | Joined) -> Recording:
    """Return the recording of a file, or of a video's files, whose lines are known."""
    keys = lines.keys
    recording = Recording(
        video=lines.layout.video,
        frame=keys[:, 0].astype(np.int64),
        face=keys[:, 1].astype(np.int64),
        time=keys[:, 2],
        confidence=keys[:, 3],
        success=keys[:, 4],
        rows=np.arange(len(keys)),
        columns=lines.layout.names,
        fetch=lines.parse,
        notes=lines.notes,
    )
    return add_angles(recording) if lines.layout.lacks_angles else recording


def hold_rows(recording: Recording) -> Recording:
    """Return a recording that reads no rows again of which all columns asked for were read last."""
    kept: dict[tuple[str, ...], tuple[np.ndarray, np.ndarray]] = {}

    def fetch(rows: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
        if names not in kept or not np.isin(rows, kept[names][0]).all():
            known, places = np.unique(rows, return_index=True)
            kept[names] = known, recording.fetch(rows, names)[places]
        known, values = kept[names]
        return values[np.searchsorted(known, rows)]

    return replace(recording, fetch=fetch)


def add_angles(recording: Recording) -> Recording:
    """Return a recording with gaze angles that come from its gaze vectors."""
    angles = GROUPS["gaze"]

    def fetch(rows: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
        own = tuple(name for name in names if name not in angles)
        values = np.full((len(rows), len(names)), np.nan)
        if own:
            values[:, [names.index(name) for name in own]] = recording.fetch(rows, own)
        if len(own) < len(names):
            gaze = measure_gaze(recording.fetch(rows, GAZE_VECTORS))
            for place, name in enumerate(angles):
                if name in names:
                    values[:, names.index(name)] = gaze[:, place]
        return values

    columns, notes = (*recording.columns, *angles), (*recording.notes, GAZE_NOTE)
    return replace(recording, columns=columns, fetch=fetch, notes=notes)


def record_frames(frames: pd.DataFrame) -> Iterator[Recording]:
    """Yield the recording of each video of a FRAMES table, whose keys must hold what they can."""
    columns = tuple(str(name) for name in frames.columns if name not in {"video", "face"})
    for video, places in frames.groupby("video", sort=False).indices.items():
        part = frames.iloc[places]
        keys = part[[_COLUMNS.get(name, name) for name in KEYS]].to_numpy(float, na_value=np.nan)
        problems = find_bad_keys(keys, np.asarray(places) + 1)
        if problems:
            raise DataError(problems)
        yield Recording(
            video=str(video),
            frame=keys[:, 0].astype(np.int64),
            face=keys[:, 1].astype(np.int64),
            time=keys[:, 2],
            confidence=keys[:, 3],
            success=keys[:, 4],
            rows=np.arange(len(part)),
            columns=columns,
            fetch=_make_fetch(part),
        )


def _make_fetch(part: pd.DataFrame) -> Fetch:
    def fetch(rows: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
        return part[list(names)].iloc[rows].to_numpy(float)

    return fetch


def follow_face(recording: Recording, face: Face = None) -> Recording:
    """Return the frames of one face, one row a frame, in the order of time.

    ``"largest"`` follows, frame by frame, the tracked face that fills most of the picture (its
    landmarks' box; without landmarks, the one that is nearest); None accepts any id, as long as no
    frame shows two faces, which is a DataError, as is an id that never occurs.
    """
    if face == "largest":
        chosen = _keep_largest(recording)
    elif face is None:
        chosen = np.arange(len(recording.frame))
    else:
        chosen = np.flatnonzero(recording.face == face)
        _require_face(recording, face, chosen)
    followed = recording.take(chosen)
    _refuse_repeats(followed, face)
    return followed.take(np.argsort(followed.time, kind="stable"))


def count_shared(recording: Recording) -> int:
    """Return how many frames show more than one face."""
    _, counts = np.unique(recording.frame, return_counts=True)
    return int((counts > 1).sum())


def _require_face(recording: Recording, face: int, chosen: np.ndarray) -> None:
    if not len(chosen):
        seen = np.unique(recording.face)
        shown = "its only face is" if len(seen) == 1 else "its faces are"
        fact = f"video '{recording.video}' has no face {face}; {shown} {', '.join(map(str, seen))}."
        remedy = ("Choose one of them, or the largest, with ", Option("face"), ".")
        raise DataError(Problem(fact, remedy))


def _refuse_repeats(followed: Recording, face: Face) -> None:
    frames, counts = np.unique(followed.frame, return_counts=True)
    if (counts == 1).all():
        return
    twice = frames[counts > 1]
    alone = len(twice) == 1
    named = f"frame {twice[0]} of video '{followed.video}'"
    if not alone:
        named = f"{len(twice):,} frames of video '{followed.video}' (such as frame {twice[0]})"
    if face is None and len(np.unique(followed.face)) > 1:
        seen = ", ".join(str(one) for one in np.unique(followed.face))
        fact = f"{named} show{'s' * alone} more than one face."
        remedy = (f"Choose the face to follow, {seen} or the largest, with ", Option("face"), ".")
        raise DataError(Problem(fact, remedy))
    fact = f"{named} occur{'s' * alone} twice."
    raise DataError(Problem(fact, AGAIN))


def _keep_largest(recording: Recording) -> np.ndarray:
    """Return one row for each frame; only frames that show several faces are measured."""
    _, codes, counts = np.unique(recording.frame, return_inverse=True, return_counts=True)
    shared = counts[codes] > 1
    size = np.zeros(len(codes))
    rows = np.flatnonzero(shared)
    if len(rows):
        size[rows] = np.where(recording.success[rows] == 1, _measure_faces(recording, rows), -1.0)
    order = np.lexsort((-size, codes))
    first = np.r_[True, codes[order][1:] != codes[order][:-1]]
    return np.sort(order[first])


def _measure_faces(recording: Recording, rows: np.ndarray) -> np.ndarray:
    """Return sizes (len(rows),): the area of the landmarks' box, px², or 1 / distance, 1/mm."""
    present = set(recording.columns)
    if present.issuperset(GROUPS["points_px"]):
        x, y = np.split(recording.get(rows, GROUPS["points_px"]), 2, axis=1)
        return np.ptp(x, axis=1) * np.ptp(y, axis=1)
    if "pose_Tz" in present:
        distance = recording.get(rows, ("pose_Tz",))[:, 0]
        return 1 / np.maximum(distance, 1.0)
    fact = f"video '{recording.video}' has neither landmarks nor head positions to size faces by."
    raise DataError(Problem(fact, ("Choose a face by its id with ", Option("face"), ".")))
