"""Which columns and rows of a study's clips can be used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from exprstats.errors import DataError, Problem
from exprstats.study.logbook import Logbook
from exprstats.study.openface import IDS, QUALITY
from exprstats.study.settings import ClipsSettings
from exprstats.tables import order_levels

if TYPE_CHECKING:
    import pandas as pd

_THIN = "Leave out the features that are missing most often."


def list_features(clips: pd.DataFrame, settings: ClipsSettings) -> list[str]:
    """Return the feature columns: those that the study names, else all that could be."""
    return list(settings.features) if settings.features else list_numbers(clips, settings.target)


def list_numbers(clips: pd.DataFrame, target: str | None = None) -> list[str]:
    """Return the columns of numbers that could be features.

    Ids, the target and the quality columns of `exprstats.behaviour.summarise_clips` are none;
    quality becomes a feature only by name.
    """
    taken = {*IDS, *QUALITY, target}
    numbers = clips.select_dtypes("number").columns
    return [str(name) for name in numbers if name not in taken]


def find_by(table: pd.DataFrame) -> str | None:
    """Return ``"context"`` where a table has more than one context."""
    if "context" in table and len(order_levels(table["context"])) > 1:
        return "context"
    return None


def drop_gaps(
    clips: pd.DataFrame, columns: Sequence[str], log: Logbook, *, stage: str, reason: str
) -> pd.DataFrame:
    """Return the clips that have all the columns; the others are written down.

    Raises
    ------
    DataError
        If no clip is left.
    """
    gaps = clips[list(columns)].isna()
    broken = gaps.any(axis=1)
    named = [str(name) for name in gaps.columns[gaps.any(axis=0)]]
    told = ", ".join(f"'{name}'" for name in named[:5]) + (" …" if len(named) > 5 else "")
    left_out = clips.loc[broken, "clip"].tolist()
    log.exclude(
        stage, "clips", len(clips), f"{reason} ({told})" if named else reason, left_out=left_out
    )
    if broken.all():
        empty = ", ".join(f"'{name}'" for name in gaps.columns[gaps.all(axis=0)])
        fact = f"none of {len(clips):,} clips can be used: {reason} ({told})."
        remedy = f"No clip has a value of {empty}: name other columns." if empty else _THIN
        raise DataError(Problem(fact, remedy))
    return clips[~broken]
