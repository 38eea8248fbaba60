"""Files of word lists: LIWC dictionaries, Empath, NRC's lexicons, tables or lists of one's own."""

from __future__ import annotations

import codecs
import csv
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from exprstats.apa import count_things
from exprstats.errors import UNREADABLE, DataError, Problem, warn_user

Pairs = Iterator[tuple[str, str]]
Reader = Callable[[list[str], Path], Pairs]
_WIDE = {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}
_BOOKS = {".xlsx", ".ods"}
_MARKED, _UNMARKED = {"x", "1", "1.0"}, {"", "0", "0.0"}
_WORDS = {"word", "term", "english word"}
_CATEGORIES = {"category", "emotion", "sentiment", "affectdimension"}
_MOST = 0.9  # share of numbers from which on a column is one of numbers
_TABLE = "Take a table with columns category and word, or with a column of X for each category."


def read_entries(path: Path) -> Pairs:
    """Yield a category and a word, as it stands in the file, of each entry of a lexicon."""
    if path.suffix.lower() in _BOOKS:
        yield from _read_pairs([], path)
        return
    lines = [line.rstrip("\r") for line in read_lines(path).split("\n") if line.strip()]
    if not lines:
        raise DataError(Problem("the lexicon is empty.", "Check the file.", file=str(path)))
    yield from _pick_reader(path, lines)(lines, path)


def read_lines(path: Path) -> str:
    """Return the text of a file in UTF-8, UTF-16 with its mark, or else Windows-1252."""
    try:
        content = path.read_bytes()
    except OSError as error:
        fact = f"{error.strerror or UNREADABLE}."
        raise DataError(Problem(fact, "Check the path.", file=str(path))) from None
    if content[:2] in _WIDE:
        return content.decode("utf-16")
    if b"\0" in content:
        fact = "it holds bytes that no text has."
        raise DataError(Problem(fact, "Save the lexicon as a text in UTF-8.", file=str(path)))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _pick_reader(path: Path, lines: list[str]) -> Reader:
    """Return the reader of a kind of file, told by its first lines and its ending."""
    ending = path.suffix.lower()
    header = [cell.strip().strip('"').lower() for cell in re.split(r"[,;\t]", lines[0])]
    wide = len(header) > 1 and _holds_marks(lines[1:])
    columns = None if ending in {".dic", ".dicx"} or wide else _find_columns(lines)
    read = _read_list if columns is None else partial(_read_columns, columns=columns)
    found = (
        (_read_dic, ending == ".dic" or lines[0].strip() == "%"),
        (_read_dicx, ending == ".dicx" or wide),
        (_read_pairs, {"category", "word"} <= set(header)),
        (_read_json, lines[0].lstrip().startswith(("{", "["))),
        (read, columns is not None),
        (_read_dicx, len(header) > 1 and ending == ".csv"),
        (_read_rows, any("\t" in line for line in lines)),
    )
    return next((reader for reader, fits in found if fits), _read_list)


class _Columns(NamedTuple):
    """Rows (without the header and lines above it), and the places of what they hold."""

    rows: list[list[str]]
    word: int
    category: int | None
    weight: int | None


def _find_columns(lines: list[str]) -> _Columns | None:
    """Return the columns of a table with a word and a category, or a number, in each row.

    Lines of one cell, such as those above NRC's tables, are no rows. Without a header NRC's order
    is taken where marks are 0 and 1: word, category, mark; otherwise categories have fewer names.
    """
    comma = max("\t,;", key=lines[-1].count)
    every = list(csv.reader(lines, delimiter=comma, quoting=csv.QUOTE_MINIMAL))
    rows = [[cell.strip() for cell in row] for row in every if len(row) > 1]
    if not rows or set(map(len, rows)) != {len(rows[-1])}:
        return None
    header = [cell.lower() for cell in rows[0]]
    named = [next((i for i, one in enumerate(header) if one in known), None) for known in _KNOWN]
    below = rows[1:] if len(rows) > 1 else rows
    numbers = [i for i, cells in enumerate(zip(*below, strict=True)) if _hold_numbers(cells)]
    if named[0] is not None and named[1] is not None:
        return _Columns(below, named[0], named[1], numbers[0] if numbers else None)
    words = [i for i in range(len(header)) if i not in numbers]
    if numbers and (len(words) == 1 or len(numbers) > 1):
        return _Columns(rows, 0, None, numbers[0])
    sizes = {i: len({row[i] for row in rows}) for i in words}
    if len(words) != 2 or (not numbers and sizes[words[0]] <= sizes[words[1]]):
        return None
    marks = {row[numbers[0]] for row in below} <= {"0", "1"} if numbers else False
    first = words[0] if marks or sizes[words[0]] >= sizes[words[1]] else words[1]
    other = words[1] if first == words[0] else words[0]
    return _Columns(rows, first, other, numbers[0] if numbers else None)


_KNOWN = (_WORDS, _CATEGORIES)


def _hold_numbers(cells: tuple[str, ...]) -> bool:
    kinds = Counter(bool(re.fullmatch(r"[-+]?\d*\.?\d+(e[-+]?\d+)?", one, re.I)) for one in cells)
    return kinds[True] >= _MOST * len(cells)


