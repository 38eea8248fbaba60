"""Nested cross-validation, leakage, class tables and calibration of fitted models."""
