"""The base class of results."""

from __future__ import annotations

from abc import ABC, abstractmethod

import pandas as pd

from exprstats.apa import MISSING, write_number


class Result(ABC):
    """A frozen holder of frames and scalars that can tell what it found.

    A result is read through `tidy` (one row an estimate), `glance` (one row a result) and
    `sentence` (APA style); everything else is a verb that takes the result.

    Attributes
    ----------
    table
        One row for each estimate.
    """

    __slots__ = ()

    table: pd.DataFrame

    def tidy(self) -> pd.DataFrame:
        """Return a copy of the table, one row for each estimate."""
        return self.table.copy()

    @abstractmethod
    def glance(self) -> pd.DataFrame:
        """Return one row for the whole."""

    @abstractmethod
    def sentence(self) -> str:
        """Return what was found, in APA style."""

    def __str__(self) -> str:
        return f"{self.sentence()}\n\n{write_cells(self.tidy()).to_string(index=False)}"

    def _repr_html_(self) -> str:
        return write_cells(self.tidy()).to_html(index=False, border=0)


def write_cells(frame: pd.DataFrame, decimals: int = 3) -> pd.DataFrame:
    """Return a frame of texts: numbers with fixed decimals, empty columns left out.

    A row without a context is the pooled one, "All".
    """
    filled = frame.loc[:, frame.notna().any().to_numpy()]
    if "context" in filled.columns:
        filled = filled.assign(context=filled["context"].astype(object).fillna("All"))
    return pd.DataFrame(
        {name: [_write_cell(value, decimals) for value in filled[name]] for name in filled}
    )


def _write_cell(value: object, decimals: int) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and pd.isna(value)):
        return MISSING
    return write_number(value, decimals, style="plain") if isinstance(value, float) else str(value)
