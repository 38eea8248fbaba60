"""Where a study's numbers come from: files, rows left out, warnings, seeds, versions, seconds."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file that was read: which table it gave, its hash, and how it was understood."""

    table: str
    file: str
    sha256: str
    rows: int
    columns: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Rows that a stage could not use: how many of how many, why, and the first of them."""

    stage: str
    table: str
    rows_in: int
    rows_out: int
    reason: str
    examples: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the exclusion as a sentence."""
        left = self.rows_in - self.rows_out
        text = f"{left:,} of {self.rows_in:,} {self.table} left out: {self.reason}"
        if not self.examples:
            return f"{text}."
        more = f" and {left - len(self.examples):,} more" if left > len(self.examples) else ""
        return f"{text} ({', '.join(self.examples)}{more})."


@dataclass(frozen=True, slots=True)
class CaughtWarning:
    """A warning, the stage that gave it, and its class."""

    stage: str
    category: str
    message: str

    def __str__(self) -> str:
        """Return the warning's own words."""
        return self.message


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a reader needs to trace a number back.

    Attributes
    ----------
    inputs
        The files, in the order of reading.
    rows
        Table or file name to its number of rows.
    exclusions
        Every row that some stage left out, with the reason.
    warnings
        Every warning, by stage.
    notes
        Choices that the study made for the user, such as the span that metrics are divided by.
    seed, seeds
        The study's seed, and the seed that each stage took from it.
    draws
        Bootstrap draws asked for; 0 where nothing was resampled.
    versions
        Name to version: exprstats, Python, libraries, R and lavaan where they took part.
    seconds
        Wall-clock seconds by stage.
    """

    inputs: tuple[InputFile, ...]
    rows: dict[str, int]
    exclusions: tuple[Exclusion, ...]
    warnings: tuple[CaughtWarning, ...]
    notes: tuple[str, ...]
    seed: int
    seeds: dict[str, int]
    draws: int
    versions: dict[str, str]
    seconds: dict[str, float]


def list_versions(receipts: Iterable[Any] = (), *, learned: bool = False) -> dict[str, str]:
    """Return versions of what takes part.

    Parameters
    ----------
    receipts
        Of results that R computed; theirs join.
    learned
        Whether models were fitted, which scikit-learn does.
    """
    import numpy as np
    import pandas as pd
    import scipy

    from exprstats import __version__

    versions = {
        "exprstats": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "pandas": pd.__version__,
        "scipy": scipy.__version__,
    }
    if learned:
        import sklearn

        versions["scikit-learn"] = sklearn.__version__
    for receipt in receipts:
        versions.update(getattr(receipt, "versions", None) or {})
    return versions
