"""Measurement models of item ratings and the scores they give."""

from exprstats.measurement.factor.bootstrap import FactorBootstrap, bootstrap_factor
from exprstats.measurement.factor.files import load_factor, save_factor, write_lavaan_script
from exprstats.measurement.factor.items import average_raters
from exprstats.measurement.factor.model import Factor, fit_factor
from exprstats.measurement.factor.solution import Receipt, Solution
from exprstats.measurement.factors import Factors, fit_factors
from exprstats.measurement.invariance import check_invariance, compare_restrictions
from exprstats.measurement.levels import LevelFactors, fit_levels
from exprstats.measurement.nested_models import NestedModels, suggest_modifications
from exprstats.measurement.ordered import OrderedFactor, fit_ordered, score_ordered
from exprstats.measurement.scorecard import ScoreCard, compare_scores
from exprstats.measurement.scores import join_scores, score_clips, weight_ratings

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
