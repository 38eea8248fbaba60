"""Evoked expressions from files: EEV, LIRIS-ACCEDE, and wide tables of any size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.errors import DataError, Option, OptionError, Problem, warn_user
from exprstats.events.evoked.liris import hash_file, is_liris, read_liris
from exprstats.events.evoked.tables import ROLES, code_names, name_codes
from exprstats.io.columns import Ids
from exprstats.io.files.reading import Reading, choose_reading
from exprstats.io.numbers import MISSING_TEXTS
from exprstats.io.sources import Source, open_source
from exprstats.options import TimeUnit, ZeroRows, check_word, name_nearest, name_some
from exprstats.parallel import report_progress

_PER_SECOND: dict[str, float] = {"s": 1.0, "ms": 1e3, "us": 1e6}
_EEV = ("Video ID", "Timestamp (milliseconds)")
_ROWS = 50_000  # of a piece: about 10 MB of texts and numbers
_POINTER = b"version https://git-lfs"
_TRUTH = {"true": "1", "false": "0"}
_WORDS = 0.5  # share of texts from which on a column is one of words
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
        but its numbers are microseconds, and are read so.
    expressions
        Columns to read; None: all that hold numbers.
    annotator, group, part, model
        Columns that name who annotated, the theme or people a row belongs to, the part of the
        data, and the model of a prediction.
    zeros
        Rows in which every expression is 0: ``"missing"``, no face was found; ``"values"``, nothing
        was expressed. ``"auto"``: missing in EEV, whose scores are never all 0 otherwise.
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
    Sun, J. J., Liu, T., Cowen, A. S., Schroff, F., Adam, H., & Prasad, G. (2020). *EEV: A
    large-scale dataset for studying evoked expressions from video*. arXiv:2001.05488.

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
    single = isinstance(paths, str | Path)
    files = [Path(str(paths))] if single else [Path(str(one)) for one in paths]
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
            one, sha256 = _read_file(path, how, _Wanted(named, expressions, unit, zeros))
            found[str(path)] = (sha256, len(one))
            tables.append(one)
    whole = _join_tables(tables)
    whole.attrs["files"] = {str(path): found[str(path)] for path in files}
    return whole


def _refuse_absent(files: Sequence[Path]) -> None:
    if not files:
        message = "there is no file to read. Name at least one."
        raise OptionError(message)
    for path in files:
        if str(path) == "-" or path.is_fifo():
            continue
        if not path.is_file():
            fact = "there is no such file."
            raise DataError(Problem(fact, "Check the path.", file=str(path)))
        with path.open("rb") as stream:
            pointer = stream.read(len(_POINTER)) == _POINTER
        if pointer:
            fact = "this is a pointer of Git LFS, and not the data that it stands for."
            raise DataError(Problem(fact, "Run 'git lfs pull' in its folder.", file=str(path)))


Piece = dict[str, Any]  # name to an array, or None where words stand


class _Wanted(NamedTuple):
    """What to read of a file: roles and expressions, the unit of times, and what rows of 0 are."""

    named: Mapping[str, str]
    expressions: Sequence[str] | None
    unit: TimeUnit
    zeros: ZeroRows


def _read_file(path: Path, how: Reading, wanted: _Wanted) -> tuple[pd.DataFrame, str]:
    """Return a file as EVOKED, and its hash."""
    named, expressions, unit, zeros = wanted
    source = open_source(path, how)
    eev = set(_EEV) <= set(source.header) and not {"video", "time"} & set(named)
    roles = dict(zip(("video", "time"), _EEV, strict=True)) | dict(named) if eev else dict(named)
    for role in ROLES:
        if role not in roles and role in source.header:
            roles[role] = role
    absent = [one for one in (*roles.values(), *(expressions or ())) if one not in source.header]
    if absent:
        fact = f"there is no column '{absent[0]}'."
        raise DataError(Problem(fact, name_nearest(absent[0], source.header), file=str(path)))
    pieces = list(_read_pieces(source, roles, expressions))
    if not any(len(piece[name]) for piece in pieces for name in piece if piece[name] is not None):
        fact = "the file has a header but no rows."
        raise DataError(Problem(fact, "Check the export.", file=str(path)))
    if zeros == "missing" or (zeros == "auto" and eev):
        _blank_zeros(pieces, path)
    table = _join_pieces(pieces, source, roles)
    if all(name in ROLES for name in table):
        fact = "no column holds numbers of an expression."
        more = "EEV's test file comes without them." if eev else "Check the columns."
        raise DataError(Problem(fact, more, file=str(path)))
    if "video" not in table:
        table.insert(0, "video", pd.Series(path.stem, table.index, dtype="category"))
    if "time" not in table:
        table.insert(1, "time", table.groupby("video", observed=True).cumcount().astype(float))
    else:
        table["time"] /= _PER_SECOND["us" if eev else unit]
        _judge_times(table, path, "us" if eev else unit)
    return table, source.layout.sha256


def _read_pieces(
    source: Source, roles: Mapping[str, str], expressions: Sequence[str] | None
) -> Iterator[Piece]:
    """Yield pieces of a file with ids as texts and all else as numbers, roles by their names."""
    wanted = list(dict.fromkeys((*roles.values(), *(expressions or source.header))))
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
    reader = pd.read_csv(
        layout.local,
        sep=r"\s+" if layout.separator == " " else layout.separator,
        encoding=layout.encoding,
        header=None,
        names=source.header,
        usecols=wanted,
        dtype={column: "str" for role, column in roles.items() if role != "time"},
        skiprows=[*sorted(skipped), layout.declared + layout.header.place],
        na_values={column: gaps for column in wanted if back.get(column, "time") == "time"},
        keep_default_na=False,
        chunksize=_ROWS,
        index_col=False,
    )
    size, done = max(layout.local.stat().st_size, 1), 0
    with reader:
        try:
            for piece in reader:
                yield _type_piece(piece[wanted], back, source, done, expressions is not None)
                done += len(piece)
                report_progress(f"Reading {layout.path.name}", min(done * 150, size - 1), size)
        except pd.errors.ParserError as error:
            fact = f"it cannot be read as a table: {' '.join(str(error).split())}."
            remedy = "Check that row for missing or unquoted separators."
            raise DataError(Problem(fact, remedy, file=str(layout.path))) from None
    report_progress(f"Reading {layout.path.name}", size, size)


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
        found[name] = values if name == "time" else _shorten(values)
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


def _shorten(values: np.ndarray) -> np.ndarray:
    """Return numbers in single precision where that changes none of them, as it does labels."""
    short = values.astype(np.float32)
    return short if np.array_equal(short.astype(float), values, equal_nan=True) else values


def _join_pieces(pieces: Sequence[Piece], source: Source, back: Mapping[str, str]) -> pd.DataFrame:
    """Return one table of pieces, which are emptied column by column to save memory.

    Columns in which words stand are left out, and named.
    """
    columns: dict[str, Any] = {}
    lost = []
    for name in list(pieces[0]):
        parts = [piece.pop(name) for piece in pieces]
        if any(part is None for part in parts):
            lost.append(name)
        elif isinstance(parts[0], pd.Categorical):
            joined = pd.Series(pd.api.types.union_categoricals(parts))
            columns[name] = _clean_ids(joined, back.get(name, name), source)
        else:
            columns[name] = np.concatenate(parts)
    if lost:
        told = "a column holds words" if len(lost) == 1 else "columns hold words"
        fact = f"{told} and no numbers, left out: {name_some(lost)}."
        warn_user(Problem(fact, file=str(source.layout.path)))
    return pd.DataFrame(columns, copy=False)


def _clean_ids(column: pd.Series, name: str, source: Source) -> pd.Series:
    """Return a column of ids as all others are read; empty cells are missing.

    Each name is looked at once, where it stands first, and not once a row.

    Raises
    ------
    DataError
        If ids lost digits in a spreadsheet.
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
        return name_codes(np.full(len(codes), -1), np.array([], dtype=object))
    clean, problems = ids.finish()
    file = str(source.layout.path)
    if problems:
        raise DataError([replace(one, file=file) for one in problems])
    for remark in ids.remarks:
        warn_user(replace(remark, file=file))
    homes, names = code_names(clean)
    places = np.full(len(levels) + 1, -1)
    places[[place for place, _ in filled]] = homes
    return name_codes(places[codes], names)


