"""Formats of files: how they are to be read, separators, headers, sheets, statistical files."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any
from xml.etree.ElementTree import ParseError, iterparse
from zipfile import BadZipFile, ZipFile

from exprstats.errors import DataError, Option, OptionError, Problem, Text
from exprstats.io.guards import looks_like_date
from exprstats.io.kinds import FileFormat

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
_SAMPLE = 200
_ABOVE = 0.25
Labels = Mapping[str, Mapping[str, str]]
Answers = bool | Mapping[str, float] | Sequence[str]
_NUMBER = re.compile(r"[+-]?(\d+[.,]?\d*|[.,]\d+)([eE][+-]?\d+)?")
_NO_ANSWER = re.compile(
    r"refus|no[ _-](answer|response|reply|data|face)|(don.?t|did(n.?t| not)|do not|not) know"
    r"|not (applicable|ascertained|answered|asked|visible|rated|codable)|missing|skipped|declined"
    r"|prefer not|unable to|keine angabe|wei(ß|ss) nicht|verweigert|nicht beantwortet|^n/?a$",
    re.IGNORECASE,
)
CODEBOOK = frozenset({"variable", "variables", "meaning", "label", "description", "coding"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a file is to be read, where it does not say so itself.

    Parameters
    ----------
    encoding
        Of a text, such as ``"cp1252"`` or ``"mac-roman"``; None: found from its bytes.
    sheet
        Of a workbook, by name or by number from 1; None: the visible sheet that holds data.
    header_row
        The row with the columns' names, counted from 1; None: found below titles and comments.
    missing
        Further texts or numbers that stand for a missing value, beside empty, NA, NaN and ".".
    labels
        Numbers of answers that are texts: True reads the number that an answer begins with
        ("4 - Extremely"), a mapping gives each answer its number, a sequence lists the answers
        from the lowest, which is 1.

    Raises
    ------
    OptionError
        If a value cannot be.

    Examples
    --------
    >>> Reading(missing=[99]).number_answer("Often")
    'Often'
    >>> Reading(labels=["Never", "Often"]).number_answer("often")
    '2'
    """

    encoding: str | None = None
    sheet: str | int | None = None
    header_row: int | None = None
    missing: str | float | Iterable[str | float] = ()
    labels: Answers = False

    def __post_init__(self) -> None:
        """Refuse values that cannot be."""
        if isinstance(self.missing, Iterable) and not isinstance(self.missing, str):
            object.__setattr__(self, "missing", tuple(self.missing))
        if self.header_row is not None and self.header_row < 1:
            message = f"header_row is {self.header_row}; rows count from 1."
            raise OptionError(message, option="header_row")
        if self.encoding is not None:
            try:
                "".encode(self.encoding)
            except LookupError:
                message = (
                    f"encoding '{self.encoding}' is not known. Usual ones are utf-8 and cp1252."
                )
                raise OptionError(message, option="encoding") from None

    def number_answer(self, cell: str) -> str:
        """Return the number of an answer as a text; the cell itself if it has none."""
        text = " ".join(cell.split())
        if self.labels is True:
            return read_coded(text) or cell
        if not self.labels:
            return cell
        names = self.labels
        if not isinstance(names, Mapping):
            names = {str(name): place for place, name in enumerate(names, start=1)}
        known = {str(name).strip().casefold(): number for name, number in names.items()}
        return f"{known[text.casefold()]:g}" if text.casefold() in known else cell


AS_IT_IS = Reading()


def read_coded(text: str) -> str | None:
    """Return the number that an answer begins with, such as 4 of "4 - Extremely"; None if none.

    Examples
    --------
    >>> read_coded("4 - Extremely"), read_coded("(1) never"), read_coded("2 cats")
    ('4', '1', None)
    """
    found = re.fullmatch(r"\(?([+-]?\d+)(?:[)=:]\s*|\s*[-–—./]\s+)([^\W\d].*)", text.strip())
    return found[1] if found and not looks_like_date(text) else None


