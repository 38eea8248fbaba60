"""One video's frames, wherever they lie: in a table or in a file of which little is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from exprstats.behaviour.joins import Joined
from exprstats.behaviour.keys import find_bad_keys
from exprstats.behaviour.layouts import KEYS
from exprstats.behaviour.lines import Lines
from exprstats.errors import DataError

# Frames tables name the face shortly.
_COLUMNS = {"face_id": "face"}
# The most that two printed milliseconds can move a step.
_ROUNDING = 1.0001e-3

Fetch = Callable[[np.ndarray, tuple[str, ...]], np.ndarray]


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

    @property
    def step(self) -> float:
        """Seconds from one frame to the next.

        The median step, made finer where frame numbers and time run together from first to last:
        time stamps are printed to a millisecond, so that 30 frames a second step by .033.
        """
        steps = np.diff(np.unique(self.time))
        if not len(steps):
            return np.nan
        middle = float(np.median(steps))
        slope = float(np.ptp(self.time) / max(np.ptp(self.frame), 1))
        return slope if abs(slope - middle) <= _ROUNDING else middle

    @property
    def length(self) -> float:
        """Seconds from 0 to the end of the last frame."""
        step = self.step
        return float(self.time.max() + (0.0 if np.isnan(step) else step))

    def take(self, chosen: np.ndarray) -> Recording:
        """Return the recording of some of its frames, in the order given."""
        names = ("frame", "face", "time", "confidence", "success", "rows")
        return replace(self, **{name: getattr(self, name)[chosen] for name in names})

    def retime(self, fps: float | None) -> Recording:
        """Return the recording with time as (frame - 1) / fps; None leaves the time stamps."""
        return self if fps is None else replace(self, time=(self.frame - 1) / fps)

    def get(self, places: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
        """Return some columns (m, c) of the frames at some places (m,)."""
        return self.fetch(self.rows[places], names)

    def judge(self, confidence: float) -> np.ndarray:
        """Return which frames are valid (n,): tracked, with at least this confidence."""
        return (self.success == 1) & (self.confidence >= confidence)


def record_lines(lines: Lines | Joined) -> Recording:
    """Return the recording of a file, or of a video's files, whose lines are known."""
    keys = lines.keys
    return Recording(
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


def record_frames(frames: pd.DataFrame) -> Iterator[Recording]:
    """Yield the recording of each video of a FRAMES table.

    Raises
    ------
    DataError
        If frames, faces, times, confidences or success hold what they cannot.
    """
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
