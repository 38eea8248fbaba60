"""The elastic net, per context and pooled, tuned on validation subjects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from exprstats.contracts import arrange_rows
from exprstats.errors import FitWarning, OptionError, warn_user
from exprstats.models.data.design import Design, Sample, build_design
from exprstats.models.fitting.folds import Rounds, correlate_rounds, measure_rounds, plan_rounds
from exprstats.models.fitting.outcomes import (
    KEYS,
    UNVARYING,
    count_clips,
    list_part_scores,
    list_predictions,
)
from exprstats.models.fitting.penalties import (
    MAX_ITERATIONS,
    FitMoments,
    PenaltyGrid,
    choose_point,
    predict_grid,
    take_moments,
    trace_grid,
)
from exprstats.models.fitting.result import Models
from exprstats.options import name_some
from exprstats.parallel import limit_threads

ALPHAS = (0.01, 0.05, 0.1, 0.5, 1.0)
L1_RATIOS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


def fit_elastic(
    clips: pd.DataFrame,
    *,
    target: str,
    features: Sequence[str],
    parts: pd.DataFrame,
    folds: pd.DataFrame | None = None,
    by: str | None = None,
    alphas: Sequence[float] = ALPHAS,
    l1_ratios: Sequence[float] = L1_RATIOS,
    pooled_target: str | None = None,
    refit: bool = False,
    name: str = "elastic",
) -> Models:
    """Fit an elastic net per context and to all clips, tuned on validation subjects or in folds.

    Features are standardised by the mean and SD (divisor n) of the training clips, the target
    keeps its unit. The penalty is the combination of lowest validation RMSE; among equals (1e-10,
    relative) the fewest non-zero weights, then the larger alpha, then the larger l1_ratio.

    Parameters
    ----------
    clips
        CLIPS with the target and the feature columns.
    target
        Column to predict; in a context's own model, its scores.
    features
        Columns to predict from.
    parts
        PARTS from `split_subjects`; the one split serves every context and the pooled model.
    folds
        FOLDS from `fold_subjects`, to tune by cross-validation in place of the validation part:
        each fold of the subjects outside the test part is predicted from the others, the penalty
        of lowest RMSE over all these clips (and repeats) is chosen, and the model is fitted to all
        of them. Subjects of a validation part are training subjects then.
    by
        ``"context"`` for a model of each context beside the pooled one.
    alphas, l1_ratios
        Penalties to try, in scikit-learn's terms; l1_ratio 0 is ridge regression with penalty
        n·alpha. The defaults are the grid of Lin, Girard, and Morency (2020).
    pooled_target
        Column that the pooled model predicts; by default ``{target}_pooled`` where that column
        exists, else the target.
    refit
        Fit the chosen penalty again to training and validation subjects together. By default
        the model stays as fitted on the training subjects. With folds these are both already.
    name
        What the predictions call this model.

    Returns
    -------
    Models
        Terms of the table: ``weight`` (units of the target for one SD of the feature),
        ``intercept``, ``alpha``, ``l1_ratio``, and ``rmse`` and ``correlation`` of each part.

    Raises
    ------
    DataError
        Columns absent, values missing or infinite, a target that does not vary, a subject in two
        parts or none, a part that a context lacks.
    OptionError
        Penalties outside their range, features that are no list or hold the target.

    Warns
    -----
    DataWarning
        A feature is constant in training; it gets weight 0.
    FitWarning
        Coordinate descent stopped before it converged.

    References
    ----------
    Zou, H., & Hastie, T. (2005). Regularization and variable selection via the elastic net.
    Friedman, J., Hastie, T., & Tibshirani, R. (2010). Regularization paths for generalized linear
    models via coordinate descent.

    Examples
    --------
    >>> import numpy as np
    >>> from exprstats.models import split_subjects
    >>> rng = np.random.default_rng(1)
    >>> clips = pd.DataFrame(rng.normal(size=(400, 2)), columns=["motion", "noise"])
    >>> clips["clip"], clips["subject"] = range(400), np.repeat(range(40), 10)
    >>> clips["score"] = 0.8 * clips["motion"] + 0.6 * rng.normal(size=400)
    >>> parts = split_subjects(clips, seed=1)
    >>> models = fit_elastic(clips, target="score", features=["motion", "noise"], parts=parts)
    >>> weights = models.tidy().query("term == 'weight'")
    >>> [name for name, w in zip(weights["feature"], weights["estimate"]) if abs(w) >= 0.2]
    ['motion']
    """
    penalties = check_grid(alphas, l1_ratios)
    design = build_design(
        clips,
        parts,
        target=target,
        features=features,
        by=by,
        pooled_target=pooled_target,
        folded=folds is not None,
    )
    rounds = None if folds is None else plan_rounds(design, folds)
    refit = refit and rounds is None
    tune = partial(tune_sample, penalties=penalties, refit=refit, rounds=rounds)
    fits = [tune(design, sample) for sample in design.samples]
    _warn_of_constants(design, fits)
    _warn_of_stops(fits)
    guesses = [fit.predict(design.matrix[fit.sample.rows]) for fit in fits]
    rows: list[dict[str, Any]] = []
    for fit, guess in zip(fits, guesses, strict=True):
        rows += _list_terms(design, fit, name, penalties, refit=refit)
        rows += _list_rounds(design, fit, name, rounds) if rounds else []
        rows += list_part_scores(design, fit.sample, guess, name)
    return Models(
        name=name,
        kind="elastic",
        table=arrange_rows(rows, KEYS),
        predictions=list_predictions(design, design.samples, guesses, name),
        grid=pd.concat([fit.grid for fit in fits], ignore_index=True).assign(model=name),
        design=design,
        fits=tuple(fits),
        penalties=penalties,
        refit=refit,
        rounds=rounds,
    )


def _list_rounds(design: Design, fit: Tuned, name: str, rounds: Rounds) -> list[dict[str, Any]]:
    """Return rows of how well the chosen penalty predicted the folds that were held out."""
    point = PenaltyGrid((fit.alpha,), (fit.l1_ratio,))
    correlation, note = correlate_rounds(design, fit.sample, rounds, point)
    about = {"context": fit.sample.context, "model": name, "part": "validate", "feature": None}
    about |= count_clips(design, fit.sample, "train")
    told = f"in {rounds.describe()}, which chose the penalty"
    mean = f"mean of the correlations {told}"
    rmse = float(fit.grid.loc[fit.grid["chosen"], "rmse_validate"].iloc[0])
    return [
        {**about, "term": "rmse", "estimate": rmse, "note": told},
        {**about, "term": "correlation", "estimate": correlation, "note": note or mean},
    ]


def _list_terms(
    design: Design, fit: Tuned, name: str, penalties: PenaltyGrid, *, refit: bool
) -> list[dict[str, Any]]:
    key = {"context": fit.sample.context, "model": name}
    used = ("train", "validate") if refit else ("train",)
    train = {**key, "part": "train", **count_clips(design, fit.sample, *used)}
    held = "validate" if design.mark(fit.sample, "validate").any() else "train"
    tuned = {**key, "part": "validate", **count_clips(design, fit.sample, held)}
    refitted = ["refitted to training and validation subjects"] if refit else []
    rows: list[dict[str, Any]] = [
        {
            **train,
            "term": "weight",
            "feature": feature,
            "estimate": float(weight),
            "note": "; ".join([UNVARYING] * bool(constant) + refitted) or None,
        }
        for feature, weight, constant in zip(
            design.features, fit.weights, fit.moments.constant, strict=True
        )
    ]
    rows.append({**train, "term": "intercept", "estimate": fit.moments.mean})
    ends = {penalties.alphas[0]: "largest", penalties.alphas[-1]: "smallest"}
    edge = fit.alpha in ends and len(ends) > 1
    note = f"the {ends[fit.alpha]} alpha of the grid was chosen" if edge else None
    rows.append({**tuned, "term": "alpha", "estimate": fit.alpha, "note": note})
    rows.append({**tuned, "term": "l1_ratio", "estimate": fit.l1_ratio})
    return rows


def _warn_of_constants(design: Design, fits: Sequence[Tuned]) -> None:
    told = [
        f"{fit.sample.label}: {name_some(named)}"
        for fit in fits
        if (named := [f for f, c in zip(design.features, fit.moments.constant, strict=True) if c])
    ]
    if told:
        message = (
            f"Features that do not vary in training get weight 0 ({'; '.join(told)}). "
            "Leave them out, or use another split."
        )
        warn_user(message)


def _warn_of_stops(fits: Sequence[Tuned]) -> None:
    told = [f"{fit.sample.label}: {fit.stopped} of {len(fit.grid)}" for fit in fits if fit.stopped]
    if told:
        message = (
            f"Coordinate descent stopped after {MAX_ITERATIONS:,} rounds without converging at "
            f"some points of the grid ({'; '.join(told)}). Leave out features that repeat "
            "one another, or drop the smallest alphas."
        )
        warn_user(message, FitWarning)


@dataclass(frozen=True, slots=True, eq=False)
class Tuned:
    """A sample's chosen model, and what was tried on the way."""

    sample: Sample
    moments: FitMoments
    weights: np.ndarray
    alpha: float
    l1_ratio: float
    grid: pd.DataFrame
    stopped: int

    def predict(self, values: np.ndarray) -> np.ndarray:
        """Return predictions (m,) of clips with features (m, p) in their own units."""
        return predict_grid(self.moments, self.weights[None], values)[:, 0]


