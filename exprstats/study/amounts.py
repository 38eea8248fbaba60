"""Readers of single numbers of a study file: each returns the number or says what it wants."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from exprstats.study.reading import Unreadable, show_value


def read_scale(value: Any, folder: Path) -> tuple[float, float]:
    """Return the lowest and the highest answer."""
    pair = isinstance(value, list) and len(value) == 2 and all(map(is_number, value))
    if not pair or value[0] >= value[1]:
        message = (
            f"must be the lowest and the highest answer such as [0, 4], not {show_value(value)}."
        )
        raise Unreadable(message)
    return float(value[0]), float(value[1])


def read_share(value: Any, folder: Path) -> float:
    """Return a share above 0 and below 1."""
    if not is_number(value) or not 0 < value < 1:
        message = f"must be a number between 0 and 1, not {show_value(value)}."
        raise Unreadable(message)
    return float(value)


def read_portion(value: Any, folder: Path) -> float:
    """Return a share that may also be 0 or 1."""
    if not is_number(value) or not 0 <= value <= 1:
        message = f"must be a share from 0 to 1, not {show_value(value)}."
        raise Unreadable(message)
    return float(value)


def read_part(value: Any, folder: Path) -> float:
    """Return a share that may be 0 and lies below 1."""
    return 0.0 if is_number(value) and value == 0 else read_share(value, folder)


def read_positive(value: Any, folder: Path) -> float:
    """Return a finite number above 0."""
    if not is_number(value) or value <= 0:
        message = f"must be a number above 0, not {show_value(value)}."
        raise Unreadable(message)
    return float(value)


def read_seed(value: Any, folder: Path) -> int:
    """Return a whole number that is not negative."""
    return _read_whole(value, lowest=0)


def read_draws(value: Any, folder: Path) -> int:
    """Return a number of bootstrap draws: 100 give a rough interval, 2,000 a usual one."""
    return _read_whole(value, lowest=100)


def read_repeats(value: Any, folder: Path) -> int:
    """Return a whole number of at least 1."""
    return _read_whole(value, lowest=1)


def read_folds(value: Any, folder: Path) -> int:
    """Return a whole number of at least 2."""
    return _read_whole(value, lowest=2)


def is_number(value: Any) -> bool:
    """Return whether a TOML value is a finite number (booleans are not)."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _read_whole(value: Any, *, lowest: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < lowest:
        message = f"must be a whole number of at least {lowest}, not {show_value(value)}."
        raise Unreadable(message)
    return value
