"""Columns that are no features or answers: ids, row numbers, constants, copies, sums, ages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from exprstats.codes import list_values
from exprstats.io.files.words import is_total

COPY = "a copy of the target"

_FEWEST = 10
_ID = re.compile(r"(.*[_ .-])?(id|ids|index|nr|no|number|code|row|unnamed: \d+)", re.IGNORECASE)
# A correlation that falls short of 1 by less is one within rounding.
_COPY = 1e-12
# Rounded numbers correlate so highly at least with those that they come from.
_NEAR = 0.9995


def judge_features(
    table: pd.DataFrame, names: Iterable[str], *, target: str | None = None
) -> dict[str, str]:
    """Return the columns among some that are no features, with what they are instead.

    Parameters
    ----------
    table
        CLIPS; its column ``subject`` tells which numbers name people.
    names
        Columns of numbers.
    target
        What is to be predicted, numbers or names of classes; None: it is not there.

    Returns
    -------
    dict of str to str
        Column to what it is: ``"row numbers"``, ``"an id"``, ``"a constant"``, ``"a copy of the
        target"``.

    Examples
    --------
    >>> table = pd.DataFrame({"no": range(12), "flat": 1.0, "x": [1.0, 5, 2] * 4})
    >>> judge_features(table.assign(y=3 * table["x"] + 1), ["no", "flat", "x"], target="y")
    {'no': 'row numbers', 'flat': 'a constant', 'x': 'a copy of the target'}
    """
    people = table.get("subject")
    truth = table[target] if target is not None and target in table else None
    found = {}
    for name in names:
        column = table[name]
        if name == target or not pd.api.types.is_numeric_dtype(column):
            continue
        # A missing value makes the sum so, which is faster to see than each.
        with np.errstate(invalid="ignore", over="ignore"):
            whole = np.isfinite(column.to_numpy(float, na_value=np.nan).sum())
        known = column if whole else column.dropna()
        if not len(known):
            continue
        if counts_rows(column):
            found[name] = "row numbers"
        elif len(known) > 1 and not (known.to_numpy() != known.iloc[0]).any():
            found[name] = "a constant"
        elif _names_things(str(name), known, people):
            found[name] = "an id"
        elif truth is not None and _copies(column, truth):
            found[name] = COPY
    return found


def counts_rows(column: pd.Series) -> bool:
    """Return whether a column of numbers only counts its ten or more rows, from any number."""
    if len(column) < _FEWEST or pd.api.types.is_bool_dtype(column):
        return False
    first = float(column.iloc[0])
    # Two rows tell of nearly every column that it counts nothing.
    if not first.is_integer() or column.iloc[1] != first + 1:
        return False
    return bool((np.diff(column.to_numpy(float, na_value=np.nan)) == 1).all())


def tell_features(found: dict[str, str]) -> list[str]:
    """Return what columns are, one phrase a kind: "'id' and 'no' are ids".

    Examples
    --------
    >>> tell_features({"id": "an id", "no": "an id", "flat": "a constant"})
    ["'id', 'no' (an id)", "'flat' (a constant)"]
    """
    kinds = dict.fromkeys(found.values())
    return [
        f"{', '.join(repr(str(name)) for name, held in found.items() if held == kind)} ({kind})"
        for kind in kinds
    ]


def _names_things(name: str, known: pd.Series, people: pd.Series | None) -> bool:
    """Return whether whole numbers name rows or people: by their column's name and their use."""
    if not _ID.fullmatch(name.strip()) or not (known % 1 == 0).all():
        return False
    if known.nunique() == len(known):
        return True
    if people is None:
        return False
    # A person has one number, and a number one person.
    pairs = pd.DataFrame({"number": known, "person": people.loc[known.index]}).drop_duplicates()
    return len(pairs) == pairs["number"].nunique() == pairs["person"].nunique()


