"""The cluster interval: a delete-one jackknife over subjects and shared raters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from exprstats.options import IccModel
from exprstats.reliability.icc.estimands import Estimand, measure_estimand
from exprstats.reliability.icc.nested import (
    Pairs,
    encode_pairs,
    find_nested_components,
    leave_pairs_out,
    sum_levels,
    sum_pairs,
)
from exprstats.reliability.icc.oneway import (
    ClipSums,
    Peeled,
    add_moments,
    find_mean_squares,
    peel_ratings,
    sum_clips,
    sum_groups,
)
from exprstats.reliability.icc.panels import Panel, is_sparse, number_cells
from exprstats.reliability.icc.twoway import find_components

Sample = Mapping[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class Spread:
    """A jackknife variance and what it rests on.

    Attributes
    ----------
    variance
        Variance of the estimate; NaN where the jackknife is refused.
    df
        Degrees of freedom of its t.
    n_subjects, n_raters
        Clusters that were left out in turn; ``n_raters`` is 0 where raters are not shared.
    refusal
        Why there is no variance, or an empty text.
    """

    variance: float
    df: int
    n_subjects: int
    n_raters: int
    refusal: str = ""


def combine_thetas(thetas: Mapping[str, np.ndarray]) -> Spread:
    """Return the spread of leave-one-out values (G,) by part, NaN where one is undefined.

    Subjects are left out one at a time. Where some rater rates clips of more than one subject,
    raters are too, and so are the subject-by-rater cells, which both would count twice:
    V = V_subject + V_rater − V_cell, never below the larger of the first two (the two-way
    clustering of Cameron, Gelbach, & Miller, 2011, on a jackknife).
    """
    n_subjects, n_raters = len(thetas["subject"]), len(thetas.get("rater", ()))
    refusal = next((_refuse(name, theta) for name, theta in thetas.items() if _fails(theta)), "")
    variance = float("nan") if refusal else combine_variances(thetas)
    df = (min(n_subjects, n_raters) if n_raters else n_subjects) - 1
    return Spread(variance, df, n_subjects, n_raters, refusal)


def combine_variances(thetas: Mapping[str, np.ndarray]) -> float:
    """Return V_subject, or V_subject + V_rater − V_cell but not below the larger of the first."""
    variances = {}
    for name, theta in thetas.items():
        off, count = theta - theta.mean(), len(theta)
        variances[name] = float((count - 1) / count * (off @ off))
    if "rater" not in variances:
        return variances["subject"]
    total = variances["subject"] + variances["rater"] - variances["cell"]
    return max(total, variances["subject"], variances["rater"])


def find_t_limits(estimate: float, spread: Spread, level: float) -> tuple[float, float]:
    """Return estimate ± t·√V; the upper limit is not cut at 1."""
    reach = float(stdtrit(spread.df, (1 + level) / 2)) * spread.variance**0.5
    return estimate - reach, estimate + reach


def _fails(theta: np.ndarray) -> bool:
    return len(theta) < 2 or bool(np.isnan(theta).any())


def _refuse(name: str, theta: np.ndarray) -> str:
    if len(theta) < 2:
        return f"cluster interval refused: there is one {name}"
    what = "subject-by-rater cell" if name == "cell" else name
    return (
        f"cluster interval refused: without one {what} the ratings no longer vary "
        "both between and within clips"
    )


def jackknife_panel(panel: Panel, sums: ClipSums) -> Spread:
    """Return the cluster-jackknife variance of ICC(k), k = n0, from a panel and its clip sums."""
    whole = add_moments(sums)
    samples = leave_moments(panel, sums, whole)
    # One call for all parts: on a study's thousands of samples, calls cost more than numbers.
    theta = leave_out(whole, np.concatenate([sample.T for sample in samples.values()], axis=1).T)
    thetas = {}
    for name, sample in samples.items():
        thetas[name], theta = theta[: len(sample)], theta[len(sample) :]
    return combine_thetas(thetas)


def leave_moments(
    panel: Panel, sums: ClipSums, whole: np.ndarray, *, always: bool = False
) -> dict[str, np.ndarray]:
    """Return the moments (G, 6) without each subject; and without each rater and each cell.

    The latter where raters are shared by subjects, or ``always``.
    """
    samples = {"subject": whole - add_moments(sums, panel.owners)}
    peeled = peel_ratings(panel.rating, panel.clip, sums)
    by_rater, by_cell = _sum_crossed(peeled, panel.cluster, panel.rater)
    if len(by_cell) > len(by_rater) or always:
        samples |= {"rater": whole - by_rater, "cell": whole - by_cell}
    return samples


def _sum_crossed(
    peeled: Peeled, subject: np.ndarray, rater: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the moments that each rater (W, 6) and each cell in use (C, 6) takes off.

    Cells come in the order of `number_cells`.
    """
    n_subjects, n_raters = int(subject.max()) + 1, int(rater.max()) + 1
    if is_sparse(n_subjects * n_raters, len(rater)):
        by_rater = sum_groups(peeled, rater, n_raters)
        if not _share_raters(subject, rater, n_raters):
            return by_rater, by_rater
        return by_rater, sum_groups(peeled, *number_cells(subject, rater, n_raters))
    table = sum_groups(peeled, subject * n_raters + rater, n_subjects * n_raters).T
    by_rater = np.ones(n_subjects) @ table.reshape(len(table), n_subjects, n_raters)
    return by_rater.T, table.take(np.flatnonzero(table[1]), axis=1).T


