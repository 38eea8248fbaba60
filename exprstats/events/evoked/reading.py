"""Evoked expressions from files: EEV, LIRIS-ACCEDE, and wide tables of any size."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.document.text import join_words
from exprstats.errors import (
    NO_FILE,
    NO_FILES,
    NO_ROWS,
    DataError,
    Option,
    OptionError,
    Problem,
    warn_user,
)
from exprstats.events.evoked.liris import is_liris, read_liris
from exprstats.events.evoked.pieces import (
    BeyondLabels,
    Columns,
    Piece,
    count_text_lines,
    join_columns,
    read_pieces,
)
from exprstats.events.evoked.tables import NO_EXPRESSION, ROLES, check_threshold
from exprstats.io.files.kinds import hash_file
from exprstats.io.files.reading import Reading, choose_reading
from exprstats.io.sources import open_source
from exprstats.options import PER_SECOND, TimeUnit, ZeroRows, check_word, list_paths, name_nearest

_EEV = ("Video ID", "Timestamp (milliseconds)")
_POINTER = b"version https://git-lfs"
_SHORTEST = 10_000  # microseconds between two samples: a hundred a second
_LONG = 100.0  # seconds between two rows that no annotation has


def read_evoked(
    paths: str | Path | Iterable[str | Path],
    *,
    video: str | None = None,
    time: str | None = None,
    unit: TimeUnit = "s",
    expressions: Sequence[str] | None = None,
    annotator: str | None = None,
    group: str | None = None,
    part: str | None = None,
    model: str | None = None,
    zeros: ZeroRows = "auto",
    threshold: float | None = None,
    missing: Iterable[str | float] = (),
    reading: Reading | None = None,
) -> pd.DataFrame:
    r"""Read what videos evoke, moment by moment: EEV, LIRIS-ACCEDE, or a column an expression.

    Parameters
    ----------
    paths
        One file or several, joined below each other; ``-`` is standard input. EEV's files
        (``Video ID``, ``Timestamp (milliseconds)``) and those of LIRIS-ACCEDE are known by their
        headers and names; of others each row is a moment of a video and each column an expression.
    video, time
        Columns of other files; without a time rows are numbered within their video. If there is
        no ``video``, the column of that name, or else each file is a video.
    unit
        Of the times of other files: ``"s"``, ``"ms"`` or ``"us"``. EEV's header says milliseconds,
        but its numbers are microseconds, and are read so unless their steps are milliseconds.
    expressions
        Columns to read; None: all that hold numbers.
    annotator, group, part, model
        Columns that name who annotated, the theme or people a row belongs to, the part of the
        data, and the model of a prediction.
    zeros
        Rows in which every expression is 0: ``"missing"``, no face was found; ``"values"``, nothing
        was expressed. ``"auto"``: missing in EEV, whose scores are never all 0 otherwise.
    threshold
        Keep labels only: 1 for a score here or above, 0 below, in half precision, which takes a
        quarter of the memory or less. A file that holds values beyond 0 to 1 is kept as it is.
    missing, reading
        Further codes of missing numbers, and how the files are to be read, as in `read_table`.

    Returns
    -------
    pandas.DataFrame
        EVOKED: ``video``, ``time`` (s), ``annotator``, ``group``, ``part`` and ``model`` where
        named, then one column an expression, in single precision where that holds every value.
        Text is read in pieces, so that millions of rows need little more memory than the table.
        ``attrs["files"]`` has the SHA-256 hash and the rows of each file.

    Raises
    ------
    DataError
        If a file cannot be read, lacks a column, or holds no expression.
    OptionError
        If an option is not allowed.

    Warns
    -----
    DataWarning
        How many rows had no detection; what was left out of a file; times that look like another
        unit.

    References
    ----------
    Sun, J. J., Liu, T., Cowen, A. S., Schroff, F., Adam, H., & Prasad, G. (2020). *EEV
    dataset: Predicting expressions evoked by diverse videos*. arXiv:2001.05488.

    Baveye, Y., Dellandréa, E., Chamaret, C., & Chen, L. (2015). LIRIS-ACCEDE: A video database for
    affective content analysis. *IEEE Transactions on Affective Computing, 6*(1), 43-55.

    Examples
    --------
    >>> import tempfile
    >>> place = Path(tempfile.mkdtemp()) / "eev.csv"
    >>> head = "Video ID,Timestamp (milliseconds),awe,pain"
    >>> _ = place.write_text(f"{head}\nv,0,.2,.1\nv,166666,.3,.1\n")
    >>> read_evoked(place)["time"].tolist()
    [0.0, 0.166666]
    """
    check_word(unit, TimeUnit, "unit")
    check_word(zeros, ZeroRows, "zeros")
    if threshold is not None:
        check_threshold(threshold)
    files = list_paths(paths)
    _refuse_absent(files)
    how = choose_reading(reading, missing, {})
    roles = {"video": video, "time": time, "annotator": annotator, "group": group}
    roles |= {"part": part, "model": model}
    named = {role: column for role, column in roles.items() if column is not None}
    liris = [path for path in files if video is None and is_liris(path)]
    tables = read_liris(liris) if liris else []
    found = {str(path): (hash_file(path), path.read_bytes().count(b"\n")) for path in liris}
    for path in files:
        if path not in liris:
            one, sha256 = _read_file(path, how, _Wanted(named, expressions, unit, zeros, threshold))
            found[str(path)] = (sha256, len(one))
            tables.append(one)
    whole = _join_tables(tables)
    whole.attrs["files"] = {str(path): found[str(path)] for path in files}
    return whole


def _refuse_absent(files: Sequence[Path]) -> None:
    if not files:
        message = NO_FILES
        raise OptionError(message)
    for path in files:
        if str(path) == "-" or path.is_fifo():
            continue
        if not path.is_file():
            fact = NO_FILE
            raise DataError(Problem(fact, "Check the path.", file=str(path)))
        with path.open("rb") as stream:
            pointer = stream.read(len(_POINTER)) == _POINTER
        if pointer:
            fact = "this is a pointer of Git LFS, and not the data that it stands for."
            raise DataError(Problem(fact, "Run 'git lfs pull' in its folder.", file=str(path)))


class _Wanted(NamedTuple):
    """What to read of a file: roles and expressions, times, rows of 0, labels instead of scores."""

    named: Mapping[str, str]
    expressions: Sequence[str] | None
    unit: TimeUnit
    zeros: ZeroRows
    threshold: float | None


def _read_file(path: Path, how: Reading, wanted: _Wanted) -> tuple[pd.DataFrame, str]:
    """Return a file as EVOKED, and its hash."""
    named, expressions, unit, zeros, threshold = wanted
    source = open_source(path, how)
    if source.problems:
        raise DataError([replace(one, file=str(path)) for one in source.problems])
    eev = set(_EEV) <= set(source.header) and not {"video", "time"} & set(named)
    roles = dict(zip(("video", "time"), _EEV, strict=True)) | dict(named) if eev else dict(named)
    for role in ROLES:
        if role not in roles and role in source.header and role not in named.values():
            roles[role] = role
    absent = [one for one in (*roles.values(), *(expressions or ())) if one not in source.header]
    if absent:
        fact = f"there is no column '{absent[0]}'."
        raise DataError(Problem(fact, name_nearest(absent[0], source.header), file=str(path)))
    twice = [one for one in named if list(named.values()).count(named[one]) > 1]
    if twice:
        fact = f"column '{named[twice[0]]}' is named for two roles, {join_words(twice)}."
        raise DataError(Problem(fact, "Name another column for one of them.", file=str(path)))
    blank = zeros == "missing" or (zeros == "auto" and eev)
    held = Columns(count_text_lines(source), threshold)
    try:
        _collect(held, read_pieces(source, roles, expressions), path, blank)
    except BeyondLabels:
        held = Columns(held.expected)
        _collect(held, read_pieces(source, roles, expressions), path, blank)
    table = join_columns(held, source, roles)
    if all(name in ROLES for name in table):
        fact = NO_EXPRESSION
        more = "EEV's test file comes without them." if eev else "Check the columns."
        raise DataError(Problem(fact, more, file=str(path)))
    if "video" not in table:
        table.insert(0, "video", pd.Series(path.stem, table.index, dtype="category"))
    if "time" not in table:
        table.insert(1, "time", table.groupby("video", observed=True).cumcount().astype(float))
    else:
        told: TimeUnit = _tell_unit(table, path) if eev else unit
        table["time"] /= PER_SECOND[told]
        _judge_times(table, path, told)
    return table, source.layout.sha256


def _collect(held: Columns, pieces: Iterable[Piece], path: Path, blank: bool) -> None:
    """Add pieces to columns; with ``blank`` rows of 0 only are missing."""
    empty = 0
    for piece in pieces:
        empty += _blank_zeros(piece) if blank else 0
        held.add(piece)
    if not held.count:
        fact = NO_ROWS
        raise DataError(Problem(fact, "Check the export.", file=str(path)))
    if empty:
        counted = count_things(empty, "rows has", "rows have", of=held.count)
        warn_user(
            f"{path.name}: {counted} 0 for every expression ({100 * empty / held.count:.1f}%): no "
            "face was found, and they count as missing."
        )


def _join_tables(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    if len(tables) == 1:
        return tables[0]
    names = list(dict.fromkeys(str(name) for one in tables for name in one))
    columns = {}
    for name in names:
        # Columns leave their tables one by one, so that no two tables are held twice.
        parts = [one.pop(name) if name in one else pd.Series(np.nan, one.index) for one in tables]
        if name in ROLES and name != "time":
            kinds = [part.astype("category") for part in parts]
            columns[name] = pd.api.types.union_categoricals(kinds)
        else:
            columns[name] = np.concatenate([part.to_numpy() for part in parts])
    return pd.DataFrame(columns, copy=False)


def _tell_unit(table: pd.DataFrame, path: Path) -> TimeUnit:
    """Return the unit of a file of EEV: microseconds, or what its header says where steps are so.

    Published files count 166,666 from one sample to the next, at 6 a second.
    """
    codes = table["video"].cat.codes.to_numpy()
    steps = np.diff(table["time"].to_numpy(float))[np.diff(codes) == 0]
    if not len(steps) or not 0 < np.median(steps) < _SHORTEST:
        return "us"
    step = f"{np.median(steps):.4g}"
    fact = f"times are {step} apart and were taken as milliseconds; EEV's own are microseconds."
    warn_user(Problem(fact, file=str(path)))
    return "ms"


def _judge_times(table: pd.DataFrame, path: Path, unit: TimeUnit) -> None:
    times = table["time"].to_numpy(float)
    wrong = np.isnan(times) | (times < 0)
    if wrong.any():
        fact = f"{count_things(wrong.sum(), 'time is', 'times are')} missing or negative."
        raise DataError(Problem(fact, "Correct the times.", file=str(path)))
    codes = table["video"].cat.codes.to_numpy()
    steps = np.diff(times)[np.diff(codes) == 0]
    if len(steps) and np.median(steps) > _LONG:
        step = np.median(steps) * PER_SECOND[unit]
        told = f"rows of a video are {step:g} apart, which in {unit} is {np.median(steps):g} s."
        other = "us" if step > 1e4 else "ms"
        remedy = ("If times are in another unit, say so with ", Option("unit", other), ".")
        warn_user(Problem(told, remedy, file=str(path)))


def _blank_zeros(piece: Piece) -> int:
    """Take rows in which every expression is 0 for moments without a detection, and count them."""
    values = [one for name, one in piece.items() if name not in ROLES and one is not None]
    if not values:
        return 0
    empty = np.logical_and.reduce([one == 0 for one in values])
    for one in values:
        one[empty] = np.nan
    return int(empty.sum())
