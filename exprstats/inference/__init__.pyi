from .calibration import Calibration, calibrate_models
from .comparison.bootstrap import Bootstrap, bootstrap_clusters
from .comparison.contexts import ContextComparison, compare_contexts
from .comparison.equivalence import Equivalence, judge_equivalence
from .comparison.methods import describe_methods
from .comparison.models import Comparison, compare_models
from .comparison.permutation import Permutation, permute_models
from .comparison.precision import Precision, plan_precision
from .comparison.training import VarianceSplit, split_variance
from .metrics import find_metrics, list_metrics
from .metrics.classification import count_within
from .metrics.metric import Metric
from .resampling.intervals import jackknife_clusters
from .resampling.options import Resampling

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
