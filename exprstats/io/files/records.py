"""Records of a file as texts, in batches, whatever the format."""

from __future__ import annotations

import csv
import datetime
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from exprstats.apa import count_things
from exprstats.errors import DataError, Option, Problem, Text
from exprstats.io.files.annotations import tell_log
from exprstats.io.files.headers import Header, find_header
from exprstats.io.files.kinds import MENDED, SAVE_CSV, STATISTICAL, Bytes, FileFormat, inspect_bytes
from exprstats.io.files.reading import AS_IT_IS, Reading
from exprstats.io.files.tails import Sieve, describe_ragged, fit_rows, is_note
from exprstats.io.files.text import (
    MEMORY,
    Batch,
    Kept,
    Lines,
    Walked,
    are_rows,
    find_plain,
    find_quote,
    find_separator,
    split_lines,
)
from exprstats.io.files.workbooks import (
    Described,
    Labels,
    choose_sheet,
    describe_labels,
    read_sheet,
    read_sheets,
    read_statistical,
    write_number,
)

# Small enough that a batch stays in the processor's cache.
_BATCH = 4_096
_SAMPLE_LINES = 400
# Bytes of files whose rows are kept while others are read.
_SMALL = 1 << 18
_OPEN_QUOTE = "Close or remove the double quote that begins here."


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """How a file is written; one object as long as the file stays as it is.

    Attributes
    ----------
    path
        The file, as the caller named it.
    local
        Where its bytes lie, unpacked and copied from a pipe if need be.
    format, encoding, separator
        ``"text"``, ``"xlsx"``, ``"ods"``, ``"sav"``, ``"por"`` or ``"dta"``; the latter two are
        None unless it is text.
    sha256
        Hash of its bytes.
    sheet
        The sheet of a workbook that is read.
    header
        Where its table begins.
    declared
        Whether its first line only declares the separator to spreadsheets (``sep=;``).
    notes
        What a person should know about how it is read.
    warned
        Those of the notes that every reader is warned of.
    problems
        What is wrong with it as a whole.
    errors, quote
        How bytes that are no text are met, as `open` takes it; what stands around texts.
    labels, silent
        Of the values of a statistical file's columns; those that say nothing was answered.
    """

    path: Path
    local: Path
    format: FileFormat
    encoding: str | None
    separator: str | None
    sha256: str
    sheet: str | None = None
    header: Header = field(default_factory=lambda: Header(0, frozenset(), ()))
    declared: bool = False
    notes: tuple[Text, ...] = ()
    warned: tuple[Text, ...] = ()
    problems: tuple[Problem, ...] = ()
    errors: str = "strict"
    quote: str = '"'
    labels: Labels = field(default_factory=dict)
    silent: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def first_row(self) -> int:
        """The number of the header's row, so that cases of statistical files count from 1."""
        return 0 if self.format in STATISTICAL else self.header.place + 1 + self.declared


def find_layout(path: Path, reading: Reading = AS_IT_IS) -> Layout:
    """Return how a file is written.

    Raises
    ------
    DataError
        If it is no table that can be read.
    """
    found = inspect_bytes(path, reading.encoding)
    return _lay(found, path, reading.sheet, reading.header_row)


@lru_cache(maxsize=64, typed=True)
def _lay(found: Bytes, path: Path, sheet_name: str | int | None, header_row: int | None) -> Layout:
    shared: dict[str, Any] = {"path": path, "local": found.path, "format": found.format}
    shared |= {"encoding": found.encoding, "sha256": found.sha256}
    if found.format in STATISTICAL:
        told: Described = describe_labels(found.path, found.format, found.name, found.sha256)
        labels = {"labels": told.labels, "silent": told.silent}
        return Layout(**shared, separator=None, notes=told.notes, warned=told.warned, **labels)
    if found.format == "text":
        return _lay_text(found, shared, header_row)
    try:
        sheets = read_sheets(found.path, found.format, _SAMPLE_LINES)
    except DataError:
        raise
    except Exception as error:
        raise DataError(_blame_workbook(path, error)) from error
    sheet, notes = choose_sheet(sheets, sheet_name, found.name)
    header = find_header([_write_cells(row) for row in sheet.rows], header_row)
    notes = (*notes, *header.notes)
    return Layout(
        **shared, separator=None, sheet=sheet.name, header=header, notes=notes, warned=notes
    )


