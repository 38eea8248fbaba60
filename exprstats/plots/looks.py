"""The one look of all figures: colours, sizes, lines."""

from __future__ import annotations

from math import ceil, floor, isnan
from typing import TYPE_CHECKING, Any

from exprstats.numerals import write_number
from exprstats.plots.fonts import find_families

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from plotnine import theme

WIDTH = 6.5  # inches: the text width of a page with 1-inch margins
MOST_LINES = 40  # that fit on a page
_CHARACTERS = 56  # of tick labels, with air between, that fit on one line
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
    from plotnine import element_blank, element_line, element_rect, element_text, theme

    return theme(
        figure_size=(WIDTH, height),
        dpi=200,
        text=element_text(family=list(find_families()), color=INK, size=9),
        axis_text=element_text(color=INK, size=8.5),
        axis_text_y=element_text(ma="right"),
        axis_title=element_text(size=9),
        axis_ticks_major_x=element_line(color=QUIET, size=0.4),
        axis_ticks_major_y=element_blank(),
        axis_ticks_minor=element_blank(),
        axis_line_x=element_line(color=QUIET, size=0.4),
        strip_text=element_text(color=INK, size=9, weight="bold"),
        strip_background=element_blank(),
        panel_background=element_rect(fill="white", color="none"),
        panel_border=element_blank(),
        panel_spacing_x=0.035,
        panel_spacing_y=0.015,
        panel_grid_major_x=element_line(color="#efefef", size=0.4),
        panel_grid_major_y=element_blank(),
        panel_grid_minor=element_blank(),
        plot_background=element_rect(fill="white", color="none"),
        plot_margin=0.012,
        legend_position="none",
    )


def place_ticks(count: int) -> Callable[[tuple[float, float]], list[float]]:
    """Return a function that places about `count` round numbers, two or more between two limits.

    Examples
    --------
    >>> place_ticks(4)((-0.39, 0.36))
    [-0.4, -0.2, 0.0, 0.2, 0.4]
    """
    from mizani.breaks import breaks_extended

    def place(limits: tuple[float, float]) -> list[float]:
        low, high = sorted(float(limit) for limit in limits)
        places: list[float] = []
        for wanted in range(count, count + 3):
            places = [round(float(one), 12) for one in breaks_extended(wanted)(limits)]
            if sum(low <= one <= high for one in places) > 1:
                break
        return places

    return place


def place_apart(panels: int) -> Callable[[tuple[float, float]], list[float]]:
    """Return a function that places as many ticks, at most five, as have room for their labels.

    Parameters
    ----------
    panels
        Panels side by side, which share the room.

    Examples
    --------
    >>> place_apart(1)((-0.3, 0.4)), place_apart(4)((-0.3, 0.4))
    ([-0.4, -0.2, 0.0, 0.2, 0.4], [-0.4, 0.0, 0.4])
    """

    def place(limits: tuple[float, float]) -> list[float]:
        places: list[float] = []
        for wanted in (5, 4, 3, 2):
            places = place_ticks(wanted)(limits)
            inside = [one for one in places if min(limits) <= one <= max(limits)]
            if sum(len(text) + 1 for text in write_ticks(inside)) <= _CHARACTERS // panels:
                break
        return places

    return place


def place_multiples(step: float, most: int) -> Callable[[tuple[float, float]], list[float]]:
    """Return a function that places multiples of a step between limits, doubling it if many.

    Examples
    --------
    >>> place_multiples(0.2, 4)((-0.3, 0.5))
    [-0.2, 0.0, 0.2, 0.4]
    """

    def place(limits: tuple[float, float]) -> list[float]:
        low, high = sorted(float(limit) for limit in limits)
        width = step
        while floor(high / width) - ceil(low / width) + 1 > most:
            width *= 2
        first, last = ceil(low / width), floor(high / width)
        return [round(count * width, 10) for count in range(first, last + 1)]

    return place


def write_ticks(places: Sequence[Any]) -> list[str]:
    """Return axis numbers with a true minus and the same decimals throughout, zero as 0.

    Examples
    --------
    >>> write_ticks([-0.25, 0.0, 0.5])
    ['−0.25', '0', '0.50']
    """
    finite = [float(place) for place in places if not isnan(place)]
    digits = [len(f"{place:.6f}".rstrip("0").partition(".")[2]) for place in finite]
    most = max(digits, default=0)
    return [
        "" if isnan(place) else write_number(float(place), most if place else 0) for place in places
    ]
