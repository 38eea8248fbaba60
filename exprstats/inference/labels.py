"""Metrics over all labels, from counts of each label per cluster."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from exprstats.inference.clusters import sum_rows
from exprstats.inference.hits import (
    divide_counts,
    measure_f1,
)
from exprstats.inference.metrics import Measure, Metric
from exprstats.inference.panels import Panel


def measure_uar(truth: np.ndarray, prediction: np.ndarray) -> float:
    """Return the mean over true labels of the share that is predicted as such."""
    return float(np.mean([np.mean(prediction[truth == label] == label) for label in set(truth)]))


def measure_macro_f1(truth: np.ndarray, prediction: np.ndarray) -> float:
    """Return the mean F1 over labels that are true or predicted somewhere."""
    labels = set(truth) | set(prediction)
    return float(np.mean([measure_f1(truth == one, prediction == one) for one in labels]))


def measure_kappa(truth: np.ndarray, prediction: np.ndarray) -> float:
    """Return Cohen's kappa (Cohen, 1960); NaN where chance agreement is 1."""
    labels = set(truth) | set(prediction)
    chance = sum(np.mean(truth == label) * np.mean(prediction == label) for label in labels)
    hits = np.mean(truth == prediction)
    return float((hits - chance) / (1 - chance)) if chance < 1 else float("nan")


Score = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def prepare_labels(score: Score) -> Callable[[Panel], Measure]:
    """Return a metric's preparation from counts of each label.

    Parameters
    ----------
    score
        A function of hits (labels, models, draws), truth (labels, 1, draws), predicted
        (labels, models, draws) and present: whether a label is true anywhere in the test set
        (labels,). It returns (models, draws). Labels are those of the whole test set, in every
        resample.
    """

    def prepare(panel: Panel) -> Measure:
        labels = np.unique(np.concatenate([panel.truth, panel.predictions.ravel()]))
        truth = panel.truth == labels[:, None]
        predicted = panel.predictions == labels[:, None, None]
        sums = [
            np.stack([sum_rows(lines, panel) for lines in marks])
            for marks in (truth[:, None] & predicted, truth[:, None], predicted)
        ]

        def measure(counts: np.ndarray) -> np.ndarray:
            hits, given, found = (values @ counts.T for values in sums)
            with np.errstate(divide="ignore", invalid="ignore"):
                return score(hits, given, found, truth.any(axis=1))

        return measure

    return prepare


def _score_uar(
    hits: np.ndarray, truth: np.ndarray, predicted: np.ndarray, present: np.ndarray
) -> np.ndarray:
    return (hits[present] / truth[present]).mean(axis=0)


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
    Metric(
        "uar",
        measure_uar,
        range=(0, 1),
        prepare=prepare_labels(_score_uar),
        label="UAR",
        takes="labels",
    ),
    Metric(
        "macro_f1",
        measure_macro_f1,
        range=(0, 1),
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
