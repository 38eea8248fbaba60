"""Folds of speakers and their deals: kernels of clips, and C chosen in two ways."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy.special import expit, logit


@dataclass(frozen=True, slots=True)
class FoldTask:
    """One fold of one deal of speakers and one set of features."""

    name: str
    blocks: list[Any]
    repeat: int
    fold: int
    dealt: np.ndarray
    who: np.ndarray
    given: np.ndarray
    costs: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class FoldAnswer:
    """Predictions (two choices of C, labels given, test clips) of one fold."""

    test: np.ndarray
    predicted: np.ndarray
    choices: list[dict[str, Any]]


def deal_speakers(count: int, folds: int, repeats: int, rng: np.random.Generator) -> np.ndarray:
    """Return the fold of each speaker (R, count) in each deal; one where each is a fold.

    Examples
    --------
    >>> deal_speakers(4, 2, 3, np.random.default_rng(1)).sum(axis=1).tolist()
    [2, 2, 2]
    >>> len(deal_speakers(4, 6, 3, np.random.default_rng(1)))
    1
    """
    deals = np.empty((1 if folds >= count else repeats, count), int)
    for dealt in deals:
        dealt[rng.permutation(count)] = np.arange(count) % min(folds, count)
    return deals


def shuffle_labels(
    y: np.ndarray, who: np.ndarray, draws: int, rng: np.random.Generator
) -> np.ndarray:
    """Return the labels (1 + draws, n): as they are, then shuffled within each speaker."""
    order = np.argsort(who, kind="stable")
    given = np.tile(y, (1 + draws, 1))
    for draw in range(1, 1 + draws):
        given[draw, order] = y[np.lexsort((rng.random(len(y)), who))]
    return given


def learn_fold(task: FoldTask) -> FoldAnswer:
    """Choose C by folds of the training speakers, and by the test speakers, and predict."""
    mine = task.dealt[task.who] == task.fold
    test, train = np.flatnonzero(mine), np.flatnonzero(~mine)
    inner = np.zeros(len(task.dealt), int)
    people = np.unique(task.who[train])
    inner[people] = np.arange(len(people)) % 3
    part = inner[task.who[train]]
    splits = [(train[part != one], train[part == one]) for one in range(3)]
    kernels = [_relate(task.blocks, *split) for split in splits if len(split[1])]
    outer = _relate(task.blocks, train, test)
    predicted = np.empty((2, len(task.given), len(test)), int)
    choices = []
    for place, y in enumerate(task.given):
        own = np.empty((len(task.costs), len(task.who)), int)
        for (learned, kept), kernel in zip(
            [split for split in splits if len(split[1])], kernels, strict=True
        ):
            own[:, kept] = [_predict(kernel, y[learned], cost) for cost in task.costs]
        recalls = [average_recall(y[train], one[train]) for one in own]
        tests = [_predict(outer, y[train], cost) for cost in task.costs]
        shown = [average_recall(y[test], one) for one in tests]
        chosen, best = int(np.argmax(recalls)), int(np.argmax(shown))
        predicted[:, place] = tests[chosen], tests[best]
        if place:
            continue
        for number, cost in enumerate(task.costs):
            row = {"features": task.name, "repeat": task.repeat + 1}
            row |= {"fold": task.fold + 1, "cost": cost}
            row |= {"recall": recalls[number], "recall_test": shown[number]}
            choices.append(row | {"chosen": number == chosen, "best": number == best})
    return FoldAnswer(test, predicted, choices)


def _relate(
    blocks: list[Any], train: np.ndarray, test: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return products of training clips with each other, and of test clips with them.

    Blocks side by side have the sum of their products.
    """
    prepared = [_prepare(block, train, test) for block in blocks]
    inside = sum(_multiply(seen, seen) for seen, _ in prepared)
    across = sum(_multiply(new, seen) for seen, new in prepared)
    return np.asarray(inside), np.asarray(across)


def _multiply(one: Any, two: Any) -> np.ndarray:
    product = one @ two.T
    return np.asarray(product.todense()) if hasattr(product, "todense") else product


def _prepare(data: Any, train: np.ndarray, test: np.ndarray) -> tuple[Any, Any]:
    """Return training and test features, scaled or weighted by what training speakers show."""
    if hasattr(data, "tocsr"):
        from sklearn.feature_extraction.text import TfidfTransformer

        seen, new = data[train], data[test]
        known = np.flatnonzero(seen.getnnz(axis=0))
        weights = TfidfTransformer().fit(seen[:, known])
        return weights.transform(seen[:, known]), weights.transform(new[:, known])
    seen, new = data[train], data[test]
    centre, spread = seen.mean(axis=0), seen.std(axis=0)
    spread[spread <= 1e-12 * np.abs(seen).max(axis=0)] = 1
    return (seen - centre) / spread, (new - centre) / spread


