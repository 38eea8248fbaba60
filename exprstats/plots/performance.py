"""Figures of the performance and the calibration of each model in each context."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from exprstats.apa import write_level
from exprstats.contracts import order_levels, require_columns
from exprstats.document.cells import ALL, list_levels, name_contexts
from exprstats.errors import DataError, Problem
from exprstats.inference.calibration import CURVES
from exprstats.inference.comparison.wording import name_clusters
from exprstats.models.baselines.ceiling import LIMITED
from exprstats.plots.looks import (
    LIGHT,
    MOST_LINES,
    PALETTE,
    QUIET,
    code_column,
    code_levels,
    count_lines,
    name_grid,
    pick_colours,
    place_apart,
    place_ticks,
    set_looks,
    tell_crowded,
    tidy_result,
    write_label,
    write_ticks,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from plotnine import ggplot

    from exprstats.inference import Comparison

# Where there is room for a word, it reads better than the symbol that sentences use.
_WORDS = {
    "correlation": "Correlation",
    "spearman": "Spearman correlation",
    "accuracy": "Accuracy",
    "macro_f1": "Macro-F1",
    "calibration_slope": "Calibration slope",
    "precision": "Precision",
    "recall": "Recall",
}
_DIRECTIONS = {
    "lower": "lower is better",
    "higher": "higher is better",
    "zero": "closer to 0 is better",
    "one": "closer to 1 is better",
    "unknown": "which way is better is not stated",
}
_MOST_DRAWN = 4
_HEADED = {1: 32, 2: 24, 3: 18}  # characters above each of so many panels


def draw_performance(
    comparison: Comparison,
    *,
    names: Mapping[str, str] | None = None,
    ceilings: pd.DataFrame | None = None,
) -> ggplot:
    """Draw each model's score with its interval, contexts below each other, metrics side by side.

    Parameters
    ----------
    comparison
        From `compare_models`; its single scores (no `versus`) that are marked `headline`.
    names
        What to print for a model's name; others are printed as they are.
    ceilings
        Tidy rows of `rate_ceiling`: dashed lines in the panels of the correlation.

    Returns
    -------
    plotnine.ggplot
        Models stand in the order of the comparison, the first on top. Where contexts are too many
        for a page, only the pooled scores are drawn, and the figure says so.

    Raises
    ------
    DataError
        If the comparison holds no single score.

    Examples
    --------
    >>> import pandas as pd
    >>> from exprstats.inference import compare_models
    >>> rows = pd.DataFrame({"clip": range(40), "truth": [n % 7 for n in range(40)]})
    >>> rows["subject"] = rows["clip"] // 4
    >>> guesses = {"net": rows["truth"] + rows["clip"] % 3, "mean": rows["truth"] * 0 + 3}
    >>> both = [rows.assign(model=name, prediction=guess) for name, guess in guesses.items()]
    >>> comparison = compare_models(pd.concat(both), metrics="rmse", draws=500, seed=1)
    >>> type(draw_performance(comparison)).__name__
    'ggplot'
    """
    rows = select_scores(tidy_result(comparison))
    metrics, models = order_levels(rows["metric"]), order_levels(rows["model"])
    named = code_levels([(names or {}).get(str(model), model) for model in models], width=20)
    rows, told = _choose_rows(rows, count_lines(named.values()))
    contexts = order_levels(rows["context"])
    labels = label_metrics(comparison)
    width = _HEADED.get(len(metrics), 12)
    headings = [_write_heading(labels[metric], width) for metric in metrics]
    coded = {
        "metric": {f"{place:04d}": heading for place, heading in enumerate(headings)},
        "model": named,
        "context": code_levels(contexts, width=14),
    }
    for name, levels in (("metric", metrics), ("model", models), ("context", contexts)):
        rows[name] = code_column(rows[name], levels, coded[name])
    plot = _build_forest(rows, coded, [tell_level(comparison.level), *told])
    if ceilings is None or LIMITED not in metrics:
        return plot
    lines = name_contexts(ceilings).assign(metric=LIMITED)
    lines = lines[lines["context"].isin(contexts) & lines["estimate"].notna()]
    for name, levels in (("metric", metrics), ("context", contexts)):
        lines[name] = code_column(lines[name], levels, coded[name])
    return _add_ceilings(plot, lines)


def _choose_rows(rows: pd.DataFrame, lines: int) -> tuple[pd.DataFrame, list[str]]:
    """Return the rows that fit on a page, and what is said of those that do not."""
    contexts = order_levels(rows["context"])
    if len(contexts) * lines <= MOST_LINES or ALL not in contexts[1:]:
        return rows, []
    told = tell_crowded(len(contexts) - 1)
    return rows[rows["context"].eq(ALL)].reset_index(drop=True), [told]


def select_scores(table: pd.DataFrame) -> pd.DataFrame:
    """Return the headline rows of single scores, pooled ones named "All"."""
    require_columns(table, ["metric", "model", "estimate", "conf_low", "conf_high"], "comparison")
    single = (
        table["versus"].isna() if "versus" in table else pd.Series(data=True, index=table.index)
    )
    headline = table["headline"].eq(True) if "headline" in table else single
    rows = table.loc[single & headline].reset_index(drop=True)
    if rows.empty:
        fact = "the comparison holds no single model's score."
        raise DataError(Problem(fact, "Compare without against= to get each model's own score."))
    return name_contexts(rows)


def _write_heading(label: MetricLabel, width: int) -> str:
    lines = (label.name, f"({label.direction})")
    return "\n".join(write_label(line, width=width) for line in lines)


def _build_forest(rows: pd.DataFrame, coded: dict[str, dict[str, str]], told: list[str]) -> ggplot:
    import plotnine as p9

    drawn = rows[rows["estimate"].notna()]
    ranged = drawn[drawn["conf_low"].notna() & drawn["conf_high"].notna()]
    count = {name: len(labels) for name, labels in coded.items()}
    tall = max(label.count("\n") for label in coded["metric"].values())
    extra = 0.14 * (len(told) + tall - 1)
    lines = count_lines(coded["model"].values())
    named = p9.element_text(angle=0, ha="left", ma="left", weight="bold")
    colours = dict(zip(coded["model"], pick_colours(count["model"]), strict=True))
    plot = (
        p9.ggplot(drawn, p9.aes(y="model", x="estimate", color="model"))
        + p9.geom_vline(
            p9.aes(xintercept="place"), data=_place_zero(rows, coded), color=LIGHT, size=0.6
        )
        + p9.geom_segment(
            p9.aes(x="conf_low", xend="conf_high", yend="model"), data=ranged, size=0.7
        )
        + p9.geom_point(size=1.9)
        + p9.facet_grid(
            "context ~ metric",
            scales="free_x",
            labeller=name_grid(coded["context"], coded["metric"]),
        )
        + p9.scale_color_manual(values=colours)
        + p9.scale_x_continuous(
            breaks=place_apart(count["metric"]), labels=write_ticks, expand=(0.06, 0)
        )
        + p9.scale_y_discrete(
            limits=list(coded["model"])[::-1], labels=list(coded["model"].values())[::-1]
        )
        + p9.labs(x="", y="", caption="\n".join(told))
        + set_looks(0.9 + extra + count["context"] * max(0.45, 0.2 * lines))
        + p9.theme(
            strip_text_y=named if count["context"] > 1 else p9.element_blank(),
            plot_caption=p9.element_text(size=7.5, ha="right", ma="right"),
        )
    )
    return _name_absent(plot, _place_absent(rows))


def _add_ceilings(plot: ggplot, lines: pd.DataFrame) -> ggplot:
    """Return the plot with a dashed line at each context's highest correlation."""
    import plotnine as p9

    place = p9.aes(xintercept="estimate")
    return plot + p9.geom_vline(place, data=lines, color=QUIET, linetype="dashed", size=0.5)


