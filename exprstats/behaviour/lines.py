"""The lines of an OpenFace file: all are found and their keys read, few are read in full."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO

import numpy as np
import pandas as pd

from exprstats.behaviour.layouts import Layout
from exprstats.errors import DataError, Problem
from exprstats.numerals import count_things

# A block of lines in memory at a time, whatever the file's size.
_BLOCK = 32 << 20
# What Windows builds of OpenFace write for a number that is none.
UNDEFINED = ["nan(ind)", "-nan(ind)", "-nan"]

Data = bytes | mmap.mmap


@dataclass(frozen=True, slots=True)
class Lines:
    """A file whose lines are known.

    Attributes
    ----------
    layout
        Its header.
    data
        Its bytes; a map of the file, unless it is compressed.
    starts, ends
        Where each of the n rows begins and ends (n,).
    numbers
        The row's number in the file; the header is row 1 (n,).
    keys
        ``frame``, ``face_id``, ``timestamp``, ``confidence``, ``success`` (n, 5).
    notes
        What a person should know about the reading.
    """

    layout: Layout
    data: Data
    starts: np.ndarray
    ends: np.ndarray
    numbers: np.ndarray
    keys: np.ndarray
    notes: tuple[str, ...] = ()

    def relabel(self, layout: Layout) -> Lines:
        """Return the same lines under a layout with another video's name."""
        return replace(self, layout=layout)

    def parse(self, rows: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
        """Return the numbers (len(rows), len(names)) of some rows and columns.

        Raises
        ------
        DataError
            If a row has another number of fields than the header, or holds what is no number.
        """
        places = self.layout.find_places(names)
        order = np.argsort(np.argsort(places))
        blocks = [self._parse_block(block, places) for block in self._cut_blocks(rows)]
        if not blocks:
            return np.empty((0, len(names)))
        return np.concatenate(blocks)[:, order]

    def _cut_blocks(self, rows: np.ndarray) -> Iterator[np.ndarray]:
        sizes = np.cumsum(self.ends[rows] - self.starts[rows])
        cuts = np.flatnonzero(np.diff(sizes // _BLOCK)) + 1
        return (block for block in np.split(rows, cuts) if len(block))

    def _parse_block(self, rows: np.ndarray, places: list[int]) -> np.ndarray:
        spans = zip(self.starts[rows].tolist(), self.ends[rows].tolist(), strict=True)
        lines = [self.data[start:end] for start, end in spans]
        commas = len(self.layout.names) - 1
        wrong = [i for i, line in enumerate(lines) if line.count(b",") != commas]
        if wrong:
            found = lines[wrong[0]].count(b",") + 1
            counted = count_things(len(wrong), "row differs", "rows differ")
            fact = f"{counted} from the header's {commas + 1} fields: {found}."
            raise self._blame(fact, self.numbers[rows[wrong]])
        try:
            table = pd.read_csv(
                BytesIO(b"\n".join(lines)),
                header=None,
                usecols=sorted(places),
                dtype=np.float64,
                skipinitialspace=True,
                na_values=UNDEFINED,
                skip_blank_lines=False,
            )
        except ValueError as error:
            fact = f"a cell between rows {self.numbers[rows[0]]} and {self.numbers[rows[-1]]} "
            fact += f"holds no number ({error})."
            raise self._blame(fact) from error
        values = table.to_numpy()
        if np.isinf(values).any():
            endless = self.numbers[rows[np.isinf(values).any(axis=1)]]
            fact = f"{count_things(len(endless), 'row holds', 'rows hold')} infinite values."
            raise self._blame(fact, endless)
        return values

    def _blame(self, fact: str, numbers: np.ndarray | None = None) -> DataError:
        rows = () if numbers is None else tuple(int(number) for number in numbers)
        remedy = "Run OpenFace on this video again; the file may be damaged."
        return DataError(Problem(fact, remedy, file=str(self.layout.path), rows=rows))
