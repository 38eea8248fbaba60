"""One pass over an OpenFace file that finds its lines and reads the keys of each."""

from __future__ import annotations

import gzip
import mmap
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from exprstats.behaviour.layouts import KEYS, Layout, read_layout
from exprstats.behaviour.lines import Data, Lines
from exprstats.errors import DataError, Problem

# Bytes that hold a few leading fields; a line of 714 fields has thousands.
_HEAD = 128
_NEAR = 8


@dataclass(slots=True)
class _Scan:
    """What a pass gathers: spans, row numbers and keys; numbers of rows that hold no keys."""

    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    keys: list[list[float]] = field(default_factory=list)
    broken: list[int] = field(default_factory=list)
    blank: int = 0

    def drop_last(self) -> None:
        for column in (self.starts, self.ends, self.numbers, self.keys):
            column.pop()


def scan_file(path: Path) -> Lines:
    """Find the lines of a file and read their keys.

    A file without ``frame`` has its rows numbered, one without ``face_id`` shows face 0. A last
    row that is cut off is left out and noted; blank rows are skipped.

    Parameters
    ----------
    path
        A CSV file as OpenFace writes it, or one compressed by gzip.

    Raises
    ------
    DataError
        If the file cannot be read or is no OpenFace output.
    """
    data = _open_data(path)
    end = _find_end(data, 0)
    layout = read_layout(path, data[:end])
    scan = _walk(data, end + 1, layout)
    notes = _settle_end(scan, data, layout)
    if scan.blank:
        notes.append(f"{scan.blank:,} blank rows are skipped.")
    if scan.broken:
        fact = f"{len(scan.broken):,} rows lack a number in {', '.join(_list_keys(layout))}."
        raise DataError(
            Problem(fact, "Run OpenFace again.", file=str(path), rows=tuple(scan.broken))
        )
    if not scan.starts:
        raise DataError(Problem("the file has a header but no rows.", file=str(path)))
    _check_width(data[scan.starts[0] : scan.ends[0]], layout)
    keys = _complete_keys(np.array(scan.keys, dtype=float), layout)
    starts, ends, numbers = map(np.array, (scan.starts, scan.ends, scan.numbers))
    return Lines(layout, data, starts, ends, numbers, keys, tuple(notes))


def _open_data(path: Path) -> Data:
    try:
        if path.name.endswith(".gz"):
            data: Data = gzip.decompress(path.read_bytes())
        else:
            with path.open("rb") as stream:
                data = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, EOFError, ValueError) as error:
        # An empty file cannot be mapped.
        empty = path.is_file() and path.stat().st_size == 0
        fact = "the file is empty." if empty else f"the file cannot be read ({error})."
        raise DataError(Problem(fact, "Check the export.", file=str(path))) from error
    return data


def _find_end(data: Data, begin: int) -> int:
    end = data.find(b"\n", begin)
    return len(data) if end < 0 else end


def _walk(data: Data, begin: int, layout: Layout) -> _Scan:
    """Visit every line; this loop is most of the time that a wide file takes."""
    scan = _Scan()
    places = layout.find_places(_list_keys(layout))
    fields, size, number = max(places) + 1, len(data), 1
    head = _HEAD if fields <= _NEAR else size
    while begin < size:
        end = _find_end(data, begin)
        number += 1
        cells = data[begin : min(end, begin + head)].split(b",", fields)
        if len(cells) <= fields:
            # The head may have cut a field; the whole line tells.
            cells = data[begin:end].split(b",", fields)
        try:
            scan.keys.append([float(cells[place]) for place in places])
        except (ValueError, IndexError):
            if data[begin:end].strip(b", \t\r"):
                scan.broken.append(number)
            else:
                scan.blank += 1
        else:
            scan.starts.append(begin)
            scan.ends.append(end)
            scan.numbers.append(number)
        begin = end + 1
    return scan


def _settle_end(scan: _Scan, data: Data, layout: Layout) -> list[str]:
    """Leave out a last row that was cut off while OpenFace wrote it."""
    last = scan.numbers[-1] if scan.numbers else 0
    if scan.broken and scan.broken[-1] > last:
        scan.broken.pop()
    elif last and _count_fields(data[scan.starts[-1] : scan.ends[-1]]) < len(layout.names):
        scan.drop_last()
    else:
        return []
    return ["the last row is cut off and left out."]


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


def _complete_keys(found: np.ndarray, layout: Layout) -> np.ndarray:
    """Return all five keys (n, 5); frames are numbered and faces are 0 where a file lacks them."""
    keys = np.zeros((len(found), len(KEYS)))
    keys[:, 0] = np.arange(1, len(found) + 1)
    for place, name in enumerate(_list_keys(layout)):
        keys[:, KEYS.index(name)] = found[:, place]
    if not np.isfinite(keys[:, KEYS.index("timestamp")]).all():
        fact = "some rows have no timestamp."
        raise DataError(Problem(fact, "Run OpenFace again.", file=str(layout.path)))
    return keys
