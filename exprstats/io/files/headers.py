"""Headers of tables: the row of names below titles, groups of columns, rows of labels."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from exprstats.errors import Option, Problem, Text
from exprstats.io.files.spreads import find_judges
from exprstats.io.files.words import WORDS, split_name
from exprstats.options import name_nearest, name_some

OWN_NAMES = "Give each column its own name."

_UNITS = re.compile(r"[(\[][^)\]]+[)\]]|\d+\s*(-|–|—|to|bis|à|a)\s*\d+")
_NUMBER = re.compile(r"[+-]?(\d+[.,]?\d*|[.,]\d+)([eE][+-]?\d+)?")
# More columns that are absent are one problem.
_EACH = 3


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
    above
        What the row above says of each column, if the names alone are not unique.
    labels
        What the first row of labels says of each column.
    """

    place: int
    dropped: frozenset[int]
    notes: tuple[str, ...]
    above: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


def find_header(rows: Sequence[Sequence[str]], given: int | None = None) -> Header:
    """Return where a table begins, below titles and comments.

    A title is a row with one filled cell above a table of several columns; a comment begins with
    #. A row of labels follows the header of exports from survey programs: Qualtrics marks it,
    of others it holds words where all other rows hold numbers. ``rows`` are the first of the file;
    a header's row that is ``given`` counts from 1.

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
            or (
                filled[place] == 1
                and usual >= 2
                and not _is_numbered(rows[place], rows[place + 1], usual)
            )
            or (rows[place][0].startswith("#") and filled[place] < usual)
            or (is_preamble(rows[place], usual) and not _heads_groups(rows, place))
            or (filled[place] < usual and _names_value(*rows[place : place + 2]))
        ):
            place += 1
    titles: tuple[str, ...] = ()
    if given is None and _heads_groups(rows, place):
        titles = _spread_titles(rows[place], rows[place + 1])
        place += 1
    above = sum(count > 0 for count in filled[: place - bool(titles)])
    notes = [f"the header is in row {place + 1}; what is above it is left out."] * (
        above > 0 and given is None
    )
    if titles:
        shown = _join(titles, rows[place])
        notes.append(f"rows {place} and {place + 1} name the columns together{shown}.")
    dropped = _find_labels(rows, place)
    if dropped:
        shown = " and ".join(str(one + 1) for one in sorted(dropped))
        start = f"row {shown} holds" if len(dropped) == 1 else f"rows {shown} hold"
        notes.append(f"{start} labels of the columns instead of data: left out.")
    labels = tuple(rows[min(dropped)]) if dropped else ()
    return Header(place, frozenset(dropped), tuple(notes), titles, labels)


def _is_numbered(row: Sequence[str], below: Sequence[str], usual: float) -> bool:
    """Return whether a row names one column beside one of row numbers, as R writes it."""
    holds = any(_NUMBER.fullmatch(cell.strip()) for cell in below)
    return usual == len(row) == 2 and not row[0].strip() and holds


def is_preamble(row: Sequence[str], usual: float) -> bool:
    """Return whether a row above a wide table names one thing and its value: "Frame rate: 25".

    Examples
    --------
    >>> is_preamble(["Frame rate:", "25", "", ""], 9), is_preamble(["", "joy", "", "calm"], 9)
    (True, False)
    """
    held = [cell for cell in row if cell.strip()]
    return usual >= 5 and len(held) <= 2 and bool(row[0].strip())


def _names_value(row: Sequence[str], below: Sequence[str]) -> bool:
    """Return whether a row is no header, but says of a table: "Judge:", "Anna", "1 to 7"."""
    named, again = (one[:1] and one[0].strip().endswith((":", "\uff1a")) for one in (row, below))
    return bool(named) and (bool(again) or not any(_NUMBER.fullmatch(one.strip()) for one in below))


def _heads_groups(rows: Sequence[Sequence[str]], place: int) -> bool:
    """Return whether a row only names groups of columns, whose own names are in the next row."""
    if len(rows) < place + 4:
        return False
    top, names, body = rows[place], rows[place + 1], rows[place + 2 :]
    # Rows of a workbook end at their last filled cell.
    names = [*names, *[""] * (len(top) - len(names))]
    filled = [one for one in names if one.strip()]
    # A name that stands above no other is that of its own column.
    groups = [one for one, name in zip(top, names, strict=False) if one.strip() and name.strip()]
    unnamed = sum(
        not name.strip() and not (at < len(top) and top[at].strip())
        for at, name in enumerate(names)
    )
    if not 0 < len(groups) < len(filled) or unnamed > 1:
        return False
    if any(_NUMBER.fullmatch(one.strip()) for one in filled):
        return False
    below = [[row[at].strip() for row in body if len(row) > at] for at in range(len(names))]
    held = [
        sum(bool(_NUMBER.fullmatch(cell)) for cell in cells) >= 0.8 * len(cells) > 0
        for cells in ([cell for cell in column if cell] for column in below)
    ]
    return sum(held) > 1


def _spread_titles(top: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    """Return the group of each column, if names come again in several groups."""
    names = [*names, *[""] * (len(top) - len(names))]
    known = [one.strip() for one in names if one.strip()]
    if len(set(known)) == len(known):
        # A column that only the upper row names keeps that name.
        pairs = zip(names, [*top, *[""] * len(names)], strict=False)
        return tuple("" if name.strip() else title.strip() for name, title in pairs)
    spread, held = [], ""
    for place in range(len(names)):
        held = top[place].strip() if place < len(top) and top[place].strip() else held
        spread.append(held)
    return tuple(spread)


def _join(titles: Sequence[str], names: Sequence[str]) -> str:
    pairs = zip(titles, names, strict=False)
    joined = [f"'{join_title(*pair)}'" for pair in pairs if pair[0]]
    return f" ({', '.join(joined[:2])})" if joined else ""


def join_title(title: str, name: str) -> str:
    """Return a column's name below the title of its group."""
    if title and not name.strip():
        return title
    return f"{title}_{name.strip()}" if title and name.strip() != title else name


