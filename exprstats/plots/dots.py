"""Points with intervals, a line for each feature, panels side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from exprstats.errors import OptionError
from exprstats.plots.labels import code_column, code_levels, count_lines, name_panels
from exprstats.plots.looks import LIGHT, PALETTE, QUIET, set_looks
from exprstats.plots.ticks import place_multiples, place_ticks, write_ticks
from exprstats.tables import order_levels

if TYPE_CHECKING:
    from plotnine import ggplot


_MOST_ACROSS = 4


def keep_largest(
    rows: pd.DataFrame, most: int, which: str, *, sizes: pd.Series | None = None
) -> tuple[pd.DataFrame, str]:
    """Return the rows of the largest features, and what is said where some are left out.

    Parameters
    ----------
    rows
        Columns feature and estimate.
    most
        How many features are kept.
    which
        What sets them apart, such as "with the largest weights".
    sizes
        Size of each feature; without it that of its largest estimate.

    Raises
    ------
    OptionError
        If `most` keeps none.
    """
    if most < 1:
        message = f"most is {most}; it must be at least 1."
        raise OptionError(message)
    if sizes is None:
        sizes = rows["estimate"].abs().groupby(rows["feature"], sort=False).max()
    kept = sizes.sort_values(ascending=False, kind="stable").index[:most]
    told = f"The {most:,} of {len(sizes):,} features {which}." if len(sizes) > most else ""
    return rows[rows["feature"].isin(kept)].reset_index(drop=True), told


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
    import plotnine as p9

    levels = {name: order_levels(rows[name]) for name in ("feature", "panel")}
    coded = {
        "feature": code_levels(levels["feature"], width=26),
        "panel": code_levels(levels["panel"], width=20),
    }
    drawn = rows.assign(filled=filled, zero=0.0)
    for name, codes in coded.items():
        drawn[name] = code_column(rows[name], levels[name], codes)
    plot = _build_dots(drawn[drawn["estimate"].notna()], coded, marks, step)
    return plot + p9.labs(x=title, y="")


def _build_dots(
    drawn: pd.DataFrame,
    coded: dict[str, dict[str, str]],
    marks: Sequence[float],
    step: float | None,
) -> ggplot:
    import plotnine as p9

    panels = len(coded["panel"])
    across = min(panels, _MOST_ACROSS)
    lines = count_lines(coded["feature"].values())
    high = max(label.count("\n") for label in coded["panel"].values()) * 0.14
    down = -(-panels // across)
    ranged = drawn[drawn["conf_low"].notna() & drawn["conf_high"].notna()]
    bare = drawn.drop(index=ranged.index)
    places = place_ticks(4) if step is None else place_multiples(step, 4)
    plot = p9.ggplot(drawn, p9.aes(y="feature", x="estimate"))
    if marks:
        plot += p9.geom_vline(xintercept=list(marks), color=LIGHT, size=0.5, linetype="dashed")
    plot += p9.geom_vline(xintercept=0, color=QUIET, size=0.4)
    for part, start, end in ((bare, "zero", "estimate"), (ranged, "conf_low", "conf_high")):
        if len(part):
            ends = p9.aes(x=start, xend=end, yend="feature")
            plot += p9.geom_segment(ends, part, color=PALETTE[0], size=0.6)
    return (
        plot
        + p9.geom_point(p9.aes(fill="filled"), color=PALETTE[0], size=1.6, stroke=0.5)
        + p9.facet_wrap("panel", ncol=across, labeller=name_panels("panel", coded["panel"]))
        + p9.scale_x_continuous(breaks=places, labels=write_ticks, expand=(0.08, 0))
        + p9.scale_fill_manual(values={True: PALETTE[0], False: "white"})
        + p9.scale_y_discrete(
            limits=list(coded["feature"])[::-1], labels=list(coded["feature"].values())[::-1]
        )
        + set_looks(0.8 + down * (0.3 + high + max(0.6, 0.19 * lines)))
        + p9.theme(panel_spacing_x=0.02, axis_text_x=p9.element_text(size=7.5))
    )