def find_separator(lines: list[str]) -> tuple[str, Problem | None]:
    r"""Return the separator that splits the header and the rows into equally many fields.

    Titles and comments above the header, and separators at the ends of all rows, do not count.
    Where no separator splits the lines, blanks may.

    Parameters
    ----------
    lines
        First lines of the file, line ends kept.

    Returns
    -------
    tuple
        The separator, and a problem if two separators serve equally well.

    Examples
    --------
    >>> find_separator(["clip;score\n", "a;1,5\n"])
    (';', None)
    >>> find_separator(["clip score\n", "a    1.5\n"])
    (' ', None)
    """
    ranks = {mark: _rank(lines, mark) for mark in SEPARATORS}
    best = max(ranks.values())
    if best[1] < 2:
        blank = _rank(lines, " ")
        return (" ", None) if blank[0] == 1.0 and blank[1] > 1 and len(lines) > 1 else (",", None)
    winners = [mark for mark, rank in ranks.items() if rank == best]
    if len(winners) == 1:
        return winners[0], None
    names = " and ".join(SEPARATORS[mark] for mark in winners)
    fact = f"{names} both split every row into {best[1]} fields; the separator is ambiguous."
    return winners[0], Problem(fact, "Put texts that hold a separator into double quotes.")


def split_lines(lines: Iterable[str], mark: str, *, strict: bool = False) -> Iterator[list[str]]:
    """Yield the fields of lines; several blanks separate as one does."""
    blank = mark == " "
    source = (line.strip(" ") for line in lines) if blank else lines
    return csv.reader(source, delimiter=mark, skipinitialspace=blank, strict=strict)


def _rank(lines: list[str], mark: str) -> tuple[float, int]:
    """Return the share of rows as long as the header, and the header's number of fields."""
    try:
        rows = [row for row in islice(split_lines(lines, mark), _SAMPLE) if any(row)]
    except csv.Error:
        return 0.0, 0
    above = 0
    while len(rows) > 1 and (len(rows[0]) < 2 or rows[0][0].startswith("#")):
        rows, above = rows[1:], 1
    if not rows or len(rows[0]) < 2:
        return 0.0, 0
    width = len(rows[0])
    body = rows[1:]
    alike = sum(len(row) == width or not any(row[width:]) for row in body if len(row) >= width)
    # A mark that leaves the first line whole may be a decimal comma: "x;y" above "1,5;2".
    return (alike / len(body) if body else 1.0) - _ABOVE * above, width


@dataclass(frozen=True, slots=True)
class Header:
    """Where a table begins.

    Attributes
    ----------
    place
        Of the row with the columns' names, from 0.
    dropped
        Places of rows below it that hold labels instead of data.
    notes
        What was passed over.
    """

    place: int
    dropped: frozenset[int]
    notes: tuple[str, ...]


def find_header(rows: Sequence[Sequence[str]], given: int | None = None) -> Header:
    """Return where a table begins, below titles and comments.

    A title is a row with one filled cell above a table of several columns; a comment begins with
    #. A row of labels follows the header of exports from survey programs: Qualtrics marks it,
    of others it holds words where all other rows hold numbers.

    Parameters
    ----------
    rows
        The first rows of the file.
    given
        The header's row, counted from 1.

    Examples
    --------
    >>> find_header([["Pilot study", ""], ["clip", "rating"], ["a", "3"]]).place
    1
    """
    filled = [sum(bool(cell.strip()) for cell in row) for row in rows]
    counts = [count for count in filled if count]
    usual = median(counts) if counts else 0
    place = min((given or 1) - 1, max(len(rows) - 1, 0))
    if given is None:
        while place < len(rows) - 1 and (
            filled[place] == 0
            or (filled[place] == 1 and usual >= 2)
            or (rows[place][0].startswith("#") and filled[place] < usual)
        ):
            place += 1
    above = sum(count > 0 for count in filled[:place])
    notes = [f"the header is in row {place + 1}; what stands above it is left out."] * (
        above > 0 and given is None
    )
    dropped = _find_labels(rows, place)
    if dropped:
        shown = " and ".join(str(one + 1) for one in sorted(dropped))
        start = f"row {shown} holds" if len(dropped) == 1 else f"rows {shown} hold"
        notes.append(f"{start} labels of the columns instead of data: left out.")
    return Header(place, frozenset(dropped), tuple(notes))


