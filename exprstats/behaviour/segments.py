"""Segments: beginnings and ends of clips, checked and matched with videos."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.behaviour.openface.layout import name_video
from exprstats.behaviour.settings import Settings
from exprstats.contracts import SEGMENTS, check_table
from exprstats.errors import DataError, Option, Problem, warn_user
from exprstats.io.clips import TARGETS
from exprstats.io.drafts import refuse_hidden, rename_roles
from exprstats.io.files.reading import Reading, choose_reading
from exprstats.io.files.words import find_times
from exprstats.io.sources import Columns, FilePath, Source, give_role, open_source, pick_roles
from exprstats.options import check_word, name_nearest

TimeUnit = Literal["s", "ms"]
_IN_ORDER = "Give the earlier time first: 3 and 6, or -6 and -3 counted from the video's end."


def read_segments(
    path: FilePath,
    *,
    video: str = "video",
    clip: Columns = "clip",
    start: str = "start",
    end: str = "end",
    subject: str | None = None,
    context: str | None = None,
    target: str | None = None,
    classes: bool | None = False,
    unit: TimeUnit = "s",
    missing: Iterable[str | float] = (),
    reading: Reading | None = None,
    **options: Any,
) -> pd.DataFrame:
    r"""Read where clips begin and end.

    Parameters
    ----------
    path
        Delimited text or .xlsx, one row per clip.
    video, clip, start, end
        Columns, of clips several where they make one id together; onset and offset, and the like,
        are read where the file has no "start" and "end", and a duration where it has no end, each
        in the unit that its name holds ("Duration (ms)"). Times are seconds or clock times
        (1:02:03.5); negative ones, and an end of 0 after another start, count from the video's
        end.
    subject, context
        Columns; by default "subject" and "context" where the file has them.
    target, classes
        A further column that models are to predict, as in `read_clips`.
    unit
        Of times that are numbers, where the column's name holds none: ``"s"`` or ``"ms"``.
    missing, reading, **options
        How the file is to be read, as in `read_clips`.

    Returns
    -------
    pandas.DataFrame
        SEGMENTS: ``context``?, ``clip``, ``video``, ``subject``?, ``start``, ``end``, then the
        other columns under their own names.

    Raises
    ------
    DataError
        With every problem of the file.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> path = Path(tempfile.mkdtemp()) / "segments.csv"
    >>> _ = path.write_text("clip,video,start,end\na1,a,0,3\na2,a,-3,0\n")
    >>> read_segments(path).to_numpy().tolist()
    [['a1', 'a', 0.0, 3.0], ['a2', 'a', -3.0, 0.0]]
    """
    check_word(unit, TimeUnit, "unit")
    source = open_source(path, choose_reading(reading, missing, options))
    named = {"context": context, "clip": clip, "video": video, "subject": subject}
    ids = pick_roles(source, named)
    times, lasts = _find_times(source, {"start": (start, unit), "end": (end, unit)})
    roles = {**ids, **{role: column for role, (column, _) in times.items()}}
    if lasts is not None:
        del roles["end"]
    wanted = give_role(source.header, "guess")
    for column, own in [*times.values(), *([lasts] if lasts else [])]:
        wanted[column] = "ms" if own == "ms" else "time"
    if lasts is not None and times["end"][0] not in source.header:
        del wanted[times["end"][0]]
    if target is not None:
        refuse_hidden(roles, [target])
        wanted[target] = TARGETS[classes]
    nearest = name_nearest(video, source.header)
    source.cures[video] = ("Name it with ", Option("video"), f". {nearest}")
    draft = source.take({**wanted, **give_role(ids.values(), "id")})
    draft.finish()
    rename_roles(draft, roles)
    table = draft.table
    if lasts is not None:
        names = [*table.drop(columns=lasts[0])]
        table = table.assign(end=table["start"] + table[lasts[0]])
        place = names.index("start") + 1
        table = table[[*names[:place], "end", *names[place:]]]
    try:
        check_segments(table)
    except DataError as error:
        problems = [
            replace(one, file=str(path), rows=tuple(int(draft.rows[row - 1]) for row in one.rows))
            for one in error.problems
        ]
        if table["clip"].duplicated().any() and not table.duplicated(["video", "clip"]).any():
            both = Option("clip", [video, clip]) if isinstance(clip, str) else Option("clip")
            remedy = ("If clips are numbered anew in each video, name both: ", both, ".")
            problems = [replace(one, remedy=remedy) for one in problems]
        raise DataError(problems) from None
    return table


Time = tuple[str, str]


def _find_times(source: Source, named: dict[str, Time]) -> tuple[dict[str, Time], Time | None]:
    """Return the columns of start and end with their units, and one of durations without an end.

    Columns of other usual names are told.
    """
    found, usual = dict(named), find_times(source.header)
    own = {role: one for role, one in usual.items() if one[0] != role}
    for role, (column, unit) in named.items():
        if column == role and not source.has(role) and role in usual:
            found[role] = usual[role][0], usual[role][1] or unit
    lasts = None
    if not source.has(found["end"][0]) and found["end"][0] == "end" and "duration" in usual:
        column, unit = usual["duration"]
        lasts = column, unit or named["end"][1]
        own |= {"duration": usual["duration"]}
    taken = {column for column, _ in [*found.values(), *([lasts] if lasts else [])]}
    words = {"ms": "milliseconds", "s": "seconds", "": "seconds unless said otherwise"}
    for role, (column, unit) in own.items():
        if column in taken:
            told = {"duration": "duration of clips, which end so long after their start"}
            fact = f"it is read as the {told.get(role, f'{role} of clips')}, in {words[unit]}."
            warn_user(Problem(fact, file=str(source.layout.path), column=column))
    return found, lasts


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
    # An end of 0 is that of the video, but a clip from 0 to 0 is a row that nobody finished.
    empty = ((from_end == (start < 0)) & (end <= start)) | ((start == 0) & (end == 0))
    problems = [
        _blame(missing, segments, "no start or no end", "Give both, in seconds."),
        _blame(empty, segments, "an end that is not after its start", _IN_ORDER),
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
        remedy = (f"There is: {shown}. Use these names, or raise ", Option("unmatched"), ".")
        raise DataError(Problem(fact, remedy, column="video"))
    return Plan(segments, video)
