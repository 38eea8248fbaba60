"""Printed columns of tidy tables: their choice, headings and decimals."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from exprstats.apa import MISSING, write_count, write_interval, write_level, write_number, write_p
from exprstats.document.cells import ALL
from exprstats.document.model import Column
from exprstats.document.text import Text, say, write_plain

MOST_COLUMNS = 9
LONGEST = 120  # characters of a cell
LIMITS = "limits"
_HIDDEN = ("headline", "note", "conf_low", "conf_high", "level")
_AFTER = ("error_", "share_")  # what an estimate consists of comes after it
_CORE = ("estimate", LIMITS, "p_value", "p_adjusted", "p_max_t")
_HEADINGS: dict[str, Text] = {
    "estimate": say("Estimate"),
    "std_error": say("*SE*"),
    "p_value": say("*p*"),
    "p_adjusted": say("Adjusted\N{NO-BREAK SPACE}*p*"),
    "p_max_t": say("max-|*t*|\N{NO-BREAK SPACE}*p*"),
    "n_clips": say("Clips"),
    "n_clusters": say("Clusters"),
    "n_raters": say("Raters"),
    "versus": say("Compared with"),
    "raters_per_clip": say("Raters per clip"),
    "clips_per_subject": say("Clips per subject"),
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """What of a table is printed.

    Attributes
    ----------
    names
        The printed columns; "limits" stands for an interval.
    same
        Columns with one value in every row, by heading, with that value as text.
    left_out
        Headings of columns for which there is no room.
    """

    names: list[str]
    same: dict[str, str] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


def choose_columns(rows: pd.DataFrame) -> Chosen:
    """Return the columns of tidy rows that a page has room for."""
    names = [str(name) for name in rows.columns if rows[name].notna().any()]
    if {"conf_low", "conf_high"} <= set(names):
        names.insert(names.index("estimate") + 1 if "estimate" in names else len(names), LIMITS)
    hidden = (*_HIDDEN, "std_error") if LIMITS in names else _HIDDEN
    several = "level" in rows and len(set(rows["level"].dropna())) > 1
    names = [name for name in names if name not in hidden or (several and name == "level")]
    names.sort(key=lambda name: name.startswith(_AFTER))  # stable: the others keep their order
    if {"model", "versus", "term"} <= set(names):
        names.remove("term")  # it repeats the two
    constant = [name for name in names if _is_constant(rows, name)]
    same = {
        _write_plain_heading(name): write_column(rows, name)[0]
        for name in constant
        if not (name == "context" and rows[name].eq(ALL).all())
    }
    names = [name for name in names if name not in constant]
    widest = {name: rows[name].astype(str).str.len().max() for name in names if name != LIMITS}
    long = [name for name, width in widest.items() if width > LONGEST]
    names = [name for name in names if name not in long]
    extra = [name for name in names if name not in _CORE and not _holds_words(rows, name)]
    spare = len(names) - MOST_COLUMNS
    cut = extra[len(extra) - spare :] if 0 < spare <= len(extra) else extra if spare > 0 else []
    kept = [name for name in names if name not in cut][:MOST_COLUMNS]
    left_out = [_write_plain_heading(name) for name in (*long, *names) if name not in kept]
    return Chosen(kept, same, left_out)


def name_column(rows: pd.DataFrame, name: str) -> Column:
    """Return a printed column."""
    if name == LIMITS:
        return Column(LIMITS, _name_limits(rows))
    heading = _HEADINGS.get(name, say("{name}", name=_write_plain_heading(name)))
    return Column(name, heading, words=_holds_words(rows, name))


def write_column(rows: pd.DataFrame, name: str) -> list[str]:
    """Return the cells of a column: texts, counts, p values, intervals or numbers."""
    beside = [one for one in ("estimate", "conf_low", "conf_high") if one in rows]
    if name == LIMITS:
        decimals = _pick_decimals(rows[[one for one in beside if not _holds_words(rows, one)]])
        pairs = zip(rows["conf_low"], rows["conf_high"], strict=True)
        return [_write_pair(low, high, decimals) for low, high in pairs]
    values = rows[name]
    if _holds_words(rows, name):
        return [_write_word(value) for value in values]
    if name.startswith("p_") or name == "p":
        return [MISSING if pd.isna(value) else write_p(float(value)) for value in values]
    if name == "level":
        return [MISSING if pd.isna(value) else write_level(float(value)) for value in values]
    numbers = pd.to_numeric(values, errors="coerce").astype(float)
    finite = numbers[np.isfinite(numbers)]
    if (finite == finite.round()).all() and name != "estimate":
        return [_write_whole(value) for value in numbers]
    decimals = _pick_decimals(rows[beside] if name == "estimate" else numbers.to_frame())
    return [(write_number(value, decimals) if np.isfinite(value) else MISSING) for value in numbers]


def _is_constant(rows: pd.DataFrame, name: str) -> bool:
    if name in _CORE or name == LIMITS or len(rows) < 2:
        return False
    return bool(rows[name].notna().all()) and len(set(rows[name].astype(str))) == 1


def _holds_words(rows: pd.DataFrame, name: str) -> bool:
    if name == LIMITS:
        return False
    column = rows[name]
    return not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column)


def _write_plain_heading(name: str) -> str:
    if name in _HEADINGS:
        return write_plain(_HEADINGS[name])
    spaced = name.removeprefix("n_").replace("_", " ").strip()
    if name.startswith("p_"):
        return spaced
    return spaced[:1].upper() + spaced[1:]


def _name_limits(rows: pd.DataFrame) -> Text:
    levels = rows["level"].dropna().unique() if "level" in rows else []
    if len(levels) == 1:
        return say("{level} CI", level=write_level(float(levels[0])))
    return say("CI")


def _write_pair(low: Any, high: Any, decimals: int) -> str:
    if isinstance(low, str) and isinstance(high, str):  # as somebody else printed them
        return f"[{low.strip()}, {high.strip()}]"
    if pd.isna(low) or pd.isna(high) or not np.isfinite([low, high]).all():
        return MISSING
    return write_interval(float(low), float(high), decimals)


def _write_word(value: Any) -> str:
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    empty = value is None or (pd.api.types.is_scalar(value) and pd.isna(value))
    return MISSING if empty else str(value)


def _write_whole(value: float) -> str:
    if not np.isfinite(value):
        return MISSING
    return write_count(int(value)) if value >= 0 else write_number(value, 0)


def _pick_decimals(values: pd.DataFrame) -> int:
    """Return decimals that show two digits of the typical size, three below 1."""
    sizes = np.abs(values.to_numpy(dtype=float, na_value=np.nan))
    sizes = sizes[np.isfinite(sizes) & (sizes > 0)]
    if not len(sizes):
        return 2
    middle = float(np.median(sizes))
    least = 3 if middle < 1 else 1 if sizes.max() >= 100 else 2
    return int(np.clip(1 - np.floor(np.log10(middle)), least, 6))
