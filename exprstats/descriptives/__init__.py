"""Descriptive statistics: ratings, columns of clips, means by context, and correlations."""

from exprstats.descriptives.columns import ColumnDescriptives, describe_columns
from exprstats.descriptives.correlations import FeatureCorrelations, correlate_features
from exprstats.descriptives.means import MeanComparison, compare_means
from exprstats.descriptives.ratings import RatingDescriptives, describe_ratings

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
