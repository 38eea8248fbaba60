"""Figures of networks: losses over epochs, adaptation to new people, errors, and tasks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.contracts import order_levels, require_columns
from exprstats.document.cells import list_levels, name_contexts
from exprstats.plots.looks import (
    INK,
    LIGHT,
    PALETTE,
    code_column,
    code_levels,
    name_grid,
    name_panels,
    place_ticks,
    set_looks,
    write_ticks,
)

if TYPE_CHECKING:
    from plotnine import ggplot

    from exprstats.deep import Adaptation, TaskPeaks

_MOST_TICKS = 4.5  # steps between whole numbers on an axis
_PARTS = {"loss_train": "Training", "loss_validate": "Validation"}
_NEEDED = ["model", "context", "run", "epoch", "best", *_PARTS]


def draw_training(history: pd.DataFrame) -> ggplot:
    """Draw the loss of training and of validation people over the epochs.

    Parameters
    ----------
    history
        One row an epoch: model, context, run, epoch, loss_train, loss_validate and best, as in
        `exprstats.deep.DeepModels`.

    Returns
    -------
    plotnine.ggplot
        Models below each other and contexts side by side; a point marks the epoch that was kept.
        Runs after the first are thin lines.

    Examples
    --------
    ::

        draw_training(models.history.assign(model="LSTM")).show()
    """
    import plotnine as p9

    require_columns(history, _NEEDED, "history")
    keys = ["model", "context", "run", "epoch", "best"]
    rows = name_contexts(history)[[*keys, *_PARTS]].melt(keys, var_name="part", value_name="loss")
    rows = rows[rows["loss"].notna()].reset_index(drop=True)
    coded = {}
    for name, width in (("model", 14), ("context", 18)):
        levels = list_levels(rows, name)
        coded[name] = code_levels(levels, width=width)
        rows[name] = code_column(rows[name], levels, coded[name])
    parts = [one for one in _PARTS.values() if one in set(rows["part"].map(_PARTS))]
    rows["part"] = pd.Categorical(rows["part"].map(_PARTS), parts)
    rows["line"] = rows["part"].astype(str) + rows["run"].astype(str)
    # One epoch makes no line, only its point.
    drawn = rows.groupby(["model", "context", "line"], observed=True)["epoch"].transform("size") > 1
    first, others = rows[rows["run"] == 1], rows[(rows["run"] > 1) & drawn]
    aes = p9.aes(x="epoch", y="loss", color="part", group="line", linetype="part")
    plot = p9.ggplot(first, aes)
    thin: dict[str, Any] = {"size": 0.3, "alpha": 0.5}
    thick: dict[str, Any] = {"size": 0.8}
    for lines, looks in ((others, thin), (first[drawn[first.index]], thick)):
        if len(lines):
            plot += p9.geom_line(data=lines, **looks)
    return (
        plot
        + p9.geom_point(data=first[first["best"]], size=1.8)
        + p9.facet_grid(
            "model ~ context", labeller=name_grid(coded["model"], coded["context"]), scales="free_y"
        )
        + p9.scale_color_manual(values=PALETTE[: len(parts)])
        + p9.scale_x_continuous(breaks=_place_whole, labels=write_ticks)
        + p9.scale_y_continuous(breaks=place_ticks(4), labels=write_ticks)
        + p9.labs(x="Epoch", y="Loss", color="", linetype="")
        + set_looks(1.0 + 1.5 * len(coded["model"]))
        + p9.theme(legend_position="top")
    )


_SHARES = {"accuracy": "Exact label", "within2": "Within 2 labels", "within3": "Within 3 labels"}
_ENDS = ("Before", "After")
_GRID = "#efefef"


def draw_adaptation(adaptation: Adaptation) -> ggplot:
    """Draw the share of right and nearly right labels against the iterations.

    Parameters
    ----------
    adaptation
        From `adapt_people`.

    Returns
    -------
    plotnine.ggplot
        One panel for each share, with its interval; the dashed line is the share before.

    Examples
    --------
    ::

        draw_adaptation(adapt_people(model, windows, neutral="still")).show()
    """
    import plotnine as p9

    table = adaptation.tidy()
    rows = table[table["headline"] & table["versus"].isna() & table["metric"].isin(list(_SHARES))]
    rows = rows.assign(panel=pd.Categorical(rows["metric"].map(_SHARES), list(_SHARES.values())))
    rows = rows.reset_index(drop=True)
    first = rows[rows["iteration"].eq(0)]
    ranged = rows[rows["conf_low"].notna()]
    return (
        p9.ggplot(rows, p9.aes(x="iteration", y="estimate"))
        + p9.geom_hline(
            p9.aes(yintercept="estimate"), first, color=INK, size=0.4, linetype="dashed"
        )
        + p9.geom_ribbon(
            p9.aes(ymin="conf_low", ymax="conf_high"), ranged, fill=PALETTE[0], alpha=0.2
        )
        + p9.geom_line(color=PALETTE[0], size=0.7)
        + p9.geom_point(color=PALETTE[0], size=1.3)
        + p9.facet_wrap("panel", nrow=1)
        + p9.scale_x_continuous(breaks=_place_whole, labels=write_ticks)
        + p9.scale_y_continuous(breaks=place_ticks(5), labels=write_ticks, limits=(0, 1))
        + p9.labs(x=f"Iterations of {adaptation.batch} neutral windows", y="Share of windows")
        + set_looks(2.4)
        + p9.theme(panel_grid_major_y=p9.element_line(color=_GRID, size=0.4))
    )


def draw_errors(adaptation: Adaptation) -> ggplot:
    """Draw by how many labels predictions are off, before and after adaptation.

    Parameters
    ----------
    adaptation
        From `adapt_people`.

    Returns
    -------
    plotnine.ggplot
        Two bars for each size of the error, with intervals.

    Examples
    --------
    ::

        draw_errors(adapt_people(model, windows, neutral="still")).show()
    """
    import plotnine as p9

    table = adaptation.tidy()
    rows = table[table["headline"] & table["versus"].isna()]
    rows = rows[rows["metric"].str.startswith("error")]
    size = rows["metric"].str.removeprefix("error").astype(int)
    ends = rows["iteration"].eq(0).map({True: _ENDS[0], False: _ENDS[1]})
    rows = rows.assign(
        size=pd.Categorical(size, sorted(set(size))), end=pd.Categorical(ends, list(_ENDS))
    ).reset_index(drop=True)
    beside = p9.position_dodge(width=0.8)
    ranged = rows[rows["conf_low"].notna() & rows["estimate"].gt(0)]
    return (
        p9.ggplot(rows, p9.aes(x="size", y="estimate", fill="end"))
        + p9.geom_col(position=beside, width=0.74)
        + p9.geom_errorbar(
            p9.aes(ymin="conf_low", ymax="conf_high", group="end"),
            ranged,
            position=beside,
            width=0.25,
            size=0.4,
            color=INK,
        )
        + p9.scale_fill_manual(values=[LIGHT, PALETTE[0]], name=" ")
        + p9.scale_y_continuous(breaks=place_ticks(5), labels=write_ticks, expand=(0, 0, 0.05, 0))
        + p9.labs(x="Labels between prediction and truth", y="Share of windows")
        + set_looks(2.8)
        + p9.theme(
            legend_position="top",
            panel_grid_major_x=p9.element_blank(),
            panel_grid_major_y=p9.element_line(color=_GRID, size=0.4),
        )
    )


def draw_tasks(tasks: TaskPeaks) -> ggplot:
    """Draw the strongest intensity of each person in each task, with the mean of all.

    Parameters
    ----------
    tasks
        From `compare_tasks`.

    Returns
    -------
    plotnine.ggplot
        One panel for each emotion; thin lines are people, points means with their intervals.

    Examples
    --------
    ::

        draw_tasks(compare_tasks(frames)).show()
    """
    import plotnine as p9

    levels = order_levels(tasks.peaks["task"])
    codes = code_levels(levels, width=14)
    table = tasks.tidy()
    means = table[table["headline"] & table["versus"].isna()]
    frames = [tasks.peaks, means]
    emotions = order_levels(tasks.peaks["emotion"]) if "emotion" in tasks.peaks else [""]
    panels = code_levels(emotions, width=24)
    for place, frame in enumerate(frames):
        own = frame["emotion"] if "emotion" in frame else pd.Series("", frame.index)
        frames[place] = frame.assign(
            place=code_column(frame["task"], levels, codes),
            panel=code_column(own, emotions, panels),
        ).reset_index(drop=True)
    peaks, means = frames
    plot = (
        p9.ggplot(peaks, p9.aes(x="place", y="peak"))
        + p9.geom_line(p9.aes(group="subject"), color=LIGHT, size=0.4)
        + p9.geom_errorbar(
            p9.aes(y="estimate", ymin="conf_low", ymax="conf_high"),
            means[means["conf_low"].notna()],
            width=0.06,
            size=0.6,
            color=PALETTE[0],
        )
        + p9.geom_point(p9.aes(y="estimate"), means, color=PALETTE[0], size=2)
        + p9.scale_x_discrete(limits=list(codes), labels=list(codes.values()))
        + p9.scale_y_continuous(breaks=place_ticks(5), labels=write_ticks, limits=(0, 1))
        + p9.labs(x="", y="Peak intensity")
        + set_looks(2.6)
        + p9.theme(
            panel_grid_major_x=p9.element_blank(),
            panel_grid_major_y=p9.element_line(color=_GRID, size=0.4),
        )
    )
    if len(emotions) > 1:
        plot += p9.facet_wrap("panel", labeller=name_panels("panel", panels))
    return plot


def _place_whole(limits: tuple[float, float]) -> list[float]:
    """Return up to five whole numbers between two limits, of epochs or iterations.

    Examples
    --------
    >>> _place_whole((0, 7)), _place_whole((0, 2))
    ([0.0, 2.0, 4.0, 6.0], [0.0, 1.0, 2.0])
    """
    low, high = sorted(limits)
    sizes = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
    step = next((one for one in sizes if (high - low) / one <= _MOST_TICKS), sizes[-1])
    first = math.ceil(low / step - 1e-9)
    return [float(place * step) for place in range(first, math.floor(high / step + 1e-9) + 1)]
