"""Annotation files of any known kind to one table of EVENTS, spellings merged by a table."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.contracts import require_columns
from exprstats.errors import DataError, Option, OptionError, Problem, warn_user
from exprstats.events.intervals import check_events, check_rate
from exprstats.events.readers.elan import list_elan
from exprstats.events.readers.signstream import (
    Event,
    list_signstream2,
    list_signstream3,
    parse_markup,
)
from exprstats.io.files.reading import Reading
from exprstats.io.files.workbooks import write_number
from exprstats.options import (
    PER_SECOND,
    TimeUnit,
    check_word,
    list_inside,
    list_paths,
    name_nearest,
)
from exprstats.parallel import report_progress

FilePath = str | os.PathLike[str]
_MARKUP, _TABLES = (".xml", ".eaf"), (".csv", ".tsv", ".txt", ".xlsx")
_LONGEST = 100.0  # seconds of a usual annotation
_ELAN = {
    **{"start": "begin time - ss.msec", "end": "end time - ss.msec"},
    **{"value": "annotation", "signer": "participant"},
}
_ROLES = ("utterance", "signer", "tier", "start", "end", "value", "phase")


def read_events(
    paths: FilePath | Sequence[FilePath],
    *,
    spellings: pd.DataFrame | None = None,
    fps: float = 30.0,
    within: str | None = None,
    utterance: str | None = None,
    signer: str | None = None,
    tier: str | None = None,
    start: str | None = None,
    end: str | None = None,
    value: str | None = None,
    unit: TimeUnit = "s",
    encoding: str | None = None,
    reading: Reading | None = None,
) -> pd.DataFrame:
    r"""Read annotated intervals from SignStream, ELAN, or tables of intervals.

    Parameters
    ----------
    paths
        Files, or folders of files: databases of SignStream 2 and exports of SignStream 3 (.xml),
        ELAN files (.eaf), and tables (.csv, .tsv, .xlsx) with columns ``tier``, ``start`` and
        ``end``, and ``utterance``, ``signer``, ``value``, ``phase`` where there are any, or those
        that ELAN exports as tab-delimited text with column names and times in ss.msec.
    spellings
        Spellings that mean one thing, as from `list_spellings`; None: that table.
    fps
        Frames per second of the videos. Times of SignStream are those of frames, rounded to the
        millisecond, and end with the last frame, which counts.
    within
        Tier of ELAN files whose annotations are the utterances; None: a file is one utterance.
    utterance, signer, tier, start, end, value
        Columns of tables that have other names.
    unit
        Of the times of tables: ``"s"``, ``"ms"`` or ``"us"``.
    encoding
        Of the text; None: as the files say, else UTF-8.
    reading
        How tables are to be read, in place of ``encoding``.

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
        For intervals that were cut or left out, rows that stand twice, and times that look like
        another unit.

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
    check_word(unit, TimeUnit, "time_unit")
    reading = Reading(encoding=encoding) if reading is None else reading
    named = {"utterance": utterance, "signer": signer, "tier": tier, "start": start, "end": end}
    named = {role: name for role, name in (named | {"value": value}).items() if name is not None}
    plan = _Plan(fps, within, reading, named, unit)
    files = list_annotated(paths)
    pieces: list[pd.DataFrame] = []
    problems: list[Problem] = []
    odd: Counter[str] = Counter()
    for done, path in enumerate(files, start=1):
        try:
            pieces.append(_read_file(path, plan, odd))
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


def list_annotated(paths: FilePath | Sequence[FilePath]) -> list[Path]:
    """Return the annotation files that paths name, those of a folder by name, or its tables."""
    files: list[Path] = []
    for one in list_paths(paths):
        if one.is_dir():
            inside = list_inside(one, (*_MARKUP, *_TABLES))
            # Tables beside files of annotation programs say something of these, as a rule.
            files += [path for path in inside if path.suffix.lower() in _MARKUP] or inside
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


class _Plan(NamedTuple):
    """How files are read: the rate of videos, and the columns and the unit of tables."""

    fps: float
    within: str | None
    reading: Reading
    named: Mapping[str, str]
    unit: TimeUnit


