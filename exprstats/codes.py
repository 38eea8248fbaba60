"""Id columns as integer codes, and table contracts checked on the codes."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NoReturn

import numpy as np
import pandas as pd

from exprstats.contracts import (
    RATINGS,
    Contract,
    are_filled,
    check_table,
    find_absent,
    find_blank,
    find_unnumbers,
)
from exprstats.errors import DataError

PROBE = 1000
_ROOM = 16  # cells a row in which to mark keys, which is faster than sorting them
# Where a column's values lie, to the array that owns them and their codes.
_Kept = dict[tuple[int, int, tuple[int, ...]], tuple[weakref.ref[np.ndarray], "Codes"]]
_KEPT: ContextVar[_Kept | None] = ContextVar("kept", default=None)


@dataclass(frozen=True, slots=True)
class Codes:
    """An id column as codes (N,), −1 where it is empty, and its levels in order of appearance."""

    codes: np.ndarray
    levels: Any

    @property
    def order(self) -> list[Any]:
        """The levels in category order, else in order of appearance."""
        if isinstance(self.levels, pd.CategoricalIndex):
            used = set(self.levels)
            return [level for level in self.levels.categories if level in used]
        return list(self.levels)

    @property
    def places(self) -> dict[Any, int]:
        """The code of each level."""
        return {level: code for code, level in enumerate(self.levels)}

    @property
    def has_empty(self) -> bool:
        """Whether an id is missing or blank."""
        # Blanks are sought among the levels, not the rows: a thousand times fewer texts.
        if self.codes.min(initial=0) < 0:
            return True
        if pd.api.types.is_numeric_dtype(self.levels.dtype):
            return False
        return bool(find_blank(self.levels.tolist()))


@contextmanager
def keep_codes() -> Iterator[None]:
    """Code each column of ids once inside, where nobody changes a table's values in place."""
    token = _KEPT.set({})
    try:
        yield
    finally:
        _KEPT.reset(token)


def note_codes(column: pd.Series, codes: np.ndarray, levels: Sequence[str]) -> None:
    """Keep the codes of a column of texts, if they are those that `encode_column` finds.

    Levels that come twice or are empty have other codes.
    """
    if _KEPT.get() is not None and len(set(levels)) == len(levels) and all(levels):
        found = Codes(codes.astype(np.intp, copy=False), np.array(levels, dtype=object))
        _encode(np.asarray(column), found)


def recall_codes(column: pd.Series) -> Codes | None:
    """Return the codes of a column of texts if they are kept and none is missing."""
    values = np.asarray(column) if _is_plain(column.dtype) else None
    kept = _KEPT.get()
    if kept is None or values is None or values.dtype != object:
        return None
    place, owner = _find_place(values)
    found = kept.get(place)
    return found[1] if found and found[0]() is owner else None


def list_values(column: pd.Series) -> list[Any]:
    """Return the different values of a column in order of appearance, without missing ones."""
    known = recall_codes(column)
    return column.dropna().unique().tolist() if known is None else known.levels.tolist()


def _find_place(values: np.ndarray) -> tuple[tuple[int, int, tuple[int, ...]], np.ndarray]:
    """Return where values lie, and the array that owns them."""
    owner = values
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    return (values.__array_interface__["data"][0], len(values), values.strides), owner


def _encode(values: Any, found: Codes | None = None) -> Codes:
    """Return a column's codes, which are kept where that is wanted."""
    kept = _KEPT.get()
    if kept is None or not isinstance(values, np.ndarray):
        return found or Codes(*_factorize(values))
    place, owner = _find_place(values)
    held = kept.get(place)
    if held is None or held[0]() is not owner:
        found = found or Codes(*_factorize(values))
        found.codes.flags.writeable = False
        # They go when the array goes.
        held = kept[place] = weakref.ref(owner, lambda _: kept.pop(place, None)), found
    return held[1]


def encode_table(table: pd.DataFrame, contract: Contract) -> dict[str, Codes] | None:
    """Return the id columns as codes, or None where the table breaks its contract.

    A table of millions of rows is screened on these codes; `check_table` then looks for the words
    only where something is wrong.
    """
    if not isinstance(table, pd.DataFrame):
        return None
    names = dict.fromkeys((*contract.key, *contract.ids))
    needed = [name for name in names if name not in contract.optional or name in table.columns]
    if find_absent(table, (*contract.numbers, *needed)):
        return None
    if len(table) == 0 or find_unnumbers(table, contract.numbers):
        return None
    codes = {name: encode_column(table[name]) for name in names if name in table.columns}
    if any(column.has_empty for column in codes.values()):
        return None
    key = [codes[name] for name in contract.key if name in codes]
    return codes if _is_key(key) else None


def encode_columns(
    ratings: pd.DataFrame, by: str | None, cluster: str | None
) -> dict[str, Codes] | None:
    """Return the id columns of RATINGS as codes, or None where the table breaks its contract."""
    return encode_table(ratings, _name_contract(by, cluster))


def explain_breach(ratings: pd.DataFrame, by: str | None, cluster: str | None) -> NoReturn:
    """Raise `DataError` with every reason why `encode_columns` refused a table."""
    check_table(ratings, _name_contract(by, cluster))
    message = "the ratings table breaks its contract in a way that was not found."
    raise DataError(message)