def _lay_text(found: Bytes, shared: dict[str, Any], header_row: int | None) -> Layout:
    errors = MENDED if found.broken else "strict"
    with found.path.open(encoding=found.encoding, errors=errors, newline="") as stream:
        lines = list(islice(stream, _SAMPLE_LINES))
    if header_row is None and (log := tell_log(lines)) is not None:
        raise DataError(Problem(f"the file is {log[0]}.", log[1], file=found.name))
    declared = _read_declared(lines[0])
    below = lines[declared is not None :]
    below = below[max((header_row or 1) - 1 - (declared is not None), 0) :]
    mark, problem = (declared, None) if declared else find_separator(below)
    lines = lines[declared is not None :]
    given = None
    if header_row is not None:
        given = max(header_row - (declared is not None), 1)
    try:
        header = find_header(list(split_lines(lines, mark)), given)
        quote = find_quote(lines[header.place], mark) if header.place < len(lines) else '"'
        if quote != '"':
            header = find_header(list(split_lines(lines, mark, quote=quote)), given)
    except csv.Error:
        header, quote = Header((given or 1) - 1, frozenset(), ()), '"'
    problems = (_place(problem, shared["path"]),) if problem else ()
    names = next(split_lines(lines[header.place :], mark), []) if lines else []
    notes = (*found.notes, *_tell_broken(found.broken, names, mark), *header.notes)
    return Layout(
        **shared,
        separator=mark,
        header=header,
        declared=declared is not None,
        notes=notes,
        warned=notes,
        errors=errors,
        quote=quote,
        problems=problems,
    )


def read_batches(layout: Layout, problems: list[Problem], *, size: int = _BATCH) -> Iterator[Batch]:
    """Yield the rows that hold anything, header first, in batches of some size.

    What stops the reading, such as a quote that is never closed, is added to the problems.
    """
    mark = layout.separator or ","
    last = layout.first_row - 1
    dropped = {place - layout.header.place + layout.first_row for place in layout.header.dropped}
    for rows in _read_rows(layout, problems, size):
        numbers = np.arange(last + 1, last + len(rows) + 1)
        last += len(rows)
        if isinstance(rows, Lines):
            plain = None if dropped else find_plain(rows, mark, numbers)
            if plain is not None:
                yield plain
                continue
            rows = list(split_lines(rows, mark, strict=True))
        held = np.fromiter(map(any, rows), bool, len(rows))
        if dropped:
            held &= ~np.isin(numbers, list(dropped))
        if not held.all():
            rows = [row for row, keep in zip(rows, held.tolist(), strict=True) if keep]
            numbers = numbers[held]
        if rows:
            yield Batch(rows, numbers)


def walk_again(
    layout: Layout, header: tuple[str, ...], ids: Collection[str], places: Collection[int]
) -> Walked | None:
    """Return all rows of a file, as `sift_rows` yields them, if they are kept.

    Those of a small file are for a while, and columns at some places of a larger one while
    `remember_rows` lasts.
    """
    if layout.local.stat().st_size <= _SMALL:
        found = _walk_small(layout, header, frozenset())
        return _walk_small(layout, header, frozenset(ids)) if found.marked and ids else found
    memory = MEMORY.get()
    if memory is None or not places:
        return None
    found = memory.get((layout, *header))
    if found is None or not found.serves(places, ids):
        found, texts = Walked({*places}, frozenset(ids)), {}
        for batch in sift_rows(layout, header, found):
            cells = {
                place: [texts.setdefault(cell, cell) for cell in batch.list_cells(place)]
                for place in found.places
            }
            found.batches.append(Kept(cells, batch.numbers))
        memory[layout, *header] = found
    return found


@lru_cache(maxsize=16)
def _walk_small(layout: Layout, header: tuple[str, ...], ids: frozenset[str]) -> Walked:
    found = Walked(set(range(len(header))), ids)
    found.batches.extend(sift_rows(layout, header, found))
    return found


def sift_rows(layout: Layout, header: Sequence[str], walked: Walked) -> Iterator[Batch]:
    """Yield the rows below the header that have its number of fields.

    Rows of practice are left out, unless the ids of ``walked`` name the column that says so. At the
    end it has what was left out and what is wrong.
    """
    width = len(header)
    ragged: list[tuple[int, list[str]]] = []
    held: Batch | None = None
    begun, whole = False, True
    sieve = Sieve(header, walked.ids)
    for batch in read_batches(layout, walked.problems):
        begin = 0 if begun else 1
        if begin or not batch.is_even(header):
            rows, numbers = batch.rows[begin:], batch.numbers[begin:]
            fitted, wrong = fit_rows(rows, numbers, width, layout.sheet is not None)
            ragged += wrong
            fitted = sieve.take(fitted)
        else:
            fitted = sieve.take(batch, even=True)
        begun = True
        # The last rows may be no data, so that one batch waits for the next.
        if len(fitted.numbers):
            if held is not None:
                yield held
                whole = False
            held = fitted
    last = held.numbers[-1] if held is not None else 0
    # Notes of one cell below the last row are no rows.
    while ragged and ragged[-1][0] > last and is_note(ragged[-1][1], width):
        number, cells = ragged.pop()
        noted = f"row {number} holds a note ('{cells[0].strip()[:40]}'): left out."
        sieve.passed.insert(0, Problem(noted))
    if held is not None:
        yield sieve.cut(held, whole=whole)
    walked.passed, walked.inner = sieve.list_passed(), sieve.count
    walked.marked = bool(sieve.marks)
    if ragged:
        told = [(at, len(row)) for at, row in ragged]
        walked.problems.append(describe_ragged(told, width))


