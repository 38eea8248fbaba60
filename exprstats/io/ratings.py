"""The RATINGS table from files, long or wide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.errors import Option, OptionError, Problem, warn_user
from exprstats.io.numbers import Missing
from exprstats.io.sources import (
    Draft,
    FilePath,
    Source,
    give_role,
    lacks_clips,
    list_names,
    number_rows,
    open_source,
    pick_roles,
)
from exprstats.options import Duplicates, check_word, name_nearest

_KEY = ("context", "clip", "rater", "item")
_ORDER = ("context", "clip", "rater", "item", "subject", "rating")


@dataclass(frozen=True, slots=True)
class _Shape:
    """Where a rating file keeps its parts.

    Attributes
    ----------
    ids
        Canonical name -> column.
    numbers
        Rating columns.
    spread
        What the rating columns stand for: ``"item"``, ``"rater"``, or None for a long file that
        has both as columns.
    label
        The item's name in a wide file.
    numbered
        Whether the row number is the clip.
    """

    ids: Mapping[str, str]
    numbers: tuple[str, ...]
    spread: str | None
    label: str
    numbered: bool


def read_ratings(
    path: FilePath,
    *,
    clip: str = "clip",
    rater: str = "rater",
    raters: Sequence[str] | None = None,
    rating: str | None = None,
    items: Sequence[str] | None = None,
    subject: str | None = None,
    context: str | None = None,
    scale: tuple[float, float] | None = None,
    duplicates: Duplicates = "error",
    missing: Iterable[str | float] = (),
) -> pd.DataFrame:
    r"""Read ratings from a long or a wide file.

    A long file has one row a rating (``rating``, by default the column "rating"; a column "item"
    is taken up), or one row a clip and rater with several rating columns (``items``). A wide file
    has one row a clip and one column a judge (``raters``); without a clip column its row number
    is the clip, and empty cells are ratings that nobody gave.

    Parameters
    ----------
    path
        Delimited text, .xlsx or SPSS .sav.
    clip, rater
        Columns of the clip's and the rater's id.
    raters
        The judges' columns of a wide file.
    rating
        The rating column of a long file.
    items
        Several rating columns, one an item; or, in a file with columns "item" and "rating", the
        items to keep.
    subject, context
        Columns; by default "subject" and "context" where the file has them.
    scale
        Lowest and highest answer; ratings outside are an error.
    duplicates
        What to do where a rater rated an item of a clip twice: ``"error"``, ``"mean"``,
        ``"first"``.
    missing
        Further texts or numbers that stand for a missing rating, beside empty, NA, NaN and ".".

    Returns
    -------
    pandas.DataFrame
        RATINGS: ``context``?, ``clip``, ``rater``, ``item``, ``subject``?, ``rating``.

    Raises
    ------
    DataError
        With every problem of the file.
    OptionError
        If the options contradict each other.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> path = Path(tempfile.mkdtemp()) / "wide.csv"
    >>> _ = path.write_text("clip,A,B\na,1,2\nb,4,\n")
    >>> read_ratings(path, raters=["A", "B"])[["clip", "rater", "rating"]].to_numpy().tolist()
    [['a', 'A', 1.0], ['a', 'B', 2.0], ['b', 'A', 4.0]]
    """
    check_word(duplicates, Duplicates, "duplicates")
    if raters is not None and items is not None:
        judges = (Option("raters"), " (one column a judge) and ")
        raise OptionError(*judges, Option("items"), " (one column an item) exclude each other.")
    source = open_source(path)
    named = {"clip": clip, "rater": rater, "subject": subject, "context": context}
    shape = _find_shape(source, named, raters=raters, rating=rating, items=items)
    roles = give_role(shape.ids.values(), "id") | give_role(shape.numbers, "number")
    draft = source.take(roles, Missing(missing))
    for column in shape.numbers:
        draft.check_scale(column, scale)
    if not {*shape.ids.values(), *shape.numbers} <= set(draft.table.columns):
        return draft.finish()
    draft = _lengthen(draft, shape)
    if shape.spread is None and items is not None:
        _keep_items(draft, list_names(items, {}))
    _settle_repeats(draft, duplicates)
    return draft.finish()


def _find_shape(
    source: Source,
    named: Mapping[str, str | None],
    *,
    raters: Sequence[str] | None,
    rating: str | None,
    items: Sequence[str] | None,
) -> _Shape:
    wide = raters is not None
    wanted = ("clip", "subject", "context") if wide else ("clip", "rater", "subject", "context")
    ids = pick_roles(source, {name: named[name] for name in wanted})
    if raters is not None:
        numbered = lacks_clips(source, named["clip"])
        if numbered:
            del ids["clip"]
        judges = tuple(list_names(raters, ids))
        return _Shape(ids, judges, "rater", rating or "rating", numbered)
    column = rating or "rating"
    names = list_names(column if items is None else items, ids)
    if source.has("item", column) and not (items is not None and source.has(*names)):
        return _Shape(ids | {"item": "item"}, (column,), None, "", False)
    return _Shape(ids, tuple(names), "item", "", False)


def _lengthen(draft: Draft, shape: _Shape) -> Draft:
    """Return one row a rating, under the canonical names."""
    table, width = draft.table, len(shape.numbers)
    columns = {name: table[column] for name, column in shape.ids.items()}
    if shape.numbered:
        columns["clip"] = pd.Series(number_rows(len(table)))
    places = np.repeat(np.arange(len(table)), width)
    long = pd.DataFrame(columns).take(places).reset_index(drop=True)
    if shape.spread:
        names = pd.array(shape.numbers, dtype="str")
        long[shape.spread] = names.take(np.tile(np.arange(width), len(table)))
    if shape.spread == "rater":
        long["item"] = shape.label
    long["rating"] = table[list(shape.numbers)].to_numpy(float).ravel()
    long = long[[name for name in _ORDER if name in long.columns]]
    rows, problems = draft.rows[places], list(draft.problems)
    long_draft = Draft(draft.file, long, rows, problems)
    if shape.spread == "rater":
        _drop_empty(long_draft, width)
    return long_draft


def _drop_empty(draft: Draft, width: int) -> None:
    """Drop the cells of a wide file that hold no rating, and say so of clips without any."""
    given = draft.table["rating"].notna().to_numpy()
    unrated = ~given.reshape(-1, width).any(axis=1)
    if unrated.any():
        rows = tuple(draft.rows[::width][unrated].tolist())
        counted = count_things(unrated.sum(), "clip has", "clips have")
        fact = f"{counted} no rating: left out."
        warn_user(Problem(fact, file=draft.file, rows=rows))
    draft.keep(given)


def _keep_items(draft: Draft, items: Sequence[str]) -> None:
    present = draft.table["item"]
    for name in items:
        if not (present == name).any():
            fact = f"there is no item '{name}'."
            draft.problems.append(
                Problem(fact, name_nearest(name, present.unique()), column="item")
            )
    draft.keep(present.isin(list(items)).to_numpy())


def _settle_repeats(draft: Draft, duplicates: Duplicates) -> None:
    key = [name for name in _KEY if name in draft.table.columns]
    if duplicates == "error":
        either = (Option("duplicates", "mean"), " or ", Option("duplicates", "first"))
        remedy = ("Remove the repeats, or use ", *either, ".")
        draft.find_repeats(key, remedy)
        return
    again = draft.table.duplicated(key).to_numpy()
    if duplicates == "mean" and again.any():
        means = draft.table.groupby(key, sort=False)["rating"].transform("mean")
        draft.table = draft.table.assign(rating=means)
    draft.keep(~again)
