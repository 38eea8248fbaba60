from .factor.bootstrap import FactorBootstrap, bootstrap_factor
from .factor.files import load_factor, save_factor, write_lavaan_script
from .factor.items import average_raters
from .factor.model import Factor, fit_factor
from .factor.solution import Receipt, Solution
from .factors import Factors, fit_factors
from .invariance import check_invariance, compare_restrictions
from .levels import LevelFactors, fit_levels
from .nested_models import NestedModels, suggest_modifications
from .ordered import OrderedFactor, fit_ordered, score_ordered
from .scorecard import ScoreCard, compare_scores
from .scores import join_scores, score_clips, weight_ratings

__all__ = [
    "Factor",
    "FactorBootstrap",
    "Factors",
    "LevelFactors",
    "NestedModels",
    "OrderedFactor",
    "Receipt",
    "ScoreCard",
    "Solution",
    "average_raters",
    "bootstrap_factor",
    "check_invariance",
    "compare_restrictions",
    "compare_scores",
    "fit_factor",
    "fit_factors",
    "fit_levels",
    "fit_ordered",
    "join_scores",
    "load_factor",
    "save_factor",
    "score_clips",
    "score_ordered",
    "suggest_modifications",
    "weight_ratings",
    "write_lavaan_script",
]
