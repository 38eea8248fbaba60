"""Cluster bootstrap of intraclass correlations from sums per subject."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from exprstats.inference.resampling.clusters import count_clusters, draw_clusters
from exprstats.inference.resampling.intervals import find_percentile, sort_draws
from exprstats.inference.resampling.summaries import MOST_UNDEFINED
from exprstats.reliability.icc.analysis import Analysis, Family, Interval
from exprstats.reliability.icc.estimands import ONE_WAY, SUBJECT_NESTED, measure_estimand
from exprstats.reliability.icc.nested import (
    Level,
    add_groups,
    find_nested_components,
    find_subject_divisors,
    sum_level,
)
from exprstats.reliability.icc.oneway import (
    add_moments,
    divide_sums,
    find_additive,
    find_reliability_of,
    sum_clips,
)
from exprstats.reliability.icc.panels import Panel
from exprstats.reliability.icc.twoway import find_components

Measure = Callable[[np.ndarray], np.ndarray]


def add_bootstrap(
    analysis: Analysis, seeds: Sequence[np.random.SeedSequence], draws: int, level: float
) -> Analysis:
    """Return an analysis whose families have a percentile interval over subjects as well.

    Where subjects are not known, clips are drawn. Raters are not resampled: where they are shared
    the jackknife, which leaves them out too, is wider, and is the one to report. Each block of 250
    draws has a seed.
    """
    panel = analysis.panel
    groups = panel.n_subjects or panel.n_clips
    measure = prepare_measure(analysis)
    values = sample_values(measure, groups, seeds)[:, :draws]
    ordered, finite = sort_draws(values)
    interval = find_percentile(ordered, finite, level)
    over = "clips" if panel.subject is None else "subjects"
    families, alike = [], analysis.squares.within == 0
    for place, family in enumerate(analysis.families):
        lost = draws - int(finite[place])
        note = f"{draws:,} draws of {groups:,} {over}"
        note += f"; {lost:,} draws undefined" if lost else ""
        low, high = float(interval.conf_low[place]), float(interval.conf_high[place])
        if lost > MOST_UNDEFINED * draws:
            low, high, note = np.nan, np.nan, f"interval refused: {note}"
        elif alike or np.ptp(values[place][np.isfinite(values[place])]) <= 1e-9:
            low, high, note = np.nan, np.nan, f"interval refused: all draws agree alike; {note}"
        way = Interval("bootstrap", low, high, float(interval.std_error[place]), note, draws - lost)
        families.append(replace(family, intervals=(*family.intervals, way)))
    return replace(analysis, families=tuple(families))


def sample_values(
    measure: Measure, groups: int, seeds: Sequence[np.random.SeedSequence]
) -> np.ndarray:
    """Return each family's value in every draw (families, 250 × seeds)."""
    strata = [np.arange(groups)]
    return np.concatenate(
        [measure(count_clusters(draw_clusters(seed, strata), groups)) for seed in seeds], axis=1
    )


def prepare_measure(analysis: Analysis) -> Measure:
    """Return what gives the families' values (families, draws) from counts (draws, clusters)."""
    panel, families = analysis.panel, analysis.families
    if panel.contexts is not None:
        alike = [family for family in families if family.suffix]
        within = _prepare_alike(panel, [family for family in families if not family.suffix])
        over_all = _prepare_alike(replace(panel, contexts=None), alike)
        return lambda counts: np.concatenate([within(counts), over_all(counts)])
    return _prepare_alike(panel, families)


def _prepare_alike(panel: Panel, families: Sequence[Family]) -> Measure:
    base = families[0].base
    if families[0].estimand is ONE_WAY:
        groups = panel.n_subjects or panel.n_clips
        parts = [_sum_part(rows, part, panel, groups) for rows, part in panel.parts]

        def measure_one_way(counts: np.ndarray) -> np.ndarray:
            sums = sum((find_additive(counts @ part) for part in parts), np.zeros(1))
            return find_reliability_of(divide_sums(sums), base)[None, :]

        return measure_one_way
    counts = np.bincount(panel.clip)
    divisors = find_subject_divisors(panel, counts) | {"k": base}
    nested = any(family.estimand is SUBJECT_NESTED for family in families)
    total = sum(part.n_clips - 1 for _, part in panel.parts)
    decompose = [
        (
            (part.n_clips - 1) / total,
            _prepare_components(part, np.unique(panel.cluster[rows]), nested=nested),
        )
        for rows, part in panel.parts
    ]

    def measure_pairs(counts: np.ndarray) -> np.ndarray:
        found = [(weight, find(counts)) for weight, find in decompose]
        components = {
            name: sum(weight * part[name] for weight, part in found) for name in found[0][1]
        }
        return np.stack(
            [measure_estimand(family.estimand, components, divisors) for family in families]
        )

    return measure_pairs


def _sum_part(rows: np.ndarray, part: Panel, panel: Panel, groups: int) -> np.ndarray:
    """Return the moments (groups, 6) that each cluster of all contexts has in one of them."""
    moments = np.zeros((groups, 6))
    found = add_moments(sum_clips(part.rating, part.clip), part.owners)
    moments[np.unique(panel.cluster[rows])] = found
    return moments


def _prepare_components(
    panel: Panel, columns: np.ndarray, *, nested: bool
) -> Callable[[np.ndarray], dict[str, np.ndarray]]:
    """Return what gives components from counts; copies of a cluster count as other clusters."""
    y = panel.rating - panel.rating.mean()
    subject, n_raters = panel.cluster, panel.n_raters
    groups = panel.n_subjects or panel.n_clips
    by_subject = sum_level(y, subject, groups)
    cell = _fold(sum_level(y, subject * n_raters + panel.rater, groups * n_raters), groups)
    clip = add_groups(sum_level(y, panel.clip).pair(), panel.owners)

    def decompose(counts: np.ndarray) -> dict[str, np.ndarray]:
        counts = counts[:, columns]
        whole = _weigh(counts, by_subject)
        rater = _weigh(counts, cell).pair().sum(axis=-1)
        pairs = {"every": whole.pair(), "clip": clip @ counts.T, "rater": rater}
        if not nested:
            return find_components(pairs)
        within = {"cell": cell.pair().sum(axis=-1), "subject": by_subject.pair()}
        return find_nested_components(pairs | {name: x @ counts.T for name, x in within.items()})

    return decompose


def _weigh(counts: np.ndarray, level: Level) -> Level:
    return Level(counts @ level.counts, counts @ level.totals, counts @ level.squares)


def _fold(level: Level, groups: int) -> Level:
    return Level(
        level.counts.reshape(groups, -1),
        level.totals.reshape(groups, -1),
        level.squares.reshape(groups, -1),
    )
