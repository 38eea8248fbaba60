"""One pass over an OpenFace file that finds its lines and reads the keys of each."""

from __future__ import annotations

import gzip
import mmap
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from exprstats.behaviour.keys import find_bad_keys
from exprstats.behaviour.layouts import KEYS, Layout, read_layout
from exprstats.behaviour.leads import find_spans, read_leads
from exprstats.behaviour.lines import UNDEFINED, Data, Lines
from exprstats.errors import DataError, Problem
from exprstats.numerals import count_things


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


def scan_file(path: Path, *, partial: bool = False) -> Lines:
    """Find the lines of a file and read their keys.

    A file without ``frame`` has its rows numbered, one without ``face_id`` shows face 0. A last
    row that is cut off is left out and noted; blank rows are skipped.

    Parameters
    ----------
    path
        A CSV file as OpenFace writes it, or one compressed by gzip.
    partial
        Whether another file of the video may hold the keys.

    Raises
    ------
    DataError
        If the file cannot be read or is no OpenFace output.
    """
    data = _open_data(path)
    end = _find_end(data, 0)
    layout = read_layout(path, data[:end], partial=partial)
    scan, notes = _settle_end(_scan_lines(data, end + 1, layout), data, layout)
    if scan.blank:
        notes.append(f"{count_things(scan.blank, 'blank row is', 'blank rows are')} skipped.")
    if scan.broken:
        counted = count_things(len(scan.broken), "row lacks", "rows lack")
        fact = f"{counted} a number in {', '.join(_list_keys(layout))}."
        raise DataError(Problem(fact, "Run OpenFace again.", file=str(path), rows=scan.broken))
    if not len(scan.starts):
        fact = "the file has a header but no rows."
        raise DataError(Problem(fact, "Run OpenFace on this video again.", file=str(path)))
    _check_width(data[scan.starts[0] : scan.ends[0]], layout)
    keys = _complete_keys(scan.keys, scan.numbers, layout)
    return Lines(layout, data, scan.starts, scan.ends, scan.numbers, keys, tuple(notes))


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
        raise DataError(Problem("the file is empty.", "Check the export.", file=str(path)))
    return data


def describe_unreadable(path: Path, error: Exception) -> Problem:
    """Return why the bytes of a file cannot be had; an empty file cannot be mapped."""
    empty = path.is_file() and path.stat().st_size == 0
    fact = "the file is empty." if empty else f"the file cannot be read ({error})."
    return Problem(fact, "Check the export.", file=str(path))


def _find_end(data: Data, begin: int) -> int:
    end = data.find(b"\n", begin)
    return len(data) if end < 0 else end


def _scan_lines(data: Data, begin: int, layout: Layout) -> _Scan:
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


def _settle_end(scan: _Scan, data: Data, layout: Layout) -> tuple[_Scan, list[str]]:
    """Leave out a last row that was cut off while OpenFace wrote it."""
    last = scan.numbers[-1] if len(scan.numbers) else 0
    if scan.broken and scan.broken[-1] > last:
        scan = replace(scan, broken=scan.broken[:-1])
    elif last and _count_fields(data[scan.starts[-1] : scan.ends[-1]]) < len(layout.names):
        scan = scan.take(slice(-1))
    else:
        return scan, []
    return scan, ["the last row is cut off and left out."]


def _check_width(line: bytes, layout: Layout) -> None:
    """Refuse rows with other fields than the header before keys are taken from wrong places.

    A computer set to decimal commas makes OpenFace write almost two fields for one.
    """
    found, width = _count_fields(line), len(layout.names)
    if found != width:
        fact = f"the first row has {found} fields, the header {width}."
        remedy = "Run OpenFace with decimal points (an English locale)."
        raise DataError(Problem(fact, remedy, file=str(layout.path)))


def _count_fields(line: bytes) -> int:
    return line.count(b",") + 1


def _list_keys(layout: Layout) -> tuple[str, ...]:
    return tuple(name for name in KEYS if name in layout.names)


def _complete_keys(found: np.ndarray, numbers: np.ndarray, layout: Layout) -> np.ndarray:
    """Return all five keys (n, 5); frames are numbered and faces are 0 where a file lacks them."""
    keys = np.zeros((len(found), len(KEYS)))
    keys[:, 0] = np.arange(1, len(found) + 1)
    for place, name in enumerate(_list_keys(layout)):
        keys[:, KEYS.index(name)] = found[:, place]
    problems = find_bad_keys(keys, numbers)
    if problems:
        raise DataError([replace(one, file=str(layout.path)) for one in problems])
    return keys
