"""Figure 7: how a model's predictions move along its features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.errors import DataError, Problem
from exprstats.plots.contexts import ALL, name_contexts
from exprstats.plots.dots import count_left_out
from exprstats.plots.labels import code_levels, name_panels
from exprstats.plots.looks import INK, PALETTE, pick_colours, place_ticks, set_looks, write_ticks
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

    Examples
    --------
    ::

        draw_dependence(trace_dependence(forest, features=["au_count"])).show()
    """
    rows = select_curves(dependence.tidy())
    contexts = order_levels(rows["context"])
    told = []
    if len(contexts) > len(PALETTE) + 1 and ALL in contexts:
        told.append(f"All contexts together, without the {len(contexts) - 1:,} alone.")
        rows = rows[rows["context"].eq(ALL)]
    count = rows["feature"].nunique()
    if count > most:
        told.append(f"The {most:,} of {count:,} features along which predictions move most.")
        rows = _keep_moving(rows, most)
    plot = _build_curves(rows.reset_index(drop=True))
    return count_left_out(plot, " ".join(told)) if told else plot


def select_curves(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of curves, pooled ones named "All"."""
    require_columns(table, ["feature", "value", "estimate"], "dependence")
    rows = table[table["estimate"].notna()].reset_index(drop=True)
    if rows.empty:
        fact = "there is no curve."
        raise DataError(Problem(fact, "Take the result of trace_dependence."))
    return name_contexts(rows)


def _keep_moving(rows: pd.DataFrame, most: int) -> pd.DataFrame:
    curves = rows.groupby(["feature", "context"], sort=False)["estimate"]
    reach = (curves.max() - curves.min()).groupby("feature", sort=False).max()
    kept = reach.sort_values(ascending=False, kind="stable").index[:most]
    return rows[rows["feature"].isin(kept)]


def _build_curves(rows: pd.DataFrame) -> ggplot:
    from plotnine import (
        aes,
        facet_wrap,
        geom_line,
        ggplot,
        labs,
        scale_color_manual,
        scale_linetype_manual,
        scale_x_continuous,
        scale_y_continuous,
    )

    levels = {name: order_levels(rows[name]) for name in ("feature", "context")}
    coded = {
        "feature": code_levels(levels["feature"], width=19),
        "context": code_levels(levels["context"], width=24),
    }
    drawn = rows.copy()
    for name, codes in coded.items():
        places = dict(zip(levels[name], codes, strict=True))
        drawn[name] = pd.Categorical(rows[name].map(places), categories=list(codes))
    colours, dashes = _pick_looks(levels["context"])
    shown = {
        "breaks": list(coded["context"]),
        "labels": list(coded["context"].values()),
        "name": " ",
    }
    across = min(len(levels["feature"]), _MOST_ACROSS)
    named = name_panels("feature", coded["feature"])
    plot = (
        ggplot(drawn, aes(x="value", y="estimate", color="context", linetype="context"))
        + geom_line(size=0.7)
        + facet_wrap("feature", ncol=across, scales="free_x", labeller=named)
        + scale_color_manual(values=colours, **shown)
        + scale_linetype_manual(values=dashes, **shown)
        + scale_x_continuous(breaks=place_ticks(3), labels=write_ticks)
        + scale_y_continuous(breaks=place_ticks(4), labels=write_ticks)
        + labs(x="Value of the feature (its own unit)", y="Mean prediction")
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
    from plotnine import element_line, element_text, theme

    several = len(coded["context"]) > 1
    high = max(label.count("\n") for label in coded["feature"].values()) * 0.14
    return (
        plot
        + set_looks(0.75 + 0.3 * several + down * (1.5 + high))
        + theme(
            panel_grid_major_y=element_line(color="#efefef", size=0.4),
            axis_text=element_text(size=7.5),
            panel_spacing_y=0.06,
            legend_position="top" if several else "none",
        )
    )
