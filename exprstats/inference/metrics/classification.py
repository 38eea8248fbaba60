"""Metrics of predicted labels: accuracy, precision, recall, F1, UAR and kappa."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from exprstats.inference.metrics.metric import Measure, Metric
from exprstats.inference.metrics.regression import count_rows, take_mean
from exprstats.inference.resampling.clusters import Panel, sum_over_clusters

_share = partial(Metric, range=(0, 1), scale="logit", across=True)

Score = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def mark_hits(truth: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    """Return 1 where prediction and truth are the same label (models, n)."""
    return (predictions == truth).astype(float)


def mark_found(truth: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    """Return 1 where both are the label 1 (models, n)."""
    return ((predictions == 1) & (truth == 1)).astype(float)


def mark_predicted(truth: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    """Return 1 where the prediction is the label 1 (models, n)."""
    return (predictions == 1).astype(float)


def mark_true(truth: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    """Return 1 where the truth is the label 1 (n,)."""
    return (truth == 1).astype(float)


def divide_counts(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return part over whole, 0 where both are 0."""
    part, whole = np.broadcast_arrays(part, whole)
    return np.divide(part, whole, out=np.zeros(part.shape), where=whole > 0)


class PairShares(NamedTuple):
    """How far ratings of one clip agree, for each clip.

    Attributes
    ----------
    paired, rated
        Whether a clip has two ratings, and one, as 1 and 0 (n,).
    agreed, alike
        Weighted and plain share of its pairs of ratings that agree (n,), 0 without a pair.
    shares
        Of its ratings, those of each class (n, q), 0 without a rating.
    same, possible
        Ordered pairs of ratings of which the first is of a class (n, q): those whose second one is
        too, and all. Sums of one over sums of the other are specific (positive) agreement.
    """

    paired: np.ndarray
    rated: np.ndarray
    agreed: np.ndarray
    alike: np.ndarray
    shares: np.ndarray
    same: np.ndarray
    possible: np.ndarray


def pair_ratings(counts: np.ndarray, agree: np.ndarray) -> PairShares:
    """Return what chance-corrected and specific agreement are made of.

    ``counts`` are ratings of each class (n, q), of each clip; ``agree`` is the agreement of every
    two classes (q, q), 1 on the diagonal.

    Examples
    --------
    >>> found = pair_ratings(np.array([[1.0, 2.0], [1.0, 1.0]]), np.eye(2))
    >>> found.agreed.round(3).tolist(), found.same.tolist(), found.possible.tolist()
    ([0.333, 0.0], [[0.0, 2.0], [0.0, 0.0]], [[2.0, 4.0], [1.0, 1.0]])
    """
    each = counts.sum(axis=1)
    paired = each > 1
    pairs = np.where(paired, each * (each - 1), 1.0)
    # A pair of a rating with itself agrees fully whatever the weights: - 1 takes it off.
    return PairShares(
        paired.astype(float),
        (each > 0).astype(float),
        paired * (counts * (counts @ agree - 1)).sum(axis=1) / pairs,
        paired * (counts * (counts - 1)).sum(axis=1) / pairs,
        counts / np.maximum(each, 1)[:, None],
        counts * (counts - 1),
        counts * np.maximum(each - 1, 0)[:, None],
    )


def correct_fleiss(agreed: np.ndarray, shares: np.ndarray, agree: np.ndarray) -> np.ndarray:
    """Return Fleiss' κ (...,) as Gwet (2014) extends it to gaps and weights; NaN for one class.

    (p_a - p_e)/(1 - p_e) with p_e = Σ w_kl π_k π_l: p_a (...,) is the mean agreement of clips with
    two ratings or more, π (..., q) the mean over all rated clips of the share of each class in a
    clip's ratings, and w (q, q) as in `pair_ratings`.
    """
    chance = np.einsum("...k,kl,...l->...", shares, agree, shares)
    room = 1 - chance
    # Shares that are sums of thirds reach 1 but for their last digit.
    used = room > 1e-12
    return np.divide(agreed - chance, room, out=np.full(room.shape, np.nan), where=used)


def count_within(steps: float) -> Metric:
    """Return the metric "share of predictions within so many steps of the truth".

    Parameters
    ----------
    steps
        Largest distance that counts as near, in steps of the scale.

    Returns
    -------
    Metric
        Named ``within1`` for one step.

    Examples
    --------
    >>> count_within(1)(np.array([0, 1, 2]), np.array([1, 1, 0])).__round__(3)
    0.667
    """

    def mark_near(truth: np.ndarray, predictions: np.ndarray) -> np.ndarray:
        # Halves of a last digit decide nothing: labels are whole numbers.
        return (np.abs(predictions - truth) <= steps + 1e-9).astype(float)

    return _share(
        f"within{steps:g}",
        lambda truth, prediction: float(np.mean(np.abs(prediction - truth) <= steps + 1e-9)),
        sums={"n": count_rows, "total": mark_near},
        formula=take_mean,
        label=f"share within {steps:g}",
    )


def measure_accuracy(truth: np.ndarray, prediction: np.ndarray) -> float:
    """Return the share of predictions that are the true label."""
    return float(np.mean(truth == prediction))


def measure_precision(truth: np.ndarray, prediction: np.ndarray) -> float:
    """Return the share of predicted 1 that are 1; 0 where none is predicted."""
    return _measure_share(truth == 1, prediction == 1)