def _read_columns(lines: list[str], path: Path, columns: _Columns) -> Pairs:
    """Yield words by category from the columns of a table; a number of 0 is none."""
    if columns.category is None:
        cells = [cell for row in columns.rows[1:] for cell in row]
        titled = not _hold_numbers((columns.rows[0][columns.weight or 0],))
        # Weights of categories that a header names: 0 in most of them, or of one category.
        if titled and (len(columns.rows[0]) == 2 or set(cells) & _UNMARKED):
            yield from _read_dicx(lines, path)
            return
        fact = "its words have numbers and no category."
        raise DataError(Problem(fact, _TABLE, file=str(path)))
    weighted = 0
    for row in columns.rows:
        mark = "1" if columns.weight is None else row[columns.weight]
        known = mark in _UNMARKED
        # A header without known names holds no number where the others do.
        if known or (mark not in _MARKED and not _hold_numbers((mark,))) or not float(mark):
            continue
        weighted += mark not in _MARKED
        yield row[columns.category], row[columns.word]
    _tell_weights(path, weighted)


def _read_json(lines: list[str], path: Path) -> Pairs:
    """Yield the words of an object with a list of words for each category."""
    try:
        held = json.loads("\n".join(lines))
        pairs = [(str(name), str(word)) for name, words in held.items() for word in list(words)]
    except (ValueError, AttributeError, TypeError):
        fact = "it is no object of categories with a list of words each."
        raise DataError(Problem(fact, _TABLE, file=str(path))) from None
    yield from pairs


def _holds_marks(rows: list[str]) -> bool:
    """Return whether lines hold a word each and otherwise marks only."""
    cells = [re.split(r"[,;\t]", row)[1:] for row in rows]
    held = {cell.strip().lower() for row in cells for cell in row}
    return bool(held & _MARKED) and held <= _MARKED | _UNMARKED


def _read_rows(lines: list[str], path: Path) -> Pairs:
    """Yield the words of a category a line, as Empath's file has them."""
    for line in lines:
        category, *words = line.split("\t")
        yield from ((category.strip(), word.strip()) for word in words if word.strip())


def _read_dic(lines: list[str], path: Path) -> Pairs:
    """Yield the entries of a LIWC dictionary up to LIWC2015."""
    ends = [place for place, line in enumerate(lines) if line.strip() == "%"]
    if len(ends) < 2:
        which = "no second line" if ends else "no line"
        fact = f"the list of categories has {which} with '%'."
        raise DataError(Problem(fact, "Check that the dictionary is whole.", file=str(path)))
    names: dict[str, str] = {}
    for line in lines[ends[0] + 1 : ends[1]]:
        code, _, name = line.strip().replace("\t", " ").partition(" ")
        if code in names:
            fact = f"two categories have the number {code}: '{names[code]}' and '{name.strip()}'."
            raise DataError(Problem(fact, "Number them apart.", file=str(path)))
        names[code] = name.strip() or code
    skipped = 0
    for line in lines[ends[1] + 1 :]:
        word, *codes = line.split("\t") if "\t" in line else line.split()
        # Where a blank stands between numbers, they are several; "(02 134)125/464" is a condition.
        codes = [one for code in codes for one in ([code] if "(" in code else code.split())]
        for code in codes:
            known = names.get(code.strip())
            skipped += known is None
            if known is not None:
                yield known, word.strip()
    if skipped:
        warn_user(
            f"{path.name}: {skipped:,} of its entries depend on other words or name no category, "
            "and were left out."
        )


def _read_dicx(lines: list[str], path: Path) -> Pairs:
    """Yield the entries of a LIWC-22 dictionary: a word a line, and a mark for each category.

    LIWC-22 marks by X; other programs write 1, and weighted dictionaries other numbers, which
    count as marks unless they are 0.
    """
    comma = max(",;\t", key=lines[0].count)
    header, *rows = list(csv.reader(lines, delimiter=comma))
    names = [cell.strip() for cell in header]
    if len(names) < 2 or not all(names[1:]):
        fact = "its first line does not name a category for each column beside the words."
        raise DataError(Problem(fact, _TABLE, file=str(path)))
    weighted = 0
    for number, row in enumerate(rows, start=2):
        if len(row) > len(names) and any(cell.strip() for cell in row[len(names) :]):
            fact = f"line {number} has {len(row)} cells, and the header {len(names)}."
            raise DataError(Problem(fact, "Check that line.", file=str(path)))
        for category, cell in zip(names[1:], row[1:], strict=False):
            mark = cell.strip().lower()
            if mark in _UNMARKED:
                continue
            if mark not in _MARKED:
                weighted += _is_weight(mark, number, category, path)
            yield category, row[0].strip()
    _tell_weights(path, weighted)


def _tell_weights(path: Path, weighted: int) -> None:
    if weighted:
        counted = count_things(weighted, "entry has a weight", "entries have weights")
        warn_user(f"{path.name}: {counted}, which are not used; each entry names its category.")


def _is_weight(mark: str, number: int, category: str, path: Path) -> bool:
    try:
        return float(mark) != 0
    except ValueError:
        fact = f"'{mark}' marks a word of category '{category}' (line {number}); known are X and 1."
        raise DataError(Problem(fact, _TABLE, file=str(path))) from None


def _read_pairs(lines: list[str], path: Path) -> Pairs:
    from exprstats.io import read_table

    table = read_table(path)
    table.columns = [str(name).strip().lower() for name in table.columns]
    if not {"category", "word"} <= set(table.columns):
        fact = "a table of words needs the columns category and word."
        raise DataError(Problem(fact, _TABLE, file=str(path)))
    known = table[["category", "word"]].dropna()
    yield from zip(known["category"].astype(str), known["word"].astype(str), strict=True)


def _read_list(lines: list[str], path: Path) -> Pairs:
    yield from ((path.stem, line.strip()) for line in lines if not line.startswith("#"))
