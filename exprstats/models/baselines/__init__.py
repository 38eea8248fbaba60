"""Baselines: guesses, human raters and stacked predictions."""