def recode(codes: np.ndarray) -> np.ndarray:
    """Return codes (n,) that run from 0 in order of appearance without gaps."""
    return _factorize(codes)[0]


def close_gaps(codes: np.ndarray) -> np.ndarray:
    """Return codes (n,) that run from 0 without gaps, in the order that they had."""
    used = np.zeros(int(codes.max(initial=-1)) + 1, dtype=bool)
    used[codes] = True
    return codes if used.all() else (np.cumsum(used) - 1)[codes]


def find_places(codes: np.ndarray, size: int) -> list[slice | np.ndarray]:
    """Return where each code 0 … size − 1 stands: slices, which copy nothing, of sorted codes."""
    if (codes[1:] >= codes[:-1]).all():
        ends = np.searchsorted(codes, np.arange(size + 1)).tolist()
        return [slice(*pair) for pair in pairwise(ends)]
    return [np.flatnonzero(codes == code) for code in range(size)]


def _name_contract(by: str | None, cluster: str | None) -> Contract:
    key = tuple(dict.fromkeys((*RATINGS.key, *((by,) if by else ()))))
    ids = (cluster,) if cluster and cluster not in key else ()
    return Contract(RATINGS.name, key, ids, RATINGS.optional, RATINGS.numbers)


def encode_column(column: pd.Series) -> Codes:
    """Return one id column as codes; ids that repeat the row before cost little."""
    return _encode(np.asarray(column) if _is_plain(column.dtype) else column)


def _is_plain(dtype: Any) -> bool:
    """Whether a column's values can be compared with their neighbours, texts or integers."""
    if isinstance(dtype, pd.StringDtype):
        return dtype.storage == "python" and dtype.na_value is np.nan
    return isinstance(dtype, np.dtype) and dtype.kind in "iu"


def _factorize(values: Any) -> tuple[np.ndarray, Any]:
    """Return codes in order of appearance and their levels; rows that repeat the last come free."""
    if not isinstance(values, np.ndarray) or not len(values):
        return pd.factorize(values)
    probe = values[:PROBE]
    if np.count_nonzero(probe[1:] != probe[:-1]) > PROBE // 2:
        return pd.factorize(values)
    starts = np.flatnonzero(values[1:] != values[:-1]) + 1
    starts = np.concatenate([[0], starts])
    heads, levels = pd.factorize(values[starts])
    return np.repeat(heads, np.diff(starts, append=len(values))), levels


def identifies_rows(columns: Sequence[pd.Series]) -> bool:
    """Return whether ids are filled and together name each row once.

    Where the ids of one column differ they do so together, which needs no codes.
    """
    if not len(columns[0]):
        return False
    sought = _KEPT.get() is None
    differ = sought and any(_look_different(column) for column in reversed(columns))
    plain = differ and all(_is_plain(column.dtype) for column in columns)
    if plain and all(
        column.dtype.kind in "iu" or are_filled(column.tolist()) for column in columns
    ):
        return True
    codes = [encode_column(column) for column in columns]
    return not any(one.has_empty for one in codes) and _is_key(codes)


def repeats_rows(table: pd.DataFrame, key: Sequence[str]) -> bool:
    """Return whether some rows share their ids."""
    ids = [table[name] for name in key]
    return not identifies_rows(ids) and bool(table.duplicated(list(key)).any())


def _look_different(column: pd.Series) -> bool:
    """Return whether texts or integers are seen to differ from row to row.

    Sorting is several times faster than a table of hashes, and numbers that count up need not even
    that. Texts with different hashes differ; of those with equal ones nothing is said.
    """
    values = np.asarray(column) if _is_plain(column.dtype) else np.zeros(0)
    if values.dtype == object:
        values = np.fromiter(map(hash, values.tolist()), np.int64, len(values))
    if not (values[1:] > values[:-1]).all():
        values = np.sort(values)
    return len(values) > 0 and bool((values[1:] != values[:-1]).all())


def pack_codes(ids: Sequence[Codes]) -> tuple[np.ndarray, int]:
    """Return one integer (n,) for each combination of ids, and how many there can be."""
    packed, most = ids[0].codes.astype(np.int64), max(len(ids[0].levels), 1)
    for one in ids[1:]:
        packed *= max(len(one.levels), 1)
        packed += one.codes
        most *= max(len(one.levels), 1)
    return packed, most


def number_ids(table: pd.DataFrame, names: Sequence[str]) -> tuple[np.ndarray, int]:
    """Return integer codes (n,) of the combined ids in first-appearance order, and their count."""
    ids = [encode_column(table[name]) for name in names]
    if len(ids) == 1:
        return ids[0].codes, len(ids[0].levels)
    codes, levels = pd.factorize(pack_codes(ids)[0])
    return codes, len(levels)


def _is_key(ids: Sequence[Codes]) -> bool:
    """Return whether ids together name each row once."""
    packed, most = pack_codes(ids)
    if most > 2**62:
        return not pd.DataFrame([one.codes for one in ids]).T.duplicated().any()
    if most <= _ROOM * len(packed):
        used = np.zeros(most, dtype=bool)
        used[packed] = True
        return np.count_nonzero(used) == len(packed)
    # Sorting integers is many times faster than hashing them or counting in a large table.
    packed.sort()
    return not (packed[1:] == packed[:-1]).any()
