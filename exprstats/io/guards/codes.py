"""Codes for missing values and isolated values among numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.errors import Option, Problem

# Codes that survey programs and codebooks use for answers that are not there.
USUAL_CODES = frozenset(
    sign * number
    for number in (7, 8, 9, 66, 77, 88, 97, 98, 99, 888, 999, 998, 997, 9999, 99999)
    for sign in (1, -1)
)
_MOST_LEVELS = 25
_MAIN = 0.6
_FEWEST, _LARGEST = 10, 1e12
_MANY = 20_000


@dataclass(frozen=True, slots=True)
class Outlying:
    """Values of one column that lie far from all its others.

    Attributes
    ----------
    column
        Its name.
    codes
        The values, in order.
    low, high
        Range of the other values.
    rows
        Rows of the file that hold one of them.
    """

    column: str
    codes: tuple[float, ...]
    low: float
    high: float
    rows: tuple[int, ...]


def find_codes(column: str, values: np.ndarray, rows: np.ndarray) -> Outlying | None:
    """Return the values of a column that are separated from most others by more than their range.

    Answers on a scale of up to 25 whole or half steps have no such values; among measured
    quantities, which may be skewed, only the usual codes for missing values count.

    Parameters
    ----------
    column
        Its name.
    values, rows
        Numbers and the rows of the file that they stand in (n,).

    Examples
    --------
    >>> answers = np.array([0.0, 1, 2, 3, 4, 2, 1, 99, 3, -9, 2, 2])
    >>> found = find_codes("rating", answers, np.arange(2, 14))
    >>> found.codes, (found.low, found.high), found.rows
    ((-9.0, 99.0), (0.0, 4.0), (9, 11))
    """
    if _can_hold_none(values):
        return None
    below = _find_negative(values)
    if len(below):
        return _add_negative(column, values, rows, below)
    # Counting by hash is several times faster than sorting all values.
    levels, counts = _count_levels(values[np.abs(values) < _LARGEST])
    first, last = _peel_levels(levels, counts)
    if counts[first:last].sum() < _MAIN * counts.sum():
        return None
    core = levels[first:last]
    outside = np.r_[levels[:first], levels[last:]]
    steps = bool((core % 0.5 == 0).all())
    on_scale = steps and len(core) and np.ptp(core) < _MOST_LEVELS
    if not on_scale:
        outside = outside[np.isin(outside, list(USUAL_CODES))]
    if not len(outside) or len(core) < 3:
        return None
    held = np.isin(values, outside)
    codes = tuple(outside.tolist())
    return Outlying(column, codes, float(core[0]), float(core[-1]), tuple(rows[held].tolist()))


def _peel_levels(levels: np.ndarray, counts: np.ndarray) -> tuple[int, int]:
    """Return the first and the end of the levels (q,) that keep together."""
    first, last = 0, len(levels)
    usual = np.isin(levels, list(USUAL_CODES))
    # From the outside in, as long as most values and three levels stay.
    while last - first > 3 and counts[first:last].sum() >= _FEWEST:
        gap_above, range_below = (
            levels[last - 1] - levels[last - 2],
            np.ptp(levels[first : last - 1]),
        )
        gap_below, range_above = levels[first + 1] - levels[first], np.ptp(levels[first + 1 : last])
        # Codes such as -8 and -9 stand together, so that a gap is sought behind both.
        if _is_far(gap_above, range_below, usual[last - 1]):
            last -= 1
        elif _is_far(gap_below, range_above, usual[first]):
            first += 1
        elif (step := _find_cluster(levels[first:last], usual[first:last])) > 0:
            last -= step
        elif step < 0:
            first -= step
        else:
            break
    return first, last


def _can_hold_none(values: np.ndarray) -> bool:
    """Return whether numbers (n,) are neither answers on a scale nor hold a usual code.

    It spares counting what was measured, where nearly every value is a level of its own.
    """
    counted, steps = 0, 0
    for start in range(0, len(values), _MANY):
        block = values[start : start + _MANY]
        small = np.abs(block) < _LARGEST
        with np.errstate(over="ignore"):
            doubled = block + block
        held = block[small & (doubled == np.rint(doubled))]
        if len(held) and np.isin(held, [-1.0, *USUAL_CODES]).any():
            return False
        counted, steps = counted + int(np.count_nonzero(small)), steps + len(held)
    return steps < _MAIN * counted


def _find_negative(values: np.ndarray) -> np.ndarray:
    """Return usual codes below 0 where all other numbers are 0 or more: -99 of 0 to 100.

    A -1 is a code where the others begin at 1.
    """
    known = values[np.isfinite(values)]
    below = known[known < 0]
    # Few of them show that measured numbers are no codes.
    if not np.isin(below[:_FEWEST], [-1.0, *USUAL_CODES]).all():
        return np.empty(0)
    below, rest = np.unique(below), known[known >= 0]
    if not len(below) or len(rest) < max(_FEWEST, _MAIN * len(known)):
        return np.empty(0)
    coded = np.isin(below, list(USUAL_CODES)) | ((below == -1) & (rest.min() >= 1))
    return below if coded.all() and len(np.unique(rest)) > 2 else np.empty(0)


def _add_negative(column: str, values: np.ndarray, rows: np.ndarray, below: np.ndarray) -> Outlying:
    """Return negative codes and those that are found among the other values."""
    held = np.isin(values, below)
    found = find_codes(column, np.where(held, np.nan, values), rows)
    rest = values[np.isfinite(values) & ~held]
    codes = (*below.tolist(), *(found.codes if found else ()))
    ends = (found.low, found.high) if found else (float(rest.min()), float(rest.max()))
    return Outlying(column, codes, *ends, tuple(rows[np.isin(values, codes)].tolist()))


def find_shared(columns: Mapping[str, np.ndarray], rows: np.ndarray) -> list[Outlying]:
    """Return usual codes above a scale that two other columns keep to: 9 where others end at 7.

    Parameters
    ----------
    columns
        Numbers (n,) of each column.
    rows
        Rows (n,) of the file.

    Examples
    --------
    >>> answers = np.array([1.0, 2, 3, 4, 5, 6, 7, 3, 4, 5, 2, 6])
    >>> missed = np.where(np.arange(12) == 3, 9, answers)
    >>> columns = {"a": missed, "b": answers, "c": answers[::-1]}
    >>> [(one.column, one.codes) for one in find_shared(columns, np.arange(12))]
    [('a', (9.0,))]
    """
    if not any(np.fmax.reduce(one, initial=-np.inf) in USUAL_CODES for one in columns.values()):
        return []
    levels = {name: np.unique(values[np.isfinite(values)]) for name, values in columns.items()}
    steps = {
        name: held
        for name, held in levels.items()
        if 3 < len(held) <= _MOST_LEVELS and (held % 1 == 0).all()
    }
    found = []
    for name, held in steps.items():
        if held[-1] not in USUAL_CODES or held[-1] < held[-2] + 2:
            continue
        alike = [one for other, one in steps.items() if other != name and one[-1] == held[-2]]
        where = columns[name] == held[-1]
        if len(alike) > 1 and where.sum() < (1 - _MAIN) * len(where):
            ends = float(held[0]), float(held[-2])
            found.append(Outlying(name, (float(held[-1]),), *ends, tuple(rows[where].tolist())))
    return found


def _is_far(gap: float, spread: float, usual: bool) -> bool:
    return bool(gap > spread or (usual and gap == spread))


def _count_levels(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the different values, in order, and how often each is there."""
    if len(values) < _MANY:
        return np.unique(values, return_counts=True)
    counted = pd.Series(values).value_counts(sort=False).sort_index()
    return counted.index.to_numpy(float), counted.to_numpy()


