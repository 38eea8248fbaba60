"""Any file to a table of ids, numbers and texts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from exprstats.io.numbers import Missing
from exprstats.io.sources import FilePath, give_role, open_source


def read_table(
    path: FilePath,
    *,
    ids: Sequence[str] = (),
    numbers: Sequence[str] = (),
    missing: Iterable[str | float] = (),
) -> pd.DataFrame:
    """Read all columns of a file.

    Parameters
    ----------
    path
        Delimited text (comma, semicolon, tab or pipe; UTF-8, UTF-16 or Windows-1252) or .xlsx.
    ids
        Columns kept as text, "001" and "NA" included.
    numbers
        Columns that must hold numbers. All others hold numbers if all their cells do.
    missing
        Further texts or numbers that stand for a missing value, beside empty, NA, NaN and ".".

    Returns
    -------
    pandas.DataFrame
        The file's columns under their own names.

    Raises
    ------
    DataError
        With every problem of the file.
    """
    source = open_source(path)
    roles = give_role(source.header, "guess")
    roles |= give_role(numbers, "number") | give_role(ids, "id")
    return source.take(roles, Missing(missing)).finish()
