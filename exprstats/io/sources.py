"""The path of a file to a table: header, column roles, draft and problems."""

from __future__ import annotations

import os
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import islice, zip_longest
from typing import Literal

import numpy as np
import pandas as pd

from exprstats.errors import NO_ROWS, DataError, Problem, Text, warn_user
from exprstats.io.classes import Classes, Predicted, Target
from exprstats.io.columns import Column, Guessed, Ids, Milliseconds, Mixed, Numbers, Times, Words
from exprstats.io.drafts import Draft, drop_hollow
from exprstats.io.files.headers import find_absent, find_twins, join_title, name_columns
from exprstats.io.files.joined import join_sources, list_parts, place_problems, take_files
from exprstats.io.files.reading import AS_IT_IS, Reading
from exprstats.io.files.records import Layout, find_layout, read_batches, sift_rows, walk_again
from exprstats.io.files.text import Batch, Walked, names_rows
from exprstats.io.files.words import FROM_FILE
from exprstats.io.guards.codes import describe_codes, find_silent
from exprstats.io.guards.ids import judge_context
from exprstats.io.guards.tables import find_table_codes, name_codes
from exprstats.io.numbers import Marks, Missing, find_thousands

FilePath = str | os.PathLike[str]
FilePaths = FilePath | Sequence[FilePath]
_TYPED = {
    "number": Numbers,
    "guess": Guessed,
    "class": Classes,
    "target": Target,
    "label": Predicted,
    "time": Times,
    "ms": Milliseconds,
}
Role = Literal["id", "number", "text", "guess", "class", "target", "label", "time", "ms"]
# Roles whose numbers are answers or measurements, in which codes for missing ones may hide.
_MEASURED = frozenset({"number", "guess", "target"})
Columns = str | Sequence[str]
_FIRST = 50
OPTIONAL = ("subject", "context")


