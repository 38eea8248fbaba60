"""Figures from tidy tables: nothing is computed here, only arranged and drawn."""

from exprstats.document.cells import ALL, name_contexts
from exprstats.plots.decisions import draw_decisions, select_curves
from exprstats.plots.descriptives import (
    draw_agreement,
    draw_means,
    draw_missing,
    draw_ratings,
    draw_values,
)
from exprstats.plots.diagram import draw_factor
from exprstats.plots.differences import draw_differences
from exprstats.plots.estimates import draw_estimates, draw_maps, draw_recall, draw_structure
from exprstats.plots.evoked import (
    draw_evoked_scores,
    draw_groups,
    draw_themes,
    draw_together,
)
from exprstats.plots.importance import draw_dependence, draw_importance
from exprstats.plots.looks import save_figure
from exprstats.plots.networks import draw_adaptation, draw_errors, draw_tasks, draw_training
from exprstats.plots.performance import (
    MetricLabel,
    draw_calibration,
    draw_performance,
    label_metrics,
)
from exprstats.plots.signing import draw_events, draw_label_scores
from exprstats.plots.weights import draw_contrasts, draw_weights, name_pairs

__all__ = [
    "ALL",
    "MetricLabel",
    "draw_adaptation",
    "draw_agreement",
    "draw_calibration",
    "draw_contrasts",
    "draw_decisions",
    "draw_dependence",
    "draw_differences",
    "draw_errors",
    "draw_estimates",
    "draw_events",
    "draw_evoked_scores",
    "draw_factor",
    "draw_groups",
    "draw_importance",
    "draw_label_scores",
    "draw_maps",
    "draw_means",
    "draw_missing",
    "draw_performance",
    "draw_ratings",
    "draw_recall",
    "draw_structure",
    "draw_tasks",
    "draw_themes",
    "draw_together",
    "draw_training",
    "draw_values",
    "draw_weights",
    "label_metrics",
    "name_contexts",
    "name_pairs",
    "save_figure",
    "select_curves",
]
