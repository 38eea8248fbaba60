"""What a reader of reliabilities should know about the ratings behind them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd

from exprstats.errors import DataWarning
from exprstats.reliability.panels import Panel, name_rows

CONSTANT_FROM = 5


def warn_oddities(ratings: pd.DataFrame, pooled: Sequence[Panel]) -> None:
    """Warn of clips with one rating, raters who never vary, and subjects with one clip each.

    Parameters
    ----------
    ratings
        The caller's table, for its ids.
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
    _warn_constant(ratings, np.concatenate([panel.rows for panel in pooled]))
    first = pooled[0]
    if first.subject is not None and int(first.subject.max()) == int(first.clip.max()):
        _warn(
            f"each of {int(first.subject.max()) + 1:,} subjects has one clip, so the cluster "
            "interval treats clips as independent; check that the subject column names people."
        )


def _warn_constant(ratings: pd.DataFrame, rows: np.ndarray) -> None:
    rater, names = pd.factorize(ratings["rater"].iloc[rows])
    values = ratings["rating"].to_numpy(float)[rows]
    order = np.argsort(rater, kind="stable")
    starts = np.searchsorted(rater[order], np.arange(len(names)))
    spread = np.maximum.reduceat(values[order], starts) - np.minimum.reduceat(values[order], starts)
    constant = (spread == 0) & (np.bincount(rater) >= CONSTANT_FROM)
    if constant.any():
        shown = ", ".join(f"'{name}'" for name in names[constant][:5])
        more = f" and {int(constant.sum()) - 5:,} more" if constant.sum() > 5 else ""
        _warn(
            f"raters {shown}{more} gave one value to everything ({CONSTANT_FROM} ratings or "
            "more); nothing was removed, look at them before trusting the reliability."
        )


def _warn(message: str) -> None:
    warnings.warn(message, DataWarning, stacklevel=4)