def _find_labels(rows: Sequence[Sequence[str]], place: int) -> set[int]:
    for last in range(place + 1, min(place + 4, len(rows))):
        if any(cell.strip().startswith('{"ImportId"') for cell in rows[last]):
            return set(range(place + 1, last + 1))
    first, rest = rows[place + 1 : place + 2], rows[place + 2 :]
    if not first or len(rest) < 3:
        return set()
    words = []
    for column, cell in enumerate(first[0]):
        below = [row[column].strip() for row in rest if len(row) > column and row[column].strip()]
        numbers = sum(bool(_NUMBER.fullmatch(text)) for text in below)
        label = any(letter.isalpha() for letter in cell)
        if below and numbers >= 0.8 * len(below):
            if not label or len(below) < 3:
                return set()
            words.append(cell.strip())
        elif cell in below:
            return set()
    certain = len(words) > 1 or (len(words) == 1 and " " in words[0])
    return {place + 1} if certain else set()


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of a workbook: its name, whether it is hidden, and its first rows."""

    name: str
    hidden: bool
    rows: list[list[Any]]

    @property
    def holds_data(self) -> bool:
        """Whether several columns and rows are filled, and the header is no codebook's."""
        filled = [[cell for cell in row if cell not in {None, ""}] for row in self.rows]
        wide = [row for row in filled if len(row) > 1]
        if len(wide) < 3:
            return False
        words = {str(cell).strip().lower() for cell in wide[0]}
        return len(words & CODEBOOK) < min(2, len(words))


def choose_sheet(
    sheets: Sequence[Sheet], wanted: str | int | None, name: str
) -> tuple[Sheet, list[Text]]:
    """Return the sheet to read, and what a person should know about the others.

    Parameters
    ----------
    sheets
        All of a workbook.
    wanted
        By name or number from 1; None: the first visible one that holds data.
    name
        Of the file.

    Raises
    ------
    DataError
        If there is no such sheet.
    """
    if wanted is not None:
        for number, sheet in enumerate(sheets, start=1):
            if wanted == sheet.name or str(wanted) == str(number):
                return sheet, []
        listed = ", ".join(f"'{sheet.name}'" for sheet in sheets)
        fact = f"the workbook has no sheet '{wanted}'; it has {listed}."
        remedy = ("Name one of them with ", Option("sheet"), ".")
        raise DataError(Problem(fact, remedy, file=name))
    seen = [sheet for sheet in sheets if not sheet.hidden] or list(sheets)
    chosen = next((sheet for sheet in seen if sheet.holds_data), seen[0])
    others = [f"'{one.name}'" + " (hidden)" * one.hidden for one in sheets if one is not chosen]
    if not others:
        return chosen, []
    start = f"sheet '{chosen.name}' is read, not {', '.join(others)}; choose another with "
    return chosen, [(start, Option("sheet"), ".")]


def read_sheets(path: Path, kind: FileFormat, count: int) -> list[Sheet]:
    """Return the sheets of a workbook with their first rows."""
    if kind == "ods":
        return [Sheet(name, False, list(islice(rows, count))) for name, rows in _walk_ods(path)]
    with closing(_open_book(path)) as book:
        return [
            Sheet(one.title, one.sheet_state != "visible", list(islice(_walk_xlsx(one), count)))
            for one in book.worksheets
        ]


