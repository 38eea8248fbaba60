"""SPSS files: their cells, the labels of their values, and what counts as missing in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from exprstats.errors import DataError, Problem

Labels = Mapping[str, Mapping[str, str]]


def describe_spss(path: Path) -> tuple[Labels, tuple[str, ...]]:
    """Return the value labels of an SPSS file's columns, and notes on how it is read.

    Labels become ids where a column holds ids (context 1 is then "Startle"); number columns keep
    their numbers. A column whose labels do not tell its values apart keeps its values.
    """
    _, meta = _read(path, metadataonly=True, user_missing=True)
    labels, notes = {}, []
    for name, given in meta.variable_value_labels.items():
        named = {write_number(value): str(label).strip() for value, label in given.items()}
        if len(set(named.values())) == len(named) and all(named.values()):
            labels[name] = named
        else:
            notes.append(f"labels of '{name}' are not unique, so its values serve as ids.")
    missing = [f"'{name}'" for name, ranges in meta.missing_ranges.items() if ranges]
    if missing:
        notes.append(f"user-missing values of {', '.join(missing)} are read as missing.")
    return labels, tuple(notes)


def read_spss(path: Path) -> Iterator[list[Any]]:
    """Yield the header, then the cells of each case; missing ones are None."""
    table, meta = _read(path)
    yield list(meta.column_names)
    filled = table.astype(object).where(table.notna(), None)
    for row in filled.itertuples(index=False, name=None):
        yield [cell.strip() if isinstance(cell, str) else cell for cell in row]


def write_number(value: object) -> str:
    """Return a value as the text of its cell; whole numbers lose their ".0"."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _read(path: Path, **options: Any) -> tuple[Any, Any]:
    import pyreadstat

    try:
        return pyreadstat.read_sav(path, **options)
    except (pyreadstat.ReadstatError, OSError, ValueError) as error:
        fact = f"the SPSS file cannot be read ({error})."
        raise DataError(Problem(fact, "Save it as CSV UTF-8.", file=str(path))) from error
