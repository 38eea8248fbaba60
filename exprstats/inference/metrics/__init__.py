"""Metrics of predictions as sums that clusters contribute, and their formulas."""
