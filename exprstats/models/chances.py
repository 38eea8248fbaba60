"""Baselines of classes: what they cost who knows nothing of a clip."""

from __future__ import annotations

import numpy as np
import pandas as pd

from exprstats.errors import DataError, Problem
from exprstats.models.guesses import draw_by_clip, name_fits, take_skeleton
from exprstats.parallel import Seed
from exprstats.tables import require_columns


def guess_majority(predictions: pd.DataFrame) -> pd.DataFrame:
    """Guess for every clip the class that is most frequent in the training clips of the same fit.

    Parameters
    ----------
    predictions
        PREDICTIONS of classes with ``part``; where ``fitted_on`` stands, the context's own rows
        get the majority of their context and the pooled rows that of all clips. Of equally
        frequent classes the first counts.

    Returns
    -------
    pandas.DataFrame
        PREDICTIONS with the model ``"majority"``.

    Raises
    ------
    DataError
        A fit has no training clips.

    Examples
    --------
    >>> rows = pd.DataFrame({"clip": list("abcd"), "subject": list("stuv"), "model": "forest"})
    >>> rows["part"] = ["train", "train", "train", "test"]
    >>> rows = rows.assign(truth=[2.0, 1.0, 2.0, 1.0], prediction=1.0)
    >>> guess_majority(rows)["prediction"].tolist()
    [2.0, 2.0, 2.0, 2.0]
    """
    frame = take_skeleton(predictions, "majority")
    fit = name_fits(frame)
    most = _take_train(frame).groupby(fit).agg(lambda truths: truths.mode().min())
    return _name_again(predictions, frame.assign(prediction=fit.map(most).astype(float)))


def guess_classes(predictions: pd.DataFrame, *, seed: Seed = None) -> pd.DataFrame:
    """Guess each clip by a draw from the classes of the training clips, all as probable.

    Parameters
    ----------
    predictions
        PREDICTIONS of classes with ``part``.
    seed
        The draw of a clip depends on the seed and the set of clips, not on their order.

    Returns
    -------
    pandas.DataFrame
        PREDICTIONS with the model ``"uniform"``.

    Raises
    ------
    DataError
        A fit has no training clips.

    Examples
    --------
    >>> rows = pd.DataFrame({"clip": range(400), "subject": range(400), "model": "forest"})
    >>> rows = rows.assign(part="train", truth=rows["clip"] % 4, prediction=1.0)
    >>> bool(guess_classes(rows, seed=1)["prediction"].value_counts().min() > 80)
    True
    """
    frame = take_skeleton(predictions, "uniform")
    fit = name_fits(frame)
    known = _take_train(frame).groupby(fit).agg(lambda truths: tuple(np.unique(truths.dropna())))
    share = draw_by_clip(frame, seed, lambda rng, count: rng.random(count))
    guess = [held[int(one * len(held))] for held, one in zip(fit.map(known), share, strict=True)]
    return _name_again(predictions, frame.assign(prediction=np.array(guess, dtype=float)))


def _take_train(frame: pd.DataFrame) -> pd.Series:
    """Return the truths of training clips, those of others missing."""
    require_columns(frame, ["part"], "predictions")
    truth = frame["truth"].where(frame["part"] == "train")
    if truth.groupby(name_fits(frame)).count().min() == 0:
        fact = "some fits have no training clips to take classes from."
        raise DataError(Problem(fact, "Keep the rows of all parts.", column="part"))
    return truth


def _name_again(predictions: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    """Return guesses with the names of their classes, where predictions have names."""
    if "prediction_class" not in predictions:
        return frame
    names = dict(zip(predictions["truth"], predictions["truth_class"], strict=True))
    return frame.assign(prediction_class=frame["prediction"].map(names).to_numpy())
