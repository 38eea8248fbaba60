"""What a performance metric is: a name, a direction, a range, and two ways to compute it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from exprstats.errors import OptionError
from exprstats.words import name_nearest

if TYPE_CHECKING:
    from exprstats.inference.panels import Panel

Term = Callable[[np.ndarray, np.ndarray], np.ndarray]
Naive = Callable[[np.ndarray, np.ndarray], float]
Measure = Callable[[np.ndarray], np.ndarray]
MetricLike = str | Naive


@dataclass(frozen=True, slots=True)
class Metric:
    """A measure of how well predictions agree with the truth.

    Attributes
    ----------
    name
        How options and results call it.
    naive
        Its plain definition: truth (n,) and prediction (n,) to one number, NaN where undefined.
    direction
        Whether ``"higher"`` or ``"lower"`` is better, or values near ``"zero"``.
    range
        Lowest and highest possible value.
    sums
        The sums it is made of, by name: functions of truth (n,) and predictions (models, n) that
        return what each row adds, (n,) or (models, n). With them a resample costs a matrix product.
    formula
        Called with those sums by name, (draws,) or (models, draws); returns (models, draws).
    prepare
        Instead of sums: a function of a panel that returns a function of cluster counts
        (draws, clusters), which returns (models, draws).
    spanned
        Whether the value is divided by the theoretical range of the truth.
    fisher
        Whether the interval of a single score is made on Fisher's z scale.
    label
        How it is printed.

    Examples
    --------
    >>> def measure_worst(truth, prediction):
    ...     return float(np.abs(truth - prediction).max())
    >>> Metric("worst", measure_worst, direction="lower", range=(0, np.inf)).label
    'worst'
    """

    name: str
    naive: Naive
    direction: Literal["higher", "lower", "zero"] = "higher"
    range: tuple[float, float] = (-np.inf, np.inf)
    sums: Mapping[str, Term] | None = None
    formula: Callable[..., np.ndarray] | None = None
    prepare: Callable[[Panel], Measure] | None = None
    spanned: bool = False
    fisher: bool = False
    label: str = field(default="")

    def __post_init__(self) -> None:
        if (self.sums is None) != (self.formula is None):
            message = f"metric '{self.name}' needs both sums and formula, or neither."
            raise OptionError(message)
        if not self.label:
            object.__setattr__(self, "label", self.name)

    @property
    def bounded(self) -> bool:
        """Whether it cannot exceed 1 in size, so that APA style drops the leading zero."""
        return self.spanned or self.range[1] <= 1

    def __call__(self, truth: np.ndarray, prediction: np.ndarray) -> float:
        """Return the naive definition's value."""
        return self.naive(truth, prediction)


def list_metrics() -> dict[str, Metric]:
    """Return every metric that has a name, by name."""
    from exprstats.inference.labels import LABEL_METRICS
    from exprstats.inference.moments import MOMENT_METRICS
    from exprstats.inference.ranks import RANK_METRICS
    from exprstats.inference.subjects import SUBJECT_METRICS

    families = (MOMENT_METRICS, LABEL_METRICS, RANK_METRICS, SUBJECT_METRICS)
    return {metric.name: metric for family in families for metric in family}


def find_metrics(wanted: MetricLike | Sequence[MetricLike]) -> list[Metric]:
    """Return metrics for names, `Metric` objects or plain functions of truth and prediction.

    Raises
    ------
    OptionError
        For a name that is not known, with the nearest one, and where two share a name.
    """
    several = [wanted] if isinstance(wanted, str) or callable(wanted) else list(wanted)
    found = [_find_metric(metric) for metric in several]
    names = [metric.name for metric in found]
    if not names or len(set(names)) < len(names):
        message = f"metrics must be one or more different ones; got {', '.join(names) or 'none'}."
        raise OptionError(message)
    return found


def _find_metric(wanted: MetricLike) -> Metric:
    if isinstance(wanted, Metric):
        return wanted
    if isinstance(wanted, str):
        known = list_metrics()
        if wanted not in known:
            message = f"metric '{wanted}' is not known. {name_nearest(wanted, known)}"
            raise OptionError(message)
        return known[wanted]
    return Metric(getattr(wanted, "__name__", "metric"), wanted)
