"""Figures of raw data: answers, missing answers, raters against others, and scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exprstats.apa import write_count, write_number
from exprstats.contracts import order_levels
from exprstats.document.cells import ALL, name_contexts
from exprstats.errors import DataError, Problem
from exprstats.plots.looks import (
    INK,
    LIGHT,
    MOST_ACROSS,
    MOST_DOWN,
    PALETTE,
    QUIET,
    add_caption,
    code_column,
    code_levels,
    name_grid,
    name_panels,
    place_ticks,
    set_looks,
    tell_pooled,
    write_ticks,
)

if TYPE_CHECKING:
    from plotnine import ggplot

    from exprstats.descriptives import ColumnDescriptives, MeanComparison, RatingDescriptives

MOST_PATTERNS = 12
_BINS = 24
_AXES = {"scores": "Score (SD of the factor)", "items": "Clip mean (scale points)"}
Coded = dict[str, dict[str, str]]


def draw_ratings(descriptives: RatingDescriptives) -> ggplot:
    """Draw how often each answer was given, by item and context.

    Parameters
    ----------
    descriptives
        From `describe_ratings`.

    Returns
    -------
    plotnine.ggplot
        Contexts side by side, items below each other. Where there are too many for a page, only
        the pooled rows or the first items are drawn, and the figure says so.

    Raises
    ------
    DataError
        If there is no answer.

    Examples
    --------
    ::

        draw_ratings(describe_ratings(ratings, by="context")).show()
    """
    import plotnine as p9

    rows, coded, told = _arrange(descriptives.distribution, "item")
    single = rows["low"].eq(rows["high"]).all()
    rows["middle"] = (rows["low"] + rows["high"]) / 2
    levels = np.unique(rows["middle"])
    step = float(np.diff(levels).min()) if len(levels) > 1 else 1.0
    rows["width"] = 0.8 * step if single else (rows["high"] - rows["low"]).clip(lower=1e-12)
    breaks: Any = place_ticks(4)
    if single and len(levels) <= 9:
        breaks = levels.tolist()
    plot = (
        p9.ggplot(rows, p9.aes(x="middle", y="share", width="width"))
        + p9.geom_col(fill=PALETTE[0])
        + p9.scale_x_continuous(breaks=breaks, labels=write_ticks)
        + p9.labs(x="Rating", y="Share of ratings")
    )
    return add_caption(_finish(plot, coded, "item"), told)


def draw_agreement(descriptives: RatingDescriptives) -> ggplot:
    """Draw each rating against the mean of the clip's other raters.

    Parameters
    ----------
    descriptives
        From `describe_ratings`.

    Returns
    -------
    plotnine.ggplot
        The area of a point is the number of ratings there; on the line a rating equals the mean
        of the others.

    Raises
    ------
    DataError
        If no clip has two ratings.

    Examples
    --------
    ::

        draw_agreement(describe_ratings(ratings, by="context")).show()
    """
    import plotnine as p9

    rows, coded, told = _arrange(descriptives.agreement, "item")
    panels = rows.groupby(["context", "item"], observed=True)["n"]
    rows["part"] = rows["n"] / panels.transform("sum")
    plot = (
        p9.ggplot(rows, p9.aes(x="others", y="rating", size="part"))
        + p9.geom_abline(intercept=0, slope=1, color=QUIET, size=0.5, linetype="dashed")
        + p9.geom_point(color=PALETTE[0], alpha=0.55, stroke=0)
        + p9.scale_size_area(max_size=6)
        + p9.scale_x_continuous(breaks=place_ticks(4), labels=write_ticks)
        + p9.labs(x="Mean of the other raters", y="Rating")
    )
    return add_caption(_finish(plot, coded, "item", shares=False), told)


def draw_missing(descriptives: RatingDescriptives) -> ggplot:
    """Draw which answers are missing together: a row a pattern, one column per item.

    Parameters
    ----------
    descriptives
        From `describe_ratings`.

    Returns
    -------
    plotnine.ggplot
        Missing answers are filled; labels give how often the pattern occurs.

    Raises
    ------
    DataError
        If no answer is missing.

    Examples
    --------
    ::

        draw_missing(describe_ratings(ratings)).show()
    """
    import plotnine as p9

    rows = descriptives.missing[descriptives.missing["context"].isna()]
    rows = rows.sort_values(["n_missing", "n"], ascending=[True, False], kind="stable")
    if rows["n_missing"].eq(0).all():
        raise DataError(Problem("no answer is missing.", "There is no pattern to draw."))
    items = descriptives.table["item"].unique().tolist()
    shown = rows.head(MOST_PATTERNS)
    cells = [
        {"pattern": f"{place:04d}", "item": item, "lost": item in lost}
        for place, (_, row) in enumerate(shown.iterrows())
        for lost in [str(row["items"]).split(", ")]
        for item in items
    ]
    frame = pd.DataFrame(cells)
    labels = code_levels(items, width=14)
    frame["item"] = code_column(frame["item"], items, labels)
    named = {
        f"{place:04d}": f"{write_count(row['n'])} ({write_number(100 * row['share'], 1)}%)"
        for place, (_, row) in enumerate(shown.iterrows())
    }
    frame["pattern"] = pd.Categorical(frame["pattern"], list(reversed(named)))
    left = len(rows) - len(shown)
    told = f"The first {MOST_PATTERNS} of {write_count(len(rows))} patterns." if left else ""
    plot = (
        p9.ggplot(frame, p9.aes(x="item", y="pattern", fill="lost"))
        + p9.geom_tile(color="white", size=1.2)
        + p9.scale_fill_manual(values={True: PALETTE[1], False: LIGHT})
        + p9.scale_x_discrete(labels=lambda codes: [labels[str(code)] for code in codes])
        + p9.scale_y_discrete(labels=lambda codes: [named[str(code)] for code in codes])
        + p9.labs(x="", y="Answers of a rater to a clip")
        + set_looks(0.9 + 0.32 * len(named))
        + p9.theme(panel_grid_major_x=p9.element_blank(), axis_line_x=p9.element_blank())
    )
    return add_caption(plot, told)


def draw_values(descriptives: ColumnDescriptives) -> ggplot:
    """Draw the distribution of columns of clips, such as scores, by context.

    Parameters
    ----------
    descriptives
        From `describe_columns`.

    Returns
    -------
    plotnine.ggplot
        Histograms with the same bins in all contexts, and a line at each mean.

    Raises
    ------
    DataError
        If no value is known.

    Examples
    --------
    ::

        draw_values(describe_columns(clips, "score", by="context")).show()
    """
    import plotnine as p9

    values = descriptives.observations
    values = values[values["value"].notna()]
    counted = []
    for (name, context), part in values.groupby(["column", "context"], sort=False, dropna=False):
        every = values.loc[values["column"].eq(str(name)), "value"]
        edges = np.linspace(every.min(), every.max() + 1e-12, _BINS + 1)
        counts, edges = np.histogram(part["value"], bins=edges)
        middle = (edges[:-1] + edges[1:]) / 2
        counted.append(
            pd.DataFrame(
                {"context": context, "item": name, "middle": middle, "share": counts}
            ).assign(
                share=lambda rows: rows["share"] / rows["share"].sum(), width=np.diff(edges)[0]
            )
        )
    if not counted:
        raise DataError(Problem("no value is known.", "There is no distribution to draw."))
    rows, coded, told = _arrange(pd.concat(counted, ignore_index=True), "item")
    means = values.groupby(["column", "context"], sort=False, dropna=False)["value"].mean()
    lines, _, _ = _arrange(means.reset_index().rename(columns={"column": "item"}), "item")
    plot = (
        p9.ggplot(rows, p9.aes(x="middle", y="share"))
        + p9.geom_col(p9.aes(width="width"), fill=PALETTE[0])
        + p9.geom_vline(p9.aes(xintercept="value"), lines, color=INK, size=0.5, linetype="dashed")
        + p9.scale_x_continuous(breaks=place_ticks(4), labels=write_ticks)
        + p9.labs(x=_AXES.get(descriptives.what, "Value"), y="Share of clips")
    )
    single = len(coded["item"]) == 1
    plot = _finish(plot, coded, "item", free=not single)
    plot = plot + p9.theme(strip_text_y=p9.element_blank()) if single else plot
    return add_caption(plot, told)


def draw_means(means: MeanComparison) -> ggplot:
    """Draw people's means in each context, and the means of these with their intervals.

    Parameters
    ----------
    means
        From `compare_means`.

    Returns
    -------
    plotnine.ggplot
        A thin line is a person who has all contexts, a dot a person who has not; points are means
        with the t intervals of people's means. Groups of people have panels of their own.

    Raises
    ------
    DataError
        If there is no mean.

    Examples
    --------
    ::

        draw_means(compare_means(scores)).show()
    """
    import plotnine as p9

    group = "group" if means.people["group"].notna().any() else None
    people = means.people.assign(context=means.people["context"].fillna(ALL))
    rows = means.table[means.table["term"].eq("mean") & means.table["method"].eq("t")]
    rows = rows[rows["group"].notna() == (group is not None)]
    rows = rows.assign(context=rows["context"].fillna(ALL)).reset_index(drop=True)
    if rows["estimate"].isna().all():
        raise DataError(Problem("no mean is known.", "There is nothing to draw."))
    if group and len(order_levels(people["context"])) == 1:
        # Groups of people who have one context stand side by side, as contexts do.
        people, rows = (one.assign(context=one["group"]) for one in (people, rows))
        group = None
    contexts = order_levels(people["context"])
    labels = code_levels(contexts, width=14)
    panels = order_levels(people["group"].dropna()) if group else []
    named = code_levels(panels, width=20)
    for table in (people, rows):
        table["context"] = code_column(table["context"], contexts, labels)
        if group:
            table["group"] = code_column(table["group"], panels, named)
    plot = p9.ggplot(rows, p9.aes(x="context", y="estimate"))
    whole = people["complete"] & (means.design in {"repeated", "mixed"})
    if whole.any():
        each = {"color": QUIET, "size": 0.3, "alpha": 0.35}
        plot += p9.geom_line(p9.aes(y="mean", group="subject"), people[whole], **each)
        plot += p9.geom_line(p9.aes(group=1), color=PALETTE[0], size=0.9)
    if not whole.all():
        dots = {"color": QUIET, "size": 0.9, "alpha": 0.5, "stroke": 0}
        plot += p9.geom_point(p9.aes(y="mean"), people[~whole], **dots)
    plot = (
        plot
        + p9.geom_linerange(
            p9.aes(ymin="conf_low", ymax="conf_high"),
            rows[rows["conf_low"].notna()],
            color=PALETTE[0],
            size=1.1,
        )
        + p9.geom_point(color=PALETTE[0], size=2.6)
        + p9.scale_x_discrete(labels=lambda codes: [labels[str(code)] for code in codes])
        + p9.scale_y_continuous(breaks=place_ticks(5), labels=write_ticks)
        + p9.labs(x="", y="Mean of a person's clips")
        + set_looks(3.2)
        + p9.theme(
            panel_grid_major_x=p9.element_blank(),
            panel_grid_major_y=p9.element_line(color="#efefef", size=0.4),
        )
    )
    return plot + p9.facet_wrap("group", labeller=name_panels("group", named)) if group else plot


def _arrange(table: pd.DataFrame, name: str) -> tuple[pd.DataFrame, Coded, str]:
    """Return rows with coded contexts and items, as many as fit a page, and what was left out."""
    rows = name_contexts(table).reset_index(drop=True)
    if rows.empty:
        raise DataError(Problem("there is nothing to draw.", "Check the table."))
    contexts = order_levels(rows["context"])
    items = order_levels(rows[name])
    kept = [ALL] if len(contexts) > MOST_ACROSS and ALL in contexts else contexts[:MOST_ACROSS]
    told = []
    if len(kept) < len(contexts):
        whole = kept == [ALL]
        told.append(
            tell_pooled(len(contexts) - len(kept))
            if whole
            else f"The first {MOST_ACROSS} of {write_count(len(contexts))} contexts."
        )
    if len(items) > MOST_DOWN:
        told.append(f"The first {MOST_DOWN} of {write_count(len(items))} questions.")
    down = items[:MOST_DOWN]
    rows = rows[rows["context"].isin(kept) & rows[name].isin(down)].reset_index(drop=True)
    coded = {"context": code_levels(kept, width=18), name: code_levels(down, width=14)}
    for key, levels in (("context", kept), (name, down)):
        rows[key] = code_column(rows[key], levels, coded[key])
    return rows, coded, " ".join(told)


def _finish(
    plot: ggplot, coded: Coded, name: str, *, shares: bool = True, free: bool = False
) -> ggplot:
    """Return the figure in panels of items below each other and contexts side by side."""
    import plotnine as p9

    down = len(coded[name])
    labels = (lambda places: [f"{100 * one:g}%" for one in places]) if shares else write_ticks
    facets: dict[str, Any] = {"scales": "free_x"} if free else {}
    return (
        plot
        + p9.facet_grid(
            f"{name} ~ context", labeller=name_grid(coded[name], coded["context"]), **facets
        )
        + p9.scale_y_continuous(breaks=place_ticks(3), labels=labels)
        + set_looks(0.85 + down * (1.35 if down < 5 else 0.95))
        + p9.theme(
            panel_grid_major_x=p9.element_blank(),
            panel_grid_major_y=p9.element_line(color="#efefef", size=0.4),
            axis_text=p9.element_text(size=7.5),
            strip_text_y=p9.element_text(angle=0, ha="left", ma="left", weight="bold"),
        )
    )
