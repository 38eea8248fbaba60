"""Random forests for several labels at once, grown on frames of which most are copies.

Rows with equal features and labels are collapsed to one. The bootstrap of N frames then gives the
distinct rows counts that are multinomial (N; c/N), c their frames, and a tree is grown with these
as weights: the same trees as on the frames themselves, since a split never parts equal rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from exprstats.parallel import report_progress

if TYPE_CHECKING:
    from sklearn.tree import DecisionTreeRegressor


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Frames by distinct features, labels, cluster and fold.

    Attributes
    ----------
    features, labels
        Distinct rows (u, p) and (v, l) of 0 and 1.
    kind
        Features and labels of each distinct pair of them (2, q).
    pair, cluster, fold
        Pair, cluster (utterance, or signer) and fold of each cell (c,).
    frames
        Frames of each cell (c,).
    """

    features: np.ndarray
    labels: np.ndarray
    kind: np.ndarray
    pair: np.ndarray
    cluster: np.ndarray
    fold: np.ndarray
    frames: np.ndarray

    def count(self, chosen: np.ndarray) -> np.ndarray:
        """Return the frames (q,) of each distinct pair in some cells."""
        return np.bincount(
            self.pair[chosen], weights=self.frames[chosen], minlength=self.kind.shape[1]
        )


