"""Guards of tables that verbs are given, which say nothing again that a reader has said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.codes import PROBE, Codes, encode_columns, explain_breach, find_places, recall_codes
from exprstats.contracts import require_columns
from exprstats.errors import DataError, Problem, warn_user
from exprstats.io.guards.codes import Outlying, find_codes, find_shared
from exprstats.io.guards.ids import Finding, are_plain, judge_ids, name_ids
from exprstats.options import check_columns

# Of a table's attributes: what was said of it before.
_MARK = "exprstats"
_ALL = "*"
_FEWEST = 10


_TRUSTED: ContextVar[bool] = ContextVar("trusted", default=False)


@contextmanager
def trust_readers() -> Iterator[None]:
    """Let guards of tables be silent inside, where every table comes from a file.

    Readers warn of what a file holds, with its rows and the option that helps. What commands and
    studies make of it has nothing new to be warned of.
    """
    token = _TRUSTED.set(True)
    try:
        yield
    finally:
        _TRUSTED.reset(token)


class _Said(tuple[str, ...]):
    """Names of findings, which pandas need not copy with a table that they are attached to."""

    def __deepcopy__(self, memo: object) -> _Said:
        return self


def mark_said(table: pd.DataFrame, said: Iterable[str] = (_ALL,)) -> pd.DataFrame:
    """Return the table with what was said of it, so that verbs do not say it again.

    Parameters
    ----------
    table
        Any; it is not changed.
    said
        Names of findings, as `name_codes` and `name_ids` give them; by default all there can be,
        as of a table that was computed.
    """
    marked = table.copy(deep=False)
    marked.attrs = {**table.attrs, _MARK: _Said(sorted(set(said)))}
    return marked


def name_codes(found: Outlying) -> list[str]:
    """Return names of the codes of a column, by which they are known again."""
    return [f"code {code:g}" for code in found.codes]


def guard_table(
    table: pd.DataFrame,
    *,
    ids: Iterable[str] = (),
    numbers: Iterable[str] = (),
    apart: str | np.ndarray | None = None,
    strict: bool = False,
    quiet: bool = False,
    passed: Iterable[str] = (),
) -> pd.DataFrame:
    """Return a table with clean ids, and warn of codes among its numbers and of changed ids.

    Readers guard what they read by the same rules, so that a table from a reader is warned of
    once.

    Parameters
    ----------
    table
        Any DataFrame; it is not changed.
    ids, numbers
        Columns of ids and of numbers, as far as the table has them.
    apart
        A column whose values have scales of their own, such as ``"item"``, or its codes (n,).
    strict
        Whether findings are errors.
    quiet
        Whether ids are cleaned without a word, as of a second table.
    passed
        Kinds of `Finding` that the verb treats itself.

    Returns
    -------
    pandas.DataFrame
        The table, with ids in NFC, without invisible characters and outer blanks; its own index.

    Raises
    ------
    DataError
        If ids lost digits in a spreadsheet; with ``strict``, all findings.

    Warns
    -----
    DataWarning
        Codes far from all other values, ids that were merged, padded, or made dates.

    Examples
    --------
    >>> ratings = pd.DataFrame({"clip": ["a ", "b"], "rater": ["x", "y"], "rating": [1.0, 2.0]})
    >>> guard_table(ratings, ids=["clip", "rater"], numbers=["rating"])["clip"].tolist()
    ['a', 'b']
    """
    ids = [*ids]
    check_columns(*ids)
    if not isinstance(table, pd.DataFrame):
        return table
    said = set(table.attrs.get(_MARK, ()))
    if _ALL in said:
        return table
    cleaned: dict[str, pd.Series] = {}
    lost: list[Problem] = []
    told: list[Problem] = []
    for name in _list_columns(table, ids):
        column, findings = _guard_ids(table[name], said)
        if column is not None:
            cleaned[name] = column
        lost += [one for kind, one in findings if kind == "lost"]
        told += [one for kind, one in findings if kind not in {"lost", *passed}]
    silent = quiet or _TRUSTED.get()
    if strict or not silent:
        found = find_table_codes(table, _list_columns(table, numbers), apart=_pick(table, apart))
        for one in found:
            if not said.issuperset(name_codes(one)):
                told.append(_describe(replace(one, rows=tuple(row + 1 for row in one.rows))))
    if lost or (strict and told):
        raise DataError([*lost, *(told if strict else ())])
    for problem in () if silent else told:
        warn_user(problem)
    return mark_said(table.assign(**cleaned) if cleaned else table)


_RATED = ("context", "clip", "rater", "item", "subject")


def guard_ratings(ratings: pd.DataFrame, *others: str | None) -> pd.DataFrame:
    """Return RATINGS as `guard_table` does; ``others`` are further columns of ids."""
    ids = (*_RATED, *(name for name in others if name is not None))
    return guard_table(ratings, ids=ids, numbers=["rating"], apart="item")


def code_ratings(
    ratings: pd.DataFrame, by: str | None = None, cluster: str | None = None
) -> tuple[pd.DataFrame, dict[str, Codes]]:
    """Return RATINGS as `guard_ratings` does, and codes of the ids.

    Each column of ids is read once; only where the levels are not plain the guard looks at all.

    Raises
    ------
    DataError
        The table breaks its contract.
    """
    require_columns(ratings, [], "ratings")
    codes = encode_columns(ratings, by, cluster)
    if codes is not None and all(
        pd.api.types.is_numeric_dtype(one.levels.dtype) or are_plain(one.levels.tolist())
        for one in codes.values()
    ):
        rest = [name for name in _RATED if name not in codes]
        items = codes["item"].codes
        return guard_table(ratings, ids=rest, numbers=["rating"], apart=items), codes
    ratings = guard_ratings(ratings, by, cluster)
    codes = encode_columns(ratings, by, cluster)
    if codes is None:
        explain_breach(ratings, by, cluster)
    return ratings, codes


def find_table_codes(
    table: pd.DataFrame,
    names: Sequence[str],
    rows: np.ndarray | None = None,
    *,
    apart: pd.Series | np.ndarray | None = None,
    shared: Mapping[str, str] = MappingProxyType({}),
) -> list[Outlying]:
    """Return codes far from the other values of some columns, or above the scale that they share.

    ``rows`` and ``apart`` are as for `find_all_codes`; columns that ask one question of ``shared``,
    as of one clip each, are one column.
    """
    rows = np.arange(len(table)) if rows is None else rows
    single = [name for name in names if name not in shared]
    found = [one for name in single for one in find_all_codes(name, table[name], rows, apart=apart)]
    for question in dict.fromkeys(shared.values()):
        alike = [name for name in names if shared.get(name) == question]
        found += _find_spread(table, alike, rows)
    if shared:
        return found
    series = {name: table[name] for name in names}
    columns = {
        name: column.to_numpy(float, na_value=np.nan)
        for name, column in series.items()
        if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    }
    told = {one.column for one in found}
    return found + [one for one in find_shared(columns, rows) if one.column not in told]


def _find_spread(table: pd.DataFrame, names: Sequence[str], rows: np.ndarray) -> list[Outlying]:
    """Return codes of columns that are one question, in each of them."""
    columns = {name: table[name].to_numpy(float, na_value=np.nan) for name in names}
    whole = np.concatenate([np.empty(0), *columns.values()])
    found = find_codes("", whole, np.arange(len(whole)))
    if found is None:
        return []
    held = {name: np.isin(values, found.codes) for name, values in columns.items()}
    return [
        replace(found, column=name, rows=tuple(rows[where].tolist()))
        for name, where in held.items()
        if where.any()
    ]


def find_all_codes(
    name: str,
    column: pd.Series,
    rows: np.ndarray | None = None,
    *,
    apart: pd.Series | np.ndarray | None = None,
) -> Iterator[Outlying]:
    """Yield codes far from the other values of a column, and of each group of its own scale.

    A code of one group (n,), such as an item, or of the codes ``apart``, is none where it is an
    ordinary value of another, or of the whole column. ``rows`` (n,) are those of the file.
    """
    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        return
    rows = np.arange(len(column)) if rows is None else rows
    values = column.to_numpy(float, na_value=np.nan)
    groups = np.zeros(0, int) if apart is None else apart
    groups = groups if isinstance(groups, np.ndarray) else pd.factorize(groups)[0]
    kinds = int(groups.max(initial=-1)) + 1
    if kinds < 2:
        whole = find_codes(name, values, rows)
        yield from [whole] if whole else []
        return
    places = find_places(groups, kinds)
    found = [
        find_codes(name, values[inside], rows[inside]) if len(rows[inside]) >= _FEWEST else None
        for inside in places
    ]
    if not any(found):
        return
    core: set[float] = set()
    for one, inside in zip(found, places, strict=True):
        known = np.unique(values[inside]).tolist()
        core.update(value for value in known if one is None or value not in one.codes)
    own = [one for one in found if one and not core.intersection(one.codes)]
    yield from _join(own)


def _join(found: Sequence[Outlying]) -> Iterator[Outlying]:
    """Yield the findings of groups, those with the same codes as one."""
    for codes in dict.fromkeys(one.codes for one in found):
        alike = [one for one in found if one.codes == codes]
        low, high = min(one.low for one in alike), max(one.high for one in alike)
        rows = tuple(sorted(row for one in alike for row in one.rows))
        yield Outlying(alike[0].column, codes, low, high, rows)


def _describe(found: Outlying) -> Problem:
    """Return the warning of codes in a table, with what a person can do about them there."""
    shown = " and ".join(f"{code:g}" for code in found.codes[:4])
    counted = count_things(len(found.rows), "cell holds", "cells hold")
    fact = f"{counted} {shown}, far from the other values ({found.low:g} to {found.high:g})."
    column = f"table[{found.column!r}]"
    given = ", ".join(f"{code:g}" for code in found.codes)
    cure = f"{column} = {column}.mask({column}.isin([{given}]))"
    remedy = f"If this stands for a missing value: {cure}; else correct it."
    return Problem(fact, remedy, column=found.column, rows=found.rows)


def _guard_ids(
    column: pd.Series, said: set[str]
) -> tuple[pd.Series | None, list[tuple[str, Problem]]]:
    """Return the column with clean ids, None where it is clean, and what was found."""
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
        return None, []
    known = recall_codes(column)
    values = column.to_numpy(object).tolist() if known is None else known.levels.tolist()
    # Texts know their hash: a set finds the different ones fastest, unless nearly all differ.
    if known is None and 2 * len(set(values[:PROBE])) < len(values[:PROBE]):
        values = list(set(values))
    if are_plain(values):
        return None, []
    held = column.unique().tolist()
    levels = [level for level in held if isinstance(level, str)]
    if len(levels) + int(column.hasnans) < len(held):
        # Numbers among texts, and whatever else is no text, stay what they are.
        return None, []
    clean, found = judge_ids(levels)
    new = [one for one in found if not name_ids(one, clean) or _is_new(one, clean, said)]
    told = []
    for one in new:
        rows: tuple[int, ...] = ()
        if one.places:
            held = column.isin([levels[place] for place in one.places]).to_numpy(bool)
            rows = tuple((np.flatnonzero(held) + 1).tolist())
        told.append((one.kind, Problem(one.fact, one.remedy, column=str(column.name), rows=rows)))
    if clean == levels:
        return None, told
    forms = dict(zip(levels, clean, strict=True))
    if isinstance(column.dtype, pd.CategoricalDtype):
        order = list(dict.fromkeys(forms.get(one, one) for one in column.cat.categories))
        column = column.astype(object).map(forms).astype(pd.CategoricalDtype(order))
        return column, told
    return column.map(forms).astype(column.dtype), told


def _is_new(found: Finding, levels: Sequence[str], said: set[str]) -> bool:
    return not said.issuperset(name_ids(found, levels))


def _list_columns(table: pd.DataFrame, names: Iterable[str]) -> list[str]:
    """Return the columns that the table has once."""
    held = list(table.columns)
    return [name for name in dict.fromkeys(names) if held.count(name) == 1]


def _pick(table: pd.DataFrame, name: str | np.ndarray | None) -> Any:
    if isinstance(name, np.ndarray):
        return name
    return table[name] if name is not None and list(table.columns).count(name) == 1 else None
