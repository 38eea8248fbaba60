"""Figures from tidy tables: nothing is computed here, only arranged and drawn."""

from exprstats.plots.files import save_figure
from exprstats.plots.metrics import describe_metric
from exprstats.plots.performance import draw_performance
from exprstats.plots.weights import draw_weights

__all__ = ["describe_metric", "draw_performance", "draw_weights", "save_figure"]
