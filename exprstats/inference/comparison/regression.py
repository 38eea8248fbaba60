"""Cluster-robust regression as a second method for differences of mean errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from exprstats.inference.metrics.metric import Metric
from exprstats.inference.metrics.regression import root_mean, take_mean
from exprstats.inference.resampling.clusters import Cell, Panel
from exprstats.inference.resampling.summaries import FEW_CLUSTERS
from exprstats.inference.resampling.terms import write_keys

OLS = "ols_cluster"
_FEW = "cluster-robust standard errors are too small where clusters are few"
_LINEAR = "delta method: squared errors linearised at their mean"


def list_regressions(
    cell: Cell,
    metric: Metric,
    pairs: Sequence[tuple[int, int]],
    *,
    span: float = 1.0,
    level: float,
) -> list[dict[str, Any]]:
    """Return tidy rows of differences by ordinary least squares with clustered errors.

    The losses of two models on the same rows are subtracted, and their mean is the intercept of a
    regression whose standard error allows for clusters (CR1 of Liang & Zeger, 1986; t with G − 1
    degrees of freedom), from statsmodels. Only means of rows have such a regression; root mean
    squares are linearised. With equal clusters CR1 is the jackknife: with shares h of the rows a
    cluster's weight in the jackknife's variance is ((1 − 1/G)/(1 − h))² times its weight in CR1.

    Parameters
    ----------
    cell
        Predictions of a context. Models that stand in several seats or folds, and clusters drawn
        within strata, have no regression.
    metric, pairs
        What was compared; pairs of models.
    span
        Divisor of spanned metrics.
    level
        Confidence level.

    References
    ----------
    Liang, K.-Y., & Zeger, S. L. (1986). Longitudinal data analysis using generalized linear models.
    *Biometrika, 73*, 13–22.
    """
    rooted = metric.formula is root_mean
    if (
        not (rooted or metric.formula is take_mean)
        or metric.sums is None
        or cell.strata is not None
    ):
        return []
    rows, values = [], []
    for first, second in pairs:
        panel = _find_panel(cell, first, second)
        if panel is None:
            continue
        lines = _list_losses(metric, panel[0], rooted=rooted)
        loss = lines[panel[1]] - lines[panel[2]]
        loss = loss / span if metric.spanned else loss
        if not np.isfinite(loss).all() or np.ptp(loss) <= 1e-12 * max(np.abs(lines).max(), 1e-300):
            continue
        groups = len(np.unique(panel[0].codes))
        notes = [_LINEAR] * rooted + [_FEW] * (groups < FEW_CLUSTERS)
        found = _regress(loss, panel[0].codes, level)
        keys = write_keys(cell.context, metric.name, cell.models[first], cell.models[second])
        values.append(found["p_value"])
        rows.append(
            keys
            | found
            | {
                "level": level,
                "method": OLS,
                "headline": False,
                "n_clips": cell.n_clips,
                "n_clusters": groups,
                "note": "; ".join(notes) or None,
            }
        )
    if rows:
        from statsmodels.stats.multitest import multipletests

        adjusted = np.asarray(multipletests(values, method="holm")[1], dtype=float)
        for row, p_adjusted in zip(rows, adjusted.tolist(), strict=True):
            row["p_adjusted"] = p_adjusted
    return rows


def _find_panel(cell: Cell, first: int, second: int) -> tuple[Panel, int, int] | None:
    """Return the one panel that holds both models, with their lines in it."""
    homes = [
        (panel, np.flatnonzero(owners == first), np.flatnonzero(owners == second))
        for panel, owners in zip(cell.panels, cell.owners, strict=True)
        if np.isin(owners, [first, second]).any()
    ]
    if len(homes) != 1 or len(homes[0][1]) != 1 or len(homes[0][2]) != 1:
        return None
    panel, one, other = homes[0]
    return panel, int(one[0]), int(other[0])


def _list_losses(metric: Metric, panel: Panel, *, rooted: bool) -> np.ndarray:
    """Return one value a row (models, n) whose mean is the metric."""
    sums = metric.sums or {}
    losses = np.atleast_2d(sums["total"](panel.truth, panel.predictions)).astype(float)
    if not rooted:
        return losses
    root = np.sqrt(losses.mean(axis=1, keepdims=True))
    with np.errstate(divide="ignore", invalid="ignore"):
        return root + (losses - root**2) / (2 * root)


def _regress(loss: np.ndarray, codes: np.ndarray, level: float) -> dict[str, float]:
    from statsmodels.regression.linear_model import OLS as Regression

    fit = Regression(loss, np.ones((len(loss), 1))).fit(
        cov_type="cluster", cov_kwds={"groups": codes}, use_t=True
    )
    low, high = fit.conf_int(alpha=1 - level)[0]
    return {
        "estimate": float(fit.params[0]),
        "std_error": float(fit.bse[0]),
        "conf_low": float(low),
        "conf_high": float(high),
        "p_value": float(fit.pvalues[0]),
    }
