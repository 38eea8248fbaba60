"""Where clips begin and end: from files, checked, and matched with videos."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from exprstats.behaviour.layouts import name_video
from exprstats.errors import DataError, Problem
from exprstats.io import read_table, sniff_file
from exprstats.io.sources import FilePath
from exprstats.tables import SEGMENTS, check_table


def read_segments(
    path: FilePath,
    *,
    video: str = "video",
    clip: str = "clip",
    start: str = "start",
    end: str = "end",
    subject: str | None = None,
    context: str | None = None,
) -> pd.DataFrame:
    """Read where clips begin and end.

    Parameters
    ----------
    path
        Delimited text or .xlsx, one row a clip.
    video, clip, start, end
        Columns. Times are seconds; negative ones, and an end of 0, count from the video's end.
    subject, context
        Columns; by default "subject" and "context" where the file has them.

    Returns
    -------
    pandas.DataFrame
        SEGMENTS: ``context``?, ``clip``, ``video``, ``subject``?, ``start``, ``end``, then the
        other columns under their own names.

    Raises
    ------
    DataError
        With every problem of the file.
    """
    present = sniff_file(path).columns
    roles = {"clip": clip, "video": video, "start": start, "end": end}
    for role, name in (("subject", subject), ("context", context)):
        if name is not None or role in present:
            roles[role] = name or role
    ids = [roles[role] for role in ("context", "clip", "video", "subject") if role in roles]
    table = read_table(path, ids=ids, numbers=[start, end])
    table = table.rename(columns={name: role for role, name in roles.items()})
    order = ("context", "clip", "video", "subject", "start", "end")
    first = [name for name in order if name in table.columns]
    table = table[[*first, *(name for name in table.columns if name not in first)]]
    try:
        check_segments(table)
    except DataError as error:
        raise DataError([replace(one, file=str(path)) for one in error.problems]) from None
    return table


def check_segments(segments: pd.DataFrame) -> None:
    """Refuse a table that breaks its contract or holds clips that cannot be.

    Raises
    ------
    DataError
        Also for missing times and for clips that end before they start.
    """
    check_table(segments, SEGMENTS)
    start, end = (segments[name].to_numpy(float, na_value=np.nan) for name in ("start", "end"))
    missing = np.isnan(start) | np.isnan(end)
    from_end = end <= 0
    empty = (from_end == (start < 0)) & (end <= start)
    problems = [
        _blame(missing, segments, "no start or no end", "Give both, in seconds."),
        _blame(empty, segments, "an end that is not after its start", "Correct the times."),
    ]
    found = [problem for problem in problems if problem is not None]
    if found:
        raise DataError(found)


def match_videos(segments: pd.DataFrame, videos: Iterable[str]) -> pd.Series:
    """Return the known video of each segment, missing where there is none.

    A segment's video may carry a file ending, such as .mp4.
    """
    known = set(videos)

    def match(name: str) -> str | None:
        text = str(name)
        bare = name_video(Path(text))
        return next((one for one in (text, bare, Path(text).stem) if one in known), None)

    matched = {name: match(name) for name in segments["video"].unique()}
    return segments["video"].map(matched)


def _blame(wrong: np.ndarray, segments: pd.DataFrame, what: str, remedy: str) -> Problem | None:
    if not wrong.any():
        return None
    rows = np.flatnonzero(wrong)
    first = segments["clip"].iloc[rows[0]]
    count = f"{len(rows):,} clip{'s have' if len(rows) > 1 else ' has'}"
    return Problem(f"{count} {what}: '{first}'.", remedy, rows=tuple(int(r) + 1 for r in rows))
