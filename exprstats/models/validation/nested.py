"""Nested cross-validation over folds of subjects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pandas as pd

from exprstats.apa import count_things, write_count, write_interval, write_level, write_number
from exprstats.contracts import arrange_rows
from exprstats.errors import DataError, Problem
from exprstats.models.data.design import Design, Sample, build_design
from exprstats.models.data.splits import FEWER_FOLDS, check_folds
from exprstats.models.fitting.elastic import ALPHAS, L1_RATIOS, check_grid
from exprstats.models.fitting.outcomes import (
    KEYS,
    SCORES,
    count_clips,
    group_contexts,
    list_predictions,
)
from exprstats.models.fitting.penalties import (
    FitMoments,
    PenaltyGrid,
    average_squares,
    code_subjects,
    fit_lowest,
    predict_grid,
    read_moments,
    scale_columns,
    sum_products,
    trace_grid,
)
from exprstats.models.fitting.result import tell_correlation
from exprstats.models.validation.influence import Influence, limit_scores, trace_influence
from exprstats.options import check_level
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
        Tidy rows, part ``"test"``: ``rmse`` over all clips and ``correlation``, the mean of the
        folds' correlations (the mean of both over repeats), with jackknife-t intervals over
        subjects, and ``fold_correlation`` of each repeat and fold; part ``"train"``: ``weight``,
        ``alpha`` and ``l1_ratio`` of each repeat and fold.
    predictions
        PREDICTIONS of all clips, part ``"test"``, with their ``fold`` and ``repeat``; with
        several repeats, one ``seat`` a repeat.
    target
        What was predicted.
    folds
        FOLDS that were used.
    level
        Confidence level.
    """

    place: ClassVar[str] = "nested"
    name: str
    table: pd.DataFrame
    predictions: pd.DataFrame
    target: str
    folds: pd.DataFrame
    level: float = 0.95

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
            "level": self.level,
        }
        return pd.DataFrame([row])

    def sentence(self) -> str:
        """Return how well unseen people are predicted, in APA style."""
        row = self.glance().iloc[0]
        again = f", repeated {row['repeats']} times" if row["repeats"] > 1 else ""
        told = [
            f"In {row['folds']}-fold cross-validation over {row['n_clusters']} subjects{again}, "
            f"with the penalty tuned inside ({write_count(row['n_clips'])} clips; r is the mean of "
            f"the folds' correlations, {write_level(self.level)} CIs by a jackknife over subjects):"
        ]
        scores = self.table[self.table["term"].isin(SCORES)]
        for name, own in group_contexts(scores):
            rmse, r = (own[own["term"] == term].iloc[0].to_dict() for term in SCORES)
            parts = [
                f"RMSE = {write_number(rmse['estimate'])}{_write_limits(rmse)}",
                f"{tell_correlation(r['estimate'])}{_write_limits(r, bounded=True)}",
            ]
            note = f" ({r['note']})" if isinstance(r["note"], str) else ""
            told.append(f"{name}: {', '.join(parts)}{note}.")
        return " ".join(told)