def read_sheet(path: Path, kind: FileFormat, sheet: str) -> Iterator[list[Any]]:
    """Yield the rows of one sheet; formulas without a stored value are the formula's text."""
    if kind == "ods":
        yield from next(rows for name, rows in _walk_ods(path) if name == sheet)
        return
    with closing(_open_book(path)) as book:
        values = _fill_merged(_walk_xlsx(book[sheet]), _find_merged(path, book[sheet]))
        if not _has_formulas(path):
            yield from values
            return
        with closing(_open_book(path, data_only=False)) as written:
            for row, formulas in zip(values, _walk_xlsx(written[sheet]), strict=True):
                yield [
                    str(formula) if value is None and formula is not None else value
                    for value, formula in zip(row, formulas, strict=True)
                ]


def _open_book(path: Path, *, data_only: bool = True) -> Any:
    from openpyxl import load_workbook

    return load_workbook(path, read_only=True, data_only=data_only)


def _walk_xlsx(sheet: Any) -> Iterator[list[Any]]:
    sheet.reset_dimensions()
    return (list(row) for row in sheet.iter_rows(values_only=True))


def _find_merged(path: Path, sheet: Any) -> dict[int, dict[int, int]]:
    """Return first row to column to last row of cells that are merged downwards."""
    from openpyxl.utils import range_boundaries

    with ZipFile(path) as archive:
        place = str(sheet._worksheet_path).lstrip("/")
        refs = re.findall(rb'<mergeCell [^>]*ref="([^"]+)"', archive.read(place))
    merged: dict[int, dict[int, int]] = {}
    for ref in refs:
        left, top, right, bottom = (int(one or 0) for one in range_boundaries(ref.decode()))
        if left == right and bottom > top:
            merged.setdefault(top, {})[left - 1] = bottom
    return merged


def _fill_merged(
    rows: Iterator[list[Any]], merged: Mapping[int, Mapping[int, int]]
) -> Iterator[list[Any]]:
    """Yield rows in which cells merged downwards hold their value in every row."""
    held: dict[int, tuple[Any, int]] = {}
    for number, row in enumerate(rows, start=1):
        for column, (value, last) in held.items():
            if number <= last:
                # Rows end at their last filled cell.
                row += [None] * (column + 1 - len(row))
                row[column] = value if row[column] is None else row[column]
        for column, last in merged.get(number, {}).items():
            held[column] = (row[column] if column < len(row) else None, last)
        yield row


def _has_formulas(path: Path) -> bool:
    with ZipFile(path) as archive:
        sheets = [one for one in archive.namelist() if one.startswith("xl/worksheets/sheet")]
        return any(re.search(rb"<f[ >/]", archive.read(one)) for one in sheets)


_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
# Spreadsheets fill the sheet to its end by one row, or cell, that is repeated a million times.
_MOST_REPEATS = 10_000


def _walk_ods(path: Path) -> Iterator[tuple[str, Iterator[list[Any]]]]:
    """Yield each sheet's name and its rows."""
    try:
        with ZipFile(path) as archive, archive.open("content.xml") as stream:
            parts = (part for _, part in iterparse(stream) if part.tag == f"{_TABLE}table")
            tables = list(parts)
    except (BadZipFile, KeyError, ParseError) as error:
        message = f"the workbook cannot be read ({error})."
        raise DataError(Problem(message, "Save it as CSV UTF-8.", file=str(path))) from error
    for table in tables:
        yield table.get(f"{_TABLE}name", ""), _walk_table(table)


def _walk_table(table: Any) -> Iterator[list[Any]]:
    for row in table.iter(f"{_TABLE}table-row"):
        cells: list[Any] = []
        for cell in row:
            times = int(cell.get(f"{_TABLE}number-columns-repeated", 1))
            value = _read_ods(cell)
            cells += [value] * (times if value is not None or times < _MOST_REPEATS else 1)
        while cells and cells[-1] is None:
            cells.pop()
        times = int(row.get(f"{_TABLE}number-rows-repeated", 1))
        yield from [cells] * (times if cells or times < _MOST_REPEATS else 1)


