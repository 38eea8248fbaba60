from .columns import ColumnDescriptives, describe_columns
from .correlations import FeatureCorrelations, correlate_features
from .means import MeanComparison, compare_means
from .ratings import RatingDescriptives, describe_ratings

__all__ = [
    "ColumnDescriptives",
    "FeatureCorrelations",
    "MeanComparison",
    "RatingDescriptives",
    "compare_means",
    "correlate_features",
    "describe_columns",
    "describe_ratings",
]
