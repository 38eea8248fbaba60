"""How models differ in performance: each difference with its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.errors import DataError, Problem
from exprstats.plots.contexts import ALL, name_contexts
from exprstats.plots.dots import count_left_out
from exprstats.plots.labels import code_levels, write_label
from exprstats.plots.looks import PALETTE, QUIET, place_ticks, set_looks, write_ticks
from exprstats.plots.metrics import MetricLabel, label_metrics
from exprstats.tables import order_levels, require_columns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from plotnine import ggplot

    from exprstats.inference import Comparison

ALPHA = 0.05
MOST_LINES = 48  # that fit on a page


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
        below .05. Where there are too many for a page, only the pooled differences are drawn,
        and the figure says so.

    Raises
    ------
    DataError
        If the comparison holds no difference.

    Examples
    --------
    ::

        draw_differences(compare_models(predictions)).show()
    """
    rows = select_pairs(comparison.tidy(), names or {})
    contexts = order_levels(rows["context"])
    crowded = len(contexts) * rows["pair"].nunique() > MOST_LINES and ALL in contexts
    if crowded:
        rows = rows[rows["context"].eq(ALL)]
    labels = label_metrics(comparison)
    metrics = order_levels(rows["metric"])
    coded = {
        "metric": {f"{i:04d}": _write_heading(labels[name]) for i, name in enumerate(metrics)},
        "context": code_levels(order_levels(rows["context"]), width=14),
        "pair": code_levels(order_levels(rows["pair"]), width=30),
    }
    for name, codes in coded.items():
        places = dict(zip(order_levels(rows[name]), codes, strict=True))
        rows[name] = pd.Categorical(rows[name].map(places), categories=list(codes))
    plot = _build_rows(rows, coded)
    told = f"All contexts together; the {len(contexts) - 1:,} contexts do not fit on a page."
    return count_left_out(plot, told) if crowded else plot


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
    sure = pd.to_numeric(p_value).lt(ALPHA)
    return name_contexts(rows.assign(pair=pairs, sure=sure))


def _write_heading(label: MetricLabel) -> str:
    better = {"lower": "below 0: the first is better", "higher": "above 0: the first is better"}
    told = better.get(label.better, "")
    return f"Δ {write_label(label.name)}" + (f"\n({told})" if told else "")


def _build_rows(rows: pd.DataFrame, coded: dict[str, dict[str, str]]) -> ggplot:
    from plotnine import (
        aes,
        element_text,
        facet_grid,
        geom_point,
        geom_segment,
        geom_vline,
        ggplot,
        labs,
        scale_fill_manual,
        scale_x_continuous,
        scale_y_discrete,
        theme,
    )

    drawn = rows[rows["estimate"].notna()]
    ranged = drawn[drawn["conf_low"].notna() & drawn["conf_high"].notna()]
    lines = sum(label.count("\n") + 1 for label in coded["pair"].values())
    metrics = len(coded["metric"])
    return (
        ggplot(drawn, aes(y="pair", x="estimate"))
        + geom_vline(xintercept=0, color=QUIET, size=0.4)
        + geom_segment(
            aes(x="conf_low", xend="conf_high", yend="pair"), ranged, color=PALETTE[0], size=0.7
        )
        + geom_point(aes(fill="sure"), color=PALETTE[0], size=1.9, stroke=0.5)
        + facet_grid("context ~ metric", scales="free_x", labeller=_read_codes(coded))
        + scale_fill_manual(values={True: PALETTE[0], False: "white"})
        + scale_x_continuous(
            breaks=place_ticks(5 if metrics < 3 else 3), labels=write_ticks, expand=(0.06, 0)
        )
        + scale_y_discrete(
            limits=list(coded["pair"])[::-1], labels=list(coded["pair"].values())[::-1]
        )
        + labs(x="", y="")
        + set_looks(0.95 + len(coded["context"]) * max(0.45, 0.21 * lines))
        + theme(strip_text_y=element_text(angle=0, ha="left", ma="left", weight="bold"))
    )


def _read_codes(coded: dict[str, dict[str, str]]) -> Any:
    from plotnine import labeller

    return labeller(
        rows=lambda code: coded["context"][code], cols=lambda code: coded["metric"][code]
    )
