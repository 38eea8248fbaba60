"""One-way samples of a panel that lack one subject, one rater, or one cell of both."""

from __future__ import annotations

import numpy as np

from exprstats.reliability.jackknife import Spread, combine_thetas
from exprstats.reliability.moments import ClipSums, Peeled, add_moments, peel_ratings, sum_groups
from exprstats.reliability.panels import Panel


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
    if _is_sparse(n_subjects * n_raters, len(rater)):
        by_rater = sum_groups(peeled, rater, n_raters)
        if not _share_raters(subject, rater, n_raters):
            return by_rater, by_rater
        return by_rater, sum_groups(peeled, *number_cells(subject, rater, n_raters))
    table = sum_groups(peeled, subject * n_raters + rater, n_subjects * n_raters).T
    by_rater = np.ones(n_subjects) @ table.reshape(len(table), n_subjects, n_raters)
    return by_rater.T, table.take(np.flatnonzero(table[1]), axis=1).T


def _is_sparse(room: int, n_ratings: int) -> bool:
    return room > 4 * n_ratings


def _share_raters(subject: np.ndarray, rater: np.ndarray, n_raters: int) -> bool:
    one = np.zeros(n_raters, dtype=np.int64)
    one[rater] = subject
    return bool((one[rater] != subject).any())


def number_cells(subject: np.ndarray, rater: np.ndarray, n_raters: int) -> tuple[np.ndarray, int]:
    """Return codes (N,) of the subject-by-rater cells in use, and how many there are."""
    place = subject * n_raters + rater
    room = (int(subject.max()) + 1) * n_raters
    if _is_sparse(room, len(place)):
        order = np.argsort(place)
        ordered = place[order]
        number = np.cumsum(np.concatenate([[False], ordered[1:] != ordered[:-1]]))
        place[order] = number
        return place, int(number[-1]) + 1
    used = np.zeros(room, dtype=bool)
    used[place] = True
    return (np.cumsum(used) - 1)[place], int(used.sum())


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