def measure_recall(truth: np.ndarray, prediction: np.ndarray) -> float:
    """Return the share of true 1 that are predicted; 0 where there is none."""
    return _measure_share(prediction == 1, truth == 1)


def measure_f1(truth: np.ndarray, prediction: np.ndarray) -> float:
    """Return the harmonic mean of precision and recall of the label 1 (van Rijsbergen, 1979).

    2TP/(2TP + FP + FN), which is defined where precision is not.
    """
    marked = np.sum(truth == 1) + np.sum(prediction == 1)
    return float(2 * np.sum((truth == 1) & (prediction == 1)) / marked) if marked else 0.0


def _measure_share(part: np.ndarray, whole: np.ndarray) -> float:
    return float(np.sum(part & whole) / np.sum(whole)) if whole.any() else 0.0


_ONES = {"found": mark_found, "predicted": mark_predicted, "true": mark_true}
HIT_METRICS = (
    _share(
        "accuracy",
        measure_accuracy,
        sums={"n": count_rows, "total": mark_hits},
        formula=take_mean,
        takes="labels",
    ),
    *(count_within(steps) for steps in (1, 2, 3)),
    _share(
        "precision",
        measure_precision,
        sums={"part": mark_found, "whole": mark_predicted},
        formula=divide_counts,
        takes="binary",
    ),
    _share(
        "recall",
        measure_recall,
        sums={"part": mark_found, "whole": mark_true},
        formula=divide_counts,
        takes="binary",
    ),
    _share(
        "f1",
        measure_f1,
        sums=_ONES,
        formula=lambda found, predicted, true: divide_counts(2 * found, predicted + true),
        label="F1",
        takes="binary",
    ),
)


def measure_uar(truth: np.ndarray, prediction: np.ndarray) -> float:
    """Return the mean over true labels of the share that is predicted as such.

    Unweighted (Schuller et al., 2009), so that a rare label counts as much as a frequent one.
    """
    return float(np.mean([np.mean(prediction[truth == label] == label) for label in set(truth)]))


def measure_macro_f1(truth: np.ndarray, prediction: np.ndarray) -> float:
    """Return the mean F1 over labels that are true or predicted somewhere."""
    labels = set(truth) | set(prediction)
    return float(np.mean([measure_f1(truth == one, prediction == one) for one in labels]))


def measure_kappa(truth: np.ndarray, prediction: np.ndarray) -> float:
    """Return Cohen's kappa (Cohen, 1960, eq. 1); NaN where chance agreement is 1.

    (p₀ - p_c)/(1 - p_c), p_c from both margins: a model that predicts one label has 0.
    """
    labels = set(truth) | set(prediction)
    chance = sum(np.mean(truth == label) * np.mean(prediction == label) for label in labels)
    hits = np.mean(truth == prediction)
    return float((hits - chance) / (1 - chance)) if chance < 1 else float("nan")


def prepare_labels(score: Score) -> Callable[[Panel], Measure]:
    """Return a metric's preparation from counts of each label.

    The score takes hits (labels, models, draws), truth (labels, 1, draws), predicted (labels,
    models, draws) and whether a label is true anywhere in the test set (labels,), and returns
    (models, draws). Labels are those of the whole test set, in every resample.
    """

    def prepare(panel: Panel) -> Measure:
        labels = np.unique(np.concatenate([panel.truth, panel.predictions.ravel()]))
        truth = panel.truth == labels[:, None]
        predicted = panel.predictions == labels[:, None, None]
        sums = [
            np.stack([sum_over_clusters(lines, panel) for lines in marks])
            for marks in (truth[:, None] & predicted, truth[:, None], predicted)
        ]

        def measure(counts: np.ndarray) -> np.ndarray:
            hits, given, found = (values @ counts.T for values in sums)
            with np.errstate(divide="ignore", invalid="ignore"):
                return score(hits, given, found, truth.any(axis=1))

        return measure

    return prepare


def _score_macro_f1(
    hits: np.ndarray, truth: np.ndarray, predicted: np.ndarray, present: np.ndarray
) -> np.ndarray:
    scores = divide_counts(2 * hits, truth + predicted)
    # A label that a model never predicts and that is never true is none of its labels.
    used = present[:, None] | (predicted.max(axis=2) > 0)
    return scores.sum(axis=0) / used.sum(axis=0)[:, None]


def _score_kappa(
    hits: np.ndarray, truth: np.ndarray, predicted: np.ndarray, present: np.ndarray
) -> np.ndarray:
    total = truth.sum(axis=0)
    chance = (truth * predicted).sum(axis=0) / total**2
    return np.where(chance < 1, (hits.sum(axis=0) / total - chance) / (1 - chance), np.nan)


LABEL_METRICS = (
    _share(
        "uar",
        measure_uar,
        across=False,
        prepare=prepare_labels(
            lambda hits, truth, _, present: (hits[present] / truth[present]).mean(axis=0)
        ),
        label="UAR",
        takes="labels",
    ),
    _share(
        "macro_f1",
        measure_macro_f1,
        prepare=prepare_labels(_score_macro_f1),
        label="macro-F1",
        takes="labels",
    ),
    Metric(
        "kappa",
        measure_kappa,
        range=(-1, 1),
        prepare=prepare_labels(_score_kappa),
        label="κ",
        takes="labels",
    ),
)