@dataclass(slots=True)
class Source:
    """A file whose header was read.

    Attributes
    ----------
    layout
        How it is written.
    header
        Its column names.
    problems
        What is wrong with it so far.
    reading
        How it is to be read.
    marks
        The decimal marks of the number columns that were taken.
    joined
        Ids that several columns make together: their name to the columns.
    passed, inner
        Rows that are no data, once they were read; how many of them stand between others.
    marked
        Whether a column that is no id tells rows of practice from others.
    context
        The column of contexts, once it is known.
    cures
        What to do where a column is absent, if its reader knows.
    shared
        Columns to the question that they all ask, as for `find_table_codes`.
    answers
        Columns of which a row without an id must hold some; by default all of numbers.
    """

    layout: Layout
    header: list[str]
    problems: list[Problem]
    reading: Reading = AS_IT_IS
    marks: Marks = field(default_factory=Marks)
    joined: dict[str, tuple[str, ...]] = field(default_factory=dict)
    passed: list[Problem] = field(default_factory=list)
    inner: int = 0
    marked: bool = False
    context: str | None = None
    cures: dict[str, Text] = field(default_factory=dict)
    shared: Mapping[str, str] = field(default_factory=dict)
    answers: Sequence[str] = ()

    def has(self, *names: str) -> bool:
        """Return whether all these columns are there."""
        return set(names) <= set(self.header)

    def holds(self, columns: Columns | None) -> bool:
        """Return whether one column, or all that make one id, are there."""
        return columns is not None and self.has(
            *([columns] if isinstance(columns, str) else columns)
        )

    def join(self, names: Sequence[str]) -> str:
        """Return the name of the id that several columns make together (site 'A', person '7')."""
        if len(names) == 1:
            return names[0]
        name = ",".join(names)
        if not self.has(name):
            self.joined[name] = tuple(names)
        return name

    def take(
        self, roles: Mapping[str, Role], *, guarded: bool = True, apart: str | None = None
    ) -> Draft:
        """Read the columns that have a role; columns that are absent become problems.

        Parameters
        ----------
        roles
            Column to role.
        guarded
            Whether to warn of codes that stand far from all other numbers.
        apart
            The column of items, which have scales of their own.
        """
        ids = {name for name, role in roles.items() if role in {"id", "class"}}
        ids |= {part for name in ids for part in self.joined.get(name, ())}
        try:
            columns, rows, problems = self._feed(roles, ids, swift=self.layout.format == "text")
        except Mixed:
            self.marks = Marks(self.marks.thousands)
            columns, rows, problems = self._feed(roles, ids, swift=False)
        finished = [column.finish() for column in columns]
        # Not copied, so that the codes of ids are known where they lie.
        table = pd.DataFrame({str(series.name): series for series, _ in finished}, copy=False)
        found = [one for _, told in finished for one in told]
        answers = self.answers or [name for name, role in roles.items() if role == "number"]
        table, rows, passed, found = drop_hollow(table, rows, found, answers)
        problems += found
        remarks = [remark for column in columns for remark in column.remarks]
        said = [name for column in columns for name in column.said]
        told, codes = self._guard(table, rows, roles, guarded, apart)
        remarks, said = [*self.passed, *passed, *remarks, *told], said + codes
        for remark in place_problems(remarks, str(self.layout.path)):
            warn_user(remark)
        problems += self.marks.find_problems()
        if self.context in table:
            problems += judge_context(table[self.context], len(rows))
        if not len(rows) and not problems:
            problems.append(Problem(NO_ROWS, "Check the export."))
        return Draft(str(self.layout.path), table, rows, problems, tuple(said))

    def _feed(
        self, roles: Mapping[str, Role], ids: Collection[str], *, swift: bool
    ) -> tuple[list[Column], np.ndarray, list[Problem]]:
        """Return the columns with all their cells, the numbers of the rows, and problems so far."""
        named = [part for one in roles for part in self.joined.get(one, (one,))]
        problems = [*self.problems, *find_absent(named, self.header, self.cures)]
        columns: dict[str, tuple[list[int], Column]] = {}
        for name, role in roles.items():
            parts = self.joined.get(name, (name,))
            if self.has(*parts):
                places = [self.header.index(part) for part in parts]
                column = self._open_column(name, role)
                if isinstance(column, Words):
                    column.of_sheet = self.layout.sheet is not None
                if isinstance(column, Guessed):
                    column.swift = swift and not self.reading.labels
                columns[name] = (places, column)
        labels = {
            self.header.index(name): named
            for name, named in self.layout.labels.items()
            if name in self.header and roles.get(name) in {"id", "text", "class"}
        }
        numbers = [np.empty(0, np.int64)]
        parts = {place for held, _ in columns.values() for place in held}
        for batch in self.walk(problems, ids, parts):
            numbers.append(batch.numbers)
            for places, column in columns.values():
                cells = [batch.list_cells(place) for place in places]
                cells = [
                    [labels[place].get(cell, cell) for cell in held] if place in labels else held
                    for place, held in zip(places, cells, strict=True)
                ]
                column.feed(cells[0] if len(cells) == 1 else _join_cells(cells), batch.numbers)
        return [column for _, column in columns.values()], np.concatenate(numbers), problems

    def _open_column(self, name: str, role: Role) -> Column:
        if role == "id":
            return Ids(name)
        if role == "text":
            return Words(name)
        return _TYPED[role](name, Missing(self.reading.missing), self.marks, self.reading)

    def _guard(
        self,
        table: pd.DataFrame,
        rows: np.ndarray,
        roles: Mapping[str, Role],
        wanted: bool,
        apart: str | None,
    ) -> tuple[list[Problem], list[str]]:
        """Take labelled non-answers out of number columns; return what to know, and its names."""
        names, problems = [], []
        groups = table.get(apart) if apart else None
        for name, column in table.items():
            if roles[str(name)] not in _MEASURED or not pd.api.types.is_numeric_dtype(column):
                continue
            labels = self.layout.labels.get(str(name), {})
            silent = self.layout.silent.get(str(name), ())
            mute, problem = find_silent(str(name), column.to_numpy(float), rows, labels, silent)
            if problem is not None:
                table[name] = column.where(~mute)
                problems.append(problem)
            names.append(str(name))
        if not wanted:  # on a declared scale every answer is one
            return problems, ["*"]
        found = find_table_codes(table, names, rows, apart=groups, shared=self.shared)
        return problems + describe_codes(found), [name for one in found for name in name_codes(one)]

    def walk(
        self, problems: list[Problem], ids: Collection[str] = (), places: Collection[int] = ()
    ) -> Iterator[Batch]:
        """Yield the rows below the header that have its number of fields.

        Rows of practice are left out, unless ``ids`` name the column that says so; ``places`` are
        those of the columns that are needed, if not all.
        """
        found = walk_again(self.layout, tuple(self.header), ids, places)
        if found is None:
            found = Walked(set(), ids)
            yield from sift_rows(self.layout, self.header, found)
        yield from found.batches
        self.passed, self.inner, self.marked = [*found.passed], found.inner, found.marked
        problems += found.problems