def check_grid(alphas: Sequence[float], l1_ratios: Sequence[float]) -> PenaltyGrid:
    """Return the penalties in falling order of alpha, or raise `OptionError`."""
    check_settings(alphas, "alphas")
    check_settings(l1_ratios, "l1_ratios")
    if not all(0 < alpha < np.inf for alpha in alphas):
        message = f"alphas must be above 0, not {min(alphas):g}."
        raise OptionError(message)
    if not all(0 <= ratio <= 1 for ratio in l1_ratios):
        message = (
            f"l1_ratios must lie between 0 and 1, not {min(l1_ratios):g} to {max(l1_ratios):g}."
        )
        raise OptionError(message)
    falling = sorted({float(alpha) for alpha in alphas}, reverse=True)
    return PenaltyGrid(tuple(falling), tuple(sorted({float(ratio) for ratio in l1_ratios})))


def check_settings(values: Sequence[float], option: str) -> None:
    """Refuse settings to try that are no list, or an empty one, with an `OptionError`."""
    if np.ndim(values) != 1 or not len(values):
        message = f"{option} must be a list of values to try; got {values!r}."
        raise OptionError(message)


@limit_threads()
def tune_sample(
    design: Design,
    sample: Sample,
    penalties: PenaltyGrid,
    *,
    refit: bool = False,
    rounds: Rounds | None = None,
) -> Tuned:
    """Return the model of lowest error in validation, or in rounds, for one sample."""
    moments = take_moments(*design.split(sample, "train"))
    weights, stopped = trace_grid(moments, penalties)
    errors = {}
    for part in ("train", "validate") if rounds is None else ("train",):
        values, truth = design.split(sample, part)
        missed = predict_grid(moments, weights, values) - truth[:, None]
        errors[f"rmse_{part}"] = np.sqrt(np.mean(missed**2, axis=0))
    if rounds is not None:
        errors["rmse_validate"], each = measure_rounds(design, sample, rounds, penalties)
        errors |= dict(zip(rounds.name_columns(), each, strict=True))
    best = choose_point(penalties, weights, errors["rmse_validate"])
    alpha, ratio = penalties.points[best].tolist()
    grid = pd.DataFrame(
        {
            "context": sample.context,
            "alpha": penalties.points[:, 0],
            "l1_ratio": penalties.points[:, 1],
            "n_nonzero": np.count_nonzero(weights, axis=1),
            **errors,
            "chosen": np.arange(len(weights)) == best,
        }
    )
    chosen = weights[best]
    if refit:
        moments = take_moments(*design.split(sample, "train", "validate"))
        chosen = trace_grid(moments, PenaltyGrid((alpha,), (ratio,)))[0][0]
    return Tuned(sample, moments, chosen, alpha, ratio, grid, int(stopped.sum()))
