"""Figure of differences in performance between models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from exprstats.contracts import order_levels, require_columns
from exprstats.document.cells import ALL, find_level, name_contexts, write_mark
from exprstats.errors import DataError, Problem
from exprstats.plots.looks import (
    MOST_LINES,
    PALETTE,
    QUIET,
    code_column,
    code_levels,
    count_lines,
    name_grid,
    place_apart,
    set_looks,
    tell_crowded,
    tidy_result,
    write_label,
    write_ticks,
)
from exprstats.plots.performance import MetricLabel, label_metrics, tell_level

if TYPE_CHECKING:
    from collections.abc import Mapping

    from plotnine import ggplot

    from exprstats.inference import Comparison


def draw_differences(comparison: Comparison, *, names: Mapping[str, str] | None = None) -> ggplot:
    """Draw the differences between models with their intervals.

    Parameters
    ----------
    comparison
        From `compare_models`; its headline differences.
    names
        What to print for a model's name; others are printed as they are.

    Returns
    -------
    plotnine.ggplot
        Contexts below each other, metrics side by side; filled points have a Holm-adjusted p
        below 1 − level. Of two models, the contexts are the lines. Where there are too many for a
        page, only the pooled differences are drawn, and if these are too many, those from the
        model that is best in the first metric; the figure says so.

    Raises
    ------
    DataError
        If the comparison holds no difference.

    Examples
    --------
    >>> import pandas as pd
    >>> from exprstats.inference import compare_models
    >>> rows = pd.DataFrame({"clip": range(40), "truth": [n % 7 for n in range(40)]})
    >>> rows["subject"] = rows["clip"] // 4
    >>> guesses = {"net": rows["truth"] + rows["clip"] % 3, "mean": rows["truth"] * 0 + 3}
    >>> both = [rows.assign(model=name, prediction=guess) for name, guess in guesses.items()]
    >>> comparison = compare_models(pd.concat(both), metrics="rmse", draws=500, seed=1)
    >>> type(draw_differences(comparison)).__name__
    'ggplot'
    """
    rows, told = _choose_rows(select_pairs(tidy_result(comparison), names or {}), comparison)
    labels = label_metrics(comparison)
    metrics = order_levels(rows["metric"])
    heading = ""
    if len(order_levels(rows["pair"])) == 1 and len(order_levels(rows["context"])) > 1:
        heading = write_label(rows["pair"].iloc[0], width=60)
        rows = rows.assign(pair=rows["context"], context=ALL)
    coded = {
        "metric": {
            f"{i:04d}": _write_heading(labels[name], narrow=len(metrics) > 2)
            for i, name in enumerate(metrics)
        },
        "context": code_levels(order_levels(rows["context"]), width=14),
        "pair": code_levels(order_levels(rows["pair"]), width=30),
    }
    for name, codes in coded.items():
        rows[name] = code_column(rows[name], order_levels(rows[name]), codes)
    some = rows["sure"].any() and not rows["sure"].all()
    filled = f" Filled: p < {write_mark(1 - comparison.level)}, adjusted by Holm."
    marks = f"{tell_level(comparison.level)}{filled if some else ''}"
    return _build_rows(rows, coded, heading=heading, told=[marks, *told])


def _choose_rows(rows: pd.DataFrame, comparison: Comparison) -> tuple[pd.DataFrame, list[str]]:
    """Return the rows that fit on a page, and what is said of those that do not."""
    told = []
    contexts = order_levels(rows["context"])
    crowded = len(contexts) * rows["pair"].nunique() > MOST_LINES
    if crowded and len(contexts) > 1 and ALL in contexts:
        rows = rows[rows["context"].eq(ALL)].reset_index(drop=True)
        told = [tell_crowded(len(contexts) - 1)]
    pairs = rows["pair"].nunique()
    if pairs > MOST_LINES:
        best = _find_best(comparison)
        rows = rows[rows["model"].eq(best) | rows["versus"].eq(best)].reset_index(drop=True)
        told.append(
            f"{pairs:,} differences do not fit on a page; here are the "
            f"{rows['pair'].nunique():,} with {write_label(best)}."
        )
    return rows, told


def _find_best(comparison: Comparison) -> str:
    """Return the best model in the first metric over all contexts; the first if none is best."""
    scores = comparison.tidy()
    scores = scores[scores["headline"].eq(True) & scores["versus"].isna()]
    scores = scores[scores["metric"].eq(scores["metric"].iloc[0])]
    pooled = scores["context"].isna() if "context" in scores else scores["metric"].notna()
    scores = scores[pooled] if pooled.any() else scores
    scores = scores.dropna(subset="estimate")
    better = label_metrics(comparison)[scores["metric"].iloc[0]].better if len(scores) else ""
    keys = {"lower": -scores["estimate"], "higher": scores["estimate"]}
    keys |= {"zero": -scores["estimate"].abs(), "one": -(scores["estimate"] - 1).abs()}
    order = keys.get(better)
    place = 0 if order is None else int(order.to_numpy().argmax())
    return str(scores["model"].iloc[place])


def select_pairs(table: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """Return the headline rows of differences, with what each pair is called."""
    needed = ["metric", "model", "versus", "estimate", "conf_low", "conf_high"]
    require_columns(table, needed, "comparison")
    shown = table["headline"].eq(True) if "headline" in table else True
    rows = table.loc[table["versus"].notna() & shown].reset_index(drop=True)
    if rows.empty:
        fact = "the comparison holds no difference between models."
        raise DataError(Problem(fact, "Compare two models or more."))
    pairs = [
        " − ".join(str(names.get(str(one), one)) for one in pair)
        for pair in zip(rows["model"], rows["versus"], strict=True)
    ]
    p_value = rows["p_adjusted"] if "p_adjusted" in rows else pd.Series(1.0, index=rows.index)
    sure = pd.to_numeric(p_value).lt(1 - (find_level(rows) or 0.95))
    return name_contexts(rows.assign(pair=pairs, sure=sure))


def _write_heading(label: MetricLabel, *, narrow: bool) -> str:
    side = {"lower": "below", "higher": "above"}.get(label.better)
    name = f"Δ {write_label(label.name, width=16 if narrow else 24)}"
    if side is None:
        return name
    return (
        f"{name}\n({side} 0:\nfirst is better)"
        if narrow
        else (f"{name}\n({side} 0: the first is better)")
    )


def _build_rows(
    rows: pd.DataFrame, coded: dict[str, dict[str, str]], *, heading: str, told: list[str]
) -> ggplot:
    import plotnine as p9

    drawn = rows[rows["estimate"].notna()]
    ranged = drawn[drawn["conf_low"].notna() & drawn["conf_high"].notna()]
    lines = count_lines(coded["pair"].values())
    metrics, contexts = len(coded["metric"]), len(coded["context"])
    tall = max(label.count("\n") for label in coded["metric"].values())
    extra = 0.25 * bool(heading) + 0.14 * len(told) + 0.14 * max(tall - 1, 0)
    named = p9.element_text(angle=0, ha="left", ma="left", weight="bold")
    return (
        p9.ggplot(drawn, p9.aes(y="pair", x="estimate"))
        + p9.geom_vline(xintercept=0, color=QUIET, size=0.4)
        + p9.geom_segment(
            p9.aes(x="conf_low", xend="conf_high", yend="pair"), ranged, color=PALETTE[0], size=0.7
        )
        + p9.geom_point(p9.aes(fill="sure"), color=PALETTE[0], size=1.9, stroke=0.5)
        + p9.facet_grid(
            "context ~ metric",
            scales="free_x",
            labeller=name_grid(coded["context"], coded["metric"]),
        )
        + p9.scale_fill_manual(values={True: PALETTE[0], False: "white"})
        + p9.scale_x_continuous(breaks=place_apart(metrics), labels=write_ticks, expand=(0.06, 0))
        + p9.scale_y_discrete(
            limits=list(coded["pair"])[::-1], labels=list(coded["pair"].values())[::-1]
        )
        + p9.labs(x="", y="", title=heading or None, caption="\n".join(told))
        + set_looks(0.95 + extra + contexts * max(0.45, 0.21 * lines))
        + p9.theme(strip_text_y=named if contexts > 1 else p9.element_blank())
        + p9.theme(
            plot_title=p9.element_text(size=9),
            plot_caption=p9.element_text(size=7.5, ha="right", ma="right"),
        )
    )
