"""Ids as integer codes, and the contract of a table's ids met on the codes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

# Integer codes (n,) in order of appearance, −1 where the id is empty; and the ids themselves.
Codes = tuple[np.ndarray, "pd.Index | np.ndarray"]


def meets_contract(ids: Sequence[Codes], *, key: bool = True) -> bool:
    """Return whether no id is empty and, as a key, whether together they name each row once.

    Each id is read once; `exprstats.tables.check_table` finds the same and says where, which only
    a broken table needs.
    """
    if not all(_is_filled(one) for one in ids):
        return False
    if not key:
        return True
    cells, most = pack_codes(ids)
    if most > 8 * len(cells):
        return most < 2**62 and bool(pd.Index(cells).is_unique)
    return bool(len(cells)) and int(np.bincount(cells).max()) == 1


def pack_codes(ids: Sequence[Codes]) -> tuple[np.ndarray, int]:
    """Return one integer (n,) for each combination of ids, and how many there can be."""
    packed, most = ids[0][0].astype(np.int64), len(ids[0][1])
    for code, levels in ids[1:]:
        packed = packed * len(levels) + code
        most *= len(levels)
    return packed, most


def _is_filled(one: Codes) -> bool:
    code, levels = one
    if code.min(initial=0) < 0:
        return False
    if pd.api.types.is_numeric_dtype(levels.dtype):
        return True
    texts = levels.tolist()
    if isinstance(levels.dtype, pd.StringDtype):
        return all(map(str.strip, texts))
    return all(str(text).strip() for text in texts)
