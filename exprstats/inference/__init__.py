"""Metrics, cluster resampling, intervals and comparisons."""

from exprstats.inference.bootstrap import Bootstrap, bootstrap_clusters
from exprstats.inference.comparison import Comparison, compare_models
from exprstats.inference.intervals import jackknife_clusters
from exprstats.inference.metrics import Metric, find_metrics, list_metrics

__all__ = [
    "Bootstrap",
    "Comparison",
    "Metric",
    "bootstrap_clusters",
    "compare_models",
    "find_metrics",
    "jackknife_clusters",
    "list_metrics",
]
