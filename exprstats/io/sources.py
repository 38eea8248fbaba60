"""The path of a file to a table: header, column roles, draft and problems."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import compress
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.errors import DataError, Option, OptionError, Problem, Text, warn_user
from exprstats.io.columns import (
    Classes,
    Column,
    Guessed,
    Ids,
    Numbers,
    Predicted,
    Target,
    Words,
    unescape,
)
from exprstats.io.numbers import Marks, Missing
from exprstats.io.records import Batch, Layout, find_layout, read_batches
from exprstats.options import name_nearest

FilePath = str | os.PathLike[str]
_TYPED = {
    "number": Numbers,
    "guess": Guessed,
    "class": Classes,
    "target": Target,
    "label": Predicted,
}
Role = Literal["id", "number", "text", "guess", "class", "target", "label"]
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
    marks
        The decimal marks of the number columns that were taken.
    """

    layout: Layout
    header: list[str]
    problems: list[Problem]
    marks: Marks = field(default_factory=Marks)

    def has(self, *names: str) -> bool:
        """Return whether all these columns are there."""
        return set(names) <= set(self.header)

    def take(self, roles: Mapping[str, Role], missing: Missing) -> Draft:
        """Read the columns that have a role; columns that are absent become problems."""
        problems = [*self.problems, *self._find_absent(roles)]
        columns = {
            self.header.index(name): _open_column(name, role, missing, self.marks)
            for name, role in roles.items()
            if name in self.header
        }
        labels = {
            self.header.index(name): named
            for name, named in self.layout.labels.items()
            if roles.get(name) in {"id", "text", "class"}
        }
        numbers = [np.empty(0, np.int64)]
        for batch in self.walk(problems):
            numbers.append(batch.numbers)
            for place, column in columns.items():
                cells = [row[place] for row in batch.rows]
                if place in labels:
                    cells = [labels[place].get(cell, cell) for cell in cells]
                column.feed(cells, batch.numbers)
        finished = [column.finish() for column in columns.values()]
        for _, found in finished:
            problems += found
        for remark in (remark for column in columns.values() for remark in column.remarks):
            warn_user(replace(remark, file=str(self.layout.path)))
        problems += self.marks.find_problems()
        rows = np.concatenate(numbers)
        if not len(rows) and not problems:
            fact = "the file has a header but no rows."
            problems.append(Problem(fact, "Check the export."))
        table = pd.DataFrame({str(series.name): series for series, _ in finished})
        return Draft(str(self.layout.path), table, rows, problems)

    def walk(self, problems: list[Problem]) -> Iterator[Batch]:
        """Yield the rows below the header that have its number of fields."""
        width = len(self.header)
        ragged: list[tuple[int, int]] = []
        first = True
        for batch in read_batches(self.layout, problems):
            rows, numbers = batch.rows, batch.numbers
            if first:
                rows, numbers, first = rows[1:], numbers[1:], False
            if self.layout.format == "xlsx":
                rows = [_fit_row(row, width) for row in rows]
            lengths = np.fromiter(map(len, rows), np.int64, len(rows))
            fits = lengths == width
            if not fits.all():
                wrong = zip(numbers[~fits].tolist(), lengths[~fits].tolist(), strict=True)
                ragged += list(wrong)
                rows, numbers = list(compress(rows, fits)), numbers[fits]
            if rows:
                yield Batch(rows, numbers)
        if ragged:
            problems.append(_describe_ragged(ragged, width))

    def _find_absent(self, roles: Mapping[str, Role]) -> list[Problem]:
        return [
            Problem(f"there is no column '{name}'.", name_nearest(name, self.header))
            for name in roles
            if name not in self.header
        ]


def open_source(path: FilePath) -> Source:
    """Read the header of a file.

    Raises
    ------
    DataError
        If it is no table that can be read.
    """
    layout = find_layout(Path(path))
    problems = list(layout.problems)
    head = next(read_batches(layout, problems, size=1), None)
    if head is None:
        problems = problems or [Problem("the file has no rows.", "Check the export.")]
        raise DataError([replace(problem, file=str(path)) for problem in problems])
    if layout.format == "xlsx":
        for note in layout.notes:
            warn_user(f"{path}: {note}")
    header = _name_columns(head.rows[0], layout.format == "xlsx")
    problems = [*layout.problems, *_find_twins(header, head.numbers[0])]
    return Source(layout, header, problems)


