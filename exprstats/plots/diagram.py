"""Path diagram of a one-factor model with its estimates."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, sin
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from exprstats.apa import MISSING, write_interval, write_number
from exprstats.contracts import order_levels, require_columns
from exprstats.document.cells import ALL, name_contexts
from exprstats.errors import DataError, Problem
from exprstats.plots.looks import (
    INK,
    PALETTE,
    QUIET,
    add_caption,
    code_levels,
    name_panels,
    set_looks,
    tell_crowded,
    tidy_result,
    write_label,
)

if TYPE_CHECKING:
    from plotnine import ggplot

    from exprstats.measurement import Factor

RADIUS = 0.36  # all lengths are inches of the printed figure
TALLEST = 8.0
_TAIL = 0.28  # arrow of a residual


def draw_factor(factor: Factor, *, name: str = "Factor") -> ggplot:
    """Draw the one-factor model with its standardized estimates, a panel for each context.

    Parameters
    ----------
    factor
        From `fit_factor`; the fit on all clips, or the only one.
    name
        What stands in the circle.

    Returns
    -------
    plotnine.ggplot
        On each arrow from the factor its loading with the interval, behind each item its
        residual variance ε; arrows of negative loadings are dashed. Contexts that would not fit
        on a page are left out, and the figure says so.

    Raises
    ------
    DataError
        If the factor has no loadings.

    Examples
    --------
    >>> from exprstats.measurement import average_raters, fit_factor
    >>> from exprstats.simulate import simulate_expressiveness
    >>> study = simulate_expressiveness(subjects=20, seed=1)
    >>> items = average_raters(study.ratings)
    >>> factor = fit_factor(items, items=["response", "emotion", "motion"])
    >>> type(draw_factor(factor, name="Expressiveness")).__name__
    'ggplot'
    """
    rows = select_loadings(tidy_result(factor))
    contexts, items = order_levels(rows["context"]), rows["item"].nunique()
    # Three boxes fit abreast in half a page; more items stand below each other.
    layout = DOWNWARDS if len(contexts) > 1 and items == 3 else SIDEWAYS
    shown = fit_page(contexts, items, layout)
    layout = layout if len(shown) > 1 else SIDEWAYS
    panels = code_levels(shown, width=32)
    codes = dict(zip(shown, panels, strict=True))
    rows = rows[rows["context"].isin(shown)]
    rows["context"] = pd.Categorical(rows["context"].map(codes), categories=list(panels))
    plot = _build_diagram(place_items(rows, layout), panels, layout, write_label(name, width=12))
    if len(shown) == len(contexts):
        return plot
    return add_caption(plot, tell_crowded(len(contexts) - 1, f"All clips together ({ALL})"))


def select_loadings(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each context and item: loading with interval, and residual."""
    require_columns(table, ["term", "item", "estimate", "conf_low", "conf_high"], "factor")
    rows = name_contexts(table)
    if "part" in rows and rows["part"].eq("all").any():
        rows = rows[rows["part"].eq("all")]
    if "headline" in rows:
        rows = rows[rows["headline"].eq(True)]
    loadings = rows[rows["term"].eq("loading")]
    if loadings.empty:
        fact = "the factor has no loadings."
        raise DataError(Problem(fact, "Take the result of fit_factor."))
    residuals = rows.loc[rows["term"].eq("residual"), ["context", "item", "estimate"]]
    found = residuals.rename(columns={"estimate": "residual"})
    kept = ["context", "item", "estimate", "conf_low", "conf_high"]
    return loadings[kept].merge(found, on=["context", "item"], how="left")


