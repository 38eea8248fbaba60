"""Guards before estimation: codes among numbers, and ids that spreadsheets or systems changed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

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
_INVISIBLE = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_BLANK = re.compile("[\u00a0\u2007\u202f]")
_FORMULA = re.compile(r"=[\w(+\-'$]")
_LOST_DIGITS = re.compile(r"\d(\.\d+)?E\+\d+")
_MONTHS = "jan|feb|mar|mär|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez"
_DATE = re.compile(
    rf"\d{{4}}-\d\d-\d\d([T ]00:00(:00)?)?|\d{{1,2}}[-./ ]+({_MONTHS})[a-z]*\.?"
    rf"|({_MONTHS})[a-z]*\.?[- ]\d{{1,4}}",
    re.IGNORECASE,
)


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
    levels, counts = np.unique(values[np.abs(values) < _LARGEST], return_counts=True)
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


def _is_far(gap: float, spread: float, usual: bool) -> bool:
    return bool(gap > spread or (usual and gap == spread))


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
        names = "', '".join(one.column for one in alike)
        problems.append(Problem(fact, (*cure, "; else correct it."), column=names, rows=rows))
    return problems


def clean_id(text: str) -> str:
    """Return an id without what nobody sees: NFC, no invisible characters or outer blanks.

    Examples
    --------
    >>> clean_id("Zoe\u0308\u200b ") == "Zoë"
    True
    """
    if text.isascii():
        return text.strip()
    return _BLANK.sub(" ", _INVISIBLE.sub("", unicodedata.normalize("NFC", text))).strip()


def find_formulas(levels: Sequence[str]) -> list[int]:
    """Return the places of cells that hold a formula, since no value of it was stored."""
    return [place for place, text in enumerate(levels) if _FORMULA.match(text)]


def find_lost_digits(levels: Sequence[str]) -> list[int]:
    """Return the places of ids that a spreadsheet wrote as rounded numbers (2.02304E+11)."""
    return [place for place, text in enumerate(levels) if _LOST_DIGITS.fullmatch(text.strip())]


def looks_like_date(text: str) -> bool:
    """Return whether a text is a date as spreadsheets write it.

    Examples
    --------
    >>> looks_like_date("02. Jan"), looks_like_date("2 - January is cold")
    (True, False)
    """
    return _DATE.fullmatch(text.strip()) is not None


def find_dates(levels: Sequence[str]) -> list[int]:
    """Return the places of ids that look like dates, where others do not."""
    dates = [place for place, text in enumerate(levels) if looks_like_date(text)]
    return dates if len(dates) < 0.8 * len(levels) else []


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
