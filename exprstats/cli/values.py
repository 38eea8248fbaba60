"""Texts of options to the values they stand for."""

from __future__ import annotations

import csv
import math
from typing import Any, get_args

from exprstats.errors import OptionError
from exprstats.words import MissingRule


def split_gaps(text: str | None) -> tuple[MissingRule, list[str]]:
    """Return what to do with rows that have gaps, and further codes of missing numbers.

    Examples
    --------
    >>> split_gaps("fiml,-99")
    ('fiml', ['-99'])
    """
    words = split_names(text, "--missing") or []
    rules: list[MissingRule] = [rule for rule in get_args(MissingRule) if rule in words]
    if len(rules) > 1:
        message = f"--missing '{text}' names two rules. Choose {' or '.join(rules)}."
        raise OptionError(message)
    codes = [word for word in words if word not in rules]
    return (rules[0] if rules else "listwise"), codes


def name_ratings(
    rating: str | None, clip: str | None, rater: str | None, raters: str | None
) -> dict[str, Any]:
    """Return the options of a ratings file that were given, as `exprstats.io.read_ratings` takes.

    Raises
    ------
    OptionError
        If raters are named both as columns and as cells of one, or beside several items.

    Examples
    --------
    >>> name_ratings("a,b", None, "worker", None)
    {'rater': 'worker', 'items': ['a', 'b']}
    """
    found: dict[str, Any] = {
        "clip": clip,
        "rater": rater,
        "raters": split_names(raters, "--raters"),
    }
    columns = split_names(rating, "--rating")
    if raters is not None and (rater is not None or len(columns or ()) > 1):
        other = "--rater" if rater is not None else f"--rating {rating}"
        message = f"--raters names a column for each rater; {other} does not go with it."
        raise OptionError(message)
    if columns:
        found |= {"items": columns} if len(columns) > 1 else {"rating": columns[0]}
    return {role: value for role, value in found.items() if value is not None}


def split_names(text: str | None, option: str = "the list") -> list[str] | None:
    """Return the names of a comma-separated list; names that hold commas stand in quotes.

    Raises
    ------
    OptionError
        If a name is empty or stands twice.

    Examples
    --------
    >>> split_names('x1,"x2, raw"')
    ['x1', 'x2, raw']
    """
    if text is None:
        return None
    rows = list(csv.reader([text], skipinitialspace=True))
    names = [name.strip() for name in rows[0]] if rows else []
    if not names or not all(names):
        message = f"{option} '{text}' has an empty name. Separate names by one comma: A,B,C."
        raise OptionError(message)
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        message = f"{option} names '{twice[0]}' more than once. Name each column once."
        raise OptionError(message)
    return names


def split_scale(text: str | None) -> tuple[float, float] | None:
    """Return the lowest and the highest answer of a scale.

    Raises
    ------
    OptionError
        Unless the text holds two numbers, the lower first.

    Examples
    --------
    >>> split_scale("0,4")
    (0.0, 4.0)
    """
    if text is None:
        return None
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        low = high = math.nan
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        message = f"--scale '{text}' must be the lowest and the highest answer, such as 0,4."
        raise OptionError(message)
    return low, high
