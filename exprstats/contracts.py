"""Column contracts of the tables that travel between rooms, and their check."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_float_dtype

from exprstats.apa import count_things
from exprstats.errors import DataError, OptionError, Problem
from exprstats.options import check_columns, name_nearest, tell_kind

FILL_IN = "Fill them in or remove these rows."

ESTIMATE_COLUMNS = (
    *("estimate", "std_error", "conf_low", "conf_high", "level", "method", "headline"),
    *("p_value", "p_adjusted", "p_max_t", "n_clips", "n_clusters", "draws", "note"),
)

_GIVEN_NAMES = {"context", "versus", "group", "versus_group"}  # as the user called them
_BLANK = re.compile(r"\n\s")
_SPACES = " \t\r\v\f\x1c\x1d\x1e\x1f"
_TRAVELLING = {"context", "clip", "subject", "rater", "truth", "part"}


@dataclass(frozen=True, slots=True)
class Contract:
    """What a table must hold: its name, its key, and the columns beside the key.

    Attributes
    ----------
    name
        What the table is called in messages.
    key
        Id columns that together name a row once.
    ids
        Further id columns that must be there.
    optional
        Id columns that may be absent; where they stand, those of the key count in it.
    numbers
        Number columns that must be there.
    """

    name: str
    key: tuple[str, ...]
    ids: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()


RATINGS = Contract(
    "ratings",
    key=("context", "clip", "rater", "item"),
    optional=("context", "subject"),
    numbers=("rating",),
)
ITEMS = Contract("items", key=("context", "clip"), optional=("context", "subject"))
CLIPS = Contract("clips", key=("context", "clip"), ids=("subject",), optional=("context",))
# Clips of whom nobody need be known.
NAMED_CLIPS = Contract("clips", key=("context", "clip"), optional=("context",))
SCORES = Contract(
    "scores",
    key=("context", "clip", "fitted_on"),
    optional=("context", "subject"),
    numbers=("score", "std_error"),
)
PREDICTIONS = Contract(
    "predictions",
    key=("context", "clip", "model", "seat", "fitted_on"),
    ids=("subject",),
    optional=("context", "seat", "part", "fitted_on"),
    numbers=("truth", "prediction"),
)
FRAMES = Contract(
    "frames", key=("video", "face", "frame"), numbers=("timestamp", "success", "confidence")
)
SEGMENTS = Contract(
    "segments",
    key=("context", "clip"),
    ids=("video",),
    optional=("context", "subject"),
    numbers=("start", "end"),
)


def check_table(table: pd.DataFrame, contract: Contract) -> None:
    """Refuse a table that breaks its contract, with every reason at once; more columns are welcome.

    There is one `Problem` for each breach: absent columns, no rows, empty ids, text, dates or
    booleans in number columns, infinite values, rows that repeat the key.
    """
    present = table.columns if isinstance(table, pd.DataFrame) else ()
    needed = [
        name
        for name in (*contract.key, *contract.ids, *contract.numbers)
        if name not in contract.optional or name in present
    ]
    problems = find_absent(table, needed, contract.name)
    if len(table) == 0:
        problems.append(Problem(f"the {contract.name} table has no rows.", "Check the file."))
    if problems:
        raise DataError(problems)
    ids = [name for name in (*contract.key, *contract.ids) if name in table.columns]
    problems += find_empty(table, ids)
    problems += find_unnumbers(table, contract.numbers)
    problems += find_repeats(table, [name for name in contract.key if name in table.columns])
    if problems:
        raise DataError(problems)


def find_absent(table: pd.DataFrame, names: Iterable[str | None], what: str = "") -> list[Problem]:
    """Return a problem for each named column that a table lacks or has twice; None names none.

    What is no table, but the name of a file, for instance, is an OptionError.
    """
    called = f"the {what} table" if what else "the table"
    if not isinstance(table, pd.DataFrame):
        message = (
            f"{called} must be a pandas DataFrame; got {tell_kind(table)}. "
            "Read a file first, with read_table for instance."
        )
        raise OptionError(message)
    present = [str(name) for name in table.columns]
    given = [*names]
    check_columns(*given)
    wanted = [name for name in dict.fromkeys(given) if name is not None]
    absent = [
        Problem(f"{called} has no column '{name}'.", name_nearest(str(name), present))
        for name in wanted
        if name not in table.columns
    ]
    for name, number in (("item", "rating"), ("model", "prediction")):
        if {name, number}.issubset(set(wanted).difference(present)):
            fixed = [column for column in present if column in {*_TRAVELLING, *wanted}]
            remedy = f"table.melt({fixed}, var_name='{name}', value_name='{number}')"
            absent.append(Problem(f"Has each {name} a column of its own?", f"Then take {remedy}."))
    return absent + [
        Problem(f"{called} has {present.count(name)} columns '{name}'.", "Keep one.")
        for name in wanted
        if present.count(name) > 1
    ]


def take_predictions(models: Any) -> pd.DataFrame:
    """Return a PREDICTIONS table, or that of models which have one."""
    table = models if isinstance(models, pd.DataFrame) else getattr(models, "predictions", None)
    if not isinstance(table, pd.DataFrame):
        message = f"a {type(models).__name__} holds no predictions; give models or their table."
        raise OptionError(message)
    return table


def check_kind(thing: Any, kind: type, name: str, maker: str) -> None:
    """Refuse an argument that is not what its maker, a verb, returns and another goes on from."""
    if not isinstance(thing, kind):
        message = (
            f"{name} must be what {maker} returns; got {tell_kind(thing)}. "
            "Look at the order of the arguments."
        )
        raise OptionError(message)


def require_columns(table: pd.DataFrame, names: Iterable[str | None], what: str = "") -> None:
    """Raise `DataError` unless every named column is there, once."""
    problems = find_absent(table, names, what)
    if problems:
        raise DataError(problems)


def find_empty(table: pd.DataFrame, names: Iterable[str | None]) -> list[Problem]:
    """Return a problem for each column that has empty cells; None names none."""
    problems = []
    for name in (name for name in names if name is not None):
        # Blanks are sought among the ids, not the rows: a thousand times fewer texts.
        numbers = pd.api.types.is_numeric_dtype(table[name])
        levels = [] if numbers else table[name].unique().tolist()
        if levels and are_filled(levels):
            continue
        blank = find_blank(levels)
        empty = table[name].isna() | table[name].isin(blank) if blank else table[name].isna()
        if empty.any():
            problems.append(
                Problem(
                    f"{count_things(empty.sum(), 'cells is', 'cells are', of=len(table))} empty.",
                    FILL_IN,
                    column=name,
                    rows=_count_rows(empty),
                )
            )
    return problems


def find_blank(levels: list[Any]) -> list[Any]:
    """Return the ids that are blank."""
    return [] if are_filled(levels) else [one for one in levels if not str(one).strip()]


def are_filled(values: list[Any]) -> bool:
    """Return whether one look at all finds nothing but texts that begin with no blank."""
    try:
        text = "\n".join(values)
    except TypeError:
        return False
    ends = text[:1].isspace() or text[-1:] in {"", "\n"}
    # Without another blank, no pattern need be sought.
    bare = text.isascii() and not any(mark in text for mark in _SPACES)
    return not values or not (ends or ("\n\n" in text if bare else _BLANK.search(text)))


def find_unnumbers(table: pd.DataFrame, names: Iterable[str]) -> list[Problem]:
    """Return a problem for each column that is not finite numbers (missing is allowed)."""
    problems = []
    for name in names:
        column = table[name]
        if pd.api.types.is_bool_dtype(column) or not pd.api.types.is_numeric_dtype(column):
            fact = f"holds {column.dtype} values such as {_quote(column)}, not numbers."
            problems.append(Problem(fact, "Convert the column to numbers.", column=name))
            continue
        values = column.to_numpy(float, na_value=np.nan)
        # What is infinite or missing makes a sum so, which is faster than a look at each value.
        with np.errstate(invalid="ignore", over="ignore"):
            if np.isfinite(values.sum()):
                continue
        endless = pd.Series(np.isinf(values), column.index)
        if endless.any():
            fact = f"{count_things(endless.sum(), 'value is', 'values are')} infinite."
            problems.append(
                Problem(fact, "Remove or correct them.", column=name, rows=_count_rows(endless))
            )
    return problems


def find_repeats(table: pd.DataFrame, key: Sequence[str]) -> list[Problem]:
    """Return a problem if the key names a row more than once."""
    if not key:
        return []
    repeated = table.duplicated(list(key), keep=False)
    if not repeated.any():
        return []
    cases = table.loc[repeated, list(key)].drop_duplicates().head(5).astype(str)
    named = "; ".join(
        " ".join(f"{name} '{value}'" for name, value in zip(key, row, strict=True))
        for row in cases.to_numpy()
    )
    return [
        Problem(
            f"{count_things(repeated.sum(), 'row shares', 'rows share')}"
            f" their {', '.join(key)}: {named}.",
            "Each should occur once.",
            rows=_count_rows(repeated),
        )
    ]


def find_disagreements(tables: Mapping[str, pd.DataFrame]) -> list[Problem]:
    """Return a problem for each pair of tables that name two subjects or contexts for one clip.

    Tables have the names of their files. Clips are compared within their context where both tables
    have contexts.

    Examples
    --------
    >>> ratings = pd.DataFrame({"clip": ["7", "8"], "subject": ["s1", "s2"]})
    >>> clips = pd.DataFrame({"clip": ["7", "8"], "subject": ["s9", "s2"]})
    >>> print(find_disagreements({"ratings.csv": ratings, "clips.csv": clips})[0].fact)
    1 clip has two subjects: clip '7' is of 's1' in ratings.csv and of 's9' in clips.csv.
    """
    problems = []
    for (first, left), (second, right) in combinations(tables.items(), 2):
        for column in ("subject", "context"):
            both = left.columns.intersection(right.columns)
            if column not in both or "clip" not in both:
                continue
            shared = ["context"] if column == "subject" and "context" in both else []
            key = [*shared, "clip"]
            one, two = (table[[*key, column]].drop_duplicates() for table in (left, right))
            repeated = any(table["clip"].duplicated().any() for table in (one, two))
            if column == "context" and repeated:
                # The same ids in several contexts: the context is part of the clip's name.
                continue
            joined = one.merge(two, on=key, suffixes=("", "_other"))
            wrong = joined[joined[column].astype(str) != joined[f"{column}_other"].astype(str)]
            if wrong.empty:
                continue
            case = wrong.iloc[0]
            counted = count_things(wrong["clip"].nunique(), "clip has", "clips have")
            fact = (
                f"{counted} two {column}s: clip '{case['clip']}' is of '{case[column]}' in {first} "
                f"and of '{case[f'{column}_other']}' in {second}."
            )
            problems.append(Problem(fact, "Correct one of the files.", column=column))
    return problems


def order_levels(column: pd.Series) -> list[Any]:
    """Return a column's values once each: category order, else order of first appearance."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        used = set(column.dropna().unique())
        return [level for level in column.cat.categories if level in used]
    levels = column.unique()
    return list(levels[~pd.isna(levels)])


