"""Resampled values: the whole sample, each draw, and without each cluster."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from exprstats.inference.metrics.metric import Metric
from exprstats.inference.resampling.clusters import BLOCK, Cell, Panel, Scheme, iterate_counts
from exprstats.inference.resampling.evaluation import Evaluation
from exprstats.inference.resampling.intervals import (
    foretell_draws,
    is_plain,
    spread_about,
    weigh_stratum,
)
from exprstats.parallel import limit_threads, run_tasks

# Sums of squares this small beside what they were taken from are rounding.
_NO_SPREAD = 1e-13
# Folds of a cross-validation share training clusters: their variance counts twice.
FOLDED = np.sqrt(2.0)


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Values of one metric for several models in one context.

    Attributes
    ----------
    context, metric, models
        What was measured.
    estimates
        Of all rows (models,).
    draws
        Of each resample (models, B); every model has the same resamples.
    left_out
        Without each cluster (models, clusters).
    n_clips, n_clusters
        How much there was that the value rests on.
    errors
        Standard errors of the draws, of models and then of pairs (terms, B); for bootstrap-t.
    strata
        Stratum of each cluster (clusters,), where clusters were drawn within strata.
    flat
        Models whose predictions do not vary.
    still
        Models judged by a truth that does not vary.
    foretold
        What leaving out clusters says of each draw (models, B), where the metric is a plain
        function.
    holders
        Where the metric is a share, the number of clusters that could have shown another value.
    folds
        Number of folds within which it was measured; 0 where there are none.
    active
        Which clusters the value can rest on (clusters,), where that is not all of them.
    """

    context: object
    metric: Metric
    models: tuple[str, ...]
    estimates: np.ndarray
    draws: np.ndarray
    left_out: np.ndarray
    n_clips: int
    n_clusters: int
    errors: np.ndarray | None = None
    strata: np.ndarray | None = None
    flat: frozenset[str] = frozenset()
    still: frozenset[str] = frozenset()
    foretold: np.ndarray | None = None
    holders: int = 0
    folds: int = 0
    active: np.ndarray | None = None


def sample_cell(
    cell: Cell,
    metrics: Sequence[Metric],
    seeds: Sequence[np.random.SeedSequence],
    *,
    draws: int,
    span: float = 1.0,
    n_jobs: int = 1,
    pairs: Sequence[tuple[int, int]] | None = None,
) -> list[Sample]:
    """Resample the clusters of one context and return a sample for each metric.

    Each block of 250 draws has a seed, so that the numbers do not depend on workers. ``span`` is
    the theoretical range of the truth, by which spanned metrics are divided. Where ``pairs`` are
    given, the draws of models and of these pairs get standard errors of their own.
    """
    evaluations = [Evaluation(panel, metrics) for panel in cell.panels]
    average = partial(average_owners, owners=cell.owners, models=len(cell.models))
    task = partial(
        _measure_block,
        evaluations=_evaluate_units(cell, metrics) or evaluations,
        average=average,
        scheme=cell.scheme,
        pairs=pairs,
    )
    blocks = run_tasks(task, seeds, n_jobs=n_jobs, label="Resampling clusters")
    with limit_threads():
        seats = [evaluation.measure_whole()[..., None] for evaluation in evaluations]
        without = [evaluation.measure_without() for evaluation in evaluations]
    whole = average(seats)
    without = spread_folds(cell, seats, without) if cell.folded else average(without)
    drawn = np.concatenate([values for values, _ in blocks], axis=2)[:, :, :draws]
    drawn = whole + FOLDED * (drawn - whole) if cell.folded else drawn
    errors = None
    if pairs is not None:
        errors = np.concatenate([found for _, found in blocks if found is not None], axis=2)
        errors = errors * FOLDED if cell.folded else errors
    flat, still = _find_constant(cell)
    foretell = partial(foretell_draws, seeds=seeds, strata=cell.scheme.strata, draws=draws)
    samples = []
    for place, metric in enumerate(metrics):
        scale = 1.0 / span if metric.spanned else 1.0
        active = find_active(cell.panels, metric)
        samples.append(
            Sample(
                context=cell.context,
                metric=metric,
                models=cell.models,
                estimates=whole[place, :, 0] * scale,
                draws=drawn[place] * scale,
                left_out=without[place] * scale,
                n_clips=cell.n_clips if active is None else int(active[cell.panels[0].codes].sum()),
                n_clusters=len(cell.clusters) if active is None else int(active.sum()),
                errors=None if errors is None else errors[place, :, :draws] * scale,
                strata=cell.strata,
                flat=flat,
                still=still,
                foretold=foretell(without[place]) if is_plain(metric) else None,
                holders=count_holders(cell.panels, metric),
                folds=len(cell.panels) // len(cell.models) if cell.folded else 0,
                active=active,
            )
        )
    return samples


