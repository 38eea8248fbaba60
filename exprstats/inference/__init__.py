"""Metrics, cluster resampling, intervals and comparisons."""

from exprstats.inference.bootstrap import Bootstrap, bootstrap_clusters
from exprstats.inference.comparison import Comparison, compare_models
from exprstats.inference.contexts import ContextComparison, compare_contexts
from exprstats.inference.equivalence import Equivalence, judge_equivalence
from exprstats.inference.hits import count_within
from exprstats.inference.intervals import jackknife_clusters
from exprstats.inference.metrics import Metric, find_metrics, list_metrics
from exprstats.inference.paragraphs import describe_methods
from exprstats.inference.permutation import Permutation, permute_models
from exprstats.inference.precision import Precision, plan_precision
from exprstats.inference.training import VarianceSplit, split_variance

__all__ = [
    "Bootstrap",
    "Comparison",
    "ContextComparison",
    "Equivalence",
    "Metric",
    "Permutation",
    "Precision",
    "VarianceSplit",
    "bootstrap_clusters",
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
