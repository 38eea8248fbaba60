"""Fitting and tuning of elastic nets and forests."""