def _build_diagram(
    rows: pd.DataFrame, panels: dict[str, str], layout: DiagramLayout, name: str
) -> ggplot:
    import plotnine as p9

    items = rows["item"].nunique()
    xlim, ylim = layout.measure(items)
    beside: dict[str, Any] = {"ha": "center" if layout.down else "left", "va": "center"}
    bare: dict[str, Any] = {} if len(panels) > 1 else {"strip_text": p9.element_blank()}
    return (
        p9.ggplot(rows)
        + _draw_arrows(rows, layout)
        + _draw_factor(rows, name)
        + _draw_boxes()
        + p9.geom_text(p9.aes(x="behind_x", y="behind_y", label="error"), size=7, **beside)
        + p9.facet_wrap(
            "context", ncol=2 if layout.down else 1, labeller=name_panels("context", panels)
        )
        + p9.scale_linetype_manual(values={False: "solid", True: "dashed"})
        + p9.coord_fixed(xlim=xlim, ylim=ylim, expand=False)
        + p9.labs(x="", y="")
        + set_looks(measure_height(len(panels), items, layout))
        + p9.theme(
            axis_text=p9.element_blank(),
            axis_ticks_major=p9.element_blank(),
            axis_line_x=p9.element_blank(),
            panel_grid_major_x=p9.element_blank(),
            **bare,
        )
    )


def _draw_arrows(rows: pd.DataFrame, layout: DiagramLayout) -> list[Any]:
    """Return the layers of loadings, residuals, and the variance that is fixed to 1."""
    import plotnine as p9

    def point(length: float, ends: Literal["last", "both"] = "last") -> p9.arrow:
        return p9.arrow(angle=22, length=length, ends=ends, type="closed")

    first = rows.drop_duplicates("context")
    x, y = layout.turn(-RADIUS - 0.34, 0.0)
    ones = first.assign(x=x, y=y, one="1")
    loop = _trace(first, [layout.turn(*one) for one in bend_loop()])
    loadings = p9.aes(x="start_x", y="start_y", xend="near_x", yend="near_y", linetype="negative")
    residuals = p9.aes(x="tail_x", y="tail_y", xend="far_x", yend="far_y")
    return [
        p9.geom_segment(loadings, color=INK, size=0.5, arrow=point(0.07)),
        p9.geom_segment(residuals, color=QUIET, size=0.5, arrow=point(0.07)),
        p9.geom_path(
            p9.aes(x="x", y="y", group="context"),
            loop,
            color=QUIET,
            size=0.5,
            arrow=point(0.06, "both"),
        ),
        p9.geom_text(p9.aes(x="x", y="y", label="one"), ones, size=7),
    ]


def _draw_factor(rows: pd.DataFrame, name: str) -> list[Any]:
    import plotnine as p9

    first = rows.drop_duplicates("context")
    circle = _trace(first, bend_circle())
    named = first.assign(x=0.0, y=0.0, name=name)
    return [
        p9.geom_polygon(
            p9.aes(x="x", y="y", group="context"), circle, fill="white", color=INK, size=0.6
        ),
        p9.geom_text(p9.aes(x="x", y="y", label="name"), named, size=7.5, va="center"),
    ]


def _draw_boxes() -> list[Any]:
    import plotnine as p9

    edges = p9.aes(
        xmin="middle_x - wide",
        xmax="middle_x + wide",
        ymin="middle_y - high",
        ymax="middle_y + high",
    )
    plain: dict[str, Any] = {"fill": "white", "label_size": 0, "label_padding": 0.12}
    return [
        p9.geom_rect(edges, fill="#f4f6f8", color=INK, size=0.5),
        p9.geom_text(
            p9.aes(x="middle_x", y="middle_y", label="label"),
            size=7.5,
            lineheight=1.0,
            va="center_baseline",
        ),
        p9.geom_label(
            p9.aes(x="on_x", y="on_y", label="loading"), size=7, color=PALETTE[0], **plain
        ),
    ]


def _trace(first: pd.DataFrame, points: list[tuple[float, float]]) -> pd.DataFrame:
    """Return the points once for each context."""
    traced = [{"context": name, "x": x, "y": y} for name in first["context"] for x, y in points]
    return pd.DataFrame(traced).astype({"context": first["context"].dtype})


