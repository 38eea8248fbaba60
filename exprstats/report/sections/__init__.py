"""Sections of a report, one file a concept."""
