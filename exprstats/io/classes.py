"""Classes in files: columns of their names, and truths and predictions that are names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.errors import Option, Problem, Text, warn_user
from exprstats.io.columns import Guessed
from exprstats.io.files.headers import unescape
from exprstats.io.files.words import fold_name
from exprstats.io.numbers import parse_numbers
from exprstats.options import name_some

if TYPE_CHECKING:
    from exprstats.io.drafts import Draft

PREDICTED = ("truth", "prediction")
_REMEDY = "Give truth and predictions in the same words, or all as numbers."


class Classes(Guessed):
    """A column of class names, or of numbers where all its cells are.

    What stands for a missing number stands for a missing class too.

    Parameters
    ----------
    name, missing, marks
        As for `exprstats.io.columns.Numbers`.
    certain
        Whether it is known to hold classes; if not, numbers among texts are a problem.
    """

    certain = True
    apart = True
    remedy: Text = (
        *("Declare texts that mean missing with ", Option("missing")),
        *(", or say that it holds classes with ", Option("classes", True), "."),
    )

    def finish(self) -> tuple[pd.Series, list[Problem]]:
        """Return numbers if all cells are, else the names, and what is wrong with them."""
        if self._values:
            return super().finish()
        parsed = parse_numbers(self.levels, self._missing, self._marks.thousands)
        if np.isnan(parsed.found).all() and not parsed.bad:
            return self.take(parsed.found), []
        if not parsed.bad:
            return super().finish()
        counts = np.bincount(self.codes, minlength=len(self.levels))
        numbers = np.flatnonzero(~np.isnan(parsed.found))
        if len(numbers) and not self.certain:
            named = ", ".join(f"'{self.levels[place]}'" for place in parsed.bad[:3])
            total = int(counts[numbers].sum() + counts[parsed.bad].sum())
            counted = count_things(counts[numbers].sum(), "cells is", "cells are", of=total)
            fact = f"{counted} numbers, others {named}."
            rows = self.find_rows(parsed.bad)
            return self._name_levels(), [Problem(fact, self.remedy, column=self.name, rows=rows)]
        return self._name_levels(), self._find_lookalikes() if self.apart else []

    def _name_levels(self) -> pd.Series:
        bare = [level.strip() for level in self.levels]
        names = [None if name in self._missing.texts else unescape(name) for name in bare]
        return self.take(pd.array(names, dtype="str"))

    def _find_lookalikes(self) -> list[Problem]:
        written: dict[str, list[str]] = {}
        for level in self.levels:
            written.setdefault(level.strip().casefold(), []).append(level)
        pairs = [forms for forms in written.values() if len({one.strip() for one in forms}) > 1]
        if not pairs:
            return []
        named = "; ".join(" and ".join(f"'{form}'" for form in forms) for forms in pairs[:3])
        counted = count_things(len(pairs), "class differs", "classes differ")
        fact = f"{counted} only in upper and lower case: {named}."
        rows = self.find_rows([self._places[form] for form in pairs[0][1:]])
        return [Problem(fact, "Write each class in one way.", column=self.name, rows=rows)]


class Target(Classes):
    """A column of numbers or of class names, whichever its cells are."""

    certain = False


class Predicted(Target):
    """A column of truths or predictions: numbers or class names, whichever its cells are.

    Names that differ in case become one, with a warning, once all models are known.
    """

    apart = False

    remedy = "Correct them: truth and predictions are all numbers, or all names of classes."


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
    if all(pd.api.types.is_numeric_dtype(table[column]) for column in PREDICTED):
        return table
    labels = {f"{column}_class": table[column].astype("str") for column in PREDICTED}
    labels = _merge_case(labels)
    names = sorted({name for column in labels.values() for name in column.dropna()})
    codes = {name: float(code) for code, name in enumerate(names)}
    coded = {column: labels[f"{column}_class"].map(codes).astype(float) for column in PREDICTED}
    return table.assign(**coded, **labels)


def _merge_case(labels: Mapping[str, pd.Series]) -> dict[str, pd.Series]:
    """Return classes in the form of the truth, where others differ from it in case alone."""
    forms: dict[str, str] = {}
    for column in labels.values():
        for name in column.value_counts().index:
            forms.setdefault(str(name).casefold(), str(name))
    whole = {str(one) for column in labels.values() for one in column.dropna().unique()}
    merged = {one: forms[one.casefold()] for one in sorted(whole) if forms[one.casefold()] != one}
    if not merged:
        return dict(labels)
    shown = ", ".join(f"'{one}' as '{best}'" for one, best in [*merged.items()][:3])
    count = sum(int(column.isin([*merged]).sum()) for column in labels.values())
    warn_user(f"{count_things(count, 'class is', 'classes are')} read in another case: {shown}.")
    return {name: column.replace(merged) for name, column in labels.items()}


def code_positive(draft: Draft, truth: str | None, positive: str | None) -> None:
    """Make the truth 1 where it is the positive class and 0 where it is another, if one is named.

    Parameters
    ----------
    draft
        The table under the file's own names; a class that it lacks becomes a problem.
    truth, positive
        The column, and the class that predictions are probabilities of.
    """
    if truth is None or positive is None or truth not in draft.table:
        return
    column = draft.table[truth]
    words = column.map(write_class, na_action="ignore").astype("str")
    words = _merge_case({"truth": words})["truth"]
    levels = [str(one) for one in words.dropna().unique()]
    named = next((one for one in levels if one.casefold() == positive.casefold()), None)
    if named is None:
        fact = f"no row holds the class '{positive}'; it holds {name_some(levels)}."
        draft.problems.append(Problem(fact, "Name one of them.", column=truth, option="positive"))
        return
    coded = (words == named).astype(float).where(words.notna())
    draft.table = draft.table.assign(**{truth: coded})


def choose_largest(draft: Draft, model: str, parts: Mapping[str, str], truth: str) -> None:
    """Add the predictions of a model whose columns are values of the classes: of the largest.

    Parameters
    ----------
    draft
        The table under the file's own names; it gets a column of the model's name.
    model
        How all columns begin.
    parts
        Column to the class that it is called by.
    truth
        The column whose classes they are.
    """
    if truth not in draft.table or not {*parts} <= {*draft.table}:
        return
    levels = draft.table[truth].dropna().unique().tolist()
    known = {fold_name(write_class(one)): one for one in levels}
    held = {name: fold_name(part) for name, part in parts.items() if fold_name(part) in known}
    lost = [one for one in known if one not in held.values()]
    if lost:
        fact = f"model '{model}' has no column of the class {name_some(lost)}."
        remedy = f"Name a column for each class of '{truth}', such as {model}_{lost[0]}."
        draft.problems.append(Problem(fact, remedy))
        return
    values = draft.table[[*held]].to_numpy(float)
    classes = pd.Series([known[one] for one in held.values()]).take(values.argmax(axis=1))
    # Of values of which some are missing, none is known to be the largest.
    full = draft.table[[*held]].notna().all(axis=1)
    column = pd.Series(classes.to_numpy(), index=draft.table.index).where(full)
    draft.table = draft.table.assign(**{model: column.astype(draft.table[truth].dtype)})


def write_class(value: object) -> str:
    """Return a class as its cell shows it: 1 for 1.0."""
    return f"{value:g}" if isinstance(value, float | int) else str(value)
