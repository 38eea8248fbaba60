"""Slopes of each context by ordinary least squares, with one covariance over shared subjects."""

from __future__ import annotations

import numpy as np

from exprstats.models.designs import Design
from exprstats.models.joint import list_contexts, scale_pooled


def regress_contexts(design: Design) -> tuple[np.ndarray, np.ndarray, int] | None:
    """Fit the model in which context interacts with every feature, to the training clips.

    Returns
    -------
    slopes : (contexts, p) array
        Change of a context's target for one pooled SD of the feature.
    covariance : (contexts * p, contexts * p) array
        Cluster-robust over subjects, with the factor G/(G - 1) · (N - 1)/(N - K) of Liang and
        Zeger's (1986) sandwich in its usual small-sample form.
    subjects : int
        Number of subjects G; t has G - 1 degrees of freedom.
        None in place of all where a context has fewer clips than terms, or collinear features.
    """
    centre, spread = scale_pooled(design)
    slopes, shares, places = [], [], []
    for sample in list_contexts(design):
        values, truth = design.split(sample, "train")
        rows = np.column_stack([np.ones(len(truth)), (values - centre) / spread])
        if len(truth) <= rows.shape[1] or np.linalg.matrix_rank(rows) < rows.shape[1]:
            return None
        bread = np.linalg.inv(rows.T @ rows)
        found = bread @ (rows.T @ truth)
        slopes.append(found[1:])
        missed = truth - rows @ found
        shares.append(((rows * missed[:, None]) @ bread)[:, 1:])
        names = design.clips["subject"].astype(str).to_numpy(object)
        places.append(names[sample.rows[design.mark(sample, "train")]])
    names, codes = np.unique(np.concatenate(places), return_inverse=True)
    groups, rows, p = len(names), len(codes), len(slopes[0])
    influence = np.zeros((groups, len(slopes) * p))
    starts = np.cumsum([0, *(len(share) for share in shares)])
    for i, share in enumerate(shares):
        own = codes[starts[i] : starts[i + 1]]
        np.add.at(influence[:, i * p : (i + 1) * p], own, share)
    terms = len(slopes) * (p + 1)
    factor = groups / (groups - 1) * (rows - 1) / (rows - terms)
    return np.array(slopes), factor * influence.T @ influence, groups
