from .classification import Transfer, classify_expressions
from .fusion import Fusion, fuse_modalities, read_vectors

__all__ = ["Fusion", "Transfer", "classify_expressions", "fuse_modalities", "read_vectors"]
