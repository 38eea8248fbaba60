"""Records of a file as texts, in batches, whatever the format."""

from __future__ import annotations

import csv
import datetime
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import compress, islice
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import numpy as np

from exprstats.errors import DataError, Problem
from exprstats.io.formats import (
    FileFormat,
    Labels,
    describe_spss,
    find_separator,
    inspect_bytes,
    read_spss,
    write_number,
)

# Small enough that a batch stays in the processor's cache.
_BATCH = 4_096
_SAMPLE_LINES = 400
_OPEN_QUOTE = "Close or remove the double quote that begins here."


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is written.

    Attributes
    ----------
    path
        The file.
    format, encoding, separator
        ``"text"``, ``"xlsx"`` or ``"sav"``; the latter two are None unless it is text.
    sha256
        Hash of its bytes.
    declared
        Whether its first line only declares the separator to spreadsheets (``sep=;``).
    notes
        What a person should know about how it is read.
    problems
        What is wrong with it as a whole.
    labels
        Of the values of an SPSS file's columns.
    """

    path: Path
    format: FileFormat
    encoding: str | None
    separator: str | None
    sha256: str
    declared: bool = False
    notes: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    labels: Labels = field(default_factory=dict)

    @property
    def first_row(self) -> int:
        """The number of the header's row, so that an SPSS file's cases count from 1."""
        return 0 if self.format == "sav" else 1


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of texts and the number that each has in the file, as a person counts them."""

    rows: list[list[str]]
    numbers: np.ndarray


def find_layout(path: Path) -> Layout:
    """Return how a file is written.

    Raises
    ------
    DataError
        If it is no table that can be read.
    """
    found = inspect_bytes(path)
    if found.format == "xlsx":
        return Layout(path, "xlsx", None, None, found.sha256, notes=_note_sheets(path))
    if found.format == "sav":
        labels, notes = describe_spss(path)
        return Layout(path, "sav", None, None, found.sha256, notes=notes, labels=labels)
    with path.open(encoding=found.encoding, newline="") as stream:
        lines = list(islice(stream, _SAMPLE_LINES))
    notes = ("the text is read as Windows-1252.",) if found.encoding == "cp1252" else ()
    declared = _read_declared(lines[0])
    mark, problem = (declared, None) if declared else find_separator(lines)
    problems = (_place(problem, path),) if problem else ()
    return Layout(
        path,
        "text",
        found.encoding,
        mark,
        found.sha256,
        declared=declared is not None,
        notes=notes,
        problems=problems,
    )


def read_batches(layout: Layout, problems: list[Problem], *, size: int = _BATCH) -> Iterator[Batch]:
    """Yield the rows that hold anything, header first, in batches.

    Parameters
    ----------
    layout
        How the file is written.
    problems
        Takes what stops the reading, such as a quote that is never closed.
    size
        Rows of a batch.
    """
    lines = _read_cells(layout, problems)
    last = layout.first_row - 1
    while rows := list(islice(lines, size)):
        numbers = np.arange(last + 1, last + len(rows) + 1)
        last += len(rows)
        if not all(map(any, rows)):
            held = np.fromiter(map(any, rows), bool, len(rows))
            rows, numbers = list(compress(rows, held)), numbers[held]
        if rows:
            yield Batch(rows, numbers)


def _read_cells(layout: Layout, problems: list[Problem]) -> Iterator[list[str]]:
    if layout.format == "sav":
        return ([_write_cell(cell) for cell in row] for row in read_spss(layout.path))
    return _read_sheet(layout.path) if layout.format == "xlsx" else _read_lines(layout, problems)


def _read_lines(layout: Layout, problems: list[Problem]) -> Iterator[list[str]]:
    with layout.path.open(encoding=layout.encoding, newline="") as stream:
        reader = csv.reader(stream, delimiter=layout.separator or ",", strict=True)
        number = 0
        try:
            if layout.declared:
                next(reader)
                yield []
            for row in reader:
                number += 1
                yield row
        except csv.Error as error:
            fact = f"a field cannot be read to its end ({error})."
            where = {"file": str(layout.path), "rows": (number + layout.declared + 1,)}
            problems.append(Problem(fact, _OPEN_QUOTE, **where))


def _read_declared(line: str) -> str | None:
    r"""Return the separator that a first line such as ``sep=;`` declares to spreadsheets."""
    text = line.rstrip("\r\n").strip('"')
    return text[4] if text.lower().startswith("sep=") and len(text) == 5 else None


def _read_sheet(path: Path) -> Iterator[list[str]]:
    from openpyxl import load_workbook

    try:
        with closing(load_workbook(path, read_only=True, data_only=True)) as book:
            sheet = book.worksheets[0]
            sheet.reset_dimensions()
            for row in sheet.iter_rows(values_only=True):
                yield [_write_cell(value) for value in row]
    except Exception as error:
        # openpyxl raises whatever its XML, zip and style parsers raise, some of it row by row.
        fact = f"the workbook cannot be read ({error})."
        raise DataError(Problem(fact, "Save it as CSV UTF-8.", file=str(path))) from error


def _note_sheets(path: Path) -> tuple[str, ...]:
    try:
        with ZipFile(path) as archive:
            names = archive.namelist()
    except BadZipFile:
        return ()
    sheets = sum(name.startswith("xl/worksheets/") and name.endswith(".xml") for name in names)
    return (f"the workbook has {sheets} sheets; only the first is read.",) if sheets > 1 else ()


def _write_cell(value: Any) -> str:
    """Return a cell as the text that a person sees; whole numbers lose their ".0"."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return write_number(value)
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, datetime.date) else str(value)


def _place(problem: Problem, path: Path) -> Problem:
    return Problem(problem.fact, problem.remedy, str(path), problem.column, problem.rows)
