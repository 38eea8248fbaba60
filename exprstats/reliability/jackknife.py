"""The cluster interval: a delete-one jackknife over subjects and, where they are shared, raters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit


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
    variances = {name: find_variance(theta) for name, theta in thetas.items()}
    if "rater" not in variances:
        return variances["subject"]
    total = variances["subject"] + variances["rater"] - variances["cell"]
    return max(total, variances["subject"], variances["rater"])


def find_variance(theta: np.ndarray) -> float:
    """Return the delete-one jackknife variance of leave-one-out estimates (G,)."""
    count = len(theta)
    off = theta - theta.mean()
    return float((count - 1) / count * (off @ off))


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
