"""What a reader of reliabilities should know about the ratings behind them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from exprstats.errors import warn_user
from exprstats.numerals import count_things
from exprstats.reliability.panels import Panel
from exprstats.reliability.ratings import name_rows

CONSTANT_FROM = 5
SCREEN = 50_000


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
        if (counts == 1).any():
            alone = np.flatnonzero(counts[panel.clip] == 1)
            names = name_rows(ratings, "clip", panel.rows[alone])
            told = count_things(alone.size, "clips has", "clips have", of=len(counts))
            warn_user(
                f"item '{panel.item}': {told} 1 rating ({names}), which tells about differences "
                "between clips only."
            )
    _warn_constant(ratings, whole, pooled)
    first = pooled[0]
    if first.n_subjects == first.n_clips:
        warn_user(
            f"each of {first.n_clips:,} subjects has one clip, so the cluster "
            "interval treats clips as independent; check that the subject column names people."
        )


def _warn_constant(ratings: pd.DataFrame, whole: Panel, pooled: Sequence[Panel]) -> None:
    if sum(panel.rows.size for panel in pooled) == whole.rows.size:
        rows, rater, values = whole.rows, whole.rater, whole.rating
    else:
        rows = np.concatenate([panel.rows for panel in pooled])
        rater, values = whole.rater[rows], whole.rating[rows]
    constant, where = find_constant(rater, values)
    if constant.size:
        names = name_rows(ratings, "rater", rows[where])
        warn_user(
            f"raters {names} gave one value to everything ({CONSTANT_FROM} ratings or "
            "more); nothing was removed, look at them before trusting the reliability."
        )


def find_constant(rater: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the raters (codes) who give one value to everything, and a row of each.

    Parameters
    ----------
    rater, values
        Codes (N,) and ratings (N,).
    """
    suspect = np.bincount(rater) >= CONSTANT_FROM
    # Almost everyone varies within the first rows; only the others' rows are then read.
    suspect &= ~_find_varied(rater[:SCREEN], values[:SCREEN], len(suspect))[0]
    rows = np.flatnonzero(suspect[rater])
    varied, where = _find_varied(rater[rows], values[rows], len(suspect))
    constant = np.flatnonzero(suspect & ~varied)
    return constant, rows[where[constant]]


def _find_varied(rater: np.ndarray, values: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    where = np.zeros(size, dtype=np.int64)
    where[rater] = np.arange(len(rater))
    varied = np.zeros(size, dtype=bool)
    varied[rater[values != values[where[rater]]]] = True
    return varied, where
