"""What a person should know about a recording before its features are used."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from exprstats.behaviour.grids import SLACK
from exprstats.behaviour.recordings import Recording
from exprstats.behaviour.settings import Settings
from exprstats.words import name_some

# Files whose median step is shorter or longer than any camera's have wrong time stamps.
_SLOWEST, _FASTEST = 1.0, 250.0


def note_times(followed: Recording) -> list[str]:
    """Tell when one face's time stamps stand still or go back from frame to frame."""
    order = np.argsort(followed.frame, kind="stable")
    steps = np.diff(followed.time[order])
    if len(steps) and not steps.any():
        return ["all its time stamps are the same; give the true rate as fps."]
    notes = []
    for wrong, what in ((steps < 0, "go back"), (steps == 0, "stand still")):
        if wrong.any():
            first = followed.frame[order][1:][wrong][0]
            noun = "frame" if wrong.sum() == 1 else "frames"
            count = f"at {int(wrong.sum()):,} {noun} (first at frame {first})"
            notes.append(f"its time stamps {what} {count}; give the true rate as fps.")
    return notes


def note_rate(recording: Recording, settings: Settings) -> list[str]:
    """Tell when a rate cannot be, or is lower than the grid's."""
    rate = 1 / recording.step if recording.step > 0 else np.nan
    if np.isnan(rate):
        return []
    if not _SLOWEST <= rate <= _FASTEST:
        return [f"its time stamps mean {rate:,.4g} frames a second; give the true rate as fps."]
    if rate < settings.hz * (1 - 1e-6):
        frames = f"{rate:.4g} frame{'' if rate == 1 else 's'}"
        return [f"it has {frames} a second, fewer than the {settings.hz:g} asked for."]
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


def note_switches(clips: Sequence[str], total: int) -> str:
    """Tell in which of all clips one face takes the place of another."""
    fact = f"The face changes within {len(clips):,} of {total:,} clips: {name_some(clips)}."
    remedy = "Choose one with 'face', or cut clips where it changes."
    return f"{fact} Their means may mix people. {remedy}"
