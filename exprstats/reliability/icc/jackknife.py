"""The cluster interval: a delete-one jackknife over subjects and shared raters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from exprstats.options import IccModel
from exprstats.reliability.icc.estimands import AGREEMENT, CONSISTENCY, Estimand, measure_estimand
from exprstats.reliability.icc.nested import (
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
    divide_sums,
    find_additive,
    list_sums,
    peel_ratings,
    sum_clips,
    sum_groups,
)
from exprstats.reliability.icc.panels import Panel, is_sparse, number_cells
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


def combine_thetas(
    thetas: Mapping[str, np.ndarray], beyond: str = "", method: str = "jackknife"
) -> Spread:
    """Return the spread of leave-one-out values (G,) by part, NaN where one is undefined.

    Subjects are left out one at a time. Where some rater rates clips of more than one subject,
    raters are too, and so are the subject-by-rater cells, which both would count twice:
    V = V_subject + V_rater − V_cell, never below the larger of the first two (the two-way
    clustering of Cameron, Gelbach, & Miller, 2011, on a jackknife). ``beyond`` says in a refusal
    which variation within clips does not count.
    """
    n_subjects, n_raters = len(thetas["subject"]), len(thetas.get("rater", ()))
    failed = [name for name, theta in thetas.items() if len(theta) < 2 or np.isnan(theta).any()]
    refusal = _refuse(failed[0], thetas[failed[0]], n_raters, beyond) if failed else ""
    variance = float("nan") if refusal else combine_variances(thetas)
    df = (min(n_subjects, n_raters) if n_raters else n_subjects) - 1
    return Spread(variance, df, n_subjects, n_raters, refusal, method)


def spread_thetas(thetas: Mapping[str, np.ndarray], beyond: str = "") -> tuple[Spread, ...]:
    """Return the spread over all parts and, where raters are few, that over subjects alone.

    The latter takes the raters as fixed: it is all there is where no rater can be left out, and it
    holds its own truth, that of these raters, in .93 to .97 of studies. As an interval for raters
    like these it holds .64 to .95, the worse the more severe they are, while the former, with
    min(G, W) − 1 degrees of freedom, holds .93 to 1; Satterthwaite's degrees of freedom were tried
    and hold .86 to .98. So the former is the one to report wherever it exists.
    """
    full = combine_thetas(thetas, beyond)
    if "rater" not in thetas or not (full.refusal or full.n_raters < FEW_RATERS):
        return (full,)
    return full, combine_thetas({"subject": thetas["subject"]}, beyond, "jackknife_subjects")


def settle_spread(spreads: Sequence[Spread]) -> Spread:
    """Return the spread to report, else the first with its refusal."""
    defined = {spread.method: spread for spread in spreads if not spread.refusal}
    return next((defined[name] for name in CLUSTERED if name in defined), spreads[0])


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
        whole, samples = sample_sums(panel, sums)
        return spread_thetas(
            {name: leave_sums_out(whole, lost.T) for name, lost in samples.items()}
        )
    moments = add_moments(sums)
    whole = find_additive(moments)
    taken = leave_each_out(panel, sums)
    ends = np.cumsum([len(part) for part in taken.values()])
    parts = list(taken.values())
    if ends[-1] <= _BLOCK:
        # On few samples calls cost more than numbers: all in one.
        parts = [np.concatenate([part.T for part in parts], axis=1).T]
    thetas = []
    for part in parts:
        np.subtract(moments, part, out=part)
        # Blocks stay in the processor's memory, where millions of cells do not.
        for start in range(0, len(part), _BLOCK):
            thetas.append(leave_sums_out(whole, list_sums(part[start : start + _BLOCK])))
    found = np.split(np.concatenate(thetas), ends[:-1])
    return spread_thetas(dict(zip(taken, found, strict=True)))


def sample_sums(
    panel: Panel, sums: ClipSums, *, always: bool = False
) -> tuple[np.ndarray, Mapping[str, np.ndarray]]:
    """Return a panel's sums (5,), within its contexts, and those (G, 5) without each cluster."""

    def sample(
        part: Panel, sums: ClipSums, *, always: bool
    ) -> tuple[np.ndarray, Mapping[str, np.ndarray]]:
        moments = add_moments(sums)
        taken = leave_each_out(part, sums, always=always)
        return find_additive(moments), {
            name: find_additive(moments - off) for name, off in taken.items()
        }

    if panel.contexts is None:
        return sample(panel, sums, always=always)
    whole, without = add_contexts(
        panel, lambda part: sample(part, sum_clips(part.rating, part.clip), always=True)
    )
    if len(without["cell"]) == len(without["rater"]) and not always:
        return whole, {"subject": without["subject"]}
    return whole, without


