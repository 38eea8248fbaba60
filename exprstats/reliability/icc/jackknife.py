"""The cluster interval: a delete-one jackknife over subjects and shared raters."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from scipy.special import stdtrit

from exprstats.options import IccModel
from exprstats.reliability.icc.estimands import AGREEMENT, CONSISTENCY, Estimand, measure_estimand
from exprstats.reliability.icc.nested import find_nested_components, sum_pairs
from exprstats.reliability.icc.oneway import (
    ClipSums,
    Peeled,
    add_moments,
    divide_sums,
    find_additive,
    list_sums,
    peel_ratings,
    sum_clips,
    sum_groups,
)
from exprstats.reliability.icc.panels import (
    CellCodes,
    Panel,
    find_cells,
    is_sparse,
    list_used,
    number_cells,
)
from exprstats.reliability.icc.twoway import find_bare, find_components

Sample = Mapping[str, np.ndarray]
# Below so many raters the interval that allows for them rests on too few of them to go alone.
FEW_RATERS = 10
_BLOCK = 8_192
# Which cluster interval to report, the first that is defined; the coverage of each is measured in
# vignettes/coverage_few_raters.csv.
CLUSTERED = ("jackknife", "jackknife_subjects")


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
    method
        Name of the interval that rests on it.
    """

    variance: float
    df: float
    n_subjects: int
    n_raters: int
    refusal: str = ""
    method: str = "jackknife"


def combine_thetas(thetas: Mapping[str, np.ndarray]) -> Spread:
    """Return the spread of leave-one-out values (G,) by part, NaN where one is undefined.

    Subjects are left out one at a time. Where some rater rates clips of more than one subject,
    raters are too, and so are the subject-by-rater cells, which both would count twice:
    V = V_subject + V_rater − V_cell, never below the larger of the first two (the two-way
    clustering of Cameron, Gelbach, & Miller, 2011, on a jackknife).
    """
    return _combine(thetas, _find_variances(thetas))


def _combine(
    thetas: Mapping[str, np.ndarray],
    variances: Mapping[str, float],
    beyond: str = "",
    method: str = "jackknife",
) -> Spread:
    n_subjects, n_raters = len(thetas["subject"]), len(thetas.get("rater", ()))
    failed = [name for name, variance in variances.items() if math.isnan(variance)]
    refusal = _refuse(failed[0], thetas[failed[0]], n_raters, beyond) if failed else ""
    variance = variances["subject"]
    if n_raters:
        total = variance + variances["rater"] - variances["cell"]
        variance = max(total, variance, variances["rater"])
    df = (min(n_subjects, n_raters) if n_raters else n_subjects) - 1
    found = math.nan if failed else variance
    return Spread(found, df, n_subjects, n_raters, refusal, method)


