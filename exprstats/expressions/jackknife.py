"""Means and correlations of emotions, of all moments and without each cluster in turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from exprstats.inference.metrics import find_metrics
from exprstats.inference.metrics.regression import NO_VARIANCE
from exprstats.inference.resampling.clusters import Panel
from exprstats.inference.resampling.evaluation import Evaluation
from exprstats.inference.resampling.intervals import jackknife_clusters
from exprstats.inference.resampling.scales import limit_ends
from exprstats.parallel import report_progress

FEWEST = 3  # clusters that an interval needs
_SCALES = {"share_top": "logit"} | dict.fromkeys(
    ("spearman", "spearman_within", "stability"), "fisher"
)
_RANGES = {"share_top": (0.0, 1.0), "mean": (-np.inf, np.inf), "mean_rank": (1.0, np.inf)}


class Jackknifed(NamedTuple):
    """Statistics of all moments (names,), and without each cluster (names, G).

    ``known`` (names, G) are the moments of each cluster that a statistic rests on: a person without
    any score of an emotion says nothing of how sure its mean is.
    """

    whole: np.ndarray
    without: np.ndarray
    known: np.ndarray


def jackknife_means(values: np.ndarray, codes: np.ndarray) -> Jackknifed:
    """Return means (columns,) of values (n, columns), and without each cluster (columns, G).

    Missing values count neither above nor below the line.

    Examples
    --------
    >>> whole, without, _ = jackknife_means(np.array([[1.0], [2.0], [6.0]]), np.array([0, 0, 1]))
    >>> whole.tolist(), without.tolist()
    ([3.0], [[6.0, 1.5]])
    """
    known = np.isfinite(values)
    sums = _sum_clusters(np.where(known, values, 0.0), codes)
    counts = _sum_clusters(known.astype(float), codes)
    with np.errstate(divide="ignore", invalid="ignore"):
        whole = sums.sum(axis=1) / counts.sum(axis=1)
        without = (sums.sum(axis=1, keepdims=True) - sums) / (
            counts.sum(axis=1, keepdims=True) - counts
        )
    return Jackknifed(whole, without, counts)


def jackknife_correlations(one: np.ndarray, two: np.ndarray, codes: np.ndarray) -> Jackknifed:
    """Return Pearson correlations (columns,) of two tables, and without each cluster (columns, G).

    Rows that lack one of both count in neither. Undefined is what has fewer than three rows, or
    does not vary.
    """
    known = np.isfinite(one) & np.isfinite(two)
    a, b = (np.where(known, table, np.nan) for table in (one, two))
    with np.errstate(invalid="ignore"):
        count = np.maximum(known.sum(axis=0), 1)
        a, b = (np.where(known, t - np.nansum(t, axis=0) / count, 0.0) for t in (a, b))
    terms = [known.astype(float), a, b, a * a, b * b, a * b]
    sums = np.stack([_sum_clusters(term, codes) for term in terms])
    totals = sums.sum(axis=2, keepdims=True)
    whole = _correlate(totals, totals)[:, 0]
    return Jackknifed(whole, _correlate(totals - sums, totals), sums[0])


def _correlate(sums: np.ndarray, totals: np.ndarray) -> np.ndarray:
    n, a, b, aa, bb, ab = sums
    with np.errstate(divide="ignore", invalid="ignore"):
        spreads = [aa - a**2 / n, bb - b**2 / n]
        least = [NO_VARIANCE * np.maximum(totals[place], 1e-300) for place in (3, 4)]
        varied = (spreads[0] > least[0]) & (spreads[1] > least[1]) & (n >= 3)
        r = (ab - a * b / n) / np.sqrt(spreads[0] * spreads[1])
    return np.where(varied, np.clip(r, -1.0, 1.0), np.nan)


def jackknife_ranks(one: np.ndarray, two: np.ndarray, codes: np.ndarray) -> Jackknifed:
    """Return Spearman's ρ (columns,) of two tables, and without each cluster (columns, G).

    Moments are ranked anew without each cluster.
    """
    groups = int(codes.max()) + 1
    metrics = find_metrics(["spearman"])
    wholes, withouts = [], []
    for place, (first, second) in enumerate(zip(one.T, two.T, strict=True)):
        report_progress("Agreement of modalities", place, one.shape[1])
        evaluation = Evaluation(Panel(first, second[None, :], codes, groups), metrics)
        wholes.append(evaluation.measure_whole()[0, 0])
        if groups >= FEWEST:
            withouts.append(evaluation.measure_without()[0, 0])
    counts = np.tile(np.bincount(codes, minlength=groups), (len(wholes), 1))
    return Jackknifed(np.array(wholes), np.array(withouts), counts)


def _sum_clusters(values: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return sums (columns, clusters) of the rows of each cluster."""
    groups = int(codes.max()) + 1
    return np.stack([np.bincount(codes, column, minlength=groups) for column in values.T])


_NEEDS = f"no interval: it needs {FEWEST} people or recordings, and there {{}}"
_STILL = "not defined: the scores do not vary"
_SHORT = f"not defined: fewer than {FEWEST} pairs of scores"
_TORN = "no interval: not defined without one of the people or recordings"


def write_rows(
    term: str, found: Jackknifed, names: Sequence[str], level: float
) -> Iterator[dict[str, Any]]:
    """Yield rows of a statistic (names,), with jackknife-t intervals over its clusters."""
    for place, name in enumerate(names):
        present = found.known[place] > 0
        groups, value = int(present.sum()), found.whole[place]
        low = high = error = np.nan
        note = _NEEDS.format(f"{'is' if groups == 1 else 'are'} {groups}")
        if groups >= FEWEST:
            without = found.without[place, present]
            low, high, error, note = _find_limits(term, value, without, level)
        yield {
            "emotion": name,
            "term": term,
            "estimate": float(value),
            "std_error": float(error),
            "conf_low": float(low),
            "conf_high": float(high),
            "level": level,
            "method": "jackknife",
            "headline": True,
            "n_clips": (count := int(found.known[place].sum())),
            "n_clusters": groups,
            "note": (_SHORT if 0 < count < FEWEST else _STILL) if np.isnan(value) else note,
        }


def _find_limits(
    term: str, value: float, without: np.ndarray, level: float
) -> tuple[float, float, float, str | None]:
    """Return limits, standard error and note of one value, and values without each cluster (G,)."""
    if np.isfinite(value) and not np.isfinite(without).all():
        return np.nan, np.nan, np.nan, _TORN
    scales, whole = np.array([_SCALES.get(term, "raw")]), np.array([value])
    jackknifed = jackknife_clusters(whole, without[None], level=level, scales=scales)
    ends = limit_ends(
        whole,
        jackknifed.conf_low,
        jackknifed.conf_high,
        errors=jackknifed.std_error,
        ranges=np.array([_RANGES.get(term, (-1.0, 1.0))]),
        holders=np.array([len(without) if term == "share_top" else 0]),
        level=level,
    )
    limits = float(ends.conf_low[0]), float(ends.conf_high[0])
    return *limits, float(jackknifed.std_error[0]), ends.notes[0] or None
