"""Refits to resampled subjects, with the penalty tuned in each resample."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.errors import DataError, Problem
from exprstats.inference.resampling.clusters import BLOCK, count_clusters, draw_clusters
from exprstats.inference.resampling.intervals import find_percentile, sort_draws
from exprstats.inference.resampling.summaries import MOST_UNDEFINED
from exprstats.models.data.design import Design
from exprstats.models.fitting.folds import Rounds, refit_rounds
from exprstats.models.fitting.penalties import (
    PenaltyGrid,
    Products,
    average_squares,
    choose_point,
    code_subjects,
    read_moments,
    sum_products,
    trace_grid,
)
from exprstats.options import MOST_DRAWS, check_count, check_level
from exprstats.parallel import Seed, run_tasks, spawn_seeds

FEWEST_SUBJECTS = 3
# Limits of so many undefined draws would speak of the others only.
LIMITS = ("std_error", "conf_low", "conf_high")

# A seed and the lines of its block of draws that are taken.
Half = tuple[np.random.SeedSequence, slice]


def refit_weights(
    design: Design,
    penalties: PenaltyGrid,
    *,
    draws: int,
    refit: bool = False,
    rounds: Rounds | None = None,
    seed: Seed = None,
    n_jobs: int = 1,
) -> tuple[np.ndarray, np.ndarray]:
    """Resample the subjects of each part with replacement, and tune and fit every sample anew.

    Copies of a subject stay in the subject's part and fold, and all samples of a draw share its
    subjects. Weights (samples, B, p) are NaN where a resample leaves nothing to fit; chosen are
    alpha and l1_ratio (samples, B, 2). They depend on the seed only; the first draws of many are
    the few.
    """
    subjects, strata = code_subjects(design)
    products = [sum_products(design, sample, subjects) for sample in design.samples]
    tune = partial(_tune_draws, penalties=penalties, refit=refit, rounds=rounds)
    fit = partial(_refit_block, products=products, strata=strata, tune=tune)
    halves = halve_draws(draws, seed)
    blocks = run_tasks(fit, halves, n_jobs=n_jobs, label="Refitting weights")
    weights, chosen = (np.concatenate(part, axis=1) for part in zip(*blocks, strict=True))
    return weights, chosen


def tune_total(
    train: np.ndarray, validate: np.ndarray, penalties: PenaltyGrid, *, refit: bool = False
) -> tuple[np.ndarray, np.ndarray] | None:
    """Return weights (p,) and (alpha, l1_ratio) tuned on sums of products, or None."""
    moments = read_moments(train)
    if moments is None or validate[0, 0] < 1:
        return None
    weights, _ = trace_grid(moments, penalties)
    best = choose_point(penalties, weights, np.sqrt(average_squares(moments, weights, validate)))
    point = penalties.points[best]
    if not refit:
        return weights[best], point
    both = read_moments(train + validate)
    if both is None:
        return None
    return trace_grid(both, PenaltyGrid((point[0],), (point[1],)))[0][0], point


def _refit_block(
    half: Half,
    *,
    products: list[Products],
    strata: list[np.ndarray],
    tune: Callable[[Products, np.ndarray], Iterator[tuple[np.ndarray, np.ndarray] | None]],
) -> tuple[np.ndarray, np.ndarray]:
    counts = draw_counts(half, strata, len(products[0].train))
    weights = np.full((len(products), len(counts), products[0].size - 2), np.nan)
    chosen = np.full((len(products), len(counts), 2), np.nan)
    for i, product in enumerate(products):
        for draw, found in enumerate(tune(product, counts)):
            if found is not None:
                weights[i, draw], chosen[i, draw] = found
    return weights, chosen


def _tune_draws(
    product: Products,
    counts: np.ndarray,
    *,
    penalties: PenaltyGrid,
    refit: bool,
    rounds: Rounds | None,
) -> Iterator[tuple[np.ndarray, np.ndarray] | None]:
    if rounds is not None:
        for one in counts:
            yield refit_rounds(product.train, one, rounds, penalties)
        return
    for train, validate in zip(*product.weigh(counts), strict=True):
        yield tune_total(train, validate, penalties, refit=refit)


def check_resampling(draws: int, level: float) -> None:
    """Refuse draws and levels that give no interval."""
    check_count(draws, "draws", least=2, most=MOST_DRAWS)
    check_level(level)


def count_resampled(design: Design, *, folded: bool = False) -> int:
    """Return how many subjects are resampled for fitting and tuning, or refuse fewer than three.

    Where tuning is ``folded``, training subjects do both.
    """
    counts = design.clips.groupby("part")["subject"].nunique()
    used = ["train"] if folded else ["train", "validate"]
    for part in used:
        if counts[part] < FEWEST_SUBJECTS:
            people = count_things(counts[part], f"{part} subject")
            fact = f"{people}; resampling needs {FEWEST_SUBJECTS}."
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

    Subjects are drawn within the parts whose codes ``strata`` has.
    """
    seed, lines = half
    return count_clusters(draw_clusters(seed, strata), groups)[lines]


def count_subjects(design: Design, *, draws: int, seed: Seed) -> np.ndarray:
    """Return how often each subject stands in each draw (B, G): the draws of `refit_weights`."""
    codes, strata = code_subjects(design)
    groups = int(codes.max()) + 1
    return np.concatenate([draw_counts(one, strata, groups) for one in halve_draws(draws, seed)])


def limit_draws(drawn: np.ndarray, level: float, what: str) -> dict[str, Any]:
    """Return percentile limits (p,) of draws (p, B), none where too many are undefined (NaN).

    ``what`` is what a note calls the draws.
    """
    ordered, finite = sort_draws(drawn)
    total = drawn.shape[1]
    refused = total - finite > MOST_UNDEFINED * total
    # A weight that a penalty takes away in every draw is not known to be 0 without any doubt.
    last = ordered[np.arange(len(ordered)), np.maximum(finite, 1) - 1]
    still = (finite > 1) & (ordered[:, 0] == last)
    found = find_percentile(ordered, finite, level)._asdict()
    limits: dict[str, Any] = {
        name: np.where(refused | still, np.nan, values) for name, values in found.items()
    }
    notes = [f"{total - one} of {total} {what} undefined" for one in finite]
    limits["draws"] = finite
    told = zip(notes, refused, still, strict=True)
    alike = f"no interval: the same in all {what}"
    limits["note"] = [note if no else alike if same else None for note, no, same in told]
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
