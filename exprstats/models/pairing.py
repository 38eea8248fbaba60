"""Models of single contexts beside one model of all clips, on the same clips and truths."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import numpy as np
import pandas as pd

from exprstats.errors import DataError, Problem
from exprstats.models.designs import Design, Sample
from exprstats.models.fits import Fitted, Models
from exprstats.models.growing import Grown, grow_again
from exprstats.models.outcomes import list_predictions
from exprstats.models.penalties import scale_columns
from exprstats.models.tuning import tune_sample

if TYPE_CHECKING:
    from exprstats.models.penalties import Grid


def pair_pooled(models: Models) -> pd.DataFrame:
    """Put each context's own model and one model of all contexts side by side, as two models.

    Whether a model of its own serves a context better than one model for all is then a comparison
    like any other: ``compare_models(pair_pooled(models), by="context", ...)`` after choosing the
    part.

    The one model is fitted here, to the targets of the contexts. It has one set of weights and an
    intercept for each context: features and targets are taken about their means among the context's
    training clips. Without that it would lose wherever contexts differ in level, whatever their
    features say. An elastic net is tuned as its models were; a forest has the settings of the
    pooled one. Classes have no level to take away, and the pooled model is that of ``models``.

    Parameters
    ----------
    models
        From `fit_elastic` or `fit_forest` with ``by``.

    Returns
    -------
    pandas.DataFrame
        PREDICTIONS without ``fitted_on``: the model ``"elastic"`` (or its name) holds the
        predictions of each context's own model, ``"elastic pooled"`` those of the one for all.

    Raises
    ------
    DataError
        There are no contexts; or, of classes, the pooled model predicts other ones.

    References
    ----------
    Lin, Girard, and Morency (2020), who compare the two by eye.
    """
    rows = models.predictions
    own = rows[rows["fitted_on"] == "context"]
    if own.empty:
        fact = "the models were fitted to all clips only."
        raise DataError(Problem(fact, "Fit them with by='context'."))
    pooled = _match_pooled(rows, own) if models.design.classes else _predict_pooled(models)
    pooled = pooled[own.columns].assign(model=f"{models.name} pooled")
    return pd.concat([own, pooled], ignore_index=True).drop(columns="fitted_on")


def _match_pooled(rows: pd.DataFrame, own: pd.DataFrame) -> pd.DataFrame:
    """Return the pooled model's predicted classes of the contexts' clips."""
    key = ["context", "clip"]
    pooled = own[key].merge(rows[rows["fitted_on"] == "all"], on=key, how="left")
    if (pooled["truth"].to_numpy() != own["truth"].to_numpy()).any():
        fact = "the pooled model predicts other classes."
        raise DataError(Problem(fact, "Fit with pooled_target set to the target.", column="truth"))
    return pooled


def _predict_pooled(models: Models) -> pd.DataFrame:
    """Return predictions of the model that has an intercept for each context."""
    design = models.design
    contexts = [sample for sample in design.samples if sample.context is not None]
    parts = ("train", "validate") if models.refit else ("train",)
    matrix, truths, levels = design.matrix.copy(), [], []
    for sample in contexts:
        values, truth = design.split(sample, *parts)
        matrix[sample.rows] -= values.mean(axis=0)
        # Rounding about the mean is no variance, and says nothing of new people either.
        matrix[np.ix_(sample.rows, scale_columns(values)[2])] = 0
        levels.append(np.full(len(sample.rows), truth.mean()))
        truths.append(sample.truth - truth.mean())
    rows = np.concatenate([sample.rows for sample in contexts])
    centred = replace(design, matrix=matrix)
    fit = _fit_again(models, centred, Sample(None, rows, np.concatenate(truths)), parts)
    guess = fit.predict(matrix[rows]) + np.concatenate(levels)
    ends = np.cumsum([len(sample.rows) for sample in contexts])[:-1]
    return list_predictions(design, contexts, np.split(guess, ends), models.name)


def _fit_again(models: Models, design: Design, sample: Sample, parts: tuple[str, ...]) -> Fitted:
    pooled = models.fits[-1]
    if isinstance(pooled, Grown):
        return grow_again(pooled, design, sample, parts)
    penalties = cast("Grid", models.penalties)
    return tune_sample(design, sample, penalties, refit=models.refit, rounds=models.rounds)
