"""Emotion expression estimates of face, voice and words: distributions, structure, sentences."""

from exprstats.expressions.distributions import Estimates, rate_estimates
from exprstats.expressions.estimates import ESTIMATES, read_estimates
from exprstats.expressions.maps import ExpressionMap, map_expressions
from exprstats.expressions.recordings import decode_ravdess
from exprstats.expressions.sentences import Sentences, write_sentences
from exprstats.expressions.structure import EstimateStructure, compare_structure
from exprstats.expressions.transfer import (
    Fusion,
    Transfer,
    classify_expressions,
    fuse_modalities,
    read_vectors,
)
from exprstats.expressions.words import list_adjectives

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
