"""Correlations between and within clusters."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from exprstats.errors import OptionError
from exprstats.inference.metrics.metric import Measure, Metric, Naive
from exprstats.inference.metrics.regression import centre_values, correlate_sums
from exprstats.inference.resampling.clusters import Panel, sum_over_clusters

FEWEST_CLIPS = 3

# Two means lie on a line whatever they are, so that without one of three r says nothing.
FEWEST_MEANS = 3

_ALIKE = f"the clusters' means do not vary, or fewer than {FEWEST_MEANS} clusters are there"
_FLAT = "nothing varies within clusters"
_SMALL = f"no cluster has {FEWEST_CLIPS} clips that vary"


def prepare_between(panel: Panel) -> Measure:
    """Return the correlation of cluster means, each cluster counting once."""
    truth, predictions = average_clusters(panel)
    present = np.bincount(panel.codes, minlength=panel.groups) > 0
    return correlate_clusters(truth, predictions, present.astype(float))


def prepare_within(panel: Panel) -> Measure:
    """Return the correlation of values about their cluster's mean, over all rows.

    Sums of products within clusters, added up (Snijders & Bosker, 2012, chapter 3): clusters count
    by their variation, and one without any counts nothing.
    """
    yy, pp, yp = _multiply_within(panel)

    def measure(counts: np.ndarray) -> np.ndarray:
        spread = (yy @ counts.T) * (pp @ counts.T)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(spread > 0, (yp @ counts.T) / np.sqrt(spread), np.nan)

    return measure


def _multiply_within(panel: Panel) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return sums of squares of truth and predictions about cluster means, and of products."""
    truth, predictions = average_clusters(panel)
    y = snap_zeros(panel.truth - truth[panel.codes], panel.truth)
    p = snap_zeros(panel.predictions - predictions[:, panel.codes], panel.predictions)
    yy, pp, yp = (sum_over_clusters(rows, panel) for rows in (y[None] ** 2, p**2, y * p))
    return yy, pp, yp


def find_varying(panel: Panel) -> np.ndarray:
    """Return which clusters have two rows or more that vary (groups,)."""
    yy, pp, _ = _multiply_within(panel)
    return np.vstack([yy, pp]).sum(axis=0).astype(bool)


def prepare_mean(panel: Panel) -> Measure:
    """Return the plain mean of the clusters' own correlations, of those with three clips."""
    own = _correlate_each(panel)
    defined = np.isfinite(own)
    values = np.where(defined, own, 0.0)

    def measure(counts: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore", invalid="ignore"):
            return (values @ counts.T) / (defined.astype(float) @ counts.T)

    return measure


def _correlate_each(panel: Panel) -> np.ndarray:
    """Return each cluster's own correlations (models, groups), NaN below three clips."""
    y, p = centre_values(panel.truth), centre_values(panel.predictions)
    ones = np.ones_like(y)
    sums = [
        sum_over_clusters(np.atleast_2d(rows), panel) for rows in (ones, y, p, y**2, p**2, y * p)
    ]
    n, sy, sp, yy, pp, yp = sums
    with np.errstate(divide="ignore", invalid="ignore"):
        return correlate_sums(n=n, y=sy, p=sp, yy=yy, pp=pp, yp=yp)


def find_correlated(panel: Panel) -> np.ndarray:
    """Return which clusters have a correlation of their own (groups,)."""
    return np.isfinite(_correlate_each(panel)).sum(axis=0).astype(bool)


def average_clusters(panel: Panel) -> tuple[np.ndarray, np.ndarray]:
    """Return cluster means of truth (groups,) and predictions (models, groups).

    A cluster without rows has mean 0 and, counting no rows, is left out of what uses it.
    """
    times = np.maximum(np.bincount(panel.codes, minlength=panel.groups), 1)
    both = (panel.truth[None], panel.predictions)
    truth, predictions = (sum_over_clusters(rows, panel) / times for rows in both)
    return truth[0], predictions


def correlate_clusters(truth: np.ndarray, predictions: np.ndarray, present: np.ndarray) -> Measure:
    """Return the correlation of values that each present cluster has once; NaN of fewer than 3."""
    y, p = centre_values(truth), centre_values(predictions)

    def measure(counts: np.ndarray) -> np.ndarray:
        weights = (counts * present).T
        n, sy, sp = weights.sum(axis=0), y @ weights, p @ weights
        syy, spp, syp = y**2 @ weights, p**2 @ weights, (y * p) @ weights
        with np.errstate(divide="ignore", invalid="ignore"):
            found = correlate_sums(n=n, y=sy, p=sp, yy=syy, pp=spp, yp=syp)
        return np.where((weights > 0).sum(axis=0) >= FEWEST_MEANS, found, np.nan)

    return measure


def snap_zeros(centred: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return centred values with those that are rounding only set to exactly zero."""
    size = np.abs(values).max(axis=-1, keepdims=True)
    return np.where(np.abs(centred) <= 1e-13 * size, 0.0, centred)


def _refuse_rows(name: str) -> Naive:
    def refuse(truth: np.ndarray, prediction: np.ndarray) -> float:
        message = f"{name} needs clusters; use it in compare_models or bootstrap_clusters."
        raise OptionError(message)

    return refuse


def _form_metric(
    name: str,
    prepare: Callable[[Panel], Measure],
    label: str,
    lack: str,
    rests_on: Callable[[Panel], np.ndarray] | None = None,
) -> Metric:
    return Metric(
        name,
        _refuse_rows(name),
        range=(-1, 1),
        prepare=prepare,
        scale="fisher",
        across=name != "correlation_between",
        clustered=True,
        label=label,
        lack=lack,
        rests_on=rests_on,
    )


SUBJECT_METRICS = (
    _form_metric("correlation_between", prepare_between, "r between clusters", _ALIKE),
    _form_metric("correlation_within", prepare_within, "r within clusters", _FLAT, find_varying),
    _form_metric("correlation_mean", prepare_mean, "mean r per cluster", _SMALL, find_correlated),
)
