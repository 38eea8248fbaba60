"""Rows of a table that are no data: headers again, practice, notes, totals and means."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from itertools import compress

import numpy as np

from exprstats.apa import count_things
from exprstats.errors import Option, Problem
from exprstats.io.files.text import Batch
from exprstats.io.files.words import is_practice, is_practice_loop, is_total

CHECK_ROWS = "Check these rows for missing or unquoted separators; the file may be cut off."
Rows = Sequence[Sequence[str]]
_MOST = 4
_FEWEST = 5
_WORDS = 3
# Rows whose cells are looked at for words of practice, and kinds of rows that a column tells.
_LOOK, _KINDS = 2_000, 12
# What lies beyond is no answer, and its square no number.
_LARGEST = 1e100
_STATISTICS: dict[str, Callable[[np.ndarray], float]] = {
    "means": lambda values: float(values.mean()),
    "sums": lambda values: float(values.sum()),
    "standard deviations": lambda values: float(values.std(ddof=1)),
    "standard deviations of the population": lambda values: float(values.std()),
}


class Sieve:
    """Takes rows of a table without those that are no data.

    Parameters
    ----------
    header
        Names of the columns.
    ids
        Columns that were named, so that no word in them leaves a row out.

    Attributes
    ----------
    passed
        What was left out so far.
    count
        How many rows were left out between others.
    marks
        Places of columns that tell rows of practice; None before the first rows.
    """

    def __init__(self, header: Sequence[str], ids: Collection[str] = ()) -> None:
        self.passed: list[Problem] = []
        self.count = 0
        self._header = [name.strip() for name in header]
        self._ids = ids
        self.marks: list[int] | None = None
        self._beside: dict[tuple[str, str], list[int]] = {}

    def take(self, batch: Batch, *, even: bool = False) -> Batch:
        """Return rows without headers that come again, subtotals and practice.

        Those that are ``even`` are known to hold no headers and no subtotals.
        """
        kept = np.ones(len(batch.numbers), bool)
        for place, row in enumerate(() if even else batch.rows):
            if row[:1] and row[0].strip() == self._header[0] and self._heads(row):
                kind = "the names of the columns again"
            elif "" in row and (label := find_subtotal(row)) is not None:
                kind = f"subtotals ({label})"
            else:
                continue
            kept[place] = False
            self.passed.append(Problem(f"row {batch.numbers[place]} holds {kind}: left out."))
        if self.marks is None:
            self.marks = self._find_marks(batch)
        for mark in self.marks:
            name = self._header[mark]
            for place, cell in enumerate(batch.list_cells(mark)):
                if kept[place] and is_practice(cell, name):
                    kept[place] = False
                    told = cell.strip()
                    flag = is_practice_loop(name) or not any(map(str.isalpha, told))
                    kind = "practice" if flag or told.lower() in {"true", "yes"} else told
                    told = self._beside.setdefault((name, kind), [])
                    told.append(int(batch.numbers[place]))
        self.count += int((~kept).sum())
        return batch if kept.all() else Batch(list(compress(batch.rows, kept)), batch.numbers[kept])

    def cut(self, batch: Batch, *, whole: bool) -> Batch:
        """Return the last rows without notes and totals; ``whole`` as for `find_tail`."""
        found = find_tail(batch.rows, batch.numbers.tolist(), whole=whole)
        told = [f"row {batch.numbers[place]} holds {kind}: left out." for place, kind in found]
        self.passed = [*map(Problem, told[::-1]), *self.passed]
        count = len(batch.rows) - len(found)
        return Batch(batch.rows[:count], batch.numbers[:count]) if found else batch

    def list_passed(self) -> list[Problem]:
        """Return all that was left out."""
        told = [
            Problem(
                f"{count_things(len(places), 'row')} of '{level}' left out.",
                ("If they count, name this column with ", Option("context", name), "."),
                column=name,
                rows=tuple(places),
            )
            for (name, level), places in self._beside.items()
        ]
        return [*self.passed, *told]

    def _heads(self, row: Sequence[str]) -> bool:
        return [cell.strip() for cell in row] == self._header

    def _find_marks(self, batch: Batch) -> list[int]:
        """Return the places of columns that tell rows of practice from others."""
        found = []
        for place, name in enumerate(self._header):
            levels = {*batch.list_cells(place)[:_LOOK]} if name not in self._ids else set()
            if 1 < len(levels) <= (_KINDS if not is_practice_loop(name) else _LOOK) and any(
                is_practice(one, name) for one in levels
            ):
                found.append(place)
        return found


def find_tail(rows: Rows, numbers: Sequence[int], *, whole: bool) -> list[tuple[int, str]]:
    """Return the places of last rows that are no data, with what they are, the last one first.

    A note fills one cell of several: with some words, or below a blank row. Totals are called so,
    or all their numbers are the sums, means or standard deviations of the rows above, if these are
    the ``whole`` table. ``numbers`` are those of the rows in the file.

    Examples
    --------
    >>> rows = [["a", "1", "4"], ["b", "3", "5"], ["Total", "4", "9"]]
    >>> find_tail(rows, [2, 3, 4], whole=True)
    [(2, 'totals (Total)')]
    """
    found: list[tuple[int, str]] = []
    last = len(rows)
    while last > 1 and (text := _read_note(rows, numbers, last - 1)):
        last -= 1
        found.append((last, f"a note ('{text[:40]}{'…' * (len(text) > 40)}')"))
    size = 0
    while size < _MOST and last - size > 2 and _is_named(rows[last - size - 1]):
        size += 1
    if _are_initials(rows[:last]):
        size = 0
    if not size and whole:
        size = next((n for n in range(_MOST, 0, -1) if _agrees(rows[:last], n)), 0)
    for place in range(last - 1, last - size - 1, -1):
        label = next((cell.strip() for cell in rows[place] if cell.strip()), "")
        found.append((place, f"totals ({label})"))
    return found


def is_note(cells: Sequence[str], width: int) -> bool:
    """Return whether a row of one cell is a note below a table, and no row that was cut off.

    Examples
    --------
    >>> is_note(["* replaced in week 2"], 4), is_note(["clip24"], 4)
    (True, False)
    """
    return len(cells) == 1 and width > 1 and len(cells[0].split()) >= _WORDS


def find_subtotal(row: Sequence[str]) -> str | None:
    """Return the label of a row of subtotals, as spreadsheets put them between groups of rows.

    Its only text names the group and the statistic, and other cells of texts are blank.

    Examples
    --------
    >>> find_subtotal(["P001 Mean", "", "3.2"]), find_subtotal(["P001", "Ada", "3"])
    ('P001 Mean', None)
    """
    if not any(" " in cell for cell in row):
        return None
    texts = [cell.strip() for cell in row if cell.strip() and _read(cell) is None]
    if len(texts) != 1 or all(cell.strip() for cell in row):
        return None
    words = texts[0].split()
    ends = len(words) > 1 and (is_total(words[0]) or is_total(words[-1]))
    return texts[0] if ends and any(_read(cell) is not None for cell in row) else None


def _read_note(rows: Rows, numbers: Sequence[int], place: int) -> str:
    filled = [cell.strip() for cell in rows[place] if cell.strip()]
    if len(rows[place]) < 3 or len(filled) != 1:
        return ""
    apart = numbers[place] > numbers[place - 1] + 1
    worded = len(filled[0].split()) >= _WORDS
    return filled[0] if worded or (apart and any(map(str.isalpha, filled[0]))) else ""


def _is_named(row: Sequence[str]) -> bool:
    label = next((cell for cell in row if cell.strip()), "")
    return is_total(label) and any(_read(cell) is not None for cell in row)


def _are_initials(rows: Rows) -> bool:
    """Return whether rows are called by initials, of which SD and MW may be two."""
    labels = (next((cell.strip() for cell in row if cell.strip()), "") for row in rows)
    return all(re.fullmatch(r"[A-Z]{2,3}", label) for label in labels)


def _agrees(rows: Rows, size: int) -> bool:
    """Return whether all numbers of the last rows are statistics of the rows above."""
    body, tail = rows[: len(rows) - size], rows[len(rows) - size :]
    return len(body) >= _FEWEST and all(_find_statistic(body, row) for row in tail)


def _find_statistic(body: Rows, row: Sequence[str]) -> str | None:
    left = dict(_STATISTICS)
    compared, telling = 0, False
    for place, cell in enumerate(row):
        given = _read(cell)
        if given is None:
            if cell.strip() and place > 0:
                return None
            continue
        column = [_read(one[place]) for one in body]
        values = np.array([one for one in column if one is not None])
        if len(values) < max(_FEWEST, len(body) / 2):
            return None
        decimals = len(cell.strip().replace(",", ".").partition(".")[2])
        near = 0.51 * 10.0**-decimals
        left = {name: make for name, make in left.items() if abs(make(values) - given) <= near}
        if not left:
            return None
        compared += 1
        # A value that rows have themselves tells little.
        telling |= given not in values
    # One number below a table whose other cells there are all blank is no row of it.
    alone = compared == 1 and sum(map(bool, map(str.strip, row))) == 1 and len(row) > 2
    return next(iter(left)) if (compared > 1 or alone) and telling else None


def _read(cell: str) -> float | None:
    try:
        value = float(cell.replace(",", "."))
    except ValueError:
        return None
    return value if abs(value) < _LARGEST else None


def fit_row(row: list[str], width: int, padded: bool) -> list[str]:
    """Return a row at the header's width: empty cells beyond it go, a sheet's short rows grow."""
    if len(row) < width and padded:
        return [*row, *[""] * (width - len(row))]
    return row[:width] if len(row) > width and not any(row[width:]) else row


def fit_rows(
    rows: list[list[str]], numbers: np.ndarray, width: int, padded: bool
) -> tuple[Batch, list[tuple[int, list[str]]]]:
    """Return the rows that have the header's number of fields, and the numbered others."""
    lengths = np.fromiter(map(len, rows), np.int64, len(rows))
    if (lengths != width).any():
        rows = [fit_row(row, width, padded) for row in rows]
        lengths = np.fromiter(map(len, rows), np.int64, len(rows))
    fits = lengths == width
    if fits.all():
        return Batch(rows, numbers), []
    wrong = list(zip(numbers[~fits].tolist(), compress(rows, ~fits), strict=True))
    return Batch(list(compress(rows, fits)), numbers[fits]), wrong


def describe_ragged(ragged: list[tuple[int, int]], width: int) -> Problem:
    """Return the problem of rows, each with its number of fields, that differ from the header."""
    rows = tuple(number for number, _ in ragged)
    number, fields = ragged[0]
    remedy = CHECK_ROWS
    if all(count == width + 1 for _, count in ragged):
        remedy = "Quote texts that hold the separator, or give the first column a name."
    fact = (
        f"{count_things(len(ragged), 'row differs', 'rows differ')}"
        f" from the header's {width} fields: row {number} has {fields}."
    )
    return Problem(fact, remedy, rows=rows)