def _share_raters(subject: np.ndarray, rater: np.ndarray, n_raters: int) -> bool:
    one = np.zeros(n_raters, dtype=np.int64)
    one[rater] = subject
    return bool((one[rater] != subject).any())


def leave_out(whole: np.ndarray, sample: np.ndarray) -> np.ndarray:
    """Return ICC(k) of moments (G, 6), k = n0 of all ratings (6,); NaN where it is undefined.

    The number of ratings a clip is part of what is estimated, so it stays that of all ratings:
    leaving out a rater of many clips lowers n0, and recomputing k with it would count the spread
    of the raters' loads as uncertainty (with crowd loads the interval then covers .99, not .95).
    """
    clips, ratings, squares, total, between, within = sample.T
    k = (whole[1] - whole[2] / whole[1]) / (whole[0] - 1)
    floor = 1e-12 * max(whole[4] + whole[5], np.finfo(float).tiny)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = between - total * total / ratings
        # Spearman–Brown from n0 to k, multiplied out: k(MSB − MSW)/(k·MSB + (n0 − k)·MSW).
        df_between = clips - 1
        msb, msw = between * (ratings - clips), within * df_between
        share = k * msb + within * (ratings - squares / ratings - k * df_between)
        theta = k * (msb - msw) / share
    defined = (between > floor) & (within > floor) & (share > 0)
    if not defined.all():
        theta[~defined] = np.nan
    return theta


@dataclass(frozen=True, slots=True)
class Samples:
    """Components of a panel and of its leave-one-out samples.

    Attributes
    ----------
    whole
        Components of all ratings, numbers.
    without
        By part (``subject``, and ``rater`` and ``cell`` where raters are shared), components
        without each, arrays (G,) in the order of the panel's codes.
    cells
        Subject and rater codes of each cell (C,).
    """

    whole: Mapping[str, float]
    without: Mapping[str, Sample]
    cells: tuple[np.ndarray, np.ndarray]


def sample_panel(panel: Panel, model: IccModel, *, always: bool = False) -> Samples:
    """Return a panel's components under a model, with its leave-one-out samples.

    Where subjects are not known, each clip stands for one. Raters and cells are left out where
    raters are shared, or ``always``.
    """
    cell, n_cells = number_cells(panel.cluster, panel.rater, panel.n_raters)
    first = np.zeros(n_cells, dtype=np.int64)
    first[cell] = np.arange(len(cell))
    if model == "one-way":
        whole, without = _sample_one_way(panel)
    else:
        find = find_components if model == "two-way" else find_nested_components
        whole, without = _sample_pairs(panel, find)
    if n_cells == panel.n_raters and not always:
        without = {"subject": without["subject"]}
    numbers = {name: float(value) for name, value in whole.items()}
    return Samples(numbers, without, (panel.cluster[first], panel.rater[first]))


def spread_estimand(samples: Samples, estimand: Estimand, divisors: Mapping[str, float]) -> Spread:
    """Return the jackknife variance of an estimand, or why there is none."""
    thetas = {}
    for part, sample in samples.without.items():
        theta = measure_estimand(estimand, sample, divisors)
        thetas[part] = np.where(np.isinf(theta), np.nan, theta)
    return combine_thetas(thetas)


def _sample_one_way(panel: Panel) -> tuple[Sample, Mapping[str, Sample]]:
    sums = sum_clips(panel.rating, panel.clip)
    whole = add_moments(sums)
    moments = leave_moments(panel, sums, whole, always=True)
    return _split(whole), {name: _split(sample) for name, sample in moments.items()}


def _split(moments: np.ndarray) -> Sample:
    squares = find_mean_squares(moments)
    return {"clip": (squares.between - squares.within) / squares.n0, "error": squares.within}


def _sample_pairs(
    panel: Panel, find: Callable[[Pairs], Sample]
) -> tuple[Sample, Mapping[str, Sample]]:
    centred, codes = panel.rating - panel.rating.mean(), encode_pairs(panel)
    by = sum_levels(centred, codes)
    samples = leave_pairs_out(centred, codes, by)
    return find(sum_pairs(by)), {name: find(part) for name, part in samples.items()}
