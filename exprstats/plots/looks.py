"""The one look of all figures: colours, sizes, lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exprstats.plots.fonts import find_families

if TYPE_CHECKING:
    from plotnine import ggplot, theme

WIDTH = 6.5  # inches: the text width of a page with 1-inch margins
MOST_LINES = 40  # that fit on a page
INK = "#1a1a1a"
QUIET = "#6b6b6b"
LIGHT = "#d9d9d9"
# Okabe & Ito's palette without its yellow, which disappears on white: safe for colour-blind eyes.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")


def pick_colours(count: int) -> list[str]:
    """Return one colour for each of `count` things, starting again after the seventh."""
    return [PALETTE[place % len(PALETTE)] for place in range(count)]


def set_looks(height: float) -> theme:
    """Return the theme of a figure of page width and the given height in inches."""
    import plotnine as p9

    return p9.theme(
        figure_size=(WIDTH, height),
        dpi=200,
        text=p9.element_text(family=list(find_families()), color=INK, size=9),
        axis_text=p9.element_text(color=INK, size=8.5),
        axis_text_y=p9.element_text(ma="right"),
        axis_title=p9.element_text(size=9),
        axis_ticks_major_x=p9.element_line(color=QUIET, size=0.4),
        axis_ticks_major_y=p9.element_blank(),
        axis_ticks_minor=p9.element_blank(),
        axis_line_x=p9.element_line(color=QUIET, size=0.4),
        strip_text=p9.element_text(color=INK, size=9, weight="bold"),
        strip_background=p9.element_blank(),
        panel_background=p9.element_rect(fill="white", color="none"),
        panel_border=p9.element_blank(),
        panel_spacing_x=0.035,
        panel_spacing_y=0.015,
        panel_grid_major_x=p9.element_line(color="#efefef", size=0.4),
        panel_grid_major_y=p9.element_blank(),
        panel_grid_minor=p9.element_blank(),
        plot_background=p9.element_rect(fill="white", color="none"),
        plot_margin=0.012,
        legend_position="none",
    )


def add_caption(plot: ggplot, told: str) -> ggplot:
    """Return the figure with what it leaves out below it, if it leaves something out."""
    import plotnine as p9

    if not told:
        return plot
    return (
        plot
        + p9.labs(caption=told)
        + p9.theme(plot_caption=p9.element_text(size=7.5, ha="right", ma="right"))
    )
