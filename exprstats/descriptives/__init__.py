"""Descriptive statistics: ratings, columns of clips, means by context, and correlations."""

from exprstats.descriptives.columns import ColumnDescriptives, describe_columns
from exprstats.descriptives.ratings import RatingDescriptives, describe_ratings

__all__ = [
    "ColumnDescriptives",
    "RatingDescriptives",
    "describe_columns",
    "describe_ratings",
]
