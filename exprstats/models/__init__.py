"""Splits, baselines, elastic net and the weights it finds."""

from exprstats.models.ceilings import Ceiling, rate_ceiling
from exprstats.models.chances import guess_classes, guess_majority
from exprstats.models.contrasts import Contrasts, contrast_contexts
from exprstats.models.dependence import Dependence, trace_dependence
from exprstats.models.elastic import fit_elastic
from exprstats.models.fits import Models
from exprstats.models.folds import fold_subjects
from exprstats.models.forests import fit_forest
from exprstats.models.guesses import guess_mean, guess_normal, guess_uniform
from exprstats.models.humans import guess_human
from exprstats.models.importance import Importance, rate_importance
from exprstats.models.leakage import Leakage, measure_leakage
from exprstats.models.nesting import Nested, nest_elastic
from exprstats.models.pairing import pair_pooled
from exprstats.models.probabilities import list_probabilities
from exprstats.models.splits import split_subjects
from exprstats.models.stacking import stack_predictions
from exprstats.models.tallies import cross_classes, tally_classes
from exprstats.models.weights import Weights, report_weights

__all__ = [
    "Ceiling",
    "Contrasts",
    "Dependence",
    "Importance",
    "Leakage",
    "Models",
    "Nested",
    "Weights",
    "contrast_contexts",
    "cross_classes",
    "fit_elastic",
    "fit_forest",
    "fold_subjects",
    "guess_classes",
    "guess_human",
    "guess_majority",
    "guess_mean",
    "guess_normal",
    "guess_uniform",
    "list_probabilities",
    "measure_leakage",
    "nest_elastic",
    "pair_pooled",
    "rate_ceiling",
    "rate_importance",
    "report_weights",
    "split_subjects",
    "stack_predictions",
    "tally_classes",
    "trace_dependence",
]
