"""Kinds of files, told by their bytes: tables that are read, and foreign files with their cure."""

from __future__ import annotations

import atexit
import codecs
import gzip
import hashlib
import re
import shutil
import stat
import sys
import tempfile
import zlib
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal
from zipfile import BadZipFile, ZipFile

from exprstats.errors import EMPTY_FILE, NO_FILE, UNREADABLE, DataError, Option, Problem, Text
from exprstats.io.files.text import unfold_records

SAVE_CSV = "Save it as CSV UTF-8."

FileFormat = Literal["text", "xlsx", "ods", "sav", "por", "dta"]
STATISTICAL = ("sav", "por", "dta")

_BLOCK = 1 << 20
_FEW_ZEROS = 20
_GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"
_BINARY: dict[bytes, FileFormat] = {
    b"$FL2": "sav",
    b"$FL3": "sav",
    b"<stata_dta>": "dta",
    **{bytes([release, order]): "dta" for release in (113, 114, 115) for order in (1, 2)},
}
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_PAGES = (b"<!doctype html", b"<html", b"<table", b"<meta", b"<head", b"<body")
_R = "In R, save the table with write.csv(x, 'file.csv', row.names = FALSE)."
_FOREIGN = {
    b"\xd0\xcf\x11\xe0": ("an old Excel workbook (.xls)", "Save it as .xlsx or CSV UTF-8."),
    b"%PDF": ("a PDF", "Save the table as CSV UTF-8."),
    b"X\n": ("an R object (.rds)", _R),
    b"A\n": ("an R object (.rds)", _R),
    b"RDX": ("an R workspace (.RData)", _R),
    b"RDA": ("an R workspace (.RData)", _R),
    b"BZh": ("compressed (bzip2)", "Unpack it first; an .rds file: save it as CSV in R."),
    b"\xfd7zXZ": ("compressed (xz)", "Unpack it first; an .rds file: save it as CSV in R."),
    b"PAR1": ("a Parquet file", "Save it as CSV with pandas: pd.read_parquet(...).to_csv(...)."),
    b"ARROW1": ("a Feather file", "Save it as CSV with pandas: pd.read_feather(...).to_csv(...)."),
    b"MATLAB": ("a MATLAB file", "In MATLAB, save the table with writetable(t, 'file.csv')."),
    b"\x89HDF": ("an HDF5 or MATLAB file", "Save the table in it as CSV UTF-8."),
    b"PRAGMA foreign_keys": ("a dump of a database (SQL)", "Export the query as CSV UTF-8."),
    b"SQLite": ("a database (SQLite)", "Export the table as CSV UTF-8."),
    b"HEADER RECORD": ("a SAS transport file (.xpt)", SAVE_CSV),
    b"\x89PNG": ("a picture", "Name the table that belongs to it."),
    b"\xff\xd8\xff": ("a picture", "Name the table that belongs to it."),
    b"<!DOCTYPE": ("a web page", "Open it in a spreadsheet and save it as CSV UTF-8."),
    b"<html": ("a web page", "Open it in a spreadsheet and save it as CSV UTF-8."),
    b"<?xml": ("XML", "Open it in a spreadsheet and save it as CSV UTF-8."),
    b'{"': ("JSON", "Save the table as CSV UTF-8."),
    # A table may begin with a name in brackets.
    **dict.fromkeys(
        (b"[" + one for one in (b"{", b"[", b'"', b"\n", b"\r", b" ")),
        ("JSON", "Save the table as CSV UTF-8, or as a list of records."),
    ),
}
_ARCHIVES = (
    ("xl/workbook.bin", "a binary Excel workbook (.xlsb)", "Save it as .xlsx or CSV UTF-8."),
    ("word/document.xml", "a Word document", "Save its table as CSV UTF-8."),
    ("xdata.json", "a jamovi file (.omv)", "In jamovi, export the data as .csv or .sav."),
    ("internal.sqlite", "a JASP file (.jasp)", "In JASP, export the data as .csv."),
    ("data.bin", "a JASP file (.jasp)", "In JASP, export the data as .csv."),
    ("Index/Document.iwa", "a Numbers document", "Export it as CSV UTF-8 or .xlsx."),
)
_ENDINGS = {".omv": 2, ".jasp": 3, ".numbers": 5}


@dataclass(frozen=True, slots=True, eq=False)
class Bytes:
    """What the bytes of a file tell.

    Attributes
    ----------
    name
        The file as the caller named it.
    path
        Where its bytes can be read more than once: a copy of a pipe's, unpacked if need be.
    format, encoding
        The kind of table, and the encoding (of text only).
    sha256
        Hash of the bytes as they came.
    notes
        What a person should know.
    broken
        Of text in UTF-8, the rows with bytes that are not, and what stands before them.
    """

    name: str
    path: Path
    format: FileFormat
    encoding: str | None
    sha256: str
    notes: tuple[Text, ...] = ()
    broken: tuple[tuple[int, str], ...] = ()


