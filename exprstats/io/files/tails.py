"""Rows below a table that are no data: notes, and totals, means and the like of its columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import compress

import numpy as np

from exprstats.errors import Problem
from exprstats.io.files.words import is_total

Rows = Sequence[Sequence[str]]
_MOST = 4
_FEWEST = 5
_WORDS = 3
# What lies beyond is no answer, and its square no number.
_LARGEST = 1e100
_STATISTICS: dict[str, Callable[[np.ndarray], float]] = {
    "means": lambda values: float(values.mean()),
    "sums": lambda values: float(values.sum()),
    "standard deviations": lambda values: float(values.std(ddof=1)),
    "standard deviations of the population": lambda values: float(values.std()),
}


def find_tail(rows: Rows, numbers: Sequence[int], *, whole: bool) -> list[tuple[int, str]]:
    """Return the places of last rows that are no data, with what they are, the last one first.

    A note fills one cell of several: with some words, or below a blank row. Totals are called so,
    or all their numbers are the sums, means or standard deviations of the rows above.

    Parameters
    ----------
    rows, numbers
        The last rows of a table as texts, and the number of each in the file.
    whole
        Whether these are all rows of the table, so that their numbers can be summed.

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


def drop_inner(
    rows: list[list[str]], numbers: np.ndarray, header: Sequence[str]
) -> tuple[list[list[str]], np.ndarray, list[Problem]]:
    """Return rows without headers that come again and subtotals, and a word on each of these."""
    first = [name.strip() for name in header]
    told, kept = [], np.ones(len(rows), bool)
    for place, row in enumerate(rows):
        if row[:1] == first[:1] and [cell.strip() for cell in row] == first:
            kind = "the names of the columns again"
        elif "" in row and (label := find_subtotal(row)) is not None:
            kind = f"subtotals ({label})"
        else:
            continue
        kept[place] = False
        told.append(Problem(f"row {numbers[place]} holds {kind}: left out."))
    if not told:
        return rows, numbers, told
    return list(compress(rows, kept)), numbers[kept], told


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
