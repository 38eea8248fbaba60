"""Baselines of classes: what they cost who knows nothing of a clip."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from exprstats.models.skeletons import (
    draw_by_clip,
    keep_training,
    name_fits,
    take_predictions,
    take_skeleton,
)
from exprstats.parallel import Seed

if TYPE_CHECKING:
    from exprstats.models.fits import Models


def guess_majority(predictions: Models | pd.DataFrame) -> pd.DataFrame:
    """Guess for every clip the class that is most frequent in the training clips of the same fit.

    Parameters
    ----------
    predictions
        PREDICTIONS of classes with ``part``, or the models; where ``fitted_on`` stands, the
        context's own rows get the majority of their context and the pooled rows that of all clips.
        Of equally frequent classes the first counts.

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
    most = keep_training(frame, "classes").groupby(fit).agg(lambda truths: truths.mode().min())
    return _name_again(predictions, frame.assign(prediction=fit.map(most).astype(float)))


def guess_classes(predictions: Models | pd.DataFrame, *, seed: Seed = None) -> pd.DataFrame:
    """Guess each clip by a draw from the classes of the training clips, all as probable.

    Parameters
    ----------
    predictions
        PREDICTIONS of classes with ``part``, or the models.
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
    known = (
        keep_training(frame, "classes")
        .groupby(fit)
        .agg(lambda truths: tuple(np.unique(truths.dropna())))
    )
    share = draw_by_clip(frame, seed, lambda rng, count: rng.random(count))
    guess = [held[int(one * len(held))] for held, one in zip(fit.map(known), share, strict=True)]
    return _name_again(predictions, frame.assign(prediction=np.array(guess, dtype=float)))


def _name_again(predictions: Models | pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    """Return guesses with the names of their classes, where predictions have names."""
    predictions = take_predictions(predictions)
    if "prediction_class" not in predictions:
        return frame
    names = dict(zip(predictions["truth"], predictions["truth_class"], strict=True))
    return frame.assign(prediction_class=frame["prediction"].map(names).to_numpy())
