"""A study file, run from ratings to comparisons with its provenance."""
