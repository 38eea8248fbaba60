"""Stages of a study, one file each; the central path in one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.results import Result

Note = Callable[[Path, str, int], object]  # takes the path, the hash and the rows of a file


class Outcome(NamedTuple):
    """Results of a stage, further tables by the stem of a file, and what was done to the data."""

    results: tuple[Result, ...]
    tables: Mapping[str, pd.DataFrame] = MappingProxyType({})
    told: str = ""


def note_source(note: Note, path: Path, rows: int | None = None, *, table: bool = True) -> None:
    """Note a file: its SHA-256 hash, and its rows, or its lines where it is no table."""
    from exprstats.io import sniff_file
    from exprstats.io.files.kinds import hash_file

    digest = hash_file(path)
    if rows is None:
        rows = sniff_file(path).rows if table else path.read_bytes().count(b"\n")
    note(path, digest, rows)
