"""What a reader of reliabilities should know about the ratings behind them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd

from exprstats.errors import DataWarning
from exprstats.reliability.panels import Panel, name_rows

CONSTANT_FROM = 5


def warn_oddities(ratings: pd.DataFrame, whole: Panel, pooled: Sequence[Panel]) -> None:
    """Warn of clips with one rating, raters who never vary, and subjects with one clip each.

    Parameters
    ----------
    ratings
        The caller's table, for its ids.
    whole
        All its rows as one panel.
    pooled
        One panel an item, all contexts together.
    """
    for panel in pooled:
        counts = np.bincount(panel.clip)
        alone = np.flatnonzero(counts[panel.clip] == 1)
        if alone.size:
            names = name_rows(ratings, "clip", panel.rows[alone])
            _warn(
                f"item '{panel.item}': {alone.size:,} of {len(counts):,} clips have 1 rating "
                f"({names}); they tell about differences between clips only."
            )
    rows = [panel.rows for panel in pooled]
    _warn_constant(ratings, whole, rows[0] if len(rows) == 1 else np.concatenate(rows))
    first = pooled[0]
    if first.subject is not None and int(first.subject.max()) == int(first.clip.max()):
        _warn(
            f"each of {int(first.subject.max()) + 1:,} subjects has one clip, so the cluster "
            "interval treats clips as independent; check that the subject column names people."
        )


def _warn_constant(ratings: pd.DataFrame, whole: Panel, rows: np.ndarray) -> None:
    rater, values = whole.rater[rows], whole.rating[rows]
    size = int(whole.rater.max()) + 1
    first, where = np.zeros(size), np.zeros(size, dtype=np.int64)
    first[rater], where[rater] = values, rows
    differs = np.bincount(rater[values != first[rater]], minlength=size)
    constant = np.flatnonzero(
        (differs == 0) & (np.bincount(rater, minlength=size) >= CONSTANT_FROM)
    )
    if constant.size:
        names = name_rows(ratings, "rater", where[constant])
        _warn(
            f"raters {names} gave one value to everything ({CONSTANT_FROM} ratings or "
            "more); nothing was removed, look at them before trusting the reliability."
        )


def _warn(message: str) -> None:
    warnings.warn(message, DataWarning, stacklevel=4)
