"""Clusters drawn within strata."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from exprstats.errors import DataError, Problem
from exprstats.inference.panels import Cell


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
