"""Population values that the estimators of a simulated study aim at."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtr

from exprstats.contracts import arrange_rows
from exprstats.simulate.population import FEATURES, HIGH, ITEMS, LOW, Population, Profile

Row = tuple[str, str | None, str | None, float]
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(64)


@dataclass(frozen=True, slots=True, eq=False)
class TrueMoments:
    """Population moments of one context's rounded ratings and of its features.

    Attributes
    ----------
    means
        (3,) item means.
    between
        (3, 3) covariances of ratings that two different raters gave to one clip.
    total
        (3, 3) covariances of ratings that one rater gave to one clip.
    feature_means, features
        (p,) and (p, p) means and covariances of the features, in SD of one context.
    shared
        (p, 3) covariances of features and clip mean ratings.
    """

    means: np.ndarray
    between: np.ndarray
    total: np.ndarray
    feature_means: np.ndarray
    features: np.ndarray
    shared: np.ndarray


def state_truth(population: Population) -> pd.DataFrame:
    """Return the population value of every estimate, contexts first, pooled rows last.

    Parameters
    ----------
    population
        What is drawn from.

    Returns
    -------
    pandas.DataFrame
        Columns ``context`` (None: pooled), ``item``, ``term``, ``feature``, ``estimate``. The
        terms are named as in the results: ``ICC(1,1)``, ``ICC(1,k)`` (at the harmonic mean
        number of raters), ``loading``, ``residual``, ``loading_raw``, ``residual_raw``,
        ``intercept``, ``omega``, ``weight`` (factor SD per SD of feature, of the best linear
        prediction of Bartlett scores) and ``correlation_limit`` (the highest correlation with
        those scores that a linear model of the features can reach).

    Examples
    --------
    >>> from exprstats.simulate import simulate_expressiveness
    >>> study = simulate_expressiveness(subjects=10, contexts={"pain": 7}, seed=1)
    >>> truth = state_truth(study.population).query("term == 'ICC(1,1)' and item == 'response'")
    >>> bool(0.4 < truth["estimate"].item() < 0.8)
    True
    """
    single = {
        name: _find_moments(profile, population) for name, profile in population.profiles.items()
    }
    rows: list[dict[str, Any]] = []
    for name, moments in single.items():
        rows += _list_rows(name, moments, population.inverse_raters)
    if len(single) > 1:
        pooled = _pool_moments(list(single.values()), population.shares)
        rows += _list_pooled(pooled, list(single.values()), population)
    frame = arrange_rows(rows, ("context", "item", "term", "feature"))
    for key in ("context", "item", "feature"):
        frame[key] = frame[key].astype(object).where(frame[key].notna(), None)
    return frame


def cover_errors(profile: Profile, severity_share: float) -> np.ndarray:
    """Return (3, 3) covariances of one rater's errors on one clip before rounding."""
    carried = np.sqrt(profile.halo - severity_share)
    shares = severity_share + np.outer(carried, carried)
    np.fill_diagonal(shares, 1.0)
    return np.outer(profile.noise, profile.noise) * shares


def _find_moments(profile: Profile, population: Population) -> TrueMoments:
    errors = cover_errors(profile, population.severity_share)
    clips = np.outer(profile.slopes, profile.slopes) + np.diag(profile.specifics**2)
    sds = np.sqrt(np.diag(clips + errors))
    pairs = list(zip(profile.means.tolist(), sds.tolist(), strict=True))
    rise = np.array([_rise(*pair) for pair in pairs])
    features = population.correlations
    return TrueMoments(
        means=np.array([average_rounded(*pair, LOW, HIGH) for pair in pairs]),
        between=_round_covariances(profile.means, sds, clips),
        total=_round_covariances(profile.means, sds, clips + errors),
        feature_means=profile.shifts,
        features=features,
        # Stein: cov(z, g(v)) = cov(z, v) E[g'(v)] for jointly normal z and v.
        shared=np.outer(features @ profile.weights, profile.slopes * rise),
    )


def _rise(mean: float, sd: float) -> float:
    """Return the mean slope of the expected rating on its value before rounding."""
    cuts = (np.arange(LOW, HIGH) + 0.5 - mean) / sd
    return float((np.exp(-(cuts**2) / 2) / np.sqrt(2 * np.pi)).sum() / sd)


def _round_covariances(means: np.ndarray, sds: np.ndarray, latent: np.ndarray) -> np.ndarray:
    """Return (3, 3) covariances after rounding; a correlation of 1 gives the variance."""
    size = len(means)
    rounded = np.empty((size, size))
    for i in range(size):
        for j in range(size):
            correlation = latent[i, j] / (sds[i] * sds[j])
            rounded[i, j] = (
                vary_rounded(means[i], sds[i], LOW, HIGH)
                if i == j and correlation > 1 - 1e-12
                else covary_rounded((means[i], means[j]), (sds[i], sds[j]), correlation, LOW, HIGH)
            )
    return rounded


