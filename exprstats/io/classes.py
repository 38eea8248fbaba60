"""Columns of a file that may hold names of classes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.errors import Option, Problem, Text
from exprstats.io.columns import Guessed
from exprstats.io.files.headers import unescape
from exprstats.io.numbers import parse_numbers


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
        return self._name_levels(), self._find_lookalikes()

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
    """A column of truths or predictions: numbers or class names, whichever its cells are."""

    remedy = "Correct them: truth and predictions are all numbers, or all names of classes."
