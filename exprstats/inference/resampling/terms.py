"""Terms that a summary has a line for: scores of models and differences between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from exprstats.errors import DataError, Problem
from exprstats.inference.metrics.metric import Metric
from exprstats.inference.resampling.clusters import Cell
from exprstats.inference.resampling.pvalues import settle_ties
from exprstats.inference.resampling.samples import Sample
from exprstats.inference.resampling.scales import Sides

KEYS = ("context", "metric", "model", "versus", "term")


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """Scores first, then differences; arrays have one line for each term.

    Attributes
    ----------
    names
        (model, None) for a score, (model, versus) for a difference model - versus.
    estimates, draws, left_out
        (terms,), (terms, B), (terms, clusters).
    tested
        Which terms are differences (terms,).
    metric
        What they are values of, where it is a metric: its scale and range are those of scores.
    errors
        Standard errors of the draws (terms, B), for bootstrap-t only.
    strata
        Stratum of each cluster (clusters,), where clusters were drawn within strata.
    freedom
        Degrees of freedom of the jackknife (terms,), where they are not those of the clusters.
    foretold
        What leaving out clusters says of each draw (terms, B), where terms may not be smooth.
    sides
        The two values of each difference, where its limits come from theirs.
    holders
        Clusters that could have shown another value, of scores that are shares.
    """

    names: tuple[tuple[str, str | None], ...]
    estimates: np.ndarray
    draws: np.ndarray
    left_out: np.ndarray
    tested: np.ndarray
    metric: Metric | None = None
    errors: np.ndarray | None = None
    strata: np.ndarray | None = None
    freedom: np.ndarray | None = None
    foretold: np.ndarray | None = None
    sides: Sides | None = None
    holders: int = 0

    @property
    def scales(self) -> np.ndarray:
        """The scale of each term (terms,): the metric's for scores, the raw one for others."""
        scale = "raw" if self.metric is None else self.metric.scale
        return np.where(self.tested, "raw", scale)

    @property
    def ranges(self) -> np.ndarray:
        """Lowest and highest possible value of each term (terms, 2)."""
        low, high = (-np.inf, np.inf) if self.metric is None else self.metric.range
        scores = np.array([low, high])
        return np.where(self.tested[:, None], np.array([low - high, high - low]), scores)

    @property
    def strata_count(self) -> int:
        """Number of strata; 1 where there are none."""
        return 1 if self.strata is None else len(np.unique(self.strata))


def write_keys(context: object, metric: str, model: str, versus: str | None) -> dict[str, Any]:
    """Return what names a row: a score, or a difference from ``versus``."""
    term = model if versus is None else f"{model} - {versus}"
    values = (context, metric, model, versus, term)
    return dict(zip(KEYS, values, strict=True))


def check_pairs(cells: Sequence[Cell] | Sequence[Sample]) -> None:
    """Refuse to test differences where there is one model only."""
    lonely = [str(model) for cell in cells if len(cell.models) < 2 for model in cell.models]
    if lonely:
        fact = f"'{lonely[0]}' is the only model; a difference needs two."
        raise DataError(Problem(fact, "Add the predictions of another model."))


def pair_models(models: Sequence[str], against: str | None = None) -> list[tuple[int, int]]:
    """Return index pairs: all of them in order, or one model with each other one."""
    if against is None:
        return list(combinations(range(len(models)), 2))
    reference = list(models).index(str(against))
    return [(reference, other) for other in range(len(models)) if other != reference]


def form_terms(sample: Sample, pairs: Sequence[tuple[int, int]]) -> Terms:
    """Return a sample's scores and the differences of the given pairs."""
    models = sample.models
    first, second = (np.array([pair[side] for pair in pairs], dtype=int) for side in (0, 1))
    joined = []
    for values in (sample.estimates[:, None], sample.draws, sample.left_out):
        one, other = values[first], values[second]
        with np.errstate(invalid="ignore"):
            away = one - other
        joined.append(np.concatenate([values, settle_ties(away, one, other)]))
    foretold = sample.foretold
    if foretold is not None:
        foretold = np.concatenate([foretold, foretold[first] - foretold[second]])
    tested = np.arange(len(models) + len(pairs)) >= len(models)
    left_out, strata = joined[2], sample.strata
    if sample.active is not None:
        left_out = left_out[:, sample.active]
        strata = None if strata is None else strata[sample.active]
    scores: list[tuple[str, str | None]] = [(model, None) for model in models]
    return Terms(
        names=(*scores, *((models[i], models[j]) for i, j in pairs)),
        estimates=joined[0][:, 0],
        draws=joined[1],
        left_out=left_out,
        tested=tested,
        metric=sample.metric,
        errors=sample.errors,
        strata=strata,
        foretold=foretold,
        holders=sample.holders,
    )


def count_freedom(away: np.ndarray, present: np.ndarray) -> float:
    """Return the degrees of freedom of a difference's jackknife variance (Welch, 1947).

    ``away`` is what leaving out a cluster changes (clusters,), ``present`` marks the clusters that
    the two contexts have (2, clusters).

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
