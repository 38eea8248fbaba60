"""Tidy rows as the cells that a terminal shows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from exprstats.numerals import MISSING, write_count, write_interval, write_number, write_p

if TYPE_CHECKING:
    import pandas as pd

ALL = "All"
LOWEST = -10.0
Row = dict[str, Any]


def is_absent(value: Any) -> bool:
    """Return whether a cell is None or NaN."""
    return value is None or (isinstance(value, float) and math.isnan(value))


def list_records(frame: pd.DataFrame, **equal: Any) -> list[Row]:
    """Return the rows whose columns equal the given values, as dictionaries."""
    rows = [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]
    return [row for row in rows if all(row.get(name) == value for name, value in equal.items())]


def name_context(row: Row) -> str:
    """Return a row's context; pooled rows are called All."""
    value = row.get("context")
    return ALL if is_absent(value) else str(value)


def name_first(row: Row, term: str) -> Row:
    """Return the row of a difference between contexts, which belongs to no context itself."""
    return {**row, "context": None, "first": row["context"], "term": term, "headline": False}


def order_contexts(rows: Sequence[Row]) -> list[str]:
    """Return the contexts once each, pooled rows last."""
    names = list(dict.fromkeys(name_context(row) for row in rows))
    return sorted(names, key=lambda name: name == ALL)


def index_rows(rows: Sequence[Row], *keys: str) -> dict[tuple[str, ...], Row]:
    """Return the rows by their keys; a context that is not there is All."""
    return {
        tuple(name_context(row) if key == "context" else str(row.get(key)) for key in keys): row
        for row in rows
    }


def show_estimate(row: Row | None, decimals: int = 2, *, bounded: bool = True) -> str:
    """Write a row's estimate in APA style."""
    if row is None:
        return MISSING
    lowest = LOWEST if bounded else None
    return write_number(_read(row, "estimate"), decimals, bounded=bounded, lowest=lowest)


def show_limits(row: Row | None, decimals: int = 2, *, bounded: bool = True) -> str:
    """Write a row's interval; a lower limit that no value attains is called so."""
    if row is None:
        return MISSING
    low, high = _read(row, "conf_low"), _read(row, "conf_high")
    lowest = LOWEST if bounded else None
    if low == float("-inf"):
        return f"[not attainable, {write_number(high, decimals, bounded=bounded, lowest=lowest)}]"
    return write_interval(low, high, decimals, bounded=bounded, lowest=lowest)


def show_p(row: Row | None, name: str = "p_value") -> str:
    """Write a row's p value."""
    return MISSING if row is None else write_p(_read(row, name))


def show_count(row: Row | None, name: str) -> str:
    """Write a count; where there is none, a dash."""
    value = None if row is None else _read(row, name)
    return MISSING if value is None else write_count(value)


def collect_notes(rows: Sequence[Row]) -> list[str]:
    """Return the different notes of rows, with the places that a note does not hold everywhere."""
    places: dict[str, list[str]] = {}
    apart = any(name_context(row) != ALL for row in rows)
    for row in rows:
        keys = [str(row[key]) for key in ("item", "feature", "term") if _has(row, key)]
        place = " ".join([*([name_context(row)] if apart else []), *keys[:1]])
        for note in str(row["note"]).split("; ") if _has(row, "note") else []:
            places.setdefault(note, []).append(place)
    return [_place_note(note, where, len(rows)) for note, where in places.items()]


def _place_note(note: str, where: list[str], total: int) -> str:
    named = list(dict.fromkeys(where))
    if len(where) == total or not named:
        return note
    more = f" and {len(named) - 4:,} more" if len(named) > 4 else ""
    return f"{', '.join(named[:4])}{more}: {note}"


def _has(row: Row, key: str) -> bool:
    return key in row and not is_absent(row[key])


def _read(row: Row, name: str) -> float | None:
    value = row.get(name)
    return None if value is None or is_absent(value) else float(value)
