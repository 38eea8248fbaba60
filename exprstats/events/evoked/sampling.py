"""Resampled scores of evoked expressions, one by one and their mean, by whole videos."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from exprstats.apa import count_things
from exprstats.errors import DataError, Option, OptionError, Problem
from exprstats.events.evoked.tables import MatchedMoments, sum_videos
from exprstats.inference.comparison.contexts import join_contexts
from exprstats.inference.metrics.metric import Measure, Metric
from exprstats.inference.resampling.clusters import Cell, Panel, Scheme, iterate_counts
from exprstats.inference.resampling.samples import Sample, sample_cell
from exprstats.inference.resampling.summaries import summarise_terms, tell_active
from exprstats.inference.resampling.terms import form_terms

CHANCE, FEWEST = "chance", 3
_BLOCK = 1 << 15  # rows that stay in the cache of a processor
LARGE = 300_000_000  # moments times videos: beyond, leaving out videos is linearised
_LINEAR = "videos are left out to the first order"


def _average_errors(panel: Panel) -> Measure:
    """Return the plain mean of the videos' own mean squared errors, under counts of videos."""
    errors = (panel.predictions - panel.truth) ** 2
    times = np.bincount(panel.codes, minlength=panel.groups)
    own = sum_videos(errors.T, panel.codes, panel.groups) / np.maximum(times, 1)
    present = (times > 0).astype(float)

    def measure(counts: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore", invalid="ignore"):
            return (own @ counts.T) / (present @ counts.T)

    return measure


def _measure_nothing(truth: np.ndarray, prediction: np.ndarray) -> float:
    message = "mse_mean needs videos; use it in rate_evoked."
    raise OptionError(message)


MSE_MEAN = Metric(
    "mse_mean",
    _measure_nothing,
    direction="lower",
    range=(0, np.inf),
    prepare=_average_errors,
    scale="log",
    clustered=True,
    label="mean MSE per video",
)


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """What is resampled, and how."""

    rows: MatchedMoments
    models: tuple[str, ...]
    names: list[str]
    measures: list[Metric]
    seeds: list[np.random.SeedSequence]
    draws: int
    n_jobs: int

    def sample(self, held: np.ndarray) -> tuple[list[list[Sample]], np.ndarray]:
        """Return samples by expression and metric of some moments (n,), and their videos (e, G)."""
        found, present = [], []
        groups = len(self.rows.videos)
        for place, name in enumerate(self.names):
            used = np.flatnonzero(held & np.isfinite(self.rows.truth[:, place]))
            codes = self.rows.codes[used]
            here = np.bincount(codes, minlength=groups) > 0
            if here.sum() < FEWEST:
                fact = (
                    f"'{name}' is known in {count_things(here.sum(), 'video')}; three are needed."
                )
                remedy = ("Add videos, or leave it out with ", Option("expressions"), ".")
                raise DataError(Problem(fact, remedy))
            panel = Panel(
                self.rows.truth[used, place],
                np.ascontiguousarray(self.rows.predictions[:, used, place]),
                codes,
                groups,
            )
            found.append(self._sample_panel(panel, name))
            present.append(here)
        return found, np.array(present)

    def _sample_panel(self, panel: Panel, name: str) -> list[Sample]:
        lines = np.arange(len(self.models))
        scheme = Scheme((np.arange(panel.groups),))
        videos = tuple(self.rows.videos)
        count = len(panel.truth)
        cell = Cell(name, self.models, (panel,), (lines,), videos, count, scheme)
        exact = [one for one in self.measures if one.sums or count * panel.groups < LARGE]
        options: dict[str, Any] = {"draws": self.draws, "n_jobs": self.n_jobs}
        found = {
            one.metric.name: one
            for one in (sample_cell(cell, exact, self.seeds, **options) if exact else [])
        }
        for metric in self.measures:
            if metric.name in found:
                continue
            if metric.name != "average_precision":
                message = f"{metric.name} of {count:,} moments takes too long; leave it out."
                raise OptionError(message)
            found[metric.name] = self._linearise(panel, cell, metric)
        return [found[one.name] for one in self.measures]

    def _linearise(self, panel: Panel, cell: Cell, metric: Metric) -> Sample:
        """Return average precision whose resamples are those of its derivative by videos."""
        traces = [
            trace_precision(panel.truth, line, panel.codes, panel.groups)
            for line in panel.predictions
        ]
        whole = np.array([one.estimate for one in traces])
        slopes = np.array([one.influence for one in traces])
        drawn = [
            whole[:, None] + slopes @ (counts - 1.0).T
            for seed in self.seeds
            for counts in iterate_counts(seed, cell.scheme)
        ]
        return Sample(
            context=cell.context,
            metric=metric,
            models=self.models,
            estimates=whole,
            draws=np.concatenate(drawn, axis=1)[:, : self.draws],
            left_out=whole[:, None] - slopes,
            n_clips=cell.n_clips,
            n_clusters=panel.groups,
        )


def write_scores(
    samples: Sequence[Sequence[Sample]],
    present: np.ndarray,
    pairs: Sequence[tuple[int, int]],
    *,
    level: float,
    group: str | None,
) -> list[dict[str, Any]]:
    """Return rows of each expression and of their mean, models and the given pairs of them."""
    rows = []
    for place in range(len(samples[0])):
        own = [one[place] for one in samples]
        for sample, here in zip(own, present, strict=True):
            key = {"group": group, "expression": sample.context}
            rows += _write_sample(sample, here, pairs, level, key)
        key = {"group": group, "expression": None}
        some = np.asarray(present.any(axis=0))
        used = find_defined([own])
        mean = _write_sample(_average([own[one] for one in used]), some, pairs, level, key)
        rows += [_tell_defined(row, len(used), len(own)) for row in mean]
    return rows


def find_defined(samples: Sequence[Sequence[Sample]]) -> list[int]:
    """Return places of the expressions that are defined in all groups; all places if none is.

    Average precision is not, where no moment of a group has the label: a mean over fewer
    expressions in one group than in another would compare expressions and not groups.
    """
    places = range(len(samples[0]))
    whole = [
        one for one in places if all(np.isfinite(group[one].estimates).all() for group in samples)
    ]
    return whole or list(places)


def _tell_defined(row: dict[str, Any], used: int, count: int) -> dict[str, Any]:
    """Return a row of a mean with the note of how many expressions it is of, if not of all."""
    if used == count:
        return row
    note = f"mean of the {used} of {count} expressions in which it is defined"
    return row | {"note": "; ".join(filter(None, (row.get("note"), note)))}


def _average(samples: Sequence[Sample]) -> Sample:
    """Return the plain mean over expressions."""
    used = list(samples)
    drawn = np.stack([one.draws for one in used])
    active = [one.active for one in used if one.active is not None]
    defined = np.isfinite(drawn)
    with np.errstate(divide="ignore", invalid="ignore"):
        draws = np.where(defined, drawn, 0.0).sum(axis=0) / defined.sum(axis=0)
    return replace(
        samples[0],
        context=None,
        estimates=np.mean([one.estimates for one in used], axis=0),
        draws=draws,
        left_out=np.mean([one.left_out for one in used], axis=0),
        n_clips=max(one.n_clips for one in samples),
        foretold=None,
        holders=0,
        flat=frozenset(),
        still=frozenset(),
        active=np.logical_or.reduce(active) if len(active) == len(used) else None,
    )


def _find_rests(sample: Sample, here: np.ndarray) -> np.ndarray:
    """Return the videos (G,) of those present that a value can rest on."""
    return here if sample.active is None else here & sample.active


def _write_sample(
    sample: Sample,
    here: np.ndarray,
    pairs: Sequence[tuple[int, int]],
    level: float,
    keys: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """Return the rows of scores and differences, whose jackknife rests on the videos present."""
    rests = _find_rests(sample, here)
    count = int(rests.sum())
    terms = form_terms(replace(sample, active=rests), pairs)
    linear = _LINEAR if sample.n_clips * len(here) >= LARGE and sample.metric.prepare else None
    rows = []
    for line, summary in summarise_terms(terms, n_clusters=count, interval="auto", level=level):
        model, versus = terms.names[line]
        notes = [str(one) for one in (summary["note"], linear) if one]
        named = {"model": model, "versus": versus, "term": sample.metric.name}
        told = {"note": "; ".join(notes) or None, "n_clips": sample.n_clips}
        row = {**keys, **named, **summary, **told}
        rows.append(row if count == here.sum() else tell_active(row, rests[here], "videos"))
    return rows


def write_differences(
    samples: Mapping[str | None, Sequence[Sequence[Sample]]],
    present: Mapping[str | None, np.ndarray],
    models: Sequence[str],
    names: Sequence[str],
    level: float,
) -> list[dict[str, Any]]:
    """Return each model's differences between groups, with Welch's degrees of freedom."""
    groups = [one for one in samples if one is not None]
    own = [one for one in models if one != CHANCE]
    if len(groups) < 2:
        return []
    rows: list[dict[str, Any]] = []
    for metric in range(len(samples[groups[0]][0])):
        own_samples = [[one[metric] for one in samples[group]] for group in groups]
        used = find_defined(own_samples)
        for place in (*range(len(names)), None):
            lines = [
                _average([one[at] for at in used]) if place is None else one[place]
                for one in own_samples
            ]
            here = np.array(
                [
                    present[group].any(axis=0) if place is None else present[group][place]
                    for group in groups
                ]
            )
            labelled = [
                replace(one, context=group) for one, group in zip(lines, groups, strict=True)
            ]
            rests = [_find_rests(*one) for one in zip(labelled, here, strict=True)]
            labelled, here = [replace(one, active=None) for one in labelled], np.array(rests)
            keys, terms = join_contexts(labelled, here, own)
            least = [int(min(here[one].sum(), here[other].sum())) for _, one, other in keys]
            found = summarise_terms(terms, n_clusters=least, interval="auto", level=level)
            for line, summary in found:
                model, one, other = keys[line]
                named = {"group": groups[one], "versus_group": groups[other], "model": model}
                named |= {"expression": None if place is None else names[place], "versus": None}
                row = {**named, "term": lines[0].metric.name, **summary}
                rows.append(row if place is not None else _tell_defined(row, len(used), len(names)))
    return rows


class Trace(NamedTuple):
    """Average precision, and its derivatives by the weights of videos.

    Attributes
    ----------
    estimate
        Average precision.
    influence
        (G,) dAP/dw_g at w = 1: what leaving out video g takes away, to the first order. They sum to
        0, as AP does not change when all weights do.
    """

    estimate: float
    influence: np.ndarray


def trace_precision(truth: np.ndarray, score: np.ndarray, codes: np.ndarray, groups: int) -> Trace:
    """Return average precision and the influence of each video; NaN without a 1.

    ``truth`` (n,) is of 0 and 1, ``score`` of any numbers; ``codes`` is the video of each row, of
    ``groups``.

    Notes
    -----
    AP = Σ_k h_k·S_k/N_k / Σ_k h_k over the distinct scores s_k of moments with the label: h_k of
    them are at s_k and S_k at s_k or above, among N_k moments there. Ties are grouped, and nothing
    is interpolated, which would reward them (Buckley & Voorhees, 2000).

    With weights w_i, a row i that reaches the steps k ≥ r(i) has dAP/dw_i = (y_i (S_r/N_r + A_r -
    AP) - B_r)/P, A_r = Σ h_k/N_k and B_r = Σ h_k S_k/N_k² over those steps, P = Σ h_k. Both sums
    run from the lowest score up, block by block, so that what a step needs is at hand.

    Examples
    --------
    >>> truth, score = np.array([1, 0, 1, 0]), np.array([0.9, 0.8, 0.8, 0.1])
    >>> trace_precision(truth, score, np.array([0, 0, 1, 1]), 2).estimate
    0.8333333333333333
    """
    shown = truth == 1
    positives = above = int(np.count_nonzero(shown))
    if not positives:
        return Trace(float("nan"), np.full(groups, np.nan))
    ordered, packed = _sort_rows(shown, score, codes, groups)
    mask = (1 << groups.bit_length()) - 1
    # Blocks end where a score does, so that no step is in two of them.
    edges = np.searchsorted(ordered, ordered[:: max(_BLOCK, 4 * groups)])
    influence, total, gain, loss = np.zeros(groups), 0.0, 0.0, 0.0
    for start, end in pairwise([*np.unique(edges).tolist(), len(ordered)]):
        values, homes = ordered[start:end], packed[start:end] >> 1 & mask
        hit = np.flatnonzero(packed[start:end] & 1)
        positive = values[hit]
        firsts = np.flatnonzero(np.r_[True, positive[1:] != positive[:-1]][: len(hit)])
        counts, starts = np.diff(firsts, append=len(hit)), np.searchsorted(values, positive[firsts])
        seen = len(ordered) - start - starts
        rate, share = (above - firsts) / seen, counts / seen
        gains, losses = gain + np.cumsum(share), np.r_[loss, loss + np.cumsum(share * rate)]
        own = np.repeat(rate + gains, counts)
        lost = np.repeat(losses, np.diff(starts, prepend=0, append=end - start))
        influence += np.bincount(homes[hit], weights=own, minlength=groups)
        influence -= np.bincount(homes, weights=lost, minlength=groups)
        total, above = total + float(counts @ rate), above - len(hit)
        gain, loss = gain + share.sum(), losses[-1]
    estimate = total / positives
    influence -= estimate * np.bincount(codes[shown], minlength=groups)
    return Trace(estimate, influence / positives)


def _sort_rows(
    shown: np.ndarray, score: np.ndarray, codes: np.ndarray, groups: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return sorted scores, and in their order whole numbers of 2·code + truth in the last bits.

    Sorting numbers is many times faster than sorting places and gathering by them. A number is
    the score's bits, in the order of scores, whose last ones give way to code and truth. Scores
    that differ in those bits alone are then in any order, and their rows are put in place after.
    """
    bits = groups.bit_length() + 1
    low, size = (1 << bits) - 1, len(score)
    blocks = [slice(start, start + _BLOCK) for start in range(0, size, _BLOCK)]
    ordered, packed = np.sort(score), np.empty(size, dtype=np.int64)
    for part in blocks:
        packed[part] = _number_scores(score[part]) & ~low | codes[part] << 1 | shown[part]
    packed.sort()
    mixed = []
    for part in blocks:
        near = slice(part.start, part.stop + 1)
        keys, values = packed[near] >> bits, ordered[near]
        mixed.append(keys[1:][(keys[1:] == keys[:-1]) & (values[1:] != values[:-1])])
    unsure = np.concatenate(mixed)
    if len(unsure):
        # Most rows are ruled out by the last bits of their numbers, one look each.
        table = np.zeros(1 << 16, dtype=bool)
        table[unsure & 0xFFFF] = True

        def find(read: Callable[[slice], np.ndarray]) -> np.ndarray:
            places = []
            for part in blocks:
                keys = read(part) >> bits
                some = np.flatnonzero(table[keys & 0xFFFF])
                places.append(part.start + some[np.isin(keys[some], unsure)])
            return np.concatenate(places)

        rows = find(lambda part: _number_scores(score[part]))
        rows = rows[np.argsort(score[rows])]
        places = find(lambda part: packed[part])
        packed[places] = packed[places] & ~low | codes[rows] << 1 | shown[rows]
    return ordered, packed


def _number_scores(score: np.ndarray) -> np.ndarray:
    """Return whole numbers in the order of scores (n,): their bits, those of negatives flipped."""
    numbers = np.add(score, 0.0, dtype=float).view(np.int64)  # one zero of 0.0 and -0.0
    return numbers ^ (numbers >> 63 & np.iinfo(np.int64).max)
