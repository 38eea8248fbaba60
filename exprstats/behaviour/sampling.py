"""From frames to the moments of a grid: the nearest frame, or the mean of a step's frames."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from exprstats.behaviour.grids import SLACK, Grid, find_nearest
from exprstats.behaviour.recordings import Recording
from exprstats.behaviour.settings import Settings


@dataclass(frozen=True, slots=True)
class Picked:
    """Which frames stand for which moments.

    Attributes
    ----------
    frame
        The first frame of each moment, a place in the recording (N,); −1 where there is none.
    valid
        Whether the moment counts (N,).
    places
        The F valid frames of valid moments (F,), moment by moment.
    moment
        The moment of each of them (F,), ascending.
    """

    frame: np.ndarray
    valid: np.ndarray
    places: np.ndarray
    moment: np.ndarray

    def average(self, values: np.ndarray) -> np.ndarray:
        """Return each moment's mean (N, columns) of its frames' values (F, columns)."""
        found = np.full((len(self.valid), values.shape[1]), np.nan)
        if len(values) == self.valid.sum():
            found[self.moment] = values
        else:
            present, first = np.unique(self.moment, return_index=True)
            count = np.diff(np.r_[first, len(values)])
            found[present] = np.add.reduceat(values, first, axis=0) / count[:, None]
        return found

    def average_angle(self, values: np.ndarray) -> np.ndarray:
        """Return each moment's mean direction (N, columns) of angles (F, columns) in radians."""
        if len(values) == self.valid.sum():
            return self.average(values)
        return np.arctan2(self.average(np.sin(values)), self.average(np.cos(values)))


def pick_frames(recording: Recording, grid: Grid, settings: Settings) -> Picked:
    """Choose the frames of each moment.

    ``"nearest"`` takes the nearest frame within half a step. ``"mean"`` takes the valid frames
    from the moment up to the next one; at least half of the frames there must be valid, and
    these must show the same face.

    Parameters
    ----------
    recording
        One face's frames in the order of time.
    grid
        Moments of its clips.
    settings
        The choices.
    """
    return _PICKS[settings.sampling](recording, grid, settings)


def _pick_nearest(recording: Recording, grid: Grid, settings: Settings) -> Picked:
    frame = find_nearest(recording.time, grid.time, settings.reach)
    valid = (frame >= 0) & recording.judge(settings.confidence)[frame]
    return Picked(frame, valid, frame[valid], np.flatnonzero(valid))


def _pick_steps(recording: Recording, grid: Grid, settings: Settings) -> Picked:
    low = np.searchsorted(recording.time, grid.time - SLACK)
    ends = np.minimum(grid.time + 1 / settings.hz, grid.end[grid.clip])
    high = np.maximum(np.searchsorted(recording.time, ends - SLACK), low)
    good = recording.judge(settings.confidence)
    total = np.r_[0, np.cumsum(good)]
    n_good = total[high] - total[low]
    valid = (n_good > 0) & (2 * n_good >= high - low)
    counts = np.where(valid, high - low, 0)
    moment = np.repeat(np.arange(len(low)), counts)
    within = np.arange(len(moment)) - np.repeat(np.cumsum(counts) - counts, counts)
    places = low[moment] + within
    places, moment = places[good[places]], moment[good[places]]
    valid[_find_mixed(moment, recording.face[places])] = False
    kept = valid[moment]
    return Picked(np.where(high > low, low, -1), valid, places[kept], moment[kept])


def _find_mixed(moment: np.ndarray, face: np.ndarray) -> np.ndarray:
    """Return the moments of which frames (F,), moment by moment, show several faces."""
    turns = (np.diff(face) != 0) & (np.diff(moment) == 0)
    return moment[1:][turns]


_Pick = Callable[[Recording, Grid, Settings], Picked]
_PICKS: dict[str, _Pick] = {"nearest": _pick_nearest, "mean": _pick_steps}
