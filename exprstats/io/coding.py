"""Predicted classes as numbers, with their names beside them."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from exprstats.errors import Problem
from exprstats.io.drafts import Draft

_PREDICTED = ("truth", "prediction")
_REMEDY = "Give truth and predictions in the same words, or all as numbers."


def note_mixed(draft: Draft, columns: Sequence[str]) -> None:
    """Note it if some of a file's columns hold names of classes and others numbers.

    Parameters
    ----------
    draft
        The table under the file's own names.
    columns
        Those of truth and predictions; a column without any value is neither.
    """
    filled = [name for name in columns if name in draft.table and draft.table[name].notna().any()]
    named = [name for name in filled if not pd.api.types.is_numeric_dtype(draft.table[name])]
    if named and len(named) < len(filled):
        other = next(name for name in filled if name not in named)
        text = draft.table[named[0]].dropna().iloc[0]
        fact = f"it holds texts such as '{text}', but column '{other}' holds numbers."
        draft.problems.append(Problem(fact, _REMEDY, column=named[0]))


def find_mixed(drafts: Sequence[Draft]) -> list[Problem]:
    """Return a problem if some files predict names of classes and others numbers."""
    full = [draft for draft in drafts if "truth" in draft.table and not draft.problems]
    numeric = [pd.api.types.is_numeric_dtype(draft.table["truth"]) for draft in full]
    if len(set(numeric)) < 2:
        return []
    named, other = full[numeric.index(False)].file, full[numeric.index(True)].file
    fact = f"its truth is names of classes, that of {other} is numbers."
    return [Problem(fact, _REMEDY, file=named)]


def code_classes(table: pd.DataFrame) -> pd.DataFrame:
    """Return predictions whose names of classes became numbers, in the names' order.

    Parameters
    ----------
    table
        PREDICTIONS; one of numbers is returned as it is.
    """
    if all(pd.api.types.is_numeric_dtype(table[column]) for column in _PREDICTED):
        return table
    labels = {f"{column}_class": table[column].astype("str") for column in _PREDICTED}
    names = sorted({name for column in labels.values() for name in column.dropna()})
    codes = {name: float(code) for code, name in enumerate(names)}
    coded = {column: labels[f"{column}_class"].map(codes).astype(float) for column in _PREDICTED}
    return table.assign(**coded, **labels)
