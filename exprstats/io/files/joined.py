"""Files of one layout, one a rater or a clip, as one table: a folder, a pattern, or a list."""

from __future__ import annotations

import csv
import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from exprstats.apa import count_things
from exprstats.errors import DataError, OptionError, Problem, Text, speak
from exprstats.io.files.headers import Header
from exprstats.io.files.kinds import keep_folder
from exprstats.io.files.reading import EVERY, Reading
from exprstats.io.files.records import Layout
from exprstats.io.files.words import FROM_FILE, WORDS, split_name
from exprstats.io.files.workbooks import list_sheets
from exprstats.options import list_paths, name_some

if TYPE_CHECKING:
    from exprstats.io.sources import Source

BETWEEN = " + "
_ENDINGS = (".csv", ".tsv", ".xlsx", ".ods", ".sav", ".dta", ".iqdat", ".dat", ".txt", ".json",
            ".gz")  # fmt: skip
# Files that share fewer of their columns are no parts of one table.
_ALIKE = 0.5
_PEOPLE = {*WORDS["rater"], *WORDS["subject"]}
_KEPT: dict[str, JoinedFiles] = {}


@dataclass(frozen=True, slots=True)
class JoinedFiles:
    """Files or sheets that are one table, the table, and the rows that its rows come from."""

    files: tuple[Path, ...]
    names: tuple[str, ...]
    hashes: tuple[str, ...]
    layout: Layout
    rows: tuple[np.ndarray, ...]

    def place(self, problem: Problem, name: str) -> Problem:
        """Return a problem whose rows are those of the files."""
        if problem.file in self.names:
            return problem
        ends = np.cumsum([len(one) for one in self.rows])
        found: dict[str, list[int]] = {}
        for row in (one for one in problem.rows if one > 1):
            at = int(np.searchsorted(ends, row - 2, side="right"))
            first = int(ends[at] - len(self.rows[at]))
            found.setdefault(self.names[at], []).append(int(self.rows[at][row - 2 - first]))
        if not found:
            return replace(problem, file=name)
        file, rows = next(iter(found.items()))
        if len(found) == 1:
            return replace(problem, file=file, rows=tuple(rows))
        return replace(
            problem, file=f"{len(found)} files (first in {file}, row {rows[0]})", rows=()
        )


def take_files(paths: Any) -> Path:
    """Return one path that stands for one file or several, whose tables are one below the other.

    Parameters
    ----------
    paths
        A file, a folder, a pattern such as ``data/*.csv``, or several files.

    Examples
    --------
    >>> take_files("data/a.csv").as_posix()
    'data/a.csv'
    >>> take_files(["data/a.csv", "data/b.csv"]).as_posix()
    'data/a.csv + b.csv'
    """
    files = list_paths(paths)
    if not files:
        message = "no file is named. Name at least one."
        raise OptionError(message)
    if len(files) == 1:
        return files[0]
    first, names = files[0], [one.name for one in files]
    start, end = _share_start(names), _share_start([one[::-1] for one in names])[::-1]
    # Of 01 to 09 the 0 is no part of the name, as 10 may follow.
    for pattern in (f"{start.rstrip('0123456789')}*{end}", f"{start}*{end}"):
        found = list_joined(first.parent / pattern)
        if {one.parent for one in files} == {first.parent} and found == tuple(sorted(files)):
            return first.parent / pattern
    rest = [os.path.relpath(one, first.parent) for one in files[1:]]
    return Path(BETWEEN.join([str(first), *rest]))


def _share_start(texts: Sequence[str]) -> str:
    alike = takewhile(lambda letters: len({*letters}) == 1, zip(*texts, strict=False))
    return "".join(letters[0] for letters in alike)


def list_joined(path: Path) -> tuple[Path, ...]:
    """Return the files that a path stands for: of a folder, a pattern or a list; none of a file."""
    if path.is_dir():
        return tuple(_list_folder(path))
    if path.exists():
        return ()
    first, *rest = str(path).split(BETWEEN)
    files = (Path(first), *(Path(first).parent / one for one in rest))
    if rest and any(one.exists() for one in files):
        return files
    if re.search(r"[*?\[]", path.name) is None:
        return ()
    return tuple(sorted(one for one in path.parent.glob(path.name) if one.is_file()))


