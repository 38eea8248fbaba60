"""Figure 7: how a model's predictions move along its features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.errors import DataError, Problem
from exprstats.plots.contexts import ALL, name_contexts
from exprstats.plots.dots import keep_largest
from exprstats.plots.labels import code_column, code_levels, name_panels
from exprstats.plots.looks import INK, PALETTE, add_caption, pick_colours, set_looks
from exprstats.plots.ticks import place_ticks, write_ticks
from exprstats.tables import order_levels, require_columns

if TYPE_CHECKING:
    from plotnine import ggplot

    from exprstats.models import Dependence

MOST_FEATURES = 12
_MOST_ACROSS = 4


def draw_dependence(dependence: Dependence, *, most: int = MOST_FEATURES) -> ggplot:
    """Draw the mean prediction along each feature, a panel a feature and a line a context.

    Parameters
    ----------
    dependence
        From `trace_dependence`.
    most
        Most features to draw: those along which predictions move most. The figure says so where
        it leaves some out.

    Returns
    -------
    plotnine.ggplot
        All panels share their height; the pooled line is dashed. Of more than seven contexts
        only the pooled line is drawn, and the figure says so.

    Raises
    ------
    DataError
        If there is no curve.
    OptionError
        If `most` is below 1.

    Examples
    --------
    ::

        draw_dependence(trace_dependence(forest, features=["au_count"])).show()
    """
    rows = select_curves(dependence.tidy())
    contexts = order_levels(rows["context"])
    told = ""
    if len(contexts) > len(PALETTE) + 1 and ALL in contexts:
        told = f"All contexts together, without the {len(contexts) - 1:,} alone. "
        rows = rows[rows["context"].eq(ALL)]
    which = "along which predictions move most"
    rows, left_out = keep_largest(rows, most, which, sizes=_measure_reach(rows))
    return add_caption(_build_curves(rows), (told + left_out).strip())


def select_curves(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of curves, pooled ones named "All"."""
    require_columns(table, ["feature", "value", "estimate"], "dependence")
    rows = table[table["estimate"].notna()].reset_index(drop=True)
    if rows.empty:
        fact = "there is no curve."
        raise DataError(Problem(fact, "Take the result of trace_dependence."))
    return name_contexts(rows)


def _measure_reach(rows: pd.DataFrame) -> pd.Series:
    """Return how far predictions move along each feature, in the context where they do most."""
    curves = rows.groupby(["feature", "context"], sort=False)["estimate"]
    return (curves.max() - curves.min()).groupby("feature", sort=False).max()


def _build_curves(rows: pd.DataFrame) -> ggplot:
    import plotnine as p9

    levels = {name: order_levels(rows[name]) for name in ("feature", "context")}
    coded = {
        "feature": code_levels(levels["feature"], width=19),
        "context": code_levels(levels["context"], width=24),
    }
    drawn = rows.copy()
    for name, codes in coded.items():
        drawn[name] = code_column(rows[name], levels[name], codes)
    colours, dashes = _pick_looks(levels["context"])
    shown = {
        "breaks": list(coded["context"]),
        "labels": list(coded["context"].values()),
        "name": " ",
    }
    across = min(len(levels["feature"]), _MOST_ACROSS)
    named = name_panels("feature", coded["feature"])
    plot = (
        p9.ggplot(drawn, p9.aes(x="value", y="estimate", color="context", linetype="context"))
        + p9.geom_line(size=0.7)
        + p9.facet_wrap("feature", ncol=across, scales="free_x", labeller=named)
        + p9.scale_color_manual(values=colours, **shown)
        + p9.scale_linetype_manual(values=dashes, **shown)
        + p9.scale_x_continuous(breaks=place_ticks(3), labels=write_ticks)
        + p9.scale_y_continuous(breaks=place_ticks(4), labels=write_ticks)
        + p9.labs(x="Value of the feature (its own unit)", y="Mean prediction")
    )
    return _set_size(plot, coded, down=-(-len(levels["feature"]) // across))


def _pick_looks(contexts: list[Any]) -> tuple[list[str], list[str]]:
    """Return a colour and a dash for each context; the pooled one, among others, is dashed."""
    pooled = [context == ALL and len(contexts) > 1 for context in contexts]
    colours = iter(pick_colours(len(contexts)))
    return (
        [INK if one else next(colours) for one in pooled],
        ["dashed" if one else "solid" for one in pooled],
    )


def _set_size(plot: ggplot, coded: dict[str, dict[str, str]], *, down: int) -> ggplot:
    import plotnine as p9

    several = len(coded["context"]) > 1
    high = max(label.count("\n") for label in coded["feature"].values()) * 0.14
    return (
        plot
        + set_looks(0.75 + 0.3 * several + down * (1.5 + high))
        + p9.theme(
            panel_grid_major_y=p9.element_line(color="#efefef", size=0.4),
            axis_text=p9.element_text(size=7.5),
            panel_spacing_y=0.06,
            legend_position="top" if several else "none",
        )
    )
