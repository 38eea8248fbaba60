"""One recording and the bounds of its clips to features and a quality ledger."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from exprstats.behaviour.faces import count_shared, follow_face
from exprstats.behaviour.grids import SLACK, Grid, place_grid
from exprstats.behaviour.recordings import Recording
from exprstats.behaviour.settings import Settings
from exprstats.behaviour.signals import FEATURES, Traces, list_absent, trace_signals
from exprstats.numerals import write_number

QUALITY = (
    *("start", "end", "n_frames", "n_grid", "n_valid", "valid_share"),
    *("mean_confidence", "gaps", "face_switches"),
)
# Files whose median step is shorter or longer than any camera's have wrong time stamps.
_SLOWEST, _FASTEST = 1.0, 250.0
_GAP = 1.5


@dataclass(frozen=True, slots=True)
class Measured:
    """What one recording gives.

    Attributes
    ----------
    table
        One row a clip: features, `QUALITY`, and ``reason`` (why it fails, or None).
    facts
        What is known about the recording as a whole.
    notes
        What a person should know about it.
    """

    table: pd.DataFrame
    facts: dict[str, object]
    notes: tuple[str, ...]


def measure_clips(
    recording: Recording, start: np.ndarray, end: np.ndarray, settings: Settings
) -> Measured:
    """Return the features and the quality of each clip of a recording.

    Parameters
    ----------
    recording
        All rows of a video.
    start, end
        Seconds (c,); negative times, and an end of 0, count from the end of the video; NaN means
        the first frame and the end of the last.
    settings
        The choices.

    Raises
    ------
    DataError
        If a frame shows two faces and none is chosen.
    """
    followed = follow_face(recording, settings.face, fps=settings.fps)
    begin, stop = resolve_times(start, end, followed)
    early = (begin < -SLACK) | (stop <= begin)
    grid = place_grid(np.where(early, 0, begin), np.where(early, 0, stop), settings.hz)
    traces = trace_signals(followed, grid, settings)
    table = pd.DataFrame({name: _average(traces, name) for name in FEATURES})
    table = table.assign(**_keep_ledger(followed, begin, stop, traces))
    table["reason"] = pd.Series(_find_reasons(table, early, settings), dtype=object)
    facts = describe_recording(recording, settings)
    notes = [*recording.notes, *_note_rate(followed, settings), *_note_overlap(start, begin, stop)]
    return Measured(table, facts, tuple(notes))


def resolve_times(
    start: np.ndarray, end: np.ndarray, recording: Recording
) -> tuple[np.ndarray, np.ndarray]:
    """Return times counted from 0; those that count from the end need the video's length."""
    length = recording.length
    begin = np.where(start < 0, start + length, start)
    stop = np.where(end <= 0, end + length, end)
    first = recording.time.min()
    return np.where(np.isnan(begin), first, begin), np.where(np.isnan(stop), length, stop)


def describe_recording(recording: Recording, settings: Settings) -> dict[str, object]:
    """Return counts, rate and shares of a recording, and the features its columns do not allow."""
    faces = np.unique(recording.face)
    step = recording.step
    return {
        "video": recording.video,
        "n_rows": len(recording.frame),
        "n_columns": len(recording.columns),
        "n_faces": len(faces),
        "shared_frames": count_shared(recording),
        "fps": float(1 / step) if step > 0 else np.nan,
        "length": recording.length,
        "valid_share": float(recording.judge(settings.confidence).mean()),
        "mean_confidence": float(pd.Series(recording.confidence).mean()),
        "absent": ", ".join(list_absent(recording.columns, settings)),
    }


def _average(traces: Traces, name: str) -> np.ndarray:
    series = traces.series.get(name)
    grid: Grid = traces.grid
    return np.full(grid.n_clips, np.nan) if series is None else grid.average(series)


def _keep_ledger(
    recording: Recording, start: np.ndarray, end: np.ndarray, traces: Traces
) -> dict[str, np.ndarray]:
    low = np.searchsorted(recording.time, start - SLACK)
    high = np.maximum(np.searchsorted(recording.time, end - SLACK), low)
    jumps = np.diff(recording.time) > _GAP * recording.step
    turns = np.diff(recording.face) != 0
    counts = high - low
    known = ~np.isnan(recording.confidence)
    trust = _sum_between(np.where(known, recording.confidence, 0.0), low, high)
    n_grid, n_valid = traces.grid.count(), traces.grid.count(traces.valid)
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "start": start,
            "end": end,
            "n_frames": counts,
            "n_grid": n_grid,
            "n_valid": n_valid,
            "valid_share": n_valid / n_grid,
            "mean_confidence": trust / _sum_between(known, low, high),
            # A jump belongs to the clip that holds both frames.
            "gaps": _sum_between(jumps, low, np.maximum(high - 1, low)).astype(int),
            "face_switches": _sum_between(turns, low, np.maximum(high - 1, low)).astype(int),
        }


def _sum_between(values: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    total = np.r_[0.0, np.cumsum(values)]
    last = len(total) - 1
    return total[np.minimum(high, last)] - total[np.minimum(low, last)]


def _find_reasons(table: pd.DataFrame, early: np.ndarray, settings: Settings) -> list[str | None]:
    reasons: list[str | None] = []
    for before, share, n_valid in zip(early, table["valid_share"], table["n_valid"], strict=True):
        if before:
            reasons.append("lies outside the video")
        elif n_valid == 0:
            reasons.append("no valid frame")
        elif share < settings.min_valid:
            shown = write_number(share, 2, bounded=True)
            reasons.append(f"valid share below {settings.min_valid:g} ({shown})")
        else:
            reasons.append(None)
    return reasons


def _note_rate(recording: Recording, settings: Settings) -> list[str]:
    rate = 1 / recording.step if recording.step > 0 else np.nan
    if np.isnan(rate):
        return []
    if not _SLOWEST <= rate <= _FASTEST:
        return [f"its time stamps mean {rate:,.4g} frames a second; give the true rate as fps."]
    if rate < settings.hz * (1 - 1e-6):
        return [f"it has {rate:.4g} frames a second, fewer than the {settings.hz:g} asked for."]
    return []


def _note_overlap(start: np.ndarray, begin: np.ndarray, stop: np.ndarray) -> list[str]:
    """Tell when a video is so short that clips from its two ends share frames.

    Clips that begin before the video lie outside it and share nothing.
    """
    late, first = (start < 0) & (begin >= -SLACK), start >= 0
    if not (late.any() and first.any()):
        return []
    if stop[first & (begin < stop[late].max())].max(initial=0) <= begin[late].min() + SLACK:
        return []
    return ["it is so short that clips counted from its start and from its end overlap."]
