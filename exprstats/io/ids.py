"""Columns of ids: texts as they stand, and what looks wrong with them."""

from __future__ import annotations

import re

import pandas as pd

from exprstats.errors import Problem
from exprstats.io.columns import Words, unescape
from exprstats.numerals import count_things

_NULL_WORDS = frozenset({"na", "nan", "none", "null", "n/a", "#n/a"})
_WHOLE = re.compile(r"0*(\d+)(\.0+)?", re.ASCII)


class Ids(Words):
    """A column of ids: text as it stands, never a number, never missing."""

    def finish(self) -> tuple[pd.Series, list[Problem]]:
        """Return the ids, a problem for empty ones and for ones that only look different."""
        self._remark_null()
        self._remark_padded()
        levels = [unescape(level) for level in self.levels]
        problems = [*self._find_empty(), *self._find_spaced()]
        return self.take(pd.array(levels, dtype="str")), problems

    def _find_empty(self) -> list[Problem]:
        empty = [place for place, level in enumerate(self.levels) if not level.strip()]
        if not empty:
            return []
        rows = self.find_rows(empty)
        fact = f"{count_things(len(rows), 'cells is', 'cells are', of=len(self.codes))} empty."
        remedy = "Fill them in or remove these rows."
        return [Problem(fact, remedy, column=self.name, rows=rows)]

    def _find_spaced(self) -> list[Problem]:
        known = self._places
        bare = {level: level.strip() for level in known if level.strip() != level}
        spaced = [level for level, rest in bare.items() if rest and rest in known]
        if not spaced:
            return []
        shown = ", ".join(f"'{level}'" for level in spaced[:3])
        fact = f"{shown} differ from other ids only by spaces around them."
        rows = self.find_rows([known[level] for level in spaced])
        return [Problem(fact, "Remove the spaces.", column=self.name, rows=rows)]

    def _remark_null(self) -> None:
        null = [place for place, text in enumerate(self.levels) if text.lower() in _NULL_WORDS]
        if null:
            shown = ", ".join(f"'{self.levels[place]}'" for place in null)
            fact = f"{shown} kept as ids, not as missing."
            self._remark(fact, "If they mean missing, remove these rows.", self.find_rows(null))

    def _remark_padded(self) -> None:
        """Tell of ids such as 1 and 001, which are different people here."""
        alike: dict[str, list[str]] = {}
        for level in self.levels:
            match = _WHOLE.fullmatch(level)
            key = f"number {match[1]}" if match else f"text {level.casefold()}"
            alike.setdefault(key, []).append(level)
        pairs = [group for group in alike.values() if len(group) > 1]
        if pairs:
            shown = "; ".join(" and ".join(f"'{level}'" for level in pair) for pair in pairs[:3])
            fact = f"{shown} count as different ids."
            rows = self.find_rows([self._places[pairs[0][-1]]])
            self._remark(fact, "If they are the same, write them alike.", rows)

    def _remark(self, fact: str, remedy: str, rows: tuple[int, ...]) -> None:
        self.remarks.append(Problem(fact, remedy, column=self.name, rows=rows))
