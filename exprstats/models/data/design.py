"""The design of a model: features, target and the samples to fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.codes import encode_table
from exprstats.contracts import (
    CLIPS,
    check_table,
    find_absent,
    find_unnumbers,
    order_levels,
    require_columns,
)
from exprstats.errors import DataError, OptionError, Problem, warn_user
from exprstats.io.guards.features import copies_numbers, judge_features, tell_features
from exprstats.io.guards.tables import guard_table
from exprstats.models.data.categories import find_references
from exprstats.models.data.parts import label_parts
from exprstats.options import PARTS, check_columns, name_some, take_columns
from exprstats.parallel import Seed, spawn_seeds

NOTHING = "There is nothing to predict."


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """The clips of one fit and what it predicts.

    Attributes
    ----------
    context
        The context, or None for the pooled fit.
    rows
        (m,) positions in the design.
    truth
        (m,) target: the context's own scores, or the pooled ones.
    """

    context: Any
    rows: np.ndarray
    truth: np.ndarray

    @property
    def fitted_on(self) -> str:
        """Which fit produced a prediction: ``"context"`` or ``"all"``."""
        return "all" if self.context is None else "context"

    @property
    def label(self) -> str:
        """Name the sample for people."""
        return "all clips" if self.context is None else f"context '{self.context}'"


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """All that a refit needs.

    Attributes
    ----------
    clips
        Ids of the n clips: ``clip``, ``subject``, ``context`` where known, ``part``.
    features
        Names of the p features.
    matrix
        (n, p) features in their own units.
    target
        Name of the target.
    samples
        One sample for each context, then the pooled one.
    people
        (n,) code of each clip's subject, from 0.
    places
        (n,) position of each clip's part in `PARTS`.
    pooled_target
        Name of the pooled fit's target. Contexts that have it alone have no sample of their own.
    classes
        The target's classes in the order of their numbers; empty where it is a quantity.
    references
        Of categories among the features, the level without a column of its own.
    """

    clips: pd.DataFrame
    features: tuple[str, ...]
    matrix: np.ndarray
    target: str
    samples: tuple[Sample, ...]
    people: np.ndarray
    places: np.ndarray
    pooled_target: str
    classes: tuple[Any, ...] = ()
    references: Mapping[str, str] = field(default_factory=dict)

    def split(self, sample: Sample, *parts: str) -> tuple[np.ndarray, np.ndarray]:
        """Return features (m, p) and target (m,) of a sample's clips in the named parts."""
        inside = self.mark(sample, *parts)
        return self.matrix[sample.rows[inside]], sample.truth[inside]

    def mark(self, sample: Sample, *parts: str) -> np.ndarray:
        """Return which of a sample's clips (m,) lie in the named parts."""
        return np.array([part in parts for part in PARTS])[self.places[sample.rows]]

    def count(self, sample: Sample, *parts: str) -> tuple[int, int]:
        """Return the numbers of clips and of subjects of a sample in the named parts."""
        rows = sample.rows[self.mark(sample, *parts)]
        return len(rows), int(np.count_nonzero(np.bincount(self.people[rows])))


def seed_samples(design: Design, seed: Seed) -> list[np.random.SeedSequence]:
    """Return a seed for each sample; a context's depends on its name, not on its place."""
    order = sorted(range(len(design.samples) - 1), key=lambda i: str(design.samples[i].context))
    seeds = spawn_seeds(seed, len(design.samples))
    return [seeds[order.index(i)] for i in range(len(order))] + seeds[-1:]