@dataclass(frozen=True, slots=True)
class DiagramLayout:
    """Which way a diagram runs, and its lengths along that way (depth) and across it.

    Attributes
    ----------
    down
        Whether items stand below the factor, and not at its right.
    reach
        From the circle's centre to the boxes.
    depth, breadth
        Of a box.
    step
        From one box to the next.
    label
        Where on its arrow a loading stands, as a share.
    """

    down: bool
    reach: float
    depth: float
    breadth: float
    step: float
    label: float

    def turn(self, along: Any, across: Any) -> tuple[Any, Any]:
        """Return x and y of points along and across the diagram; the factor is at 0."""
        return (across, -along) if self.down else (along, -across)

    def measure(self, items: int) -> tuple[tuple[float, float], tuple[float, float]]:
        """Return the limits of x and of y."""
        half = (items - 1) / 2 * self.step + self.breadth / 2 + 0.06
        end = self.reach + self.depth + _TAIL
        if self.down:
            return (-half, half), (-end - 0.2, RADIUS + 0.42)
        return (-RADIUS - 0.42, end + 0.45), (-max(half, RADIUS) - 0.04, max(half, RADIUS) + 0.04)


SIDEWAYS = DiagramLayout(down=False, reach=2.2, depth=1.25, breadth=0.36, step=0.5, label=0.6)
DOWNWARDS = DiagramLayout(down=True, reach=1.16, depth=0.36, breadth=0.9, step=1.0, label=0.66)


def fit_page(contexts: list[Any], items: int, layout: DiagramLayout) -> list[Any]:
    """Return the contexts whose panels fit on a page: all of them, or only the pooled one."""
    high = measure_height(len(contexts), items, layout)
    return contexts if len(contexts) == 1 or high <= TALLEST else [contexts[-1]]


def measure_height(panels: int, items: int, layout: DiagramLayout) -> float:
    """Return the height in inches of a figure with so many panels."""
    _, (low, high) = layout.measure(items)
    return -(-panels // (2 if layout.down else 1)) * (high - low + 0.34) + 0.1


def place_items(rows: pd.DataFrame, layout: DiagramLayout) -> pd.DataFrame:
    """Return the rows with the positions of their boxes, arrows and labels."""
    levels = order_levels(rows["item"])
    places = {item: place - (len(levels) - 1) / 2 for place, item in enumerate(levels)}
    across = rows["item"].map(places).astype(float) * layout.step
    far = layout.reach + layout.depth
    # An arrow starts on the circle, in the direction of its box.
    start = RADIUS / (layout.reach**2 + across**2) ** 0.5
    points = {
        "start": (start * layout.reach, start * across),
        "near": (layout.reach, across),
        "middle": (layout.reach + layout.depth / 2, across),
        "far": (far, across),
        "tail": (far + _TAIL, across),
        "behind": (far + _TAIL + (0.09 if layout.down else 0.04), across),
        "on": (layout.label * layout.reach, layout.label * across),
    }
    placed = rows.assign(
        # Side by side there is no room for limits beside each loading.
        loading=[
            _write_loading(row, "\n" if layout.down else " ") for row in rows.to_dict("records")
        ],
        error=[
            (f"ε {write_number(value, 2, bounded=True)}" if pd.notna(value) else "")
            for value in rows["residual"]
        ],
        label=[write_label(item, width=13 if layout.down else 17) for item in rows["item"]],
        negative=rows["estimate"].lt(0),
    )
    for name, (along, beside) in points.items():
        x, y = layout.turn(along, beside)
        placed = placed.assign(**{f"{name}_x": x, f"{name}_y": y})
    wide, high = layout.turn(layout.depth / 2, layout.breadth / 2)
    return placed.assign(wide=abs(wide), high=abs(high))


def _write_loading(row: dict[Any, Any], gap: str) -> str:
    value = write_number(row["estimate"], 2, bounded=True)
    limits = write_interval(row["conf_low"], row["conf_high"], 2, bounded=True)
    return value if limits == MISSING else f"{value}{gap}{limits}"


def bend_loop() -> list[tuple[float, float]]:
    """Return an arc behind the circle, from one of its sides to the other."""
    size, offset = 0.17, RADIUS + 0.1
    angles = [pi * (0.36 + 1.28 * place / 40) for place in range(41)]
    return [(size * cos(angle) - offset, size * sin(angle)) for angle in angles]


def bend_circle() -> list[tuple[float, float]]:
    """Return the circle of the factor."""
    angles = [2 * pi * place / 90 for place in range(91)]
    return [(RADIUS * cos(angle), RADIUS * sin(angle)) for angle in angles]
