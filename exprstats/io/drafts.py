"""Tables that were read, with everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.codes import repeats_rows
from exprstats.contracts import FILL_IN
from exprstats.errors import DataError, Option, OptionError, Problem, Text, warn_user
from exprstats.io.files.joined import place_problems
from exprstats.io.guards.tables import mark_said
from exprstats.options import name_some

ONCE = "Keep one row of each clip."
ELSE_RENAME = "; if not, give the column another name in the file."


@dataclass(slots=True)
class Draft:
    """A table that was read, and everything that is wrong with it.

    Attributes
    ----------
    file
        As the caller named it.
    table
        One row for each row of the file.
    rows
        (n,) the number of each row in the file.
    problems
        What was found so far.
    said
        Names of what was warned of, so that verbs do not say it again.
    """

    file: str
    table: pd.DataFrame
    rows: np.ndarray
    problems: list[Problem]
    said: tuple[str, ...] = ()

    def add(self, fact: str, remedy: Text, column: str | None, where: np.ndarray) -> None:
        """Note a problem of the rows where a mask (n,) holds, if it holds anywhere."""
        if where.any():
            rows = tuple(dict.fromkeys(self.rows[where].tolist()))
            self.problems.append(Problem(fact, remedy, column=column, rows=rows))

    def check_scale(self, column: str, scale: tuple[float, float] | None) -> None:
        """Note the values of a number column that lie outside a declared scale.

        Raises
        ------
        OptionError
            If the scale's ends are not in order.
        """
        if scale is None or column not in self.table.columns:
            return
        low, high = scale
        if not low < high:
            message = f"scale is {low:g} to {high:g}; the lowest answer must come first."
            raise OptionError(message, option="scale")
        values = self.table[column].to_numpy(float)
        outside = (values < low) | (values > high)
        shown = ", ".join(f"{value:g}" for value in pd.unique(values[outside])[:3])
        counted = count_things(outside.sum(), "value lies", "values lie")
        fact = f"{counted} outside the scale {low:g} to {high:g}: {shown}."
        remedy = ("Correct them, or declare codes such as 99 missing with ", Option("missing"), ".")
        self.add(fact, remedy, column, outside)

    def find_repeats(self, key: Sequence[str], remedy: Text) -> None:
        """Note the rows whose key another row has too, if the table has the whole key."""
        if not set(key) <= set(self.table.columns) or not repeats_rows(self.table, key):
            return
        repeated = self.table.duplicated(list(key), keep=False).to_numpy()
        if repeated.any():
            cases = self.table.loc[repeated, list(key)].drop_duplicates()
            shown = "; ".join(
                ", ".join(f"{name} '{value}'" for name, value in zip(key, row, strict=True))
                for row in cases.head(5).to_numpy()
            )
            counted = count_things(len(cases), "case stands", "cases stand")
            fact = f"{counted} more than once: {shown}. {self._compare_repeats(key, repeated)}"
            self.add(fact, remedy, None, repeated)

    def drop_blank(self, key: Sequence[str]) -> None:
        """Leave out rows without a rating where another row with the same key has one."""
        if not repeats_rows(self.table, key):
            return
        given, ids = self.table["rating"].notna(), pd.MultiIndex.from_frame(self.table[[*key]])
        blank = (~given).to_numpy() & ids.isin(ids[given.to_numpy()])
        if blank.any():
            counted = count_things(blank.sum(), "row has", "rows have")
            fact = f"{counted} no rating beside one of the same rater and clip: left out."
            warn_user(Problem(fact, file=self.file))
            self.keep(~blank)

    def check_clips(self, roles: Iterable[str], remedy: Text, *, named: bool) -> None:
        """Note clips that come again, and contexts that nobody named and that split clips."""
        key = ["context", "clip"] if "context" in roles else ["clip"]
        if not named:
            self.judge_contexts(key)
        self.find_repeats(key, remedy)

    def judge_contexts(self, key: Sequence[str]) -> None:
        """Note contexts that nobody named and that split clips; warn where the key needs them.

        Parameters
        ----------
        key
            Canonical names of what tells the rows apart.
        """
        if not {"context", "clip"} <= set(self.table.columns):
            return
        pairs = self.table[["clip", "context"]].drop_duplicates()
        split = pairs[pairs.duplicated("clip", keep=False)]
        if not len(split):
            return
        first = split["clip"].iloc[0]
        levels = split.loc[split["clip"] == first, "context"].astype(str)[:3]
        shown = " and ".join(f"'{one}'" for one in levels)
        counted = count_things(split["clip"].nunique(), "clip", "clips")
        fact = f"nobody named it, and it splits {counted}: clip '{first}' stands with {shown}."
        named = "If these are contexts, say so with ", Option("context", "context")
        rest = [one for one in key if one != "context" and one in self.table.columns]
        if repeats_rows(self.table, rest):
            fact = f"{fact} It is read as contexts, which tell rows with equal ids apart."
            warn_user(Problem(fact, (*named, "."), file=self.file, column="context"))
            return
        remedy = (*named, ELSE_RENAME)
        self.problems.append(Problem(fact, remedy, column="context"))

    def _compare_repeats(self, key: Sequence[str], repeated: np.ndarray) -> str:
        """Return whether rows of one case are copies, or in which columns they differ."""
        rows = self.table[repeated]
        others = [str(name) for name in rows if name not in key]
        counts = rows.groupby(list(key), dropna=False)[others].nunique(dropna=False)
        apart = counts.gt(1)
        names = [name for name in others if apart[name].any()]
        if not names:
            return "Rows of one case are equal."
        equal = int((~apart.any(axis=1)).sum())
        rest = f"; {count_things(equal, 'case has', 'cases have')} equal rows" if equal else ""
        return f"Rows of one case differ in {name_some(names)}{rest}."

    def keep(self, rows: np.ndarray) -> None:
        """Keep the rows where a mask (n,) holds."""
        self.table, self.rows = self.table[rows].reset_index(drop=True), self.rows[rows]

    def finish(self) -> pd.DataFrame:
        """Return the table.

        Raises
        ------
        DataError
            If anything is wrong, with all of it.
        """
        if self.problems:
            raise DataError(place_problems(self.problems, self.file))
        return mark_said(self.table, self.said)


def rename_roles(draft: Draft, roles: Mapping[str, str]) -> None:
    """Give the columns their canonical names, ids first; a foreign column of that name goes.

    Parameters
    ----------
    draft
        A table under the file's own names.
    roles
        Canonical name -> column of the file.
    """
    table = draft.table
    parts = {part for column in roles.values() for part in column.split(",")}
    hidden = [name for name in roles if name in table.columns and name not in roles.values()]
    lost = [name for name in hidden if name not in parts]
    for name in lost:
        fact = f"the file's own column is left out, because '{roles[name]}' is the {name}."
        warn_user(Problem(fact, file=draft.file, column=name))
    ids = {name: table[column] for name, column in roles.items()}
    rest = [name for name in table.columns if name not in {*roles.values(), *hidden}]
    draft.table = pd.concat([pd.DataFrame(ids, index=table.index), table[rest]], axis=1)


def list_names(names: str | Iterable[str], ids: Mapping[str, str]) -> list[str]:
    """Return the names of number columns, each once; a single text is one name.

    Parameters
    ----------
    names
        Number columns.
    ids
        Canonical name -> id column.

    Raises
    ------
    OptionError
        If none is named, or a column is to be both an id and a number.
    """
    listed = list(dict.fromkeys([names] if isinstance(names, str) else names))
    if not listed:
        message = "no number column is named. Name at least one."
        raise OptionError(message)
    for role, column in ids.items():
        if column in listed:
            message = f"column '{column}' cannot be the {role} and hold numbers. Name another."
            raise OptionError(message)
    return listed


def refuse_hidden(roles: Mapping[str, str], names: Iterable[str]) -> None:
    """Refuse a wanted column whose name another column takes over, as it would be lost.

    Parameters
    ----------
    roles
        Canonical name -> column of the file.
    names
        Columns that are wanted under their own names.

    Raises
    ------
    OptionError
        With both columns.
    """
    for name in names:
        column = roles.get(name, name)
        if column != name:
            message = (
                f"column '{name}' cannot be read beside '{column}', which becomes the {name}. "
                "Give it another name in the file."
            )
            raise OptionError(message)


def drop_hollow(
    table: pd.DataFrame, rows: np.ndarray, found: Sequence[Problem], answers: Iterable[str]
) -> tuple[pd.DataFrame, np.ndarray, list[Problem], list[Problem]]:
    """Leave out rows that lack an id and hold no answer: they are no cases of this table.

    Parameters
    ----------
    table, rows
        As they were read, with the number of each row in the file.
    found
        What is wrong with the table.
    answers
        Columns of numbers.

    Returns
    -------
    tuple
        The table and its rows' numbers, what to say of rows left out, and the rest of ``found``.
    """
    held = [name for name in answers if name in table]
    empty = [one for one in found if one.remedy == FILL_IN and one.column not in held]
    blank = {*rows[table[held].isna().all(axis=1).to_numpy()].tolist()} if held and empty else set()
    # A cell that cannot be read is no empty one.
    blank -= {row for one in found if one.column in held for row in one.rows}
    hollow = [one for one in empty if {*one.rows} <= blank]
    lost = np.isin(rows, [row for one in hollow for row in one.rows])
    if not hollow or lost.all():
        return table, rows, [], [*found]
    names = " or ".join(f"'{one.column}'" for one in hollow)
    counted = count_things(lost.sum(), "row holds", "rows hold")
    fact = f"{counted} no {names} and no answer: left out."
    told = [Problem(fact, rows=tuple(rows[lost].tolist()))]
    rest = [one for one in found if one not in hollow]
    return table[~lost].reset_index(drop=True), rows[~lost], told, rest


def number_rows(count: int) -> pd.api.extensions.ExtensionArray:
    """Return the row numbers as ids, for files without a clip column."""
    return pd.array([str(row) for row in range(1, count + 1)], dtype="str")