def spread_folds(
    cell: Cell, whole: Sequence[np.ndarray], without: Sequence[np.ndarray]
) -> np.ndarray:
    """Return jackknife values (metrics, models, clusters) of means over folds, the cell's panels.

    Of each fold there are values (metrics, lines, 1) and those without each cluster.

    Notes
    -----
    A fold's value varies among its own clusters only. Its variance is doubled: where nothing is
    learned, what cluster g shows as a test of a model that h trained is what h shows of the model
    that g trained, so that both folds err together and the variance over test clusters, which sees
    each pair twice as if independent, is half the real one. With clear signal the interval is wide;
    predictions alone do not tell how much (Bengio & Grandvalet, 2004).
    """
    present = [np.bincount(panel.codes, minlength=panel.groups) > 0 for panel in cell.panels]
    average = partial(average_owners, owners=cell.owners, models=len(cell.models))
    centre = average(whole)
    if min(here.sum() for here in present) < 2:
        # Each cluster is a fold of its own: folds vary among each other, and nothing within.
        left_out = average(without)
        return centre + FOLDED * (left_out - left_out.mean(axis=2, keepdims=True))
    about = [
        np.where(np.isnan(one), 0.0, spread_about(one[..., 0], left, here) - one)
        for one, left, here in zip(whole, without, present, strict=True)
    ]
    defined = [np.where(np.isnan(one), np.nan, 0.0) for one in whole]
    away = average([one + none for one, none in zip(about, defined, strict=True)])
    lost = [np.isnan(one) for one in about]
    hurt = average([one.astype(float) for one in lost]) > 0
    return np.where(hurt, np.nan, centre + FOLDED * away)


def _find_constant(cell: Cell) -> tuple[frozenset[str], frozenset[str]]:
    """Return the models whose predictions do not vary, and those whose truth does not."""
    flat: set[str] = set()
    still: set[str] = set()
    for panel, owners in zip(cell.panels, cell.owners, strict=True):
        models = np.array(cell.models, dtype=object)[owners]
        flat |= set(models[np.ptp(panel.predictions, axis=1) == 0])
        still |= set(models) if np.ptp(panel.truth) == 0 else set()
    return frozenset(flat), frozenset(still)


def count_holders(panels: Sequence[Panel], metric: Metric) -> int:
    """Return how many clusters could have shown another share; 0 where it is no share.

    All of them, as an accuracy counts every row, or those of the rarest label: a recall, an AUC or
    a UAR says nothing of clusters without the label.
    """
    if metric.scale != "logit":
        return 0
    codes = np.concatenate([panel.codes for panel in panels])
    if metric.takes == "numbers" or (metric.takes == "labels" and metric.sums is not None):
        return len(np.unique(codes))
    truth = np.concatenate([panel.truth for panel in panels])
    return min(len(np.unique(codes[truth == label])) for label in np.unique(truth))


def find_active(panels: Sequence[Panel], metric: Metric) -> np.ndarray | None:
    """Return which clusters a metric's value can rest on (clusters,); None where all of them do."""
    if metric.rests_on is None:
        return None
    active = np.any([metric.rests_on(panel) for panel in panels], axis=0)
    return None if active.all() or not active.any() else active


def _evaluate_units(cell: Cell, metrics: Sequence[Metric]) -> list[Evaluation]:
    """Return evaluations whose clusters are single rows, for schemes that draw rows."""
    if cell.scheme.units is None:
        return []
    count = len(cell.scheme.units)
    panels = [replace(panel, codes=panel.units, groups=count) for panel in cell.panels]
    return [Evaluation(panel, metrics) for panel in panels]


