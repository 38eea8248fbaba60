"""What a file is, before anything is asked of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from exprstats.errors import DataError, Problem
from exprstats.io.encodings import FileFormat
from exprstats.io.numbers import Missing
from exprstats.io.quantities import Guessed
from exprstats.io.records import Batch
from exprstats.io.sources import FilePath, Source, open_source
from exprstats.numerals import count_things


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What was detected in a file.

    Attributes
    ----------
    file
        As the caller named it.
    format
        ``"text"``, ``"xlsx"`` or ``"sav"``.
    encoding, separator
        Of a text; else None.
    decimal
        ``","`` or ``"."``; None if no number has decimals.
    rows
        Rows below the header that hold anything.
    columns
        Their names.
    sha256
        Hash of the file's bytes.
    notes
        What a person should know about the reading.
    """

    file: str
    format: FileFormat
    encoding: str | None
    separator: str | None
    decimal: str | None
    rows: int
    columns: tuple[str, ...]
    sha256: str
    notes: tuple[str, ...] = ()


def sniff_file(path: FilePath) -> FileFacts:
    """Detect how a file is written, and count its rows.

    Parameters
    ----------
    path
        Delimited text (comma, semicolon, tab or pipe; UTF-8, UTF-16 or Windows-1252), .xlsx or
        SPSS .sav.

    Returns
    -------
    FileFacts
        Format, encoding, separator, decimal mark, rows, columns, hash.

    Raises
    ------
    DataError
        If the file cannot be read as a table, with every reason.
    """
    source = open_source(path)
    problems, columns = list(source.problems), []
    rows, last = 0, source.layout.first_row
    for batch in source.walk(problems):
        columns = columns or _guess_columns(source, batch)
        rows, last = rows + len(batch.rows), int(batch.numbers[-1])
    if rows == 0 and not problems:
        problems.append(Problem("the file has a header but no rows.", "Check the export."))
    if problems:
        raise DataError([replace(problem, file=str(path)) for problem in problems])
    blank = last - source.layout.declared - rows - source.layout.first_row
    return FileFacts(
        file=str(path),
        format=source.layout.format,
        encoding=source.layout.encoding,
        separator=source.layout.separator,
        decimal=source.marks.decimal,
        rows=rows,
        columns=tuple(source.header),
        sha256=source.layout.sha256,
        notes=(
            *source.layout.notes,
            *_list_notes(source, blank),
        ),
    )


def _guess_columns(source: Source, batch: Batch) -> list[Guessed]:
    """Read the columns of some rows, so that their decimal marks are met."""
    columns = [Guessed(name, Missing(), source.marks) for name in source.header]
    for place, column in enumerate(columns):
        column.feed([row[place] for row in batch.rows], batch.numbers)
        column.finish()
    return columns


def _list_notes(source: Source, blank: int) -> list[str]:
    notes = [f"{count_things(blank, 'blank row is', 'blank rows are')} skipped."] if blank else []
    if all(_is_number(name) for name in source.header):
        notes.append("the header holds only numbers; the names of the columns may be missing.")
    return [*notes, *(problem.fact for problem in source.marks.find_problems())]


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True
