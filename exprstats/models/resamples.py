"""Resamples of subjects: whether they can be drawn, and how often each subject stands in one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from exprstats.errors import DataError, Problem
from exprstats.inference.clusters import BLOCK, count_clusters, draw_clusters
from exprstats.inference.intervals import find_percentile, sort_draws
from exprstats.models.designs import Design
from exprstats.models.products import code_subjects
from exprstats.parallel import Seed, spawn_seeds
from exprstats.words import check_count, check_level

FEWEST_SUBJECTS = 3
# Limits of so many undefined draws would speak of the others only.
MOST_UNDEFINED = 0.05

# A seed and the lines of its block of draws that are taken.
Half = tuple[np.random.SeedSequence, slice]


def check_resampling(draws: int, level: float) -> None:
    """Refuse draws and levels that give no interval."""
    check_count(draws, "draws", 2)
    check_level(level)


def count_resampled(design: Design, *, folded: bool = False) -> int:
    """Return how many subjects are resampled for fitting and tuning, or refuse too few.

    Where tuning is ``folded``, training subjects do both.

    Raises
    ------
    DataError
        Fewer than three subjects in either part.
    """
    counts = design.clips.groupby("part")["subject"].nunique()
    used = ["train"] if folded else ["train", "validate"]
    for part in used:
        if counts[part] < FEWEST_SUBJECTS:
            fact = f"{counts[part]} {part} subjects; resampling needs {FEWEST_SUBJECTS}."
            raise DataError(Problem(fact, "Use larger parts.", column="subject"))
    return int(counts[used].sum())


def halve_draws(draws: int, seed: Seed) -> list[Half]:
    """Return the units of work of so many draws.

    Half a block is one, so that two workers share even 250 draws.
    """
    halves = []
    for block, one in enumerate(spawn_seeds(seed, -(-draws // BLOCK))):
        stop = min(draws - BLOCK * block, BLOCK)
        halves += [(one, slice(0, min(stop, BLOCK // 2))), (one, slice(BLOCK // 2, stop))]
    return halves


def draw_counts(half: Half, strata: list[np.ndarray], groups: int) -> np.ndarray:
    """Return how often each of so many subjects stands in each draw (b, G) of a unit of work.

    Parameters
    ----------
    strata
        Codes of the subjects of each part, within which they are drawn.
    """
    seed, lines = half
    return count_clusters(draw_clusters(seed, strata), groups)[lines]


def count_subjects(design: Design, *, draws: int, seed: Seed) -> np.ndarray:
    """Return how often each subject stands in each draw (B, G): the draws of `refit_weights`."""
    codes, strata = code_subjects(design)
    groups = int(codes.max()) + 1
    return np.concatenate([draw_counts(one, strata, groups) for one in halve_draws(draws, seed)])


def limit_draws(drawn: np.ndarray, level: float, what: str) -> dict[str, Any]:
    """Return percentile limits (p,) of draws (p, B), none where too many are undefined.

    Parameters
    ----------
    drawn
        NaN where a draw leaves nothing to fit.
    level
        Of the limits.
    what
        What a note calls the draws.
    """
    ordered, finite = sort_draws(drawn)
    total = drawn.shape[1]
    refused = total - finite > MOST_UNDEFINED * total
    found = find_percentile(ordered, finite, level)._asdict()
    limits: dict[str, Any] = {
        name: np.where(refused, np.nan, values) for name, values in found.items()
    }
    notes = [f"{total - one} of {total} {what} undefined" for one in finite]
    limits["draws"] = finite
    limits["note"] = [note if no else None for note, no in zip(notes, refused, strict=True)]
    return limits


def list_draws(design: Design, refits: np.ndarray, **facts: np.ndarray) -> pd.DataFrame:
    """Return refits (B, p) in long form, with facts (B,) of each draw."""
    draws, features = refits.shape
    return pd.DataFrame(
        {
            "draw": np.repeat(np.arange(draws), features),
            **{name: np.repeat(values, features) for name, values in facts.items()},
            "feature": list(design.features) * draws,
            "estimate": refits.ravel(),
        }
    )
