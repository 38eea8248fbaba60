"""Baselines without features: uniform, normal, mean, and class guesses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exprstats.contracts import PREDICTIONS, check_table, require_columns, take_predictions
from exprstats.errors import DataError, OptionError, Problem
from exprstats.options import name_some, tell_kind
from exprstats.parallel import Seed, open_generator

if TYPE_CHECKING:
    from exprstats.models.fitting.result import Models

Bound = float | Mapping[Any, float]


def guess_uniform(
    predictions: Models | pd.DataFrame, *, low: Bound, high: Bound, seed: Seed = None
) -> pd.DataFrame:
    """Guess each clip by a draw from the range of the scores.

    Parameters
    ----------
    predictions
        PREDICTIONS of any model, or fitted models: their clips and truths are kept.
    low, high
        The range; a number, or one for each context with the key None for the pooled fit.
    seed
        The draw of a clip depends on the seed and the set of clips, not on their order.

    Returns
    -------
    pandas.DataFrame
        PREDICTIONS with the model ``"uniform"``.

    Raises
    ------
    OptionError
        ``low`` is not below ``high``, or a context has no bound.

    References
    ----------
    Lin, Girard, and Morency (2020), section "Baselines".

    Examples
    --------
    >>> rows = pd.DataFrame({"clip": list("abc"), "subject": list("stu"), "model": "net"})
    >>> rows = rows.assign(part=["train", "train", "test"], truth=[1.0, 3.0, 5.0], prediction=0.0)
    >>> guess_uniform(rows, low=2, high=3, seed=1)["prediction"].between(2, 3).all().item()
    True
    """
    frame = take_skeleton(predictions, "uniform")
    lows, highs = _look_up(low, frame, "low"), _look_up(high, frame, "high")
    if not (lows < highs).all():
        message = f"low ({lows.max():g}) must be below high ({highs.min():g})."
        raise OptionError(message)
    share = draw_by_clip(frame, seed, lambda rng, count: rng.random(count))
    return frame.assign(prediction=lows + (highs - lows) * share)


def guess_normal(predictions: Models | pd.DataFrame, *, seed: Seed = None) -> pd.DataFrame:
    """Guess each clip by a standard normal draw, in the unit of factor scores.

    Parameters
    ----------
    predictions
        PREDICTIONS of any model, or fitted models: their clips and truths are kept.
    seed
        The draw of a clip depends on the seed and the set of clips, not on their order.

    Returns
    -------
    pandas.DataFrame
        PREDICTIONS with the model ``"normal"``.

    References
    ----------
    Lin, Girard, and Morency (2020), section "Baselines".

    Examples
    --------
    >>> rows = pd.DataFrame({"clip": list("abc"), "subject": list("stu"), "model": "net"})
    >>> rows = rows.assign(part=["train", "train", "test"], truth=[1.0, 3.0, 5.0], prediction=0.0)
    >>> guess_normal(rows, seed=1)["prediction"].round(2).tolist()
    [0.35, 0.82, 0.33]
    """
    frame = take_skeleton(predictions, "normal")
    draw = draw_by_clip(frame, seed, lambda rng, count: rng.standard_normal(count))
    return frame.assign(prediction=draw)


def guess_mean(predictions: Models | pd.DataFrame) -> pd.DataFrame:
    """Guess each clip by the mean truth of the training clips of the same fit.

    Parameters
    ----------
    predictions
        PREDICTIONS with ``part``, or fitted models; where ``fitted_on`` stands, the context's own
        rows get the mean of their context and the pooled rows that of all clips.

    Returns
    -------
    pandas.DataFrame
        PREDICTIONS with the model ``"mean"``.

    Raises
    ------
    DataError
        A fit has no training clips.

    Examples
    --------
    >>> rows = pd.DataFrame({"clip": list("abc"), "subject": list("stu"), "model": "net"})
    >>> rows = rows.assign(part=["train", "train", "test"], truth=[1.0, 3.0, 5.0], prediction=0.0)
    >>> guess_mean(rows)["prediction"].tolist()
    [2.0, 2.0, 2.0]
    """
    frame = take_skeleton(predictions, "mean")
    fit = name_fits(frame)
    means = keep_training(frame, "a mean").groupby(fit).mean()
    return frame.assign(prediction=fit.map(means).astype(float))


def _look_up(bound: Bound, frame: pd.DataFrame, option: str) -> np.ndarray:
    if not isinstance(bound, Mapping):
        if not isinstance(bound, Real):
            message = f"{option} is {tell_kind(bound)}; give a number, or one for each context."
            raise OptionError(message)
        return np.full(len(frame), float(bound))
    fits = name_fits(frame)
    known = {"" if key is None else f"={key}": float(value) for key, value in bound.items()}
    lacking = sorted(set(fits) - set(known))
    if lacking:
        named = name_some([one[1:] or "None (the pooled fit)" for one in lacking])
        message = f"{option} has no value for {named}."
        raise OptionError(message)
    return fits.map(known).to_numpy(float)


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
    """Return the truths of training clips, from which ``what`` is taken; others missing."""
    require_columns(frame, ["part"], "predictions")
    truth = frame["truth"].where(frame["part"] == "train")
    if truth.groupby(name_fits(frame)).count().min() == 0:
        fact = f"some fits have no training clips to take {what} of."
        raise DataError(Problem(fact, "Keep the rows of all parts.", column="part"))
    return truth
