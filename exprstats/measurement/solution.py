"""What one fit of one factor found, and who found it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """Estimates of one fit, in the units of the items; the factor has variance 1.

    Attributes
    ----------
    context, part
        The rows it was fitted on: a context or None for all, ``"train"`` or ``"all"``.
    items
        Names of the p items.
    n_clips
        Complete rows.
    loadings, residuals, intercepts
        Shape (p,).
    vcov
        Covariance (2p, 2p) of the estimated loadings and residuals.
    intercept_errors
        Standard errors of the intercepts, shape (p,).
    standard, standard_errors, residual_errors
        Standardised loadings, their standard errors, and those of the standardised residuals
        1 − λ², shape (p,).
    covariance
        Of the items over complete rows, shape (p, p), divisor n.
    fit
        ``df``, and where it is above 0 ``chisq pvalue cfi tli rmsea rmsea.ci.lower
        rmsea.ci.upper srmr``.
    low, high
        Smallest and largest answer to each item that the items allow, shape (p,).
    method
        ``"ml"``, or ``"robust"`` where standard errors and test do not lean on normality.
    missing
        ``"listwise"``, or ``"fiml"``: a clip that lacks items counts with those it has.
    n_clusters
        Clusters that the standard errors allow for; None where clips count as independent.
    """

    context: str | None
    part: str
    items: tuple[str, ...]
    n_clips: int
    loadings: np.ndarray
    residuals: np.ndarray
    intercepts: np.ndarray
    vcov: np.ndarray
    intercept_errors: np.ndarray
    standard: np.ndarray
    standard_errors: np.ndarray
    residual_errors: np.ndarray
    covariance: np.ndarray
    fit: Mapping[str, float]
    low: np.ndarray
    high: np.ndarray
    method: str = "ml"
    missing: str = "listwise"
    n_clusters: int | None = None

    @property
    def df(self) -> int:
        """Degrees of freedom of the model test."""
        return int(self.fit["df"])

    @property
    def name(self) -> str:
        """The rows in words, for messages."""
        return name_rows(self.context, self.part)


def name_rows(context: str | None, part: str = "all") -> str:
    """Return the rows of a fit in words, for messages."""
    where = f"context '{context}'" if context is not None else "all clips"
    return f"{where} of training subjects" if part == "train" else where


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where the numbers come from.

    Attributes
    ----------
    engine
        ``"lavaan"`` or ``"closed form"``.
    call
        The R call of the last fit, that of all clips; None without R.
    versions
        Of R and lavaan; empty without R.
    warnings
        What R warned of, with the items' names.
    reason
        Why R was not used; empty where it was.
    """

    engine: str
    call: str | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    reason: str = ""

    def list_versions(self) -> dict[str, str | None]:
        """Return the versions of lavaan and of R, as columns of a glance."""
        return {"lavaan": self.versions.get("lavaan"), "r": self.versions.get("R")}

    def describe(self) -> str:
        """Return the engine with its versions."""
        if self.engine != "lavaan":
            return self.engine
        return f"lavaan {self.versions.get('lavaan', '')}, R {self.versions.get('R', '')}"
