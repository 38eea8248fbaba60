"""Delimited text: separators and fields."""

from __future__ import annotations

import codecs
import csv
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from exprstats.errors import Problem
from exprstats.io.files.headers import is_preamble

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
_SAMPLE = 200
_HEAD = 1 << 20
# What the csv reader refuses, unless lines are shorter.
_LONGEST = 131_072
_ABOVE = 0.25


def find_separator(lines: list[str]) -> tuple[str, Problem | None]:
    r"""Return the separator that splits the header and the rows into equally many fields.

    Titles and comments above the header, and separators at the ends of all rows, do not count.
    Where no separator splits the first lines of a file, blanks may. If two serve equally well, a
    problem comes with the first.

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


def split_lines(
    lines: Iterable[str], mark: str, *, strict: bool = False, quote: str = '"'
) -> Iterator[list[str]]:
    """Yield the fields of lines; several blanks separate as one does."""
    blank = mark == " "
    source = (line.strip(" \r\n") for line in lines) if blank else lines
    return csv.reader(
        source, delimiter=mark, skipinitialspace=blank, strict=strict, quotechar=quote
    )


def find_quote(line: str, mark: str) -> str:
    """Return the quote around the names of columns: a single one stands around all of them.

    Examples
    --------
    >>> find_quote("'clip';'rating'", ";"), find_quote("clip,'rating'", ",")
    ("'", '"')
    """
    cells = [cell.strip() for cell in line.strip().split(mark)]
    single = all(len(cell) > 2 and cell[0] == cell[-1] == "'" for cell in cells)
    return "'" if single and len(cells) > 1 else '"'


def _rank(lines: list[str], mark: str) -> tuple[float, int]:
    """Return the share of rows as long as the header, and the header's number of fields."""
    try:
        rows = [row for row in islice(split_lines(lines, mark), _SAMPLE) if any(row)]
    except csv.Error:
        return 0.0, 0
    above = 0
    usual = sorted(len(row) for row in rows)[len(rows) // 2] if rows else 0
    while len(rows) > 1 and (
        len(rows[0]) < 2
        or rows[0][0].startswith("#")
        or (len(rows[0]) < usual and is_preamble(rows[0], usual))
    ):
        rows, above = rows[1:], 1
    if not rows or len(rows[0]) < 2:
        return 0.0, 0
    width = len(rows[0])
    body = rows[1:]
    alike = sum(len(row) == width or not any(row[width:]) for row in body if len(row) >= width)
    if mark != "," and names_rows(rows):
        return 1.0 - _ABOVE * above, width + 1
    # A mark that leaves the first line whole may be a decimal comma: "x;y" above "1,5;2".
    return (alike / len(body) if body else 1.0) - _ABOVE * above, width


def names_rows(rows: Sequence[Sequence[str]]) -> bool:
    """Return whether all rows have a cell more than the header, whose first names the row.

    R writes tables so.

    Examples
    --------
    >>> names_rows([["clip", "rating"], ["1", "a", "4"], ["2", "a", "5"]])
    True
    """
    body = rows[1:]
    width = len(rows[0]) + 1
    firsts = {row[0] for row in body if row}
    short = len(body) > 1 and all(len(row) == width for row in body)
    return short and len(firsts) == len(body) and all(row[-1].strip() for row in body)


class Batch:
    """Some rows of texts and the number that each has in the file, as a person counts them."""

    def __init__(self, rows: list[list[str]], numbers: np.ndarray) -> None:
        self.rows = rows
        self.numbers = numbers

    def list_cells(self, place: int) -> list[str]:
        """Return the cells of a column."""
        return [row[place] for row in self.rows]

    def is_even(self, header: Sequence[str]) -> bool:
        """Return whether all rows are known to be data, with a field for each name."""
        return False


class Kept(Batch):
    """Some columns of rows, by their places."""

    def __init__(self, cells: Mapping[int, list[str]], numbers: np.ndarray) -> None:
        self.cells = cells
        self.numbers = numbers

    def list_cells(self, place: int) -> list[str]:
        """Return the cells of a column."""
        return self.cells[place]


@dataclass(slots=True)
class Walked:
    """Rows of a file as some columns have them, and what was wrong with others."""

    places: set[int]
    ids: Collection[str]
    batches: list[Batch] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    passed: list[Problem] = field(default_factory=list)
    inner: int = 0
    marked: bool = False

    def serves(self, places: Collection[int], ids: Collection[str]) -> bool:
        """Return whether these are the rows for other columns and ids, too."""
        # Columns that are no ids may tell rows of practice; where none does, no fewer do.
        own, wanted = {*self.ids}, {*ids}
        same = own == wanted or (not self.marked and own <= wanted)
        return same and self.places.issuperset(places)


MEMORY: ContextVar[dict[tuple[object, ...], Walked] | None] = ContextVar("memory", default=None)


@contextmanager
def remember_rows() -> Iterator[None]:
    """Split the rows of each file once inside, however often its columns are taken."""
    token = MEMORY.set({})
    try:
        yield
    finally:
        MEMORY.reset(token)


class Plain(Batch):
    """Rows without quotes that have equally many fields; they are split when they are asked for.

    Each ends with a newline; they are ``filled`` where no field is empty.
    """

    def __init__(
        self, text: str, mark: str, width: int, numbers: np.ndarray, *, filled: bool
    ) -> None:
        self.text, self.mark, self.width, self.numbers = text, mark, width, numbers
        self.filled = filled

    @cached_property
    def _cells(self) -> list[str]:
        return self.text[:-1].replace("\n", self.mark).split(self.mark)

    @cached_property
    def rows(self) -> list[list[str]]:  # type: ignore[override]
        """The fields of each row."""
        width = self.width
        return [self._cells[at : at + width] for at in range(0, len(self._cells), width)]

    def list_cells(self, place: int) -> list[str]:
        """Return the cells of a column."""
        return self._cells[place :: self.width]

    def is_even(self, header: Sequence[str]) -> bool:
        """Return whether all rows are known to be data, with a field for each name."""
        text, mark = f"\n{self.text}", self.mark
        # A header may come again, and subtotals have a text of two words beside an empty cell.
        again = re.search(rf"\n\s*{re.escape(header[0].strip())}\s*{re.escape(mark)}", text)
        return self.width == len(header) and not again and (self.filled or " " not in text)


class Lines(list[str]):
    """Lines of a text of which each is a row, since none holds a quote."""


def find_plain(lines: Sequence[str], mark: str, numbers: np.ndarray) -> Plain | None:
    """Return lines as rows of equally many fields, some filled; None if they are not such."""
    text = "".join(lines)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.endswith("\n"):
        text += "\n"
    count = text.partition("\n")[0].count(mark)
    letters = np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8)
    breaks = (letters == ord(mark)) | (letters == ord("\n"))
    ends = letters[breaks] == ord("\n")
    even = len(ends) == len(lines) * (count + 1) and ends[count :: count + 1].all()
    if not count or not even or f"\n{mark * count}\n" in f"\n{text}":
        return None
    filled = not (breaks[0] or (breaks[1:] & breaks[:-1]).any())
    return Plain(text, mark, count + 1, numbers, filled=filled)