def inspect_bytes(path: Path, encoding: str | None = None) -> Bytes:
    """Find a file's format and encoding; bytes that were met before are not looked through again.

    Text is UTF-8 or UTF-16 where it can be; what is neither, and holds no letter in UTF-8, is
    read as Windows-1252, which European spreadsheets write, unless its bytes are those of
    Cyrillic, Chinese or Japanese words. Single bytes of it in a file that is
    else UTF-8 are letters of Windows-1252 (`mend_bytes`), with a warning.

    Raises
    ------
    DataError
        If the file is absent, empty, unreadable, or no table that can be read.
    """
    name = str(path)
    try:
        local = _keep_stream(name) if _is_stream(path) else path
        local, digest = _unpack(local)
        return _inspect(name, local, digest, encoding)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        fact = f"the packed file is damaged ({error})."
        raise DataError(Problem(fact, "Copy it again.", file=name)) from error
    except OSError as error:
        raise DataError(_explain_os(path, error)) from error


@lru_cache(maxsize=64)
def _inspect(name: str, local: Path, digest: str, encoding: str | None) -> Bytes:
    """Return what the bytes of a hash tell, as far as a table can be read from them."""
    local = unfold_records(local, keep_folder() / f"{digest}.records.csv")
    with local.open("rb") as stream:
        head = stream.read(_BLOCK)
    _refuse_foreign(name, local, head)
    binary = _find_format(local, head)
    if binary:
        return Bytes(name, local, binary, None, digest)
    notes: tuple[Text, ...] = ()
    broken: tuple[tuple[int, str], ...] = ()
    if encoding is None:
        encoding = _guess_marked(head)
    if encoding is None or encoding == "utf-8-sig":
        found, notes, broken = _tell_utf8(local)
        encoding = encoding or found
    _check_text(name, local, encoding, MENDED if broken else "strict")
    return Bytes(name, local, "text", encoding, digest, notes, broken)


def _is_stream(path: Path) -> bool:
    return str(path) == "-" or (path.exists() and stat.S_ISFIFO(path.stat().st_mode))


