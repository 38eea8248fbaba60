"""Printed cells of tidy rows: contexts, estimates, limits and notes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import isinf, isnan
from typing import TYPE_CHECKING, Any, cast

from exprstats.apa import MISSING, show_sign, write_interval, write_number
from exprstats.document.text import Text, say

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

ALL = "All"  # pooled rows
MOST_PLACES = 6
OVERALL = " by Context and Overall"  # ends the title of a table of both
LOWEST = -10.0
Row = dict[str, Any]


def name_contexts(table: pd.DataFrame) -> pd.DataFrame:
    """Return tidy rows with their contexts as texts and pooled rows named "All".

    A table without contexts is all pooled. A context that is itself called "All" becomes
    "All (context)", so that it stays apart from the pooled rows.

    Examples
    --------
    >>> import pandas as pd
    >>> name_contexts(pd.DataFrame({"context": ["pain", None]}))["context"].tolist()
    ['pain', 'All']
    """
    import numpy as np
    import pandas as pd

    if "context" not in table:
        return table.assign(context=ALL)
    column = table["context"]
    names = column.astype(str).to_numpy(object)
    names = np.where(names == ALL, f"{ALL} (context)", names)
    named = pd.Series(np.where(column.isna(), ALL, names), table.index, dtype=object)
    return table.assign(context=named)


def name_pairs(rows: pd.DataFrame) -> list[str]:
    """Return "context − versus" of each row."""
    return [
        f"{context} − {versus}"
        for context, versus in zip(rows["context"], rows["versus"], strict=True)
    ]


def pick_rows(table: pd.DataFrame, **equal: Any) -> pd.DataFrame:
    """Return the rows whose columns equal the given values; None stands for empty.

    A column that the table lacks is no reason to leave a row out.
    """
    return table[_match(table, equal)]


def find_row(table: pd.DataFrame, **equal: Any) -> dict[Any, Any]:
    """Return the first row whose columns equal the given values; empty where there is none."""
    places = _match(table, equal).nonzero()[0]
    return table.iloc[int(places[0])].to_dict() if len(places) else {}


def _match(table: pd.DataFrame, equal: dict[str, Any]) -> np.ndarray:
    import numpy as np
    import pandas as pd

    kept, empty = np.full(len(table), fill_value=True), cast("Any", None)
    for name, value in equal.items():
        if name not in table.columns:
            continue
        # Tables are short: a comparison by pandas itself takes four times as long.
        column = table[name]
        if value is not None and isinstance(column.dtype, pd.StringDtype):
            kept &= np.asarray(column, dtype=object) == value
        else:
            kept &= column.to_numpy(object, na_value=empty) == value
    return kept


def list_levels(table: pd.DataFrame, name: str) -> list[Any]:
    """Return a column's values once each, in order; none where there is no such column."""
    from exprstats.contracts import order_levels

    return order_levels(table[name]) if name in table else []


def find_level(table: pd.DataFrame) -> float | None:
    """Return the confidence level of the first row that has one, or None."""
    filled = table["level"].dropna().tolist() if "level" in table else []
    return filled[0] if filled else None


def write_estimate(row: Any, decimals: int = 2, *, bounded: bool = True) -> str:
    """Write a tidy row's estimate; one next to 0 whose interval excludes it has more decimals.

    Examples
    --------
    >>> limits = {"conf_low": 0.0001, "conf_high": 0.02}
    >>> write_estimate({"estimate": 0.0023, **limits}), write_estimate({"estimate": 0.0023})
    ('.002', '.00')
    """
    value, *ends = (_read_number(row, name) for name in ("estimate", "conf_low", "conf_high"))
    low, high = (float("nan") if end is None else end for end in ends)
    if value and (low > 0 or high < 0):
        decimals = show_sign(value, decimals, True)
    return write_number(value, decimals, bounded=bounded, lowest=-10 if bounded else None)


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


def write_mark(value: float) -> str:
    """Write a threshold with the digits that it has, such as the .001 of a level of 99.9%.

    Examples
    --------
    >>> write_mark(0.2), write_mark(1 - 0.999), write_mark(1.5)
    ('.2', '.001', '1.5')
    """
    return f"{value:.10g}".removeprefix("0")


def find_extremes(rows: pd.DataFrame) -> tuple[dict[Any, Any], dict[Any, Any]]:
    """Return the rows of the lowest and the highest estimate; one must be defined."""
    ordered = rows[rows["estimate"].notna()].sort_values("estimate", kind="stable")
    first, last = list_records(ordered.iloc[[0, -1]])
    return first, last


def collect_notes(
    rows: pd.DataFrame, keys: Sequence[str], skip: Collection[str] = ()
) -> tuple[Text, ...]:
    """Return the notes of rows as sentences with the places (``keys``) that each holds for.

    A note may hold several parts, separated by semicolons; those in ``skip`` are said elsewhere.
    """
    keys = [key for key in keys if key in rows]
    places: dict[str, list[dict[Any, Any]]] = {}
    for row in list_records(rows):
        note = row.get("note")
        for part in str(note).split("; ") if isinstance(note, str) else ():
            if part.strip() and part not in skip:
                places.setdefault(part.strip().rstrip("."), []).append(row)
    return tuple(
        say("{note}{where}.", note=note[0].upper() + note[1:], where=_name_places(held, rows, keys))
        for note, held in places.items()
    )


def find_parts(rows: pd.DataFrame, start: str) -> list[str]:
    """Return the different parts of the notes of rows that start with a word."""
    parts = [part for note in rows["note"].dropna() for part in str(note).split("; ")]
    return list(dict.fromkeys(part for part in parts if part.startswith(start)))


def _name_places(held: list[dict[Any, Any]], rows: pd.DataFrame, keys: Sequence[str]) -> str:
    """Return the places in brackets, leaving out each key all of whose values are meant."""
    import pandas as pd

    telling = [
        key
        for key in keys
        if {row[key] for row in held if pd.notna(row[key])} != set(rows[key].dropna())
    ]
    named = dict.fromkeys(
        ", ".join(str(row[key]) for key in telling if pd.notna(row[key])) for row in held
    )
    shown = [place for place in named if place]
    if not shown:
        return ""
    more = f"; and {len(shown) - MOST_PLACES:,} more" if len(shown) > MOST_PLACES else ""
    return f" ({'; '.join(shown[:MOST_PLACES])}{more})"


def _read_number(row: Any, name: str) -> float | None:
    import pandas as pd

    value = row.get(name)
    return None if value is None or pd.isna(value) else float(value)


def list_records(frame: pd.DataFrame, **equal: Any) -> list[Row]:
    """Return the rows whose columns equal the given values, as dictionaries."""
    # As frame.to_dict("records"), in a tenth of the time for short tables.
    names = [str(name) for name in frame.columns]
    rows = [dict(zip(names, row, strict=True)) for row in frame.to_numpy(object).tolist()]
    if not equal:
        return rows
    return [row for row in rows if all(row.get(name) == value for name, value in equal.items())]
