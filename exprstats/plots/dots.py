"""Points with intervals, a line for each feature, panels side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.plots.labels import code_levels, name_panels
from exprstats.plots.looks import (
    LIGHT,
    PALETTE,
    QUIET,
    place_multiples,
    place_ticks,
    set_looks,
    write_ticks,
)
from exprstats.tables import order_levels

if TYPE_CHECKING:
    from plotnine import ggplot

_MOST_ACROSS = 4


def keep_largest(rows: pd.DataFrame, most: int) -> pd.DataFrame:
    """Return the rows of the features whose largest estimate is among the `most` largest."""
    sizes = rows["estimate"].abs().groupby(rows["feature"], sort=False).max()
    kept = sizes.sort_values(ascending=False, kind="stable").index[:most]
    return rows[rows["feature"].isin(kept)].reset_index(drop=True)


def draw_dots(
    rows: pd.DataFrame,
    *,
    filled: pd.Series,
    marks: Sequence[float] = (),
    step: float | None = None,
    title: str,
) -> ggplot:
    """Draw one point a row, with its interval where it has one and a stem from zero where not.

    Parameters
    ----------
    rows
        Columns feature, panel, estimate, conf_low, conf_high; the features' and panels' order is
        that of their levels.
    filled
        Which points are filled.
    marks
        Where dashed lines stand.
    step
        Distance of the axis numbers, doubled where there are many; None for round numbers.
    title
        Below the axis.
    """
    levels = {name: order_levels(rows[name]) for name in ("feature", "panel")}
    coded = {
        "feature": code_levels(levels["feature"], width=26),
        "panel": code_levels(levels["panel"], width=20),
    }
    drawn = rows.assign(filled=filled, zero=0.0)
    for name, codes in coded.items():
        places = dict(zip(levels[name], codes, strict=True))
        drawn[name] = pd.Categorical(rows[name].map(places), categories=list(codes))
    return _build_dots(drawn[drawn["estimate"].notna()], coded, marks, step) + _name_axis(title)


def count_left_out(plot: ggplot, told: str) -> ggplot:
    """Return the figure with a caption on what it leaves out."""
    from plotnine import element_text, labs, theme

    return plot + labs(caption=told) + theme(plot_caption=element_text(size=7.5, ha="right"))


def _name_axis(title: str) -> Any:
    from plotnine import labs

    return labs(x=title, y="")


def _build_dots(
    drawn: pd.DataFrame,
    coded: dict[str, dict[str, str]],
    marks: Sequence[float],
    step: float | None,
) -> ggplot:
    from plotnine import (
        aes,
        element_text,
        facet_wrap,
        geom_point,
        geom_segment,
        geom_vline,
        ggplot,
        scale_fill_manual,
        scale_x_continuous,
        scale_y_discrete,
        theme,
    )

    panels = len(coded["panel"])
    across = min(panels, _MOST_ACROSS)
    lines = sum(label.count("\n") + 1 for label in coded["feature"].values())
    high = max(label.count("\n") for label in coded["panel"].values()) * 0.14
    down = -(-panels // across)
    ranged = drawn[drawn["conf_low"].notna() & drawn["conf_high"].notna()]
    bare = drawn.drop(index=ranged.index)
    places = place_ticks(4) if step is None else place_multiples(step, 4)
    plot = ggplot(drawn, aes(y="feature", x="estimate"))
    if marks:
        plot += geom_vline(xintercept=list(marks), color=LIGHT, size=0.5, linetype="dashed")
    plot += geom_vline(xintercept=0, color=QUIET, size=0.4)
    for part, (low, high_end) in ((bare, ("zero", "estimate")), (ranged, _LIMITS)):
        if len(part):
            ends = aes(x=low, xend=high_end, yend="feature")
            plot += geom_segment(ends, part, color=PALETTE[0], size=0.6)
    return (
        plot
        + geom_point(aes(fill="filled"), color=PALETTE[0], size=1.6, stroke=0.5)
        + facet_wrap("panel", ncol=across, labeller=name_panels("panel", coded["panel"]))
        + scale_x_continuous(breaks=places, labels=write_ticks, expand=(0.08, 0))
        + scale_fill_manual(values={True: PALETTE[0], False: "white"})
        + scale_y_discrete(
            limits=list(coded["feature"])[::-1], labels=list(coded["feature"].values())[::-1]
        )
        + set_looks(0.8 + down * (0.3 + high + max(0.6, 0.19 * lines)))
        + theme(panel_spacing_x=0.02, axis_text_x=element_text(size=7.5))
    )


_LIMITS = ("conf_low", "conf_high")
