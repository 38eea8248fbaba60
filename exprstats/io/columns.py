"""Typed columns of a file: ids, quantities and classes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import count, takewhile
from typing import Protocol

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.codes import note_codes
from exprstats.contracts import FILL_IN
from exprstats.errors import Problem
from exprstats.io.files.headers import unescape_all
from exprstats.io.files.reading import AS_IT_IS, Reading, read_coded
from exprstats.io.guards.ids import find_formulas, judge_ids, name_ids
from exprstats.io.numbers import (
    Marks,
    Missing,
    Parsed,
    describe_bad,
    name_cure,
    parse_numbers,
    parse_plain,
)

CLOCK = re.compile(r"(-?)(?:(\d+):)?(\d+):(\d{1,2}(?:[.,]\d+)?)", re.ASCII)
# So many of a column's cells must be numbers for the others to count as mistakes.
_MOSTLY = 0.8
# Cells of a first batch that tell whether nearly all of a column are different numbers.
_MANY = 1000


class Column(Protocol):
    """Takes the cells of one column, batch by batch, and gives the finished column."""

    remarks: list[Problem]
    said: list[str]

    def feed(self, cells: Sequence[str], rows: np.ndarray) -> None:
        """Take the next cells and the rows of the file that they stand in."""
        ...

    def finish(self) -> tuple[pd.Series, list[Problem]]:
        """Return the column, and what is wrong with it."""
        ...


class Mixed(Exception):
    """A column that seemed to hold plain numbers holds something else."""


class Words:
    """A column of texts, each different text kept once.

    Parameters
    ----------
    name
        Of the column.

    Attributes
    ----------
    remarks
        What a person should know about the finished column, though nothing is wrong with it.
    said
        Names of what the remarks are about.
    of_sheet
        Whether it is of a workbook, where a text such as "=A1+1" is a formula without a value.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.remarks: list[Problem] = []
        self.said: list[str] = []
        self.of_sheet = False
        self._places: defaultdict[str, int] = defaultdict(count().__next__)
        self._codes: list[np.ndarray] = []
        self._rows: list[np.ndarray] = []

    def feed(self, cells: Sequence[str], rows: np.ndarray) -> None:
        """Take the next cells."""
        self._codes.append(np.fromiter(map(self._places.__getitem__, cells), np.int32, len(cells)))
        self._rows.append(rows)

    def finish(self) -> tuple[pd.Series, list[Problem]]:
        """Return the texts; empty cells are missing."""
        levels = unescape_all(self.levels)
        column = self.take(pd.array([level or None for level in levels], dtype="str"))
        note_codes(column, self.codes, levels)
        return column, []

    @property
    def levels(self) -> list[str]:
        """The different texts in order of appearance."""
        return list(self._places)

    @property
    def codes(self) -> np.ndarray:
        """(n,) position of each row's text among the levels."""
        return np.concatenate(self._codes) if self._codes else np.empty(0, np.int32)

    def take(self, levels: pd.api.extensions.ExtensionArray | np.ndarray) -> pd.Series:
        """Return the column with its texts replaced by other levels."""
        return pd.Series(levels.take(self.codes), name=self.name)

    def find_rows(self, positions: Sequence[int]) -> tuple[int, ...]:
        """Return the rows of the file that hold any of these levels."""
        held = np.isin(self.codes, np.array(positions, dtype=np.int32))
        return tuple(np.concatenate(self._rows)[held].tolist()) if held.any() else ()


class Ids(Words):
    """A column of ids: text as it stands, never a number, never missing."""

    def finish(self) -> tuple[pd.Series, list[Problem]]:
        """Return the ids, and a problem for empty ones and for ones that lost digits."""
        levels, found = judge_ids(unescape_all(self.levels))
        told = {
            one.kind: Problem(
                one.fact, one.remedy, column=self.name, rows=self.find_rows(one.places)
            )
            for one in found
        }
        lost = [told.pop("lost")] if "lost" in told else []
        self.remarks += told.values()
        self.said += [name for one in found for name in name_ids(one, levels)]
        problems = [*self._find_empty(levels), *(self._find_formulas() or lost)]
        column = self.take(pd.array(levels, dtype="str"))
        note_codes(column, self.codes, levels)
        return column, problems

    def _find_empty(self, levels: list[str]) -> list[Problem]:
        empty = [place for place, level in enumerate(levels) if not level]
        if not empty:
            return []
        rows = self.find_rows(empty)
        fact = f"{count_things(len(rows), 'cells is', 'cells are', of=len(self.codes))} empty."
        remedy = FILL_IN
        return [Problem(fact, remedy, column=self.name, rows=rows)]

    def _find_formulas(self) -> list[Problem]:
        formulas = find_formulas(self.levels) if self.of_sheet else []
        cells = {self.levels[place]: list(self.find_rows([place])) for place in formulas}
        return _describe_cells(self.name, cells, len(self.codes))


