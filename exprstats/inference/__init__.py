"""Metrics, cluster resampling, intervals and comparisons."""
