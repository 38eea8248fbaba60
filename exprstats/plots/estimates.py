"""Figures of expression estimates: distributions, correlations, maps, and recall."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exprstats.apa import write_number
from exprstats.document.cells import ALL, name_contexts
from exprstats.errors import DataError, Problem
from exprstats.plots.looks import (
    INK,
    LIGHT,
    PALETTE,
    QUIET,
    WIDTH,
    add_caption,
    code_column,
    code_levels,
    count_lines,
    name_grid,
    name_panels,
    pick_colours,
    place_ticks,
    set_looks,
    write_ticks,
)

if TYPE_CHECKING:
    from plotnine import ggplot

    from exprstats.expressions import Estimates, EstimateStructure, ExpressionMap, Transfer

MOST_CLASSES = 14  # told apart by colour and shape
_SHAPES = ("o", "^")
_RIDGE = 0.85  # of the room between two emotions
_OTHERS = "other"


def draw_estimates(estimates: Estimates) -> ggplot:
    """Draw the distributions of the leading emotions, a panel for each modality and data set.

    Parameters
    ----------
    estimates
        From `rate_estimates`.

    Returns
    -------
    plotnine.ggplot
        The emotion with the best mean rank on top; the height of a curve is its density relative to
        the highest of its panel, and a line marks the median.

    Raises
    ------
    DataError
        If no score varies.

    Examples
    --------
    ::

        draw_estimates(rate_estimates(estimates, by="context")).show()
    """
    import plotnine as p9

    rows = name_contexts(estimates.densities)
    if rows.empty:
        fact = "no score varies."
        raise DataError(Problem(fact, "Take the result of rate_estimates on further files."))
    lone = rows["context"].eq(ALL).all()
    rows["panel"] = rows["modality"] if lone else rows["modality"] + ", " + rows["context"]
    panels = rows["panel"].unique().tolist()
    codes = code_levels(panels, width=44)
    # Every panel has lines of its own, so that their names can differ on one scale.
    lines = list(dict.fromkeys(zip(rows["panel"], rows["emotion"], strict=True)))
    # Two lines stay free between panels, since curves reach up to the next one.
    heights = {line: -float(place + 2 * panels.index(line[0])) for place, line in enumerate(lines)}
    keys = list(zip(rows["panel"], rows["emotion"], strict=True))
    peaks = rows.groupby("panel")["density"].transform("max")
    rows = rows.assign(low=[heights[key] for key in keys])
    rows = rows.assign(high=rows["low"] + _RIDGE * rows["density"] / peaks, line=rows["low"])
    rows["panel"] = code_column(rows["panel"], panels, codes)
    marks = rows.drop_duplicates("low")
    told = [code_levels([name])["0000"].replace("\n", " ") for _, name in lines]
    within = rows["score"].between(0, 1).all()
    return (
        p9.ggplot(rows, p9.aes(x="score"))
        + p9.geom_ribbon(
            p9.aes(ymin="low", ymax="high", group="line"),
            fill=PALETTE[0],
            alpha=0.35,
            color=PALETTE[0],
            size=0.4,
        )
        + p9.geom_segment(
            p9.aes(x="median", xend="median", y="low", yend="low + 0.5"), marks, color=INK, size=0.7
        )
        + p9.facet_wrap(
            "panel",
            ncol=min(2, len(panels)),
            scales="free_y" if within else "free",
            labeller=name_panels("panel", codes),
        )
        + p9.scale_y_continuous(
            breaks=list(heights.values()), labels=told, minor_breaks=[], expand=(0, 0.1, 0, 0.15)
        )
        + p9.scale_x_continuous(breaks=place_ticks(4), labels=write_ticks)
        + p9.labs(x="Score", y="")
        + set_looks(0.5 + 1.6 * ceil(len(panels) / 2))
    )


def draw_structure(structure: EstimateStructure) -> ggplot:
    """Draw the correlations of emotions, a matrix for each modality and data set.

    Parameters
    ----------
    structure
        From `compare_structure`.

    Returns
    -------
    plotnine.ggplot
        All matrices have the emotions in one order, which puts those together that go together.

    Raises
    ------
    DataError
        If there are no correlations.

    Examples
    --------
    ::

        draw_structure(compare_structure(estimates, by="context")).show()
    """
    import plotnine as p9

    rows = name_contexts(structure.correlations)
    if rows.empty:
        fact = "there are no correlations."
        raise DataError(Problem(fact, "Take estimates of two emotions and four moments."))
    turned = rows.rename(columns={"emotion": "other", "other": "emotion"})
    rows = pd.concat([rows, turned], ignore_index=True)
    names = list(structure.order)
    codes = code_levels(names, width=60)
    for name in ("emotion", "other"):
        rows[name] = code_column(rows[name], names, codes)
    contexts, modalities = (rows[one].unique().tolist() for one in ("context", "modality"))
    across, down = (code_levels(one, width=30) for one in (contexts, modalities))
    if contexts == [ALL]:
        across = dict.fromkeys(across, "")
    rows["across"] = code_column(rows["context"], contexts, across)
    rows["down"] = code_column(rows["modality"], modalities, down)
    side = min(3.6, (WIDTH - 1.6) / len(contexts))
    size = max(2.5, min(8.0, 60 * side / len(names)))
    return (
        p9.ggplot(rows, p9.aes(x="other", y="emotion", fill="r"))
        + p9.geom_tile()
        + p9.facet_grid("down ~ across", labeller=name_grid(down, across))
        + p9.scale_fill_gradient2(
            low=PALETTE[1],
            mid="white",
            high=PALETTE[0],
            limits=(-1, 1),
            name="ρ",
            breaks=[-1, 0, 1],
            labels=write_ticks,
        )
        # Browsers do not show the shading that a gradient is drawn with.
        + p9.guides(fill=p9.guide_colorbar(display="rectangles", nbin=60))
        + p9.scale_x_discrete(limits=list(codes), labels=list(codes.values()))
        + p9.scale_y_discrete(limits=list(codes)[::-1], labels=list(codes.values())[::-1])
        + p9.coord_fixed()
        + p9.labs(x="", y="")
        + set_looks(1.3 + (side + 0.2) * len(modalities))
        + p9.theme(
            legend_position="top",
            legend_key_height=8,
            legend_key_width=90,
            axis_text_x=p9.element_text(size=size, angle=90, va="top"),
            axis_text_y=p9.element_text(size=size),
            panel_background=p9.element_rect(fill=LIGHT),
            panel_grid_major_x=p9.element_blank(),
            axis_ticks_major_x=p9.element_blank(),
        )
    )


def draw_maps(maps: ExpressionMap) -> ggplot:
    """Draw the maps of moments, a panel for each modality and perplexity.

    Parameters
    ----------
    maps
        From `map_expressions`.

    Returns
    -------
    plotnine.ggplot
        A point for each moment, in the colour of its label, or of its highest emotion where
        recordings have no labels. Axes have no unit and panels no common one.

    Examples
    --------
    ::

        draw_maps(map_expressions(estimates)).show()
    """
    import plotnine as p9

    points = maps.points
    labelled = "label" in points and points["label"].notna().any()
    shown = points["label" if labelled else "top"].astype(object).fillna("no label").map(str)
    counted = shown.value_counts()
    kept = counted.index[:MOST_CLASSES] if len(counted) <= MOST_CLASSES else counted.index[:7]
    points = points.assign(group=shown.where(shown.isin(kept), _OTHERS))
    rest = [_OTHERS] if points["group"].eq(_OTHERS).any() else []
    groups = [*sorted(map(str, kept)), *rest]
    colours = [*pick_colours(len(groups) - len(rest)), *([LIGHT] * len(rest))]
    shapes = [_SHAPES[place // len(PALETTE)] for place in range(len(groups) - len(rest))]
    codes = code_levels(groups)
    points["group"] = code_column(points["group"], groups, codes)
    panels = {}
    for row in maps.table.to_dict("records"):
        trust = write_number(row["estimate"], bounded=True)
        key = (row["modality"], row["perplexity"])
        panels[key] = f"{key[0]}, perplexity {key[1]:g}, trust {trust}"
    named = code_levels(list(panels.values()), width=24)
    keys = list(zip(points["modality"], points["perplexity"], strict=True))
    points["panel"] = code_column(pd.Series(keys, index=points.index), list(panels), named)
    points = points.sort_values("group", ascending=False, kind="stable")
    ncol = min(3, max(1, int(maps.table["modality"].value_counts().max())))
    return (
        p9.ggplot(points, p9.aes(x="x", y="y", color="group", shape="group"))
        + p9.geom_point(size=max(0.5, min(1.6, 40 / np.sqrt(len(points)))), alpha=0.75)
        + p9.facet_wrap("panel", ncol=ncol, scales="free", labeller=name_panels("panel", named))
        + p9.scale_color_manual(values=colours, labels=list(codes.values()), name=" ")
        + p9.scale_shape_manual(
            values=[*shapes, *(["o"] * len(rest))], labels=list(codes.values()), name=" "
        )
        + p9.labs(x="", y="")
        + set_looks(0.9 + 2.1 * ceil(len(panels) / ncol))
        + p9.theme(
            legend_position="bottom",
            axis_text=p9.element_blank(),
            axis_ticks_major_x=p9.element_blank(),
            panel_grid_major_x=p9.element_blank(),
            panel_border=p9.element_rect(color=LIGHT, fill=None),
        )
    )


def draw_recall(transfer: Transfer) -> ggplot:
    """Draw recall with C chosen on training speakers and on the test, and what chance gives.

    Parameters
    ----------
    transfer
        From `classify_expressions`.

    Returns
    -------
    plotnine.ggplot
        A line for each set of features; the dashed line is 1/classes. Crosses, where labels were
        permuted, are the means of both recalls with nothing to learn.

    Examples
    --------
    ::

        draw_recall(classify_expressions(features, labels, speakers, nulls=20)).show()
    """
    import plotnine as p9

    told = {"uar": "C by training speakers", "uar_test": "C by test speakers"}
    rows = transfer.tidy()
    names = list(dict.fromkeys(rows["features"]))
    codes = code_levels(names, width=36)
    rows["line"] = code_column(rows["features"], names, codes)
    rows["kind"] = rows["term"].str.removesuffix("_null").map(told)
    rows["kind"] = pd.Categorical(rows["kind"], categories=list(told.values()))
    shown = rows[rows["term"].isin(list(told))]
    nulls = rows[rows["term"].str.endswith("_null")]
    chance = 1 / transfer.classes
    plot: Any = (
        p9.ggplot(shown, p9.aes(y="line", x="estimate", color="kind"))
        + p9.geom_vline(xintercept=chance, linetype="dashed", color=QUIET, size=0.5)
        + p9.geom_segment(
            p9.aes(x="conf_low", xend="conf_high", yend="line"),
            shown[shown["term"].eq("uar") & shown["conf_low"].notna()],
            size=1.4,
            alpha=0.45,
        )
        + p9.geom_point(p9.aes(shape="kind"), size=2)
    )
    if len(nulls):
        plot = plot + p9.geom_point(data=nulls, shape="x", size=2.2, stroke=0.8)
    plot = (
        plot
        + p9.scale_color_manual(values=[PALETTE[0], PALETTE[1]], name=" ")
        + p9.scale_shape_manual(values=["o", "D"], name=" ")
        + p9.scale_y_discrete(limits=list(codes)[::-1], labels=list(codes.values())[::-1])
        + p9.scale_x_continuous(breaks=place_ticks(5), labels=write_ticks, limits=(0, 1))
        + p9.labs(x="Unweighted average recall", y="")
        + set_looks(1.0 + max(0.27 * len(names), 0.17 * count_lines(codes.values())))
        + p9.theme(legend_position="top")
    )
    crossed = "Crosses: mean recall of permuted labels. " if len(nulls) else ""
    return add_caption(plot, f"{crossed}Dashed: chance, {write_number(chance, 3, bounded=True)}.")
