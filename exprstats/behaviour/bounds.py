"""Segments and the recordings that they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from exprstats.behaviour.segments import check_segments, match_videos
from exprstats.behaviour.settings import Settings
from exprstats.errors import DataError, Problem
from exprstats.numerals import count_things


@dataclass(frozen=True, slots=True)
class Plan:
    """Segments with the recording that each belongs to.

    Attributes
    ----------
    segments
        The table as given; where None was given, one row for each recording.
    video
        The recording's name for each row; missing where there is none.
    """

    segments: pd.DataFrame
    video: pd.Series

    def get_bounds(self, video: str) -> tuple[np.ndarray, np.ndarray]:
        """Return the start and end (c,) of the clips of one recording; NaN is all of it."""
        rows = self.segments.loc[(self.video == video).to_numpy()]
        start, end = (rows[name].to_numpy(float, na_value=np.nan) for name in ("start", "end"))
        return start, end


def make_plan(segments: pd.DataFrame | None, videos: Sequence[str], settings: Settings) -> Plan:
    """Match segments with recordings.

    Raises
    ------
    DataError
        If the table breaks its contract, or more segments than tolerated name no recording.
    """
    if segments is None:
        names = list(videos)
        whole = pd.DataFrame({"clip": names, "video": names, "start": np.nan, "end": np.nan})
        return Plan(whole, whole["video"])
    check_segments(segments)
    video = match_videos(segments, videos)
    lost = video.isna()
    if lost.mean() > settings.unmatched:
        named = ", ".join(f"'{one}'" for one in segments["video"][lost.to_numpy()].unique()[:3])
        counted = count_things(lost.sum(), "segments names", "segments name", of=len(lost))
        noun = "a video" if lost.sum() == 1 else "videos"
        fact = f"{counted} {noun} without frames: {named}."
        shown = ", ".join(f"'{one}'" for one in list(videos)[:3]) + ", …" * (len(videos) > 3)
        remedy = f"There is: {shown}. Use these names, or raise 'unmatched'."
        raise DataError(Problem(fact, remedy, column="video"))
    return Plan(segments, video)
