"""Features and frame quality of the clips of one recording."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from exprstats.apa import write_number
from exprstats.behaviour.grid import SLACK, Grid, place_grid
from exprstats.behaviour.motion import FEATURES, Traces, list_absent, trace_signals
from exprstats.behaviour.openface.layout import GAZE_NOTE, GROUPS
from exprstats.behaviour.openface.recordings import Recording, count_shared, follow_face
from exprstats.behaviour.settings import Settings
from exprstats.errors import Option
from exprstats.options import name_some

QUALITY = (
    *("start", "end", "n_frames", "n_grid", "n_valid", "valid_share"),
    *("mean_confidence", "gaps", "face_switches"),
)
OUTSIDE, EMPTY = "lies outside the video", "has no length"
_GAP = 1.5
RATE = "give the true rate as fps"
# Files whose median step is shorter or longer than any camera's have wrong time stamps.
_SLOWEST, _FASTEST = 1.0, 250.0


@dataclass(frozen=True, slots=True)
class Measured:
    """What one recording gives.

    Attributes
    ----------
    table
        One row per clip: features, `QUALITY`, and ``reason`` (why it fails, or None).
    facts
        What is known about the recording as a whole.
    notes
        What a person should know about it.
    """

    table: pd.DataFrame
    facts: dict[str, object]
    notes: tuple[str, ...]


def measure_recording(
    recording: Recording, start: np.ndarray, end: np.ndarray, settings: Settings
) -> Measured:
    """Return the features and the quality of each clip of a recording (all rows of a video).

    Negative seconds (c,), and an end of 0, count from the end of the video; NaN means the first
    frame and the end of the last. A frame with two faces of which none is chosen is a DataError.
    """
    timed = recording.retime(settings.fps)
    followed = follow_face(timed, settings.face)
    begin, stop = resolve_times(start, end, timed)
    within = find_within(begin, stop, timed.length)
    inside = within & (stop > begin)
    grid = place_grid(np.where(inside, begin, 0), np.where(inside, stop, 0), settings.hz)
    traces = trace_signals(followed, grid, settings)
    table = pd.DataFrame({name: _average(traces, name) for name in FEATURES})
    table = table.assign(**_keep_ledger(followed, begin, stop, traces))
    needed = table[["start", "end", "n_valid", "valid_share"]].assign(within=within)
    reasons = [_find_reason(clip, settings) for clip in needed.to_dict("records")]
    table["reason"] = pd.Series(reasons, dtype=object)
    facts = describe_recording(timed, settings)
    notes = [*recording.notes, *note_times(followed), *note_rate(followed, settings)]
    notes += note_overlap(start, begin, stop)
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


def find_within(start: np.ndarray, end: np.ndarray, length: float) -> np.ndarray:
    """Return which clips (c,) begin within a video; one that lasts a hundred times it does not."""
    # Times in milliseconds, or counted from 1970, would make grids without end.
    return (start >= -SLACK) & (start < length - SLACK) & (end <= 100 * length + 3600)


def describe_recording(recording: Recording, settings: Settings) -> dict[str, object]:
    """Return counts, rate and shares of a recording, and the features its columns do not allow."""
    faces = np.unique(recording.face)
    step = recording.step
    return {
        "video": recording.video,
        "n_rows": len(recording.frame),
        "n_columns": len(recording.columns) - len(GROUPS["gaze"]) * (GAZE_NOTE in recording.notes),
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
    # A jump belongs to the clip that holds both frames.
    absent = _sum_between(jumps, low, np.maximum(high - 1, low)).astype(int)
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
            "jumps": absent,
            "gaps": absent + _count_failed(recording, jumps, traces),
            "face_switches": _sum_between(turns, low, np.maximum(high - 1, low)).astype(int),
        }


def _count_failed(recording: Recording, jumps: np.ndarray, traces: Traces) -> np.ndarray:
    """Return how often moments in a row have no valid frame (c,), beside jumps between frames."""
    grid, failed = traces.grid, ~traces.valid
    before = np.searchsorted(recording.time, grid.time + SLACK) - 1
    jumped = np.r_[jumps, False, False][np.clip(before, -1, len(jumps))] & failed
    begins = failed & np.r_[True, ~failed[:-1] | (np.diff(grid.clip) != 0)][: len(failed)]
    run = np.cumsum(begins) - 1
    held = np.zeros(int(begins.sum()), bool)
    held[run[jumped]] = True
    return np.bincount(grid.clip[begins][~held], minlength=grid.n_clips)


def _sum_between(values: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    total = np.r_[0.0, np.cumsum(values)]
    last = len(total) - 1
    return total[np.minimum(high, last)] - total[np.minimum(low, last)]


def _find_reason(clip: Mapping[Hashable, Any], settings: Settings) -> str | None:
    if not clip["within"]:
        return OUTSIDE
    if clip["end"] <= clip["start"]:
        return EMPTY
    if clip["n_valid"] == 0:
        return "no valid frame"
    if clip["valid_share"] < settings.min_valid:
        shown = write_number(clip["valid_share"], 2, bounded=True)
        return f"valid share below {settings.min_valid:g} ({shown})"
    return None


def note_times(followed: Recording) -> list[str]:
    """Tell when one face's time stamps stand still or go back from frame to frame."""
    order = np.argsort(followed.frame, kind="stable")
    steps = np.diff(followed.time[order])
    if len(steps) and not steps.any():
        return [f"all its time stamps are the same; {RATE}."]
    notes = []
    for wrong, what in ((steps < 0, "go back"), (steps == 0, "stand still")):
        if wrong.any():
            first = followed.frame[order][1:][wrong][0]
            noun = "frame" if wrong.sum() == 1 else "frames"
            count = f"at {int(wrong.sum()):,} {noun} (first at frame {first})"
            notes.append(f"its time stamps {what} {count}; {RATE}.")
    return notes


def note_rate(recording: Recording, settings: Settings) -> list[str]:
    """Tell when a rate cannot be, or is lower than the grid's."""
    rate = 1 / recording.step if recording.step > 0 else np.nan
    if np.isnan(rate):
        return []
    if not _SLOWEST <= rate <= _FASTEST:
        told = ", as milliseconds would" if _SLOWEST <= 1000 * rate <= _FASTEST else ""
        return [f"its time stamps mean {rate:,.4g} frames per second{told}; {RATE}."]
    if rate < settings.hz * (1 - 1e-6):
        frames = f"{rate:.4g} frame{'' if rate == 1 else 's'}"
        return [f"it has {frames} per second, fewer than the {settings.hz:g} asked for."]
    return []


def note_overlap(start: np.ndarray, begin: np.ndarray, stop: np.ndarray) -> list[str]:
    """Tell when a video is so short that clips from its two ends share frames.

    Clips that begin before the video lie outside it and share nothing.
    """
    late, first = (start < 0) & (begin >= -SLACK), start >= 0
    if not (late.any() and first.any()):
        return []
    if stop[first & (begin < stop[late].max())].max(initial=0) <= begin[late].min() + SLACK:
        return []
    return ["it is so short that clips counted from its start and from its end overlap."]


def note_switches(clips: Sequence[str], total: int) -> tuple[str | Option, ...]:
    """Tell in which of all clips one face takes the place of another."""
    fact = f"The face changes within {len(clips):,} of {total:,} clips: {name_some(clips)}."
    remedy = ("Choose one with ", Option("face"), ", or cut clips where it changes.")
    return (f"{fact} Their means may mix people. ", *remedy)
