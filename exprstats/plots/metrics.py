"""What metrics are called in print, and which way is better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exprstats.inference.sentences import name_clusters
from exprstats.numerals import write_level

if TYPE_CHECKING:
    from exprstats.inference import Comparison

# Where there is room for a word, it reads better than the symbol that sentences use.
_WORDS = {
    "correlation": "Correlation",
    "accuracy": "Accuracy",
    "macro_f1": "Macro-F1",
    "precision": "Precision",
    "recall": "Recall",
}
_DIRECTIONS = {
    "lower": "lower is better",
    "higher": "higher is better",
    "zero": "closer to 0 is better",
    "unknown": "which way is better is not stated",
}


@dataclass(frozen=True, slots=True)
class MetricLabel:
    """How a metric is printed.

    Attributes
    ----------
    name
        For headings, for example "Correlation".
    symbol
        For sentences, for example "r".
    better
        "lower", "higher", "zero" or "unknown".
    bounded
        Whether it cannot exceed 1 in size, so that APA style drops its leading zero.
    """

    name: str
    symbol: str
    better: str
    bounded: bool

    @property
    def direction(self) -> str:
        """Return the better direction in words."""
        return _DIRECTIONS[self.better]


def tell_level(level: float) -> str:
    """Return what the lines of a figure are, for its caption."""
    return f"Lines: {write_level(level)} confidence intervals."


def label_metrics(comparison: Comparison) -> dict[str, MetricLabel]:
    """Return how each metric of a comparison is printed, by its name in the rows."""
    metrics = {sample.metric.name: sample.metric for sample in comparison.samples}
    return {
        name: MetricLabel(
            _WORDS.get(name) or name_clusters(metric.label, comparison.cluster),
            name_clusters(metric.label, comparison.cluster),
            metric.direction,
            metric.bounded,
        )
        for name, metric in metrics.items()
    }