def _read_file(path: Path, plan: _Plan, odd: Counter[str]) -> pd.DataFrame:
    if path.suffix.lower() not in _MARKUP:
        return _read_intervals(path, plan)
    root = parse_markup(path, plan.reading.encoding)
    if root.tag == "SIGNSTREAM-DATABASE":
        events = list_signstream2(root, path, plan.fps, odd)
    elif root.tag == "SIGNSTREAM_DAI":
        events = list_signstream3(root, path, plan.fps, odd)
    elif root.tag == "ANNOTATION_DOCUMENT":
        events = list_elan(root, path, plan.within, odd)
    else:
        fact = f"its first element is '{root.tag}', of neither SignStream nor ELAN."
        raise DataError(Problem(fact, "Save intervals as .csv instead.", file=str(path)))
    if not events:
        raise DataError(Problem("it holds no annotation.", "Leave it out.", file=str(path)))
    return pd.DataFrame(events, columns=list(Event._fields))


def _read_intervals(path: Path, plan: _Plan) -> pd.DataFrame:
    from exprstats.io.clips import read_table
    from exprstats.io.sources import open_source

    header = [str(name) for name in open_source(path, plan.reading, warned=False).header]
    known = {role: plan.named.get(role) or _find_column(role, header) for role in _ROLES}
    asked = [*plan.named, *(role for role in ("tier", "start", "end") if role not in plan.named)]
    absent = [role for role in asked if known[role] not in header]
    if absent:
        role = absent[0]
        needed = "a table of intervals needs columns tier, start and end; "
        fact = f"{'' if role in plan.named else needed}it has no '{known[role]}'."
        hint = name_nearest(known[role], header)
        remedy = (f"{hint} Name the column with ".lstrip(), Option(role), ".")
        raise DataError(Problem(fact, remedy, file=str(path)))
    ids = [known[name] for name in ("utterance", "signer", "tier") if known[name] in header]
    numbers = [known["start"], known["end"]]
    table = read_table(path, ids=ids, numbers=numbers, reading=plan.reading)
    table = table.rename(columns={name: role for role, name in known.items()})
    held = set(table.columns)
    table = _drop_copies(table.reindex(columns=list(_ROLES)), path)
    table[["start", "end"]] /= PER_SECOND[plan.unit]
    if "utterance" not in held:
        table["utterance"] = path.stem
    if "value" not in held:
        table["value"] = "yes"
    for name in ("signer", "value", "phase"):
        texts = table[name].astype(object)
        table[name] = [None if pd.isna(one) else write_number(one) for one in texts]
    _judge_lengths(table, path, plan)
    return table


def _find_column(role: str, header: Sequence[str]) -> str:
    """Return the column of a role, by its name in any case or by that in ELAN's own tables."""
    lower = {name.casefold(): name for name in reversed(header)}
    found = (lower.get(one) for one in (role, _ELAN.get(role, role)))
    return role if role in header else next(filter(None, found), role)


