"""Data of models: features, targets, parts and splits."""
