"""Values of models in several contexts as lines of one sample, with clusters drawn for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations, product

import numpy as np

from exprstats.inference.samples import Sample
from exprstats.inference.terms import Terms, form_terms

Key = tuple[str, int, int]


def join_contexts(
    samples: Sequence[Sample], present: np.ndarray, models: Sequence[str]
) -> tuple[list[Key], Terms]:
    """Return each model's differences between contexts, as the last of the terms.

    Parameters
    ----------
    samples
        One metric's values in each context, over draws of the same clusters.
    present
        Which clusters a context has (contexts, clusters).
    models
        Models that stand in all contexts.

    Returns
    -------
    list of (str, int, int)
        The model and the places of the two contexts, one for each term.
    Terms
        Only differences.

    Notes
    -----
    A context's leave-one-out values vary among its own clusters, n of them, and their squares
    count (n - 1)/n: those of a small context are not diluted by the many clusters of another.
    """
    wide = range(len(samples))
    lines = [(sample.models.index(model), sample) for model, sample in product(models, samples)]
    left_out = np.array(
        [
            spread_about(sample.estimates[line], sample.left_out[line], here)
            for (line, sample), here in zip(lines, np.tile(present, (len(models), 1)), strict=True)
        ]
    )
    joined = replace(
        samples[0],
        models=tuple(str(sample.context) for _, sample in lines),
        estimates=np.array([sample.estimates[line] for line, sample in lines]),
        draws=np.array([sample.draws[line] for line, sample in lines]),
        left_out=left_out,
        foretold=_join_lines([(line, sample.foretold) for line, sample in lines]),
    )
    keys = [(model, *pair) for model in models for pair in combinations(wide, 2)]
    starts = [len(samples) * models.index(model) for model, _, _ in keys]
    pairs = [
        (start + one, start + other) for start, (_, one, other) in zip(starts, keys, strict=True)
    ]
    terms = form_terms(joined, pairs)
    away = terms.left_out[len(lines) :] - terms.estimates[len(lines) :, None]
    freedom = [
        count_freedom(values, present[[one, other]])
        for values, (_, one, other) in zip(away, keys, strict=True)
    ]
    return keys, Terms(
        names=terms.names[len(lines) :],
        estimates=terms.estimates[len(lines) :],
        draws=terms.draws[len(lines) :],
        left_out=terms.left_out[len(lines) :],
        tested=terms.tested[len(lines) :],
        fisher=terms.fisher[len(lines) :],
        freedom=np.array(freedom),
        foretold=None if terms.foretold is None else terms.foretold[len(lines) :],
    )


def _join_lines(lines: Sequence[tuple[int, np.ndarray | None]]) -> np.ndarray | None:
    held = [values[line] for line, values in lines if values is not None]
    return np.array(held) if held else None


def spread_about(estimates: np.ndarray, left_out: np.ndarray, present: np.ndarray) -> np.ndarray:
    """Return leave-one-out values about the estimates, so that all clusters give the own variance.

    With G clusters of which n are present, Σ over n times (n - 1)/n is Σ over G times (G - 1)/G.

    Parameters
    ----------
    estimates
        Values of all rows, of any shape.
    left_out
        The same without each cluster (…, clusters).
    present
        Which clusters the context has (clusters,).
    """
    every, own = len(present), present.sum()
    away = left_out - left_out[..., present].mean(axis=-1, keepdims=True)
    weight = np.sqrt((own - 1) / own * every / (every - 1))
    return np.asarray(estimates)[..., None] + np.where(present, weight * away, 0.0)


def count_freedom(away: np.ndarray, present: np.ndarray) -> float:
    """Return the degrees of freedom of a difference's jackknife variance (Welch, 1947).

    Parameters
    ----------
    away
        What leaving out a cluster changes (clusters,).
    present
        Which clusters the two contexts have (2, clusters).

    Notes
    -----
    V²/Σ(V_s²/f_s) over the clusters of one context, of the other, and of both, V_s their part of
    the variance. Of n_s clusters, f_s = n_s·(1 - 1/n) are free, n the size of the smaller context
    that they are in: G - 1 where all clusters are in both, Welch's where none is.

    Examples
    --------
    >>> away, both = np.array([1.0, -1.0, 2.0, -2.0]), np.ones((2, 4), dtype=bool)
    >>> round(count_freedom(away, both), 6)
    3.0
    """
    squares = away**2
    whole, lost = squares.sum(), 0.0
    sizes = present.sum(axis=1)
    for of in ((True, False), (False, True), (True, True)):
        here = (present == np.array(of)[:, None]).all(axis=0)
        if here.any():
            free = here.sum() * (1 - 1 / sizes[list(of)].min())
            lost += squares[here].sum() ** 2 / free
    return float(whole**2 / lost) if lost > 0 else float(present.any(axis=0).sum() - 1)