def open_source(path: FilePaths, reading: Reading = AS_IT_IS, *, warned: bool = True) -> Source:
    """Read the header of a file, or of files, a folder or a pattern that are one table.

    What the reading passes over, which the layout's notes hold, is ``warned`` of.

    Raises
    ------
    DataError
        If it is no table that can be read.
    """
    place = take_files(path)
    parts = list_parts(place, reading)
    if len(parts) > 1:
        opened = [open_source(file, way, warned=False) for file, way in parts]
        layout = join_sources(place, opened, certain=not place.is_dir())
    else:
        layout = find_layout(*parts[0])
    header, problems, thousands = _read_header(layout)
    for note in layout.warned if warned else ():
        warn_user(Problem(note, file=str(layout.path)))
    return Source(layout, [*header], [*problems], reading, Marks(thousands))


@lru_cache(maxsize=64)
def _read_header(layout: Layout) -> tuple[tuple[str, ...], tuple[Problem, ...], str | None]:
    """Return the names of a file's columns, what is wrong with it, and its mark for thousands."""
    problems = list(layout.problems)
    head = next(read_batches(layout, problems, size=1), None)
    if head is None:
        problems = problems or [Problem("the file has no rows.", "Check the export.")]
        raise DataError([replace(problem, file=str(layout.path)) for problem in problems])
    names = head.rows[0]
    above = layout.header.above
    if above:
        names = [join_title(*pair) for pair in zip_longest(above, names, fillvalue="")]
    first = next(iter(islice(read_batches(layout, [], size=_FIRST), 1))).rows
    # Where the header ends in a separator, every row does.
    opened = len(names) > 1 and not names[-1].strip()
    if layout.sheet is None and opened and all(not row[-1].strip() for row in first[1:2]):
        names = names[:-1]
    elif layout.separator not in {None, ","} and names_rows(first):
        names = ["row", *names]
    header = name_columns(names, layout.sheet is not None)
    found = (*layout.problems, *find_twins(header, head.numbers[0]))
    return tuple(header), found, find_thousands(first[1:])


def read_others(source: Source, used: Iterable[str]) -> pd.DataFrame:
    """Return the columns of a file that were not used, as texts."""
    again = open_source(source.layout.path, source.reading, warned=False)
    taken = {part for one in used for part in source.joined.get(one, (one,))}
    rest = [name for name in source.header if name not in taken]
    with warnings.catch_warnings(action="ignore"):
        return again.take(give_role(rest, "text"), guarded=False).table


def give_role(names: Iterable[str], role: Role) -> dict[str, Role]:
    """Return the same role for each of some columns."""
    return dict.fromkeys(names, role)


def _join_cells(parts: Sequence[Sequence[str]]) -> list[str]:
    # A doubled colon keeps "a:b" and "c" apart from "a" and "b:c".
    return [
        ":".join(part.strip().replace(":", "::") for part in row) if all(row) else ""
        for row in zip(*parts, strict=True)
    ]


def pick_roles(
    source: Source,
    named: Mapping[str, Columns | None],
    taken: Iterable[str] = (),
    *,
    numbered: bool = False,
) -> dict[str, str]:
    """Return canonical name -> column; an unnamed subject or context is found by its name.

    A column that was named for something else is not found so.

    Parameters
    ----------
    source
        The file.
    named
        Canonical name -> the caller's column, or columns that make one id; None if the caller
        named none.
    taken
        Columns that the caller named for anything else.
    numbered
        Whether a file without a clip column has one clip a row, so that nothing is its id; "clip"
        is what a caller gets who named none.
    """
    found = {}
    if numbered and named["clip"] == "clip" and "clip" not in map(str.casefold, source.header):
        named = {role: column for role, column in named.items() if role != "clip"}
    listed = [[one] if isinstance(one, str) else list(one) for one in named.values() if one]
    used = {*taken, *(part for one in listed for part in one)}
    for role, column in named.items():
        if role == column == "rater" and source.has(FROM_FILE) and not source.has("rater"):
            found[role] = FROM_FILE
        elif column is not None:
            found[role] = column if isinstance(column, str) else source.join(list(column))
        elif role in OPTIONAL and source.has(role) and role not in used:
            found[role] = role
    source.context = found.get("context")
    return found