def draw_panel(
    evaluation: Evaluation,
    seeds: Sequence[np.random.SeedSequence],
    *,
    strata: tuple[np.ndarray, ...] | None = None,
    n_jobs: int = 1,
) -> np.ndarray:
    """Return values (metrics, models, draws) of one panel's resamples, 250 for each seed."""
    lines = evaluation.shape[1]
    average = partial(average_owners, owners=[np.arange(lines)], models=lines)
    scheme = Scheme((np.arange(evaluation.groups),) if strata is None else strata)
    task = partial(
        _measure_block, evaluations=[evaluation], average=average, scheme=scheme, pairs=None
    )
    blocks = run_tasks(task, seeds, n_jobs=n_jobs, label="Resampling clusters")
    return np.concatenate([values for values, _ in blocks], axis=2)


def count_blocks(draws: int) -> int:
    """Return how many blocks of draws hold ``draws``."""
    return -(-draws // BLOCK)


def average_owners(
    values: Sequence[np.ndarray], *, owners: Sequence[np.ndarray], models: int
) -> np.ndarray:
    """Return values (metrics, models, draws): for each model the mean over its seats.

    A seat whose value is undefined in a draw is left out of that draw's mean.
    """
    if len(values) == 1 and np.array_equal(owners[0], np.arange(models)):
        return values[0]
    lines, owner = np.concatenate(values, axis=1), np.concatenate(owners)
    return np.stack([_average_seats(lines[:, owner == model]) for model in range(models)], axis=1)


def _average_seats(lines: np.ndarray) -> np.ndarray:
    if lines.shape[1] == 1:
        return lines[:, 0]
    defined = np.isfinite(lines)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(defined, lines, 0.0).sum(axis=1) / defined.sum(axis=1)


def _measure_block(
    seed: np.random.SeedSequence,
    *,
    evaluations: Sequence[Evaluation],
    average: partial[np.ndarray],
    scheme: Scheme,
    pairs: Sequence[tuple[int, int]] | None,
) -> tuple[np.ndarray, np.ndarray | None]:
    values, errors = [], None
    for counts in iterate_counts(seed, scheme):
        found = average([evaluation.measure_counts(counts) for evaluation in evaluations])
        values.append(found)
        if pairs is not None:
            reduced = zip(*(one.iterate_reduced(counts) for one in evaluations), strict=True)
            errors = spread_copies(
                found, counts, map(average, reduced), pairs=pairs, strata=scheme.strata
            )
    return np.concatenate(values, axis=2), errors


def spread_copies(
    values: np.ndarray,
    counts: np.ndarray,
    reduced: Iterable[np.ndarray],
    *,
    pairs: Sequence[tuple[int, int]],
    strata: Sequence[np.ndarray],
) -> np.ndarray:
    """Return each draw's jackknife standard errors over its drawn copies of clusters.

    Values are (metrics, models, draws), counts of drawn clusters (draws, clusters), and ``reduced``
    has for each cluster the values without one copy of it. Errors are (metrics, models + pairs,
    draws).
    """
    whole = append_pairs(values, pairs)
    total, square = (np.zeros((len(strata), *whole.shape)) for _ in range(2))
    belongs = np.empty(counts.shape[1], dtype=int)
    for place, members in enumerate(strata):
        belongs[members] = place
    for group, less in enumerate(reduced):
        times = counts[:, group]
        with np.errstate(invalid="ignore"):
            away = np.where(times > 0, append_pairs(less, pairs) - whole, 0.0)
        total[belongs[group]] += times * away
        square[belongs[group]] += times * away**2
    sizes = np.array([len(members) for members in strata])[:, None, None, None]
    spread = square - total**2 / sizes
    spread = np.where(spread > _NO_SPREAD * square, spread, np.where(np.isnan(spread), spread, 0))
    weights = [weigh_stratum(len(members), counts.shape[1]) for members in strata]
    return np.sqrt(np.tensordot(weights, spread, axes=1))


def append_pairs(values: np.ndarray, pairs: Sequence[tuple[int, int]]) -> np.ndarray:
    """Return values (metrics, models, draws) followed by differences of pairs of models."""
    first, second = (np.array([pair[side] for pair in pairs], dtype=int) for side in (0, 1))
    # Where a resample loses its last copy of its only cluster, a value can be infinite.
    with np.errstate(invalid="ignore"):
        return np.concatenate([values, values[:, first] - values[:, second]], axis=1)