def _name_absent(plot: ggplot, absent: pd.DataFrame) -> ggplot:
    import plotnine as p9

    if absent.empty:
        return plot
    words = {"color": QUIET, "size": 7.5, "fontstyle": "italic"}
    return plot + p9.geom_label(
        p9.aes(label="label"), data=absent, fill="white", label_size=0, label_padding=0.1, **words
    )


def _place_zero(rows: pd.DataFrame, coded: dict[str, dict[str, str]]) -> pd.DataFrame:
    """Return where a line at zero says something: metrics whose intervals reach below it."""
    lowest = rows.groupby("metric", observed=False)[["estimate", "conf_low"]].min().min(axis=1)
    below = [code for code in coded["metric"] if lowest[code] <= 0]
    metric = pd.Categorical(below, categories=list(coded["metric"]))
    return pd.DataFrame({"metric": metric, "place": 0.0})


def _place_absent(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the undefined scores, placed in the middle of their metric's panel."""
    absent = rows[rows["estimate"].isna()]
    ends = rows.groupby("metric", observed=False)[["estimate", "conf_low", "conf_high"]]
    middle = ((ends.min().min(axis=1) + ends.max().max(axis=1)) / 2).fillna(0.0)
    place = absent["metric"].astype(object).map(middle).astype(float)
    return absent.assign(estimate=place, label="not defined")


@dataclass(frozen=True, slots=True)
class MetricLabel:
    """How a metric is printed.

    Attributes
    ----------
    name
        For headings, for example "Correlation".
    symbol
        For sentences, for example "r".
    better
        "lower", "higher", "zero", "one" or "unknown".
    bounded
        Whether it cannot exceed 1 in size, so that APA style drops its leading zero.
    """

    name: str
    symbol: str
    better: str
    bounded: bool

    @property
    def direction(self) -> str:
        """Return the better direction in words."""
        return _DIRECTIONS[self.better]


def tell_level(level: float) -> str:
    """Return what the lines of a figure are, for its caption."""
    return f"Lines: {write_level(level)} confidence intervals."


def label_metrics(comparison: Comparison) -> dict[str, MetricLabel]:
    """Return how each metric of a comparison is printed, by its name in the rows."""
    metrics = {sample.metric.name: sample.metric for sample in comparison.samples}
    return {
        name: MetricLabel(
            name_heading(name, name_clusters(metric.label, comparison.cluster)),
            name_clusters(metric.label, comparison.cluster),
            metric.direction,
            metric.bounded,
        )
        for name, metric in metrics.items()
    }


def name_heading(name: str, label: str) -> str:
    """Return what headings call a metric: a word where there is room for one."""
    return _WORDS.get(name) or open_label(label)


def open_label(label: str) -> str:
    """Return a metric's label as headings begin: a word with a capital, a symbol as it is.

    Examples
    --------
    >>> open_label("share within 1"), open_label("r between subjects"), open_label("κ")
    ('Share within 1', 'r between subjects', 'κ')
    """
    symbol = len(label.split(" ")[0]) == 1
    return label if symbol else f"{label[0].upper()}{label[1:]}"


def draw_calibration(
    curves: pd.DataFrame, *, names: Mapping[str, str] | None = None, level: float = 0.95
) -> ggplot:
    """Draw the smoothed truth over the predictions of each model, beside the line of equality.

    Parameters
    ----------
    curves
        As in `exprstats.inference.Calibration`; the first four models are drawn.
    names
        What models are called in print.
    level
        Of the bands, for the caption.

    Returns
    -------
    plotnine.ggplot
        Models below each other and contexts side by side.

    Examples
    --------
    ::

        draw_calibration(calibration.curves).show()
    """
    import plotnine as p9

    require_columns(curves, CURVES, "curves")
    kept = list_levels(curves, "model")[:_MOST_DRAWN]
    rows = name_contexts(curves)[curves["model"].isin(kept)].reset_index(drop=True)
    called = {name: (names or {}).get(str(name), str(name)) for name in kept}
    rows["model"] = rows["model"].map(called)
    coded = {}
    for name, width in (("model", 14), ("context", 18)):
        levels = list_levels(rows, name)
        coded[name] = code_levels(levels, width=width)
        rows[name] = code_column(rows[name], levels, coded[name])
    return (
        p9.ggplot(rows, p9.aes(x="prediction", y="truth"))
        + p9.geom_abline(intercept=0, slope=1, linetype="dashed", color="#777777", size=0.4)
        + p9.geom_ribbon(p9.aes(ymin="conf_low", ymax="conf_high"), fill=PALETTE[0], alpha=0.2)
        + p9.geom_line(color=PALETTE[0], size=0.8)
        + p9.facet_grid("model ~ context", labeller=name_grid(coded["model"], coded["context"]))
        + p9.scale_x_continuous(breaks=place_ticks(4), labels=write_ticks)
        + p9.scale_y_continuous(breaks=place_ticks(4), labels=write_ticks)
        + p9.labs(
            x="Prediction",
            y="Truth",
            caption=tell_level(level).replace("Lines", "Bands") + " Dashed: truth = prediction.",
        )
        + set_looks(1.0 + 1.5 * len(coded["model"]))
    )
