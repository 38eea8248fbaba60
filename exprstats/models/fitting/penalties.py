"""The elastic net over a grid of penalties, from means and covariances alone.

The objective is ``1/(2n) |y - Zw|² + alpha·l1_ratio·|w|₁ + alpha·(1 - l1_ratio)/2·|w|²`` (Zou &
Hastie, 2005, in scikit-learn's scaling) with Z standardised by its own mean and SD (divisor n).
It depends on the data through Z'Z/n, Z'y/n and y'y/n only, so that a fit costs the same for a
thousand clips as for a million. Sums of products kept for each subject therefore fit any resample:
one that takes subject g c_g times has the sums Σ c_g P_g, P_g being the products of [1, features,
target] summed over the subject's clips, and needs no rows.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from exprstats.models.data.design import Design, Sample
from exprstats.options import PARTS

TOLERANCE = 1e-7
MAX_ITERATIONS = 10_000
# Below this share of a column's largest value, its SD is rounding error.
CONSTANT = 1e-13


@dataclass(frozen=True, slots=True, eq=False)
class FitMoments:
    """What standardised features and a centred target have to say to each other.

    Arrays of several samples have one more axis, the first.

    Attributes
    ----------
    centre, scale
        (p,) mean and SD (divisor n) of the features; the scale of a constant feature is 1.
    constant
        (p,) whether a feature does not vary.
    gram
        (p, p) correlations of the features; rows of constant features are 0.
    cross
        (p,) covariances of the standardised features with the target.
    mean, variance
        Mean and variance (divisor n) of the target.
    """

    centre: np.ndarray
    scale: np.ndarray
    constant: np.ndarray
    gram: np.ndarray
    cross: np.ndarray
    mean: Any
    variance: Any

    def pick(self, place: int) -> FitMoments:
        """Return the moments of one of several samples."""
        return FitMoments(*(getattr(self, field.name)[place] for field in fields(self)))


@dataclass(frozen=True, slots=True, eq=False)
class PenaltyGrid:
    """The penalties that are tried, largest alpha first."""

    alphas: tuple[float, ...]
    l1_ratios: tuple[float, ...]

    @property
    def points(self) -> np.ndarray:
        """Return (l1_ratios x alphas, 2) pairs of alpha and l1_ratio, alpha running fastest."""
        ratios, alphas = np.meshgrid(self.l1_ratios, self.alphas, indexing="ij")
        return np.column_stack([alphas.ravel(), ratios.ravel()])


def take_moments(values: np.ndarray, truth: np.ndarray) -> FitMoments:
    """Return the moments of features (n, p) and a target (n,)."""
    centre, scale, constant = scale_columns(values)
    mean = float(truth.mean())
    z = np.where(constant, 0.0, (values - centre) / scale)
    rest = truth - mean
    n = len(truth)
    return FitMoments(
        centre, scale, constant, z.T @ z / n, z.T @ rest / n, mean, float(rest @ rest) / n
    )


def scale_columns(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mean, SD (divisor n; 1 where constant) and constancy (p,) of features (n, p)."""
    spread = values.std(axis=0)
    constant = spread <= CONSTANT * np.abs(values).max(axis=0)
    return values.mean(axis=0), np.where(constant, 1.0, spread), constant


def trace_grid(moments: FitMoments, grid: PenaltyGrid) -> tuple[np.ndarray, np.ndarray]:
    """Return the weights at every point of the grid, and whether the descent stopped early.

    Weights (points, p) are the change of the target for one SD of the feature, in the order of
    ``grid.points``; alphas must fall. It stopped (points,) where it reached `MAX_ITERATIONS` before
    `TOLERANCE`.
    """
    bent = [ratio for ratio in grid.l1_ratios if ratio > 0]
    found = dict(zip(bent, _descend(moments, grid.alphas, bent), strict=True)) if bent else {}
    if len(bent) < len(grid.l1_ratios):
        found[0.0] = _solve_ridge(moments, grid.alphas), np.zeros(len(grid.alphas), dtype=bool)
    blocks, stopped = zip(*(found[ratio] for ratio in grid.l1_ratios), strict=True)
    # Adding 0 turns -0.0 into 0.0.
    return np.concatenate(blocks) + 0.0, np.concatenate(stopped)


