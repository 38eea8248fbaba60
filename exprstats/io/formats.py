"""File formats: encoding, separator and SPSS."""

from __future__ import annotations

import codecs
import csv
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from exprstats.errors import DataError, Problem

FileFormat = Literal["text", "xlsx", "sav"]

_BINARY: dict[bytes, FileFormat] = {b"PK\x03\x04": "xlsx", b"$FL2": "sav", b"$FL3": "sav"}

_BLOCK = 1 << 20
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_REFUSED = {
    b"\xd0\xcf\x11\xe0": ("an old Excel workbook (.xls)", "Save it as .xlsx or CSV UTF-8."),
    b"\x1f\x8b": ("compressed (gzip)", "Unpack it first."),
    b"%PDF": ("a PDF", "Save the table as CSV UTF-8."),
}
SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
_SAMPLE = 200
Labels = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Bytes:
    """What the bytes of a file tell: its format, its encoding (text only) and its hash."""

    format: FileFormat
    encoding: str | None
    sha256: str


def inspect_bytes(path: Path) -> Bytes:
    """Find a file's format and encoding in one pass over its bytes.

    Text is UTF-8 or UTF-16 where it can be; what is neither is read as Windows-1252, which
    European spreadsheets write.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    DataError
        If the file is absent, empty, unreadable, or no table that can be read.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(_BLOCK)
            _refuse_format(path, head)
            digest, valid = hashlib.sha256(head), _Utf8()
            binary = _BINARY.get(head[:4])
            encoding = None if binary else _guess_encoding(head)
            block = head
            while block:
                valid.feed(block)
                block = stream.read(_BLOCK)
                digest.update(block)
    except OSError as error:
        raise DataError(_explain_os(path, error)) from error
    if binary:
        return Bytes(binary, None, digest.hexdigest())
    if encoding is None:
        encoding = "utf-8" if valid.finish() else "cp1252"
    _check_text(path, encoding)
    return Bytes("text", encoding, digest.hexdigest())


class _Utf8:
    """Whether blocks of bytes together are valid UTF-8."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._valid = True

    def feed(self, block: bytes) -> None:
        if self._valid:
            try:
                self._decoder.decode(block)
            except UnicodeDecodeError:
                self._valid = False

    def finish(self) -> bool:
        return self._valid and self._decoder.getstate()[0] == b""


def _guess_encoding(head: bytes) -> str | None:
    """Return the encoding that a byte order mark or the place of zero bytes gives away."""
    for mark, encoding in _MARKS.items():
        if head.startswith(mark):
            return encoding
    if b"\0" in head:
        # ASCII letters in UTF-16 leave every second byte zero.
        return "utf-16-be" if head[:1] == b"\0" else "utf-16-le"
    return None


def _refuse_format(path: Path, head: bytes) -> None:
    mark = next((one for one in _MARKS if head.startswith(one)), b"")
    if not head.removeprefix(mark).strip():
        raise DataError(Problem("the file is empty.", "Check the export.", file=str(path)))
    for mark, (what, remedy) in _REFUSED.items():
        if head.startswith(mark):
            raise DataError(Problem(f"the file is {what}.", remedy, file=str(path)))


def _check_text(path: Path, encoding: str) -> None:
    """Refuse bytes that do not decode, and decoded text that no person typed."""
    try:
        with path.open(encoding=encoding, newline="") as stream:
            head = stream.read(_BLOCK)
            broken = "\0" in head or "\x01" in head or _looks_binary(head, encoding)
            while not broken and encoding != "utf-8" and stream.read(_BLOCK):
                pass
    except UnicodeError:
        broken = True
    if broken:
        fact = f"the file is not readable as text (tried {encoding})."
        raise DataError(Problem(fact, "Save it as CSV UTF-8.", file=str(path)))