def sort_ids(column: pd.Series) -> tuple[np.ndarray, pd.Index]:
    """Return codes (n,) of ids and the ids, sorted: neither rows nor categories set the order.

    Examples
    --------
    >>> codes, ids = sort_ids(pd.Series(["b", "a", "b"]))
    >>> codes.tolist(), ids.tolist()
    ([1, 0, 1], ['a', 'b'])
    """
    codes, ids = pd.factorize(np.asarray(column), sort=True)
    return codes, pd.Index(ids)


def arrange_rows(rows: Sequence[Mapping[str, Any]], keys: Sequence[str]) -> pd.DataFrame:
    """Return tidy rows as a frame: the keys, then the estimate columns that any row has.

    Contexts and groups that are whole numbers stay so beside pooled rows, which have none: "1" is
    what the user called it, and not "1.0".

    Examples
    --------
    >>> arrange_rows([{"context": 1}, {"context": None}], ["context"])["context"].tolist()
    [1, None]
    """
    rows = list(rows)
    held = dict.fromkeys(name for row in rows for name in row)
    given = [name for name in ESTIMATE_COLUMNS if name in held]
    ordered = [name for name in keys if name in held]
    rest = [name for name in held if name not in {*given, *ordered}]
    # Column by column takes half the time of a list of rows, and numbers need no guess at a type.
    columns: dict[str, Any] = {
        name: [row.get(name, np.nan) for row in rows] for name in (*ordered, *rest, *given)
    }
    plain = {name: np.array(own) for name, own in columns.items() if {*map(type, own)} == {float}}
    frame = pd.DataFrame(columns | plain)
    for name in _GIVEN_NAMES & set(frame):
        kinds = {*map(type, columns[name])} - {float, type(None)}
        if kinds and is_float_dtype(frame[name].dtype):
            frame[name] = pd.Series(columns[name], index=frame.index, dtype=object)
    return frame


def _count_rows(mask: pd.Series) -> tuple[int, ...]:
    return tuple(int(row) + 1 for row in np.flatnonzero(mask.to_numpy(bool)))


def _quote(column: pd.Series) -> str:
    shown = column.dropna().astype(str).unique()[:3]
    return ", ".join(f"'{value}'" for value in shown)