def _copies(column: pd.Series, truth: pd.Series) -> bool:
    both = column.notna() & truth.notna()
    values = column[both].to_numpy(float)
    if len(values) < 3:
        return False
    if pd.api.types.is_numeric_dtype(truth) and not pd.api.types.is_bool_dtype(truth):
        return bool(copies_numbers(values[:, None], truth[both].to_numpy(float))[0])
    kinds = truth[both].nunique()
    pairs = len(pd.DataFrame({"a": values, "b": truth[both].to_numpy()}).drop_duplicates())
    return pairs == len(np.unique(values)) == kinds and 2 * kinds < len(values)


def copies_numbers(values: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return which columns (n, p) are others (n,) in another unit: abs(r) is 1 within rounding.

    Both may be rounded, as z values beside the ratings that they come from.

    Examples
    --------
    >>> truth = np.array([4.45, 4.58, 3.1, 2.96, 5.2, 4.01])
    >>> standard = ((truth - truth.mean()) / truth.std()).round(3)
    >>> copies_numbers(np.column_stack([standard, truth[::-1]]), truth).tolist()
    [True, False]
    """
    if len(truth) < 3:
        return np.zeros(values.shape[1], dtype=bool)
    away, rest = values - values.mean(axis=0), truth - truth.mean()
    scales = np.sqrt(np.mean(away * away, axis=0) * np.mean(rest * rest))
    covariances = rest @ away / len(truth)
    found = (scales > 0) & (np.abs(covariances) >= (1 - _COPY) * scales)
    for place in np.flatnonzero((scales > 0) & ~found & (np.abs(covariances) >= _NEAR * scales)):
        slope = covariances[place] / np.mean(rest * rest)
        step = _find_step(values[:, place]) + abs(slope) * _find_step(truth)
        found[place] = np.abs(away[:, place] - slope * rest).max() <= step
    return found


def _find_step(values: np.ndarray) -> float:
    """Return the unit in the last decimal of numbers (n,), up to the sixth; 0 of finer ones."""
    return next((10.0**-d for d in range(7) if np.allclose(values, values.round(d), 0, 1e-9)), 0.0)


def list_lost(
    whole: pd.DataFrame, kept: np.ndarray, columns: Sequence[str], target: str | None = None
) -> str:
    """Return what rows with gaps take away: cells by column, and people and classes as a whole.

    Parameters
    ----------
    whole
        CLIPS with its gaps.
    kept
        Which rows (n,) have none.
    columns
        Those that are needed.
    target
        Among them, a target of classes; None for a quantity.

    Examples
    --------
    >>> table = pd.DataFrame({"subject": list("aab"), "x": [1.0, 2, None], "y": list("ppq")})
    >>> list_lost(table, table["x"].notna().to_numpy(), ["x", "y"], "y")
    "'x' (1); nothing is left of 1 of 2 subjects ('b') and of class 'q'"
    """
    gaps = {str(name): int(whole[name].isna().sum()) for name in columns}
    ordered = sorted((name for name, count in gaps.items() if count), key=lambda one: -gaps[one])
    told = ", ".join(f"'{name}' ({gaps[name]:,})" for name in ordered[:5])
    told += f" and {len(ordered) - 5:,} more columns" if len(ordered) > 5 else ""
    lost = []
    if "subject" in whole:
        before, after = (dict.fromkeys(one["subject"]) for one in (whole, whole[kept]))
        gone = [name for name in before if name not in after]
        if gone:
            shown = ", ".join(f"'{name}'" for name in gone[:3]) + " …" * (len(gone) > 3)
            lost.append(f"of {len(gone):,} of {len(before):,} subjects ({shown})")
    if target is not None:
        known = list(dict.fromkeys(whole[target].dropna()))
        left = set(whole.loc[kept, target])
        gone = [f"'{name}'" for name in known if name not in left]
        lost += [f"of class {' and '.join(gone)}"] if gone else []
    return f"{told}; nothing is left {' and '.join(lost)}" if lost else told


def find_sums(table: pd.DataFrame, names: Sequence[str]) -> dict[str, str]:
    """Return the columns among some that hold sums or means of the others, with the reason.

    Parameters
    ----------
    table
        As it was read.
    names
        Columns of numbers.

    Examples
    --------
    >>> table = pd.DataFrame({"a": [1.0, 2, 4], "b": [2.0, 2, 5], "c": [1.0, 3, 3]})
    >>> find_sums(table.assign(all=table.sum(axis=1)), ["a", "b", "c", "all"])
    {'all': 'it is the sum of the others'}
    """
    found = {}
    plain = [one for one in names if not is_total(one)]
    near = _find_near(table, names, plain)
    for name in names:
        rest = [one for one in plain if one != name]
        if len(rest) < 2 or not len(table):
            continue
        if name not in near:
            found |= {name: "its name is that of totals or means"} if is_total(name) else {}
            continue
        others, own = table[rest], table[name].to_numpy(float)
        # Means are printed with some decimals.
        means = np.abs(others.mean(axis=1).to_numpy(float) - own)
        rounded = (own != np.rint(own)).any() and np.nanmax(means, initial=0) <= 0.0051
        if len(rest) > 2 and np.array_equal(others.sum(axis=1).to_numpy(float), own):
            found[name] = "it is the sum of the others"
        elif len(rest) > 2 and rounded and not np.isnan(means).any():
            found[name] = "it is the mean of the others"
        elif is_total(name):
            found[name] = "its name is that of totals or means"
    return found


def _find_near(table: pd.DataFrame, names: Sequence[str], plain: Sequence[str]) -> set[str]:
    """Return the columns that may be sums or means of plain others, by one look at all rows."""
    values = table[[*plain]].to_numpy(float)
    totals, counts = np.nansum(values, axis=1), (~np.isnan(values)).sum(axis=1)
    if not np.isfinite(totals).all():
        return {*names}
    slack = 1e-6 * (1 + np.nansum(np.abs(values), axis=1))
    near = set()
    for name in names:
        own = table[name].to_numpy(float)
        rest = totals - np.nan_to_num(own) * (name in plain)
        size = np.maximum(counts - ~np.isnan(own) * (name in plain), 1)
        off = np.minimum(np.abs(rest - own), np.abs(rest / size - own) - 0.0051)
        if (off <= slack + 1e-6 * np.abs(own)).all():
            near.add(name)
    return near


def find_fixed(table: pd.DataFrame, names: Sequence[str], rater: str | None) -> dict[str, str]:
    """Return the columns that hold one value for each rater, such as ages, with the reason.

    Examples
    --------
    >>> table = pd.DataFrame({"rater": list("aabb"), "age": [31, 31, 40, 40], "x": [1, 2, 1, 3]})
    >>> find_fixed(table, ["age", "x"], "rater")
    {'age': "it has one value for each 'rater'"}
    """
    if rater is None or table[rater].is_unique:
        return {}
    counts = table.groupby(rater)[list(dict.fromkeys(names))].nunique().max()
    single = counts.index[counts < 2]
    fixed = [name for name in single if len(list_values(table[name])) > 1]
    # What each rater gave to all clips is an answer where there is no other.
    alone = len(fixed) == len(names)
    return {} if alone else {name: f"it has one value for each '{rater}'" for name in fixed}


def find_equal_columns(table: pd.DataFrame, names: Sequence[str]) -> dict[str, str]:
    """Return the columns that hold the same as a later one, with the reason.

    Examples
    --------
    >>> table = pd.DataFrame({"response": [1, 5, 3], "response_warm": [1, 5, 3]})
    >>> find_equal_columns(table, [*table])
    {'response': "it holds the same as 'response_warm'"}
    """
    found = {}
    for place, name in enumerate(names):
        same = [one for one in names[place + 1 :] if table[name].equals(table[one])]
        if same and len(list_values(table[name])) > 1:
            found[name] = f"it holds the same as '{same[0]}'"
    return found
