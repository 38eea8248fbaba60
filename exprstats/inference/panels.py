"""Predictions side by side: the arrays that metrics are computed from."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from exprstats.errors import DataError, DataWarning, Problem
from exprstats.inference.schemes import Scheme
from exprstats.tables import encode_ids, order_levels


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
    """

    context: object
    models: tuple[str, ...]
    panels: tuple[Panel, ...]
    owners: tuple[np.ndarray, ...]
    clusters: tuple[object, ...]
    n_clips: int
    scheme: Scheme
    strata: np.ndarray | None = None


def align_models(
    rows: pd.DataFrame,
    key: list[str],
    *,
    cluster: str,
    context: object = None,
    clusters: pd.Index | None = None,
    two_stage: bool = False,
) -> Cell:
    """Return the predictions of one context as arrays, aligned by key.

    Parameters
    ----------
    rows
        PREDICTIONS, complete, of this context.
    key
        Columns that name what is predicted.
    cluster
        Column of the clusters.
    context
        Its name.
    clusters
        Names of all clusters, where some have no rows here; those of the rows by default.
    two_stage
        Whether rows are drawn again within drawn clusters.

    Raises
    ------
    DataError
        Where models do not predict the same rows, or a row stands in two clusters.
    """
    models = tuple(str(level) for level in order_levels(rows["model"]))
    codes, count = encode_ids(rows, key)
    owners = pd.Index(models).get_indexer(pd.Index(rows["model"].astype(str)))
    if clusters is None:
        clusters = pd.Index(pd.factorize(rows[cluster], sort=True)[1])
    belongs = clusters.get_indexer(pd.Index(rows[cluster]))
    _check_clusters(rows, codes, belongs, cluster)
    seated = _find_seated(rows, owners, len(models))
    plain = ~seated[owners]
    homes = np.zeros(count, dtype=int)
    homes[codes] = belongs
    parts = _split_plain(rows[plain], codes[plain], owners[plain], count)
    parts += _split_seats(rows[~plain], codes[~plain], owners[~plain])
    panels = tuple(
        Panel(truth, predictions, homes[units], len(clusters), units)
        for (truth, predictions, units), _ in parts
    )
    _warn_fewer(models, codes, owners, count)
    scheme = Scheme((np.arange(len(clusters)),), homes if two_stage else None)
    return Cell(
        context=context,
        models=models,
        panels=panels,
        owners=tuple(owner for _, owner in parts),
        clusters=tuple(clusters),
        n_clips=count,
        scheme=scheme,
    )


def stratify_cell(cell: Cell, rows: pd.DataFrame, *, cluster: str, strata: str) -> Cell:
    """Return the cell with clusters drawn within the strata that a column of its rows names.

    Raises
    ------
    DataError
        Where a cluster stands in two strata, or a stratum has one cluster only.
    """
    codes = code_strata(rows, cell.clusters, cluster=cluster, strata=strata)
    members = list_members(codes, len(cell.clusters))
    return replace(cell, scheme=replace(cell.scheme, strata=members), strata=codes)


def code_strata(
    rows: pd.DataFrame, clusters: Sequence[object] | pd.Index, *, cluster: str, strata: str
) -> np.ndarray:
    """Return the stratum of each cluster (clusters,), 0 … strata - 1.

    Raises
    ------
    DataError
        Where a cluster stands in two strata, or a stratum has one cluster only.
    """
    named = rows[[cluster, strata]].drop_duplicates()
    twice = named.loc[named[cluster].duplicated(), cluster]
    if len(twice):
        fact = f"{cluster} '{twice.iloc[0]}' stands in more than one {strata}."
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


def _check_clusters(
    rows: pd.DataFrame, codes: np.ndarray, belongs: np.ndarray, cluster: str
) -> None:
    first = np.zeros(codes.max(initial=-1) + 1, dtype=belongs.dtype)
    first[codes[::-1]] = belongs[::-1]
    strays = np.flatnonzero(first[codes] != belongs)
    if len(strays):
        clip = rows["clip"].iloc[strays[0]]
        fact = f"clip '{clip}' belongs to more than one {cluster}."
        raise DataError(Problem(fact, "Each should have one.", column=cluster))


