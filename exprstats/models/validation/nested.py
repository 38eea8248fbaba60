"""Nested cross-validation over folds of subjects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from exprstats.apa import write_count, write_number
from exprstats.contracts import arrange_rows
from exprstats.errors import DataError, Problem
from exprstats.models.data.design import Design, Sample, build_design
from exprstats.models.data.splits import check_folds
from exprstats.models.fitting.elastic import ALPHAS, L1_RATIOS, check_grid
from exprstats.models.fitting.outcomes import (
    KEYS,
    correlate,
    count_clips,
    group_contexts,
    list_predictions,
)
from exprstats.models.fitting.penalties import (
    Grid,
    Moments,
    choose_point,
    predict_grid,
    scale_columns,
    trace_grid,
)
from exprstats.models.fitting.products import measure_errors, read_moments, sum_products
from exprstats.models.fitting.result import tell_correlation
from exprstats.parallel import limit_threads
from exprstats.results import Result


@dataclass(frozen=True, slots=True, eq=False)
class Nested(Result):
    """Predictions of every clip by models that were tuned and fitted without its subject.

    Attributes
    ----------
    name
        What the predictions call the models.
    table
        Tidy rows: ``rmse`` and ``correlation`` over all clips (the mean over repeats), and
        ``weight``, ``alpha`` and ``l1_ratio`` of each repeat and fold.
    predictions
        PREDICTIONS of all clips, part ``"test"``; with repeats, one ``seat`` a repeat.
    target
        What was predicted.
    folds
        FOLDS that were used.
    """

    place: ClassVar[str] = "nested"
    name: str
    table: pd.DataFrame
    predictions: pd.DataFrame
    target: str
    folds: pd.DataFrame

    def glance(self) -> pd.DataFrame:
        """Return one row for the whole."""
        pooled = self.table[self.table["context"].isna() & (self.table["term"] == "rmse")].iloc[0]
        row = {
            "model": self.name,
            "target": self.target,
            "n_contexts": int(self.table["context"].nunique()),
            "n_clips": int(pooled["n_clips"]),
            "n_clusters": int(pooled["n_clusters"]),
            "folds": int(self.folds["fold"].nunique()),
            "repeats": int(self.folds["repeat"].nunique()),
        }
        return pd.DataFrame([row])

    def sentence(self) -> str:
        """Return how well unseen people are predicted, in APA style."""
        row = self.glance().iloc[0]
        again = f", repeated {row['repeats']} times" if row["repeats"] > 1 else ""
        told = [
            f"In {row['folds']}-fold cross-validation over {row['n_clusters']} subjects{again}, "
            f"with the penalty tuned inside ({write_count(row['n_clips'])} clips):"
        ]
        scores = self.table[self.table["term"].isin(["rmse", "correlation"])]
        for name, own in group_contexts(scores):
            value = own.set_index("term")["estimate"]
            r = tell_correlation(value["correlation"])
            told.append(f"{name}: RMSE = {write_number(value['rmse'])}, {r}.")
        return " ".join(told)


def nest_elastic(
    clips: pd.DataFrame,
    *,
    target: str,
    features: Sequence[str],
    folds: pd.DataFrame,
    by: str | None = None,
    alphas: Sequence[float] = ALPHAS,
    l1_ratios: Sequence[float] = L1_RATIOS,
    pooled_target: str | None = None,
    name: str = "elastic",
) -> Nested:
    """Predict every clip by elastic nets that never saw its subject, tuned without them too.

    For each fold the penalty is the one of lowest error when each other fold in turn is predicted
    from the rest; with it a model is fitted to all other folds. Features are standardised inside
    every fit.

    Parameters
    ----------
    clips, target, features, by, alphas, l1_ratios, pooled_target, name
        As in `fit_elastic`.
    folds
        FOLDS from `fold_subjects`, three or more; ``repeat`` may be absent.

    Returns
    -------
    Nested

    Raises
    ------
    DataError
        As in `fit_elastic`; or fewer than three folds, a subject in two folds or in none, a
        context that a fold lacks, or a target that does not vary outside two folds.

    References
    ----------
    Varma, S., & Simon, R. (2006). Bias in error estimation when using cross-validation for model
    selection.

    Examples
    --------
    >>> from exprstats.models import fold_subjects
    >>> rng = np.random.default_rng(1)
    >>> clips = pd.DataFrame(rng.normal(size=(200, 2)), columns=["motion", "noise"])
    >>> clips = clips.assign(clip=range(200), subject=np.repeat(range(20), 10))
    >>> clips["score"] = clips["motion"] + 0.1 * rng.normal(size=200)
    >>> data = {"target": "score", "features": ["motion", "noise"]}
    >>> found = nest_elastic(clips, folds=fold_subjects(clips, folds=4, seed=1), **data)
    >>> r = found.tidy().query("term == 'correlation'")["estimate"].item()
    >>> r > 0.95, len(found.predictions)
    (True, 200)
    """
    penalties = check_grid(alphas, l1_ratios)
    data = {"target": target, "features": features, "by": by, "pooled_target": pooled_target}
    design = build_design(clips, None, folded=True, **data)
    folds = check_folds(design.clips, folds)
    if folds["fold"].nunique() < 3:
        fact = f"there are {folds['fold'].nunique()} folds."
        raise DataError(Problem(fact, "Tuning inside needs three.", column="fold"))
    rows: list[dict[str, Any]] = []
    frames: list[pd.DataFrame] = []
    for sample in design.samples:
        key = {"context": sample.context, "model": name}
        scores = []
        for again, dealt in folds.groupby("repeat"):
            lookup = dict(zip(dealt["subject"].astype(str), dealt["fold"], strict=True))
            guess, found = _predict_sample(design, sample, lookup, penalties)
            rows += [{**key, "repeat": again, **row} for row in found]
            frames.append(list_predictions(design, [sample], [guess], name).assign(seat=str(again)))
            missed = float(np.sqrt(np.mean((guess - sample.truth) ** 2)))
            scores.append((missed, *correlate(sample.truth, guess)))
        rows += _average_scores(design, sample, key, scores)
    predictions = pd.concat(frames, ignore_index=True).assign(part="test")
    if len(set(folds["repeat"])) == 1:
        predictions = predictions.drop(columns="seat")
    return Nested(name, arrange_rows(rows, (*KEYS, "repeat", "fold")), predictions, target, folds)


@limit_threads()
def _predict_sample(
    design: Design, sample: Sample, lookup: dict[str, Any], penalties: Grid
) -> tuple[np.ndarray, list[dict[str, Any]]]:
    """Return predictions (m,) of one sample's clips, and rows of each fold's model."""
    placed = design.clips["subject"].astype(str).map(lookup).to_numpy()
    labels, codes = np.unique(placed, return_inverse=True)
    values = design.matrix[sample.rows]
    scale = scale_columns(values)[:2]
    products = sum_products(design, sample, codes, scale=scale)
    sums = products.train.reshape(-1, products.size, products.size)
    z, own, middle = (values - scale[0]) / scale[1], codes[sample.rows], sample.truth.mean()
    guess = np.empty(len(own))
    rows: list[dict[str, Any]] = []
    errors = _tune_inside(sums, penalties, sample)
    for fold, label in enumerate(labels):
        moments = _read_rest(sums, sample, fold)
        weights, _ = trace_grid(moments, penalties)
        best = choose_point(penalties, weights, errors[fold])
        here = own == fold
        guess[here] = predict_grid(moments, weights[best][None], z[here])[:, 0] + middle
        alpha, ratio = penalties.points[best].tolist()
        key = {"part": "train", "fold": label, "n_clips": int((~here).sum())}
        rows.append({**key, "term": "alpha", "estimate": alpha})
        rows.append({**key, "term": "l1_ratio", "estimate": ratio})
        rows += [
            {**key, "term": "weight", "feature": feature, "estimate": weight}
            for feature, weight in zip(design.features, weights[best].tolist(), strict=True)
        ]
    return guess, rows


def _tune_inside(sums: np.ndarray, penalties: Grid, sample: Sample) -> np.ndarray:
    """Return the RMSE (folds, points) of predicting the other folds, each from the rest."""
    count = len(sums)
    squares = np.zeros((count, len(penalties.points)))
    clips = np.zeros(count)
    for f in range(count):
        for g in range(f):
            moments = _read_rest(sums, sample, f, g)
            weights, _ = trace_grid(moments, penalties)
            # A fit without f and g tunes f's model by predicting g, and g's by predicting f.
            for outer, held in ((f, g), (g, f)):
                n = sums[held][0, 0]
                squares[outer] += measure_errors(moments, weights, sums[held]) * n
                clips[outer] += n
    return np.sqrt(squares / clips[:, None])


def _read_rest(sums: np.ndarray, sample: Sample, *without: int) -> Moments:
    moments = read_moments(np.delete(sums, without, axis=0).sum(axis=0))
    if moments is None:
        fact = f"{sample.label}: the target does not vary outside {len(without)} of the folds."
        raise DataError(Problem(fact, "Use fewer folds, or leave this context out."))
    return moments


def _average_scores(
    design: Design,
    sample: Sample,
    key: dict[str, Any],
    scores: Sequence[tuple[float, float, str | None]],
) -> list[dict[str, Any]]:
    key = {**key, "part": "test", **count_clips(design, sample, "train")}
    note = next((one[2] for one in scores if one[2]), None)
    rmse = float(np.mean([one[0] for one in scores]))
    correlation = float(np.mean([one[1] for one in scores]))
    return [
        {**key, "term": "rmse", "estimate": rmse},
        {**key, "term": "correlation", "estimate": correlation, "note": note},
    ]
