"""Slopes of each context by ordinary least squares, and what they are without each subject."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from exprstats.inference.clusters import leave_out_clusters
from exprstats.models.designs import Design
from exprstats.models.joint import list_contexts, scale_pooled
from exprstats.models.products import code_subjects, sum_products
from exprstats.models.slopes import solve_products


class Slopes(NamedTuple):
    """Slopes of the model in which context interacts with every feature.

    Attributes
    ----------
    whole
        (contexts, p) change of a context's target for one pooled SD of the feature; NaN where the
        context does not determine it: constant or collinear features, fewer clips than terms.
    left_out
        (contexts, p, G) the same without each subject, that SD taken without it as well.
    present
        (contexts, G) which subjects a context has.
    """

    whole: np.ndarray
    left_out: np.ndarray
    present: np.ndarray


def regress_contexts(design: Design) -> Slopes:
    """Fit each context's training clips, and again without each subject."""
    subjects, _ = code_subjects(design)
    scale = scale_pooled(design)
    sums = [sum_products(design, sample, subjects, scale=scale) for sample in list_contexts(design)]
    products, size = np.array([one.train for one in sums]), sums[0].size
    products = products[:, (products[:, :, 0] > 0).any(axis=0)]
    groups = products.shape[1]
    counts = np.vstack([np.ones((1, groups)), leave_out_clusters(0, groups, groups)])
    spread = solve_products(products.sum(axis=0), counts, size)[1]
    found = np.array([solve_products(own, counts, size)[0] * spread for own in products])
    clips = products[:, :, 0].sum(axis=1)
    found[clips <= size - 1] = np.nan
    return Slopes(found[:, 0], found[:, 1:].transpose(0, 2, 1), products[:, :, 0] > 0)
