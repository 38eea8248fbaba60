"""Comparisons of models and contexts, their permutation tests and plans."""