def _looks_binary(head: str, encoding: str) -> bool:
    """Return whether text that only its zero bytes showed as UTF-16 is mostly not ASCII."""
    if not encoding.startswith("utf-16-"):
        return False
    return 2 * sum(letter.isascii() for letter in head) < len(head)


def _explain_os(path: Path, error: OSError) -> Problem:
    if isinstance(error, FileNotFoundError):
        files = [other for other in sorted(path.parent.glob("*")) if other.is_file()]
        alike = [other.name for other in files if path.suffix in {other.suffix, ""}]
        near = get_close_matches(path.name, alike[:1000], n=5, cutoff=0)
        hint = f"The folder holds: {', '.join(near)}." if near else "Check the path."
        return Problem("there is no such file.", hint, file=str(path))
    if isinstance(error, IsADirectoryError):
        return Problem("this is a folder, not a file.", "Name a file in it.", file=str(path))
    return Problem(f"the file cannot be read ({error.strerror}).", file=str(path))


def find_separator(lines: list[str]) -> tuple[str, Problem | None]:
    r"""Return the separator that splits the header and the rows into equally many fields.

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
    """
    ranks = {mark: _rank(lines, mark) for mark in SEPARATORS}
    best = max(ranks.values())
    if best[1] < 2:
        return ",", None
    winners = [mark for mark, rank in ranks.items() if rank == best]
    if len(winners) == 1:
        return winners[0], None
    names = " and ".join(SEPARATORS[mark] for mark in winners)
    fact = f"{names} both split every row into {best[1]} fields; the separator is ambiguous."
    return winners[0], Problem(fact, "Put texts that hold a separator into double quotes.")


def _rank(lines: list[str], mark: str) -> tuple[float, int]:
    """Return the share of rows as long as the header, and the header's number of fields."""
    try:
        rows = [row for row in islice(csv.reader(lines, delimiter=mark), _SAMPLE) if any(row)]
    except csv.Error:
        return 0.0, 0
    if not rows or len(rows[0]) < 2:
        return 0.0, 0
    width = len(rows[0])
    body = rows[1:]
    alike = sum(len(row) == width for row in body) / len(body) if body else 1.0
    return alike, width


def describe_spss(path: Path) -> tuple[Labels, tuple[str, ...]]:
    """Return the value labels of an SPSS file's columns, and notes on how it is read.

    Labels become ids where a column holds ids (context 1 is then "Startle"); number columns keep
    their numbers. A column whose labels do not tell its values apart keeps its values.
    """
    _, meta = _read(path, metadataonly=True, user_missing=True)
    labels, notes = {}, []
    for name, given in meta.variable_value_labels.items():
        named = {write_number(value): str(label).strip() for value, label in given.items()}
        if len(set(named.values())) == len(named) and all(named.values()):
            labels[name] = named
        else:
            notes.append(f"labels of '{name}' are not unique, so its values serve as ids.")
    missing = [f"'{name}'" for name, ranges in meta.missing_ranges.items() if ranges]
    if missing:
        notes.append(f"user-missing values of {', '.join(missing)} are read as missing.")
    return labels, tuple(notes)


def read_spss(path: Path) -> Iterator[list[Any]]:
    """Yield the header, then the cells of each case; missing ones are None."""
    table, meta = _read(path)
    yield list(meta.column_names)
    filled = table.astype(object).where(table.notna(), None)
    for row in filled.itertuples(index=False, name=None):
        yield [cell.strip() if isinstance(cell, str) else cell for cell in row]


def write_number(value: object) -> str:
    """Return a value as the text of its cell; whole numbers lose their ".0"."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _read(path: Path, **options: Any) -> tuple[Any, Any]:
    import pyreadstat

    try:
        return pyreadstat.read_sav(path, **options)
    except (pyreadstat.ReadstatError, OSError, ValueError) as error:
        fact = f"the SPSS file cannot be read ({error})."
        raise DataError(Problem(fact, "Save it as CSV UTF-8.", file=str(path))) from error
