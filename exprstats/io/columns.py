"""The columns of a file while its rows come in: what all have in common, and texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import pandas as pd

from exprstats.errors import Problem


class Column(Protocol):
    """Takes the cells of one column, batch by batch, and gives the finished column."""

    remarks: list[Problem]

    def feed(self, cells: Sequence[str], rows: np.ndarray) -> None:
        """Take the next cells and the rows of the file that they stand in."""
        ...

    def finish(self) -> tuple[pd.Series, list[Problem]]:
        """Return the column, and what is wrong with it."""
        ...


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
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.remarks: list[Problem] = []
        self._places: dict[str, int] = {}
        self._codes: list[np.ndarray] = []
        self._rows: list[np.ndarray] = []

    def feed(self, cells: Sequence[str], rows: np.ndarray) -> None:
        """Take the next cells."""
        codes, levels = pd.factorize(np.array(cells, dtype=object))
        known = [self._places.setdefault(level, len(self._places)) for level in levels]
        self._codes.append(np.array(known, dtype=np.int32)[codes])
        self._rows.append(rows)

    def finish(self) -> tuple[pd.Series, list[Problem]]:
        """Return the texts; empty cells are missing."""
        levels = [unescape(level) or None for level in self._places]
        return self.take(pd.array(levels, dtype="str")), []

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


def unescape(text: str) -> str:
    """Undo the apostrophe that keeps a spreadsheet from running a cell's text."""
    return text[1:] if text[:1] == "'" and text[1:2] in tuple("=+-@\t\r") else text
