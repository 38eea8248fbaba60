"""Folds of frames, utterances or signers: forests that did not see them, also on random halves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from exprstats.errors import DataError, Problem
from exprstats.events.intervals import Runs
from exprstats.events.multilabel import (
    Cells,
    Confusions,
    Fold,
    average_shares,
    collapse_rows,
    count_confusions,
    grow_fold,
    leave_confusions_out,
    measure_shares,
    permute_feature,
    place_guesses,
)
from exprstats.options import FoldUnit
from exprstats.parallel import report_progress, run_tasks

_SPLITS, _FEWEST = 5, 6  # of clusters into halves; halves in which a score must be defined
_TREES = 10  # how many times fewer trees the forests of halves have
_LEAST_TREES = 5


class LabelledFrames(NamedTuple):
    """Frames: their runs, features (R, p) and labels (R, l), and the cluster of utterances (G,)."""

    runs: Runs
    data: Sequence[np.ndarray]
    homes: np.ndarray

    def keep(self, clusters: np.ndarray) -> LabelledFrames:
        """Return the frames of some clusters."""
        kept = np.isin(self.homes[self.runs.codes], clusters)
        used = np.unique(self.runs.codes[kept])
        homes = np.unique(self.homes[used], return_inverse=True)[1]
        return LabelledFrames(self.runs.keep(kept), [one[kept] for one in self.data], homes)


class ForestPlan(NamedTuple):
    """How labels are predicted: the honest kind of folds, folds, trees, importance, and workers."""

    honest: FoldUnit
    n_folds: int
    trees: int
    importance: bool
    n_jobs: int

    @property
    def kinds(self) -> tuple[FoldUnit, FoldUnit]:
        """The honest folds, and those of frames."""
        return self.honest, "frames"

    def halve(self) -> ForestPlan:
        """Return the plan for half of the clusters, whose forests serve for a variance only."""
        trees = min(self.trees, max(self.trees // _TREES, _LEAST_TREES))
        return self._replace(n_folds=max(self.n_folds // 2, 2), trees=trees)


@dataclass(frozen=True, slots=True, eq=False)
class FoldPredictions:
    """Predictions by one kind of folds, and what is right and wrong of them."""

    kind: FoldUnit
    cells: Cells
    folds: list[Fold]
    table: Confusions
    count: int

    def measure_losses(self) -> tuple[np.ndarray, np.ndarray]:
        """Return what micro F1 loses (p,) where each feature is permuted, also without clusters."""
        groups, size = self.table.hits.shape[0], self.cells.features.shape[1]
        own, rest = (_measure_micro(one) for one in leave_confusions_out(self.table))
        losses, without = np.empty(size), np.empty((size, groups))
        for place in range(size):
            shares = permute_feature(self.cells, self.folds, place)
            lost = leave_confusions_out(count_confusions(self.cells, shares, groups))
            value, others = (_measure_micro(one) for one in lost)
            losses[place], without[place] = own - value, rest - others
        return losses, without


def _measure_micro(counts: Sequence[np.ndarray]) -> Any:
    """Return micro F1 of counts (l, …)."""
    return measure_shares(*(np.asarray(one.sum(axis=0)) for one in counts))[2]


def predict_kind(
    frames: LabelledFrames, kind: FoldUnit, plan: ForestPlan, seed: np.random.SeedSequence
) -> FoldPredictions:
    """Return predictions of labels by forests that did not see the fold of a frame."""
    draw, grow = seed.spawn(2)
    cells, count = _deal_cells(frames.runs, frames.data, kind, plan.n_folds, draw)
    cells = replace(cells, cluster=frames.homes[cells.cluster])
    turn = plan.importance and kind == plan.honest
    task = partial(_grow, cells=cells, trees=plan.trees, turn=turn, seeds=grow.spawn(count))
    found = run_tasks(task, list(range(count)), n_jobs=plan.n_jobs, label="Growing forests")
    table = count_confusions(cells, place_guesses(cells, found), frames.homes.max() + 1)
    return FoldPredictions(kind, cells, found, table, count)


def spread_halves(
    frames: LabelledFrames, plan: ForestPlan, seed: np.random.SeedSequence
) -> tuple[np.ndarray, np.ndarray]:
    """Return standard errors of the delete-half jackknife of scores and of losses of features.

    Each half of the clusters has folds and forests of its own. The SD over halves estimates the
    standard error of the whole (Shao & Wu, 1989, with d = n/2), other training frames included.
    They are (3, 3, l + 2) by kind (honest, frames, their difference), measure, and label or
    average; and (p,). NaN below four clusters, and for labels that few halves have.
    """
    groups = int(frames.homes.max()) + 1
    shape = (3, 3, frames.data[1].shape[1] + 2)
    scores, losses = [np.full(shape, np.nan)], [np.full(frames.data[0].shape[1], np.nan)]
    half = plan.halve()
    for done, one in enumerate(seed.spawn(_SPLITS) if groups >= 4 else ()):
        order = np.random.default_rng(one).permutation(groups)
        for part, own in zip(np.array_split(order, 2), one.spawn(2), strict=True):
            some = frames.keep(part)
            found = [
                predict_kind(some, kind, half, each)
                for kind, each in zip(half.kinds, own.spawn(2), strict=True)
            ]
            honest, leaky = (_average(each.table) for each in found)
            scores.append(np.stack([honest, leaky, leaky - honest]))
            if plan.importance:
                losses.append(found[0].measure_losses()[0])
        report_progress("Halves of the utterances", done + 1, _SPLITS)
    return _find_sd(np.array(scores)), _find_sd(np.array(losses))


def _average(table: Confusions) -> np.ndarray:
    """Return scores (3, l + 2) of all clusters, NaN for labels that do not occur."""
    whole, _ = leave_confusions_out(table)
    found = average_shares(whole)
    found[:, : len(whole[0])][:, whole[0] + whole[2] == 0] = np.nan
    return found


def _find_sd(values: np.ndarray) -> np.ndarray:
    """Return SD over the first axis, NaN where too few are defined."""
    count = np.isfinite(values).sum(axis=0)
    mean = np.nansum(values, axis=0) / np.maximum(count, 1)
    squares = np.nansum((values - mean) ** 2, axis=0)
    return np.where(count >= _FEWEST, np.sqrt(squares / np.maximum(count - 1, 1)), np.nan)


def _grow(
    fold: int, cells: Cells, trees: int, turn: bool, seeds: Sequence[np.random.SeedSequence]
) -> Fold:
    return grow_fold(fold, cells, trees=trees, seed=seeds[fold], turn=turn)


def _deal_cells(
    runs: Runs,
    data: Sequence[np.ndarray],
    kind: FoldUnit,
    n_folds: int,
    seed: np.random.SeedSequence,
) -> tuple[Cells, int]:
    """Return the frames as cells, dealt into folds of nearly equal size, and how many folds."""
    rng = np.random.default_rng(seed)
    features, labels, pairs, codes = collapse_rows(*data)
    cells = Cells(features, labels, pairs, codes, runs.codes, runs.codes, runs.frames.astype(float))
    if kind != "frames":
        fold, count = deal_groups(runs, kind, n_folds, rng)
        return replace(cells, fold=fold[runs.codes]), count
    total = int(runs.frames.sum())
    count = min(n_folds, total)
    dealt = rng.permutation(np.arange(total) % count)
    run = np.repeat(np.arange(len(runs.frames)), runs.frames)
    packed, frames = np.unique(run * count + dealt, return_counts=True)
    rows, fold = np.divmod(packed, count)
    cell = {"pair": codes[rows], "cluster": runs.codes[rows]}
    return replace(cells, **cell, fold=fold, frames=frames.astype(float)), count


def deal_groups(
    runs: Runs, kind: FoldUnit, n_folds: int, rng: np.random.Generator
) -> tuple[np.ndarray, int]:
    """Return the fold of each utterance (G,), so that folds are nearly equal in frames.

    Groups, two or more, come in random order, the longest tenth first, each into the fold with
    fewest frames.
    """
    groups = np.arange(len(runs.utterances))
    if kind == "signers":
        if any(one is None for one in runs.signers):
            fact = "some utterances have no signer, so that there are no folds of signers."
            raise DataError(Problem(fact, "Name signers, or take folds of utterances."))
        groups = np.unique(runs.signers.astype(str), return_inverse=True)[1]
    sizes = np.bincount(groups, weights=runs.lengths)
    if len(sizes) < 2:
        fact = f"there is one {kind.removesuffix('s')}; folds need two."
        raise DataError(Problem(fact, "Add files, or take other folds."))
    count = min(n_folds, len(sizes))
    order = rng.permutation(len(sizes))
    long = sizes[order] >= np.quantile(sizes, 0.9)
    order = order[np.argsort(~long, kind="stable")]
    load, fold = np.zeros(count), np.empty(len(sizes), dtype=np.int64)
    for group in order:
        fold[group] = np.argmin(load)
        load[fold[group]] += sizes[group]
    return fold[groups], count
