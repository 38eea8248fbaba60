"""A tracker's file as a table, whatever its encoding, separator and decimal mark."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.behaviour.openface.layout import CUT_OFF, NO_ROWS, find_inside, tell_width
from exprstats.behaviour.openface.lines import UNDEFINED
from exprstats.behaviour.trackers.units import SHAPE
from exprstats.errors import DataError, Option, Problem
from exprstats.io.files.reading import Reading
from exprstats.io.files.records import Layout, find_layout
from exprstats.io.numbers import Missing

KEYS = ("video", "face", "frame", "timestamp", "success", "confidence")
ONES = "the file holds no confidence: every frame with a face counts as tracked."
_ENDINGS = (".csv", ".tsv", ".txt")
# What OpenFace writes beside its table: the settings of the run.
_DETAILS = "_of_details.txt"
_DECIMAL_COMMA = re.compile(r"\s*-?\d+,\d+\s*")
_CHECK = "Let the tracker write the file again; it may be damaged."


@dataclass(frozen=True, slots=True)
class TrackerFile:
    """The table of one file, its numbers parsed.

    Attributes
    ----------
    path, video
        The file, and its name without ending.
    table
        Columns under their own names, without padding and quotes; text columns stay texts.
    notes
        What was passed over.
    """

    path: Path
    video: str
    table: pd.DataFrame
    notes: tuple[str, ...] = ()

    def has(self, *names: str) -> bool:
        """Return whether all these columns are there."""
        return set(names) <= set(self.table.columns)

    def get_numbers(self, name: str) -> np.ndarray:
        """Return a column (n,) as numbers, missing as NaN; texts are a DataError."""
        if not self.has(name):
            fact = f"there is no column '{name}'."
            raise self.blame(fact)
        column = pd.to_numeric(self.table[name], errors="coerce")
        wrong = (column.isna() & self.table[name].notna()).to_numpy()
        if wrong.any():
            shown = self.table[name][wrong].iloc[0]
            counted = count_things(wrong.sum(), "cell holds", "cells hold")
            fact = f"{counted} no number in column '{name}': '{shown}'."
            raise self.blame(fact)
        return column.to_numpy(float, na_value=np.nan)

    def take(self, chosen: np.ndarray, note: str) -> TrackerFile:
        """Return the file with some of its rows, and a note of what became of the others."""
        kept = self.table[chosen].reset_index(drop=True)
        return replace(self, table=kept, notes=(*self.notes, note))

    def ask_rate(self, fact: str) -> DataError:
        """Return an error that asks for the video's rate."""
        remedy = ("Give the video's frames per second with ", Option("fps"), ".")
        return DataError(Problem(fact, remedy, file=str(self.path)))

    def blame(self, fact: str, remedy: str = _CHECK) -> DataError:
        """Return an error that names the file."""
        return DataError(Problem(fact, remedy, file=str(self.path)))


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """What the file of one tracker says.

    Attributes
    ----------
    keys
        ``video``, ``face``, ``frame``, ``timestamp``, ``success``, ``confidence`` (n rows).
    columns
        The tracker's own columns (n rows).
    notes
        What a person should know.
    """

    keys: pd.DataFrame
    columns: pd.DataFrame
    notes: tuple[str, ...] = field(default=())


def name_recording(path: Path) -> str:
    """Return a file's name without its ending.

    Examples
    --------
    >>> name_recording(Path("faces/P1.pain.txt.gz"))
    'P1.pain'
    """
    name = path.name[:-3] if path.name.lower().endswith(".gz") else path.name
    return name[:-4] if name.lower().endswith(_ENDINGS) else name


def list_tracker_files(path: Path) -> list[Path]:
    """Return the files of a path: itself, or the tables directly in a folder; there must be one."""
    endings = (*_ENDINGS, *(f"{one}.gz" for one in _ENDINGS))
    files = find_inside(path, endings)
    found = [one for one in files if one == path or not one.name.endswith(_DETAILS)]
    if not found:
        fact = "the folder holds no .csv, .tsv or .txt files."
        raise DataError(Problem(fact, "Name the folder with the tracker's output.", file=str(path)))
    return found


