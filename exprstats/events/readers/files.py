"""Annotation files of any known kind to one table of EVENTS."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from exprstats.apa import count_things
from exprstats.errors import DataError, OptionError, Problem, warn_user
from exprstats.events.intervals import check_events, check_rate
from exprstats.events.readers.elan import list_elan
from exprstats.events.readers.markup import parse_markup
from exprstats.events.readers.signstream import Event, list_signstream2, list_signstream3
from exprstats.events.readers.spellings import list_spellings, merge_spellings
from exprstats.options import name_nearest
from exprstats.parallel import report_progress

FilePath = str | os.PathLike[str]
_MARKUP = (".xml", ".eaf")
_ROLES = ("utterance", "signer", "tier", "start", "end", "value", "phase")


def read_events(
    paths: FilePath | Sequence[FilePath],
    *,
    spellings: pd.DataFrame | None = None,
    fps: float = 30.0,
    within: str | None = None,
    encoding: str | None = None,
) -> pd.DataFrame:
    r"""Read annotated intervals from SignStream, ELAN, or tables of intervals.

    Parameters
    ----------
    paths
        Files, or folders of files: databases of SignStream 2 and exports of SignStream 3 (.xml),
        ELAN files (.eaf), and tables (.csv, .tsv, .xlsx) with columns ``tier``, ``start`` and
        ``end`` (s), and ``utterance``, ``signer``, ``value``, ``phase`` where there are any.
    spellings
        Spellings that mean one thing, as from `list_spellings`; None: that table.
    fps
        Frames per second of the videos. Times of SignStream are those of frames, rounded to the
        millisecond, and end with the last frame, which counts.
    within
        Tier of ELAN files whose annotations are the utterances; None: a file is one utterance.
    encoding
        Of the text; None: as the files say, else UTF-8.

    Returns
    -------
    pandas.DataFrame
        EVENTS: ``utterance`` (file and number), ``signer``, ``tier``, ``start`` and ``end`` (s from
        the start of the utterance, the end excluded), ``value``, and ``phase`` (``"hold"``,
        ``"onset"``, ``"offset"``), which has no value. Tier ``"utterance"`` spans each utterance,
        ``"translation"`` holds its text. ``attrs["spellings"]`` says how often each spelling was
        met.

    Raises
    ------
    DataError
        With the problems of all files.
    OptionError
        If a folder holds no such file, or the rate is no positive number.

    Warns
    -----
    DataWarning
        For intervals that were cut or left out.

    References
    ----------
    Neidle, C., Sclaroff, S., & Athitsos, V. (2001). SignStream: A tool for linguistic and computer
    vision research on visual-gestural language data. *Behavior Research Methods, Instruments, &
    Computers, 33*, 311-320.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "events.csv"
    >>> _ = path.write_text("utterance,tier,start,end,value\nu1,nose,0.2,0.5,wrinkle\n")
    >>> read_events(path)[["utterance", "tier", "start", "end", "value"]].to_numpy().tolist()
    [['u1', 'nose', 0.2, 0.5, 'wrinkle']]
    """
    check_rate(fps)
    files = list_files(paths)
    pieces: list[pd.DataFrame] = []
    problems: list[Problem] = []
    odd: Counter[str] = Counter()
    for done, path in enumerate(files, start=1):
        try:
            pieces.append(_read_file(path, fps, within, encoding, odd))
        except DataError as error:
            problems += error.problems
        report_progress("Reading annotations", done, len(files))
    if problems:
        raise DataError(problems)
    _check_names(files)
    for told, count in odd.items():
        if count:
            warn_user(f"{count_things(count, 'interval')} {told}.")
    events = pd.concat(pieces, ignore_index=True)
    events, found = merge_spellings(events, list_spellings() if spellings is None else spellings)
    check_events(events)
    events.attrs |= {"spellings": found.to_dict("list"), "files": len(files)}
    return events


def list_files(paths: FilePath | Sequence[FilePath]) -> list[Path]:
    """Return the annotation files that paths name, those of a folder by name.

    Raises
    ------
    OptionError
        If a path is not there, or a folder holds none.
    """
    given: Iterable[FilePath] = [paths] if isinstance(paths, str | os.PathLike) else paths
    files: list[Path] = []
    for one in map(Path, given):
        if one.is_dir():
            inside = sorted(path for path in one.iterdir() if path.suffix.lower() in _MARKUP)
            if not inside:
                message = f"{one} holds no .xml or .eaf file. Name the annotation files."
                raise OptionError(message)
            files += inside
        elif one.is_file():
            files.append(one)
        else:
            message = f"{one} is not there. Check the path."
            raise OptionError(message)
    if not files:
        message = "there is no file. Name annotation files, or a folder of them."
        raise OptionError(message)
    return list(dict.fromkeys(files))


def _check_names(files: Sequence[Path]) -> None:
    """Refuse two files of one name, whose utterances could not be told apart."""
    stems = pd.Series([path.stem for path in files if path.suffix.lower() in _MARKUP], dtype=str)
    twice = stems[stems.duplicated()]
    if len(twice):
        name = twice.iloc[0]
        fact = f"{count_things(stems.eq(name).sum(), 'file has', 'files have')} the name '{name}'."
        raise DataError(Problem(fact, "Rename them, or leave one out."))


def _read_file(
    path: Path, fps: float, within: str | None, encoding: str | None, odd: Counter[str]
) -> pd.DataFrame:
    if path.suffix.lower() not in _MARKUP:
        return _read_intervals(path, encoding)
    root = parse_markup(path, encoding)
    if root.tag == "SIGNSTREAM-DATABASE":
        events = list_signstream2(root, path, fps, odd)
    elif root.tag == "SIGNSTREAM_DAI":
        events = list_signstream3(root, path, fps, odd)
    elif root.tag == "ANNOTATION_DOCUMENT":
        events = list_elan(root, path, within, odd)
    else:
        fact = f"its first element is '{root.tag}', of neither SignStream nor ELAN."
        raise DataError(Problem(fact, "Save intervals as .csv instead.", file=str(path)))
    if not events:
        raise DataError(Problem("it holds no annotation.", "Leave it out.", file=str(path)))
    return pd.DataFrame(events, columns=list(Event._fields))


def _read_intervals(path: Path, encoding: str | None) -> pd.DataFrame:
    from exprstats.io.clips import read_table
    from exprstats.io.files.reading import Reading
    from exprstats.io.sources import open_source

    reading = Reading(encoding=encoding)
    header = [str(name) for name in open_source(path, reading, warned=False).header]
    absent = [name for name in ("tier", "start", "end") if name not in header]
    if absent:
        hint = name_nearest(absent[0], header)
        fact = f"a table of intervals needs columns tier, start and end; it has no '{absent[0]}'."
        raise DataError(Problem(fact, hint, file=str(path)))
    ids = [name for name in ("utterance", "signer", "tier") if name in header]
    table = read_table(path, ids=ids, numbers=["start", "end"], reading=reading)
    table = table.reindex(columns=list(_ROLES))
    if "utterance" not in header:
        table["utterance"] = path.stem
    if "value" not in header:
        table["value"] = "yes"
    for name in ("signer", "value", "phase"):
        texts = table[name].astype(object)
        table[name] = [None if pd.isna(one) else _write_value(one) for one in texts]
    return table


def _write_value(value: object) -> str:
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value)) if whole else str(value)  # type: ignore[arg-type]