def give_role(names: Iterable[str], role: Role) -> dict[str, Role]:
    """Return the same role for each of some columns."""
    return dict.fromkeys(names, role)


def _open_column(name: str, role: Role, missing: Missing, marks: Marks) -> Column:
    if role == "id":
        return Ids(name)
    if role == "text":
        return Words(name)
    return _TYPED[role](name, missing, marks)


def _name_columns(cells: list[str], trim: bool) -> list[str]:
    names = [unescape(cell.strip()) for cell in cells]
    while trim and names and not names[-1]:
        names.pop()
    return [name or f"column_{place}" for place, name in enumerate(names, start=1)]


def _find_twins(header: list[str], row: int) -> list[Problem]:
    places: dict[str, list[int]] = {}
    for place, name in enumerate(header, start=1):
        places.setdefault(name, []).append(place)
    return [
        Problem(
            f"the header names '{name}' {len(held)} times (columns {', '.join(map(str, held))}).",
            "Give each column its own name.",
            column=name,
            rows=(row,),
        )
        for name, held in places.items()
        if len(held) > 1
    ]


def _fit_row(row: list[str], width: int) -> list[str]:
    """Return a worksheet's row at the header's width; only empty cells are cut off."""
    if len(row) < width:
        return [*row, *[""] * (width - len(row))]
    return row[:width] if not any(row[width:]) else row


def _describe_ragged(ragged: list[tuple[int, int]], width: int) -> Problem:
    rows = tuple(number for number, _ in ragged)
    number, fields = ragged[0]
    remedy = "Check these rows for missing or unquoted separators; the file may be cut off."
    if all(count == width + 1 for _, count in ragged):
        remedy = "Quote texts that hold the separator, or give the first column a name."
    fact = (
        f"{count_things(len(ragged), 'row differs', 'rows differ')}"
        f" from the header's {width} fields: row {number} has {fields}."
    )
    return Problem(fact, remedy, rows=rows)


@dataclass(slots=True)
class Draft:
    """A table that was read, and everything that is wrong with it.

    Attributes
    ----------
    file
        As the caller named it.
    table
        One row for each row of the file.
    rows
        (n,) the number of each row in the file.
    problems
        What was found so far.
    """

    file: str
    table: pd.DataFrame
    rows: np.ndarray
    problems: list[Problem]

    def add(self, fact: str, remedy: Text, column: str | None, where: np.ndarray) -> None:
        """Note a problem of the rows where a mask (n,) holds, if it holds anywhere."""
        if where.any():
            rows = tuple(self.rows[where].tolist())
            self.problems.append(Problem(fact, remedy, column=column, rows=rows))

    def check_scale(self, column: str, scale: tuple[float, float] | None) -> None:
        """Note the values of a number column that lie outside a declared scale.

        Raises
        ------
        OptionError
            If the scale's ends are not in order.
        """
        if scale is None or column not in self.table.columns:
            return
        low, high = scale
        if not low < high:
            message = f"scale is {low:g} to {high:g}; the lowest answer must come first."
            raise OptionError(message, option="scale")
        values = self.table[column].to_numpy(float)
        outside = (values < low) | (values > high)
        shown = ", ".join(f"{value:g}" for value in pd.unique(values[outside])[:3])
        counted = count_things(outside.sum(), "value lies", "values lie")
        fact = f"{counted} outside the scale {low:g} to {high:g}: {shown}."
        remedy = (
            "Correct them, or declare codes such as 99 missing with ",
            Option("missing"),
            ".",
        )
        self.add(fact, remedy, column, outside)

    def find_repeats(self, key: Sequence[str], remedy: Text) -> None:
        """Note the rows whose key another row has too, if the table has the whole key."""
        if not set(key) <= set(self.table.columns):
            return
        repeated = self.table.duplicated(list(key), keep=False).to_numpy()
        if repeated.any():
            cases = self.table.loc[repeated, list(key)].drop_duplicates()
            shown = "; ".join(
                ", ".join(f"{name} '{value}'" for name, value in zip(key, row, strict=True))
                for row in cases.head(5).to_numpy()
            )
            counted = count_things(len(cases), "case stands", "cases stand")
            fact = f"{counted} more than once: {shown}."
            self.add(fact, remedy, None, repeated)

    def keep(self, rows: np.ndarray) -> None:
        """Keep the rows where a mask (n,) holds."""
        self.table, self.rows = self.table[rows].reset_index(drop=True), self.rows[rows]

    def finish(self) -> pd.DataFrame:
        """Return the table.

        Raises
        ------
        DataError
            If anything is wrong, with all of it.
        """
        if self.problems:
            raise DataError([replace(problem, file=self.file) for problem in self.problems])
        return self.table


