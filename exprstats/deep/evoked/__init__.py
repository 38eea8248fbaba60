"""Evoked expressions: several labels or quantities at once, and modalities left out."""
