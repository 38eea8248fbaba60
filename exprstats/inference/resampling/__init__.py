"""Resampling of clusters: draws, intervals and p values."""
