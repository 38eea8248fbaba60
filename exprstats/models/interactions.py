"""Slopes of each context by ordinary least squares, with one covariance over shared subjects."""

from __future__ import annotations

import numpy as np

from exprstats.models.designs import Design
from exprstats.models.joint import list_contexts, scale_pooled
from exprstats.models.penalties import scale_columns


def regress_contexts(design: Design) -> tuple[np.ndarray, np.ndarray, int]:
    """Fit the model in which context interacts with every feature, to the training clips.

    Returns
    -------
    slopes : (contexts, p) array
        Change of a context's target for one pooled SD of the feature; NaN for a feature that does
        not vary in a context, and for a context with fewer clips than terms or collinear features.
    covariance : (contexts * p, contexts * p) array
        Cluster-robust over subjects, with the factor G/(G - 1) · (N - 1)/(N - K) of Liang and
        Zeger's (1986) sandwich in its usual small-sample form.
    subjects : int
        Number of subjects G; t has G - 1 degrees of freedom.
    """
    centre, spread = scale_pooled(design)
    names = design.clips["subject"].astype(str).to_numpy(object)
    slopes, shares, places = [], [], []
    terms = 0
    for sample in list_contexts(design):
        values, truth = design.split(sample, "train")
        found, share = _regress_rows((values - centre) / spread, truth)
        fitted = np.isfinite(found)
        terms += 1 + int(fitted.sum()) if fitted.any() else 0
        slopes.append(found)
        shares.append(share if fitted.any() else share[:0])
        own = names[sample.rows[design.mark(sample, "train")]]
        places.append(own[: len(shares[-1])])
    people, codes = np.unique(np.concatenate(places), return_inverse=True)
    groups, rows, p = len(people), len(codes), len(slopes[0])
    influence = np.zeros((groups, len(slopes) * p))
    starts = np.cumsum([0, *(len(share) for share in shares)])
    for i, share in enumerate(shares):
        own = codes[starts[i] : starts[i + 1]]
        np.add.at(influence[:, i * p : (i + 1) * p], own, share)
    factor = groups / (groups - 1) * (rows - 1) / (rows - terms) if groups > 1 else np.nan
    return np.array(slopes), factor * influence.T @ influence, groups


def _regress_rows(values: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return slopes (p,) and what each row adds to them (n, p), 0 where there is no slope."""
    slopes, shares = np.full(values.shape[1], np.nan), np.zeros(values.shape)
    used = np.flatnonzero(~scale_columns(values)[2])
    rows = np.column_stack([np.ones(len(truth)), values[:, used]])
    if len(truth) <= rows.shape[1] or np.linalg.matrix_rank(rows) < rows.shape[1]:
        return slopes, shares
    bread = np.linalg.inv(rows.T @ rows)
    found = bread @ (rows.T @ truth)
    missed = truth - rows @ found
    slopes[used] = found[1:]
    shares[:, used] = ((rows * missed[:, None]) @ bread)[:, 1:]
    return slopes, shares