class Numbers:
    """A column that must hold numbers, or answers that begin with one ("4 - Extremely").

    Parameters
    ----------
    name
        Of the column.
    missing
        What stands for a missing value.
    marks
        Takes the decimal marks that are met.
    reading
        Gives the numbers of answers that are texts.
    """

    def __init__(
        self, name: str, missing: Missing, marks: Marks, reading: Reading = AS_IT_IS
    ) -> None:
        self.name = name
        self.remarks: list[Problem] = []
        self.said: list[str] = []
        self._missing = missing
        self._marks = marks
        self._reading = reading
        self._coded: dict[str, str] = {}
        self._values: list[np.ndarray] = []
        self._bad: dict[str, list[int]] = {}
        self._endless: list[int] = []
        self._grouped: str | None = None
        self._percents: dict[bool, list[str]] = {}
        self._varied = False

    def feed(self, cells: Sequence[str], rows: np.ndarray) -> None:
        """Take the next cells."""
        # Where most cells differ, each is read as it comes.
        if self._varied and (plain := parse_plain(cells, self._missing)) is not None:
            self._values.append(plain.found)
            if plain.point is not None:
                first = [cells[plain.point]], [int(rows[plain.point])]
                self._marks.note(self.name, *first, Parsed(np.empty(0), point=0))
            for percent, text in list_percents(cells, plain):
                self._percents.setdefault(percent, []).append(text)
            return
        codes, levels = pd.factorize(np.array(cells, dtype=object))
        self._varied = 2 * len(levels) > len(cells)
        parsed = parse_numbers(levels.tolist(), self._missing, self._marks.thousands)
        if parsed.bad:
            answers = [self._number(level) for level in levels.tolist()]
            parsed = parse_numbers(answers, self._missing, self._marks.thousands)
        self._values.append(parsed.found[codes])
        self._grouped = self._grouped or parsed.grouped
        if parsed.point is not None or parsed.commas:
            first = rows[np.unique(codes, return_index=True)[1]]
            self._marks.note(self.name, levels.tolist(), first.tolist(), parsed)
        for place in parsed.bad:
            self._bad.setdefault(levels[place], []).extend(rows[codes == place].tolist())
        self._endless += rows[np.isin(codes, parsed.endless)].tolist()
        for percent, text in list_percents(levels.tolist(), parsed):
            self._percents.setdefault(percent, []).append(text)

    def _number(self, level: str) -> str:
        answer = self._reading.number_answer(level)
        if answer == level and (coded := read_coded(level)) is not None:
            self._coded[level] = answer = coded
        return answer

    def finish(self) -> tuple[pd.Series, list[Problem]]:
        """Return the numbers, and a problem for cells that are none."""
        values = np.concatenate(self._values) if self._values else np.empty(0)
        if self._coded:
            level, number = next(iter(self._coded.items()))
            counted = count_things(len(self._coded), "answer is", "answers are")
            fact = f"{counted} read as the number in it ('{level}' is {number})."
            self.remarks.append(Problem(fact, column=self.name))
        self.remarks += tell_grouped(self.name, self._grouped)
        problems = [*_describe_cells(self.name, self._bad, len(values))]
        told = tell_percents(self.name, self._percents)
        (problems if len(self._percents) > 1 else self.remarks).extend(told)
        if self._endless:
            fact = f"{count_things(len(self._endless), 'value is', 'values are')} infinite."
            rows = tuple(self._endless)
            problems.append(Problem(fact, "Correct them.", column=self.name, rows=rows))
        return pd.Series(values, name=self.name), problems


class Times(Numbers):
    """A column of seconds, written as numbers or as clock times (1:02:03.5, 02:03)."""

    per_second = 1

    def _number(self, level: str) -> str:
        found = CLOCK.fullmatch(level.strip())
        if found is None:
            return super()._number(level)
        hours, minutes, seconds = found[2] or "0", found[3], found[4].replace(",", ".")
        total = 3600 * int(hours) + 60 * int(minutes) + float(seconds)
        return f"{found[1]}{total * self.per_second:.6f}"


class Milliseconds(Times):
    """A column of milliseconds, or of clock times, which become milliseconds."""

    per_second = 1000

    def finish(self) -> tuple[pd.Series, list[Problem]]:
        """Return seconds."""
        column, problems = super().finish()
        return column / self.per_second, problems