def _list_folder(folder: Path) -> list[Path]:
    """Return the tables of a folder, or else of its folders, of the ending that most have."""
    for found in (folder.iterdir(), folder.rglob("*")):
        files = sorted(one for one in found if one.is_file() and one.name[0] not in ".~")
        ends = Counter(one.suffix.lower() for one in files if one.suffix.lower() in _ENDINGS)
        if ends:
            most = max(ends, key=lambda end: (ends[end], -_ENDINGS.index(end)))
            return [one for one in files if one.suffix.lower() == most]
    return []


def list_parts(path: Path, reading: Reading) -> list[tuple[Path, Reading]]:
    """Return the files that a path stands for, or the sheets, each with how it is read."""
    sheets = list_sheets(path) if reading.sheet == EVERY else []
    if len(sheets) > 1:
        return [(path, replace(reading, sheet=name)) for name in sheets]
    files = list_joined(path) or (path,)
    if len(files) == 1:
        # Rows are now those of one sheet or file, also where several were read before.
        _KEPT.pop(str(path), None)
    return [(file, reading) for file in files]


def sort_alike(sources: Sequence[Source]) -> tuple[list[Source], list[Source]]:
    """Return the files that have most of the columns of the most frequent header, and the rest."""
    counts = Counter(frozenset(one.header) for one in sources)
    usual = max(counts, key=lambda header: counts[header])

    def is_alike(source: Source) -> bool:
        both = len(usual.intersection(source.header))
        return both >= _ALIKE * len(usual.union(source.header))

    return [one for one in sources if is_alike(one)], [one for one in sources if not is_alike(one)]


def join_sources(path: Path, sources: Sequence[Source], *, certain: bool) -> Layout:
    """Return the layout of the table that files make, one below the other.

    A column ``from_file`` names the file of each row, by what its name does not share with the
    others, unless a column of people does.

    Parameters
    ----------
    path
        What stands for them.
    sources
        The files, with their headers read.
    certain
        Whether each of them was named, so that one with other columns is an error.

    Raises
    ------
    DataError
        If files have other columns, or their rows cannot be read.
    """
    kept, others = sort_alike(sources)
    if others and certain:
        one, other = kept[0], others[0]
        alone = [name_some([n for n in a.header if n not in b.header][:5])
                 for a, b in ((one, other), (other, one))]  # fmt: skip
        fact = f"it has other columns ({alone[1]}) than {one.layout.path} ({alone[0]})."
        remedy = "Files that are read together have the same columns; analyse this one alone."
        raise DataError(Problem(fact, remedy, file=str(other.layout.path)))
    reading = kept[0].reading
    names = [*(f"{one.layout.path}:{one.layout.sha256}" for one in kept), str(path)]
    names += [repr((reading.encoding, reading.sheet, reading.header_row))]
    digest = hashlib.sha256("\n".join(names).encode()).hexdigest()
    known = _KEPT.get(str(path))
    local = keep_folder() / f"{digest}.csv"
    if known is None or known.layout.local != local:
        _KEPT[str(path)] = _write(path, kept, others, local)
    return _KEPT[str(path)].layout


def _write(
    path: Path, sources: Sequence[Source], others: Sequence[Source], local: Path
) -> JoinedFiles:
    columns = list(dict.fromkeys(name for one in sources for name in one.header))
    tables = [list(_read_rows(one)) for one in sources]
    values = {
        name: [
            dict.fromkeys(row[place].strip() for row, _ in rows)
            for one, rows in zip(sources, tables, strict=True)
            for place in [one.header.index(name)]
        ]
        for name in columns
        if all(name in one.header for one in sources)
    }
    single = {
        name: [next(iter(one)) for one in held]
        for name, held in values.items()
        if split_name(name) & _PEOPLE and all(len(one) == 1 for one in held)
    }
    named = any(len({*held}) == len(held) and all(held) for held in single.values())
    named |= FROM_FILE in columns
    files = tuple(one.layout.path for one in sources)
    sheets = [one.layout.sheet or "" for one in sources]
    single_file = len({*files}) == 1
    told = [f"{path}, sheet '{one}'" for one in sheets] if single_file else map(str, files)
    parts = sheets if single_file else name_parts(files)
    with local.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([*columns, *([] if named else [FROM_FILE])])
        for one, rows, file in zip(sources, tables, parts, strict=True):
            places = [one.header.index(name) if name in one.header else -1 for name in columns]
            for row, _ in rows:
                cells = [row[at] if at >= 0 else "" for at in places]
                writer.writerow([*cells, *([] if named else [file])])
    first = sources[0].layout
    notes = tuple(_tell_join(sources, others, columns, single))
    hashes = tuple(one.layout.sha256 for one in sources)
    digest = hashlib.sha256("".join(hashes).encode()).hexdigest()
    layout = Layout(
        path, local, "text", "utf-8", ",", digest, notes=notes, warned=notes[1:],
        header=Header(0, frozenset(), (), (), first.header.labels),
        labels=first.labels, silent=first.silent,
    )  # fmt: skip
    rows = tuple(np.array([number for _, number in one], int) for one in tables)
    return JoinedFiles(files, tuple(told), hashes, layout, rows)