def _read_ods(cell: Any) -> Any:
    kind = cell.get(f"{_OFFICE}value-type")
    if kind in {"float", "percentage", "currency"}:
        return float(cell.get(f"{_OFFICE}value"))
    if kind == "boolean":
        return cell.get(f"{_OFFICE}boolean-value") == "true"
    if kind == "date":
        return str(cell.get(f"{_OFFICE}date-value"))
    if kind is None and cell.get(f"{_TABLE}formula"):
        return f"={cell.get(f'{_TABLE}formula')}"
    lines = ["".join(line.itertext()) for line in cell if line.tag.endswith("}p")]
    return "\n".join(lines) if lines else None


@dataclass(frozen=True, slots=True)
class Described:
    """What a statistical file says of its columns.

    Attributes
    ----------
    labels
        Column to value to label, where labels tell values apart.
    silent
        Column to the values whose labels say that nothing was answered.
    notes
        What a person should know.
    """

    labels: Labels
    silent: Mapping[str, tuple[str, ...]]
    notes: tuple[Text, ...]


def describe_labels(path: Path, kind: FileFormat, name: str, digest: str) -> Described:
    """Return the value labels of a statistical file's columns, and how they are used.

    Labels become ids where a column holds ids (context 1 is then "Startle"), unless two ids would
    become one; number columns keep their numbers, but those that are labelled as no answer.
    """
    table, meta = _load(path, kind, name, digest)
    ranges = _read_ranges(path) if kind == "sav" else {}
    labels, silent, notes = {}, {}, []
    for column, given in meta.variable_value_labels.items():
        named = {write_number(value): str(label).strip() for value, label in given.items()}
        mute = tuple(value for value, label in named.items() if _NO_ANSWER.search(label))
        if mute:
            silent[column] = mute
        raw = {write_number(cell) for cell in table[column].dropna().unique()}
        merged = {label for value, label in named.items() if label in raw | set(named) - {value}}
        if len(set(named.values())) == len(named) and all(named.values()) and not merged:
            labels[column] = named
        elif merged:
            shown = ", ".join(f"'{label}'" for label in sorted(merged)[:3])
            notes.append(f"labels of '{column}' are other values ({shown}), so values are ids.")
        else:
            notes.append(f"labels of '{column}' are not unique, so its values serve as ids.")
    missing = [f"'{column}'" for column, held in ranges.items() if held]
    if missing:
        notes.append(f"user-missing values of {', '.join(missing)} are read as missing.")
    return Described(labels, silent, tuple(notes))


def read_statistical(path: Path, kind: FileFormat, name: str, digest: str) -> Iterator[list[Any]]:
    """Yield the header, then the cells of each case; missing ones are None."""
    table, meta = _load(path, kind, name, digest)
    yield list(meta.column_names)
    filled = table.astype(object).where(table.notna(), None)
    for row in filled.itertuples(index=False, name=None):
        yield [cell.strip() if isinstance(cell, str) else cell for cell in row]


def write_number(value: object) -> str:
    """Return a value as the text of its cell; whole numbers lose their ".0"."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _read_ranges(path: Path) -> Mapping[str, Any]:
    import pyreadstat

    return pyreadstat.read_sav(path, metadataonly=True, user_missing=True)[1].missing_ranges


@lru_cache(maxsize=1)
def _load(path: Path, kind: FileFormat, name: str, digest: str) -> tuple[Any, Any]:
    """Read a file once for its labels and its cells; the digest tells a changed file apart."""
    import pyreadstat

    readers = {"sav": pyreadstat.read_sav, "por": pyreadstat.read_por, "dta": pyreadstat.read_dta}
    try:
        return readers[kind](path)
    except (pyreadstat.ReadstatError, OSError, ValueError) as error:
        program = "Stata" if kind == "dta" else "SPSS"
        fact = f"the {program} file cannot be read ({error})."
        raise DataError(Problem(fact, "Save it as CSV UTF-8.", file=name)) from error
