"""The look of all figures: colours, sizes, fonts, ticks and files."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from math import ceil, floor, isnan
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import write_number
from exprstats.contracts import check_kind
from exprstats.document.cells import ALL
from exprstats.errors import OptionError
from exprstats.options import take_path

if TYPE_CHECKING:
    from plotnine import ggplot, theme

WIDTH = 6.5  # inches: the text width of a page with 1-inch margins
MOST_LINES = 40  # that fit on a page
INK = "#1a1a1a"
QUIET = "#6b6b6b"
LIGHT = "#d9d9d9"
# Okabe & Ito's palette without its yellow, which disappears on white: safe for colour-blind eyes.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
SHAPES = ("o", "D", "s", "^", "v", "P", "X")
# DejaVu Sans comes with matplotlib; the others extend it to scripts that it lacks, where installed.
_WIDER = (
    *("Noto Sans", "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans CJK KR", "Noto Sans Arabic"),
    *("Noto Sans Hebrew", "Noto Sans Devanagari", "Noto Sans Thai", "WenQuanYi Zen Hei"),
    *("PingFang SC", "Hiragino Sans", "Apple SD Gothic Neo", "Microsoft YaHei", "Malgun Gothic"),
    *("Yu Gothic", "Segoe UI Symbol", "Apple Symbols", "Noto Sans Symbols2"),
)
ABSENT = "\N{WHITE SQUARE}"
_BREAKS = re.compile(r"(?<=[\s_./\\-])")
_MOST_LINES = 3
_INVISIBLE = {"Cc": " ", "Cf": ""}  # control and formatting characters
_CHARACTERS = 56  # of tick labels, with air between, that fit on one line

Place = Callable[[tuple[float, float]], list[float]]
# Panels that fit beside and below each other on a page; of figures of features fewer.
MOST_ACROSS, MOST_DOWN = 5, 8
FEW_ACROSS, MOST_FEATURES = 4, 40


def pick_shapes(count: int) -> list[str]:
    """Return a shape for each of `count` things, so that they are told apart without colours."""
    return [SHAPES[place % len(SHAPES)] for place in range(count)]


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


def tell_pooled(count: int) -> str:
    """Return what is said where only the pooled rows are drawn, of so many contexts."""
    return f"All contexts together, without the {count:,} alone."


def tell_crowded(count: int, drawn: str = "All contexts together") -> str:
    """Return what is said where the panels of so many contexts are too many for a page."""
    return f"{drawn}; the {count:,} contexts do not fit on a page."


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


@lru_cache(maxsize=1)
def find_families() -> tuple[str, ...]:
    """Return the families to draw text with: DejaVu Sans, then those installed beside it."""
    from matplotlib.font_manager import fontManager

    installed = {font.name for font in fontManager.ttflist}
    return ("DejaVu Sans", *(name for name in _WIDER if name in installed))


def replace_absent(text: str) -> str:
    """Replace each character that no family holds, so that drawing it cannot warn."""
    return "".join(ch if ch in "\n " or _has_glyph(ch) else ABSENT for ch in text)


@lru_cache(maxsize=4096)
def _has_glyph(character: str) -> bool:
    from matplotlib.font_manager import FontProperties, findfont, get_font

    return any(
        get_font(findfont(FontProperties(family=family))).get_char_index(ord(character)) != 0
        for family in find_families()
    )


def write_label(name: Any, *, width: int = 24) -> str:
    r"""Return a name as a label: literal, wrapped, without control characters.

    Long names break after spaces and joining marks, and end in an ellipsis after three lines.

    Examples
    --------
    >>> write_label("points displacement mean", width=16)
    'points\ndisplacement\nmean'
    >>> print(write_label("$x_1$"))
    \$x_1\$
    """
    text = "".join(_INVISIBLE.get(unicodedata.category(ch), ch) for ch in str(name))
    lines = _fill_lines(" ".join(text.split()), width)
    if len(lines) > _MOST_LINES:
        lines = [*lines[: _MOST_LINES - 1], lines[_MOST_LINES - 1][: width - 1].rstrip() + "…"]
    # An even number of dollar signs would be read as a formula.
    return replace_absent("\n".join(lines)).replace("$", r"\$")


def code_levels(levels: Sequence[Any], *, width: int = 24) -> dict[str, str]:
    """Return a code for each level, in order, with its label.

    Levels are drawn through codes, so that two names that are cut to the same label stay apart.
    """
    return {f"{place:04d}": write_label(level, width=width) for place, level in enumerate(levels)}


def code_column(column: pd.Series, levels: Sequence[Any], codes: Iterable[str]) -> Any:
    """Return a column as a categorical one of codes for its levels, in their order."""
    places = dict(zip(levels, codes, strict=True))
    return pd.Categorical(column.map(places), categories=list(places.values()))


def name_panels(name: str, labels: Mapping[str, str]) -> Any:
    """Return what names the panels of a figure whose column holds codes."""
    from plotnine import labeller

    named: dict[str, Any] = {name: _name_codes(labels)}
    return labeller(**named)


def _name_codes(labels: Mapping[str, str]) -> Callable[[str], str]:
    """Return what names panels; the only one, of all clips, needs no name."""
    return lambda code: "" if list(labels.values()) == [ALL] else labels[code]


def name_grid(rows: Mapping[str, str], columns: Mapping[str, str]) -> Any:
    """Return what names the rows and columns of panels whose columns hold codes."""
    from plotnine import labeller

    return labeller(rows=_name_codes(rows), cols=_name_codes(columns))


def count_lines(labels: Iterable[str]) -> int:
    """Return the lines of text that labels below each other take."""
    return sum(label.count("\n") + 1 for label in labels)


def _fill_lines(text: str, width: int) -> list[str]:
    lines = [""]
    for piece in _BREAKS.split(text):
        if lines[-1] and len(lines[-1]) + len(piece.rstrip()) > width:
            lines.append("")
        lines[-1] += piece
        while len(lines[-1].rstrip()) > width:
            lines[-1:] = [lines[-1][:width], lines[-1][width:]]
    return [line.rstrip() for line in lines]


def place_ticks(count: int) -> Place:
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


def place_apart(panels: int) -> Place:
    """Return a function that places as many ticks as have room for their labels, at most five.

    Panels side by side share the room.

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


