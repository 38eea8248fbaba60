"""Metrics, cluster resampling, intervals and comparisons."""

from exprstats.inference.calibration import Calibration, calibrate_models
from exprstats.inference.comparison.bootstrap import Bootstrap, bootstrap_clusters
from exprstats.inference.comparison.contexts import ContextComparison, compare_contexts
from exprstats.inference.comparison.equivalence import Equivalence, judge_equivalence
from exprstats.inference.comparison.methods import describe_methods
from exprstats.inference.comparison.models import Comparison, compare_models
from exprstats.inference.comparison.permutation import Permutation, permute_models
from exprstats.inference.comparison.precision import Precision, plan_precision
from exprstats.inference.comparison.training import VarianceSplit, split_variance
from exprstats.inference.metrics import find_metrics, list_metrics
from exprstats.inference.metrics.classification import count_within
from exprstats.inference.metrics.metric import Metric
from exprstats.inference.resampling.intervals import jackknife_clusters
from exprstats.inference.resampling.options import Resampling

__all__ = [
    "Bootstrap",
    "Calibration",
    "Comparison",
    "ContextComparison",
    "Equivalence",
    "Metric",
    "Permutation",
    "Precision",
    "Resampling",
    "VarianceSplit",
    "bootstrap_clusters",
    "calibrate_models",
    "compare_contexts",
    "compare_models",
    "count_within",
    "describe_methods",
    "find_metrics",
    "jackknife_clusters",
    "judge_equivalence",
    "list_metrics",
    "permute_models",
    "plan_precision",
    "split_variance",
]
