"""From item ratings to a latent score."""

from exprstats.measurement.averaging import average_raters
from exprstats.measurement.factor import Factor, fit_factor
from exprstats.measurement.factors import Factors, fit_factors
from exprstats.measurement.joining import join_scores
from exprstats.measurement.layers import LevelFactors, fit_levels
from exprstats.measurement.modifications import suggest_modifications
from exprstats.measurement.nesting import check_invariance, compare_restrictions
from exprstats.measurement.ordered import OrderedFactor, fit_ordered, score_ordered
from exprstats.measurement.resampling import FactorBootstrap, bootstrap_factor
from exprstats.measurement.scorecard import ScoreCard, compare_scores
from exprstats.measurement.scoring import score_clips
from exprstats.measurement.scripts import write_lavaan_script
from exprstats.measurement.solution import Receipt, Solution
from exprstats.measurement.steps import NestedModels
from exprstats.measurement.storing import load_factor, save_factor

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
    "write_lavaan_script",
]
