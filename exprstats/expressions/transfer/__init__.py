"""Recall of acted emotions: features of clips, fused over modalities, and their classification."""

from exprstats.expressions.transfer.classification import Transfer, classify_expressions
from exprstats.expressions.transfer.fusion import Fusion, fuse_modalities, read_vectors

__all__ = ["Fusion", "Transfer", "classify_expressions", "fuse_modalities", "read_vectors"]
