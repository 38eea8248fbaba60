"""Columns of numbers, and columns whose cells decide whether they are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from exprstats.errors import Problem
from exprstats.io.columns import Words
from exprstats.io.decimals import Marks
from exprstats.io.numbers import Missing, describe_bad, name_cure, parse_numbers
from exprstats.numerals import count_things

# So many of a column's cells must be numbers for the others to count as mistakes.
_MOSTLY = 0.8


class Numbers:
    """A column that must hold numbers.

    Parameters
    ----------
    name
        Of the column.
    missing
        What stands for a missing value.
    marks
        Takes the decimal marks that are met.
    """

    def __init__(self, name: str, missing: Missing, marks: Marks) -> None:
        self.name = name
        self.remarks: list[Problem] = []
        self._missing = missing
        self._marks = marks
        self._values: list[np.ndarray] = []
        self._bad: dict[str, list[int]] = {}
        self._endless: list[int] = []

    def feed(self, cells: Sequence[str], rows: np.ndarray) -> None:
        """Take the next cells."""
        codes, levels = pd.factorize(np.array(cells, dtype=object))
        parsed = parse_numbers(levels.tolist(), self._missing)
        self._values.append(parsed.found[codes])
        if parsed.point is not None or parsed.commas:
            first = rows[np.unique(codes, return_index=True)[1]]
            self._marks.note(self.name, levels.tolist(), first.tolist(), parsed)
        for place in parsed.bad:
            self._bad.setdefault(levels[place], []).extend(rows[codes == place].tolist())
        self._endless += rows[np.isin(codes, parsed.endless)].tolist()

    def finish(self) -> tuple[pd.Series, list[Problem]]:
        """Return the numbers, and a problem for cells that are none."""
        values = np.concatenate(self._values) if self._values else np.empty(0)
        problems = [*_describe_cells(self.name, self._bad, len(values))]
        if self._endless:
            fact = f"{count_things(len(self._endless), 'value is', 'values are')} infinite."
            rows = tuple(self._endless)
            problems.append(Problem(fact, "Correct them.", column=self.name, rows=rows))
        return pd.Series(values, name=self.name), problems


class Guessed(Words):
    """A column whose cells decide whether it holds numbers or texts.

    Parameters
    ----------
    name, missing, marks
        As for `Numbers`.
    """

    def __init__(self, name: str, missing: Missing, marks: Marks) -> None:
        super().__init__(name)
        self._missing = missing
        self._marks = marks

    def finish(self) -> tuple[pd.Series, list[Problem]]:
        """Return numbers if all cells are, a problem if most are, else texts."""
        levels, codes = self.levels, self.codes
        parsed = parse_numbers(levels, self._missing)
        counts = np.bincount(codes, minlength=len(levels))
        good = int(counts[~np.isnan(parsed.found)].sum())
        bad = int(counts[parsed.bad].sum())
        if good + bad == 0:
            return self.take(pd.array([None] * len(levels), dtype="str")), []
        if good < _MOSTLY * (good + bad):
            return super().finish()
        if parsed.bad:
            cells = {levels[place]: list(self.find_rows([place])) for place in parsed.bad}
            return super().finish()[0], _describe_cells(self.name, cells, len(codes))
        first = np.concatenate(self._rows)[np.unique(codes, return_index=True)[1]]
        self._marks.note(self.name, levels, first.tolist(), parsed)
        problems = []
        if parsed.endless:
            rows = self.find_rows(parsed.endless)
            fact = f"{count_things(len(rows), 'value is', 'values are')} infinite."
            problems.append(Problem(fact, "Correct them.", column=self.name, rows=rows))
        return self.take(parsed.found), problems


def _describe_cells(name: str, bad: dict[str, list[int]], total: int) -> list[Problem]:
    if not bad:
        return []
    texts = list(bad)
    rows = tuple(sorted(row for held in bad.values() for row in held))
    fact = f"{len(rows):,} of {total:,} cells {describe_bad(texts, len(rows))}."
    return [Problem(fact, name_cure(texts), column=name, rows=rows)]
