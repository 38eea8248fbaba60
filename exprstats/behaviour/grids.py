"""Evenly spaced moments inside clips, and the frames nearest to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Time stamps are printed to a millisecond; sums of them may differ by rounding only.
SLACK = 1e-9


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
    """Return the moments start + j/hz that come before the end, for each of c clips.

    Parameters
    ----------
    start, end
        Seconds (c,).
    hz
        Moments a second.

    Examples
    --------
    >>> place_grid(np.array([3.0]), np.array([4.0]), 5).time.round(3).tolist()
    [3.0, 3.2, 3.4, 3.6, 3.8]
    """
    counts = np.maximum(np.ceil((end - start) * hz - SLACK), 0).astype(np.int64)
    clip = np.repeat(np.arange(len(start)), counts)
    first = np.repeat(np.cumsum(counts) - counts, counts)
    return Grid(clip, start[clip] + (np.arange(len(clip)) - first) / hz, end)


def find_nearest(time: np.ndarray, moments: np.ndarray, reach: float) -> np.ndarray:
    """Return which frame is nearest to each moment; of two at the same distance the earlier.

    Parameters
    ----------
    time
        Seconds of the frames (n,), ascending.
    moments
        Seconds (N,).
    reach
        Frames further away than this do not count.

    Returns
    -------
    numpy.ndarray
        Places (N,); −1 where no frame is near enough.

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