def collapse_rows(features: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return distinct rows of features and of labels, their distinct pairs (2, q), and codes (R,).

    Examples
    --------
    >>> rows = np.array([[1, 0], [1, 0], [0, 1]])
    >>> collapse_rows(rows, np.array([[1], [1], [0]]))[-1].tolist()
    [1, 1, 0]
    """
    (one, first), (other, second) = (_find_distinct(values) for values in (features, labels))
    packed, codes = np.unique(first * len(other) + second, return_inverse=True)
    return one, other, np.array(np.divmod(packed, len(other))), codes


def _find_distinct(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    bits = np.packbits(values > 0, axis=1)
    keys = np.ascontiguousarray(bits).view(np.dtype((np.void, bits.shape[1]))).ravel()
    _, first, codes = np.unique(keys, return_index=True, return_inverse=True)
    return values[first].astype(np.float32), codes


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """What the forest that never saw a fold says of it.

    Attributes
    ----------
    guesses
        Whether it predicts each label (u, l) for each distinct row of features in the fold.
    turned
        The same with one feature set to 0 and to 1 (p, 2, u, l); None where not asked for.
    impurity
        Importance (p,), the share of the impurity that splits on a feature take away.
    """

    guesses: np.ndarray
    turned: np.ndarray | None
    impurity: np.ndarray


def grow_tree(
    features: np.ndarray, labels: np.ndarray, weights: np.ndarray, state: int
) -> DecisionTreeRegressor:
    """Return a tree on distinct rows (q, p) with labels (q, l), as often as their weights say.

    For labels of 0 and 1 the variance is half of Gini's impurity, so that a regression tree has the
    splits of a classification tree, and its means are the shares of classes.
    """
    from sklearn import config_context
    from sklearn.tree import DecisionTreeRegressor

    used = weights > 0
    tree = DecisionTreeRegressor(max_features="sqrt", random_state=state)
    # Numbers are of the kinds that trees work on, and checking them can cost as much as the tree.
    values, truth = features[used].astype(np.float32, copy=False), labels[used].astype(float)
    with config_context(skip_parameter_validation=True):
        return tree.fit(values, truth, sample_weight=weights[used], check_input=False)


def grow_fold(
    fold: int, cells: Cells, *, trees: int, seed: np.random.SeedSequence, turn: bool
) -> Fold:
    """Return the predictions of a fold by a forest grown on all others.

    If ``turn``, it predicts with each feature set to 0 and to 1 as well.
    """
    rng = np.random.default_rng(seed)
    inside = cells.fold == fold
    known = cells.count(~inside)
    kept = known > 0
    features, labels = cells.features[cells.kind[0, kept]], cells.labels[cells.kind[1, kept]]
    asked = np.unique(cells.kind[0, cells.pair[inside]])
    probes = _list_probes(cells.features[asked], turn=turn)
    total, size = int(known.sum()), cells.labels.shape[1]
    shares, impurity = np.zeros((len(probes), size)), np.zeros(features.shape[1])
    for number in range(trees):
        weights = rng.multinomial(total, known[kept] / total).astype(float)
        tree = grow_tree(features, labels, weights, int(rng.integers(2**31)))
        # Of the tree within, since the probes need none of its checks.
        shares += tree.tree_.predict(probes).reshape(len(probes), size)
        impurity += tree.feature_importances_
        report_progress(f"Growing trees without fold {fold + 1}", number + 1, trees)
    found = shares > trees / 2
    guesses = np.zeros((len(cells.features), size), dtype=bool)
    guesses[asked] = found[: len(asked)]
    turned = None
    if turn:
        turned = np.zeros((features.shape[1], 2, len(cells.features), size), dtype=bool)
        turned[:, :, asked] = _spread_turned(cells.features[asked], found)
    return Fold(guesses, turned, impurity / trees)


def _list_probes(rows: np.ndarray, *, turn: bool) -> np.ndarray:
    """Return rows (u, p), and behind them for each feature the rows with it turned."""
    if not turn:
        return rows
    count = rows.shape[1]
    turned = np.repeat(rows[None], count, axis=0)
    places = np.arange(count)
    turned[places, :, places] = 1 - turned[places, :, places]
    return np.concatenate([rows, turned.reshape(-1, count)])


def _spread_turned(rows: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Return predictions (p, 2, u, l) with each feature at 0 and at 1."""
    size, count = rows.shape
    own = np.broadcast_to(found[:size], (count, size, found.shape[1]))
    other = found[size:].reshape(count, size, -1)
    shown = (rows.T > 0)[:, :, None]
    return np.stack([np.where(shown, other, own), np.where(shown, own, other)], axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class Confusions:
    """Frames right and wrong, by cluster and label: each (G, l)."""

    hits: np.ndarray
    false_alarms: np.ndarray
    misses: np.ndarray


def count_confusions(cells: Cells, shares: np.ndarray, groups: int) -> Confusions:
    """Return confusions by cluster of predictions: of each cell and label the probability (c, l).

    It is 0 or 1 but for permuted features.
    """
    truth = cells.labels[cells.kind[1, cells.pair]]
    weight = cells.frames[:, None]
    found = []
    for values in (shares * truth, shares * (1 - truth), (1 - shares) * truth):
        sums = np.zeros((groups, values.shape[1]))
        np.add.at(sums, cells.cluster, weight * values)
        found.append(sums)
    return Confusions(*found)


def measure_shares(hits: np.ndarray, false: np.ndarray, missed: np.ndarray) -> np.ndarray:
    """Return precision, recall and F1 (3, …) of counts; 0 where the denominator is 0."""
    bottoms = (hits + false, hits + missed, hits + (false + missed) / 2)
    return np.array(
        [np.divide(hits, one, out=np.zeros_like(hits), where=one > 0) for one in bottoms]
    )


def place_guesses(cells: Cells, folds: list[Fold]) -> np.ndarray:
    """Return the prediction of each cell (c, l) by the forest that never saw its fold."""
    rows = cells.kind[0, cells.pair]
    found = np.empty((len(rows), cells.labels.shape[1]))
    for place, fold in enumerate(folds):
        inside = cells.fold == place
        found[inside] = fold.guesses[rows[inside]]
    return found


def permute_feature(cells: Cells, folds: list[Fold], feature: int) -> np.ndarray:
    """Return the probability of each prediction (c, l) where a feature is permuted in its fold.

    A permuted feature of 0 and 1 is 1 with the share that it has in the fold, whatever else a frame
    shows, so that the mean over all permutations needs none of them.
    """
    rows = cells.kind[0, cells.pair]
    found = np.empty((len(rows), cells.labels.shape[1]))
    for place, fold in enumerate(folds):
        if fold.turned is None:
            continue
        inside = cells.fold == place
        share = np.average(cells.features[rows[inside], feature], weights=cells.frames[inside])
        absent, present = fold.turned[feature]
        own = rows[inside]
        found[inside] = (1 - share) * absent[own] + share * present[own]
    return found


def average_shares(counts: Sequence[np.ndarray]) -> np.ndarray:
    """Return the measures (3, l + 2, …) of labels (l, …), of all frames, and weighted by support.

    Weights are the frames with the label, as scikit-learn has them.
    """
    hits, false, missed = counts
    single = measure_shares(hits, false, missed)
    micro = measure_shares(*(one.sum(axis=0) for one in counts))
    support = hits + missed
    whole = support.sum(axis=0)
    share = np.divide(support, whole, out=np.zeros_like(support), where=whole > 0)
    weighted = (single * share).sum(axis=1)
    return np.concatenate([single, micro[:, None], weighted[:, None]], axis=1)


def leave_confusions_out(table: Confusions) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return counts (l,) of all utterances, and (l, G) without each."""
    parts = [one.T for one in (table.hits, table.false_alarms, table.misses)]
    whole = [one.sum(axis=1) for one in parts]
    rest = [np.maximum(one[:, None] - own, 0.0) for one, own in zip(whole, parts, strict=True)]
    return whole, rest


def find_homes(table: Confusions) -> np.ndarray:
    """Return the clusters (3, l + 2, G) that the denominators of the measures rest on."""
    hits, false, missed = (one.T for one in (table.hits, table.false_alarms, table.misses))
    own = np.stack([hits + false, hits + missed, hits + false + missed]) > 0
    every = own.any(axis=1, keepdims=True)
    return np.concatenate([own, every, every], axis=1)
