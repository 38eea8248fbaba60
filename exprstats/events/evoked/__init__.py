"""Expressions that videos evoke: readers, votes, labels, annotators, predictions and splits."""
