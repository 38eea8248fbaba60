"""Wide tables of scores, one column per emotion, and long ones, as other programs write them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from exprstats.errors import NO_NUMBERS, DataError, Option, Problem
from exprstats.expressions.recordings import PLACED, name_source
from exprstats.io import Reading
from exprstats.io.numbers import list_codes
from exprstats.options import name_nearest, name_some

FAILED = ("FIT_FAILED", "FIND_FAILED")  # what FaceReader writes of frames without a face
UNKNOWN = "estimates"  # the modality of a table that does not tell it
_ROLES = {"id", "time", "subject", "modality", "context", "recording", "frame"}
_CLOCKS = {"start", "begin", "onset", "offset", "timestamp", "sample_index", "row"}
_CARRIED = ("subject", "context", "end", "label", "text")  # of a wide table, as they are
_FEWEST_STEPS, _STEADY = 3, 0.6  # of a column of times: steps up, and the share that is equal


def read_wide(
    path: Path, roles: dict[str, str], emotions: Sequence[str] | None, reading: Reading | None
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return a table with one column per emotion as one row an emotion."""
    from exprstats.io import read_table

    named = [roles[role] for role in ("id", "subject", "context") if role in roles]
    reading = reading or Reading()
    failed = replace(reading, missing=(*list_codes(reading.missing), *FAILED))
    table = read_table(path, ids=[one for one in named if one not in PLACED], reading=failed)
    # What recordings, folders and files are to give is not taken from a column of the role's name.
    placed = {k for k, v in roles.items() if v in PLACED and v not in table}
    lower = {str(name).lower(): str(name) for name in table}
    own = {role: lower[role] for role in (*_ROLES, *_CARRIED) if role in lower}
    roles = {k: v for k, v in (own | roles).items() if k not in placed}
    constant = roles.get("modality") if roles.get("modality") not in table else None
    missing = [n for r, n in roles.items() if n not in table and not (r == "modality" and constant)]
    if missing:
        fact = f"there is no column '{missing[0]}'."
        raise DataError(Problem(fact, "Name one of the file's columns.", file=str(path)))
    recording, named = name_source(path.name)
    keys = pd.DataFrame(index=table.index)
    keys["recording"] = table[roles["recording"]] if "recording" in roles else recording
    keys["id"] = table[roles["id"]] if "id" in roles else "row"
    known = roles.get("modality")
    keys["modality"] = table.get(known, constant or named or UNKNOWN)
    times = "time" if "time" in roles else "frame"
    # A table may be long already, with one row an emotion.
    pair = [lower.get(name, "") for name in ("emotion", "score")]
    long = all(pair) and not set(emotions or ()) & set(table)
    told = [*(keys[name] for name in keys), *([table[pair[0]]] if long else [])]
    keys["time"] = (
        pd.to_numeric(table[roles[times]], errors="coerce")
        if times in roles
        else keys.groupby(told, sort=False).cumcount().astype(float)
    )
    for role in _CARRIED:
        if role in roles:
            keys[role] = table[roles[role]]
    keys = keys.astype({name: object for name in ("recording", "id", "modality")})
    if long:
        scores = pd.to_numeric(table[pair[1]], errors="coerce")
        return keys.assign(emotion=table[pair[0]].astype(str), score=scores), ()
    numbers = [str(name) for name in table.select_dtypes(include="number")]
    taken = set(roles.values())
    free = [name for name in numbers if name not in taken]
    clocks = [n for n in free if n.lower().strip() in _CLOCKS or _is_clock(table[n])]
    chosen = list(emotions) if emotions else [name for name in free if name not in clocks]
    absent = [name for name in chosen if name not in table]
    if absent or not chosen:
        fact = NO_NUMBERS
        if absent:
            fact = f"there is no column '{absent[0]}'. {name_nearest(absent[0], free)}"
        raise DataError(
            Problem(fact, ("Name the columns with ", Option("emotions"), "."), file=str(path))
        )
    whole = keys.loc[np.repeat(keys.index, len(chosen))].reset_index(drop=True)
    scores = table[chosen].apply(pd.to_numeric, errors="coerce").to_numpy(float)
    emotion = np.tile(np.array(chosen, object), len(table))
    notes = () if emotions else _tell_unused(table, clocks, taken)
    return whole.assign(emotion=emotion, score=scores.ravel()), notes


def _is_clock(column: pd.Series) -> bool:
    """Return whether numbers mostly rise by one step beyond 1, as times and frame numbers do."""
    if not column.max() > 1:
        return False
    steps = np.round(np.diff(column.to_numpy(float)), 6)
    rising = steps[steps > 0]
    if len(rising) < _FEWEST_STEPS:
        return False
    values, counts = np.unique(rising, return_counts=True)
    return bool(counts.max() >= _STEADY * len(steps)) and float(values[counts.argmax()]) > 0


def _tell_unused(table: pd.DataFrame, clocks: list[str], taken: set[str]) -> tuple[str, ...]:
    """Return notes on columns that are no emotions: those that rise steadily, and words."""
    notes = []
    if clocks:
        verb = "looks like a time" if len(clocks) == 1 else "look like times"
        notes.append(
            f"{name_some(clocks)} {verb}, by name or by steady steps, and no use is made of it; "
            "name times as such, or name the emotions."
        )
    numbers = table.select_dtypes(include="number")
    words = [str(name) for name in table if name not in numbers and str(name) not in taken]
    if words:
        verb = "holds" if len(words) == 1 else "hold"
        notes.append(
            f"{name_some(words)} {verb} words and no use is made of them; recordings and faces, "
            "people, and data sets are named by options (id, subject, by) or in a table of "
            "recordings."
        )
    return tuple(notes)
