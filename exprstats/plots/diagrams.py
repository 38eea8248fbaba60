"""Figure 2: the path diagram of a one-factor model, with its estimates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from exprstats.errors import DataError, Problem
from exprstats.plots.contexts import ALL, name_contexts
from exprstats.plots.labels import code_levels, name_panels, write_label
from exprstats.plots.layouts import (
    DOWNWARDS,
    RADIUS,
    SIDEWAYS,
    Layout,
    bend_circle,
    bend_loop,
    fit_page,
    measure_height,
    place_items,
)
from exprstats.plots.looks import INK, PALETTE, QUIET, add_caption, set_looks
from exprstats.tables import order_levels, require_columns

if TYPE_CHECKING:
    from plotnine import ggplot

    from exprstats.measurement import Factor


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
    ::

        draw_factor(fit_factor(clips, items=names), name="Expressiveness")
    """
    rows = select_loadings(factor.tidy())
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
    left_out = f"the {len(contexts) - 1:,} contexts do not fit on a page."
    return add_caption(plot, f"All clips together ({ALL}); {left_out}")


def select_loadings(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each context and item: loading with interval, and residual."""
    require_columns(table, ["term", "item", "estimate", "conf_low", "conf_high"], "factor")
    rows = name_contexts(table)
    if "part" in rows and rows["part"].eq("all").any():
        rows = rows[rows["part"].eq("all")]
    loadings = rows[rows["term"].eq("loading")]
    if loadings.empty:
        fact = "the factor has no loadings."
        raise DataError(Problem(fact, "Take the result of fit_factor."))
    residuals = rows.loc[rows["term"].eq("residual"), ["context", "item", "estimate"]]
    found = residuals.rename(columns={"estimate": "residual"})
    kept = ["context", "item", "estimate", "conf_low", "conf_high"]
    return loadings[kept].merge(found, on=["context", "item"], how="left")


def _build_diagram(rows: pd.DataFrame, panels: dict[str, str], layout: Layout, name: str) -> ggplot:
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
            "context",
            ncol=2 if layout.down else 1,
            labeller=name_panels("context", panels),
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


def _draw_arrows(rows: pd.DataFrame, layout: Layout) -> list[Any]:
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
