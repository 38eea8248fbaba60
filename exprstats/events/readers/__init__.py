"""Readers of annotation files: SignStream 2 and 3, ELAN, and tables of intervals."""