def _pool_moments(parts: list[TrueMoments], shares: np.ndarray) -> TrueMoments:
    means = np.array([part.means for part in parts])
    shifts = np.array([part.feature_means for part in parts])
    apart = means - shares @ means
    moved = shifts - shares @ shifts

    def mix(name: str, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        within = np.tensordot(shares, [getattr(part, name) for part in parts], axes=1)
        return within + (left * shares[:, None]).T @ right

    return TrueMoments(
        means=shares @ means,
        between=mix("between", apart, apart),
        total=mix("total", apart, apart),
        feature_means=shares @ shifts,
        features=mix("features", moved, moved),
        shared=mix("shared", moved, apart),
    )


def _list_rows(context: str | None, moments: TrueMoments, inverse: float) -> list[dict[str, Any]]:
    found = [*_list_reliability(moments, inverse), *_list_factor(moments, inverse)]
    return [
        {"context": context, "item": item, "term": term, "feature": feature, "estimate": value}
        for term, item, feature, value in found
    ]


def _list_pooled(
    pooled: TrueMoments, parts: list[TrueMoments], population: Population
) -> list[dict[str, Any]]:
    """Return rows of all contexts: reliabilities within them, and those of all clips beside."""
    inside = replace(
        pooled,
        between=np.tensordot(population.shares, [part.between for part in parts], axes=1),
        total=np.tensordot(population.shares, [part.total for part in parts], axes=1),
    )
    inverse = population.inverse_raters
    within = {(item, term): x for term, item, _, x in _list_reliability(inside, inverse)}
    rows = _list_rows(None, pooled, inverse)
    beside = [row | {"term": f"{row['term']} of all clips"} for row in rows if _key(row) in within]
    return [row | {"estimate": within.get(_key(row), row["estimate"])} for row in rows] + beside


def _key(row: dict[str, Any]) -> tuple[Any, Any]:
    return row["item"], row["term"]


def _list_reliability(moments: TrueMoments, inverse: float) -> list[Row]:
    single = np.diag(moments.between) / np.diag(moments.total)
    average = single / (single + inverse * (1 - single))
    rows: list[Row] = []
    for item, one, many in zip(ITEMS, single.tolist(), average.tolist(), strict=True):
        rows += [("ICC(1,1)", item, None, one), ("ICC(1,k)", item, None, many)]
    return rows


def _list_factor(moments: TrueMoments, inverse: float) -> list[Row]:
    items = moments.between + inverse * (moments.total - moments.between)
    # The one-factor model that reproduces three covariances.
    s12, s13, s23 = items[0, 1], items[0, 2], items[1, 2]
    first = np.sqrt(s12 * s13 / s23)
    loadings = np.array([first, s12 / first, s13 / first])
    residuals = np.diag(items) - loadings**2
    sds = np.sqrt(np.diag(items))
    columns = {
        "loading": loadings / sds,
        "residual": residuals / sds**2,
        "loading_raw": loadings,
        "residual_raw": residuals,
        "intercept": moments.means,
    }
    rows: list[Row] = [
        (term, item, None, float(value))
        for term, values in columns.items()
        for item, value in zip(ITEMS, values, strict=True)
    ]
    common = loadings.sum() ** 2
    rows.append(("omega", None, None, float(common / (common + residuals.sum()))))
    return rows + _list_weights(moments, items, loadings, residuals)


def _list_weights(
    moments: TrueMoments, items: np.ndarray, loadings: np.ndarray, residuals: np.ndarray
) -> list[Row]:
    bartlett = (loadings / residuals) / (loadings**2 / residuals).sum()
    pull = moments.shared @ bartlett
    slopes = np.linalg.solve(moments.features, pull)
    weights = slopes * np.sqrt(np.diag(moments.features))
    limit = np.sqrt(pull @ slopes / (bartlett @ items @ bartlett))
    rows: list[Row] = [
        ("weight", None, name, float(value)) for name, value in zip(FEATURES, weights, strict=True)
    ]
    return [*rows, ("correlation_limit", None, None, float(limit))]


def average_rounded(mean: float, sd: float, low: int, high: int) -> float:
    """Return the mean of a normal variable rounded to whole numbers and cut to [low, high].

    Examples
    --------
    >>> round(average_rounded(2.0, 1.0, 0, 4), 12)
    2.0
    """
    return low + float(ndtr(-_standardise_cuts(mean, sd, low, high)).sum())


def covary_rounded(
    means: tuple[float, float], sds: tuple[float, float], correlation: float, low: int, high: int
) -> float:
    r"""Return the covariance of two jointly normal variables after rounding and cutting.

    A rounded variable is the sum of the indicators of passing each cut, so its covariance is a sum
    of :math:`\Phi_2(a, b; \rho) - \Phi(a)\Phi(b)`. By Plackett's identity this difference is the
    integral of the bivariate density over the correlation from 0 to ρ, here with :math:`t =
    \sin\theta` and 64 Gauss–Legendre nodes. Means, SDs and correlation are those before rounding.

    Notes
    -----
    Source: Plackett (1954, *Biometrika*, 41, p. 352); substitution of Drezner & Wesolowsky
    (1990).
    """
    first, second = (
        _standardise_cuts(mean, sd, low, high) for mean, sd in zip(means, sds, strict=True)
    )
    top = np.arcsin(correlation)
    angles = top * (_NODES + 1) / 2
    squares = first[:, None] ** 2 + second[None, :] ** 2
    products = np.outer(first, second)
    bends = np.sin(angles)[:, None, None]
    densities = np.exp(-(squares - 2 * bends * products) / (2 * (1 - bends**2)))
    return float(top / 2 * (_WEIGHTS @ densities.sum(axis=(1, 2))) / (2 * np.pi))


def vary_rounded(mean: float, sd: float, low: int, high: int) -> float:
    """Return the variance of a normal variable rounded to whole numbers and cut to [low, high]."""
    passed = ndtr(-_standardise_cuts(mean, sd, low, high))
    ranks = np.arange(len(passed))
    # E[y²] of a sum of nested indicators: the j-th (from 0) counts 2j + 1 times.
    return float(passed @ (2 * ranks + 1) - passed.sum() ** 2)


def _standardise_cuts(mean: float, sd: float, low: int, high: int) -> np.ndarray:
    return (np.arange(low, high) + 0.5 - mean) / sd
