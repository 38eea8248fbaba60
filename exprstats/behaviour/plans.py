"""Plans that cut videos into clips: the published segments, and sliding windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.behaviour.segments import check_segments
from exprstats.contracts import find_unnumbers, require_columns
from exprstats.errors import DataError, OptionError, Problem, warn_user
from exprstats.options import is_positive, name_nearest, tell_kind

Bounds = Sequence[tuple[float, float]]

_MOST_WINDOWS = 1_000_000


def _cut(first: float, last: float) -> list[tuple[float, float]]:
    return [(float(start), float(start + 3)) for start in np.arange(first, last, 3)]


LIN2020: dict[str, Bounds] = {
    "sadness": (*_cut(0, 6), *_cut(30, 36), *_cut(-12, 0)),
    "startle": _cut(3, 18),
    "fear": _cut(0, 21),
    "pain": (*_cut(0, 9), *_cut(-12, 0)),
    "disgust": _cut(3, 15),
}


def plan_segments(videos: pd.DataFrame, plan: Mapping[str, Bounds] | None = None) -> pd.DataFrame:
    """Cut each video into the clips that its context calls for.

    Parameters
    ----------
    videos
        One row a video: ``video``, ``context``, ``subject``?, and any other columns.
    plan
        Context to (start, end) in seconds; negative times, and an end of 0, count from the end
        of the video. None: the 3-second clips of Lin, Girard, and Morency (2020, appendix) for
        sadness, startle, fear, pain and disgust, whose names may be in any case.

    Returns
    -------
    pandas.DataFrame
        SEGMENTS: ``context``, ``clip`` (the video's name and a number from 1), ``video``,
        ``subject``?, ``start``, ``end``, then the other columns.

    Raises
    ------
    DataError
        If columns are absent or a context has no plan.

    References
    ----------
    Lin, V., Girard, J. M., & Morency, L.-P. (2020). Context-dependent models for predicting and
    characterizing facial expressiveness. *Proceedings of AffCon*, 11–28.

    Examples
    --------
    >>> videos = pd.DataFrame({"video": ["F01_pain"], "context": ["pain"], "subject": ["F01"]})
    >>> plan_segments(videos)[["clip", "start", "end"]].tail(2).to_numpy().tolist()
    [['F01_pain_6', -6.0, -3.0], ['F01_pain_7', -3.0, 0.0]]
    """
    require_columns(videos, ["video", "context"], "videos")
    bounds = {str(name).casefold(): list(cuts) for name, cuts in (plan or LIN2020).items()}
    contexts = videos["context"].astype(str).str.casefold()
    unknown = sorted(set(videos["context"].astype(str)[~contexts.isin(bounds).to_numpy()]))
    if unknown:
        fact = f"context '{unknown[0]}' has no plan."
        raise DataError(Problem(fact, name_nearest(unknown[0], bounds), column="context"))
    return _lay_out(videos, [bounds[name] for name in contexts])


def plan_windows(videos: pd.DataFrame, *, length: float, step: float | None = None) -> pd.DataFrame:
    """Cut each video into windows of equal length; a last one that is not full is left out.

    Parameters
    ----------
    videos
        One row a video: ``video``, ``length`` (seconds; `inspect_openface` gives both), and any
        other columns.
    length
        Of a window, in seconds.
    step
        From one start to the next, in seconds; None: windows follow each other.

    Returns
    -------
    pandas.DataFrame
        SEGMENTS. Videos whose length is missing, since their files could not be read, have
        none; a warning names them.

    Raises
    ------
    DataError
        If columns are absent, or no video is as long as a window.
    OptionError
        If the length or the step is no number above 0.

    Examples
    --------
    >>> videos = pd.DataFrame({"video": ["a"], "length": [7.0]})
    >>> plan_windows(videos, length=3, step=2)[["clip", "start", "end"]].to_numpy().tolist()
    [['a_1', 0.0, 3.0], ['a_2', 2.0, 5.0], ['a_3', 4.0, 7.0]]
    """
    stride = length if step is None else step
    if not (is_positive(length) and is_positive(stride)):
        message = (
            f"windows of {tell_kind(length)} s every {tell_kind(stride)} s cannot be: "
            "both must be numbers above 0."
        )
        raise OptionError(message)
    require_columns(videos, ["video", "length"], "videos")
    problems = find_unnumbers(videos, ["length"])
    if problems:
        raise DataError(problems)
    videos = _drop_unknown(videos)
    counts = np.floor((videos["length"].to_numpy(float) - length) / stride + 1e-9) + 1
    if counts.sum() > _MOST_WINDOWS:
        message = f"a window every {stride:g} s: {counts.sum():,.0f} of them. Choose longer ones."
        raise OptionError(message, option="length")
    cuts = [
        [(j * stride, j * stride + length) for j in range(max(int(count), 0))] for count in counts
    ]
    if not any(cuts):
        fact = f"no video holds a window of {length:g} s"
        if len(videos):
            fact += f"; the longest of {len(videos):,} lasts {videos['length'].max():.4g} s"
        fact += "."
        raise DataError(Problem(fact, "Choose shorter windows."))
    return _lay_out(videos.drop(columns="length"), cuts)


def _drop_unknown(videos: pd.DataFrame) -> pd.DataFrame:
    """Leave out videos without a length, such as those whose files could not be read."""
    unknown = videos["length"].isna().to_numpy()
    if unknown.any():
        first = videos["video"][unknown].iloc[0]
        counted = count_things(unknown.sum(), "videos has", "videos have", of=len(videos))
        fact = f"{counted} no length: '{first}'."
        warn_user(f"{fact} No windows are cut there.")
    return videos[~unknown]


def _lay_out(videos: pd.DataFrame, cuts: Sequence[Bounds]) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for video, bounds in zip(videos.to_dict("records"), cuts, strict=True):
        given = {str(name): value for name, value in video.items()}
        for number, (start, end) in enumerate(bounds, start=1):
            name = f"{given['video']}_{number}"
            rows.append(given | {"clip": name, "start": float(start), "end": float(end)})
    order = ["context", "clip", "video", "subject", "start", "end"]
    table = pd.DataFrame(rows)
    first = [name for name in order if name in table.columns]
    table = table[[*first, *(name for name in table.columns if name not in first)]]
    check_segments(table)
    return table
