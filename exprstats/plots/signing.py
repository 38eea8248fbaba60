"""Figures of annotated events: counts of frames, and how well labels are predicted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from exprstats.errors import DataError, Problem
from exprstats.plots.looks import (
    PALETTE,
    QUIET,
    add_caption,
    code_column,
    code_levels,
    name_panels,
    place_ticks,
    set_looks,
    write_ticks,
)

if TYPE_CHECKING:
    from plotnine import ggplot

    from exprstats.events import EventCounts, LabelPrediction

MOST_BARS = 12
_KINDS = {"feature": "Annotated values", "unit": "Action units", "label": "Labels"}


def draw_events(counts: EventCounts, *, most: int = MOST_BARS) -> ggplot:
    """Draw the frames of the most frequent values, action units and labels.

    Parameters
    ----------
    counts
        From `count_events`.
    most
        Most bars of each kind; the figure says how many it leaves out.

    Returns
    -------
    plotnine.ggplot
        A panel for each kind, thousands of frames along the lines.

    Raises
    ------
    DataError
        If nothing was counted.

    Examples
    --------
    ::

        draw_events(count_events(events, labels, units)).show()
    """
    import plotnine as p9

    rows = counts.tidy()
    if rows.empty:
        fact = "nothing was counted."
        raise DataError(Problem(fact, "Take the result of count_events."))
    names = rows["feature"] if "label" not in rows else rows["label"].fillna(rows["feature"])
    rows = rows.assign(name=names, thousands=rows["estimate"] / 1000)
    rows = rows.sort_values("estimate", ascending=False, kind="stable")
    kinds = [kind for kind in _KINDS if kind in set(rows["kind"])]
    drawn = pd.concat([rows[rows["kind"].eq(kind)].head(most) for kind in kinds])
    drawn = drawn.assign(line=drawn["kind"] + "/" + drawn["name"])
    lines = drawn["line"].tolist()
    codes = code_levels(drawn["name"].tolist(), width=40)
    drawn["line"] = code_column(drawn["line"], lines, codes)
    panels = code_levels([_KINDS[kind] for kind in kinds], width=30)
    drawn["panel"] = code_column(drawn["kind"], kinds, panels)
    left = [
        f"{len(group) - most} further {_KINDS[str(kind)].lower()}"
        for kind, group in rows.groupby("kind", sort=False)
        if len(group) > most
    ]
    told = f"Not drawn: {', '.join(left)}." if left else ""
    plot = (
        p9.ggplot(drawn, p9.aes(y="line", x="thousands"))
        + p9.geom_segment(p9.aes(x=0, xend="thousands", yend="line"), color=PALETTE[0], size=1.8)
        + p9.facet_wrap("panel", ncol=1, scales="free", labeller=name_panels("panel", panels))
        + p9.scale_y_discrete(
            limits=lambda held: sorted(held, reverse=True),
            labels=lambda held: [codes[str(code)] for code in held],
        )
        + p9.scale_x_continuous(breaks=place_ticks(5), labels=write_ticks, expand=(0, 0, 0.04, 0))
        + p9.labs(x="Thousands of frames", y="")
        + set_looks(0.7 * len(kinds) + 0.17 * len(drawn))
    )
    return add_caption(plot, told)


def draw_label_scores(prediction: LabelPrediction) -> ggplot:
    """Draw F1 of each label in folds of frames and in honest folds, with intervals.

    Parameters
    ----------
    prediction
        From `predict_labels`.

    Returns
    -------
    plotnine.ggplot
        Labels in the order of their frames, averages below; the distance between the points of a
        line is what folds of frames pretend.

    Examples
    --------
    ::

        draw_label_scores(predict_labels(events, labels)).show()
    """
    import plotnine as p9

    kinds = [prediction.folds, "frames"]
    rows = prediction.tidy()
    rows = rows[rows["term"].eq("f1") & rows["folds"].isin(kinds)]
    averaged = rows["average"].ne("label")
    names = rows["label"].where(~averaged, rows["average"] + " average")
    rows = rows.assign(name=names, last=averaged.astype(int))
    order = rows.sort_values(["last", "support"], ascending=[True, False], kind="stable")
    lines = list(dict.fromkeys(order["name"]))
    codes = code_levels(lines, width=28)
    told = {prediction.folds: f"Folds of {prediction.folds}", "frames": "Folds of frames"}
    rows["line"] = code_column(rows["name"], lines, codes)
    rows["kind"] = pd.Categorical(rows["folds"].map(told), categories=list(told.values()))
    wide = rows.pivot_table("estimate", "line", "folds", observed=True).reset_index()
    ends = {"low": prediction.folds, "high": "frames"}
    wide = wide.rename(columns={name: end for end, name in ends.items()})
    return (
        p9.ggplot(rows, p9.aes(y="line"))
        + p9.geom_segment(p9.aes(x="low", xend="high", yend="line"), wide, color=QUIET, size=0.4)
        + p9.geom_segment(
            p9.aes(x="conf_low", xend="conf_high", yend="line", color="kind"),
            rows[rows["conf_low"].notna()],
            size=1.4,
            alpha=0.45,
        )
        + p9.geom_point(p9.aes(x="estimate", color="kind", shape="kind"), size=2)
        + p9.scale_color_manual(values=[PALETTE[0], PALETTE[1]], name=" ")
        + p9.scale_shape_manual(values=["o", "D"], name=" ")
        + p9.scale_y_discrete(limits=list(codes)[::-1], labels=list(codes.values())[::-1])
        + p9.scale_x_continuous(breaks=place_ticks(5), labels=write_ticks, limits=(0, 1))
        + p9.labs(x="F1 in held-out frames", y="")
        + set_looks(0.9 + 0.2 * len(lines))
        + p9.theme(legend_position="top")
    )
