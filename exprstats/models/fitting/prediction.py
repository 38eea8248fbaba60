"""Predictions of fitted models for new clips."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.contracts import NAMED_CLIPS, check_kind, check_table, find_absent, find_unnumbers
from exprstats.errors import THEIR_COLUMN, DataError, Option, Problem, warn_user
from exprstats.io.guards.tables import guard_table
from exprstats.models.data.categories import code_like
from exprstats.models.data.classes import code_labels, name_classes, show_label
from exprstats.models.data.design import Design
from exprstats.models.fitting.elastic import Tuned
from exprstats.models.fitting.result import Fitted, Models
from exprstats.options import check_word, name_some

Unknown = Literal["error", "pooled"]
# A median clip so many training SDs from the training mean points to another unit.
FAR = 5.0


def predict_clips(
    models: Models, clips: pd.DataFrame, *, by: str = "context", unknown: Unknown = "error"
) -> pd.DataFrame:
    """Predict the target of clips, new ones too, by fitted models.

    Parameters
    ----------
    models
        From `fit_elastic`, `fit_forest` or `load_models`.
    clips
        One row per clip: ``clip``, the features of the fit in their own units, and the context
        where models were fitted by context. Features are scaled by the means and SDs of the
        training clips, never by those of the new ones; a category that the fit had as ``gender: f``
        may be there as ``gender``. ``subject`` and ``part`` are kept where they stand.
    by
        Column that names the contexts.
    unknown
        What becomes of clips of a context that was not in the fit: ``"error"``, or ``"pooled"``
        for predictions of the pooled model alone.

    Returns
    -------
    pandas.DataFrame
        clip, model, subject, context, part (as far as there are any), ``fitted_on``
        (``"context"``: the context's own model; ``"all"``: the pooled one), ``truth`` where the
        clips hold the target, ``prediction`` in the target's unit, and of named classes
        ``truth_class`` and ``prediction_class``: PREDICTIONS where subjects and the target are
        known. The index is the caller's, once for each model. A clip with a missing feature keeps
        its row and has no prediction.

    Raises
    ------
    DataError
        Features, clips or contexts are absent, broken or repeated, a context was not in the fit,
        or the target holds a class that was not.
    OptionError
        ``unknown`` is neither word.

    Warns
    -----
    DataWarning
        Features are missing, contexts fall to the pooled model, clips lie more than 5 training SDs
        from the training mean, or the median clip does, as in another unit.

    Examples
    --------
    >>> from exprstats.models import fit_elastic, split_subjects
    >>> rng = np.random.default_rng(1)
    >>> clips = pd.DataFrame({"clip": range(200), "subject": np.repeat(range(20), 10)})
    >>> clips["motion"] = rng.normal(size=200)
    >>> clips["score"] = 2 * clips["motion"] + 0.001 * rng.normal(size=200)
    >>> data = {"target": "score", "features": ["motion"], "parts": split_subjects(clips, seed=1)}
    >>> models = fit_elastic(clips, alphas=[1e-6], **data)
    >>> new = pd.DataFrame({"clip": ["x", "y"], "motion": [0.0, 1.0]})
    >>> predict_clips(models, new)["prediction"].round(2).abs().tolist()
    [0.0, 2.0]
    """
    check_word(unknown, Unknown, "unknown")
    check_kind(models, Models, "models", "fit_elastic or fit_forest")
    design = models.design
    own = [fit for fit in models.fits if fit.sample.context is not None]
    if by != "context" and by in clips:
        clips = clips.drop(columns="context", errors="ignore").rename(columns={by: "context"})
    if isinstance(clips, pd.DataFrame):
        clips = code_like(clips, design.features, design.references)
    problems = find_absent(clips, design.features, "clips")
    if problems:
        raise DataError(problems)
    if own and "context" not in clips:
        _miss_contexts(own, unknown)
        own = []
    clips = guard_table(clips, ids=("context", "clip", "subject"), numbers=design.features)
    check_table(clips, NAMED_CLIPS)
    problems = find_unnumbers(clips, design.features)
    if problems:
        raise DataError(problems)
    values = clips[list(design.features)].to_numpy(float, na_value=np.nan)
    _warn_of_values(design, models.fits[-1], values)
    pooled = models.fits[-1].predict
    tables = [_list_rows(models, clips, "all", _predict_complete(pooled, values))]
    if own:
        contexts = clips["context"].astype(str).to_numpy()
        names = {str(fit.sample.context) for fit in own}
        _check_contexts(clips, names, unknown)
        guess = np.full(len(clips), np.nan)
        for fit in own:
            here = contexts == str(fit.sample.context)
            guess[here] = _predict_complete(fit.predict, values[here])
        known = np.isin(contexts, list(names))
        tables = [_list_rows(models, clips[known], "context", guess[known]), *tables]
    return pd.concat(tables)


def _miss_contexts(own: list[Fitted], unknown: str) -> None:
    """Refuse clips without contexts, or warn where the pooled model is to do."""
    names = name_some([str(fit.sample.context) for fit in own])
    fact = f"the clips have no contexts, by which the models were fitted ({names})."
    if unknown == "error":
        pooled = "; for the pooled model alone: ", Option("unknown", "pooled"), "."
        raise DataError(Problem(fact, (THEIR_COLUMN, Option("by"), *pooled)))
    warn_user(f"{fact[0].upper()}{fact[1:]} These clips have predictions of the pooled model only.")


def _check_contexts(clips: pd.DataFrame, names: set[str], unknown: str) -> None:
    lost = [one for one in clips["context"].unique() if str(one) not in names]
    if not lost:
        return
    counted = count_things(len(lost), "context was", "contexts were")
    fact = f"{counted} not in the fit: {name_some(lost)} (there is {', '.join(sorted(names))})."
    if unknown == "error":
        remedy = ("Leave these clips out, or use ", Option("unknown", "pooled"), ".")
        raise DataError(Problem(fact, remedy, column="context"))
    warn_user(f"{fact} These clips have predictions of the pooled model only.")


def _warn_of_values(design: Design, fit: Fitted, values: np.ndarray) -> None:
    holes = np.isnan(values)
    if holes.any():
        named = [name for name, one in zip(design.features, holes.T, strict=True) if one.any()]
        counted = count_things(
            int(holes.any(axis=1).sum()), "clips has", "clips have", of=len(values)
        )
        warn_user(f"{counted} no prediction: a feature is missing ({name_some(named)}).")
    if not isinstance(fit, Tuned) or holes.all(axis=0).any():
        return
    distance = np.abs(values - fit.moments.centre) / fit.moments.scale
    apart = np.nanmedian(distance, axis=0)
    far = np.flatnonzero((apart > FAR) & ~fit.moments.constant)
    outside = (distance > FAR) & ~fit.moments.constant & (apart <= FAR)
    if outside.any():
        named = [name for name, one in zip(design.features, outside.T, strict=True) if one.any()]
        counted = count_things(
            int(outside.any(axis=1).sum()), "clips holds", "clips hold", of=len(values)
        )
        warn_user(
            f"{counted} values more than {FAR:g} SDs from the mean of the training clips "
            f"({name_some(named)}): what is predicted there rests on no clip of the fit."
        )
    if len(far):
        told = "; ".join(f"{design.features[j]}: {apart[j]:,.0f} SDs" for j in far)
        message = (
            f"The median clip lies far from the mean of the training clips ({told}). "
            "Check that the features have the unit in which the models were fitted."
        )
        warn_user(message)


def _predict_complete(predict: Any, values: np.ndarray) -> np.ndarray:
    guess = np.full(len(values), np.nan)
    complete = ~np.isnan(values).any(axis=1)
    if complete.any():
        guess[complete] = predict(values[complete])
    return guess


def _list_rows(
    models: Models, clips: pd.DataFrame, fitted_on: str, guess: np.ndarray
) -> pd.DataFrame:
    design = models.design
    kept = [name for name in ("subject", "context", "part") if name in clips]
    rows = clips[["clip"]].assign(model=models.name, **{name: clips[name] for name in kept})
    rows["fitted_on"] = fitted_on
    target = design.target if fitted_on == "context" else design.pooled_target
    if target in clips:
        rows["truth"] = _read_truth(design, clips, target)
    elif {design.target, design.pooled_target} & set(clips.columns):
        rows["truth"] = np.nan
    return name_classes(rows.assign(prediction=guess), design.classes)


def _read_truth(design: Design, clips: pd.DataFrame, target: str) -> np.ndarray:
    """Return the target (n,); of classes the numbers that stand for them."""
    if not design.classes:
        problems = find_unnumbers(clips, [target])
        if problems:
            raise DataError(problems)
        return clips[target].to_numpy(float, na_value=np.nan)
    codes = dict(code_labels(design))
    column = clips[target]
    lost = [one for one in column.dropna().unique() if one not in codes]
    if lost:
        counted = count_things(len(lost), "class was", "classes were")
        fact = f"{counted} not in the fit: {name_some([show_label(one) for one in lost])}."
        raise DataError(Problem(fact, "Leave the column or these clips out.", column=target))
    return column.astype(object).map(codes).to_numpy(float, na_value=np.nan)
