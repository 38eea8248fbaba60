"""Workbooks and statistical files: sheets and cases, value labels and what they say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError, iterparse
from zipfile import BadZipFile, ZipFile

from exprstats.errors import DataError, Option, Problem, Text
from exprstats.io.files.kinds import SAVE_CSV, FileFormat

_LOOK = 20
CODEBOOK = frozenset(
    {"variable", "variables", "meaning", "label", "description", "coding", "variable name"}
    | {"variable label", "value labels", "values", "bedeutung", "beschreibung", "kodierung"}
    | {"variablenname", "werte", "wertelabels", "signification", "significado", "descripción"}
    | {"açıklama", "anlam", "değişken", "变量", "含义", "说明"}
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of a workbook: its name, whether it is hidden, and its first rows."""

    name: str
    hidden: bool
    rows: list[list[Any]]

    @property
    def names(self) -> list[str]:
        """The texts of the first row with several."""
        wide = (row for row in self.rows if len([cell for cell in row if cell]) > 1)
        return [str(cell).strip() for cell in next(wide, [])]

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
    chosen, *alike = find_alike(sheets)
    others = [f"'{one.name}'" + " (hidden)" * one.hidden for one in sheets if one is not chosen]
    if not others:
        return chosen, []
    if alike and chosen.names:
        both = " and ".join(f"'{one.name}'" for one in (chosen, *alike))
        told = f"sheets {both} have the same columns, as parts of one study have: only "
        told = f"{told}'{chosen.name}' is read, or another with "
        every = (Option("sheet"), "; all of them, one below the other, with ", Option("sheet", "*"))
        return chosen, [(told, *every, ".")]
    start = f"sheet '{chosen.name}' is read, not {', '.join(others)}; choose another with "
    return chosen, [(start, Option("sheet"), ".")]


def find_alike(sheets: Sequence[Sheet]) -> list[Sheet]:
    """Return the first sheet that holds data, and the others with the same columns."""
    seen = [sheet for sheet in sheets if not sheet.hidden] or list(sheets)
    chosen = next((sheet for sheet in seen if sheet.holds_data), seen[0])
    return [chosen, *(one for one in seen if one is not chosen and one.names == chosen.names)]


def list_sheets(path: Path) -> list[str]:
    """Return the sheets of a workbook that have the same columns; none of another file."""
    if path.suffix.lower() not in {".xlsx", ".ods"} or not path.is_file():
        return []
    try:
        sheets = read_sheets(path, "ods" if path.suffix.lower() == ".ods" else "xlsx", _LOOK)
    except Exception:
        # Whatever a broken workbook raises is told where it is read.
        return []
    return [one.name for one in find_alike(sheets)]


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
        raise DataError(Problem(message, SAVE_CSV, file=str(path))) from error
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


Labels = Mapping[str, Mapping[str, str]]
_NO_ANSWER = re.compile(
    r"refus|no[ _-](answer|response|reply|data|face)|(don.?t|did(n.?t| not)|do not|not) know"
    r"|not (applicable|ascertained|answered|asked|visible|rated|codable)|missing|skipped|declined"
    r"|prefer not|unable to|keine angabe|wei(ß|ss) nicht|verweigert|nicht beantwortet|^n/?a$",
    re.IGNORECASE,
)


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
    warned
        Those of the notes that every reader is warned of.
    """

    labels: Labels
    silent: Mapping[str, tuple[str, ...]]
    notes: tuple[Text, ...]
    warned: tuple[Text, ...] = ()


def describe_labels(path: Path, kind: FileFormat, name: str, digest: str) -> Described:
    """Return the value labels of a statistical file's columns, and how they are used.

    Labels become ids where a column holds ids (context 1 is then "Startle"), unless two ids would
    become one; number columns keep their numbers, but those that are labelled as no answer.
    """
    table, meta = _load(path, kind, name, digest)
    ranges = _read_ranges(path) if kind == "sav" else {}
    labels, silent, notes, warned = {}, {}, [], []
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
            warned.append(f"labels of '{column}' are other values ({shown}), so values are ids.")
        else:
            notes.append(f"labels of '{column}' are not unique, so its values serve as ids.")
    missing = [f"'{column}'" for column, held in ranges.items() if held]
    if missing:
        notes.append(f"user-missing values of {', '.join(missing)} are read as missing.")
    return Described(labels, silent, (*notes, *warned), tuple(warned))


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
        raise DataError(Problem(fact, SAVE_CSV, file=name)) from error
