"""Output files that are written whole or not at all, names for them, and files of our own."""

from __future__ import annotations

import csv
import hashlib
import json
import math
import os
import re
import tempfile
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import pandas as pd

from exprstats.errors import DataError, OptionError, Problem
from exprstats.io.sources import FilePath
from exprstats.options import take_path

# A spreadsheet runs cells that begin so.
_RISKY = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"-(\d+\.?\d*|\.\d+)", re.ASCII)
_LONGEST = 80
_CHUNK = 1 << 14
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def write_csv(table: pd.DataFrame, path: FilePath) -> None:
    """Write a table as CSV that spreadsheets open: UTF-8 with its mark, without the index.

    R reads it with ``read.csv(file, fileEncoding = "UTF-8-BOM")``, pandas and `read_table` as it
    is. Text cells and column names that begin with = + - @ get an apostrophe before them, so that
    no spreadsheet runs them; `read_table` and its kin take it off again.

    Parameters
    ----------
    table
        Any DataFrame; missing values become empty cells.
    path
        The file; written under a temporary name first.

    Raises
    ------
    OptionError
        If it cannot be written, or is no table.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "table.csv"
    >>> write_csv(pd.DataFrame({"clip": ["=1+1"], "smile": [0.5]}), path)
    >>> path.read_text("utf-8-sig").splitlines()
    ['clip,smile', "'=1+1,0.5"]
    """
    if not isinstance(table, pd.DataFrame):
        message = f"write_csv writes tables; got {type(table).__name__}. A result has .tidy()."
        raise OptionError(message)
    names = [_guard_text(str(name)) for name in table.columns]
    with _replacing(take_path(path)) as stream:
        # Without the mark, spreadsheets take the file for one of their system's encoding.
        stream.write("\ufeff")
        if len(names) > 1 and all(_is_simple(column) for _, column in table.items()):
            csv.writer(stream, lineterminator="\n").writerow(names)
            for start in range(0, len(table), _CHUNK):
                _write_rows(stream, table.iloc[start : start + _CHUNK])
            return
        safe = pd.DataFrame(
            {place: _guard(table.iloc[:, place]) for place in range(len(names))}, table.index
        )
        safe.columns = pd.Index(names)
        safe.to_csv(stream, index=False, lineterminator="\n")


def write_text(text: str, path: FilePath) -> None:
    """Write a text as UTF-8, whole or not at all.

    Parameters
    ----------
    text
        With line ends as they are to be.
    path
        The file; written under a temporary name first.

    Raises
    ------
    OptionError
        If it cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "study.toml"
    >>> write_text("seed = 1", path)
    >>> path.read_text()
    'seed = 1'
    """
    with _replacing(Path(path)) as stream:
        stream.write(text)


def write_json(payload: Any, path: FilePath) -> None:
    """Write a result as JSON; see `encode_json`.

    Parameters
    ----------
    payload
        Mappings, sequences, frames, numbers, texts.
    path
        The file; written under a temporary name first.

    Raises
    ------
    OptionError
        If it cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "result.json"
    >>> write_json({"estimate": float("inf")}, path)
    >>> json.loads(path.read_text())
    {'estimate': None}
    """
    text = encode_json(payload)
    with _replacing(take_path(path)) as stream:
        stream.write(text)


