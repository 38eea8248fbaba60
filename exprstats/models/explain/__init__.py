"""Explanations of fitted models: weights, contrasts, importance and dependence."""
