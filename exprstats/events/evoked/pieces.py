"""Pieces of tables of any size: ids as categories, numbers of expressions, words named."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.errors import DataError, Option, Problem, warn_user
from exprstats.events.evoked.tables import ROLES, code_names, cut_scores, decode_names
from exprstats.io.columns import Ids
from exprstats.io.files.tails import CHECK_ROWS
from exprstats.io.numbers import MISSING_TEXTS
from exprstats.io.sources import Source
from exprstats.options import name_some
from exprstats.parallel import report_progress

ROWS = 50_000  # of a piece: about 10 MB of texts and numbers
_TRUTH = {"true": "1", "false": "0"}
_BLOCK, _MOST_WRONG = 1 << 24, 1000
_WORDS = 0.5  # share of texts from which on a column is one of words
_LONG_NAMES = {"expression", "emotion", "label", "item", "variable"}
Piece = dict[str, Any]  # name to an array, or None where words stand


def read_pieces(
    source: Source, roles: Mapping[str, str], expressions: Sequence[str] | None
) -> Iterator[Piece]:
    """Yield pieces of a file with ids as texts and all else as numbers, roles by their names."""
    wanted = list(dict.fromkeys((*roles.values(), *(expressions or _name_columns(source)))))
    back = {column: role for role, column in roles.items()}
    if source.layout.format != "text":
        from exprstats.io import read_table

        ids = [column for role, column in roles.items() if role != "time"]
        table = read_table(source.layout.path, ids=ids, reading=source.reading)
        yield _type_piece(table[wanted], back, source, 0, expressions is not None)
        return
    layout = source.layout
    skipped = {*range(layout.declared + layout.header.place)}
    skipped |= {place + layout.declared for place in layout.header.dropped}
    told = source.reading.missing
    gaps = [*MISSING_TEXTS, *map(str, told if isinstance(told, tuple) else [told])]
    options: dict[str, Any] = {
        "sep": r"\s+" if layout.separator == " " else layout.separator,
        "encoding": layout.encoding,
        "header": None,
        "names": source.header,
        "usecols": wanted,
        "dtype": {column: "str" for role, column in roles.items() if role != "time"},
        "skiprows": [*sorted(skipped), layout.declared + layout.header.place],
        "na_values": {column: gaps for column in wanted if back.get(column, "time") == "time"},
        "keep_default_na": False,
        "chunksize": ROWS,
        "index_col": False,
    }
    size, done = max(layout.local.stat().st_size, 1), 0
    try:
        with pd.read_csv(layout.local, **options) as reader:
            for piece in reader:
                yield _type_piece(piece[wanted], back, source, done, expressions is not None)
                done += len(piece)
                report_progress(f"Reading {layout.path.name}", min(done * 150, size - 1), size)
    except pd.errors.ParserError as error:
        fact = f"it cannot be read as a table: {' '.join(str(error).split())}."
        remedy = "Check that row for missing separators and quotes that are not closed."
        raise DataError(Problem(fact, remedy, file=str(layout.path))) from None
    report_progress(f"Reading {layout.path.name}", size, size)


def _name_columns(source: Source) -> list[str]:
    """Return the columns that have a name in the header; one without numbers the rows."""
    named = [name for place, name in enumerate(source.header, start=1) if name != f"column_{place}"]
    if len(named) < len(source.header):
        fact = "a column without a name is left out."
        warn_user(Problem(fact, file=str(source.layout.path)))
    return named


def count_text_lines(source: Source) -> int:
    """Return the lines of a text, 0 where they are not counted.

    Separators are counted byte by byte; a line with quotes is split only where its count is odd. A
    row longer or shorter than the header, which a fast reader would cut or fill, is a DataError.
    """
    layout, width = source.layout, len(source.header)
    wide = (layout.encoding or "").lower().startswith(("utf-16", "utf-32"))
    if layout.format != "text" or layout.separator in {None, " "} or wide:
        return 0
    mark = str(layout.separator)
    above, line, rest = layout.declared + layout.header.place, 0, b""
    usual, wrong = {width - 1}, []
    with layout.local.open("rb") as stream:
        while block := stream.read(_BLOCK) or rest:
            ended = block is rest
            block = block + b"\n" if ended else rest + block
            cut = block.rfind(b"\n") + 1
            part, rest = block[:cut], b"" if ended else block[cut:]
            data = np.frombuffer(part, dtype=np.uint8)
            ends = np.flatnonzero(data == ord("\n"))
            marks = np.searchsorted(np.flatnonzero(data == ord(mark)), ends)
            counts = np.diff(marks, prepend=0)
            if line <= above < line + len(ends):
                usual.add(int(counts[above - line]))
            for place in np.flatnonzero(~np.isin(counts, list(usual))).tolist():
                text = part[ends[place - 1] + 1 if place else 0 : ends[place]]
                fields = _count_fields(text, mark, str(layout.encoding), width)
                if line + place > above and fields != width:
                    wrong.append((line + place + 1, fields))
            line += len(ends)
            if len(wrong) >= _MOST_WRONG or ended:
                break
    if wrong:
        counted = count_things(len(wrong), "row differs", "rows differ")
        row, fields = wrong[0]
        fact = f"{counted} from the header's {width} fields: row {row} has {fields}."
        remedy = CHECK_ROWS
        rows = tuple(one for one, _ in wrong)
        raise DataError(Problem(fact, remedy, rows=rows, file=str(layout.path)))
    return line


def _count_fields(text: bytes, mark: str, encoding: str, width: int) -> int:
    """Return the fields of a line; as many as the header where it is empty, or quotes stay open."""
    if not text.strip() or text.count(b'"') % 2:
        return width
    fields = next(csv.reader([text.decode(encoding, "replace").rstrip("\r")], delimiter=mark), [])
    return width if len(fields) > width and not any(fields[width:]) else len(fields)


def _type_piece(
    piece: pd.DataFrame, back: Mapping[str, str], source: Source, start: int, strict: bool
) -> Piece:
    """Return a piece with roles by their names, ids as categories and expressions as numbers."""
    table = piece.rename(columns=dict(back))
    found: Piece = {}
    for name in table.columns:
        column = table[name]
        if name in ROLES and name != "time":
            texts = column.where(column.notna(), "").astype("str")
            found[name] = pd.Categorical(texts)
            continue
        if not pd.api.types.is_numeric_dtype(column):
            numbers = _read_numbers(column, source)
            bad = np.flatnonzero(numbers.isna() & column.notna())
            # A column of words is no expression; one of numbers with some words has mistakes.
            if len(bad) > _WORDS * column.notna().sum() and not (strict or name == "time"):
                found[name] = None
                continue
            if len(bad):
                fact = f"'{column.iloc[bad[0]]}' is no number."
                row = source.layout.first_row + 1 + start + int(bad[0])
                remedy = ("Correct the cell, or name it with ", Option("missing"), ".")
                place = {"file": str(source.layout.path), "column": back.get(name, name)}
                raise DataError(Problem(fact, remedy, rows=(row,), **place))
            column = numbers
        values = column.to_numpy(float, copy=True)
        found[name] = values
    return found


def _read_numbers(column: pd.Series, source: Source) -> pd.Series:
    """Return numbers of texts: also of answers with numbers, true and false, decimal commas."""
    numbers = pd.to_numeric(column, errors="coerce")
    rest = numbers.isna() & column.notna()
    if not rest.any():
        return numbers.astype(float)
    texts = column[rest].astype("str")
    known = {text: _number_text(text, source) for text in texts.unique()}
    found = numbers.astype(float)
    found[rest] = pd.to_numeric(texts.map(known), errors="coerce").astype(float)
    return found


def _number_text(text: str, source: Source) -> str:
    answer = source.reading.number_answer(text.strip())
    if source.layout.separator == ";":
        answer = answer.replace(",", ".")
    return _TRUTH.get(answer.lower(), answer)


class BeyondLabels(Exception):
    """A file that was to be read as labels holds values beyond 0 to 1."""


class Columns:
    """Columns that grow by pieces in place, so that a table is held once while it is read.

    A list of pieces that are joined at the end needs the memory of both. Numbers are in single
    precision for as long as that changes none of them, as it does labels. About ``expected`` rows
    are made room for; with a threshold labels are kept, in half precision, in place of scores.
    """

    def __init__(self, expected: int, threshold: float | None = None) -> None:
        # Memory that is asked for is taken only as rows are written into it.
        self.expected, self.threshold = expected, threshold
        self.held: dict[str, np.ndarray] = {}
        self.levels: dict[str, dict[str, int]] = {}
        self.lost: list[str] = []
        self.count = 0

    def add(self, piece: Piece) -> None:
        """Add the rows of a piece; a column in which words stand is lost."""
        size = max((len(one) for one in piece.values() if one is not None), default=0)
        for name, values in piece.items():
            if values is None or name in self.lost:
                self.held.pop(name, None)
                self.lost = list(dict.fromkeys([*self.lost, name]))
                continue
            plain = self._code(name, values)
            own = self.held.get(name)
            if own is None:
                own = self.held[name] = np.empty(self.expected, plain.dtype)
            if plain.dtype != own.dtype:
                own = self.held[name] = own.astype(np.promote_types(own.dtype, plain.dtype))
            if self.count + size > len(own):
                # No view of the array is left, so that its memory may move.
                own.resize(max(self.count + size, int(1.5 * len(own))), refcheck=False)
            own[self.count : self.count + size] = plain
        self.count += size

    def _code(self, name: str, values: Any) -> np.ndarray:
        """Return numbers as they are held, and ids as codes of the names met so far."""
        if isinstance(values, pd.Categorical):
            known = self.levels.setdefault(name, {})
            places = [known.setdefault(str(one), len(known)) for one in values.categories]
            return np.array(places, dtype=np.int32)[values.codes]
        if name == "time":
            return values
        if self.threshold is not None:
            if np.fmin.reduce(values, initial=0) < 0 or np.fmax.reduce(values, initial=1) > 1:
                raise BeyondLabels
            return cut_scores(values, self.threshold)
        short = values.astype(np.float32)
        return short if np.array_equal(short.astype(float), values, equal_nan=True) else values

    def take(self, name: str) -> Any:
        """Return a column, which is then no longer held here."""
        found = self.held.pop(name)
        found.resize(self.count, refcheck=False)
        if name not in self.levels:
            return found
        levels: Any = list(self.levels[name])
        return pd.Series(pd.Categorical.from_codes(found, categories=levels))


def join_columns(held: Columns, source: Source, back: Mapping[str, str]) -> pd.DataFrame:
    """Return one table of columns that were read.

    Columns in which words stand are left out, and named.
    """
    columns: dict[str, Any] = {}
    for name in list(held.held):
        column = held.take(name)
        ids = name in ROLES and name != "time"
        columns[name] = _clean_ids(column, back.get(name, name), source) if ids else column
    lost = held.lost
    numbers = [name for name in columns if name not in ROLES]
    long = [name for name in lost if name.lower() in _LONG_NAMES]
    if long and len(numbers) == 1:
        fact = f"it has a row for each {long[0]}, and not a column."
        remedy = f"table.pivot_table('{numbers[0]}', ['video', 'time'], '{long[0]}').reset_index()"
        raise DataError(Problem(fact, f"Take {remedy}.", file=str(source.layout.path)))
    if lost:
        told = "a column holds words" if len(lost) == 1 else "columns hold words"
        fact = f"{told} and no numbers, left out: {name_some(lost)}."
        warn_user(Problem(fact, file=str(source.layout.path)))
    return pd.DataFrame(columns, copy=False)


def _clean_ids(column: pd.Series, name: str, source: Source) -> pd.Series:
    """Return a column of ids as all others are read; empty cells are missing.

    Each name is looked at once, where it stands first, and not once a row. Ids that lost digits in
    a spreadsheet are a DataError.
    """
    levels = [str(one) for one in column.cat.categories]
    codes = column.cat.codes.to_numpy()
    used, first = np.unique(codes, return_index=True)
    filled = [(place, row) for place, row in zip(used, first, strict=True) if place >= 0]
    filled = [(place, row) for place, row in filled if levels[place]]
    ids = Ids(name)
    rows = np.array([row for _, row in filled], dtype=np.int64) + source.layout.first_row + 1
    ids.feed([levels[place] for place, _ in filled], rows)
    if not filled:
        return decode_names(np.full(len(codes), -1), np.array([], dtype=object))
    clean, problems = ids.finish()
    file = str(source.layout.path)
    if problems:
        raise DataError([replace(one, file=file) for one in problems])
    for remark in ids.remarks:
        warn_user(replace(remark, file=file))
    homes, names = code_names(clean)
    places = np.full(len(levels) + 1, -1)
    places[[place for place, _ in filled]] = homes
    return decode_names(places[codes], names)