def are_rows(lines: Sequence[str]) -> bool:
    """Return whether each line is a row: none holds a quote, or is longer than a reader takes."""
    text = "".join(lines)
    return '"' not in text and (len(text) <= _LONGEST or max(map(len, lines)) <= _LONGEST)


def unfold_records(path: Path, kept: Path) -> Path:
    """Return a table of a file that holds records in JSON; another file as it is.

    They are a list, or cells of a table with commas. Answers within an answer become columns of
    their own, such as "response.warm".
    """
    with path.open("rb") as stream:
        head = stream.read(_HEAD).removeprefix(codecs.BOM_UTF8)
    # Qualtrics has one row of such cells, below the names of the columns.
    listed, packed = head.lstrip()[:1] == b"[", b'"{""' in head and b"ImportId" not in head
    if not listed and not packed:
        return path
    try:
        text = path.read_text(encoding="utf-8-sig")
        records = json.loads(text) if listed else list(csv.DictReader(StringIO(text)))
    except (ValueError, csv.Error):
        return path
    if not records or not all(isinstance(one, dict) and None not in one for one in records):
        return path
    rows = [dict(_flatten(one)) for one in records]
    with kept.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(dict.fromkeys(name for one in rows for name in one)))
        writer.writeheader()
        writer.writerows(rows)
    return kept


def _flatten(record: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in record.items():
        if isinstance(value, str) and value.startswith("{"):
            with suppress(ValueError):
                value = json.loads(value)
        if isinstance(value, dict):
            yield from _flatten(value, f"{above}{name}.")
        else:
            whole = json.dumps(value) if isinstance(value, list) else value
            yield f"{above}{name}", "" if value is None else whole