def _find_cluster(levels: np.ndarray, usual: np.ndarray) -> int:
    """Return how many usual codes stand together above (positive) or below (negative) a gap."""
    for size in range(2, min(6, len(levels) - 2)):
        if usual[-size:].all() and _is_far(
            levels[-size] - levels[-size - 1], np.ptp(levels[:-size]), True
        ):
            return size
        if usual[:size].all() and _is_far(
            levels[size] - levels[size - 1], np.ptp(levels[size:]), True
        ):
            return -size
    return 0


def find_silent(
    column: str,
    values: np.ndarray,
    rows: np.ndarray,
    labels: Mapping[str, str],
    silent: Iterable[str],
) -> tuple[np.ndarray, Problem | None]:
    """Return which values (n,) labels call no answer, and what to say of them.

    Parameters
    ----------
    column, values, rows
        As for `find_codes`.
    labels
        Value to label.
    silent
        Values whose label says that nothing was answered.
    """
    codes = [float(value) for value in silent]
    far = find_codes(column, np.where(np.isin(values, codes), np.nan, values), rows)
    # A label on a value that is far from the scale tells why it is there.
    codes += [code for code in (far.codes if far else ()) if f"{code:g}" in labels]
    mute = np.isin(values, codes)
    if not mute.any():
        return mute, None
    shown = " and ".join(
        f"{value:g} ('{labels.get(f'{value:g}', 'no answer')}')"
        for value in sorted(set(values[mute].tolist()))
    )
    fact = f"{count_things(mute.sum(), 'cell is', 'cells are')} read as missing: {shown}."
    return mute, Problem(fact, column=column)


