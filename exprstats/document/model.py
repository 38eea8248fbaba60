"""The report before it is any file: sections with sentences, tables, figures and caveats.

Results are turned into these in one place and rendered to a file format in another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from exprstats.document.cells import Row, list_records
from exprstats.document.text import Text, say

if TYPE_CHECKING:
    import pandas as pd

Part = TypeVar("Part")


@dataclass(frozen=True, slots=True)
class Column:
    """A printed column.

    Attributes
    ----------
    key
        The column of the table's cells.
    heading
        What is printed above it.
    spanner
        A heading over this column and its neighbours with the same spanner; empty for none.
    words
        Whether it holds words (set left) and not numbers (set right).
    write
        Writes its cell of a row, where the table is filled column by column.
    """

    key: str
    heading: Text
    spanner: str = ""
    words: bool = False
    write: Callable[[dict[Any, Any]], str] | None = field(default=None, compare=False, repr=False)


def list_columns(
    spanner: str = "", /, *, words: int = 0, **headings: str | Text
) -> tuple[Column, ...]:
    """Return columns by key with their headings, the first ``words`` of them for words.

    Examples
    --------
    >>> [(one.key, one.words) for one in list_columns("Fit", words=1, model="Model", p="*p*")]
    [('model', True), ('p', False)]
    """
    return tuple(
        Column(key, say(one) if isinstance(one, str) else one, spanner, words=place < words)
        for place, (key, one) in enumerate(headings.items())
    )


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A numbered table of texts.

    Attributes
    ----------
    name
        Short name, for references and the file; no two tables of a document share one.
    title
        Printed in italics below the number.
    columns
        The printed columns, in order.
    cells
        One row a printed row, texts only, columns by key.
    group
        Key of a column whose values head blocks of rows; None for no blocks.
    notes
        Printed below.
    rows
        The tidy rows behind the table, in full precision.
    main
        Whether it belongs to the main text; the others are numbered as those of an appendix.
    number
        As printed: "1" or "A1"; a document gives it (`number_document`).
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    cells: pd.DataFrame
    group: str | None = None
    notes: tuple[Text, ...] = ()
    rows: pd.DataFrame | None = None
    main: bool = False
    number: str = ""

    @property
    def stem(self) -> str:
        """Return the name of its file, without an ending."""
        return f"table{self.number}_{self.name}"


@dataclass(frozen=True, slots=True, eq=False)
class Figure:
    """A numbered figure.

    Attributes
    ----------
    name, title, notes, main, number
        As of a table.
    draw
        Draws it when it is needed: a function without arguments that returns what
        `exprstats.plots.save_figure` takes.
    words
        What it shows, for those who cannot see it.
    """

    name: str
    title: str
    draw: Callable[[], Any]
    words: Text
    notes: tuple[Text, ...] = ()
    main: bool = False
    number: str = ""

    @property
    def stem(self) -> str:
        """Return the name of its file, without an ending."""
        return f"figure{self.number}_{self.name}"


class Block(NamedTuple):
    """Rows of a table below one label; None for none."""

    label: str | None
    rows: list[Row]


class Spanner(NamedTuple):
    """A heading over neighbouring columns; empty for none."""

    label: str
    width: int


def list_blocks(table: Table) -> list[Block]:
    """Return the rows of a table in the blocks in which they are printed."""
    rows, key = list_records(table.cells), table.group
    if key is None:
        return [Block(None, rows)]
    return [Block(label, list(own)) for label, own in groupby(rows, key=lambda row: row[key])]


def list_spanners(table: Table) -> list[Spanner]:
    """Return the headings over columns, in order; none where no column has one."""
    if not any(column.spanner for column in table.columns):
        return []
    return [
        Spanner(label, len(list(columns)))
        for label, columns in groupby(table.columns, key=lambda column: column.spanner)
    ]


def refer_to(*shown: Table | Figure) -> Text:
    """Return the sentence that refers to tables and figures, in their order."""
    named = ", ".join(f"{type(one).__name__} {one.name}" for one in shown)
    return say(f"See <{named}>.")


def keep(*parts: Part | None) -> tuple[Part, ...]:
    """Return the sentences, tables or figures that there are.

    Examples
    --------
    >>> keep("It held.", None)
    ('It held.',)
    """
    return tuple(one for one in parts if one is not None)


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """A part of the report under one heading.

    Attributes
    ----------
    name
        Short name, the anchor of links.
    title
        The heading.
    sentences
        Paragraphs above the tables.
    caveats
        What a number above or below needs so that it is not misread.
    points
        List items below the paragraphs.
    tables, figures
        In printed order.
    steps
        Commands or actions to take next, each a text of its own.
    """

    name: str
    title: str
    sentences: tuple[Text, ...] = ()
    caveats: tuple[Text, ...] = ()
    points: tuple[Text, ...] = ()
    tables: tuple[Table, ...] = ()
    figures: tuple[Figure, ...] = ()
    steps: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """A whole report.

    Attributes
    ----------
    title
        The study's title.
    banners
        What a reader must know before any number, at the top.
    sections
        In printed order.
    references
        The works cited, alphabetically.
    appendix
        Further tables and figures, by the section that they belong to.
    """

    title: str
    banners: tuple[Text, ...] = ()
    sections: tuple[Section, ...] = ()
    references: tuple[Text, ...] = ()
    appendix: tuple[Section, ...] = ()
