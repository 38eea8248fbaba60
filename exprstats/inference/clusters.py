"""Resampling whole clusters, because rows of one cluster are not independent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from exprstats.inference.panels import Panel
from exprstats.inference.schemes import Scheme

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


def sum_rows(rows: np.ndarray, panel: Panel) -> np.ndarray:
    """Return sums over each cluster (lines, groups) of rows (lines, n)."""
    sums = [np.bincount(panel.codes, weights=line, minlength=panel.groups) for line in rows]
    return np.array(sums)


def leave_out_clusters(start: int, stop: int, groups: int) -> np.ndarray:
    """Return counts (stop - start, groups) of the samples that lack one cluster each."""
    counts = np.ones((stop - start, groups))
    counts[np.arange(stop - start), np.arange(start, stop)] = 0.0
    return counts
