"""From item ratings to a latent score."""

from exprstats.measurement.averaging import average_raters
from exprstats.measurement.factor import Factor, fit_factor
from exprstats.measurement.joining import join_scores
from exprstats.measurement.scoring import score_clips
from exprstats.measurement.solution import Receipt, Solution

__all__ = [
    "Factor",
    "Receipt",
    "Solution",
    "average_raters",
    "fit_factor",
    "join_scores",
    "score_clips",
]