def describe_codes(found: Sequence[Outlying]) -> list[Problem]:
    """Return one warning for each set of codes, with the option that declares them."""
    problems = []
    for codes in dict.fromkeys(one.codes for one in found):
        alike = [one for one in found if one.codes == codes]
        count = sum(len(one.rows) for one in alike)
        shown = " and ".join(f"{code:g}" for code in codes[:4])
        low, high = min(one.low for one in alike), max(one.high for one in alike)
        fact = (
            f"{count_things(count, 'cell holds', 'cells hold')} {shown}, far from the other "
            f"values ({low:g} to {high:g})."
        )
        given = [int(code) if code == int(code) else code for code in codes]
        cure = ("If this stands for a missing value, declare it with ", Option("missing", given))
        rows = tuple(sorted(row for one in alike for row in one.rows))
        names = [one.column for one in alike]
        column = "', '".join([*names[:5], *["…"] * (len(names) > 5)])
        problems.append(Problem(fact, (*cure, "; else correct it."), column=column, rows=rows))
    return problems


def holds_steps(values: np.ndarray) -> bool:
    """Return whether all numbers of an array are whole or half steps, as answers are."""
    return bool((np.isnan(values) | (values % 0.5 == 0)).all())


def holds_correlations(values: np.ndarray) -> bool:
    """Return whether numbers (n, p) are a correlation matrix, whole or one half of it.

    Examples
    --------
    >>> holds_correlations(np.array([[1, 0.2, 0.3], [0.2, 1, 0.4], [0.3, 0.4, 1]]))
    True
    """
    if len(values) < 3 or values.shape[0] != values.shape[1]:
        return False
    values = np.where(np.isnan(values), values.T, values)
    square = np.allclose(np.diag(values), 1) and (np.abs(values) <= 1 + 1e-9).all()
    halves = np.triu(values, 1) == 0, np.tril(values, -1) == 0
    return bool(square and (np.allclose(values, values.T) or any(half.all() for half in halves)))


_STARS = re.compile(r"[*†‡§]+|\s")
_DASHES = frozenset({"", "-", "–", "—", "―", "−"})


def holds_printed(table: pd.DataFrame) -> bool:
    """Return whether the last columns are correlations as articles print them: one half, dashes.

    Examples
    --------
    >>> rows = [["a", "2.1", "—", "", ""], ["b", "2.2", ".31**", "—", ""],
    ...         ["c", "2.0", "-.20", ".44", "—"]]
    >>> holds_printed(pd.DataFrame(rows, columns=["", "M", "1", "2", "3"]))
    True
    """
    count = len(table)
    if not 3 <= count < len(table.columns):
        return False
    values = np.full((count, count), np.nan)
    for row, cells in enumerate(table.iloc[:, -count:].to_numpy(object)):
        for column, cell in enumerate(cells):
            text = "" if pd.isna(cell) else _STARS.sub("", str(cell)).replace("−", "-")
            text = text.replace(",", ".")
            if text in _DASHES:
                continue
            try:
                values[row, column] = float(text)
            except ValueError:
                return False
    np.fill_diagonal(values, np.where(np.isnan(np.diag(values)), 1.0, np.diag(values)))
    whole = np.isfinite(values[np.tril_indices(count, -1)]).all()
    whole |= np.isfinite(values[np.triu_indices(count, 1)]).all()
    return bool(whole) and holds_correlations(values)
