"""Prediction of labels from features, in folds of frames, of utterances, or of signers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from exprstats.apa import write_interval, write_level, write_number
from exprstats.contracts import arrange_rows
from exprstats.errors import DataError, Problem
from exprstats.events.cooccurrence import pick_columns
from exprstats.events.intervals import Runs, lay_labelled, name_pair
from exprstats.events.limits import limit_terms
from exprstats.events.multilabel import (
    Cells,
    Confusions,
    Fold,
    average_shares,
    collapse_rows,
    count_confusions,
    find_homes,
    grow_fold,
    leave_out_clusters,
    measure_shares,
    permute_feature,
    place_guesses,
)
from exprstats.inference.resampling.scales import Scale
from exprstats.options import Among, FoldUnit, check_count, check_level, check_word
from exprstats.parallel import Seed, run_tasks, spawn_seeds
from exprstats.results import Result

MEASURES = ("precision", "recall", "f1")
DIFFERENCE = "frames - {}"


@dataclass(frozen=True, slots=True, eq=False)
class LabelPrediction(Result):
    """How well features predict labels, in folds of frames and in folds of people's utterances.

    Attributes
    ----------
    table
        Rows by ``folds`` (``"frames"``, the honest kind, and their difference), ``average``
        (``"label"``, ``"micro"``, ``"weighted"``), ``label`` (null for averages) and ``term``
        (``precision``, ``recall``, ``f1``, with ``support``, the frames with the label).
        ``headline`` marks micro-averaged F1 of the honest folds and the difference.
    importance
        Rows by ``feature``: ``term`` ``importance_impurity`` (mean over trees, sums to 1) and
        ``importance_permutation`` (what micro F1 loses in held-out frames), of the honest folds.
    folds
        The honest kind.
    among
        Frames that take part.
    level
        Confidence level.
    trees, n_folds
        Trees of a forest, and folds by kind.
    n_frames, n_distinct
        Frames, and distinct pairs of features and labels among them.
    """

    place: ClassVar[str] = "label_prediction"
    table: pd.DataFrame
    importance: pd.DataFrame
    folds: FoldUnit
    among: Among
    level: float
    trees: int
    n_folds: dict[str, int]
    n_frames: int
    n_distinct: int

    def export(self) -> dict[str, Any]:
        """Return both tables for ``results.json``."""
        return {self.place: self.tidy(), f"{self.place}_importance": self.importance}

    def find_micro(self, folds: str) -> dict[Any, Any]:
        """Return the row of micro-averaged F1 of a kind of folds."""
        rows = self.table[self.table["average"].eq("micro") & self.table["term"].eq("f1")]
        return rows[rows["folds"].eq(folds)].iloc[0].to_dict()

    def glance(self) -> pd.DataFrame:
        """Return one row: micro F1 by both kinds of folds, and the difference."""
        names = {"frames": "f1_frames", self.folds: "f1", DIFFERENCE.format(self.folds): "change"}
        row = {told: self.find_micro(name)["estimate"] for name, told in names.items()}
        return pd.DataFrame([row])

    def sentence(self) -> str:
        """Return what folds of frames would have pretended, in APA style."""
        honest, leaky = self.find_micro(self.folds), self.find_micro("frames")
        change = self.find_micro(DIFFERENCE.format(self.folds))
        told = [write_number(one["estimate"], bounded=True) for one in (honest, leaky, change)]
        limits = ["", ""]
        for place, row in enumerate((honest, change)):
            if pd.notna(row["conf_low"]):
                text = write_interval(row["conf_low"], row["conf_high"], bounded=True)
                limits[place] = f", {write_level(self.level)} CI {text}"
        one = "utterance" if self.folds == "utterances" else "signer"
        ending = f", does not hold for new {self.folds}: the forests had seen frames of each {one}."
        if not change["conf_low"] > 0:
            ending = ", is not clearly above 0."
        return (
            f"In {self.folds} that no tree had seen, micro F1 = {told[0]}{limits[0]}. Folds of "
            f"single frames, whose neighbors are in training, gave {told[1]}; the difference, "
            f"{told[2]}{limits[1]}{ending}"
        )


def predict_labels(
    events: pd.DataFrame,
    labels: pd.DataFrame,
    *,
    folds: FoldUnit = "utterances",
    n_folds: int = 10,
    trees: int = 100,
    among: Among = "all",
    fps: float = 30.0,
    least: int = 10,
    level: float = 0.95,
    importance: bool = True,
    seed: Seed = None,
    n_jobs: int = 1,
) -> LabelPrediction:
    """Predict the labels of frames from features, by random forests that did not see them.

    Frames of one utterance are near copies, and share their label. Folds that part them put copies
    of each test frame into training, so that a forest recognises the utterance; folds of whole
    utterances, or signers, measure what it knows of labels. Both are run, and the difference is
    part of the result.

    Parameters
    ----------
    events, labels
        EVENTS of features and of labels, as in `measure_cooccurrence`.
    folds
        The honest kind: ``"utterances"`` or ``"signers"``; ``"frames"`` takes utterances beside.
    n_folds
        Number of folds, or fewer where there are fewer utterances or signers.
    trees
        Trees of each forest.
    among, fps, least, level
        As in `measure_cooccurrence`.
    importance
        Whether to measure the importance of features by permutation.
    seed
        Of folds and forests.
    n_jobs
        Workers; the numbers do not depend on it.

    Returns
    -------
    LabelPrediction
        Counts of right and wrong frames are added over folds. Intervals leave out one utterance, or
        with folds of signers one signer, at a time, with the forests as they are (jackknife-t;
        shares on the logit scale).

    Raises
    ------
    DataError
        As in `measure_cooccurrence`; or signers are not known, or there is one.
    OptionError
        If an option is not allowed.

    References
    ----------
    Breiman, L. (2001). Random forests. *Machine Learning, 45*, 5-32.

    Kapoor, S., & Narayanan, A. (2023). Leakage and the reproducibility crisis in
    machine-learning-based science. *Patterns, 4*(9), 100804.

    Examples
    --------
    >>> from exprstats.simulate import simulate_signing
    >>> study = simulate_signing(utterances=40, seed=1)
    >>> found = predict_labels(study.events, study.labels, n_folds=4, trees=10, seed=1)
    >>> found.table["folds"].unique().tolist()
    ['utterances', 'frames', 'frames - utterances']
    """
    check_word(folds, FoldUnit, "folds")
    check_word(among, Among, "among")
    check_count(n_folds, "n_folds", least=2)
    check_count(trees, "trees")
    check_count(least, "least")
    check_level(level)
    honest: FoldUnit = "utterances" if folds == "frames" else folds
    seeds = spawn_seeds(seed, 2)
    runs = lay_labelled(events, labels, fps=fps, among=among)
    features, named, _ = pick_columns(runs, least)
    data = [runs.shown[:, columns].toarray() for columns in (features, named)]
    homes = np.arange(len(runs.utterances))
    if honest == "signers":
        homes = np.unique(runs.signers.astype(str), return_inverse=True)[1]
    names = [name_pair(runs.pairs[place]) for place in features]
    tables: dict[str, Confusions] = {}
    told, n_distinct = pd.DataFrame(), 0
    counted: dict[str, int] = {}
    for kind, one in zip((honest, "frames"), seeds, strict=True):
        draw, grow = one.spawn(2)
        cells, counted[kind] = _deal_cells(runs, data, kind, n_folds, draw)
        cells = replace(cells, cluster=homes[cells.cluster])
        turn = importance and kind == honest
        task = partial(_grow, cells=cells, trees=trees, turn=turn, seeds=grow.spawn(counted[kind]))
        found = run_tasks(task, list(range(counted[kind])), n_jobs=n_jobs, label="Growing forests")
        tables[kind] = count_confusions(cells, place_guesses(cells, found), homes.max() + 1)
        n_distinct = cells.kind.shape[1]
        if kind == honest:
            told = _rate_importance(
                cells, found, names, tables[kind], level=level, unit=honest.removesuffix("s")
            )
    titles = [runs.pairs[place][1] for place in named]
    table = _list_scores(tables, titles, honest, level)
    sizes = {"n_frames": int(runs.frames.sum()), "n_distinct": n_distinct}
    return LabelPrediction(table, told, honest, among, level, trees, counted, **sizes)


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

    Groups come in random order, the longest tenth first, each into the fold with fewest frames.

    Raises
    ------
    DataError
        If signers are not known, or there is one group only.
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


def _list_scores(
    tables: dict[str, Confusions], names: Sequence[str], honest: str, level: float
) -> pd.DataFrame:
    values, rests = {}, {}
    every = (tables[honest].hits + tables[honest].misses).sum(axis=0)
    support = [*every, *[every.sum()] * 2]
    for kind, table in tables.items():
        whole, rest = leave_out_clusters(table)
        values[kind], rests[kind] = average_shares(whole), average_shares(rest)
    change = DIFFERENCE.format(honest)
    values[change] = values["frames"] - values[honest]
    rests[change] = rests["frames"] - rests[honest]
    homes = {kind: find_homes(table) for kind, table in tables.items()}
    homes[change] = np.logical_or(homes["frames"], homes[honest])
    least = {kind: own.sum(axis=2) for kind, own in homes.items()}
    least[change] = np.minimum(least["frames"], least[honest])
    # F1 can be above 0 only through clusters that have the label.
    least = {kind: np.stack([*own[:2], np.minimum(own[1], own[2])]) for kind, own in least.items()}
    unit = honest.removesuffix("s")
    labels = [*names, None, None]
    averages = [*["label"] * len(names), "micro", "weighted"]
    rows = []
    for kind, found in values.items():
        scale: Scale = "raw" if kind == change else "logit"
        for place, term in enumerate(MEASURES):
            limits = limit_terms(
                found[place],
                rests[kind][place],
                homes[kind][place],
                scale=scale,
                level=level,
                freedom=least[kind][place] - 1,
                unit=unit,
            )
            rows += [
                {
                    "folds": kind,
                    "average": averages[line],
                    "label": labels[line],
                    "term": term,
                    "support": int(support[line]),
                    "estimate": found[place, line],
                    "std_error": limits.std_error[line],
                    "conf_low": limits.conf_low[line],
                    "conf_high": limits.conf_high[line],
                    "level": level,
                    "method": "jackknife",
                    "headline": averages[line] == "micro" and term == "f1" and kind != "frames",
                    "n_clusters": int(least[kind][place, line]),
                    "note": limits.notes[line],
                }
                for line in range(len(labels))
            ]
    return arrange_rows(rows, ("folds", "average", "label", "term"))


def _rate_importance(
    cells: Cells,
    folds: list[Fold],
    names: Sequence[str],
    table: Confusions,
    *,
    level: float,
    unit: str,
) -> pd.DataFrame:
    """Return both importances of each feature, permutation's with intervals over clusters."""
    groups = table.hits.shape[0]
    impurity = np.mean([one.impurity for one in folds], axis=0)
    shared = {"level": level, "n_clusters": groups}
    rows = [
        {"feature": name, "term": "importance_impurity", "estimate": value, "method": "trees"}
        for name, value in zip(names, impurity, strict=True)
    ]
    if folds[0].turned is not None:
        own, rest = (_measure_micro(one) for one in leave_out_clusters(table))
        losses, without = np.empty(len(names)), np.empty((len(names), groups))
        for place in range(len(names)):
            shares = permute_feature(cells, folds, place)
            lost = leave_out_clusters(count_confusions(cells, shares, groups))
            value, others = (_measure_micro(one) for one in lost)
            losses[place], without[place] = own - value, rest - others
        held = np.ones((len(names), groups), dtype=bool)
        limits = limit_terms(losses, without, held, scale="raw", level=level, unit=unit)
        rows += [
            {
                "feature": name,
                "term": "importance_permutation",
                "estimate": losses[place],
                "std_error": limits.std_error[place],
                "conf_low": limits.conf_low[place],
                "conf_high": limits.conf_high[place],
                "method": "jackknife",
                "note": limits.notes[place],
                **shared,
            }
            for place, name in enumerate(names)
        ]
    return arrange_rows(rows, ("feature", "term"))


def _measure_micro(counts: Sequence[np.ndarray]) -> Any:
    """Return micro F1 of counts (l, …)."""
    return measure_shares(*(np.asarray(one.sum(axis=0)) for one in counts))[2]