def _read_rows(
    layout: Layout, problems: list[Problem], size: int
) -> Iterator[list[list[str]] | Lines]:
    """Yield the rows from the header on, some at a time."""
    if layout.format in STATISTICAL:
        cells = read_statistical(layout.local, layout.format, str(layout.path), layout.sha256)
        yield from _cut((_write_cells(row) for row in cells), size)
    elif layout.sheet is not None:
        yield from _cut(islice(_read_sheet(layout), layout.header.place, None), size)
    else:
        errors = layout.errors
        with layout.local.open(encoding=layout.encoding, errors=errors, newline="") as stream:
            if layout.declared:
                next(stream)
            yield from _read_text(stream, layout, problems, size)


def _cut(rows: Iterator[list[str]], size: int) -> Iterator[list[list[str]]]:
    while some := list(islice(rows, size)):
        yield some


def _read_text(
    stream: TextIO, layout: Layout, problems: list[Problem], size: int
) -> Iterator[list[list[str]] | Lines]:
    """Yield lines up to the first quote, from there on the fields that the csv reader finds."""
    mark, above, number = layout.separator or ",", layout.header.place, 0
    lines = Lines(islice(stream, above))
    if layout.quote == '"' and mark != " " and are_rows(lines):
        number, above = above, 0
        while (lines := Lines(islice(stream, size))) and are_rows(lines):
            yield lines
            number += len(lines)
    reader = split_lines(chain(lines, stream), mark, strict=True, quote=layout.quote)
    yield from _cut(islice(_read_fields(reader, layout, problems, number), above, None), size)


def _read_fields(
    reader: Iterator[list[str]], layout: Layout, problems: list[Problem], number: int
) -> Iterator[list[str]]:
    try:
        for row in reader:
            number += 1
            yield row
    except csv.Error as error:
        fact = f"a field cannot be read to its end ({error})."
        where = {"file": str(layout.path), "rows": (number + layout.declared + 1,)}
        problems.append(Problem(fact, _OPEN_QUOTE, **where))


def _tell_broken(
    broken: Sequence[tuple[int, str]], names: Sequence[str], mark: str
) -> tuple[Text, ...]:
    """Return a note on the rows and columns of bytes that are not UTF-8."""
    if not broken:
        return ()
    places = []
    for row, before in broken[:5]:
        at = len(next(csv.reader([before], delimiter=mark), [""])) - 1
        column = f", column '{names[max(at, 0)].strip()}'" if at < len(names) else ""
        places.append(f"row {row}{column}")
    more = f" and {count_things(len(broken) - 5, 'further row')}" if len(broken) > 5 else ""
    fact = (
        f"{count_things(len(broken), 'row holds', 'rows hold')} bytes that are not UTF-8, as all "
        f"other letters are ({'; '.join(places)}{more}): they are read as letters of Windows-1252. "
        "Compare these cells with the original, or name the encoding with "
    )
    return ((fact, Option("encoding"), "."),)


def _read_declared(line: str) -> str | None:
    r"""Return the separator that a first line such as ``sep=;`` declares to spreadsheets."""
    text = line.rstrip("\r\n").strip('"')
    return text[4] if text.lower().startswith("sep=") and len(text) == 5 else None


def _read_sheet(layout: Layout) -> Iterator[list[str]]:
    try:
        for row in read_sheet(layout.local, layout.format, str(layout.sheet)):
            yield _write_cells(row)
    except Exception as error:
        # openpyxl raises whatever its XML, zip and style parsers raise, some of it row by row.
        raise DataError(_blame_workbook(layout.path, error)) from error


def _blame_workbook(path: Path, error: Exception) -> Problem:
    fact = f"the workbook cannot be read ({error})."
    return Problem(fact, SAVE_CSV, file=str(path))


def _write_cells(row: list[Any]) -> list[str]:
    return [_write_cell(value) for value in row]


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
