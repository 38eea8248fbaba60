"""Intensity of expressions: windows, augmentation, and adaptation to new people."""