def pick_roles(source: Source, named: Mapping[str, str | None]) -> dict[str, str]:
    """Return canonical name -> column; an unnamed subject or context is found by its name.

    Parameters
    ----------
    source
        The file.
    named
        Canonical name -> the caller's column, None if the caller named none.
    """
    found = {}
    for role, column in named.items():
        if column is not None:
            found[role] = column
        elif role in OPTIONAL and source.has(role):
            found[role] = role
    return found


def list_names(names: str | Iterable[str], ids: Mapping[str, str]) -> list[str]:
    """Return the names of number columns, each once; a single text is one name.

    Parameters
    ----------
    names
        Number columns.
    ids
        Canonical name -> id column.

    Raises
    ------
    OptionError
        If none is named, or a column is to be both an id and a number.
    """
    listed = list(dict.fromkeys([names] if isinstance(names, str) else names))
    if not listed:
        message = "no number column is named. Name at least one."
        raise OptionError(message)
    for role, column in ids.items():
        if column in listed:
            message = f"column '{column}' cannot be the {role} and hold numbers. Name another."
            raise OptionError(message)
    return listed


def refuse_hidden(roles: Mapping[str, str], names: Iterable[str]) -> None:
    """Refuse a wanted column whose name another column takes over, as it would be lost.

    Parameters
    ----------
    roles
        Canonical name -> column of the file.
    names
        Columns that are wanted under their own names.

    Raises
    ------
    OptionError
        With both columns.
    """
    for name in names:
        column = roles.get(name, name)
        if column != name:
            message = (
                f"column '{name}' cannot be read beside '{column}', which becomes the {name}. "
                "Give it another name in the file."
            )
            raise OptionError(message)


def rename_roles(draft: Draft, roles: Mapping[str, str]) -> None:
    """Give the columns their canonical names, ids first; a foreign column of that name goes.

    Parameters
    ----------
    draft
        A table under the file's own names.
    roles
        Canonical name -> column of the file.
    """
    table = draft.table
    lost = [name for name in roles if name in table.columns and name not in roles.values()]
    for name in lost:
        fact = f"the file's own column is left out, because '{roles[name]}' is the {name}."
        warn_user(Problem(fact, file=draft.file, column=name))
    ids = {name: table[column] for name, column in roles.items()}
    rest = [name for name in table.columns if name not in {*roles.values(), *lost}]
    draft.table = pd.concat([pd.DataFrame(ids, index=table.index), table[rest]], axis=1)


def lacks_clips(source: Source, clip: str | None) -> bool:
    """Return whether a file has no clip column, so that each row counts as a clip.

    Parameters
    ----------
    source
        The file.
    clip
        The column that the caller named; "clip" is what a caller gets who named none.
    """
    return clip == "clip" and not any(name.casefold() == "clip" for name in source.header)


def number_rows(count: int) -> pd.api.extensions.ExtensionArray:
    """Return the row numbers as ids, for files without a clip column."""
    return pd.array([str(row) for row in range(1, count + 1)], dtype="str")
