"""Second methods beside the jackknife: cluster-robust regression, repeated measures correlation."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from operator import itemgetter
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from exprstats.inference.metrics.metric import Metric
from exprstats.inference.metrics.regression import root_mean, take_mean
from exprstats.inference.resampling.clusters import Cell, Panel
from exprstats.inference.resampling.pvalues import adjust_holm
from exprstats.inference.resampling.summaries import FEW_CLUSTERS
from exprstats.inference.resampling.terms import write_keys

OLS = "ols_cluster"
REPEATED = "rm_corr"
_FEW = "cluster-robust standard errors are too small where clusters are few"
_MOST_CLUSTERS = 300  # of whom pingouin's regression has an intercept each
_ALIKE = "takes the rows of a cluster, about its mean, as independent"
_NOWHERE = (None, -1)
_LINEAR = "delta method: squared errors linearized at their mean"


def list_regressions(
    cell: Cell, metric: Metric, pairs: Sequence[tuple[int, int]], *, span: float = 1.0, level: float
) -> list[dict[str, Any]]:
    """Return tidy rows of differences by ordinary least squares with clustered errors.

    The losses of two models on the same rows are subtracted, and their mean is the intercept of a
    regression whose standard error allows for clusters (CR1 of Liang & Zeger, 1986; t with G − 1
    degrees of freedom); the sums over clusters are statsmodels'. Only means of rows have such a
    regression; root mean squares are linearised. With equal clusters CR1 is the jackknife: with
    shares h of the rows a cluster's weight in the jackknife's variance is ((1 − 1/G)/(1 − h))²
    times its weight in CR1. Models that stand in several seats or folds, and clusters drawn within
    strata, have no regression. ``span`` divides spanned metrics.

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
    known: dict[int, tuple[np.ndarray, float, int]] = {}
    homes = _find_homes(cell)
    for first, second in pairs:
        (panel, one), (other, two) = homes.get(first, _NOWHERE), homes.get(second, _NOWHERE)
        if panel is None or panel is not other:
            continue
        if id(panel) not in known:
            lines = _list_losses(metric, panel, rooted=rooted)
            groups = int(np.count_nonzero(np.bincount(panel.codes)))
            known[id(panel)] = lines, 1e-12 * max(np.abs(lines).max(), 1e-300), groups
        lines, least, groups = known[id(panel)]
        loss = lines[one] - lines[two]
        loss = loss / span if metric.spanned else loss
        if not np.isfinite(loss).all() or np.ptp(loss) <= least:
            continue
        notes = [_LINEAR] * rooted + [_FEW] * (groups < FEW_CLUSTERS)
        found = _regress(loss, panel.codes, groups, level)
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
        adjusted = adjust_holm(np.array(values))
        for row, p_adjusted in zip(rows, adjusted.tolist(), strict=True):
            row["p_adjusted"] = p_adjusted
    return rows


def list_repeated(cell: Cell, metric: Metric, *, level: float) -> list[dict[str, Any]]:
    """Return tidy rows of correlations within clusters by pingouin's repeated measures correlation.

    The same coefficient from an analysis of covariance with an intercept for each cluster (Bland &
    Altman, 1995; Bakdash & Marusich, 2017), with its parametric interval. Models in several seats
    or folds have no such row.

    References
    ----------
    Bakdash, J. Z., & Marusich, L. R. (2017). Repeated measures correlation. *Frontiers in
    Psychology, 8*, 456.
    """
    if metric.name != "correlation_within" or cell.folded or len(cell.clusters) > _MOST_CLUSTERS:
        return []
    from pingouin import compute_esci, rm_corr

    rows = []
    for model, (panel, line) in _find_homes(cell).items():
        frame = pd.DataFrame({"y": panel.truth, "x": panel.predictions[line]})
        frame["who"] = [f"c{code}" for code in panel.codes]
        if _is_flat(frame):
            continue
        with warnings.catch_warnings():
            # What pandas will drop one day is the affair of pingouin.
            warnings.simplefilter("ignore", DeprecationWarning)
            found = rm_corr(data=frame, x="x", y="y", subject="who").iloc[0]
        r, size = float(found["r"]), int(found["dof"]) + 2
        limits = compute_esci(stat=r, nx=size, confidence=level, decimals=15, eftype="r")
        keys = write_keys(cell.context, metric.name, cell.models[model], None)
        value = {"estimate": r, "conf_low": float(limits[0]), "conf_high": float(limits[1])}
        counts = {"n_clips": cell.n_clips, "n_clusters": frame["who"].nunique()}
        how = {"level": level, "method": REPEATED, "headline": False, "note": _ALIKE}
        rows.append({**keys, **value, **how, **counts})
    return rows


def _is_flat(frame: pd.DataFrame) -> bool:
    """Return whether a column does not vary within clusters, or there are too few rows."""
    own = frame.groupby("who")[["y", "x"]]
    within = np.asarray(frame[["y", "x"]] - own.transform("mean"), dtype=float)
    size = np.abs(frame[["y", "x"]].to_numpy(float)).max()
    few = len(frame) - frame["who"].nunique() < 3 or frame["who"].nunique() < 3
    return few or bool((np.abs(within).max(axis=0) <= 1e-12 * size).any())


def _find_homes(cell: Cell) -> dict[int, tuple[Panel, int]]:
    """Return the panel and the line of each model that stands in no more than one seat."""
    lines = [
        (owner, (panel, line))
        for panel, owners in zip(cell.panels, cell.owners, strict=True)
        for line, owner in enumerate(owners.tolist())
    ]
    seats = Counter(owner for owner, _ in lines)
    return {owner: home for owner, home in sorted(lines, key=itemgetter(0)) if seats[owner] == 1}


def _list_losses(metric: Metric, panel: Panel, *, rooted: bool) -> np.ndarray:
    """Return one value a row (models, n) whose mean is the metric."""
    sums = metric.sums or {}
    losses = np.atleast_2d(sums["total"](panel.truth, panel.predictions)).astype(float)
    if not rooted:
        return losses
    root = np.sqrt(losses.mean(axis=1, keepdims=True))
    with np.errstate(divide="ignore", invalid="ignore"):
        return root + (losses - root**2) / (2 * root)


def _regress(loss: np.ndarray, codes: np.ndarray, groups: int, level: float) -> dict[str, float]:
    from statsmodels.stats.sandwich_covariance import S_crosssection

    # An intercept alone needs no solver: `OLS(...).fit(cov_type="cluster")` gives the same numbers
    # and takes twenty times as long.
    value = float(loss.mean())
    meat = S_crosssection((loss - value)[:, None], codes).item()
    error = float(np.sqrt(groups / (groups - 1) * meat)) / len(loss)
    reach = float(stdtrit(groups - 1, (1 + level) / 2)) * error
    return {
        "estimate": value,
        "std_error": error,
        "conf_low": value - reach,
        "conf_high": value + reach,
        "p_value": float(2 * stdtr(groups - 1, -abs(value / error))) if error > 0 else np.nan,
    }
