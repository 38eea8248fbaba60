"""Predictions of one context aligned row by row as arrays."""

from __future__ import annotations

import numpy as np
import pandas as pd

from exprstats.codes import encode_column, number_ids
from exprstats.contracts import sort_ids
from exprstats.errors import DataError, Option, Problem, warn_user
from exprstats.inference.resampling.clusters import Cell, Panel, Scheme

Part = tuple[tuple[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def align_models(
    rows: pd.DataFrame,
    key: list[str],
    *,
    cluster: str,
    context: object = None,
    clusters: pd.Index | None = None,
    two_stage: bool = False,
) -> Cell:
    """Return the predictions of one context as arrays, aligned by the key of what is predicted.

    Rows are complete PREDICTIONS; ``clusters`` names all clusters, where some have no rows here. If
    ``two_stage``, rows are drawn again within drawn clusters. Models that do not predict the same
    rows, or a row in two clusters, are a DataError.
    """
    named = encode_column(rows["model"])
    models = tuple(map(str, named.order))
    codes, count = number_ids(rows, key)
    owners = pd.Index(models).get_indexer(pd.Index(list(map(str, named.levels))))[named.codes]
    seated = np.zeros(len(models), dtype=bool)
    if "seat" in rows.columns:
        seated[owners[rows["seat"].notna().to_numpy()]] = True
        kept = _find_shared(models, codes, owners, seated)
        if not kept.all():
            rows, owners = rows[kept], owners[kept]
            codes, count = number_ids(rows, key)
    people = encode_column(rows[cluster])
    if clusters is None:
        clusters = sort_ids(pd.Series(people.levels))[1]
    belongs = clusters.get_indexer(pd.Index(people.levels))[people.codes]
    _check_clusters(rows, codes, belongs, cluster)
    plain = ~seated[owners]
    homes = np.zeros(count, dtype=int)
    homes[codes] = belongs
    if plain.all():
        parts = _split_plain(rows, codes, owners, count)
    else:
        parts = _split_plain(rows[plain], codes[plain], owners[plain], count)
    parts += _split_seats(rows[~plain], codes[~plain], owners[~plain])
    panels = tuple(
        Panel(truth, predictions, homes[units], len(clusters), units)
        for (truth, predictions, units), _ in parts
    )
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


def _find_shared(
    models: tuple[str, ...], codes: np.ndarray, owners: np.ndarray, seated: np.ndarray
) -> np.ndarray:
    """Return which rows stay: those that each model in seats has too, all its seats together."""
    count = int(codes.max(initial=-1)) + 1
    shared = np.ones(count, dtype=bool)
    for owner in np.flatnonzero(seated):
        has = np.bincount(codes[owners == owner], minlength=count) > 0
        given = int(has.sum())
        if given < count:
            message = (
                f"'{models[owner]}' predicts {given:,} of {count:,} rows; all models are judged "
                "on rows that it has."
            )
            warn_user(message)
        shared &= has
    return shared[codes]


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
        alike = truth[waiting] == own
        if not alike.all():
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
    warn_user(message)


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
    how = Option("common", True)
    remedy = ("Read the predictions with ", how, " to take the rows that all models have.")
    raise DataError(Problem(fact, remedy))


def _split_seats(rows: pd.DataFrame, codes: np.ndarray, owners: np.ndarray) -> list[Part]:
    if len(rows) == 0:
        return []
    truth, prediction = (rows[name].to_numpy(float) for name in ("truth", "prediction"))
    seats, count = number_ids(rows, ["model", "seat"])
    parts: list[Part] = []
    for seat in range(count):
        mine = np.flatnonzero(seats == seat)
        arrays = truth[mine], prediction[None, mine], codes[mine]
        parts.append((arrays, owners[mine[:1]]))
    return parts