def count_words(texts: list[str]) -> Any:
    """Return counts (texts, words and pairs of neighbouring words) as a sparse table."""
    from sklearn.feature_extraction.text import CountVectorizer

    tool = CountVectorizer(token_pattern=r"(?u)\b\w+\b", ngram_range=(1, 2))
    counts: Any = tool.fit_transform(texts)
    return counts.tocsr()


def _predict(kernel: tuple[np.ndarray, np.ndarray], y: np.ndarray, cost: float) -> np.ndarray:
    from sklearn import config_context
    from sklearn.svm import SVC

    inside, across = kernel
    if len(np.unique(y)) < 2:
        return np.full(len(across), y[0])
    with config_context(skip_parameter_validation=True, assume_finite=True):
        return SVC(kernel="precomputed", C=cost).fit(inside, y).predict(across)


def add_deals(
    estimate: float, error: float, limits: tuple[float, float], spread: float, *, on_logit: bool
) -> tuple[float, tuple[float, float]]:
    """Return a standard error and limits that also allow for other training speakers.

    Leaving speakers out of the test does not show what other training speakers would change, but
    another deal does: its variance is added to the jackknife's, whose limits lie about the estimate
    on the raw or the logit scale. ``spread`` is the SD over deals; missing where there is one.

    Examples
    --------
    >>> error, limits = add_deals(0.5, 0.03, (0.44, 0.56), 0.04, on_logit=False)
    >>> round(error, 6), np.round(limits, 6).tolist()
    (0.05, [0.4, 0.6])
    >>> add_deals(0.5, 0.03, (0.44, 0.56), float("nan"), on_logit=False)
    (0.03, (0.44, 0.56))
    """
    if not (spread > 0 and error > 0):
        return error, limits
    wider = float(np.hypot(1.0, spread / error))
    turn, back = (logit, expit) if on_logit else (float, float)
    centre = turn(estimate)
    low, high = (float(back(centre + wider * (turn(end) - centre))) for end in limits)
    return error * wider, (low, high)


def average_recall(y: np.ndarray, predicted: np.ndarray) -> float:
    """Return unweighted average recall over the classes that occur.

    Examples
    --------
    >>> average_recall(np.array([0, 0, 1]), np.array([0, 1, 1]))
    0.75
    """
    counts = np.bincount(y)
    hits = np.bincount(y[y == predicted], minlength=len(counts))
    return float(np.mean(hits[counts > 0] / counts[counts > 0]))


class Recalls(NamedTuple):
    """Recall by both choices of C and their difference.

    ``deals`` (R, 3) in each deal, ``without`` (3, G) without each speaker, means over deals.
    """

    deals: np.ndarray
    without: np.ndarray

    @property
    def whole(self) -> np.ndarray:
        """Means over deals (3,)."""
        return self.deals.mean(axis=0)

    @property
    def spread(self) -> np.ndarray:
        """SD over deals (3,), missing where there is one."""
        count = len(self.deals)
        return self.deals.std(axis=0, ddof=1) if count > 1 else np.full(3, np.nan)


def leave_out_speakers(y: np.ndarray, who: np.ndarray, predicted: np.ndarray) -> Recalls:
    """Return recalls of predictions (R, 2, n), of all clips and without each speaker.

    Without the only speaker of a class the recall is that of other classes, and undefined.
    """
    everyone = np.ones(len(y), dtype=bool)
    kept = [everyone, *(who != group for group in range(int(who.max()) + 1))]
    classes = len(np.unique(y))
    whole = np.array([1.0 if len(np.unique(y[k])) == classes else np.nan for k in kept])
    each = [[[average_recall(y[k], one[k]) for k in kept] for one in deal] for deal in predicted]
    found = np.concatenate([each, np.diff(each, axis=1)], axis=1) * whole
    return Recalls(found[:, :, 0], found[:, :, 1:].mean(axis=0))


def measure_nulls(given: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Return recalls (2, 1 + draws), means over deals, of predictions (R, 2, 1 + draws, n)."""
    each = [
        [[average_recall(t, p) for t, p in zip(given, one, strict=True)] for one in deal]
        for deal in predicted
    ]
    return np.mean(each, axis=0)
