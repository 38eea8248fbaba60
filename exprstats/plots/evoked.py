"""Figures of evoked expressions: co-occurrence, groups of videos, and scores of models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import count_things, write_number
from exprstats.errors import DataError, Problem
from exprstats.plots.looks import (
    INK,
    LIGHT,
    PALETTE,
    add_caption,
    code_column,
    code_levels,
    count_lines,
    name_panels,
    pick_colours,
    pick_shapes,
    place_ticks,
    set_looks,
    write_ticks,
)

if TYPE_CHECKING:
    from plotnine import ggplot

    from exprstats.events import EvokedLabels, EvokedScores

MOST_EXPRESSIONS, MOST_GROUPS = 20, 16
_LONGEST = 22
_MOST_NUMBERS = 12


def draw_together(labels: EvokedLabels, *, most: int = MOST_EXPRESSIONS) -> ggplot:
    """Draw how often one expression comes with another, the matrix divided by its diagonal.

    Parameters
    ----------
    labels
        From `measure_labels`.
    most
        Most expressions; the figure says how many it leaves out.

    Returns
    -------
    plotnine.ggplot
        A cell is the share of the moments with the expression of its line that have the one of its
        column as well.

    Raises
    ------
    DataError
        If there are not two expressions.

    Examples
    --------
    ::

        draw_together(measure_labels(table)).show()
    """
    import plotnine as p9

    rows = labels.pick("co_occurrence").dropna(subset=["estimate"])
    if rows.empty:
        fact = "no expression stands beside another."
        raise DataError(Problem(fact, "Measure two expressions or more."))
    shares = labels.pick("share").sort_values("estimate", ascending=False, kind="stable")
    names = shares["expression"].tolist()
    shown = names[:most]
    rows = rows[rows["expression"].isin(shown) & rows["versus"].isin(shown)]
    # Beside cells there is room for one line.
    codes = code_levels(
        [(one if len(one) <= _LONGEST else f"{one[: _LONGEST - 1].rstrip()}…") for one in shown],
        width=_LONGEST + 1,
    )
    shown_as = [write_number(float(value), 2, bounded=True) for value in rows["estimate"]]
    rows = rows.assign(
        line=code_column(rows["expression"], shown, codes),
        column=code_column(rows["versus"], shown, codes),
        told=shown_as if len(shown) <= _MOST_NUMBERS else "",
    )
    dark = rows["estimate"] > 0.55 * rows["estimate"].max()
    lost = len(names) - len(shown)
    plot = (
        p9.ggplot(rows, p9.aes(x="column", y="line"))
        + p9.geom_tile(p9.aes(fill="estimate"), color="white", size=0.6)
        + p9.geom_text(p9.aes(label="told"), rows[~dark], size=7.5, color=INK)
        + p9.geom_text(p9.aes(label="told"), rows[dark], size=7.5, color="white")
        + p9.scale_fill_gradient(low="#F1F5F9", high=PALETTE[0], name="Share", labels=write_ticks)
        # Browsers do not show the shading that a gradient is drawn with.
        + p9.guides(fill=p9.guide_colorbar(display="rectangles", nbin=40))
        + p9.scale_x_discrete(limits=list(codes), labels=list(codes.values()))
        + p9.scale_y_discrete(limits=list(codes)[::-1], labels=list(codes.values())[::-1])
        + p9.labs(x="Also has", y=f"Of {labels.unit}s with")
        + set_looks(1.3 + 0.3 * len(shown))
        + p9.theme(
            axis_text_x=p9.element_text(angle=40, ha="right"),
            legend_position="none" if len(shown) <= _MOST_NUMBERS else "right",
        )
    )
    told = f"Not drawn: {count_things(lost, 'rarer expression')}." if lost > 0 else ""
    return add_caption(plot, told)


def draw_groups(labels: EvokedLabels, *, most: int = MOST_GROUPS) -> ggplot:
    """Draw what share of each group's labels an expression is, beside that of all moments.

    Parameters
    ----------
    labels
        From `measure_labels` with groups.
    most
        Most groups; the figure says how many it leaves out.

    Returns
    -------
    plotnine.ggplot
        A panel for each expression; the line is the share of all moments.

    Raises
    ------
    DataError
        If there are no groups.

    Examples
    --------
    ::

        draw_groups(measure_labels(table, by="group")).show()
    """
    import plotnine as p9

    rows = labels.table[labels.table["term"].eq("label_share")]
    groups = list(labels.groups)
    if not groups:
        raise DataError(Problem("there are no groups of videos.", "Measure labels by groups."))
    shares = rows[rows["group"].isna()].sort_values("estimate", ascending=False, kind="stable")
    names = shares["expression"].tolist()[:9]
    shown = groups[:most]
    drawn = rows[rows["group"].isin(shown) & rows["expression"].isin(names)]
    lines, panels = code_levels(shown, width=22), code_levels(names, width=18)
    drawn = drawn.assign(
        line=code_column(drawn["group"], shown, lines),
        panel=code_column(drawn["expression"], names, panels),
    )
    whole = shares[shares["expression"].isin(names)]
    whole = whole.assign(panel=code_column(whole["expression"], names, panels))
    columns = 2 if len(names) in {2, 4} else min(len(names), 3)
    height = 0.4 + -(-len(names) // columns) * (0.7 + 0.2 * count_lines(lines.values()))
    lost = [
        count_things(len(one) - len(some), f"further {what}")
        for one, some, what in (
            (groups, shown, "group"),
            (list(labels.expressions), names, "expression"),
        )
        if len(one) > len(some)
    ]
    plot = (
        p9.ggplot(drawn, p9.aes(y="line", x="estimate"))
        + p9.geom_vline(p9.aes(xintercept="estimate"), whole, color=LIGHT, size=1.0)
        + p9.geom_segment(
            p9.aes(x="conf_low", xend="conf_high", yend="line"),
            drawn[drawn["conf_low"].notna()],
            size=0.8,
            color=PALETTE[0],
            alpha=0.6,
        )
        + p9.geom_point(size=1.8, color=PALETTE[0])
        + p9.facet_wrap("panel", ncol=columns, labeller=name_panels("panel", panels))
        + p9.scale_y_discrete(limits=list(lines)[::-1], labels=list(lines.values())[::-1])
        + p9.scale_x_continuous(breaks=place_ticks(3), labels=write_ticks)
        + p9.expand_limits(x=0)
        + p9.labs(x="Share of the group's labels", y="")
        + set_looks(height)
    )
    return add_caption(plot, f"Not drawn: {', '.join(lost)}." if lost else "")


def draw_themes(labels: EvokedLabels, *, most: int = MOST_EXPRESSIONS) -> ggplot:
    """Draw how many videos each group has, such as each theme, the most frequent ones first.

    Parameters
    ----------
    labels
        From `measure_labels` with groups.
    most
        Most groups; the figure says how many it leaves out.

    Returns
    -------
    plotnine.ggplot
        Bars of videos; a video with several themes counts in each.

    Raises
    ------
    DataError
        If there are no groups.

    Examples
    --------
    ::

        draw_themes(measure_labels(table, by=themes)).show()
    """
    import plotnine as p9

    rows = labels.table[labels.table["term"].eq("video_share")]
    if rows.empty:
        raise DataError(Problem("there are no groups of videos.", "Measure labels by groups."))
    rows = rows.assign(count=rows["n_joint"].astype(int))
    rows = rows.sort_values("count", ascending=False, kind="stable")
    shown = rows.head(most)
    names = shown["group"].tolist()
    lines = code_levels(names, width=30)
    shown = shown.assign(
        line=code_column(shown["group"], names, lines),
        told=[
            f"{count:,} ({100 * share:.0f}%)"
            for count, share in zip(shown["count"], shown["estimate"], strict=True)
        ],
    )
    lost = len(rows) - len(shown)
    plot = (
        p9.ggplot(shown, p9.aes(y="line", x="count"))
        + p9.geom_segment(p9.aes(x=0, xend="count", yend="line"), color=PALETTE[0], size=2.6)
        + p9.geom_text(
            p9.aes(label="told"),
            ha="left",
            nudge_x=0.015 * shown["count"].max(),
            size=7.5,
            color=INK,
        )
        + p9.scale_y_discrete(limits=list(lines)[::-1], labels=list(lines.values())[::-1])
        + p9.scale_x_continuous(breaks=place_ticks(5), labels=write_ticks, expand=(0, 0, 0.16, 0))
        + p9.labs(x="Videos", y="")
        + set_looks(0.8 + 0.17 * count_lines(lines.values()))
    )
    return add_caption(plot, f"Not drawn: {count_things(lost, 'rarer group')}." if lost else "")


def draw_evoked_scores(
    scores: EvokedScores, *, term: str | None = None, grouped: bool | None = None
) -> ggplot:
    """Draw how well each model predicts each expression, or does so in each group of moments.

    Parameters
    ----------
    scores
        From `rate_evoked`.
    term
        One of its terms; None: the first.
    grouped
        Whether lines are groups and not expressions; None: where there are groups.

    Returns
    -------
    plotnine.ggplot
        Expressions below each other, their mean last; or the means over expressions of each
        group, that of all moments last. Intervals are over videos.

    Raises
    ------
    DataError
        If the term was not measured.

    Examples
    --------
    ::

        draw_evoked_scores(rate_evoked(truth, predictions)).show()
    """
    import plotnine as p9

    term = scores.terms[0] if term is None else term
    grouped = bool(scores.groups) if grouped is None else grouped and bool(scores.groups)
    rows, levels, last = _pick_lines(scores, term, grouped=grouped)
    lines = code_levels([*levels, last], width=22)
    models = code_levels(list(scores.models), width=26)
    places = dict(zip(levels, lines, strict=False))
    codes = rows["level"].map(places).fillna(list(lines)[-1])
    rows = rows.assign(
        line=pd.Categorical(codes, categories=list(lines)),
        # From below, so that models stand in the order of the legend.
        kind=code_column(rows["model"], scores.models[::-1], list(models)[::-1]),
    )
    dodge = p9.position_dodge(width=0.6)
    colours = dict(zip(models, pick_colours(len(models)), strict=True))
    shapes = dict(zip(models, pick_shapes(len(models)), strict=True))
    named: dict[str, Any] = {"breaks": list(models), "labels": list(models.values()), "name": " "}
    heading = _TITLES.get(term, term.replace("_", " ").capitalize())
    plot = (
        p9.ggplot(rows, p9.aes(x="line", y="estimate", color="kind", shape="kind"))
        + p9.geom_linerange(
            p9.aes(ymin="conf_low", ymax="conf_high"),
            rows[rows["conf_low"].notna()],
            position=dodge,
            size=0.8,
            alpha=0.6,
        )
        + p9.geom_point(position=dodge, size=1.8)
        + p9.scale_color_manual(values=colours, **named)
        + p9.scale_shape_manual(values=shapes, **named)
        + p9.scale_x_discrete(limits=list(lines)[::-1], labels=list(lines.values())[::-1])
        + p9.scale_y_continuous(breaks=place_ticks(5), labels=write_ticks)
        + p9.coord_flip()
        + p9.labs(x="", y=f"{heading}, mean over expressions" if grouped else heading)
        + set_looks(0.9 + len(lines) * (0.12 + 0.11 * len(models)))
        + p9.theme(legend_position="top" if len(models) > 1 else "none")
    )
    lost = len(scores.groups if grouped else scores.expressions) - len(levels)
    noun = "further group" if grouped else "further expression"
    return add_caption(plot, f"Not drawn: {count_things(lost, noun)}." if lost > 0 else "")


def _pick_lines(
    scores: EvokedScores, term: str, *, grouped: bool
) -> tuple[pd.DataFrame, list[str], str]:
    """Return the rows to draw with their ``level``, empty for the last line, and its name."""
    table = scores.table[scores.table["term"].eq(term) & scores.table["headline"]]
    table = table[table["versus"].isna() & table["estimate"].notna()]
    if table.empty:
        fact = f"there is no '{term}'."
        raise DataError(Problem(fact, f"Take one of: {', '.join(scores.terms)}."))
    if "versus_group" in table:
        table = table[table["versus_group"].isna()]
    if grouped:
        rows = table[table["expression"].isna()]
        levels, rows, last = list(scores.groups), rows.assign(level=rows["group"]), "All moments"
    else:
        own = table[table["group"].isna()] if "group" in table else table
        levels, rows, last = list(scores.expressions), own.assign(level=own["expression"]), "Mean"
    levels = levels[:MOST_EXPRESSIONS]
    return rows[rows["level"].isna() | rows["level"].isin(levels)], levels, last


_TITLES = {
    "average_precision": "Average precision",
    "mse": "MSE",
    "mse_mean": "Mean MSE per video",
    "correlation": "Pearson’s r",
    "correlation_mean": "Mean r per video",
    "auc": "AUC",
}
