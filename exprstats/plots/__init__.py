"""Figures from tidy tables: nothing is computed here, only arranged and drawn."""

from exprstats.plots.contexts import ALL, name_contexts
from exprstats.plots.contrasts import draw_contrasts, name_pairs
from exprstats.plots.decisions import draw_decisions, select_curves
from exprstats.plots.dependence import draw_dependence
from exprstats.plots.diagrams import draw_factor
from exprstats.plots.differences import draw_differences
from exprstats.plots.files import save_figure
from exprstats.plots.importance import draw_importance
from exprstats.plots.metrics import MetricLabel, label_metrics
from exprstats.plots.performance import draw_performance
from exprstats.plots.weights import draw_weights

__all__ = [
    "ALL",
    "MetricLabel",
    "draw_contrasts",
    "draw_decisions",
    "draw_dependence",
    "draw_differences",
    "draw_factor",
    "draw_importance",
    "draw_performance",
    "draw_weights",
    "label_metrics",
    "name_contexts",
    "name_pairs",
    "save_figure",
    "select_curves",
]