def sort_rows(values: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return the order (m,) of clips by features (m, p), then by target (m,).

    Whatever draws clips by their places draws the same ones then, in whatever order the table was.
    """
    return np.lexsort((truth, *values.T[::-1]))


def build_design(
    clips: pd.DataFrame,
    parts: pd.DataFrame | None,
    *,
    target: str,
    features: Sequence[str],
    by: str | None = None,
    pooled_target: str | None = None,
    folded: bool = False,
    classes: tuple[Any, ...] = (),
) -> Design:
    """Check a clip table and its split, and return what models are fitted to.

    Where tuning is ``folded``, clips of validation subjects are training clips, and without a split
    all clips are. A DataError has every reason found: absent columns, text or missing or infinite
    numbers, subjects in two parts or none, parts without clips.
    """
    names = _check_features(features, target)
    check_columns(by, pooled_target)
    if parts is None and not folded:
        message = "parts is None; give the table that split_subjects returns."
        raise OptionError(message)
    require_columns(clips, [by], "clips")
    if by is not None and by != "context":
        if by in (*names, target):
            message = f"'{by}' names the contexts; it cannot be a feature or the target too."
            raise OptionError(message)
        clips = clips.drop(columns="context", errors="ignore").rename(columns={by: "context"})
    pooled = pooled_target or (f"{target}_pooled" if f"{target}_pooled" in clips else target)
    problems = find_absent(clips, [*names, target, pooled], "clips")
    if problems:
        raise DataError(problems)
    numbers = [*names, *(() if classes else (target, pooled))]
    clips = guard_table(clips, ids=("context", "clip", "subject"), numbers=numbers)
    if encode_table(clips, CLIPS) is None:
        check_table(clips, CLIPS)
    # A context without scores of its own has no model of its own, and counts in the pooled one.
    lacking = find_lacking(clips, target) if by and pooled != target else set()
    if lacking:
        own = clips[target].where(~clips["context"].isin(lacking), clips[pooled])
        clips = clips.assign(**{target: own})
    used = [target, pooled] if by else [pooled]
    if not classes and pd.api.types.is_bool_dtype(clips[used[0]]):
        fact = f"'{used[0]}' is True or False: two classes."
        raise DataError(Problem(fact, "fit_forest predicts classes.", column=used[0]))
    _check_numbers(clips, names, list(dict.fromkeys(used)))
    kept = [name for name in ("clip", "subject", "context") if name in clips]
    parts = parts if parts is None else guard_table(parts, ids=["subject"], quiet=True)
    labels = "train" if parts is None else label_parts(clips, parts)
    if folded:
        labels = np.where(labels == "validate", "train", labels)
    ids = clips[kept].assign(part=labels).reset_index(drop=True)
    truths = {name: clips[name].to_numpy(float) for name in used}
    samples = _list_samples(ids, truths[used[0]], truths[pooled], by, lacking)
    matrix = np.ascontiguousarray(clips[list(names)].to_numpy(float))
    people = pd.factorize(ids["subject"])[0]
    places = np.select([ids["part"].to_numpy(object) == part for part in PARTS], range(len(PARTS)))
    design = Design(ids, names, matrix, target, samples, people, places, pooled, classes)
    design = replace(design, references=find_references(clips, names))
    _check_samples(design, ("train",) if folded else ("train", "validate"))
    _warn_of_ids(clips, names)
    copies = find_copies(design)
    if copies:
        counted = count_things(len(copies), "feature is a copy", "features are copies")
        message = (
            f"{counted} of the target '{target}' up to its unit: {name_some(copies)}. Predicting "
            "a target from itself says nothing about people. Leave such features out."
        )
        warn_user(message)
    return design


def _warn_of_ids(clips: pd.DataFrame, names: Sequence[str]) -> None:
    """Warn of features that number rows or name people; constants get weight 0 and a warning."""
    found = judge_features(clips, names)
    odd = {name: kind for name, kind in found.items() if kind != "a constant"}
    if odd:
        counted = count_things(len(odd), "feature names", "features name")
        message = (
            f"{counted} rows or people and carries no information: {', '.join(tell_features(odd))}."
        )
        warn_user(f"{message} Leave such features out.")


def find_copies(design: Design) -> list[str]:
    """Return the features that hold a sample's target in another unit or under other codes.

    A quantity is copied where |r| is 1 within rounding, classes where each has one value of its
    own (numbers for names, say).
    """
    same = np.zeros(len(design.features), dtype=bool)
    for sample in design.samples:
        values, truth = design.matrix[sample.rows], sample.truth
        if design.classes:
            kinds = len(np.unique(truth))
            same |= [
                len(np.unique(np.column_stack([own, truth]), axis=0))
                == len(np.unique(own))
                == kinds
                and 2 * kinds < len(truth)
                for own in values.T
            ]
        else:
            same |= copies_numbers(values, truth)
    return [name for name, copied in zip(design.features, same, strict=True) if copied]


def _check_features(features: Sequence[str], target: str) -> tuple[str, ...]:
    names = tuple(take_columns(features, "features"))
    check_columns(target)
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        message = f"features names {', '.join(repeated)} more than once."
        raise OptionError(message)
    refuse_target(target, names)
    return names


def refuse_target(target: str | None, names: Iterable[str]) -> None:
    """Refuse a target that is to be predicted from itself."""
    if target in set(names):
        message = f"The target '{target}' is among the features; leave it out of them."
        raise OptionError(message)


def _check_numbers(clips: pd.DataFrame, features: tuple[str, ...], targets: list[str]) -> None:
    used = [*targets, *features]
    problems = find_unnumbers(clips, used)
    broken = {problem.column for problem in problems}
    for name in [name for name in used if name not in broken]:
        gaps = np.isnan(clips[name].to_numpy(float, na_value=np.nan))
        if not gaps.any():
            continue
        what = "targets" if name in targets else "feature values"
        fact = f"{int(gaps.sum()):,} of {len(clips):,} {what} are missing."
        remedy = f"Leave these clips out, as in clips.dropna(subset=['{name}'])"
        remedy += "." if name in targets else ", or leave the feature out."
        rows = tuple(int(row) + 1 for row in np.flatnonzero(gaps))
        problems.append(Problem(fact, remedy, column=name, rows=rows))
    if problems:
        raise DataError(problems)


def find_lacking(clips: pd.DataFrame, target: str) -> set[Any]:
    """Return the contexts in which no clip has the target."""
    empty = clips[target].isna().groupby(clips["context"]).all()
    return set(empty.index[empty])


def _list_samples(
    ids: pd.DataFrame, own: np.ndarray, pooled: np.ndarray, by: str | None, lacking: set[Any]
) -> tuple[Sample, ...]:
    samples = []
    codes, levels = pd.factorize(ids["context"]) if by else (np.zeros(0), ())
    places = {level: code for code, level in enumerate(levels)}
    for context in order_levels(ids["context"]) if by else []:
        if context not in lacking:
            rows = np.flatnonzero(codes == places[context])
            samples.append(Sample(context, rows, own[rows]))
    return (*samples, Sample(None, np.arange(len(ids)), pooled))


def _check_samples(design: Design, needed: tuple[str, ...]) -> None:
    problems = []
    for sample in design.samples:
        for part in needed:
            if not design.mark(sample, part).any():
                fact = f"{sample.label}: no clips in the {part} part."
                remedy = "Tuning needs training and validation subjects, or folds in fit_elastic."
                problems.append(Problem(fact, remedy))
        truth = design.split(sample, "train")[1]
        if len(truth) and np.ptp(truth) == 0:
            fact = f"{sample.label}: all {len(truth):,} training targets are {truth[0]:g}."
            cure = "" if sample.context is None else " Leave it out, or take all contexts as one."
            problems.append(Problem(fact, f"{NOTHING}{cure}", column=design.target))
    if problems:
        raise DataError(problems)
