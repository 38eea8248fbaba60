"""Means and covariances of ratings that are rounded normal variables cut at the scale's ends."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(64)


def average_rounded(mean: float, sd: float, low: int, high: int) -> float:
    """Return the mean of a normal variable rounded to whole numbers and cut to [low, high].

    Parameters
    ----------
    mean, sd
        Of the variable before rounding.
    low, high
        Ends of the scale.

    Examples
    --------
    >>> round(average_rounded(2.0, 1.0, 0, 4), 12)
    2.0
    """
    return low + float(ndtr(-_standardise_cuts(mean, sd, low, high)).sum())


def covary_rounded(
    means: tuple[float, float],
    sds: tuple[float, float],
    correlation: float,
    low: int,
    high: int,
) -> float:
    r"""Return the covariance of two jointly normal variables after rounding and cutting.

    A rounded variable is the sum of the indicators of passing each cut, so its covariance is a
    sum of :math:`\Phi_2(a, b; \rho) - \Phi(a)\Phi(b)`. By Plackett's identity this difference is
    the integral of the bivariate density over the correlation from 0 to ρ, here with
    :math:`t = \sin\theta` and 64 Gauss–Legendre nodes.

    Parameters
    ----------
    means, sds
        Of the two variables before rounding.
    correlation
        Between them before rounding, below 1 in size.
    low, high
        Ends of the scale.

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
    """Return the variance of a normal variable rounded to whole numbers and cut to [low, high].

    Parameters
    ----------
    mean, sd
        Of the variable before rounding.
    low, high
        Ends of the scale.
    """
    passed = ndtr(-_standardise_cuts(mean, sd, low, high))
    ranks = np.arange(len(passed))
    # E[y²] of a sum of nested indicators: the j-th (from 0) counts 2j + 1 times.
    return float(passed @ (2 * ranks + 1) - passed.sum() ** 2)


def _standardise_cuts(mean: float, sd: float, low: int, high: int) -> np.ndarray:
    return (np.arange(low, high) + 0.5 - mean) / sd
