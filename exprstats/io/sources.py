"""One file on its way to a table: header, roles of the columns, draft, all problems at once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import compress
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from exprstats.errors import DataError, Problem, warn_user
from exprstats.io.classes import Classes, Predicted, Target
from exprstats.io.columns import Column, Words, unescape
from exprstats.io.decimals import Marks
from exprstats.io.drafts import Draft
from exprstats.io.ids import Ids
from exprstats.io.numbers import Missing
from exprstats.io.quantities import Guessed, Numbers
from exprstats.io.records import Batch, Layout, find_layout, read_batches
from exprstats.numerals import count_things
from exprstats.words import name_nearest

FilePath = str | os.PathLike[str]
_TYPED = {
    "number": Numbers,
    "guess": Guessed,
    "class": Classes,
    "target": Target,
    "label": Predicted,
}
Role = Literal["id", "number", "text", "guess", "class", "target", "label"]


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
            message = str(replace(remark, file=str(self.layout.path)))
            warn_user(message)
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
