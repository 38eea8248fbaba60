"""Widths of a table's columns on a printed page, upright or on its side."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from exprstats.document.cells import list_records
from exprstats.document.model import Column, Table
from exprstats.document.text import list_pieces, write_plain

UPRIGHT, SIDEWAYS = 6.5, 9.0  # inches between the margins
SIZE = 9.0  # points of a table's type
# The pages and sizes of type that are tried, in order.
_TRIES = ((UPRIGHT, SIZE), (UPRIGHT, 8.0), (SIDEWAYS, SIZE), (SIDEWAYS, 8.0), (SIDEWAYS, 7.0))
_GAP = 0.16  # inches between two columns
_LEAST, _COMMON = 4.0, 13.0  # ems: the narrowest column of words, and one that reads well
# Ems of letters in Times; others take half a one, and a little room is left.
_NARROW, _BROAD = frozenset(" .,;:'’|!()[]/ijlt"), frozenset("mwMW%—@∞")
_ROOM = 1.04


@dataclass(frozen=True, slots=True)
class TableWidths:
    """How a table stands on a page.

    Attributes
    ----------
    wide
        Whether on its side.
    size
        Points of its type.
    widths
        Inches of each column.
    """

    wide: bool
    size: float
    widths: tuple[float, ...]


def find_widths(table: Table) -> TableWidths:
    """Return the widths in which numbers stay on one line: upright, on its side, in smaller type.

    Examples
    --------
    >>> import pandas as pd
    >>> from exprstats.document.model import list_columns
    >>> columns = list_columns(words=1, name="Name", value="Value")
    >>> cells = pd.DataFrame({"name": ["one"], "value": [".50"]})
    >>> find_widths(Table("few", "Few", columns, cells)).wide
    False
    """
    rows = list_records(table.cells)
    needed = [
        _list_needs(column, [row[column.key] for row in rows], first=not place)
        for place, column in enumerate(table.columns)
    ]
    page, size = _TRIES[-1]
    for page, size in _TRIES:
        widths = _share(needed, page, size / 72, comfortable=page == UPRIGHT)
        if widths:
            break
    else:
        whole = sum(low for low, _ in needed)
        widths = [page * low / whole for low, _ in needed]
    return TableWidths(page == SIDEWAYS, size, tuple(widths))


def break_names(text: str, held: TableWidths, place: int) -> str:
    """Return a cell of a column whose words may break at marks where one is longer than a line."""
    room = (held.widths[place] - _GAP) / (held.size / 72)
    if all(_measure(word) <= room for word in text.split()):
        return text
    return "\N{ZERO WIDTH SPACE}".join(list_pieces(text))


def _list_needs(column: Column, cells: Sequence[Any], *, first: bool) -> tuple[float, float]:
    """Return the ems that a column needs at least, and those that it would take."""
    heading = write_plain(column.heading)
    word = max((_measure(one) for one in heading.split()), default=0.0)
    longest = max((_measure(str(cell)) for cell in cells), default=0.0) + first
    if not (column.words or first):
        return max(word, longest), max(word, longest)
    parts = (
        _measure(part)
        for cell in cells
        for piece in str(cell).split()
        for part in list_pieces(piece)
    )
    least = max(_LEAST, min(word, _COMMON), min(max(parts, default=0.0) + first, _COMMON))
    most = max(min(_measure(heading), _COMMON), longest)
    return min(least, most), most


def _measure(text: str) -> float:
    """Return how many ems a text takes."""
    return _ROOM * sum(map(_weigh, text))


@cache
def _weigh(letter: str) -> float:
    if letter in _NARROW:
        return 0.31
    if letter in _BROAD:
        return 0.85
    if letter.isupper():
        return 0.7
    return 1.0 if unicodedata.east_asian_width(letter) in "WF" else 0.5


def _share(
    needed: Sequence[tuple[float, float]], page: float, em: float, *, comfortable: bool
) -> list[float] | None:
    """Return the widths of columns that fit a page, in inches, or None."""
    room = page - _GAP * len(needed)
    least = [low * em for low, _ in needed]
    wished = [high * em for _, high in needed]
    if sum(wished) <= room:
        return [width + _GAP for width in wished]
    asked = [
        max(low, min(high, _COMMON * em)) if comfortable else low
        for low, high in zip(least, wished, strict=True)
    ]
    if sum(asked) > room:
        return None
    # What is left goes to columns of words by how much each still lacks.
    lacking = [high - low for low, high in zip(asked, wished, strict=True)]
    share = (room - sum(asked)) / sum(lacking)
    return [low + lack * share + _GAP for low, lack in zip(asked, lacking, strict=True)]