def add_contexts(
    panel: Panel, sample: Callable[[Panel], tuple[np.ndarray, Mapping[str, np.ndarray]]]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return statistics added over contexts, of all ratings and without each cluster.

    ``sample`` gives a context's statistics (m,), and those (G, m) without each subject, rater and
    cell of the context.
    """
    cell = number_cells(panel.cluster, panel.rater, panel.n_raters)[0]
    codes = {"subject": panel.cluster, "rater": panel.rater, "cell": cell}
    parts = [(rows, *sample(part)) for rows, part in panel.parts]
    whole = sum((one for _, one, _ in parts), np.zeros(1))
    without = {name: np.tile(whole, (int(code.max()) + 1, 1)) for name, code in codes.items()}
    for rows, one, samples in parts:
        for name, lost in samples.items():
            # A context numbers its clusters in the order that they have in all ratings.
            without[name][np.unique(codes[name][rows])] += lost - one
    return whole, without


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

    Cells come in the order of `number_cells`.
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


def leave_sums_out(whole: np.ndarray, sums: Iterable[np.ndarray]) -> np.ndarray:
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
        sums, lost = sample_sums(panel, sum_clips(panel.rating, panel.clip), always=True)
        whole, without = _split(sums), {name: _split(part) for name, part in lost.items()}
    elif panel.contexts is None:
        whole, without = _sample_pairs(panel, model)
    else:
        whole, without = _pool_pairs(panel, model)
    if (n_cells == panel.n_raters and not always) or panel.fixed:
        without = {"subject": without["subject"]}
    without = _blank_bare(panel, model, without)
    numbers = {name: float(value) for name, value in whole.items()}
    return Samples(numbers, without, (panel.cluster[first], panel.rater[first]))


def _blank_bare(panel: Panel, model: IccModel, without: Mapping[str, Sample]) -> dict[str, Sample]:
    """Return leave-one-out components, NaN where what is left has no mean square to speak of.

    A coefficient of such a sample lies at an end of its range whatever the data, and a jackknife of
    them has width 0 or is far too narrow.
    """
    lost = sample_sums(panel, sum_clips(panel.rating, panel.clip), always=True)[1]
    # A product of so long vectors would start threads of BLAS, which cost more than they give.
    floor = 1e-12 * float(((panel.rating - panel.rating.mean()) ** 2).sum())
    bare = {name: np.minimum(part[:, 2], part[:, 3]) <= floor for name, part in lost.items()}
    if model == "two-way":
        bare |= {name: bare[name] | found for name, found in find_bare(panel).items()}
    return {
        name: {key: np.where(bare[name], np.nan, value) for key, value in part.items()}
        if bare[name].any()
        else dict(part)
        for name, part in without.items()
    }


def spread_estimand(
    samples: Samples, estimand: Estimand, divisors: Mapping[str, float]
) -> tuple[Spread, ...]:
    """Return the jackknife variances of an estimand, as `spread_thetas` gives them."""
    thetas = {}
    for part, sample in samples.without.items():
        theta = measure_estimand(estimand, sample, divisors)
        thetas[part] = np.where(np.isinf(theta), np.nan, theta)
    crossed = estimand in (AGREEMENT, CONSISTENCY)
    return spread_thetas(thetas, "beyond raters' levels" if crossed else "")


def _split(sums: np.ndarray) -> Sample:
    squares = divide_sums(sums)
    return {"clip": (squares.between - squares.within) / squares.n0, "error": squares.within}


def _sample_pairs(panel: Panel, model: IccModel) -> tuple[Sample, Mapping[str, Sample]]:
    find = find_components if model == "two-way" else find_nested_components
    centred, codes = panel.rating - panel.rating.mean(), encode_pairs(panel)
    by = sum_levels(centred, codes)
    kinds = by if model == "nested" else ("clip", "rater", "every")
    pairs = sum_pairs({kind: by[kind] for kind in kinds})
    samples = leave_pairs_out(centred, codes, by, pairs)
    return find(pairs), {name: find(part) for name, part in samples.items()}


def _pool_pairs(panel: Panel, model: IccModel) -> tuple[Sample, Mapping[str, Sample]]:
    """Return components within contexts: their mean, weighted by the clips of each less one."""
    total = sum(part.n_clips - 1 for _, part in panel.parts)
    names: list[str] = []

    def sample(part: Panel) -> tuple[np.ndarray, Mapping[str, np.ndarray]]:
        weight = (part.n_clips - 1) / total
        whole, without = _sample_pairs(part, model)
        names[:] = whole
        stacks = {
            name: weight * np.stack([*map(np.asarray, lost.values())], axis=-1)
            for name, lost in without.items()
        }
        return weight * np.array([*map(float, whole.values())]), stacks

    whole, without = add_contexts(panel, sample)
    split = {name: dict(zip(names, lost.T, strict=True)) for name, lost in without.items()}
    return dict(zip(names, whole, strict=True)), split
