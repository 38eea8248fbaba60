"""Draws of whole clusters, with strata and two-stage schemes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from exprstats.errors import DataError, Problem

# A constant, so that the first 1,000 draws of 2,000 are the 1,000 draws, however they are run.
BLOCK = 250

# Numbers in a table of draws and rows that two-stage resampling holds at once.
_HELD = 5_000_000


def draw_clusters(seed: np.random.SeedSequence, strata: Sequence[np.ndarray]) -> np.ndarray:
    """Return a block of resamples, cluster indices (250, clusters), drawn with replacement."""
    return _draw_strata(np.random.default_rng(seed), strata)


def iterate_counts(seed: np.random.SeedSequence, scheme: Scheme) -> Iterator[np.ndarray]:
    """Yield counts of a block's 250 resamples: (draws, clusters), or (draws, units) by slices."""
    rng = np.random.default_rng(seed)
    drawn = _draw_strata(rng, scheme.strata)
    if scheme.units is None:
        yield count_clusters(drawn, drawn.shape[1])
        return
    sizes = np.bincount(scheme.units, minlength=drawn.shape[1])
    members = np.argsort(scheme.units, kind="stable")
    starts = np.cumsum(sizes) - sizes
    width = max(_HELD // len(members), 1)
    for at in range(0, BLOCK, width):
        part = drawn[at : at + width]
        lengths = sizes[part].ravel()
        places = np.repeat(starts[part].ravel(), lengths)
        places += (rng.random(len(places)) * np.repeat(lengths, lengths)).astype(places.dtype)
        lines = np.repeat(np.arange(len(part)), sizes[part].sum(axis=1))
        cells = lines * len(members) + members[places]
        counts = np.bincount(cells, minlength=len(part) * len(members))
        yield counts.reshape(len(part), -1).astype(float)


def _draw_strata(rng: np.random.Generator, strata: Sequence[np.ndarray]) -> np.ndarray:
    if len(strata) == 1:
        return rng.integers(len(strata[0]), size=(BLOCK, len(strata[0])))
    drawn = [part[rng.integers(len(part), size=(BLOCK, len(part)))] for part in strata]
    return np.concatenate(drawn, axis=1)


def count_clusters(drawn: np.ndarray, groups: int) -> np.ndarray:
    """Return how often each cluster stands in each draw, (draws, groups), as floats."""
    offsets = groups * np.arange(len(drawn))[:, None]
    counts = np.bincount((drawn + offsets).ravel(), minlength=len(drawn) * groups)
    return counts.reshape(len(drawn), groups).astype(float)


def sum_over_clusters(rows: np.ndarray, panel: Panel) -> np.ndarray:
    """Return sums over each cluster (lines, groups) of rows (lines, n)."""
    sums = [np.bincount(panel.codes, weights=line, minlength=panel.groups) for line in rows]
    return np.array(sums)


def leave_out_clusters(start: int, stop: int, groups: int) -> np.ndarray:
    """Return counts (stop - start, groups) of the samples that lack one cluster each."""
    counts = np.ones((stop - start, groups))
    counts[np.arange(stop - start), np.arange(start, stop)] = 0.0
    return counts


@dataclass(frozen=True, slots=True, eq=False)
class Scheme:
    """What is drawn: clusters, clusters within strata, or clusters and then rows of each.

    Attributes
    ----------
    strata
        Cluster indices of each stratum; from each, as many are drawn as it has. One stratum
        of all clusters is the plain cluster bootstrap.
    units
        For two-stage resampling, the cluster of each row that can be drawn (units,).
    """

    strata: tuple[np.ndarray, ...]
    units: np.ndarray | None = None


def code_strata(
    rows: pd.DataFrame, clusters: Sequence[object] | pd.Index, *, cluster: str, strata: str
) -> np.ndarray:
    """Return the stratum of each cluster (clusters,), 0 … strata - 1.

    A cluster in two strata, or a stratum of one cluster only, is a DataError.
    """
    named = rows[[cluster, strata]].drop_duplicates()
    twice = named.loc[named[cluster].duplicated(), cluster]
    if len(twice):
        fact = f"{cluster} '{twice.iloc[0]}' belongs to more than one {strata}."
        raise DataError(Problem(fact, "Strata must hold whole clusters.", column=strata))
    homes = dict(zip(named[cluster], named[strata], strict=True))
    codes, names = pd.factorize(np.array([homes[name] for name in clusters]), sort=True)
    alone = np.flatnonzero(np.bincount(codes) < 2)
    if len(alone):
        fact = f"{strata} '{names[alone[0]]}' has one {cluster}; drawing within strata needs two."
        raise DataError(Problem(fact, "Join it with another stratum.", column=strata))
    return codes


def list_members(codes: np.ndarray | None, groups: int) -> tuple[np.ndarray, ...]:
    """Return the clusters of each stratum; all in one where there are no strata."""
    if codes is None:
        return (np.arange(groups),)
    return tuple(np.flatnonzero(codes == code) for code in range(int(codes.max()) + 1))


def stratify_cell(cell: Cell, rows: pd.DataFrame, *, cluster: str, strata: str) -> Cell:
    """Return the cell with clusters drawn within the strata that a column of its rows names."""
    codes = code_strata(rows, cell.clusters, cluster=cluster, strata=strata)
    members = list_members(codes, len(cell.clusters))
    return replace(cell, scheme=replace(cell.scheme, strata=members), strata=codes)


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """Rows that several models predict.

    Attributes
    ----------
    truth
        What is predicted (n,).
    predictions
        One line for each model (models, n).
    codes
        Cluster of each row (n,), 0 … groups - 1.
    groups
        Number of clusters.
    units
        Which of the cell's clips each row is (n,); empty where rows are never drawn one by one.
    """

    truth: np.ndarray
    predictions: np.ndarray
    codes: np.ndarray
    groups: int
    units: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=int))


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """The panels of one context, whose models are compared with each other.

    Attributes
    ----------
    context
        Its name; None where contexts are pooled.
    models
        Names, in the order of the results.
    panels
        One for each set of rows with its own truth: usually one; a model that stands in several
        seats (raters, folds) has one for each seat.
    owners
        For each panel, the model of each of its lines.
    clusters
        Names of the clusters, sorted, so that the order of rows does not matter.
    n_clips
        Number of rows that a model predicts.
    scheme
        How resamples are drawn.
    strata
        Stratum of each cluster (clusters,), where clusters are drawn within strata.
    folded
        Whether panels are folds of a cross-validation.
    """

    context: object
    models: tuple[str, ...]
    panels: tuple[Panel, ...]
    owners: tuple[np.ndarray, ...]
    clusters: tuple[object, ...]
    n_clips: int
    scheme: Scheme
    strata: np.ndarray | None = None
    folded: bool = False
