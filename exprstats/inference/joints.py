"""Values of models in several contexts as lines of one sample, with clusters drawn for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

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
    keys = [(model, *pair) for model in models for pair in combinations(range(len(samples)), 2)]
    starts = {model: len(samples) * place for place, model in enumerate(models)}
    pairs = [(starts[model] + one, starts[model] + other) for model, one, other in keys]
    terms = form_terms(_join_samples(samples, present, models), pairs)
    scores = len(terms.names) - len(keys)
    away = terms.left_out[scores:] - terms.estimates[scores:, None]
    freedom = [
        count_freedom(values, present[[one, other]])
        for values, (_, one, other) in zip(away, keys, strict=True)
    ]
    return keys, Terms(
        names=terms.names[scores:],
        estimates=terms.estimates[scores:],
        draws=terms.draws[scores:],
        left_out=terms.left_out[scores:],
        tested=terms.tested[scores:],
        fisher=terms.fisher[scores:],
        freedom=np.array(freedom),
        foretold=None if terms.foretold is None else terms.foretold[scores:],
    )


def _join_samples(samples: Sequence[Sample], present: np.ndarray, models: Sequence[str]) -> Sample:
    """Return a sample whose lines are the contexts of each model, model by model."""
    lines = [
        (sample, sample.models.index(model), here)
        for model in models
        for sample, here in zip(samples, present, strict=True)
    ]
    foretold = [one.foretold[line] for one, line, _ in lines if one.foretold is not None]
    left_out = [
        spread_about(one.estimates[line], one.left_out[line], here) for one, line, here in lines
    ]
    return replace(
        samples[0],
        models=tuple(str(one.context) for one, _, _ in lines),
        estimates=np.array([one.estimates[line] for one, line, _ in lines]),
        draws=np.array([one.draws[line] for one, line, _ in lines]),
        left_out=np.array(left_out),
        foretold=np.array(foretold) if foretold else None,
    )


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
