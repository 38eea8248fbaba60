from .distributions import Estimates, rate_estimates
from .estimates import ESTIMATES, read_estimates
from .maps import ExpressionMap, map_expressions
from .recordings import decode_ravdess
from .sentences import Sentences, write_sentences
from .structure import EstimateStructure, compare_structure
from .transfer import Fusion, Transfer, classify_expressions, fuse_modalities, read_vectors
from .words import list_adjectives

__all__ = [
    "ESTIMATES",
    "EstimateStructure",
    "Estimates",
    "ExpressionMap",
    "Fusion",
    "Sentences",
    "Transfer",
    "classify_expressions",
    "compare_structure",
    "decode_ravdess",
    "fuse_modalities",
    "list_adjectives",
    "map_expressions",
    "rate_estimates",
    "read_estimates",
    "read_vectors",
    "write_sentences",
]
