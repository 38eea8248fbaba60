"""Models of single contexts beside the model of all clips, on the same clips and truths."""

from __future__ import annotations

import numpy as np
import pandas as pd

from exprstats.errors import DataError, Problem
from exprstats.models.fits import Models


def pair_pooled(models: Models) -> pd.DataFrame:
    """Put each context's own model and the pooled model side by side, as two models.

    Whether a model of its own serves a context better than one model for all is then a comparison
    like any other: ``compare_models(pair_pooled(models), by="context", ...)`` after choosing the
    part.

    Parameters
    ----------
    models
        From `fit_elastic` or `fit_forest` with ``by``, both models predicting the same scores:
        fit them with ``pooled_target`` set to the target.

    Returns
    -------
    pandas.DataFrame
        PREDICTIONS without ``fitted_on``: the model ``"elastic"`` (or its name) holds the
        predictions of each context's own model, ``"elastic pooled"`` those of the pooled one.

    Raises
    ------
    DataError
        There are no contexts, or the two kinds of models predict different scores.

    References
    ----------
    Lin, Girard, and Morency (2020), who compare the two by eye.
    """
    rows = models.predictions
    own, pooled = (rows[rows["fitted_on"] == kind] for kind in ("context", "all"))
    if own.empty:
        fact = "the models were fitted to all clips only."
        raise DataError(Problem(fact, "Fit them with by='context'."))
    key = ["context", "clip"]
    pooled = own[key].merge(pooled, on=key, how="left")
    apart = np.abs(pooled["truth"].to_numpy() - own["truth"].to_numpy())
    if apart.max() > 1e-9 * max(1.0, own["truth"].abs().max()):
        fact = f"the pooled model predicts other scores (up to {apart.max():.3g} apart)."
        remedy = "Fit with pooled_target set to the target."
        raise DataError(Problem(fact, remedy, column="truth"))
    pooled = pooled[own.columns].assign(model=f"{models.name} pooled")
    return pd.concat([own, pooled], ignore_index=True).drop(columns="fitted_on")