class Guessed(Words):
    """A column whose cells decide whether it holds numbers or texts.

    Parameters
    ----------
    name, missing, marks, reading
        As for `Numbers`.
    """

    def __init__(
        self, name: str, missing: Missing, marks: Marks, reading: Reading = AS_IT_IS
    ) -> None:
        super().__init__(name)
        self.swift = False
        self._missing = missing
        self._marks = marks
        self._reading = reading
        self._values: list[np.ndarray] = []
        self._point: tuple[str, int] | None = None

    def feed(self, cells: Sequence[str], rows: np.ndarray) -> None:
        """Take the next cells.

        Raises
        ------
        Mixed
            If the column is swift, and its first cells differed and were plain numbers, but not
            all of these are.
        """
        begun = bool(self._codes or self._values)
        if self._values or (self.swift and not begun and len(cells) >= _MANY):
            varied = self._values or 2 * len(set(cells)) > len(cells)
            plain = parse_plain(cells, self._missing) if varied else None
            if plain is None and self._values:
                raise Mixed
            if plain is not None and np.isfinite(plain.found).any():
                self._values.append(plain.found)
                if plain.point is not None and self._point is None:
                    self._point = cells[plain.point], int(rows[plain.point])
                return
        number = self._reading.number_answer
        super().feed([number(cell) for cell in cells] if self._reading.labels else cells, rows)

    def finish(self) -> tuple[pd.Series, list[Problem]]:
        """Return numbers if all cells are, a problem if most are, else texts."""
        if self._values:
            return self._join_values(), []
        levels, codes = self.levels, self.codes
        if formulas := find_formulas(levels) if self.of_sheet else []:
            cells = {levels[place]: list(self.find_rows([place])) for place in formulas}
            return super().finish()[0], _describe_cells(self.name, cells, len(codes))
        levels, parsed = self._parse_levels(levels)
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
        self.remarks += tell_grouped(self.name, parsed.grouped)
        problems = []
        signs: dict[bool, list[str]] = {}
        for percent, text in list_percents(levels, parsed):
            signs.setdefault(percent, []).append(text)
        (problems if len(signs) > 1 else self.remarks).extend(tell_percents(self.name, signs))
        if parsed.endless:
            rows = self.find_rows(parsed.endless)
            fact = f"{count_things(len(rows), 'value is', 'values are')} infinite."
            problems.append(Problem(fact, "Correct them.", column=self.name, rows=rows))
        return self.take(parsed.found), problems

    def _join_values(self) -> pd.Series:
        if self._point is not None:
            text, row = self._point
            self._marks.note(self.name, [text], [row], Parsed(np.empty(0), point=0))
        return pd.Series(np.concatenate(self._values), name=self.name)

    def _parse_levels(self, levels: list[str]) -> tuple[list[str], Parsed]:
        """Return levels, those of labelled ends of a scale as numbers, and what they are."""
        parsed = parse_numbers(levels, self._missing, self._marks.thousands)
        if not parsed.bad or np.isnan(parsed.found).all():
            return levels, parsed
        # "1 = not at all", 2, 3, "4 = very": all that are no numbers must be such.
        coded = map(read_coded, (levels[place] for place in parsed.bad))
        ends = dict(zip(parsed.bad, takewhile(bool, coded), strict=False))
        if len(ends) < len(parsed.bad):
            return levels, parsed
        place, number = next(iter(ends.items()))
        fact = f"labeled answers are read as numbers ('{levels[place]}' is {number})."
        self.remarks.append(Problem(fact, column=self.name))
        levels = [ends.get(at) or level for at, level in enumerate(levels)]
        return levels, parse_numbers(levels, self._missing, self._marks.thousands)


def _describe_cells(name: str, bad: dict[str, list[int]], total: int) -> list[Problem]:
    if not bad:
        return []
    texts = list(bad)
    rows = tuple(sorted(row for held in bad.values() for row in held))
    fact = f"{len(rows):,} of {total:,} cells {describe_bad(texts, len(rows))}."
    return [Problem(fact, name_cure(texts, len(rows) > total / 2), column=name, rows=rows)]


def tell_grouped(name: str, text: str | None) -> list[Problem]:
    """Return what to say of marks for thousands: how the first number with one is read."""
    if text is None:
        return []
    marks = [letter for letter in text if letter in ",."]
    bare = text.replace(marks[0], "").replace(",", ".")
    fact = f"marks for thousands are left out: '{text}' is read as {bare}."
    return [Problem(fact, column=name)]


def list_percents(texts: Sequence[str], parsed: Parsed) -> list[tuple[bool, str]]:
    """Return each number's text, if any has a percent sign, with whether it has one."""
    if not parsed.percents:
        first: list[int] = np.flatnonzero(~np.isnan(parsed.found))[:1].tolist()
        return [(False, str(texts[place])) for place in first]
    signed = set(parsed.percents)
    known = np.flatnonzero(~np.isnan(parsed.found)).tolist()
    return [(place in signed, texts[place]) for place in known]


def tell_percents(name: str, found: Mapping[bool, Sequence[str]]) -> list[Problem]:
    """Return what to say of percent signs: a problem if only some numbers have one."""
    if True not in found:
        return []
    first = found[True][0]
    if False in found:
        fact = f"'{first}' has a percent sign and '{found[False][0]}' none."
        return [Problem(fact, "Write all numbers with it or without.", column=name)]
    fact = f"percent signs are left out: '{first}' is read as {first.rstrip('% ')}."
    return [Problem(fact, column=name)]