def _write_limits(row: dict[Any, Any], *, bounded: bool = False) -> str:
    if pd.isna(row["conf_low"]):
        return ""
    return f" {write_interval(row['conf_low'], row['conf_high'], bounded=bounded)}"


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
    level: float = 0.95,
    name: str = "elastic",
) -> Nested:
    """Predict every clip by elastic nets that never saw its subject, tuned without them too.

    For each fold the penalty is the one of lowest error when each other fold in turn is predicted
    from the rest; with it a model is fitted to all other folds. Features are standardised inside
    every fit. What is estimated is the error of nets that
    k - 1 folds of the subjects give.

    Correlations are taken within folds and averaged. Pooled over folds, whose training means
    differ, predictions of pure noise correlate at -.15 to -.30 with the truth, since the mean of
    the others is lower where the truths of a fold are higher. A fold in which all clips get the
    same prediction counts as r = 0. Intervals leave out subjects from the tested clips and from
    the training of other folds, penalties held fixed: they are about these fits. The average of the
    procedure over samples is another value where the signal is so weak that some samples give a
    flat net; it then lay outside a quarter of the intervals (true r of the fits: .953 covered).

    Parameters
    ----------
    clips, target, features, by, alphas, l1_ratios, pooled_target, name
        As in `fit_elastic`.
    folds
        FOLDS from `fold_subjects`, three or more; ``repeat`` may be absent.
    level
        Of the intervals.

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
    Nadeau, C., & Bengio, Y. (2003). Inference for the generalization error.
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
    check_level(level)
    rows: list[dict[str, Any]] = []
    frames: list[pd.DataFrame] = []
    for sample in design.samples:
        key = {"context": sample.context, "model": name}
        found = []
        for again, dealt in folds.groupby("repeat"):
            lookup = dict(zip(dealt["subject"].astype(str), dealt["fold"], strict=True))
            found.append(_predict_sample(design, sample, lookup, penalties))
            rows += [{**key, "repeat": again, **row} for row in found[-1].rows]
            table = list_predictions(design, [sample], [found[-1].guess], name)
            frames.append(table.assign(seat=str(again), fold=found[-1].placed, repeat=again))
        counts = count_clips(design, sample, "train")
        rows += [{**key, **counts, **row} for row in _list_scores(found, level)]
    predictions = pd.concat(frames, ignore_index=True).assign(part="test")
    if len(set(folds["repeat"])) == 1:
        predictions = predictions.drop(columns="seat")
    table = arrange_rows(rows, (*KEYS, "repeat", "fold"))
    return Nested(name, table, predictions, target, folds, level)


class Repeat(NamedTuple):
    """One repeat of one sample: predictions (m,), their folds, rows, and influences of subjects."""

    guess: np.ndarray
    placed: np.ndarray
    rows: list[dict[str, Any]]
    influence: Influence
    codes: np.ndarray


@limit_threads()
def _predict_sample(
    design: Design, sample: Sample, lookup: dict[str, Any], penalties: PenaltyGrid
) -> Repeat:
    placed = design.clips["subject"].astype(str).map(lookup).to_numpy()
    labels, codes = np.unique(placed, return_inverse=True)
    subjects, _ = code_subjects(design)
    values = design.matrix[sample.rows]
    scale = scale_columns(values)[:2]
    products = sum_products(design, sample, subjects, scale=scale)
    present = np.flatnonzero(products.train[:, 0] > 0)
    folds = np.empty(len(products.train), dtype=int)
    folds[subjects] = codes
    folds, own = folds[present], products.train[present]
    size = products.size
    sums = np.array([own[folds == f].sum(axis=0).reshape(size, size) for f in range(len(labels))])
    z, held, middle = (values - scale[0]) / scale[1], codes[sample.rows], sample.truth.mean()
    guess = np.empty(len(held))
    rows: list[dict[str, Any]] = []
    points: list[tuple[float, float]] = []
    errors = _tune_inside(sums, penalties, sample)
    for fold, label in enumerate(labels):
        moments = _read_rest(sums, sample, fold)
        weights, point = fit_lowest(moments, penalties, errors[fold])
        here = held == fold
        guess[here] = predict_grid(moments, weights[None], z[here])[:, 0] + middle
        alpha, ratio = point.tolist()
        points.append((alpha, ratio))
        key = {"part": "train", "fold": label, "n_clips": int((~here).sum())}
        rows.append({**key, "term": "alpha", "estimate": alpha})
        rows.append({**key, "term": "l1_ratio", "estimate": ratio})
        rows += [
            {**key, "term": "weight", "feature": feature, "estimate": weight}
            for feature, weight in zip(design.features, weights.tolist(), strict=True)
        ]
    influence = trace_influence(own, folds, points)
    rows += [
        {"part": "test", "fold": label, "term": "fold_correlation", "estimate": r}
        for label, r in zip(labels, influence.folds.tolist(), strict=True)
    ]
    return Repeat(guess, placed[sample.rows], rows, influence, folds)


def _list_scores(found: Sequence[Repeat], level: float) -> list[dict[str, Any]]:
    """Return rows of RMSE and mean r, averaged over repeats."""
    influences = [one.influence for one in found]
    whole = np.mean([one.whole for one in influences], axis=0)
    limits = limit_scores(influences, [one.codes for one in found], level)
    folds = np.concatenate([one.folds for one in influences])
    silent, lost = int((folds == 0).sum()), int(np.isnan(folds).sum())
    notes = []
    if silent == len(folds):
        whole[1], limits["std_error"][1] = np.nan, np.nan
        notes.append("nothing was learned: in every fold all clips get the same prediction")
    elif silent:
        counted = count_things(silent, "folds gives", "folds give", of=len(folds))
        notes.append(f"{counted} all clips the same prediction, which counts as r = 0")
    if lost:
        counted = count_things(lost, "folds has", "folds have", of=len(folds))
        notes.append(f"{counted} no r: constant targets or under 3 clips")
    told = ("; ".join(notes) or None, None)
    about = {"part": "test", "level": level, "method": "jackknife", "headline": True}
    return [
        {"term": term, "estimate": whole[j], **about, "note": told[1 - j]}
        | {name: values[j] for name, values in limits.items()}
        for j, term in enumerate(SCORES)
    ]


def _tune_inside(sums: np.ndarray, penalties: PenaltyGrid, sample: Sample) -> np.ndarray:
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
                squares[outer] += average_squares(moments, weights, sums[held]) * n
                clips[outer] += n
    return np.sqrt(squares / clips[:, None])


def _read_rest(sums: np.ndarray, sample: Sample, *without: int) -> FitMoments:
    moments = read_moments(np.delete(sums, without, axis=0).sum(axis=0))
    if moments is None:
        fact = f"{sample.label}: the target does not vary outside {len(without)} of the folds."
        raise DataError(Problem(fact, FEWER_FOLDS))
    return moments
