"""Stacked predictions of several models in one table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.contracts import PREDICTIONS, check_kind, check_table, take_predictions
from exprstats.errors import DataError, Option, OptionError, Problem
from exprstats.models.data.design import Design, Sample
from exprstats.models.fitting.elastic import tune_sample
from exprstats.models.fitting.forest import Grown, grow_again
from exprstats.models.fitting.outcomes import list_predictions
from exprstats.models.fitting.penalties import scale_columns
from exprstats.models.fitting.result import Fitted, Models
from exprstats.options import PARTS, name_some

if TYPE_CHECKING:
    from exprstats.models.fitting.penalties import PenaltyGrid


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

    Examples
    --------
    >>> from exprstats.models import guess_mean
    >>> rows = pd.DataFrame({"clip": list("abc"), "subject": list("stu"), "model": "net"})
    >>> rows = rows.assign(part=["train", "train", "test"], truth=[1.0, 3.0, 5.0], prediction=0.0)
    >>> stack_predictions(rows, guess_mean(rows))[["model", "truth", "prediction"]].values.tolist()
    [['net', 5.0, 0.0], ['mean', 5.0, 2.0]]
    """
    if not models or (part is not None and part not in PARTS):
        message = f"Give at least one model, and a part out of {', '.join(PARTS)} or None."
        raise OptionError(message)
    tables = [take_predictions(one) for one in models]
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

    Examples
    --------
    >>> from exprstats.models import fit_elastic, split_subjects
    >>> rng = np.random.default_rng(1)
    >>> clips = pd.DataFrame(rng.normal(size=(200, 2)), columns=["motion", "noise"])
    >>> clips = clips.assign(clip=range(200), subject=np.repeat(range(20), 10))
    >>> clips["score"] = clips["motion"] + 0.1 * rng.normal(size=200)
    >>> data = {"target": "score", "features": ["motion", "noise"]}
    >>> clips["context"] = np.where(clips["clip"] % 2, "pain", "fear")
    >>> parts = split_subjects(clips, seed=1)
    >>> pair = pair_pooled(fit_elastic(clips, parts=parts, by="context", **data))
    >>> pair["model"].value_counts().to_dict()
    {'elastic': 200, 'elastic pooled': 200}
    """
    check_kind(models, Models, "models", "fit_elastic or fit_forest")
    models.require_clips()
    rows = models.predictions
    own = rows[rows["fitted_on"] == "context"]
    if own.empty:
        fact = "the models were fitted to all clips only."
        raise DataError(Problem(fact, ("Fit them with ", Option("by", "context"), ".")))
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
    penalties = cast("PenaltyGrid", models.penalties)
    return tune_sample(design, sample, penalties, refit=models.refit, rounds=models.rounds)