def _join_tables(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    if len(tables) == 1:
        return tables[0]
    names = list(dict.fromkeys(name for one in tables for name in one))
    columns = {}
    for name in names:
        parts = [one[name] if name in one else pd.Series(np.nan, one.index) for one in tables]
        if name in ROLES and name != "time":
            kinds = [part.astype("category") for part in parts]
            columns[name] = pd.api.types.union_categoricals(kinds)
        else:
            columns[name] = np.concatenate([part.to_numpy() for part in parts])
    return pd.DataFrame(columns)


def _judge_times(table: pd.DataFrame, path: Path, unit: TimeUnit) -> None:
    times = table["time"].to_numpy(float)
    wrong = np.isnan(times) | (times < 0)
    if wrong.any():
        fact = f"{count_things(wrong.sum(), 'time is', 'times are')} missing or negative."
        raise DataError(Problem(fact, "Correct the times.", file=str(path)))
    codes = table["video"].cat.codes.to_numpy()
    steps = np.diff(times)[np.diff(codes) == 0]
    if len(steps) and np.median(steps) > _LONG:
        step = np.median(steps) * _PER_SECOND[unit]
        told = f"rows of a video are {step:g} apart, which in {unit} is {np.median(steps):g} s."
        other = "us" if step > 1e4 else "ms"
        remedy = ("If times are in another unit, say so with ", Option("unit", other), ".")
        warn_user(Problem(told, remedy, file=str(path)))


def _blank_zeros(pieces: Sequence[Piece], path: Path) -> None:
    """Take rows in which every expression is 0 for moments without a detection, in place."""
    lost = total = 0
    for piece in pieces:
        values = [one for name, one in piece.items() if name not in ROLES and one is not None]
        if values:
            empty = np.logical_and.reduce([one == 0 for one in values])
            for one in values:
                one[empty] = np.nan
            lost, total = lost + int(empty.sum()), total + len(empty)
    if lost:
        counted = count_things(lost, "row has", "rows have", of=total)
        warn_user(
            f"{path.name}: {counted} 0 for every expression ({100 * lost / total:.1f}%): no face "
            "was found, and they count as missing."
        )
