"""What a metric is called in print, and which way is better."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MetricLabel:
    """A metric's printed name and its better direction.

    Attributes
    ----------
    name
        As printed, for example "NRMSE".
    better
        "lower", "higher", or "" where the word is not known.
    bounded
        Whether it cannot exceed 1 in size, so that APA drops its leading zero.
    """

    name: str
    better: str
    bounded: bool

    @property
    def direction(self) -> str:
        """Return the better direction in words."""
        return f"{self.better} is better" if self.better else ""


_LABELS = {
    "nrmse": MetricLabel("NRMSE", "lower", bounded=True),
    "rmse": MetricLabel("RMSE", "lower", bounded=False),
    "mae": MetricLabel("MAE", "lower", bounded=False),
    "correlation": MetricLabel("Correlation", "higher", bounded=True),
}


def describe_metric(metric: str) -> MetricLabel:
    """Return how a metric is printed; an unknown one keeps its own name.

    Examples
    --------
    >>> describe_metric("nrmse").direction
    'lower is better'
    """
    return _LABELS.get(metric, MetricLabel(str(metric), "", bounded=False))
