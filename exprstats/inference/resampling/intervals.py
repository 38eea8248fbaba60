"""Confidence intervals from cluster resamples, one line of the arrays per term."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from exprstats.inference.metrics.metric import Metric
from exprstats.inference.resampling.clusters import Scheme, iterate_counts
from exprstats.inference.resampling.pvalues import TIE
from exprstats.inference.resampling.scales import move_back, move_values

# Means, ratios, errors, and correlations of twenty clusters lie above, medians below.
SMOOTH = 0.8


class Interval(NamedTuple):
    """Limits of several terms, each (terms,), with the standard error they rest on."""

    std_error: np.ndarray
    conf_low: np.ndarray
    conf_high: np.ndarray


class Jackknife(NamedTuple):
    """The cluster jackknife of several terms, each (terms,)."""

    std_error: np.ndarray
    conf_low: np.ndarray
    conf_high: np.ndarray
    p_value: np.ndarray


def sort_draws(draws: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return draws (terms, B) sorted, undefined ones last, and how many are defined (terms,)."""
    defined = np.isfinite(draws)
    finite = defined.sum(axis=1)
    if finite.sum() == draws.size:
        return np.sort(draws, axis=1), finite
    return np.sort(np.where(defined, draws, np.nan), axis=1), finite


def interpolate_quantiles(
    ordered: np.ndarray, finite: np.ndarray, shares: np.ndarray
) -> np.ndarray:
    """Return quantiles of sorted draws (terms, B), interpolated on the normal scale.

    Undefined draws are last. The definition is that of Davison and Hinkley (1997, eq. 5.8), which
    R's ``boot.ci`` uses. ``finite`` is the number of defined draws and ``shares`` the share below
    the quantile (terms,).
    """
    lines = np.arange(len(ordered))
    place = (finite + 1) * shares
    below = np.clip(np.floor(place), 0, finite).astype(int)
    inner = (below > 0) & (below < finite)
    lower = np.clip(below, 1, np.maximum(finite, 1))
    upper = np.clip(below + 1, 1, np.maximum(finite, 1))
    low, high = ordered[lines, lower - 1], ordered[lines, upper - 1]
    with np.errstate(invalid="ignore", divide="ignore"):
        start, stop = ndtri(below / (finite + 1)), ndtri((below + 1) / (finite + 1))
        step = (ndtri(shares) - start) / (stop - start)
    moves = inner & (below != place)
    return np.where(moves, low + np.where(moves, step, 0.0) * (high - low), low)


def find_percentile(ordered: np.ndarray, finite: np.ndarray, level: float | np.ndarray) -> Interval:
    """Return percentile intervals from sorted draws (terms, B), of one level or one a term.

    Quantiles at (1 ∓ level)/2 (Efron & Tibshirani, 1993, eq. 13.4).
    """
    levels = np.broadcast_to(level, len(ordered))
    low, high = (
        interpolate_quantiles(ordered, finite, (1 + side * levels) / 2) for side in (-1, 1)
    )
    return Interval(spread_draws(ordered, finite), low, high)


def expand_level(level: float, groups: np.ndarray, freedom: np.ndarray) -> np.ndarray:
    """Return the level (terms,) at which a percentile interval is as wide as a t interval.

    Tails of Φ(-t(G - 1)·√(G/(G - 1))): draws of G clusters vary by (G - 1)/G too little, and
    percentiles know nothing of t (Hesterberg, 2015).
    """
    reach = stdtrit(freedom, (1 + level) / 2) * np.sqrt(groups / (groups - 1))
    return 1 - 2 * ndtr(-reach)


def expand_share(share: np.ndarray, groups: np.ndarray, freedom: np.ndarray) -> np.ndarray:
    """Return the one-sided p (terms,) whose expanded limit has this share of draws beyond it."""
    return stdtr(freedom, ndtri(share) * np.sqrt((groups - 1) / groups))