def predict_grid(moments: FitMoments, weights: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return predictions (m, points) of clips with features (m, p)."""
    return moments.mean + ((values - moments.centre) / moments.scale) @ weights.T


def choose_point(grid: PenaltyGrid, weights: np.ndarray, errors: np.ndarray) -> int:
    """Return the position of the lowest error (points,).

    Errors within 1e-10 of the lowest, relative to it, count as equal: the fewest non-zero weights
    win, then the larger alpha, then the larger l1_ratio.
    """
    near = _find_near(errors)
    alpha, ratio = grid.points[near].T
    sizes = np.count_nonzero(weights[near], axis=1)
    return int(near[np.lexsort((-ratio, -alpha, sizes))[0]])


def fit_lowest(
    moments: FitMoments, grid: PenaltyGrid, errors: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return weights (p,) and (alpha, l1_ratio) at the lowest error (points,), by `choose_point`.

    Only the paths of l1_ratios that come near it are traced.
    """
    rows = np.unique(_find_near(errors) // len(grid.alphas))
    part = PenaltyGrid(grid.alphas, tuple(grid.l1_ratios[row] for row in rows))
    weights, _ = trace_grid(moments, part)
    best = choose_point(part, weights, errors.reshape(-1, len(grid.alphas))[rows].ravel())
    return weights[best], part.points[best]


def _find_near(errors: np.ndarray) -> np.ndarray:
    return np.flatnonzero(errors <= errors.min() * (1 + 1e-10))


def _solve_ridge(moments: FitMoments, alphas: tuple[float, ...]) -> np.ndarray:
    # w = V (D + alpha)⁻¹ V'c with Z'Z/n = V D V' (Hoerl & Kennard, 1970): one decomposition serves
    # every alpha, exactly, where coordinate descent at scikit-learn's tolerance misses by 3.5e-4.
    values, vectors = np.linalg.eigh(moments.gram)
    turned = vectors.T @ moments.cross
    shrunk = turned / (np.maximum(values, 0) + np.array(alphas)[:, None])
    weights = shrunk @ vectors.T
    weights[:, moments.constant] = 0
    return weights


def _descend(
    moments: FitMoments, alphas: tuple[float, ...], ratios: Sequence[float]
) -> list[tuple[np.ndarray, np.ndarray]]:
    from sklearn import config_context
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import enet_path

    # With the Gram matrix given, the path reads only the number of rows of X and the length of y:
    # one row with mean products in place of sums is the same problem.
    row = np.zeros((1, len(moments.cross)), order="F")
    target = np.array([moments.variance**0.5])
    settings: dict[str, Any] = {
        "alphas": np.array(alphas),
        "precompute": moments.gram,
        "Xy": moments.cross,
        "copy_X": False,
        "check_input": False,
        "tol": TOLERANCE,
        "max_iter": MAX_ITERATIONS,
    }
    # Checking the arguments costs twice as much as the descent.
    with warnings.catch_warnings(), config_context(skip_parameter_validation=True):
        warnings.simplefilter("ignore", ConvergenceWarning)
        paths = [enet_path(row, target, l1_ratio=ratio, **settings) for ratio in ratios]
    return [(path.T, gaps > TOLERANCE * moments.variance) for _, path, gaps in paths]


# Sums are taken about the full sample's means: an SD below this share of the root mean square is
# rounding.
ROUNDING = 1e-7


@dataclass(frozen=True, slots=True, eq=False)
class Products:
    """Products of one sample in the parts that are fitted and tuned on.

    Attributes
    ----------
    train, validate
        (subjects, q·q) sums over each subject's clips, q = features + 2; 0 for other subjects.
    size
        q.
    """

    train: np.ndarray
    validate: np.ndarray
    size: int

    def weigh(self, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return both sums (draws, q, q) of resamples with counts (draws, subjects)."""
        shape = (len(counts), self.size, self.size)
        return (counts @ self.train).reshape(shape), (counts @ self.validate).reshape(shape)


def sum_products(
    design: Design,
    sample: Sample,
    subjects: np.ndarray,
    *,
    scale: tuple[np.ndarray, np.ndarray] | None = None,
) -> Products:
    """Return the products of a sample; subjects (n,) are codes 0 … G - 1 of all clips.

    ``scale`` is the centre and SD (p,) of the features; by default those of the training clips.
    """
    values, truth = design.split(sample, "train")
    centre, spread = scale or scale_columns(values)[:2]
    middle = truth.mean()
    groups = int(subjects.max()) + 1
    sums = []
    for part in ("train", "validate"):
        values, truth = design.split(sample, part)
        ones = np.ones((len(truth), 1))
        rows = np.hstack([ones, (values - centre) / spread, (truth - middle)[:, None]])
        codes = subjects[sample.rows[design.mark(sample, part)]]
        total = np.zeros((groups, rows.shape[1], rows.shape[1]))
        order = np.argsort(codes, kind="stable")
        present, starts = np.unique(codes[order], return_index=True)
        for code, own in zip(present, np.split(rows[order], starts)[1:], strict=True):
            total[code] = own.T @ own
        sums.append(total.reshape(groups, -1))
    return Products(sums[0], sums[1], rows.shape[1])


def code_subjects(design: Design) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return subject codes (n,) in the order of their ids, and the codes of the two parts."""
    levels = [str(one) for one in design.clips["subject"].unique()]
    names, order = np.unique(levels, return_inverse=True)
    codes = order[design.people]
    places = np.empty(len(names), dtype=int)
    places[codes] = design.places
    return codes, [np.flatnonzero(places == PARTS.index(part)) for part in ("train", "validate")]


def read_moments(total: np.ndarray, *, fixed_scale: bool = False) -> FitMoments | None:
    """Return the moments of a sum of products (q, q), or None where the target does not vary.

    ``fixed_scale`` keeps the unit of the features instead of the resample's own SD.
    """
    return standardise(total, fixed_scale=fixed_scale) if find_sound(total) else None


def find_sound(totals: np.ndarray) -> np.ndarray:
    """Return in which sums of products (..., q, q) there are clips, and the target varies."""
    n, total, squares = totals[..., 0, 0], totals[..., 0, -1], totals[..., -1, -1]
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.maximum(squares / n - (total / n) ** 2, 0)
        return (n >= 1) & (np.sqrt(variance) > ROUNDING * np.sqrt(squares / n))


def standardise(totals: np.ndarray, *, fixed_scale: bool = False) -> FitMoments:
    """Return the moments of sums of products (..., q, q) whose target varies, as `read_moments`."""
    n = totals[..., :1, :1]
    mean = totals[..., 0, :] / n[..., 0]
    covariance = totals / n - mean[..., None] * mean[..., None, :]
    spread = np.sqrt(np.maximum(np.diagonal(covariance, axis1=-2, axis2=-1)[..., 1:-1], 0))
    constant = spread <= ROUNDING
    scale = np.where(constant | fixed_scale, 1.0, spread)
    kept = np.where(constant, 0.0, 1 / scale)
    return FitMoments(
        centre=mean[..., 1:-1],
        scale=scale,
        constant=constant,
        gram=covariance[..., 1:-1, 1:-1] * (kept[..., None] * kept[..., None, :]),
        cross=covariance[..., 1:-1, -1] * kept,
        mean=mean[..., -1],
        variance=covariance[..., -1, -1],
    )


def average_squares(moments: FitMoments, weights: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Return the mean squared errors (points,) of weights (points, p) on a sum of products."""
    # Mean (y - a - x'b)² = (-a, -b, 1) S (-a, -b, 1)'/n with S the sums of products of [1, x, y]:
    # the error of a subject's clips without any of their rows.
    slopes = weights / moments.scale
    level = moments.mean - slopes @ moments.centre
    missed = np.column_stack([-level, -slopes, np.ones(len(weights))])
    return np.maximum(((missed @ total) * missed).sum(axis=1), 0) / total[0, 0]
