"""Baselines of quantities that any model should beat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exprstats.errors import OptionError
from exprstats.models.skeletons import draw_by_clip, keep_training, name_fits, take_skeleton
from exprstats.parallel import Seed
from exprstats.words import name_some

if TYPE_CHECKING:
    from exprstats.models.fits import Models

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
    """
    frame = take_skeleton(predictions, "mean")
    fit = name_fits(frame)
    means = keep_training(frame, "a mean").groupby(fit).mean()
    return frame.assign(prediction=fit.map(means).astype(float))


def _look_up(bound: Bound, frame: pd.DataFrame, option: str) -> np.ndarray:
    if not isinstance(bound, Mapping):
        return np.full(len(frame), float(bound))
    fits = name_fits(frame)
    known = {"" if key is None else f"={key}": float(value) for key, value in bound.items()}
    lacking = sorted(set(fits) - set(known))
    if lacking:
        named = name_some([one[1:] or "None (the pooled fit)" for one in lacking])
        message = f"{option} has no value for {named}."
        raise OptionError(message)
    return fits.map(known).to_numpy(float)
