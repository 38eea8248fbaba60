"""Baselines that any model should beat, and all predictions in one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exprstats.errors import DataError, OptionError, Problem
from exprstats.models.parts import PARTS, name_some
from exprstats.numerals import count_things
from exprstats.parallel import Seed, open_generator
from exprstats.tables import PREDICTIONS, check_table, require_columns

if TYPE_CHECKING:
    from exprstats.models.fits import Models

Bound = float | Mapping[Any, float]


def guess_uniform(
    predictions: pd.DataFrame, *, low: Bound, high: Bound, seed: Seed = None
) -> pd.DataFrame:
    """Guess each clip by a draw from the range of the scores.

    Parameters
    ----------
    predictions
        PREDICTIONS of any model, such as ``elastic.predictions``: its clips and truths are kept.
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


def guess_normal(predictions: pd.DataFrame, *, seed: Seed = None) -> pd.DataFrame:
    """Guess each clip by a standard normal draw, in the unit of factor scores.

    Parameters
    ----------
    predictions
        PREDICTIONS of any model: its clips and truths are kept.
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


def guess_mean(predictions: pd.DataFrame) -> pd.DataFrame:
    """Guess each clip by the mean truth of the training clips of the same fit.

    Parameters
    ----------
    predictions
        PREDICTIONS with ``part``; where ``fitted_on`` stands, the context's own rows get the mean
        of their context and the pooled rows that of all clips.

    Returns
    -------
    pandas.DataFrame
        PREDICTIONS with the model ``"mean"``.

    Raises
    ------
    DataError
        A fit has no training clips.
    """
    require_columns(predictions, ["part"], "predictions")
    frame = take_skeleton(predictions, "mean")
    fit = name_fits(frame)
    means = frame["truth"].where(frame["part"] == "train").groupby(fit).mean()
    if means.isna().any():
        fact = "some fits have no training clips to take a mean of."
        raise DataError(Problem(fact, "Keep the rows of all parts.", column="part"))
    return frame.assign(prediction=fit.map(means).astype(float))


def stack_predictions(*models: Models | pd.DataFrame, part: str | None = "test") -> pd.DataFrame:
    """Put the predictions of several models into one table, ready to be compared.

    Parameters
    ----------
    *models
        Fitted or cross-validated models, or PREDICTIONS tables.
    part
        The part to keep; None keeps all. Tables without the column keep all their rows.

    Returns
    -------
    pandas.DataFrame
        PREDICTIONS.

    Raises
    ------
    DataError
        A model stands in two tables, or two tables differ in the truth of a clip.
    OptionError
        Nothing to stack, or an unknown part.
    """
    if not models or (part is not None and part not in PARTS):
        message = f"Give at least one model, and a part out of {', '.join(PARTS)} or None."
        raise OptionError(message)
    tables = [one if isinstance(one, pd.DataFrame) else one.predictions for one in models]
    for table in tables:
        seated = "seat" in table
        check_table(table.assign(seat=table["seat"].fillna("-")) if seated else table, PREDICTIONS)
    _check_names(tables)
    kept = [
        table if part is None or "part" not in table else table[table["part"] == part]
        for table in tables
    ]
    stacked = pd.concat(kept, ignore_index=True)
    if stacked.empty:
        raise DataError(Problem(f"no predictions in the {part} part.", "Check the split."))
    _check_truths(stacked)
    first = [name for name in (*PREDICTIONS.key, *PREDICTIONS.ids) if name in stacked]
    return stacked[[*first, *(name for name in stacked if name not in first)]]


def take_skeleton(predictions: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the clips and truths of predictions, once each, for a model of another name."""
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


def _check_names(tables: Sequence[pd.DataFrame]) -> None:
    names = [name for table in tables for name in table["model"].unique()]
    twice = sorted({str(name) for name in names if names.count(name) > 1})
    if twice:
        fact = f"more than one table calls its model {name_some(twice)}."
        raise DataError(Problem(fact, "Give each model its own name.", column="model"))


def _check_truths(stacked: pd.DataFrame) -> None:
    if "seat" in stacked:
        stacked = stacked[stacked["seat"].isna()]
    key = [name for name in ("context", "clip", "fitted_on") if name in stacked]
    spread = stacked.groupby(key, dropna=False, sort=False)["truth"].agg(["min", "max"])
    torn = (spread["max"] - spread["min"]) > 1e-9 * spread.abs().max(axis=1)
    if torn.any():
        cases = [" ".join(map(str, np.atleast_1d(one))) for one in torn.index[torn][:5]]
        counted = count_things(torn.sum(), "clip has", "clips have")
        fact = f"{counted} different truths under different models: "
        remedy = "Predict the same scores with every model."
        raise DataError(Problem(f"{fact}{name_some(cases)}.", remedy, column="truth"))
