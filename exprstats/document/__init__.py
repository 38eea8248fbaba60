"""Presentation of results before any format: sections, sentences, tables, and their renderers."""
