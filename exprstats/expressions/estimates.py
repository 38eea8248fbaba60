"""Emotion expression estimates as one table, from the exports of several programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.contracts import Contract, check_table
from exprstats.errors import NO_FILE, NO_FILES, DataError, Option, OptionError, Problem, warn_user
from exprstats.expressions.exports import HUME, UNKNOWN, parse_hume_table, parse_json, read_wide
from exprstats.expressions.recordings import (
    PLACED,
    decode_ravdess,
    join_about,
    name_source,
    place_recordings,
    read_about,
)
from exprstats.io import Reading
from exprstats.options import list_paths
from exprstats.parallel import report_progress

if TYPE_CHECKING:
    from exprstats.options import Tracker

ESTIMATES = Contract(
    "estimates",
    key=("context", "recording", "id", "modality", "time", "emotion"),
    optional=("context", "recording", "subject"),
    numbers=("time", "score"),
)
_TRACKED = {
    "facet": " Evidence",
    "affdex": ("Anger", "Sadness", "Disgust", "Joy", "Surprise", "Fear", "Contempt"),
    "py-feat": ("anger", "disgust", "fear", "happiness", "happy", "sadness", "sad", "surprise"),
}
# Action units, and FACET's two summaries of its emotions, one of which equals the evidence of joy.
_SUMMARIES = ("AU", "Positive", "Negative")
_MOMENT = ["recording", "id", "modality", "time"]


def read_estimates(
    paths: str | Path | Iterable[str | Path],
    *,
    id: str | None = None,
    time: str | None = None,
    subject: str | None = None,
    modality: str | None = None,
    context: str | None = None,
    emotions: Sequence[str] | None = None,
    about: str | Path | pd.DataFrame | None = None,
    reading: Reading | None = None,
) -> pd.DataFrame:
    r"""Read emotion expression estimates: Hume, FACET, AFFDEX, Affectiva, py-feat, or any table.

    Parameters
    ----------
    paths
        One file or several: Hume's CSV (face, prosody, language) and JSON, iMotions exports
        (FACET, AFFDEX; rows of other sensors are left out), Affectiva's JSON, py-feat's CSV, or a
        wide table with one column per emotion, or a long one with ``emotion`` and ``score``.
    id, time
        Columns of a wide table: who or what a row is about, seconds.
    subject, context
        The person and the data set: a column of every file (of Hume's and iMotions' too, such as
        ``Name``) or of ``about``, or ``"recording"``, ``"folder"`` (in which a file lies),
        ``"file"``, or of RAVDESS recordings ``"voice"``, ``"intensity"``, ``"statement"``,
        ``"repetition"`` or ``"gender"``. Without ``subject`` their names tell the actor.
    modality
        The column of a wide table that names it, or the one word that holds for a whole file.
    emotions
        The emotions to keep; by default all. In a wide table: its columns.
    about
        A table of recordings, or its file: ``recording``, and any of ``subject``, ``context``,
        ``label`` and columns that ``subject`` and ``context`` name. With ``id`` as well, it has a
        row for each face and each voice, and says who each is. With ``start`` and ``end`` (s)
        it is a table of parts: each becomes a recording, called by its ``clip`` or by recording
        and start, and moments outside of all parts are left out.
    reading
        How tables are to be read, where they do not say so themselves.

    Returns
    -------
    pandas.DataFrame
        ESTIMATES: ``recording``, ``id`` (the face or voice), ``modality``, ``time`` (s),
        ``emotion``, ``score`` (in the unit of the program), where known ``subject``, ``context``,
        ``end`` (s), ``text`` and ``label``.

    Raises
    ------
    DataError
        If a file holds no estimates, or rows repeat.

    Warns
    -----
    DataWarning
        What was left out of a file.

    References
    ----------
    Brooks, J. A., Tiruvadi, V., Baird, A., Tzirakis, P., Li, H., Gagne, C., Oh, M., & Cowen, A.
    (2023). Emotion expression estimates to measure and improve multimodal social-affective
    interactions. *ICMI '23 Companion*. https://doi.org/10.1145/3610661.3616129

    Examples
    --------
    >>> import tempfile
    >>> place = Path(tempfile.mkdtemp()) / "talk.csv"
    >>> _ = place.write_text("id,time,Joy,Anger\na,0,.9,.1\na,1,.8,.2\n")
    >>> read_estimates(place)[["time", "emotion", "score"]].to_numpy().tolist()[:2]
    [[0.0, 'Joy', 0.9], [0.0, 'Anger', 0.1]]
    """
    files = list_paths(paths)
    if not files:
        message = NO_FILES
        raise OptionError(message)
    roles = {"id": id, "time": time, "subject": subject, "modality": modality, "context": context}
    told = read_about(about)
    later = {name for name in (subject, context) if name in told}
    tables = []
    for place, path in enumerate(files, start=1):
        report_progress("Reading", place, len(files))
        table, notes = _read_file(
            path, {k: v for k, v in roles.items() if v and v not in later}, emotions, reading
        )
        for note in notes:
            warn_user(f"{path.name}: {note}")
        _refuse_repeats(table, path)
        table = place_recordings(table, path, {"subject": subject, "context": context})
        tables.append(_name_people(table, path))
    _refuse_shared(files, tables)
    _warn_of_unknown(files, tables)
    whole = join_about(
        pd.concat(tables, ignore_index=True), told, {"subject": subject, "context": context}
    )
    if emotions is not None:
        absent = [name for name in emotions if name not in set(whole["emotion"])]
        if absent:
            fact = f"there is no emotion '{absent[0]}'."
            raise DataError(Problem(fact, ("Name others with ", Option("emotions"), ".")))
        whole = whole[whole["emotion"].isin(list(emotions))].reset_index(drop=True)
    gaps = whole["score"].isna()
    if gaps.any():
        counted = count_things(gaps.sum(), "scores is", "scores are", of=len(whole))
        warn_user(f"{counted} missing and left out.")
        whole = whole[~gaps].reset_index(drop=True)
    whole = _drop_empty(whole)
    _warn_of_zeros(whole)
    for role, name in (("subject", subject), ("context", context)):
        if name is not None and role not in whole:
            fact = f"nothing says what '{name}' is of any recording."
            remedy = ("Give a table of recordings that has it with ", Option("about"), ".")
            raise DataError(Problem(fact, remedy))
    check_table(whole, ESTIMATES)
    rows = zip(files, tables, strict=True)
    whole.attrs["rows"] = {str(path): len(table.drop_duplicates(_MOMENT)) for path, table in rows}
    return whole


def _refuse_repeats(table: pd.DataFrame, path: Path) -> None:
    # Rows of other sensors hold no score, and are left out.
    table = table[table["score"].notna()]
    repeated = table.duplicated([*_MOMENT, "emotion"])
    if repeated.any():
        first = table[repeated].iloc[0]
        count = len(table[repeated].drop_duplicates(_MOMENT))
        counted = count_things(count, "moment is", "moments are")
        fact = (
            f"{counted} there more than once, the first '{first['id']}' of "
            f"'{first['recording']}' at {first['time']:g}."
        )
        remedy = ("Name the columns that tell rows apart with ", Option("id"), " or ")
        problem = Problem(fact, (*remedy, Option("time"), "."), file=str(path))
        raise DataError(problem)


def _refuse_shared(files: Sequence[Path], tables: Sequence[pd.DataFrame]) -> None:
    """Refuse two files of the same moments, such as the CSV and the JSON of one export."""
    homes: dict[tuple[str, str], list[int]] = {}
    for place, table in enumerate(tables):
        seen = table[["recording", "modality"]].drop_duplicates()
        for key in set(zip(seen["recording"].astype(str), seen["modality"], strict=True)):
            homes.setdefault(key, []).append(place)
    for (recording, modality), places in homes.items():
        for one, other in combinations(places, 2):
            pair = [
                tables[at].loc[
                    tables[at]["recording"].astype(str).eq(recording)
                    & tables[at]["modality"].eq(modality),
                    ["id", "time", "emotion"],
                ]
                for at in (one, other)
            ]
            both = pair[0].astype({"id": str}).merge(pair[1].astype({"id": str}))
            if both.empty:
                continue
            moments = count_things(len(both.drop_duplicates(["id", "time"])), "moment")
            names = [files[at].name for at in (one, other)]
            if names[0] == names[1]:
                names = [str(files[at]) for at in (one, other)]
            fact = (
                f"{names[0]} and {names[1]} both hold {moments} of {modality} of "
                f"recording '{recording}', such as '{both['id'].iloc[0]}' at "
                f"{both['time'].iloc[0]:g}."
            )
            raise DataError(Problem(fact, "Name one of the two, such as the CSV or the JSON only."))


def _warn_of_unknown(files: Sequence[Path], tables: Sequence[pd.DataFrame]) -> None:
    """Say which two files have recordings in common, and may be face and voice."""
    names = [
        set(table.loc[table["modality"].eq(UNKNOWN), "recording"].astype(str)) for table in tables
    ]
    for one, other in combinations(range(len(files)), 2):
        both = names[one] & names[other]
        if both:
            counted = count_things(len(both), "recording", "recordings")
            fact = (
                f"{files[one].name} and {files[other].name} have {counted} in common, and count as "
                "scores of one modality."
            )
            remedy = (
                "If they are of face and voice, let their names end in _face and _prosody, or name "
                "the column that tells with ",
                Option("modality"),
                ".",
            )
            warn_user(Problem(fact, remedy))
            return


def _warn_of_zeros(whole: pd.DataFrame) -> None:
    """Say how many moments have 0 for every emotion, which may be no detection."""
    keys = [name for name in ("context", *_MOMENT) if name in whole]
    groups = whole["score"].ne(0).groupby([whole[name] for name in keys], dropna=False)
    empty = ~groups.any()
    if empty.any():
        counted = count_things(empty.sum(), "moments has", "moments have", of=len(empty))
        warn_user(f"{counted} 0 for every emotion: perhaps no face or voice was found there.")


def _drop_empty(whole: pd.DataFrame) -> pd.DataFrame:
    """Leave out columns beside the key in which nothing stands; fill names of unknown people."""
    for name in ("end", "text", "probability", "label", "context", "subject"):
        if name in whole and whole[name].isna().all():
            whole = whole.drop(columns=name)
    return whole


def _read_file(
    path: Path, roles: dict[str, str], emotions: Sequence[str] | None, reading: Reading | None
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    if not path.is_file():
        fact = NO_FILE
        raise DataError(Problem(fact, "Check the path.", file=str(path)))
    if path.suffix.lower() == ".json":
        return parse_json(path, emotions)
    from exprstats.behaviour.trackers.readers import find_trackers
    from exprstats.behaviour.trackers.tables import read_tracker_file

    text = path.suffix.lower() in {".csv", ".tsv", ".txt", ".gz"}
    if text and "id" not in roles:
        file = read_tracker_file(path, reading)
        names = set(map(str, file.table.columns))
        if names & set(HUME) and ({"Id", "Time"} <= names or {"BeginTime", "EndTime"} <= names):
            found, notes = parse_hume_table(file.table, path.name)
            return _carry(found, file.table, path, roles), (*file.notes, *notes)
        trackers: list[Tracker] = [one for one in find_trackers(names) if one in _TRACKED]
        if trackers:
            found, notes = _read_tracked(path, trackers, reading)
            return _carry(found, file.table, path, roles), notes
    return read_wide(path, roles, emotions, reading)


_CLOCKS = {"Timestamp": 1000.0, "MediaTime": 1000.0, "Time": 1.0, "BeginTime": 1.0}


def _carry(
    found: pd.DataFrame, table: pd.DataFrame, path: Path, roles: dict[str, str]
) -> pd.DataFrame:
    """Return estimates with columns of their own export that name the person or the data set.

    A column that changes within the file meets the estimates by their time.
    """
    for role in ("subject", "context"):
        column = roles.get(role)
        if column is None or (column in PLACED and column not in table):
            continue
        if column not in table:
            shown = ", ".join([*PLACED[:3], *map(str, table.columns[:6])])
            fact = f"there is no column '{column}'."
            remedy = (
                f"Name one of the file's columns or one of {shown} …, or give a table of "
                "recordings with ",
                Option("about"),
                ".",
            )
            raise DataError(Problem(fact, remedy, file=str(path)))
        values = table[column].dropna().unique()
        if len(values) == 1:
            found = found.assign(**{role: str(values[0])})
            continue
        for clock, unit in _CLOCKS.items():
            if clock not in table:
                continue
            keyed = table.assign(_time=pd.to_numeric(table[clock], errors="coerce") / unit)
            keyed = keyed.dropna(subset=["_time", column]).drop_duplicates("_time")
            told = found["time"].map(dict(zip(keyed["_time"], keyed[column], strict=True)))
            if told.notna().all():
                found = found.assign(**{role: told.astype(str)})
                break
        else:
            fact = f"column '{column}' is empty, or its rows do not meet the estimates by time."
            remedy = ("Give a table of recordings with ", Option("about"), ".")
            raise DataError(Problem(fact, remedy, file=str(path)))
    return found


def _read_tracked(
    path: Path, trackers: list[Tracker], reading: Reading | None
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the emotions of face trackers: FACET and AFFDEX of one export are two modalities."""
    from exprstats.behaviour import read_faces

    tables, notes = [], []
    recording, _ = name_source(path.name)
    for tracker in trackers:
        try:
            frames = read_faces(path, tracker=tracker, reading=reading)
        except DataError:
            # The rate of the video is not known, and orders moments only.
            frames = read_faces(path, tracker=tracker, reading=reading, fps=1.0)
            notes.append("times are frame numbers.")
        chosen = _TRACKED[tracker]
        held = frames.table[frames.table["success"].eq(1)]
        if isinstance(chosen, str):
            names = [str(one) for one in held if str(one).endswith(chosen)]
            names = [one for one in names if not one.startswith(_SUMMARIES)]
        else:
            every = (*chosen, "neutral")
            names = [str(one) for one in held if str(one).lower() in {e.lower() for e in every}]
        scores = held[names].apply(pd.to_numeric, errors="coerce")
        scores = scores.rename(columns={name: name.removesuffix(" Evidence") for name in names})
        lost = len(frames.table) - len(held)
        if lost:
            notes.append(f"{count_things(lost, 'frame shows', 'frames show')} no face.")
        count = len(scores.columns)
        keys = pd.DataFrame({"recording": held["video"], "id": held["face"]}).astype(str)
        keys = keys.assign(
            id="face_" + pd.to_numeric(held["face"]).astype(int).astype(str),
            modality="face" if len(trackers) == 1 else f"face ({tracker})",
            time=held["timestamp"],
        ).reset_index(drop=True)
        keys["recording"] = keys["recording"].where(keys["recording"] != "", recording)
        long = keys.loc[np.repeat(keys.index, count)].reset_index(drop=True)
        tables.append(
            long.assign(
                emotion=np.tile(scores.columns.to_numpy(object), len(scores)),
                score=scores.to_numpy(float).ravel(),
            )
        )
        notes += [one for one in frames.notes if one not in notes]
    return pd.concat(tables, ignore_index=True), tuple(notes)


def _name_people(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Return the table with what the names of RAVDESS recordings say of them."""
    names = table["recording"].astype(str)
    decoded = {name: decode_ravdess(name) or decode_ravdess(str(path)) for name in names.unique()}
    if not any(decoded.values()):
        return table
    for column in ("subject", "label"):
        if column not in table:
            told = {name: found.get(column) for name, found in decoded.items()}
            table = table.assign(**{column: names.map(told)})
    short = {name: found.get("recording", name) for name, found in decoded.items()}
    return table.assign(recording=names.map(short))