def _warn_fewer(models: tuple[str, ...], codes: np.ndarray, owners: np.ndarray, count: int) -> None:
    """Warn of models in seats that, all seats together, predict fewer rows than there are."""
    for owner, model in enumerate(models):
        given = len(np.unique(codes[owners == owner]))
        if given < count:
            message = (
                f"'{model}' predicts {given:,} of {count:,} rows; it is compared on those, "
                "the others on all."
            )
            warnings.warn(message, DataWarning, stacklevel=5)


def _find_seated(rows: pd.DataFrame, owners: np.ndarray, models: int) -> np.ndarray:
    seated = np.zeros(models, dtype=bool)
    if "seat" in rows.columns:
        seated[owners[rows["seat"].notna().to_numpy()]] = True
    return seated


Part = tuple[tuple[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def _split_plain(
    rows: pd.DataFrame, codes: np.ndarray, owners: np.ndarray, count: int
) -> list[Part]:
    """Return (arrays, owners) for models without seats; those that share a truth share a part."""
    present = np.unique(owners)
    if len(present) == 0:
        return []
    places = np.full((int(present[-1]) + 1, count), -1)
    places[owners, codes] = np.arange(len(rows))
    places = places[present]
    _check_same(rows, places, owners, present)
    units = np.flatnonzero((places >= 0).all(axis=0))
    places = places[:, units]
    truth = rows["truth"].to_numpy(float)[places]
    predictions = rows["prediction"].to_numpy(float)[places]
    parts: list[Part] = []
    waiting = np.arange(len(present))
    while len(waiting):
        own = truth[waiting[0]]
        alike = np.isclose(truth[waiting], own, rtol=1e-9, atol=1e-12)
        same = alike.all(axis=1)
        if not same.all():
            _warn_truth(rows, places[waiting], alike)
        lines = waiting[same]
        parts.append(((own, predictions[lines], units), present[lines]))
        waiting = waiting[~same]
    return parts


def _warn_truth(rows: pd.DataFrame, places: np.ndarray, alike: np.ndarray) -> None:
    names = rows["model"].to_numpy()[places[:, 0]]
    other = int(np.flatnonzero(~alike.all(axis=1))[0])
    message = (
        f"'{names[other]}' is judged by other truths than '{names[0]}' in "
        f"{int((~alike[other]).sum()):,} of {alike.shape[1]:,} rows."
    )
    warnings.warn(message, DataWarning, stacklevel=6)


def _check_same(
    rows: pd.DataFrame, places: np.ndarray, owners: np.ndarray, present: np.ndarray
) -> None:
    asked = (places >= 0).any(axis=0)
    given = (places >= 0).sum(axis=1)
    if (given == asked.sum()).all():
        return
    counts = ", ".join(
        f"'{rows['model'].iloc[int(np.flatnonzero(owners == owner)[0])]}' {number:,}"
        for owner, number in zip(present, given, strict=True)
    )
    shared = int((places >= 0).all(axis=0).sum())
    fact = f"the models predict different rows: {counts}; all of them {shared:,}."
    raise DataError(Problem(fact, "Compare models on rows that each of them predicts."))


def _split_seats(rows: pd.DataFrame, codes: np.ndarray, owners: np.ndarray) -> list[Part]:
    if len(rows) == 0:
        return []
    truth, prediction = (rows[name].to_numpy(float) for name in ("truth", "prediction"))
    seats, count = encode_ids(rows, ["model", "seat"])
    parts: list[Part] = []
    for seat in range(count):
        mine = np.flatnonzero(seats == seat)
        arrays = truth[mine], prediction[None, mine], codes[mine]
        parts.append((arrays, owners[mine[:1]]))
    return parts
