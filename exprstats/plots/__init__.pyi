from .decisions import draw_decisions, select_curves
from .descriptives import draw_agreement, draw_means, draw_missing, draw_ratings, draw_values
from .diagram import draw_factor
from .differences import ALL, draw_differences, name_contexts
from .estimates import draw_estimates, draw_maps, draw_recall, draw_structure
from .evoked import draw_evoked_scores, draw_groups, draw_themes, draw_together
from .importance import draw_dependence, draw_importance
from .looks import save_figure
from .networks import draw_adaptation, draw_errors, draw_tasks, draw_training
from .performance import MetricLabel, draw_calibration, draw_performance, label_metrics
from .signing import draw_events, draw_label_scores
from .weights import draw_contrasts, draw_weights, name_pairs

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
