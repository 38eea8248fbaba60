from .baselines.ceiling import Ceiling, ScoreReliability, rate_ceiling, rate_scores
from .baselines.guesses import (
    guess_classes,
    guess_majority,
    guess_mean,
    guess_normal,
    guess_uniform,
)
from .baselines.human import guess_human
from .baselines.raters import HumanComparison, compare_human
from .baselines.stacking import pair_pooled, stack_predictions
from .data.categories import code_categories
from .data.splits import fold_subjects, split_subjects
from .explain.contrasts import Contrasts, contrast_contexts
from .explain.dependence import Dependence, trace_dependence
from .explain.importance import Importance, rate_importance
from .explain.weights import Weights, report_weights
from .fitting.elastic import fit_elastic
from .fitting.files import load_models, save_models
from .fitting.forest import Trees, fit_forest
from .fitting.prediction import predict_clips
from .fitting.result import Models
from .validation.confusions import cross_classes, list_probabilities, tally_classes
from .validation.nested import Nested, nest_elastic
from .validation.repeats import Leakage, RepeatedSplits, measure_leakage, repeat_splits

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
