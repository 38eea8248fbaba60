"""The clips and truths of other models, for baselines to guess at."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from exprstats.errors import DataError, OptionError, Problem
from exprstats.parallel import Seed, open_generator
from exprstats.tables import PREDICTIONS, check_table, require_columns

if TYPE_CHECKING:
    from exprstats.models.fits import Models


def take_predictions(models: Models | pd.DataFrame) -> pd.DataFrame:
    """Return a PREDICTIONS table, or that of models which have one."""
    table = models if isinstance(models, pd.DataFrame) else getattr(models, "predictions", None)
    if table is None:
        message = f"a {type(models).__name__} holds no predictions; give models or their table."
        raise OptionError(message)
    return table


def take_skeleton(predictions: Models | pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the clips and truths of predictions, once each, for a model of another name."""
    predictions = take_predictions(predictions)
    if "seat" in predictions:
        # The truth of a seat is its own; a skeleton has the truth of the clip.
        predictions = predictions[predictions["seat"].isna()]
    frame = predictions.drop(columns="seat", errors="ignore")
    check_table(frame, PREDICTIONS)
    key = [column for column in PREDICTIONS.key if column in frame and column != "model"]
    return frame.drop_duplicates(key, ignore_index=True).assign(model=name)


def draw_by_clip(
    frame: pd.DataFrame, seed: Seed, draw: Callable[[np.random.Generator, int], np.ndarray]
) -> np.ndarray:
    """Return a draw (n,) for each row; a clip has the same one in all its rows."""
    # Sorted ids, so that a clip keeps its draw whatever the order of the rows.
    ids = frame["clip"].astype(str)
    if "context" in frame:
        ids = frame["context"].astype(str) + "\x1f" + ids
    levels, codes = np.unique(ids.to_numpy(object), return_inverse=True)
    return draw(open_generator(seed), len(levels))[codes]


def name_fits(frame: pd.DataFrame) -> pd.Series:
    """Return the fit that each row belongs to: its context's own, or the pooled one (empty)."""
    pooled = pd.Series("", index=frame.index, dtype=object)
    if "fitted_on" not in frame or "context" not in frame:
        return pooled
    return pooled.mask(frame["fitted_on"] == "context", "=" + frame["context"].astype(str))


def keep_training(frame: pd.DataFrame, what: str) -> pd.Series:
    """Return the truths of training clips, those of others missing.

    Parameters
    ----------
    frame
        A skeleton.
    what
        What is taken from them, for the message.

    Raises
    ------
    DataError
        There is no part, or a fit has no training clips.
    """
    require_columns(frame, ["part"], "predictions")
    truth = frame["truth"].where(frame["part"] == "train")
    if truth.groupby(name_fits(frame)).count().min() == 0:
        fact = f"some fits have no training clips to take {what} of."
        raise DataError(Problem(fact, "Keep the rows of all parts.", column="part"))
    return truth