def _read_rows(source: Source) -> Iterator[tuple[list[str], int]]:
    """Yield the rows of a file with their numbers; those of practice are left out later."""
    problems = list(source.problems)
    for batch in source.walk(problems, source.header):
        yield from zip(batch.rows, batch.numbers.tolist(), strict=True)
    if problems:
        raise DataError([replace(one, file=str(source.layout.path)) for one in problems])


def name_parts(files: Sequence[Path]) -> list[str]:
    """Return what tells the names of files apart: the first part that differs in all, or more.

    Examples
    --------
    >>> name_parts([Path("d/P01_rate_2024.csv"), Path("d/P02_rate_2024.csv")])
    ['P01', 'P02']
    >>> name_parts([Path("subject-1.csv"), Path("subject-12.csv")])
    ['1', '12']
    """
    top = os.path.commonpath([one.parent for one in files])
    stems = [os.path.relpath(one, top).replace(os.sep, "/").rsplit(".", 1)[0] for one in files]
    parts = [re.split(r"[_\-. /]+", stem) for stem in stems]
    if len({len(one) for one in parts}) > 1:
        return stems
    columns = list(zip(*parts, strict=True))
    whole = next((one for one in columns if len({*one}) == len(files)), None)
    varied = [place for place, one in enumerate(columns) if len({*one}) > 1]
    return [*whole] if whole else ["_".join(one[at] for at in varied) for one in parts]


def _tell_join(
    sources: Sequence[Source],
    others: Sequence[Source],
    columns: Sequence[str],
    single: Mapping[str, Sequence[str]],
) -> Iterator[Text]:
    paths = [one.layout.path.name for one in sources]
    several = len({*paths}) > 1
    names = paths if several else [one.layout.sheet or "" for one in sources]
    what = "files" if several else "sheets"
    yield f"{len(sources)} {what}, one below the other: {names[0]} to {names[-1]}."
    for one in others:
        yield f"{one.layout.path.name} has other columns: left out."
    for name in columns:
        held = [n for n, one in zip(names, sources, strict=True) if name not in one.header]
        if held:
            counted = count_things(len(held), "files lacks", "files lack", of=len(sources))
            yield f"{counted} the column '{name}' ({name_some(held)})."
    for name, held in single.items():
        again = next((one for one, count in Counter(held).items() if count > 1), None)
        if 1 < len({*held}) < len(held) and again is not None:
            shared = [file for file, one in zip(names, held, strict=True) if one == again]
            yield f"{name_some(shared)} have the same '{name}' ({again or 'empty'})."
        elif len({*held}) == 1 and len(held) > 1:
            yield f"all files have the same '{name}' ({again or 'empty'})."
    notes: dict[str, list[str]] = {}
    for one in sources:
        for note in one.layout.notes:
            notes.setdefault(speak(note), []).append(one.layout.sheet or one.layout.path.name)
    for note, held in notes.items():
        yield note if len(held) == len(sources) else f"{name_some(held)}: {note}"


def list_inputs(path: Path, sha256: str, rows: int) -> list[tuple[Path, str, int]]:
    """Return the files that were read, each with its hash and how many rows it gave."""
    joined = _KEPT.get(str(path))
    if joined is None or joined.layout.sha256 != sha256:
        return [(path, sha256, rows)]
    if len({*joined.files}) == 1:
        return [(path, joined.hashes[0], rows)]
    sizes = (len(one) for one in joined.rows)
    return list(zip(joined.files, joined.hashes, sizes, strict=True))


def place_problems(problems: Iterable[Problem], file: str) -> list[Problem]:
    """Return problems of a file with its name; of files that are one table, with their own."""
    joined = _KEPT.get(file)
    return [joined.place(one, file) if joined else replace(one, file=file) for one in problems]
