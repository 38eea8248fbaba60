"""Segments of videos: read from a table, planned as published, or cut as sliding windows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.behaviour.openface.layout import name_video
from exprstats.behaviour.settings import Settings
from exprstats.contracts import SEGMENTS, check_table, find_unnumbers, require_columns
from exprstats.errors import DataError, Option, OptionError, Problem, warn_user
from exprstats.io.clips import TARGETS
from exprstats.io.drafts import refuse_hidden, rename_roles
from exprstats.io.files.reading import Reading, choose_reading
from exprstats.io.files.words import find_times
from exprstats.io.sources import Columns, FilePath, Source, give_role, open_source, pick_roles
from exprstats.options import check_word, is_positive, name_nearest, tell_kind

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
    """Refuse a table with missing times, ends before their starts, or clips that cannot be."""
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
class SegmentPlan:
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


def make_plan(
    segments: pd.DataFrame | None, videos: Sequence[str], settings: Settings
) -> SegmentPlan:
    """Match segments with recordings; more that name none than tolerated are a DataError."""
    if segments is None:
        names = list(videos)
        whole = pd.DataFrame({"clip": names, "video": names, "start": np.nan, "end": np.nan})
        return SegmentPlan(whole, whole["video"])
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
    return SegmentPlan(segments, video)


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
