"""Delimited text: separators and fields."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from exprstats.errors import Problem
from exprstats.io.files.headers import is_preamble

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
_SAMPLE = 200
_ABOVE = 0.25


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
