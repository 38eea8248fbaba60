"""Influence of single subjects on cross-validated errors and correlations.

A subject counts twice in a cross-validation: its clips test the models of its own fold, and train
those of all others. Resampling tested clips only misses the second part, and with it half of the
variance where there is nothing to predict: the score of fold f is then a sum over pairs of a tested
subject and one that trained, the score of the other's fold holds the same pairs again, and their
mean has twice the variance that independent folds had (the correlation that Nadeau & Bengio, 2003,
correct for). Leaving a subject out of both at once would count each pair four times instead. The
sum of the squares of both influences, each taken alone, is right there, and right where models are
good, since the best weights are those at which the score no longer depends on them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from exprstats.inference.metrics.clustered import FEWEST_CLIPS
from exprstats.models.fitting.penalties import (
    FitMoments,
    PenaltyGrid,
    find_sound,
    standardise,
    trace_grid,
)

CONSTANT = 1e-12
_ROUNDS = 5  # of guesses at the signs of weights; nearly all are right at once


class Influence(NamedTuple):
    """Scores of one repeat, whole and without each of the G subjects: (RMSE, r) in two columns.

    Attributes
    ----------
    whole
        (2,) RMSE over all clips, and the mean of the folds' correlations; NaN where undefined.
    folds
        (folds,) correlation in each fold; NaN where targets are constant or clips fewer than 3.
    tested, trained
        (G, 2) the same without a subject's clips in its own fold, and in the training of others.
    """

    whole: np.ndarray
    folds: np.ndarray
    tested: np.ndarray
    trained: np.ndarray


def correlate_products(totals: np.ndarray, slopes: np.ndarray, variance: float) -> np.ndarray:
    """Return r (draws,) of predictions x'b with targets from sums of products of [1, x, y].

    A prediction that is the same for all clips orders none of them: its r counts as 0. Left out,
    such folds would bias the mean of the others, because a model keeps no weight where the other
    folds speak against one: r was then -.08 where the truth is 0. Sums are (draws, q, q), slopes b
    (p,) or (draws, p), as r does not depend on the level of a prediction; ``variance`` is that of
    the target among all clips, against which nothing is too little.
    """
    n = totals[:, :1, :1]
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = totals[:, :1, :] / n
        covariance = totals / n - np.swapaxes(mean, -1, -2) * mean
        cross = (covariance[:, 1:-1, -1] * slopes).sum(axis=1)
        spread = ((covariance[:, 1:-1, 1:-1] @ slopes[..., None])[..., 0] * slopes).sum(axis=1)
        own = covariance[:, -1, -1]
        found = cross / np.sqrt(spread * own)
    varying = (own > CONSTANT * variance) & (n[:, 0, 0] >= FEWEST_CLIPS)
    return np.where(varying, np.where(spread > CONSTANT * variance, found, 0.0), np.nan)


def trace_influence(
    products: np.ndarray, codes: np.ndarray, points: Sequence[tuple[float, float]]
) -> Influence:
    """Score cross-validated elastic nets, and again without each subject, penalties held fixed.

    Products (G, q·q) of [1, features, target] are summed over each subject's clips, features and
    target in units of their SD; ``codes`` (G,) is each subject's fold, and ``points`` has alpha and
    l1_ratio of each fold's model.
    """
    size = int(np.sqrt(products.shape[1]))
    own = products.reshape(-1, size, size)
    folds = np.arange(len(points))
    sums = np.array([own[codes == fold].sum(axis=0) for fold in folds])
    total, groups = sums.sum(axis=0), len(own)
    variance = total[-1, -1] / total[0, 0] - (total[0, -1] / total[0, 0]) ** 2
    whole = np.empty((2, len(points)))
    tested, trained = np.empty((2, groups, 2, len(points)))
    for fold, point in enumerate(points):
        grid = PenaltyGrid((point[0],), (point[1],))
        held, rest = sums[fold], total - sums[fold]
        inside, outside = np.flatnonzero(codes == fold), np.flatnonzero(codes != fold)
        lines = _refit(np.concatenate([rest[None], rest - own[outside]]), grid)
        whole[:, fold] = _score(lines[:1], held[None], variance)[0]
        tested[inside, :, fold] = _score(lines[:1], held - own[inside], variance)
        trained[outside, :, fold] = _score(lines[1:], held[None], variance)
    # A subject tests in its own fold only, and trains everywhere else.
    here = codes[:, None] == folds
    tested = np.where(here[:, None], tested, whole)
    trained = np.where(here[:, None], whole, trained)
    clips = np.repeat(sums[None, :, 0, 0], groups, axis=0)
    fewer = clips - np.where(here, own[:, :1, 0], 0)
    return Influence(
        whole=_summarise(whole[None], clips[:1])[0],
        folds=whole[1],
        tested=_summarise(tested, fewer),
        trained=_summarise(trained, clips),
    )


def limit_scores(
    repeats: Sequence[Influence], codes: Sequence[np.ndarray], level: float
) -> dict[str, np.ndarray]:
    """Return standard errors and limits (2,) of RMSE and mean r, averaged over repeats.

    V = (G - 1)/G · (Σ T² + Σ R²) with T and R what leaving out a subject changes as tested and as
    trained, about their means. t has the degrees of freedom of Welch and Satterthwaite over folds,
    V²/Σ(V_f²/(n_f - 1)): where one fold's model alone says anything, its few subjects are all the
    evidence. Errors are limited on the log scale, r on Fisher's z. ``codes`` has the fold (G,) of
    each subject in each repeat.
    """
    whole = np.mean([one.whole for one in repeats], axis=0)
    groups = len(codes[0])
    away = [
        np.mean([getattr(one, name) for one in repeats], axis=0) for name in ("tested", "trained")
    ]
    centred = np.array([one - one.mean(axis=0) for one in away])
    squares = (groups - 1) / groups * (centred**2).sum(axis=0)
    freedom = np.mean([_count_freedom(squares, one) for one in codes], axis=0)
    error = np.sqrt(squares.sum(axis=0))
    with np.errstate(invalid="ignore", divide="ignore"):
        reach = stdtrit(freedom, (1 + level) / 2) * error
        ratio = reach[0] / whole[0]
        low_error, high_error = whole[0] * np.exp([-ratio, ratio])
        centre, width = np.arctanh(whole[1]), reach[1] / (1 - whole[1] ** 2)
        low, high = np.tanh([centre - width, centre + width])
    limits = np.array([[low_error, high_error], [low, high]])
    # Influences that are all 0 are no certainty: nothing was predicted, or everything exactly.
    limits[~(error > 0)] = np.nan
    return {"std_error": error, "conf_low": limits[:, 0], "conf_high": limits[:, 1]}


def _count_freedom(squares: np.ndarray, codes: np.ndarray) -> np.ndarray:
    parts = np.array([squares[codes == fold].sum(axis=0) for fold in np.unique(codes)])
    free = np.maximum(np.bincount(codes)[np.unique(codes)] - 1, 1)[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        return parts.sum(axis=0) ** 2 / (parts**2 / free).sum(axis=0)


def _refit(totals: np.ndarray, grid: PenaltyGrid) -> np.ndarray:
    """Return levels and slopes (draws, 1 + p) of one net on sums (draws, q, q); NaN where none.

    Most samples without one subject keep the features, and their signs, of the whole, the first of
    them. Only samples that do not are descended one by one.
    """
    lines = np.full((len(totals), totals.shape[1] - 1), np.nan)
    known = find_sound(totals)
    if not known.any():
        return lines
    moments = standardise(totals[known])
    first, _ = trace_grid(moments.pick(0), grid)
    weights = _solve_alike(moments, np.sign(first[0]), grid)
    weights[0] = first[0]  # to the last bit the model that predicts
    for place in np.flatnonzero(np.isnan(weights[:, 0])).tolist():
        weights[place] = trace_grid(moments.pick(place), grid)[0][0]
    slopes = weights / moments.scale
    level = moments.mean - (slopes * moments.centre).sum(axis=1)
    lines[known] = np.column_stack([level, slopes])
    return lines


def _solve_alike(moments: FitMoments, signs: np.ndarray, grid: PenaltyGrid) -> np.ndarray:
    """Return weights (draws, p) of nets whose weights have nearly the signs (p,); NaN elsewhere.

    Given the signs the weights solve linear equations, which is checked against the conditions of a
    minimum (Zou & Hastie, 2005): what turns out to have the other sign is left out, what is left
    out against the conditions is taken in, and again.
    """
    alpha, ratio = grid.alphas[0], grid.l1_ratios[0]
    bound = alpha * ratio
    gram, cross = moments.gram, moments.cross
    held = np.where(moments.constant, 0.0, signs)
    weights, left = np.full_like(cross, np.nan), np.arange(len(cross))
    places = np.arange(len(signs))
    for _ in range(_ROUNDS):
        used = held != 0
        system = np.where(used[:, :, None] & used[:, None, :], gram[left], 0.0)
        system[:, places, places] += np.where(used, alpha * (1 - ratio), 1.0)
        wanted = np.where(used, cross[left] - bound * held, 0.0)
        try:
            found = np.linalg.solve(system, wanted[..., None])[..., 0]
        except np.linalg.LinAlgError:  # Features that repeat one another.
            break
        turned = np.sign(found) != held
        rest = np.where(used, 0.0, cross[left] - (gram[left] @ found[..., None])[..., 0])
        over = np.abs(rest) > bound
        off = (turned | over).any(axis=1)
        weights[left[~off]] = found[~off]
        if not off.any():
            break
        held = np.where(turned, 0.0, held)
        held = np.where(over & ~turned.any(axis=1, keepdims=True), np.sign(rest), held)[off]
        left = left[off]
    return weights


def _score(lines: np.ndarray, held: np.ndarray, variance: float) -> np.ndarray:
    """Return sums of squared errors and r (draws, 2) of levels and slopes on sums of products.

    One line (1, 1 + p) stands for all sums (draws, q, q), one set of sums for all lines.
    """
    missed = np.column_stack([-lines, np.ones(len(lines))])
    squares = ((missed[:, None] @ held)[:, 0] * missed).sum(axis=1)
    r = correlate_products(held, lines[:, 1:], variance)
    squares = np.where(held[:, 0, 0] > 0, np.maximum(squares, 0.0), 0.0)
    return np.column_stack([squares, np.where(np.isnan(lines[:, 0]), np.nan, r)])


def _summarise(scores: np.ndarray, clips: np.ndarray) -> np.ndarray:
    """Return RMSE and mean r (draws, 2) of folds' scores (draws, 2, folds) on their clips."""
    rmse = np.sqrt(np.nansum(scores[:, 0], axis=1) / clips.sum(axis=1))
    known = np.isfinite(scores[:, 1])
    with np.errstate(invalid="ignore", divide="ignore"):
        r = np.where(known, scores[:, 1], 0).sum(axis=1) / known.sum(axis=1)
    return np.column_stack([rmse, r])
