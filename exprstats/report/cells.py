"""Tidy rows turned into printed cells."""

from __future__ import annotations

from collections.abc import Sequence
from math import isinf, isnan
from typing import Any

import pandas as pd

from exprstats.numerals import MISSING, write_interval, write_number
from exprstats.tables import order_levels

ALL = "All"


def pick_rows(table: pd.DataFrame, **equal: Any) -> pd.DataFrame:
    """Return the rows whose columns equal the given values; None stands for empty.

    A column that the table lacks is no reason to leave a row out.
    """
    kept = pd.Series(data=True, index=table.index)
    for name, value in equal.items():
        if name in table.columns:
            column = table[name]
            kept &= column.isna() if value is None else column.eq(value).fillna(value=False)
    return table[kept]


def name_contexts(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with pooled ones named "All"; a table without contexts is all pooled."""
    context = table["context"] if "context" in table else pd.Series(None, table.index, dtype=object)
    named = context.astype(object).where(context.notna(), ALL).astype(str)
    return table.assign(context=named)


def list_levels(table: pd.DataFrame, name: str) -> list[Any]:
    """Return a column's values once each, in order; none where there is no such column."""
    return order_levels(table[name]) if name in table else []


def first_value(table: pd.DataFrame, name: str) -> Any:
    """Return the first value of a column that is not empty, or None."""
    filled = table[name].dropna() if name in table else ()
    return filled.iloc[0] if len(filled) else None


def write_estimate(row: Any, decimals: int = 2, *, bounded: bool = True) -> str:
    """Write a tidy row's estimate."""
    return write_number(
        _read_number(row, "estimate"), decimals, bounded=bounded, lowest=-10 if bounded else None
    )


def write_limits(row: Any, decimals: int = 2, *, bounded: bool = True) -> str:
    """Write a tidy row's interval; a limit that no value attains is named so."""
    low, high = _read_number(row, "conf_low"), _read_number(row, "conf_high")
    if low is None or high is None or isnan(low) or isnan(high):
        return MISSING
    lowest = -10 if bounded else None
    if isinf(low):
        upper = write_number(high, decimals, bounded=bounded, lowest=lowest)
        return f"[not attainable, {upper}]"
    return write_interval(low, high, decimals, bounded=bounded, lowest=lowest)


def collect_notes(rows: pd.DataFrame, keys: Sequence[str] = ()) -> list[str]:
    """Return the different notes of rows, each with the places it holds for."""
    if "note" not in rows:
        return []
    places: dict[str, list[str]] = {}
    for row in rows[rows["note"].notna()].to_dict("records"):
        note = str(row["note"]).strip()
        if note:
            place = ", ".join(str(row[key]) for key in keys if row.get(key) is not None)
            places.setdefault(note, []).append(place)
    return [_head_note(note, where, len(rows)) for note, where in places.items()]


def _head_note(note: str, where: list[str], count: int) -> str:
    named = list(dict.fromkeys(place for place in where if place))
    if not named or len(where) == count:
        return note
    shown = "; ".join(named[:6])
    more = f"; and {len(named) - 6:,} more" if len(named) > 6 else ""
    return f"{shown}{more}: {note}"


def _read_number(row: Any, name: str) -> float | None:
    value = row.get(name)
    return None if value is None or pd.isna(value) else float(value)