def _find_labels(rows: Sequence[Sequence[str]], place: int) -> set[int]:
    for last in range(place + 1, min(place + 4, len(rows))):
        if any(cell.strip().startswith('{"ImportId"') for cell in rows[last]):
            return set(range(place + 1, last + 1))
    first, rest = rows[place + 1 : place + 2], rows[place + 2 :]
    return {place + 1} if first and len(rest) > 2 and _is_labels(first[0], rest) else set()


def _is_labels(row: Sequence[str], rest: Sequence[Sequence[str]]) -> bool:
    """Return whether a row holds words or units where all rows below hold numbers."""
    words, blank, again = [], 0, 0
    for column, cell in enumerate(row):
        text = cell.strip()
        below = [one[column].strip() for one in rest if len(one) > column and one[column].strip()]
        numbers = sum(bool(_NUMBER.fullmatch(one)) for one in below)
        if not text:
            blank += len(below) == len(rest)
        elif below and numbers >= 0.8 * len(below):
            if _UNITS.fullmatch(text) is None:
                if len(below) < 3 or not any(letter.isalpha() for letter in cell):
                    return False
                words.append(text)
        elif cell in below:
            return False
        else:
            # Ids come again; a label of their column does not.
            again += len(below) == len(rest) > 9 and len({*below}) <= len(below) / 2
    # Units such as "(1-5)" stand below a single name, beside ids that only this row lacks.
    units = blank > 1 and any(_UNITS.fullmatch(cell.strip()) for cell in row)
    known = blank > 1 or again > 1
    return len(words) > 1 or (len(words) == 1 and (" " in words[0] or known)) or units


def name_columns(cells: list[str], trim: bool) -> list[str]:
    """Return the names that a header gives; columns without one are numbered."""
    names = [unescape(cell.strip()) for cell in cells]
    while trim and names and not names[-1]:
        names.pop()
    return [name or f"column_{place}" for place, name in enumerate(names, start=1)]


def find_twins(header: list[str], row: int) -> list[Problem]:
    """Return a problem for each name that several columns have."""
    places: dict[str, list[int]] = {}
    for place, name in enumerate(header, start=1):
        places.setdefault(name, []).append(place)
    own = OWN_NAMES
    data = "That looks like data: add a first row with the names, such as clip, rater, rating."
    return [
        Problem(
            f"the header names '{name}' {len(held)} times (columns {', '.join(map(str, held))}).",
            data if re.fullmatch(r"[+-]?\d+([.,]\d+)?", name.strip()) else own,
            column=name,
            rows=(row,),
        )
        for name, held in places.items()
        if len(held) > 1
    ]


def unescape(text: str) -> str:
    """Undo the apostrophe that keeps a spreadsheet from running a cell's text."""
    return text[1:] if text[:1] == "'" and text[1:2] in tuple("=+-@\t\r") else text


def unescape_all(texts: Sequence[str]) -> list[str]:
    """Return texts as `unescape` does; one look at all tells that most columns have none."""
    return [*map(unescape, texts)] if "'" in "".join(texts) else [*texts]


def find_absent(
    names: Sequence[str], header: Sequence[str], cures: Mapping[str, Text]
) -> list[Problem]:
    """Return a problem of each name that a header lacks, and one of many that have no cure."""
    absent = [name for name in dict.fromkeys(names) if name not in header]
    found = {name: cures.get(name) or _name_cure(name, header) for name in absent}
    listed = name_nearest("", header)
    alike = [name for name, cure in found.items() if cure == listed]
    alike = alike if len(alike) > _EACH else []
    told = [
        Problem(f"there is no column '{name}'.", cure)
        for name, cure in found.items()
        if name not in alike
    ]
    return [*told, Problem(f"there are no columns {name_some(alike)}.", listed)] if alike else told


def _name_cure(name: str, header: Sequence[str]) -> Text:
    """Return what to do about an absent column: the option that names the one it may be."""
    nearest = name_nearest(name, header)
    if name not in WORDS:
        return nearest
    fits = [one for one in header if split_name(one) & {*WORDS[name]}]
    judges = list(find_judges(header)) if name == "rater" and not fits else []
    if judges:
        start = "Columns are called as raters are: name them with "
        return (start, Option("raters", judges), ".")
    if len(fits) == 1:
        return ("Name it with ", Option(name, fits[0]), ".")
    return ("Name it with ", Option(name), f". {nearest}")
