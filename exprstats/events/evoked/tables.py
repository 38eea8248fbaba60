"""Tables of evoked expressions (EVOKED): one row a moment of a video, one column an expression.

``video`` names the video and ``time`` the moment in s; ``annotator``, ``model``, ``group`` and
``part`` may stand beside them. All other columns of numbers are expressions: labels of 0 and 1,
scores, or ratings such as valence; a missing cell is an expression that nobody could see.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from numbers import Real

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.contracts import find_absent, find_empty, find_unnumbers
from exprstats.errors import DataError, Option, OptionError, Problem
from exprstats.options import name_nearest, name_some

ROLES = ("video", "time", "annotator", "model", "group", "part")
_MILLI = 1000


def list_expressions(table: pd.DataFrame, expressions: Iterable[str] | None = None) -> list[str]:
    """Return the columns of a table that are expressions: those named, or all further numbers.

    Raises
    ------
    DataError
        If one is not there, or there is none.

    Examples
    --------
    >>> list_expressions(pd.DataFrame({"video": ["a"], "time": [0.0], "joy": [1], "note": ["x"]}))
    ['joy']
    """
    numbers = [
        str(name)
        for name in table.columns
        if name not in ROLES and pd.api.types.is_numeric_dtype(table[name])
    ]
    if expressions is None:
        if not numbers:
            fact = "no column holds numbers of an expression."
            raise DataError(Problem(fact, ("Name some with ", Option("expressions"), ".")))
        return numbers
    named = [expressions] if isinstance(expressions, str) else list(dict.fromkeys(expressions))
    absent = [name for name in named if name not in table.columns]
    if absent or not named:
        fact = (
            f"there is no expression {name_some(absent)}." if absent else "no expression is named."
        )
        raise DataError(Problem(fact, name_nearest(absent[0] if absent else "", numbers)))
    return named


def check_evoked(
    table: pd.DataFrame,
    expressions: Iterable[str] | None = None,
    *,
    needs: Sequence[str] = ("video",),
) -> list[str]:
    """Refuse a table that is none of evoked expressions; return its expressions.

    Raises
    ------
    DataError
        With every reason: columns absent, no rows, empty names of videos, cells that are no
        numbers.
    """
    problems = find_absent(table, needs, "evoked")
    if not problems and not len(table):
        problems.append(Problem("the evoked table has no rows.", "Check the file."))
    if problems:
        raise DataError(problems)
    names = list_expressions(table, expressions)
    times = [name for name in needs if name == "time"]
    problems += find_empty(table, list(needs))
    problems += find_unnumbers(table, [*times, *names])
    if problems:
        raise DataError(problems)
    return names


def code_names(column: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return codes (n,) of ids, and their names (G,) in alphabetical order.

    Examples
    --------
    >>> codes, names = code_names(pd.Series(["b", "a", "b"]))
    >>> codes.tolist(), names.tolist()
    ([1, 0, 1], ['a', 'b'])
    """
    first, levels = pd.factorize(column)
    names = np.array([str(level) for level in levels], dtype=object)
    sorted_names, ranks = np.unique(names, return_inverse=True)
    return ranks[first].astype(np.int64), sorted_names


def key_moments(time: pd.Series) -> np.ndarray:
    """Return times (n,) in whole milliseconds, by which the rows of two tables meet."""
    return np.round(time.to_numpy(float) * _MILLI).astype(np.int64)


def refuse_repeats(codes: np.ndarray, moments: np.ndarray, names: np.ndarray) -> np.ndarray:
    """Return the order (n,) of rows by video and time; refuse two rows of one moment.

    Parameters
    ----------
    codes, moments
        Video and time (n,), as from `code_names` and `key_moments`.
    names
        Names of the videos.

    Raises
    ------
    DataError
        With the first moment that stands twice.
    """
    step = np.diff(codes)
    rising = (step > 0) | ((step == 0) & (np.diff(moments) > 0))
    if rising.all():
        return np.arange(len(codes))
    order = np.lexsort((moments, codes))
    codes, moments = codes[order], moments[order]
    twice = np.flatnonzero((np.diff(codes) == 0) & (np.diff(moments) == 0))
    if len(twice):
        counted = count_things(len(twice), "row repeats", "rows repeat")
        shown = f"'{names[codes[twice[0]]]}' at {moments[twice[0]] / _MILLI:g} s"
        fact = f"{counted} the moment of another, such as video {shown}."
        remedy = ("If people annotated it one by one, name them with ", Option("annotator"), ".")
        raise DataError(Problem(fact, remedy))
    return order


def cut_labels(table: pd.DataFrame, names: Sequence[str], threshold: float) -> np.ndarray:
    """Return labels (n, e) of 1, 0 and NaN: a score at the threshold or above is a label.

    Raises
    ------
    DataError
        If a value lies outside 0 to 1.
    OptionError
        If the threshold does.
    """
    check_threshold(threshold)
    values = table[list(names)].to_numpy(float)
    with np.errstate(invalid="ignore"):
        wrong = np.flatnonzero(((values < 0) | (values > 1)).any(axis=0))
    if len(wrong):
        name = names[wrong[0]]
        low, high = (pick(values[:, wrong[0]]) for pick in (np.nanmin, np.nanmax))
        fact = f"it holds values from {low:g} to {high:g}; labels are 0 or 1, scores between."
        remedy = ("Leave it out with ", Option("expressions"), ", or bring it to 0 to 1.")
        raise DataError(Problem(fact, remedy, column=name))
    with np.errstate(invalid="ignore"):
        return np.where(np.isnan(values), np.nan, (values >= threshold) * 1.0)


def check_threshold(threshold: float) -> None:
    """Refuse a threshold of labels that is no share.

    Raises
    ------
    OptionError
        With the value.
    """
    if isinstance(threshold, bool) or not isinstance(threshold, Real) or not 0 < threshold <= 1:
        message = f" is {threshold}; it must lie above 0 and not above 1, such as 0.5."
        raise OptionError(Option("threshold"), message)


def sum_videos(values: np.ndarray, codes: np.ndarray, groups: int) -> np.ndarray:
    """Return sums (…, G) over the rows of each video of values (n,) or (n, k), missing as 0."""
    if values.ndim == 1:
        return np.bincount(codes, weights=np.nan_to_num(values), minlength=groups)
    return np.array([sum_videos(column, codes, groups) for column in values.T])
