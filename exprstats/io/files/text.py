"""Delimited text and the place of a table in it: separators, headers, rows of labels."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from statistics import median

from exprstats.errors import Problem

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
_SAMPLE = 200
_ABOVE = 0.25
_NUMBER = re.compile(r"[+-]?(\d+[.,]?\d*|[.,]\d+)([eE][+-]?\d+)?")


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