def spread_draws(draws: np.ndarray, finite: np.ndarray) -> np.ndarray:
    """Return the standard deviation (divisor B - 1) of each line's defined draws (terms,)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        if (finite == draws.shape[1]).all():
            return draws.std(axis=1, ddof=1) if draws.shape[1] > 1 else np.full(len(draws), np.nan)
        mean = np.nansum(draws, axis=1) / finite
        return np.sqrt(np.nansum((draws - mean[:, None]) ** 2, axis=1) / (finite - 1))


def jackknife_clusters(
    estimates: np.ndarray,
    left_out: np.ndarray,
    *,
    level: float = 0.95,
    fisher: np.ndarray | None = None,
    scales: np.ndarray | None = None,
    strata: np.ndarray | None = None,
    freedom: np.ndarray | None = None,
) -> Jackknife:
    """Return jackknife-t intervals from leave-one-cluster-out values.

    Parameters
    ----------
    estimates
        Values of all rows (terms,).
    left_out
        Values without each cluster (terms, clusters).
    level
        Confidence level.
    fisher
        Which terms are made on Fisher's z scale (terms,); none by default.
    scales
        The scale of each term (terms,), one of ``"raw"``, ``"log"``, ``"logit"`` and
        ``"fisher"``, in place of ``fisher``.
    strata
        Stratum of each cluster (clusters,); one by default. Each takes a degree of freedom.
    freedom
        Degrees of freedom (terms,); by default clusters less strata.

    Returns
    -------
    Jackknife
        Standard errors (on the raw scale), limits, and two-sided p of a value of 0 (on the raw
        scale or Fisher's). A term with an undefined value anywhere is undefined.

    Notes
    -----
    V = (G - 1)/G · Σ(θ₋g - θ̄)², t with G - 1 degrees of freedom (Tukey, 1958; Efron &
    Tibshirani, 1993, eq. 11.5). The values are centred at their own mean, not at the estimate: for
    statistics that are biased in small samples the second form is too wide.

    References
    ----------
    Efron, B., & Tibshirani, R. J. (1993). *An introduction to the bootstrap*.
    Tukey, J. W. (1958). Bias and confidence in not-quite large samples. *Annals of Mathematical
    Statistics, 29*, 614.

    Examples
    --------
    For a mean it is the t interval of the clusters' values:

    >>> values = np.array([1.0, 2.0, 3.0, 6.0])
    >>> without = (values.sum() - values) / 3
    >>> found = jackknife_clusters(np.array([values.mean()]), without[None])
    >>> bool(np.isclose(found.std_error[0], values.std(ddof=1) / 2))
    True
    """
    if scales is None:
        z_scale = np.zeros(len(estimates), dtype=bool) if fisher is None else fisher
        scales = np.where(z_scale, "fisher", "raw")
    if freedom is None:
        free = left_out.shape[1] - (1 if strata is None else len(np.unique(strata)))
        freedom = np.full(len(estimates), free)
    moved = move_values(scales, estimates, left_out)
    error, plain = spread_jackknife(moved.spread, strata), spread_jackknife(left_out, strata)
    with np.errstate(invalid="ignore"):
        # What rounding leaves of no variance at all is no evidence.
        noise = plain <= TIE * np.abs(np.column_stack([estimates, left_out])).max(axis=1)
    plain = np.where(noise, 0.0, plain)
    on_z = moved.scales == "fisher"
    with np.errstate(invalid="ignore", divide="ignore"):
        reach = stdtrit(freedom, (1 + level) / 2) * error
        low, high = (move_back(moved.scales, moved.centre + one) for one in (-reach, reach))
        sizes = np.abs(np.where(on_z, moved.centre / error, estimates / plain))
        p_value = 2 * stdtr(freedom, -sizes)
    p_value = np.where(plain > 0, p_value, np.where(estimates == 0, 1.0, np.nan))
    return Jackknife(plain, low, high, np.where(np.isnan(plain), np.nan, p_value))


def spread_jackknife(left_out: np.ndarray, strata: np.ndarray | None = None) -> np.ndarray:
    """Return jackknife standard errors (terms,) from leave-one-out values (terms, clusters)."""
    groups = left_out.shape[1]
    codes = np.zeros(groups, dtype=int) if strata is None else strata
    total = np.zeros(len(left_out))
    for stratum in np.unique(codes):
        values = left_out[:, codes == stratum]
        centred = values - values.mean(axis=1, keepdims=True)
        total += weigh_stratum(values.shape[1], groups) * (centred**2).sum(axis=1)
    return np.sqrt(total)


def spread_about(
    estimates: float | np.ndarray, left_out: np.ndarray, present: np.ndarray
) -> np.ndarray:
    """Return leave-one-out values about the estimates, so that all clusters give the own variance.

    With G clusters of which n are ``present`` (clusters,), Σ over n times (n - 1)/n is Σ over G
    times (G - 1)/G.
    """
    every, own = len(present), present.sum()
    away = left_out - left_out[..., present].mean(axis=-1, keepdims=True)
    weight = np.sqrt((own - 1) / own * every / (every - 1))
    return np.asarray(estimates)[..., None] + np.where(present, weight * away, 0.0)


def weigh_stratum(members: int, groups: int) -> float:
    """Return what squares of a stratum's leave-one-out values count in the jackknife variance.

    (G - 1)/G where there is one stratum. A cluster's influence, (G - 1) times what leaving it out
    changes, varies among the members of its own stratum only. NaN where there is one member, which
    varies among none.
    """
    if members < 2:
        return float("nan")
    return members * (groups - 1) ** 2 / (groups**2 * (members - 1))


class Accelerated(NamedTuple):
    """BCa limits of several terms, each (terms,), with what corrected them."""

    std_error: np.ndarray
    conf_low: np.ndarray
    conf_high: np.ndarray
    bias: np.ndarray
    acceleration: np.ndarray


class Studentised(NamedTuple):
    """Symmetric bootstrap-t limits of several terms, each (terms,)."""

    conf_low: np.ndarray
    conf_high: np.ndarray
    p_value: np.ndarray
    finite: np.ndarray


def find_basic(
    estimates: np.ndarray, ordered: np.ndarray, finite: np.ndarray, level: float
) -> Interval:
    """Return basic intervals: percentile limits mirrored at the estimates.

    2θ̂ - T*₍₍B+1₎₍1-α/2₎₎ and 2θ̂ - T*₍₍B+1₎α/2₎ (Davison & Hinkley, 1997, eq. 5.6).
    """
    found = find_percentile(ordered, finite, level)
    mirror = 2 * estimates
    return Interval(found.std_error, mirror - found.conf_high, mirror - found.conf_low)


def find_accelerated(
    estimates: np.ndarray,
    ordered: np.ndarray,
    finite: np.ndarray,
    *,
    left_out: np.ndarray,
    level: float,
    strata: np.ndarray | None = None,
) -> Accelerated:
    """Return bias-corrected and accelerated intervals (Efron, 1987).

    Levels are Φ(z0 + (z0 + z)/(1 - a(z0 + z))), z0 = Φ⁻¹(share of draws below the estimate)
    (Efron & Tibshirani, 1993, eq. 14.10). The acceleration comes from leaving out clusters,
    U_g = θ̄ - θ₋g, a = ΣU³ / (6·(ΣU²)^1.5).
    R's ``boot.ci`` does the same with ``L`` = jackknife influence values about their mean, but
    counts draws equal to the estimate as above it; here half of them are below, so that the
    interval of a difference is the same whichever model comes first.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        bias = ndtri(_count_below(ordered, estimates) / finite)
        acceleration = _accelerate_clusters(left_out, strata)
        limits = []
        for share in ((1 - level) / 2, (1 + level) / 2):
            moved = bias + ndtri(share)
            adjusted = ndtr(bias + moved / (1 - acceleration * moved))
            limits.append(_read_quantiles(ordered, finite, adjusted))
    error = spread_draws(ordered, finite)
    return Accelerated(error, limits[0], limits[1], bias, acceleration)


def _count_below(ordered: np.ndarray, estimates: np.ndarray) -> np.ndarray:
    """Return how many draws (terms,) lie below the estimates, those equal to them half."""
    centre = estimates[:, None]
    near = TIE * np.maximum(1.0, np.abs(centre))
    return ((ordered < centre - near).sum(axis=1) + (ordered <= centre + near).sum(axis=1)) / 2


def _accelerate_clusters(left_out: np.ndarray, strata: np.ndarray | None) -> np.ndarray:
    codes = np.zeros(left_out.shape[1], dtype=int) if strata is None else strata
    influence = np.empty_like(left_out)
    for stratum in np.unique(codes):
        values = left_out[:, codes == stratum]
        centred = values.mean(axis=1, keepdims=True) - values
        influence[:, codes == stratum] = centred
    return (influence**3).sum(axis=1) / (6 * (influence**2).sum(axis=1) ** 1.5)


def _read_quantiles(ordered: np.ndarray, finite: np.ndarray, shares: np.ndarray) -> np.ndarray:
    defined = np.isfinite(shares)
    found = interpolate_quantiles(ordered, finite, np.where(defined, shares, 0.5))
    return np.where(defined, found, np.nan)


def find_studentised(
    estimates: np.ndarray, error: np.ndarray, *, draws: np.ndarray, errors: np.ndarray, level: float
) -> Studentised:
    """Return symmetric bootstrap-t intervals and p-values (Hall, 1988).

    θ̂ ± q·se, q the quantile at the level of |T* - θ̂|/se*. Symmetric, because its coverage error
    is of order 1/n² where that of the equal-tailed form is of order 1/n. ``error`` are jackknife
    standard errors (terms,); ``errors`` those of each resample over its drawn copies of clusters
    (terms, B).
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        sizes = np.abs(draws - estimates[:, None]) / errors
        ordered, finite = sort_draws(np.where(errors > 0, sizes, np.nan))
        reach = error * interpolate_quantiles(ordered, finite, np.full(len(error), level))
        above = (ordered >= (np.abs(estimates) / error)[:, None] * (1 - 1e-12)).sum(axis=1)
    p_value = np.where(error > 0, (1 + above) / (finite + 1), np.nan)
    # Two models that never differ: nothing varies, and nothing has to be studentised.
    still = (error == 0) & (draws == estimates[:, None]).all(axis=1)
    reach, finite = np.where(still, 0.0, reach), np.where(still, draws.shape[1], finite)
    p_value = np.where(still & (estimates == 0), 1.0, p_value)
    return Studentised(estimates - reach, estimates + reach, p_value, finite)


def is_plain(metric: Metric) -> bool:
    """Return whether a metric is a function that nothing is known about."""
    return metric.sums is None and metric.prepare is None


def foretell_draws(
    left_out: np.ndarray,
    seeds: Sequence[np.random.SeedSequence],
    strata: Sequence[np.ndarray],
    draws: int,
) -> np.ndarray:
    """Return what leaving out clusters says of each draw (terms, B), to scale: -Σ_g counts_bg·θ₋g.

    The draws were made from seeds and strata; of two stages the first. ``left_out`` is (terms,
    clusters).
    """
    scheme = Scheme(tuple(strata))
    with np.errstate(invalid="ignore"):
        blocks = [-left_out @ c.T for seed in seeds for c in iterate_counts(seed, scheme)]
    return np.concatenate(blocks, axis=1)[:, :draws]


def share_foretold(draws: np.ndarray, foretold: np.ndarray) -> np.ndarray:
    """Return how much of the variance of draws (terms, B) is foretold (terms,).

    The squared correlation of both: 1 for a mean, about .7 for the median of 20 clusters, for
    which the jackknife is inconsistent (Efron, 1982, chapter 3). NaN where it cannot be said.
    """
    return np.array([_correlate(*pair) ** 2 for pair in zip(draws, foretold, strict=True)])


def _correlate(drawn: np.ndarray, foretold: np.ndarray) -> float:
    defined = np.isfinite(drawn) & np.isfinite(foretold)
    y, x = drawn[defined], foretold[defined]
    # What rounding leaves of no variance at all foretells nothing.
    if len(y) < 3 or np.ptp(y) <= TIE * max(1.0, np.abs(y).max()):
        return np.nan
    return float(np.corrcoef(x, y)[0, 1]) if np.ptp(x) > 0 else 0.0