def _drop_copies(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Return a table without the rows that repeat another in all that is read of it."""
    again = table.duplicated()
    if again.any():
        counted = count_things(again.sum(), "row repeats", "rows repeat")
        fact = f"{counted} another and count once."
        warn_user(Problem(fact, file=str(path), rows=tuple(np.flatnonzero(again)[:5] + 2)))
    return table[~again].reset_index(drop=True)


def _judge_lengths(table: pd.DataFrame, path: Path, plan: _Plan) -> None:
    """Warn of annotations that are as long or as short as none is, in the unit that was told."""
    usual, units = float((table["end"] - table["start"]).median()), list(PER_SECOND)
    place = units.index(plan.unit)
    if usual > _LONGEST:
        told, other = f"half of the intervals last {usual:,.0f} s or more. ", place + 1
    elif 0 < usual < 0.5 / plan.fps:
        told, other = "half of the intervals are shorter than half a frame. ", place - 1
    else:
        return
    unit = units[min(max(other, 0), len(units) - 1)]
    remedy = ("Name the unit of the times with ", Option("time_unit", unit), ", if it is another.")
    warn_user(Problem(told, remedy, file=str(path)))


# Of the corpora of the National Center for Sign Language and Gesture Resources; an empty value
# stands for every value of the tier. The values keep what was annotated: "tensed" and "tense" are
# one, "slightly tensed" is another.
_SPELLINGS = (
    ("English translation", "", "translation", ""),
    ("main gloss", "", "gloss", ""),
    ("non-dominant hand gloss", "", "non-dominant gloss", ""),
    ("nondominant POS", "", "Non-dominant POS", ""),
    ("head pos:jut", "", "head pos: jut", ""),
    ("nose", "tense", "nose", "tensed"),
    ("negative", "neg", "negative", "negation"),
    ("topic/focus", "foc/prop-with-ref-to", "topic/focus", "focus/prop-with-ref-to"),
    ("POS", "Quantifier + Wh-word", "POS", "Quantifier+Wh-word"),
    ("POS", "Tense + Aspect", "POS", "Tense+Aspect"),
    ("mouth", "lips pursed:mm", "mouth", "lips pursed: mm"),
    ("mouth", "lips pursed:oo", "mouth", "lips pursed: oo"),
    ("mouth", "lips pursed:oo-tight", "mouth", "lips pursed: oo-tight"),
    ("mouth", "open & crnrs down", "mouth", "open & corners down"),
    ("shoulders", "forward right", "shoulders", "forward/right"),
    ("shoulders", "forward left", "shoulders", "forward/left"),
    ("body lean", "forward right", "body lean", "forward/right"),
    ("body lean", "back left", "body lean", "back/left"),
)
COLUMNS = ("tier", "value", "tier_as", "value_as")


def list_spellings() -> pd.DataFrame:
    """Return the table of spellings that `read_events` merges.

    Returns
    -------
    pandas.DataFrame
        ``tier`` and ``value`` as files have them (an empty value stands for all of the tier), and
        ``tier_as`` and ``value_as``, what they become. Add rows, or take some away, and give the
        table to `read_events`.

    Examples
    --------
    >>> table = list_spellings()
    >>> table.query("tier == 'nose'").to_numpy().tolist()
    [['nose', 'tense', 'nose', 'tensed']]
    """
    return pd.DataFrame(_SPELLINGS, columns=list(COLUMNS))


def merge_spellings(
    events: pd.DataFrame, spellings: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the events with merged spellings, and how many intervals each row of the table met.

    Tiers are renamed first, values then under the new name of their tier. A table as from
    `list_spellings` that gives one spelling two meanings is a DataError.
    """
    require_columns(spellings, list(COLUMNS), "spellings")
    table = spellings[list(COLUMNS)].astype(object).where(spellings[list(COLUMNS)].notna(), "")
    twice = table[table.duplicated(["tier", "value"])]
    if len(twice):
        first = twice.iloc[0]
        fact = f"spelling '{first['tier']}', '{first['value']}' is in two rows."
        raise DataError(Problem(fact, "Keep one of them."))
    whole = table[table["value"].eq("")]
    counts = events["tier"].value_counts()
    renamed = dict(zip(whole["tier"], whole["tier_as"], strict=True))
    tier = events["tier"].map(lambda name: renamed.get(name, name))
    single = table[table["value"].ne("")]
    key = {
        (renamed.get(row["tier"], row["tier"]), row["value"]): (row["tier_as"], row["value_as"])
        for row in single.to_dict("records")
    }
    pairs = list(zip(tier, events["value"], strict=True))
    met = pd.Series(pairs, dtype=object).value_counts()
    merged = events.assign(
        tier=[key.get(pair, pair)[0] for pair in pairs],
        value=[key.get(pair, pair)[1] for pair in pairs],
    )
    found = [
        int(counts.get(row["tier"], 0))
        if row["value"] == ""
        else int(met.get((renamed.get(row["tier"], row["tier"]), row["value"]), 0))
        for row in table.to_dict("records")
    ]
    return merged, table.assign(n_intervals=found).reset_index(drop=True)
