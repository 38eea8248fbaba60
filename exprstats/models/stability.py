"""What refits say about a weight: its interval, selection, sign, rank and size."""

from __future__ import annotations

from typing import Any

import numpy as np

from exprstats.inference.intervals import find_percentile, sort_draws
from exprstats.models.penalties import take_moments
from exprstats.models.resamples import MOST_UNDEFINED


def list_stability(
    weights: np.ndarray, refits: np.ndarray, *, threshold: float, level: float
) -> list[dict[str, Any]]:
    """Return tidy rows for each feature, by its position.

    Parameters
    ----------
    weights
        (p,) of the fitted model.
    refits
        (B, p) of resampled subjects; NaN where there was nothing to fit.
    threshold
        Size from which a weight counts as notable.
    level
        Of the percentile intervals of ``weight`` and ``rank``.
    """
    defined = refits[np.isfinite(refits).all(axis=1)]
    about = {"draws": len(defined), "level": level, "method": "percentile"}
    refused = len(refits) - len(defined) > MOST_UNDEFINED * len(refits)
    note = f"{len(refits) - len(defined)} of {len(refits)} refits undefined" if refused else None
    ranks = rank_sizes(defined)
    limits = [_find_limits(one, level, refused) for one in (defined, ranks)]
    own_ranks = rank_sizes(weights[None])[0]
    sizes = np.abs(defined)
    shares = {
        "selected": (defined != 0).mean(axis=0),
        "same_sign": np.where(weights == 0, np.nan, (np.sign(defined) == np.sign(weights)).mean(0)),
        "notable": (sizes >= threshold).mean(axis=0),
    }
    rows: list[dict[str, Any]] = []
    for j, weight in enumerate(weights):
        interval = {name: values[j] for name, values in limits[0].items()}
        rows.append({"feature": j, "term": "weight", "estimate": weight, **interval, **about})
        rows[-1]["note"] = note
        for term, share in shares.items():
            zero = "the weight is 0" if np.isnan(share[j]) else None
            row = {"estimate": share[j], "draws": len(defined), "note": zero}
            rows.append({"feature": j, "term": term, **row})
        interval = {name: values[j] for name, values in limits[1].items()}
        rows.append({"feature": j, "term": "rank", "estimate": own_ranks[j], **interval, **about})
        rows[-1]["note"] = note
    return rows


def list_inflation(values: np.ndarray) -> list[dict[str, Any]]:
    """Return tidy rows of variance inflation factors of training features (n, p)."""
    return [
        {
            "feature": j,
            "term": "vif",
            "estimate": factor,
            "note": "constant, or determined by other features" if np.isnan(factor) else None,
        }
        for j, factor in enumerate(inflate_variance(values))
    ]


def rank_sizes(weights: np.ndarray) -> np.ndarray:
    """Return ranks (B, p) of sizes, 1 the largest, ties sharing the mean of their ranks.

    Examples
    --------
    >>> rank_sizes(np.array([[0.5, 0.0, -0.9, 0.0]])).tolist()
    [[2.0, 3.5, 1.0, 3.5]]
    """
    ranks = np.empty(weights.shape)
    for draw, size in enumerate(np.abs(weights)):
        above = (size[None, :] > size[:, None]).sum(axis=1)
        equal = (size[None, :] == size[:, None]).sum(axis=1)
        ranks[draw] = above + (equal + 1) / 2
    return ranks


def inflate_variance(values: np.ndarray) -> np.ndarray:
    """Return variance inflation factors (p,) of features (n, p); NaN where undefined.

    The diagonal of the inverse correlation matrix (Marquardt, 1970). Undefined for constant
    features, and for features that others determine exactly.
    """
    from scipy.linalg import eigh

    moments = take_moments(values, np.arange(len(values), dtype=float))
    factors = np.full(values.shape[1], np.nan)
    used = np.flatnonzero(~moments.constant)
    roots, vectors = eigh(moments.gram[np.ix_(used, used)])
    free = roots > 1e-10 * len(used)
    # A feature with a share in a direction without variance is determined by others.
    tied = (vectors[:, ~free] ** 2).sum(axis=1) > 1e-8
    inverse = (vectors[:, free] ** 2 / roots[free]).sum(axis=1)
    factors[used] = np.where(tied, np.nan, inverse)
    return factors


def _find_limits(values: np.ndarray, level: float, refused: bool) -> dict[str, np.ndarray]:
    if refused or len(values) < 2:
        return {name: np.full(values.shape[1], np.nan) for name in _LIMITS}
    found = find_percentile(*sort_draws(values.T), level)
    return dict(zip(_LIMITS, found, strict=True))


_LIMITS = ("std_error", "conf_low", "conf_high")