def place_multiples(step: float, most: int) -> Place:
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


def tidy_result(result: Any) -> pd.DataFrame:
    """Return the tidy rows of what is drawn, or raise `OptionError` if it is no result."""
    if not hasattr(result, "tidy"):
        message = f"a figure is drawn of a result with .tidy(); got {type(result).__name__}."
        raise OptionError(message)
    return result.tidy()


def save_figure(plot: ggplot, stem: str | PathLike[str], *, dpi: int = 200) -> tuple[Path, Path]:
    """Save a figure as ``stem.png`` and ``stem.svg``.

    The files hold no date and no random ids: the same figure gives the same bytes.

    Parameters
    ----------
    plot
        A figure, at the size its theme states (inches).
    stem
        Path, whose ending .png or .svg is not needed; its folder must exist.
    dpi
        Resolution of the PNG.

    Returns
    -------
    tuple of Path
        The PNG and the SVG.

    Raises
    ------
    OptionError
        If the first argument is no figure.

    Examples
    --------
    ::

        save_figure(draw_weights(models), "figures/weights")
    (PosixPath('figures/weights.png'), PosixPath('figures/weights.svg'))
    """
    from matplotlib import rc_context
    from plotnine import ggplot

    check_kind(plot, ggplot, "plot", "draw_weights or another draw_ verb")
    stem = take_path(stem)
    stem = stem.with_suffix("") if stem.suffix.lower() in {".png", ".svg"} else stem
    png, svg = stem.with_name(f"{stem.name}.png"), stem.with_name(f"{stem.name}.svg")
    # Text in the SVG becomes outlines, so that it looks the same without our fonts.
    with rc_context({"svg.hashsalt": "exprstats", "svg.fonttype": "path"}):
        drawn = plot.save_helper(png, dpi=dpi, limitsize=False, verbose=False)
        # Drawing takes most of the time, so that both files come from one figure.
        settings: dict[Any, Any] = plot.theme.rcParams
        with rc_context(settings):
            drawn.figure.savefig(png, metadata={"Software": None})
            drawn.figure.savefig(svg, metadata={"Date": None, "Creator": None})
    return png, svg
