"""The reliabilities that a plan starts from: rows of a result, or of a table in print."""

from __future__ import annotations

from typing import Any

import pandas as pd

from exprstats.errors import DataError
from exprstats.reliability.result import Reliability
from exprstats.tables import find_unnumbers, require_columns

NEEDED = ("estimate", "conf_low", "conf_high", "raters_per_clip")
_DROPPED = ("k_rule", "std_error", "headline", "n_raters", "note")


def take_rows(reliability: Reliability | pd.DataFrame) -> list[dict[Any, Any]]:
    """Return the headline rows of a result, or all rows of a table.

    Raises
    ------
    DataError
        If a column is missing or holds no numbers, or there are no rows.
    """
    if isinstance(reliability, Reliability):
        reliability = reliability.table[reliability.table["headline"]]
    table = reliability
    require_columns(table, NEEDED, "reliability")
    if len(table) == 0:
        message = "the reliability table has no rows."
        raise DataError(message)
    try:
        table = table.astype(dict.fromkeys(NEEDED, float))
    except (TypeError, ValueError) as error:
        raise DataError(find_unnumbers(table, NEEDED)) from error
    return table.drop(columns=[*_DROPPED], errors="ignore").to_dict("records")


def name_coefficients(table: pd.DataFrame) -> pd.Series:
    """Return what sentences call each row of a table."""
    keys = [
        name for name in table.columns if name in {"context", "task", "item", "question", "term"}
    ]
    named = table[keys].astype(object).where(table[keys].notna(), "").to_numpy()
    names = [" ".join(str(cell) for cell in row if cell != "") or "It" for row in named]
    return pd.Series(names, index=table.index)