def _find_variances(thetas: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Return the delete-one jackknife variance by part; NaN of one value, or where one is NaN."""
    variances = dict.fromkeys(thetas, math.nan)
    for name, theta in thetas.items():
        if (count := len(theta)) > 1:
            off = theta - theta.sum() / count
            variances[name] = (count - 1) / count * float(off @ off)
    return variances


def spread_thetas(thetas: Mapping[str, np.ndarray], beyond: str = "") -> tuple[Spread, ...]:
    """Return the spread over all parts and, where raters are few, that over subjects alone.

    The latter takes the raters as fixed: it is all there is where no rater can be left out, and it
    holds its own truth, that of these raters, in .93 to .97 of studies. As an interval for raters
    like these it holds .64 to .95, the worse the more severe they are, while the former, with
    min(G, W) − 1 degrees of freedom, holds .93 to 1; Satterthwaite's degrees of freedom were tried
    and hold .86 to .98. So the former is the one to report wherever it exists. ``beyond`` says in a
    refusal which variation within clips does not count.
    """
    variances = _find_variances(thetas)
    full = _combine(thetas, variances, beyond)
    if "rater" not in thetas or not (full.refusal or full.n_raters < FEW_RATERS):
        return (full,)
    theta, variance = {"subject": thetas["subject"]}, {"subject": variances["subject"]}
    return full, _combine(theta, variance, beyond, "jackknife_subjects")


def settle_spread(spreads: Sequence[Spread]) -> Spread:
    """Return the spread to report, else the first with its refusal."""
    defined = {spread.method: spread for spread in spreads if not spread.refusal}
    return next((defined[name] for name in CLUSTERED if name in defined), spreads[0])


def find_t_limits(estimate: float, spread: Spread, level: float) -> tuple[float, float]:
    """Return estimate ± t·√V; the upper limit is not cut at 1."""
    reach = float(stdtrit(spread.df, (1 + level) / 2)) * spread.variance**0.5
    return estimate - reach, estimate + reach


def _refuse(name: str, theta: np.ndarray, n_raters: int, beyond: str) -> str:
    if len(theta) < 2:
        return f"cluster interval refused: there is one {name}"
    where = f"between clips and, {beyond}, within them" if beyond else "between and within clips"
    if n_raters == 2 and name != "subject":
        return "interval that allows for raters refused: of two raters none can be left out"
    if name == "subject" and np.isnan(theta).all():
        return f"cluster interval refused: the ratings do not vary both {where}"
    what = "subject-by-rater cell" if name == "cell" else name
    return f"cluster interval refused: without one {what} the ratings no longer vary both {where}"


def jackknife_panel(panel: Panel, sums: ClipSums) -> tuple[Spread, ...]:
    """Return the cluster-jackknife variances of ICC(k), k = n0, as `spread_thetas` gives them."""
    if panel.contexts is not None:
        samples = sample_sums(panel, sums)
        sizes = _count_parts(find_cells(panel), always=False)
        return spread_thetas(_split(leave_sums_out(samples[0], samples[1:].T), sizes))
    taken = leave_each_out(panel, sums)
    sizes = {name: len(part) for name, part in taken.items()}
    moments = taken["subject"].sum(axis=0)
    whole = list_sums(moments)
    parts = list(taken.values())
    if sum(sizes.values()) <= _BLOCK:
        # On few samples calls cost more than numbers: all in one.
        parts = [np.concatenate([part.T for part in parts], axis=1).T]
    thetas = []
    for part in parts:
        np.subtract(moments, part, out=part)
        # Blocks stay in the processor's memory, where millions of cells do not.
        for start in range(0, len(part), _BLOCK):
            thetas.append(leave_sums_out(whole, list_sums(part[start : start + _BLOCK])))
    return spread_thetas(_split(np.concatenate(thetas), sizes))


def sample_sums(panel: Panel, sums: ClipSums) -> np.ndarray:
    """Return a panel's sums (1 + S, 5), within its contexts, and those without each cluster."""
    if panel.contexts is not None:
        return add_contexts(
            panel, lambda part: sample_sums(part, sum_clips(part.rating, part.clip))
        )
    moments = add_moments(sums)
    taken = leave_each_out(panel, sums, always=True).values()
    return find_additive(np.concatenate([moments[None], *(moments - part for part in taken)]))


def add_contexts(panel: Panel, sample: Callable[[Panel], np.ndarray]) -> np.ndarray:
    """Return statistics (1 + S, m) added over contexts, given those of a context.

    They come of all ratings, then without each subject, each rater and each cell.
    """
    codes = panel.cluster, panel.rater, find_cells(panel).code
    starts = np.cumsum([1, *(int(code.max()) + 1 for code in codes)])
    parts = [(rows, sample(part)) for rows, part in panel.parts]
    added = np.tile(sum(found[0] for _, found in parts), (starts[-1], 1))
    for rows, found in parts:
        # A context numbers its clusters in the order that they have in all ratings.
        used = [
            start + list_used(code[rows]) for start, code in zip(starts[:-1], codes, strict=True)
        ]
        added[np.concatenate(used)] += found[1:] - found[0]
    return added


def leave_each_out(panel: Panel, sums: ClipSums, *, always: bool = False) -> dict[str, np.ndarray]:
    """Return the moments (G, 6) that each subject takes off; and each rater and each cell.

    The latter where raters are shared by subjects, or ``always``.
    """
    samples = {"subject": add_moments(sums, panel.owners)}
    peeled = peel_ratings(panel.rating, panel.clip, sums)
    by_rater, by_cell = _sum_crossed(peeled, panel.cluster, panel.rater)
    if len(by_cell) > len(by_rater) or always:
        samples |= {"rater": by_rater, "cell": by_cell}
    return samples


def _sum_crossed(
    peeled: Peeled, subject: np.ndarray, rater: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the moments that each rater (W, 6) and each cell in use (C, 6) takes off.

    CellCodes come in the order of `number_cells`.
    """
    n_subjects, n_raters = int(subject.max()) + 1, int(rater.max()) + 1
    if is_sparse(n_subjects * n_raters, len(rater)):
        by_rater = sum_groups(peeled, rater, n_raters)
        last = np.zeros(n_raters, dtype=np.int64)
        last[rater] = subject
        if (last[rater] == subject).all():
            return by_rater, by_rater
        return by_rater, sum_groups(peeled, *number_cells(subject, rater, n_raters))
    table = sum_groups(peeled, subject * n_raters + rater, n_subjects * n_raters).T
    by_rater = np.ones(n_subjects) @ table.reshape(len(table), n_subjects, n_raters)
    return by_rater.T, table.take(np.flatnonzero(table[1]), axis=1).T


def leave_sums_out(whole: Sequence[np.ndarray], sums: Iterable[np.ndarray]) -> np.ndarray:
    """Return ICC(k) of five sums (G,), k = n0 of all ratings (5,); NaN where it is undefined.

    The number of ratings a clip is part of what is estimated, so it stays that of all ratings:
    leaving out a rater of many clips lowers n0, and recomputing k with it would count the spread
    of the raters' loads as uncertainty (with crowd loads the interval then covers .99, not .95).
    """
    df_between, df_within, between, within, weighed = sums
    k = whole[4] / whole[0]
    floor = 1e-12 * max(whole[2] + whole[3], np.finfo(float).tiny)
    with np.errstate(divide="ignore", invalid="ignore"):
        # Spearman–Brown from n0 to k, multiplied out: k(MSB − MSW)/(k·MSB + (n0 − k)·MSW).
        msb, msw = between * df_within, within * df_between
        share = k * msb + within * (weighed - k * df_between)
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
    joined
        Components without each cluster, arrays (S,): of one part after the other, each in the order
        of the panel's codes.
    sizes
        Samples of each part: ``subject``, and ``rater`` and ``cell`` where raters are shared.
    cells
        The subject-by-rater cells.
    """

    whole: Mapping[str, float]
    joined: Sample
    sizes: Mapping[str, int]
    cells: CellCodes

    def split(self, values: np.ndarray) -> dict[str, np.ndarray]:
        """Return the values (G,) of each part, given those of all samples (S,)."""
        return _split(values, self.sizes)


def sample_panel(
    panel: Panel, model: IccModel, sums: ClipSums | None = None, *, always: bool = False
) -> Samples:
    """Return a panel's components under a model, with its leave-one-out samples.

    Where subjects are not known, each clip stands for one. Raters and cells are left out where
    raters are shared, or ``always``. ``sums`` are those of all clips, where they are at hand.
    """
    sums = sum_clips(panel.rating, panel.clip) if sums is None else sums
    cells = find_cells(panel)
    if model == "one-way":
        found, squares = _divide(sample_sums(panel, sums))
    elif panel.contexts is None:
        found, squares = _find_pairs(panel, model, sums, cells)
    else:
        found, squares = _pool_pairs(panel, model)
    sizes = _count_parts(cells, always=always)
    if panel.fixed:
        sizes = {"subject": sizes["subject"]}
    # A product of so long vectors would start threads of BLAS, which cost more than they give.
    floor = 1e-12 * float(((panel.rating - panel.rating.mean()) ** 2).sum())
    bare = squares.min(axis=0)[1:] <= floor
    if model == "two-way":
        lacking = find_bare(panel)
        bare[: len(lacking)] |= lacking
    if bare.any():
        # A coefficient of a sample without a mean square to speak of lies at an end of its range
        # whatever the data, and a jackknife of them has width 0 or is far too narrow.
        found = {name: np.where([False, *bare], np.nan, part) for name, part in found.items()}
    end = 1 + sum(sizes.values())
    whole = {name: float(part[0]) for name, part in found.items()}
    return Samples(whole, {name: part[1:end] for name, part in found.items()}, sizes, cells)


def _count_parts(cells: CellCodes, *, always: bool) -> dict[str, int]:
    """Return how many samples lack one subject, and one rater, one cell where raters are shared."""
    sizes = {"subject": int(cells.subject.max()) + 1, "rater": int(cells.rater.max()) + 1}
    shared = len(cells.rater) > sizes["rater"] or always
    return sizes | {"cell": len(cells.rater)} if shared else {"subject": sizes["subject"]}


def _split(values: np.ndarray, sizes: Mapping[str, int]) -> dict[str, np.ndarray]:
    ends = accumulate(sizes.values())
    return {part: values[end - sizes[part] : end] for part, end in zip(sizes, ends, strict=True)}


def spread_estimand(
    samples: Samples, estimand: Estimand, divisors: Mapping[str, float]
) -> tuple[Spread, ...]:
    """Return the jackknife variances of an estimand, as `spread_thetas` gives them."""
    theta = measure_estimand(estimand, samples.joined, divisors)
    theta = np.where(np.isinf(theta), np.nan, theta)
    crossed = estimand in (AGREEMENT, CONSISTENCY)
    return spread_thetas(samples.split(theta), "beyond raters' levels" if crossed else "")


# The functions below return components (1 + S,) by name, of all ratings and then without each
# subject, rater and cell; and sums of squares between and within clips (2, 1 + S).


def _divide(sums: np.ndarray) -> tuple[Sample, np.ndarray]:
    squares = divide_sums(sums)
    found = {"clip": (squares.between - squares.within) / squares.n0, "error": squares.within}
    return found, sums[:, 2:4].T


def _find_pairs(
    panel: Panel, model: IccModel, sums: ClipSums, cells: CellCodes
) -> tuple[Sample, np.ndarray]:
    pairs, squares = sum_pairs(panel, sums, cells, nested=model == "nested")
    return (find_components if model == "two-way" else find_nested_components)(pairs), squares


def _pool_pairs(panel: Panel, model: IccModel) -> tuple[Sample, np.ndarray]:
    """Return components within contexts: their mean, weighted by the clips of each less one."""
    total = sum(part.n_clips - 1 for _, part in panel.parts)
    names: list[str] = []

    def sample(part: Panel) -> np.ndarray:
        sums = sum_clips(part.rating, part.clip)
        found, squares = _find_pairs(part, model, sums, find_cells(part))
        names[:] = found
        weight = (part.n_clips - 1) / total
        return np.concatenate([weight * np.array([*found.values()]), squares]).T

    added = add_contexts(panel, sample).T
    return dict(zip(names, added[:-2], strict=True)), added[-2:]
