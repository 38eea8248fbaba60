"""Lines of an OpenFace file: key fields of every line, all fields of few."""

from __future__ import annotations

import gzip
import mmap
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.behaviour.openface.layout import (
    CUT_OFF,
    KEYS,
    NO_ROWS,
    FileLayout,
    read_layout,
    tell_width,
)
from exprstats.errors import EMPTY_FILE, DataError, Problem

# A block of lines in memory at a time, whatever the file's size.
_BLOCK = 32 << 20
# What Windows builds of OpenFace write for a number that is none.
UNDEFINED = ["nan(ind)", "-nan(ind)", "-nan"]

Data = bytes | mmap.mmap
# Bytes that hold a few leading fields; a line of 714 fields has thousands.
HEAD = 128
NEAR = 8
_BLOCK_LEADS = 8 << 20
# Whole numbers beyond this are not exact as doubles, and no video is that long.
_LONGEST = 2**53
AGAIN = "Run OpenFace on this video again."
_REMEDY = f"{AGAIN[:-1]}; the file may be damaged."


@dataclass(frozen=True, slots=True)
class FileLines:
    """A file whose lines are known.

    Attributes
    ----------
    layout
        Its header.
    data
        Its bytes; a map of the file, unless it is compressed.
    starts, ends
        Where each of the n rows begins and ends (n,).
    numbers
        The row's number in the file; the header is row 1 (n,).
    keys
        ``frame``, ``face_id``, ``timestamp``, ``confidence``, ``success`` (n, 5).
    notes
        What a person should know about the reading.
    """

    layout: FileLayout
    data: Data
    starts: np.ndarray
    ends: np.ndarray
    numbers: np.ndarray
    keys: np.ndarray
    notes: tuple[str, ...] = ()

    def parse(self, rows: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
        """Return the numbers (rows, names) of some cells; what is no number is a DataError."""
        places = self.layout.find_places(names)
        order = np.argsort(np.argsort(places))
        blocks = [self._parse_block(block, places) for block in self._cut_blocks(rows)]
        if not blocks:
            return np.empty((0, len(names)))
        return np.concatenate(blocks)[:, order]

    def _cut_blocks(self, rows: np.ndarray) -> Iterator[np.ndarray]:
        sizes = np.cumsum(self.ends[rows] - self.starts[rows])
        cuts = np.flatnonzero(np.diff(sizes // _BLOCK)) + 1
        return (block for block in np.split(rows, cuts) if len(block))

    def _parse_block(self, rows: np.ndarray, places: list[int]) -> np.ndarray:
        spans = zip(self.starts[rows].tolist(), self.ends[rows].tolist(), strict=True)
        lines = [self.data[start:end] for start, end in spans]
        commas = len(self.layout.names) - 1
        wrong = [i for i, line in enumerate(lines) if line.count(b",") != commas]
        if wrong:
            found = lines[wrong[0]].count(b",") + 1
            counted = count_things(len(wrong), "row differs", "rows differ")
            fact = f"{counted} from the header's {commas + 1} fields: {found}."
            raise self._blame(fact, self.numbers[rows[wrong]])
        try:
            table = pd.read_csv(
                BytesIO(b"\n".join(lines)),
                header=None,
                usecols=sorted(places),
                dtype=np.float64,
                skipinitialspace=True,
                na_values=UNDEFINED,
                skip_blank_lines=False,
            )
        except ValueError as error:
            fact = f"a cell between rows {self.numbers[rows[0]]} and {self.numbers[rows[-1]]} "
            fact += f"holds no number ({error})."
            raise self._blame(fact) from error
        values = table.to_numpy()
        if np.isinf(values).any():
            endless = self.numbers[rows[np.isinf(values).any(axis=1)]]
            fact = f"{count_things(len(endless), 'row holds', 'rows hold')} infinite values."
            raise self._blame(fact, endless)
        return values

    def _blame(self, fact: str, numbers: np.ndarray | None = None) -> DataError:
        rows = () if numbers is None else tuple(int(number) for number in numbers)
        return DataError(Problem(fact, _REMEDY, file=str(self.layout.path), rows=rows))


def find_spans(data: Data, begin: int) -> tuple[np.ndarray, np.ndarray]:
    """Return where each line from ``begin`` on starts and ends, without its line feed (n,)."""
    view = np.frombuffer(data, np.uint8)
    found = [
        np.flatnonzero(view[low : low + _BLOCK_LEADS] == ord("\n")) + low
        for low in range(begin, len(view), _BLOCK_LEADS)
    ]
    ends = np.concatenate([np.empty(0, np.int64), *found])
    if begin < len(view) and view[-1] != ord("\n"):
        ends = np.r_[ends, len(view)]
    return np.r_[begin, ends[:-1] + 1][: len(ends)], ends


def read_leads(
    data: Data, starts: np.ndarray, ends: np.ndarray, places: list[int]
) -> np.ndarray | None:
    """Return the numbers (n, places) of a few leading fields, ascending, of a file's lines.

    None unless each line holds a number in each place, with another field after the last; such
    files need a closer look.
    """
    fields = places[-1] + 1
    if fields > NEAR or not len(starts):
        return None
    stops = np.minimum(ends, starts + HEAD)
    spans = zip(starts.tolist(), stops.tolist(), strict=True)
    heads = [data[start:stop] for start, stop in spans]
    commas = [head.count(b",") for head in heads]
    if min(commas) < fields:
        return None
    try:
        table = pd.read_csv(
            BytesIO(b"\n".join(heads)),
            header=None,
            names=range(max(commas) + 1),
            usecols=places,
            index_col=False,
            dtype=np.float64,
            skipinitialspace=True,
            skip_blank_lines=False,
        )
    except ValueError:
        return None
    values = table.to_numpy()
    return None if len(values) != len(starts) or np.isnan(values).any() else values


def find_bad_keys(keys: np.ndarray, numbers: np.ndarray) -> list[Problem]:
    """Return a problem, with the row's number, for each key (n, 5) that holds what it cannot.

    A missing confidence or success is no problem: such frames are not valid.
    """
    frame, face, time, confidence, success = keys.T
    known = ~np.isnan(confidence)
    checks = (
        ("frame", frame, ~_is_whole(frame), "no whole number"),
        ("face_id", face, ~_is_whole(face), "no whole number"),
        ("timestamp", time, ~np.isfinite(time), "no number of seconds"),
        ("confidence", confidence, known & ~((confidence >= 0) & (confidence <= 1)), "not 0 to 1"),
        ("success", success, ~np.isin(success, (0, 1)) & ~np.isnan(success), "neither 0 nor 1"),
    )
    return [
        _describe(name, values[wrong], numbers[wrong], what)
        for name, values, wrong, what in checks
        if wrong.any()
    ]


def _is_whole(values: np.ndarray) -> np.ndarray:
    return (np.abs(values) < _LONGEST) & (np.rint(values) == values)


def _describe(name: str, values: np.ndarray, numbers: np.ndarray, what: str) -> Problem:
    noun = "row holds" if len(values) == 1 else "rows hold"
    fact = f"{len(values):,} {noun} a {name} that is {what}: {values[0]:g}."
    return Problem(fact, _REMEDY, column=name, rows=tuple(int(number) for number in numbers))


@dataclass(frozen=True, slots=True)
class _Scan:
    """What a pass gathers: spans, row numbers and keys; numbers of rows that hold no keys."""

    starts: np.ndarray
    ends: np.ndarray
    numbers: np.ndarray
    keys: np.ndarray
    broken: tuple[int, ...] = ()
    blank: int = 0

    def take(self, chosen: slice | np.ndarray) -> _Scan:
        names = ("starts", "ends", "numbers", "keys")
        return replace(self, **{name: getattr(self, name)[chosen] for name in names})


def scan_file(path: Path, *, partial: bool = False) -> FileLines:
    """Find the lines of a CSV file as OpenFace writes it, maybe compressed, and read their keys.

    A file without ``frame`` has its rows numbered, one without ``face_id`` shows face 0. A last row
    that is cut off is left out and noted; blank rows are skipped. If ``partial``, another file of
    the video may hold the keys.
    """
    data = _open_data(path)
    found = data.find(b"\n")
    end = len(data) if found < 0 else found
    layout = read_layout(path, data[:end], partial=partial)
    scan, notes = _settle_end(_scan_lines(data, end + 1, layout), data, layout)
    if scan.blank:
        notes.append(f"{count_things(scan.blank, 'blank row is', 'blank rows are')} skipped.")
    if scan.broken:
        counted = count_things(len(scan.broken), "row lacks", "rows lack")
        fact = f"{counted} a number in {', '.join(_list_keys(layout))}."
        raise DataError(Problem(fact, "Run OpenFace again.", file=str(path), rows=scan.broken))
    if not len(scan.starts):
        fact = NO_ROWS
        raise DataError(Problem(fact, AGAIN, file=str(path)))
    _check_width(data[scan.starts[0] : scan.ends[0]], layout)
    keys = _complete_keys(scan.keys, scan.numbers, layout)
    return FileLines(layout, data, scan.starts, scan.ends, scan.numbers, keys, tuple(notes))


def _open_data(path: Path) -> Data:
    try:
        if path.name.lower().endswith(".gz"):
            data: Data = gzip.decompress(path.read_bytes())
        else:
            with path.open("rb") as stream:
                data = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise DataError(describe_unreadable(path, error)) from error
    if not len(data):
        raise DataError(Problem(EMPTY_FILE, "Check the export.", file=str(path)))
    return data


def describe_unreadable(path: Path, error: Exception) -> Problem:
    """Return why the bytes of a file cannot be had; an empty file cannot be mapped."""
    empty = path.is_file() and path.stat().st_size == 0
    fact = EMPTY_FILE if empty else f"the file cannot be read ({error})."
    return Problem(fact, "Check the export.", file=str(path))


def _scan_lines(data: Data, begin: int, layout: FileLayout) -> _Scan:
    """Read the keys of all lines at once where they are regular, else line by line."""
    starts, ends = find_spans(data, begin)
    numbers = np.arange(2, len(starts) + 2)
    places = layout.find_places(_list_keys(layout))
    order = np.argsort(places)
    keys = read_leads(data, starts, ends, sorted(places))
    if keys is not None:
        return _Scan(starts, ends, numbers, keys[:, np.argsort(order)])
    found: list[list[float]] = []
    good = np.zeros(len(starts), bool)
    broken, blank = [], 0
    for row, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        cells = data[start:end].split(b",", max(places) + 1)
        try:
            found.append([_read_number(cells[place]) for place in places])
        except (ValueError, IndexError):
            if data[start:end].strip(b", \t\r"):
                broken.append(row + 2)
            else:
                blank += 1
        else:
            good[row] = True
    keys = np.array(found, dtype=float).reshape(len(found), len(places))
    return _Scan(starts[good], ends[good], numbers[good], keys, tuple(broken), blank)


def _read_number(cell: bytes) -> float:
    """Return the number of a cell; some builds of OpenFace write what is none as nan(ind)."""
    text = cell.strip()
    return float("nan") if text.decode("ascii", "replace") in UNDEFINED else float(text)


def _settle_end(scan: _Scan, data: Data, layout: FileLayout) -> tuple[_Scan, list[str]]:
    """Leave out a last row that was cut off while OpenFace wrote it."""
    last = scan.numbers[-1] if len(scan.numbers) else 0
    if scan.broken and scan.broken[-1] > last:
        scan = replace(scan, broken=scan.broken[:-1])
    elif last and _count_fields(data[scan.starts[-1] : scan.ends[-1]]) < len(layout.names):
        scan = scan.take(slice(-1))
    else:
        return scan, []
    return scan, [CUT_OFF]


def _check_width(line: bytes, layout: FileLayout) -> None:
    """Refuse rows with other fields than the header before keys are taken from wrong places.

    A computer set to decimal commas makes OpenFace write almost two fields for one.
    """
    found, width = _count_fields(line), len(layout.names)
    if found != width:
        fact = tell_width(found, width)
        remedy = "Run OpenFace with decimal points (an English locale)."
        raise DataError(Problem(fact, remedy, file=str(layout.path)))


def _count_fields(line: bytes) -> int:
    return line.count(b",") + 1


def _list_keys(layout: FileLayout) -> tuple[str, ...]:
    return tuple(name for name in KEYS if name in layout.names)


def _complete_keys(found: np.ndarray, numbers: np.ndarray, layout: FileLayout) -> np.ndarray:
    """Return all five keys (n, 5); frames are numbered and faces are 0 where a file lacks them."""
    keys = np.zeros((len(found), len(KEYS)))
    keys[:, 0] = np.arange(1, len(found) + 1)
    for place, name in enumerate(_list_keys(layout)):
        keys[:, KEYS.index(name)] = found[:, place]
    problems = find_bad_keys(keys, numbers)
    if problems:
        raise DataError([replace(one, file=str(layout.path)) for one in problems])
    return keys