@cache
def keep_folder() -> Path:
    """Return a folder for copies, which lasts as long as the program."""
    folder = Path(tempfile.mkdtemp(prefix="exprstats-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def _keep_stream(name: str) -> Path:
    """Copy what a pipe gives to a file, once: it cannot be read again."""
    kept = keep_folder() / f"stream{_keep_stream.cache_info().misses}"
    with kept.open("wb") as copy:
        if name in {"-", "/dev/stdin"}:
            shutil.copyfileobj(sys.stdin.buffer, copy)
        else:
            with Path(name).open("rb") as stream:
                shutil.copyfileobj(stream, copy)
    return kept


def _unpack(path: Path) -> tuple[Path, str]:
    """Return where the bytes lie unpacked, and the hash of the bytes as they came."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        stream.seek(0)
        if stream.read(2) != _GZIP:
            return path, digest
    kept = keep_folder() / digest
    if not kept.exists():
        draft = kept.with_suffix(".draft")
        with gzip.open(path, "rb") as packed, draft.open("wb") as copy:
            shutil.copyfileobj(packed, copy)
        draft.rename(kept)
    return kept, digest


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, read in pieces.

    Raises
    ------
    DataError
        If it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        fact = f"{error.strerror or UNREADABLE}."
        raise DataError(Problem(fact, "Check the path.", file=str(path))) from None


def _find_format(path: Path, head: bytes) -> FileFormat | None:
    if b"SPSS PORT FILE" in head[:500]:
        return "por"
    if head.startswith(_ZIP):
        return "ods" if "content.xml" in _list_members(path) else "xlsx"
    return next((kind for mark, kind in _BINARY.items() if head.startswith(mark)), None)


def _list_members(path: Path) -> set[str]:
    try:
        with ZipFile(path) as archive:
            return set(archive.namelist())
    except BadZipFile:
        return set()


def _refuse_foreign(name: str, path: Path, head: bytes) -> None:
    mark = next((one for one in _MARKS if head.startswith(one)), b"")
    if not head.removeprefix(mark).strip():
        raise DataError(Problem(EMPTY_FILE, "Check the export.", file=name))
    found = next((kind for sign, kind in _FOREIGN.items() if head.startswith(sign)), None)
    if head.startswith(b"<?xml") and b"<annotation>" in head[:2000] and b"<track " in head:
        found = ("annotations of Anvil", "Export them to ELAN (.eaf), or as a table.")
    if head.removeprefix(mark).lstrip()[:20].lower().startswith(_PAGES):
        found = _FOREIGN[b"<html"]
    if head.startswith(_ZIP):
        members = _list_members(path)
        found = next((kind for member, *kind in _ARCHIVES if member in members), None)
        ending = _ENDINGS.get(Path(name).suffix.lower())
        if found is None and ending is not None:
            found = _ARCHIVES[ending][1:]
        if found is None and members and not members & {"content.xml", "xl/workbook.xml"}:
            found = ("a zip archive", "Unpack it first.")
    if head[:3] in {b"BZh", b"\xfd7z"} and Path(name).suffix.lower() in {".rda", ".rdata", ".rds"}:
        found = ("an R workspace", _R)
    if found is not None:
        raise DataError(Problem(f"the file is {found[0]}.", found[1], file=name))


def _guess_marked(head: bytes) -> str | None:
    """Return the encoding that a byte order mark or the place of zero bytes gives away."""
    for mark, encoding in _MARKS.items():
        if head.startswith(mark):
            return encoding
    if _FEW_ZEROS * head.count(b"\0") > len(head):
        # ASCII letters in UTF-16 leave every second byte zero.
        return "utf-16-be" if head[:1] == b"\0" else "utf-16-le"
    return None


def mend_bytes(error: UnicodeError) -> tuple[str, int]:
    """Return the letters of Windows-1252 that bytes stand for which are not UTF-8."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", errors="replace"), error.end


MENDED = "exprstats-mended"
codecs.register_error(MENDED, mend_bytes)


def _tell_utf8(path: Path) -> tuple[str, tuple[Text, ...], tuple[tuple[int, str], ...]]:
    """Return whether bytes are UTF-8 or Windows-1252, a note on the latter, and broken rows."""
    if _decodes(path, "utf-8"):
        return "utf-8", (), ()
    letters, broken, row = 0, [], 0
    with path.open("rb") as stream:
        for line in stream:
            row += 1
            if line.isascii():
                continue
            try:
                letters += not line.removeprefix(codecs.BOM_UTF8).decode("utf-8").isascii()
            except UnicodeDecodeError as error:
                broken.append((row, line[: error.start].decode("utf-8")))
    if letters:
        return "utf-8", (), tuple(broken)
    where = f"row {broken[0][0]}" + f" and {len(broken) - 1:,} more" * (len(broken) > 1)
    encoding, name = _tell_single(path)
    fact = f"the text is read as {name}, as letters of {where} are not in UTF-8"
    note = f"{fact}; if they come out wrong, name another with "
    return encoding, ((note, Option("encoding"), "."),), ()


def _tell_single(path: Path) -> tuple[str, str]:
    """Return the encoding of text that is not UTF-8, by how its bytes beyond ASCII stand together.

    European words have single accents. Cyrillic ones are runs of such bytes; Chinese ones are pairs
    whose first byte is that of a frequent sign; Japanese ones hold the first bytes of kana.
    """
    with path.open("rb") as stream:
        runs = re.findall(rb"[\x80-\xff]+", stream.read(_BLOCK))
    high = b"".join(runs)
    # European and Cyrillic letters have other bytes than most of the first ones of kanji, and the
    # curled quotes of Windows-1252, which have the same, stand alone.
    leads = sum(0x81 <= byte <= 0x9F for byte in high)
    joined = sum(len(run) for run in runs if len(run) > 1 or run in {b"\x82", b"\x83"})
    if 4 * min(leads, joined) > len(high) > 3 and _decodes(path, "shift_jis"):
        return "shift_jis", "Shift JIS (Japanese)"
    pairs = [run[at] for run in runs for at in range(0, len(run) - 1, 2)]
    signs = sum(0xB0 <= lead < 0xD8 for lead in pairs)
    if 2 * signs > len(pairs) > 1 and _decodes(path, "gb18030"):
        return "gb18030", "GB 18030 (Chinese)"
    if 2 * sum(len(run) for run in runs if len(run) > 2) > len(high):
        return "cp1251", "Windows-1251 (Cyrillic)"
    return "cp1252", "Windows-1252"


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _check_text(name: str, path: Path, encoding: str, errors: str) -> None:
    """Refuse bytes that do not decode, and decoded text that no person typed."""
    head = ""
    try:
        with path.open(encoding=encoding, errors=errors, newline="") as stream:
            head = stream.read(_BLOCK)
            broken = "\0" in head or "\x01" in head or _looks_binary(head, encoding)
            while not broken and encoding != "utf-8" and stream.read(_BLOCK):
                pass
    except (UnicodeError, LookupError):
        broken = True
    if "\0" in head and not encoding.startswith("utf-16"):
        rows = tuple(at for at, line in enumerate(head.split("\n"), start=1) if "\0" in line)
        fact = f"{len(rows)} row{'s hold' if len(rows) > 1 else ' holds'} a zero byte, no text."
        remedy = "Remove it in an editor, or export again."
        raise DataError(Problem(fact, remedy, file=name, rows=rows))
    if broken:
        fact = f"the file is not readable as text (tried {encoding})."
        remedy = ("Save it as CSV UTF-8, or name another encoding with ", Option("encoding"), ".")
        raise DataError(Problem(fact, remedy, file=name))


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
        more = f" and {len(files) - len(near)} more" if len(files) > len(near) else ""
        hint = f"The folder holds: {', '.join(near)}{more}." if near else "Check the path."
        return Problem(NO_FILE, hint, file=str(path))
    if isinstance(error, IsADirectoryError):
        fact = "this is a folder without tables."
        return Problem(fact, "Name a file, or a folder of files of one layout.", file=str(path))
    return Problem(f"the file cannot be read ({error.strerror}).", file=str(path))
