"""Splits, baselines, elastic net and the weights it finds."""