def read_tracker_file(path: Path, reading: Reading | None = None) -> TrackerFile:
    """Read the table of a tracker's file; a DataError says why it is none.

    Encoding (UTF-8, UTF-16, cp1252), separator (comma, semicolon, tab) and decimal mark are found
    from the file, or said by ``reading``. A last row that is cut off and blank rows are left out
    and noted.
    """
    reading = reading or Reading()
    layout = find_layout(path, reading)
    if layout.format != "text":
        fact = f"the file is a {layout.format} file, not text."
        raise DataError(Problem(fact, "Name the file that the tracker wrote.", file=str(path)))
    mark = layout.separator or ","
    text = layout.local.read_bytes().decode(layout.encoding or "utf-8").lstrip("\ufeff")
    head, body = _split_text(text, layout, mark)
    body, notes = _drop_cut_row(body, len(head), mark)
    _check_width(path, body, len(head), mark)
    decimal = "," if mark != "," and _find_decimal_comma(body, mark) else "."
    try:
        table = pd.read_csv(
            StringIO(body),
            sep=r"\s+" if mark == " " else mark,
            header=None,
            names=range(len(head)),
            index_col=False,
            skipinitialspace=True,
            decimal=decimal,
            na_values=[*UNDEFINED, *Missing(reading.missing).texts],
            low_memory=False,
        )
    except ValueError as error:
        fact = f"the rows cannot be read ({error})."
        raise DataError(Problem(fact, _CHECK, file=str(path))) from error
    # Where nothing but rows counts frames, those of empty cells are frames, too.
    values = len(head) > 1 and all(re.fullmatch(SHAPE, name) for name in head)
    filled = table.notna().any(axis=1).to_numpy() | values
    if not filled.all():
        counted = count_things((~filled).sum(), "blank row is", "blank rows are")
        notes = (*notes, f"{counted} skipped.")
    table = table[filled].reset_index(drop=True)
    if not len(table):
        fact = NO_ROWS
        raise DataError(Problem(fact, "Check the export.", file=str(path)))
    # What a repeated name holds cannot be known; the first is the tracker's own.
    named = [place for place, name in enumerate(head) if name and name not in head[:place]]
    table = table[named].set_axis([head[place] for place in named], axis=1)
    twice = [name for name, count in Counter(head).items() if count > 1 and name]
    if twice:
        notes = (*notes, f"the header repeats '{twice[0]}'; the first column of that name is read.")
    return TrackerFile(path, name_recording(path), table, notes)


def _split_text(text: str, layout: Layout, mark: str) -> tuple[list[str], str]:
    """Return the header's names and the text below it."""
    lines = text.splitlines(keepends=True)
    place = layout.header.place + layout.declared
    if place >= len(lines):
        fact = "the file has no header."
        raise DataError(Problem(fact, "Check the export.", file=str(layout.path)))
    names = _split_fields(lines[place], mark)
    return [name.strip().strip('"').strip() for name in names], "".join(lines[place + 1 :])


def _split_fields(line: str, mark: str) -> list[str]:
    if mark == " ":
        return line.split()
    return next(csv.reader([line.strip("\r\n")], delimiter=mark, skipinitialspace=True), [])


def _drop_cut_row(body: str, width: int, mark: str) -> tuple[str, tuple[str, ...]]:
    """Leave out a last row that was cut off while the tracker wrote it."""
    whole = body.rstrip("\r\n")
    begin = max(whole.rfind("\n"), whole.rfind("\r")) + 1
    last = whole[begin:]
    if begin and last.strip() and len(_split_fields(last, mark)) < width:
        return whole[:begin], (CUT_OFF,)
    return body, ()


def _check_width(path: Path, body: str, width: int, mark: str) -> None:
    """Refuse rows with other fields than the header, before values are taken from wrong places."""
    first = next((line for line in body.splitlines() if line.strip()), "")
    fields = _split_fields(first, mark) if first else [""] * width
    while len(fields) > width and not fields[-1].strip():
        fields.pop()
    if len(fields) != width:
        fact = tell_width(len(fields), width)
        remedy = "Write the file with decimal points (an English locale)."
        raise DataError(Problem(fact, remedy, file=str(path)))


def _find_decimal_comma(body: str, mark: str) -> bool:
    lines = [line for line in body.splitlines()[:50] if line.strip()]
    fields: Sequence[str] = [cell for line in lines for cell in _split_fields(line, mark)]
    return any(_DECIMAL_COMMA.fullmatch(cell) for cell in fields)