def encode_json(payload: Any) -> str:
    """Return JSON with full precision that never holds NaN: undefined is null.

    Parameters
    ----------
    payload
        Mappings, sequences, frames (as lists of rows), numbers, texts.

    Returns
    -------
    str
        Indented by two spaces, with a line end.

    Examples
    --------
    >>> print(encode_json({"estimate": float("nan"), "n": 3}))
    {
      "estimate": null,
      "n": 3
    }
    <BLANKLINE>
    """
    return json.dumps(_simplify(payload), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _is_simple(column: pd.Series) -> bool:
    """Return whether cells are texts, or numbers as Python has them."""
    if column.dtype == object:
        return pd.api.types.infer_dtype(column, skipna=True) == "string"
    plain = isinstance(column.dtype, np.dtype) and column.dtype in (np.float64, np.int64)
    return plain or isinstance(column.dtype, pd.StringDtype)


def _write_rows(stream: TextIO, rows: pd.DataFrame) -> None:
    """Write some rows of simple columns, as pandas does and several times faster."""
    cells, known = [], []
    for _, column in rows.items():
        gaps = np.flatnonzero(column.isna().to_numpy()).tolist()
        number = pd.api.types.is_numeric_dtype(column)
        texts = list(map(repr, column.tolist())) if number else column.tolist()
        for place in gaps:
            texts[place] = ""
        if not number:
            known.append("\n".join(["", *texts]))
            if any(f"\n{mark}" in known[-1] for mark in _RISKY):
                texts = list(map(_guard_text, texts))
        cells.append(texts)
    odd = any(mark in texts for texts in known for mark in ',"\r')
    if odd or any(texts.count("\n") > len(rows) for texts in known):
        csv.writer(stream, lineterminator="\n").writerows(zip(*cells, strict=True))
    else:
        stream.writelines(f"{','.join(row)}\n" for row in zip(*cells, strict=True))


def _guard(column: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
        return column
    return column.astype(object).map(
        lambda value: _guard_text(value) if isinstance(value, str) else value
    )


def _guard_text(text: str) -> str:
    risky = text.startswith(_RISKY) and not _NUMBER.fullmatch(text)
    return f"'{text}" if risky else text


def _simplify(value: Any) -> Any:
    """Return a value made of what JSON knows."""
    if isinstance(value, pd.DataFrame):
        return [_simplify(row) for row in value.to_dict(orient="records")]
    if isinstance(value, Mapping):
        return {str(key): _simplify(held) for key, held in value.items()}
    if isinstance(value, list | tuple | np.ndarray | pd.Series | pd.Index):
        return [_simplify(held) for held in value]
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, bool | int | float | str) else str(value)


@contextmanager
def _replacing(path: Path) -> Iterator[TextIO]:
    """Open a temporary file beside the path, and rename it at the end."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        message = f"{path} cannot be written ({error.strerror}). Choose another place."
        raise OptionError(message) from error
    draft = Path(name)
    try:
        with os.fdopen(number, "w", encoding="utf-8", newline="") as stream:
            yield stream
        _open_up(draft)
        draft.replace(path)
    except OSError as error:
        message = f"{path} cannot be written ({error.strerror}). Choose another place."
        raise OptionError(message) from error
    finally:
        draft.unlink(missing_ok=True)


def _open_up(path: Path) -> None:
    """Give a temporary file the rights of an ordinary new one."""
    mask = os.umask(0)
    os.umask(mask)
    path.chmod(0o666 & ~mask)


def slug(text: str) -> str:
    """Return a file name for any text: ASCII letters, digits, "-", "_" and "." only.

    Where letters had to go, part of the text's hash is added, so that two texts do not share a
    name.

    Parameters
    ----------
    text
        A clip's id, a context, a title.

    Returns
    -------
    str
        At most 89 letters.

    Examples
    --------
    >>> slug("F012_3"), slug("../../etc/passwd").startswith("etc_passwd-")
    ('F012_3', True)
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", plain).strip("._-")[:_LONGEST]
    if name and name == text and not _RESERVED.fullmatch(name):
        return name
    mark = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{name or 'x'}-{mark}" if not _RESERVED.fullmatch(name) else f"x_{name}-{mark}"


def join_inside(folder: Path, text: str, ending: str = "") -> Path:
    """Return the path of a file named after any text, inside the folder.

    Parameters
    ----------
    folder
        Where it must lie.
    text
        Becomes the name through `slug`.
    ending
        Such as ``".png"``.

    Returns
    -------
    pathlib.Path
        Inside the folder.

    Raises
    ------
    OptionError
        If it would lie elsewhere, for instance through a link.

    Examples
    --------
    >>> join_inside(Path("figures"), "pain", ".png").as_posix()
    'figures/pain.png'
    """
    path = folder / f"{slug(text)}{ending}"
    if not path.resolve().is_relative_to(folder.resolve()):
        message = f"'{text}' would be written outside {folder}."
        raise OptionError(message)
    return path


def read_stored(
    path: str | Path, *, format: str, version: int, holds: str, writers: str
) -> dict[str, Any]:
    r"""Read a file that exprstats wrote, if it holds what is wanted.

    Parameters
    ----------
    path
        The file.
    format, version
        What its keys ``format`` and ``version`` must say.
    holds
        What such a file holds, in a word.
    writers
        What writes such a file.

    Returns
    -------
    dict
        All that the file says.

    Raises
    ------
    DataError
        There is no such file, it is not JSON, or it holds something else or another version.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "net.json"
    >>> _ = path.write_text('{"format": "net", "version": 1, "weights": [2]}')
    >>> read_stored(path, format="net", version=1, holds="net", writers="save_net")["weights"]
    [2]
    """
    path = take_path(path)
    remedy = f"Give a file that {writers} wrote."
    try:
        payload = json.loads(path.read_text("utf-8"))
    except OSError as error:
        fact = f"it cannot be read ({error.strerror})."
        raise DataError(Problem(fact, remedy, file=str(path))) from error
    except ValueError as error:
        fact = f"it is not JSON ({error})."
        raise DataError(Problem(fact, remedy, file=str(path))) from error
    found = payload.get("format") if isinstance(payload, dict) else None
    if found != format:
        other = f"; its format is '{found}'" if isinstance(found, str) else ""
        raise DataError(Problem(f"it holds no {holds}{other}.", remedy, file=str(path)))
    if payload.get("version") != version:
        fact = f"its version is {payload.get('version')}; this exprstats reads version {version}."
        raise DataError(Problem(fact, f"Fit and save the {holds} again.", file=str(path)))
    return payload
