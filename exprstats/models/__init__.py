"""Predictive models of behavioural features: splits, fitting, baselines and explanations."""

from exprstats.models.baselines.ceiling import (
    Ceiling,
    ScoreReliability,
    rate_ceiling,
    rate_scores,
)
from exprstats.models.baselines.guesses import (
    guess_classes,
    guess_majority,
    guess_mean,
    guess_normal,
    guess_uniform,
)
from exprstats.models.baselines.human import guess_human
from exprstats.models.baselines.raters import HumanComparison, compare_human
from exprstats.models.baselines.stacking import pair_pooled, stack_predictions
from exprstats.models.data.categories import code_categories
from exprstats.models.data.splits import fold_subjects, split_subjects
from exprstats.models.explain.contrasts import Contrasts, contrast_contexts
from exprstats.models.explain.dependence import Dependence, trace_dependence
from exprstats.models.explain.importance import Importance, rate_importance
from exprstats.models.explain.weights import Weights, report_weights
from exprstats.models.fitting.elastic import fit_elastic
from exprstats.models.fitting.files import load_models, save_models
from exprstats.models.fitting.forest import Trees, fit_forest
from exprstats.models.fitting.prediction import predict_clips
from exprstats.models.fitting.result import Models
from exprstats.models.validation.confusions import cross_classes, list_probabilities, tally_classes
from exprstats.models.validation.leakage import Leakage, measure_leakage
from exprstats.models.validation.nested import Nested, nest_elastic
from exprstats.models.validation.repeats import RepeatedSplits, repeat_splits

__all__ = [
    "Ceiling",
    "Contrasts",
    "Dependence",
    "HumanComparison",
    "Importance",
    "Leakage",
    "Models",
    "Nested",
    "RepeatedSplits",
    "ScoreReliability",
    "Trees",
    "Weights",
    "code_categories",
    "compare_human",
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
    "load_models",
    "measure_leakage",
    "nest_elastic",
    "pair_pooled",
    "predict_clips",
    "rate_ceiling",
    "rate_importance",
    "rate_scores",
    "repeat_splits",
    "report_weights",
    "save_models",
    "split_subjects",
    "stack_predictions",
    "tally_classes",
    "trace_dependence",
]
