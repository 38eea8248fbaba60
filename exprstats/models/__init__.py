"""Predictive models of behavioural features: splits, fitting, baselines and explanations."""

from exprstats.models.baselines.guesses import (
    guess_classes,
    guess_majority,
    guess_mean,
    guess_normal,
    guess_uniform,
)
from exprstats.models.baselines.human import Ceiling, guess_human, rate_ceiling
from exprstats.models.baselines.stacking import pair_pooled, stack_predictions
from exprstats.models.data.splits import fold_subjects, split_subjects
from exprstats.models.explain.contrasts import Contrasts, contrast_contexts
from exprstats.models.explain.dependence import Dependence, trace_dependence
from exprstats.models.explain.importance import Importance, rate_importance
from exprstats.models.explain.weights import Weights, report_weights
from exprstats.models.fitting.confusions import cross_classes, list_probabilities, tally_classes
from exprstats.models.fitting.elastic import fit_elastic
from exprstats.models.fitting.forest import fit_forest
from exprstats.models.fitting.leakage import Leakage, measure_leakage
from exprstats.models.fitting.nested import Nested, nest_elastic
from exprstats.models.fitting.result import Models

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
