"""Sums of products for each subject, from which any resample of subjects can be fitted.

A resample that takes subject g c_g times has the sums Σ c_g P_g, P_g being the products of
[1, features, target] summed over the subject's clips: a refit needs no rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exprstats.models.data.design import Design, Sample
from exprstats.models.fitting.penalties import Moments, scale_columns
from exprstats.options import PARTS

# Sums are taken about the full sample's means: an SD below this share of the root mean square is
# rounding.
CONSTANT = 1e-7


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
    """Return the products of a sample.

    Parameters
    ----------
    design, sample
        What is fitted.
    subjects
        (n,) subject codes 0 … G - 1 of all clips of the design.
    scale
        Centre and SD (p,) of the features; by default those of the sample's training clips.
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


def read_moments(total: np.ndarray, *, fixed_scale: bool = False) -> Moments | None:
    """Return the moments of a sum of products (q, q), or None where the target does not vary.

    Parameters
    ----------
    total
        Products of [1, features, target].
    fixed_scale
        Keep the unit of the features instead of the resample's own SD.
    """
    return standardise(total, fixed_scale=fixed_scale) if find_sound(total) else None


def find_sound(totals: np.ndarray) -> np.ndarray:
    """Return in which sums of products (..., q, q) there are clips, and the target varies."""
    n, total, squares = totals[..., 0, 0], totals[..., 0, -1], totals[..., -1, -1]
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.maximum(squares / n - (total / n) ** 2, 0)
        return (n >= 1) & (np.sqrt(variance) > CONSTANT * np.sqrt(squares / n))


def standardise(totals: np.ndarray, *, fixed_scale: bool = False) -> Moments:
    """Return the moments of sums of products (..., q, q) whose target varies, as `read_moments`."""
    n = totals[..., :1, :1]
    mean = totals[..., 0, :] / n[..., 0]
    covariance = totals / n - mean[..., None] * mean[..., None, :]
    spread = np.sqrt(np.maximum(np.diagonal(covariance, axis1=-2, axis2=-1)[..., 1:-1], 0))
    constant = spread <= CONSTANT
    scale = np.where(constant | fixed_scale, 1.0, spread)
    kept = np.where(constant, 0.0, 1 / scale)
    return Moments(
        centre=mean[..., 1:-1],
        scale=scale,
        constant=constant,
        gram=covariance[..., 1:-1, 1:-1] * (kept[..., None] * kept[..., None, :]),
        cross=covariance[..., 1:-1, -1] * kept,
        mean=mean[..., -1],
        variance=covariance[..., -1, -1],
    )


def average_squares(moments: Moments, weights: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Return the mean squared errors (points,) of weights (points, p) on a sum of products."""
    # Mean (y - a - x'b)² = (-a, -b, 1) S (-a, -b, 1)'/n with S the sums of products of [1, x, y]:
    # the error of a subject's clips without any of their rows.
    slopes = weights / moments.scale
    level = moments.mean - slopes @ moments.centre
    missed = np.column_stack([-level, -slopes, np.ones(len(weights))])
    return np.maximum(((missed @ total) * missed).sum(axis=1), 0) / total[0, 0]
