"""The grid of evenly spaced moments in a clip, and the frames nearest to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from exprstats.behaviour.openface.recordings import Recording
from exprstats.behaviour.settings import Settings
from exprstats.errors import DataError, Option, Problem

# Sums and products of times may differ by rounding only.
SLACK = 1e-9
# Moments of one video; ten days at 20 a second have fewer.
_MOST = 20_000_000


@dataclass(frozen=True, slots=True)
class Grid:
    """The grids of c clips, one after the other.

    Attributes
    ----------
    clip
        Which clip each of the N moments belongs to (N,), 0 … c − 1, ascending.
    time
        Seconds (N,).
    end
        Seconds at which each clip ends (c,).
    """

    clip: np.ndarray
    time: np.ndarray
    end: np.ndarray

    @property
    def n_clips(self) -> int:
        """Number of clips, c."""
        return len(self.end)

    def count(self, wanted: np.ndarray | None = None) -> np.ndarray:
        """Return the number of (wanted) moments of each clip (c,)."""
        chosen = self.clip if wanted is None else self.clip[wanted]
        return np.bincount(chosen, minlength=self.n_clips)

    def average(self, series: np.ndarray) -> np.ndarray:
        """Return each clip's mean of a series (N,), missing values left out (c,)."""
        known = ~np.isnan(series)
        total = np.bincount(self.clip[known], series[known], minlength=self.n_clips)
        with np.errstate(invalid="ignore"):
            return total / self.count(known)


def place_grid(start: np.ndarray, end: np.ndarray, hz: float) -> Grid:
    """Return the moments start + j/hz that come before the end, for c clips of seconds (c,).

    Wild time stamps, which ask for more moments than there can be, are a DataError.

    Examples
    --------
    >>> place_grid(np.array([3.0]), np.array([4.0]), 5).time.round(3).tolist()
    [3.0, 3.2, 3.4, 3.6, 3.8]
    """
    wanted = np.maximum(np.ceil((end - start) * hz - SLACK), 0)
    if wanted.sum() > _MOST:
        fact = f"its clips last up to {np.max(end - start):,.0f} s, which no video does."
        remedy = (
            "Correct the time stamps, or give the frames per second with ",
            Option("fps"),
            ".",
        )
        raise DataError(Problem(fact, remedy))
    counts = wanted.astype(np.int64)
    clip = np.repeat(np.arange(len(start)), counts)
    first = np.repeat(np.cumsum(counts) - counts, counts)
    return Grid(clip, start[clip] + (np.arange(len(clip)) - first) / hz, end)


def find_nearest(time: np.ndarray, moments: np.ndarray, reach: float) -> np.ndarray:
    """Return the place (N,) of the frame nearest to each moment; of two as near the earlier.

    ``time`` of frames (n,) ascends; −1 where no frame is within ``reach`` (all in seconds).

    Examples
    --------
    >>> find_nearest(np.array([0.0, 0.1, 0.2]), np.array([0.05, 0.16, 0.9]), 0.1).tolist()
    [0, 2, -1]
    """
    later = np.searchsorted(time, moments)
    earlier = later - 1
    bounded = np.r_[-np.inf, time, np.inf]
    before, after = moments - bounded[earlier + 1], bounded[later + 1] - moments
    nearest = np.where(before <= after + SLACK, earlier, later)
    return np.where(np.minimum(before, after) <= reach + SLACK, nearest, -1)


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
    """Choose the frames of each moment from one face's frames in the order of time.

    ``"nearest"`` takes the nearest frame within half a step. ``"mean"`` takes the valid frames from
    the moment up to the next one; at least half of the frames there must be valid, and these must
    show the same face.
    """
    return _PICKS[settings.sampling](recording, grid, settings)


def _pick_nearest(recording: Recording, grid: Grid, settings: Settings) -> Picked:
    frame = find_nearest(recording.time, grid.time, settings.reach)
    # The last frame shows no moment after it; without movement it would count as stillness.
    frame[grid.time >= recording.length - SLACK] = -1
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
