"""Figure of reliability against the number of raters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exprstats.contracts import order_levels, require_columns
from exprstats.document.cells import ALL, name_contexts
from exprstats.errors import DataError, Problem
from exprstats.plots.looks import (
    INK,
    LIGHT,
    MOST_ACROSS,
    MOST_DOWN,
    PALETTE,
    add_caption,
    code_column,
    code_levels,
    name_grid,
    place_ticks,
    set_looks,
    tell_pooled,
    tidy_result,
    write_ticks,
)

if TYPE_CHECKING:
    from plotnine import ggplot

    from exprstats.reliability import Decisions, SubjectDecisions

LOWEST = -0.2  # a limit far below zero would flatten every curve


def draw_decisions(
    decisions: Decisions | SubjectDecisions, *, target: float | None = None
) -> ggplot:
    """Draw how reliable the mean of other numbers of raters would be, with its interval.

    Parameters
    ----------
    decisions
        From `study_decisions` or `study_subjects`; columns context and item, where there are any,
        make the panels, and so do numbers of clips a subject.
    target
        The reliability that is wanted: a dashed line, and points filled from where the estimate
        reaches it.

    Returns
    -------
    plotnine.ggplot
        Contexts side by side, items below each other. Where there are too many for a page, only
        the pooled rows are drawn, and the figure says so.

    Raises
    ------
    DataError
        If no reliability is defined.

    Examples
    --------
    >>> from exprstats.reliability import rate_reliability, study_decisions
    >>> from exprstats.simulate import simulate_expressiveness
    >>> study = simulate_expressiveness(subjects=20, seed=1)
    >>> decisions = study_decisions(rate_reliability(study.ratings))
    >>> type(draw_decisions(decisions, target=0.8)).__name__
    'ggplot'
    """
    rows = select_curves(tidy_result(decisions))
    levels = {name: order_levels(rows[name]) for name in ("context", "item")}
    kept = {
        "context": [ALL]
        if (len(levels["context"]) > MOST_ACROSS and ALL in levels["context"])
        else levels["context"],
        "item": levels["item"][:MOST_DOWN],
    }
    rows = rows[rows["context"].isin(kept["context"]) & rows["item"].isin(kept["item"])]
    coded = {
        "context": code_levels(kept["context"], width=18),
        "item": code_levels(kept["item"], width=14),
    }
    for name, codes in coded.items():
        rows[name] = code_column(rows[name], kept[name], codes)
    rows["reached"] = rows["estimate"].ge(target if target is not None else -np.inf)
    return add_caption(_build_curves(rows, coded, target), _tell_left_out(levels, kept))


def _tell_left_out(levels: dict[str, list[Any]], kept: dict[str, list[Any]]) -> str:
    told = []
    if len(kept["context"]) < len(levels["context"]):
        told.append(tell_pooled(len(levels["context"]) - 1))
    if len(kept["item"]) < len(levels["item"]):
        told.append(f"The first {MOST_DOWN} of {len(levels['item']):,} questions.")
    return " ".join(told)


def select_curves(table: pd.DataFrame) -> pd.DataFrame:
    """Return the defined rows with their context and item, limits cut to the figure."""
    require_columns(table, ["raters_per_clip", "estimate", "conf_low", "conf_high"], "decisions")
    rows = name_contexts(table.rename(columns={"task": "context", "question": "item"}))
    rows = rows.assign(item=rows["item"].astype(str) if "item" in rows else "")
    if "clips_per_subject" in rows:
        rows["item"] = [
            f"{item}, {m:g} clip{'s' * (m != 1)}"
            for item, m in zip(rows["item"], rows["clips_per_subject"], strict=True)
        ]
    rows = rows[rows["estimate"].notna() & rows["estimate"].ge(LOWEST)].reset_index(drop=True)
    if rows.empty:
        fact = "no reliability is defined."
        raise DataError(Problem(fact, "There is no curve to draw."))
    limits = rows[["conf_low", "conf_high"]].clip(lower=LOWEST)
    return rows.assign(conf_low=limits["conf_low"], conf_high=limits["conf_high"])


def _build_curves(
    rows: pd.DataFrame, coded: dict[str, dict[str, str]], target: float | None
) -> ggplot:
    import plotnine as p9

    low = np.floor(4 * rows[["estimate", "conf_low"]].min().min()) / 4
    high = max(1.0, float(rows["conf_high"].max()))
    ranged = rows[rows["conf_low"].notna() & rows["conf_high"].notna()]
    down = len(coded["item"])
    whose = "a subject's" if "clips_per_subject" in rows else "their"
    plot = p9.ggplot(rows, p9.aes(x="raters_per_clip", y="estimate"))
    if target is not None:
        plot += p9.geom_hline(yintercept=target, color=INK, size=0.4, linetype="dashed")
    if low < 0:
        plot += p9.geom_hline(yintercept=0, color=LIGHT, size=0.5)
    return (
        plot
        + p9.geom_ribbon(
            p9.aes(ymin="conf_low", ymax="conf_high"), ranged, fill=PALETTE[0], alpha=0.2
        )
        + p9.geom_line(color=PALETTE[0], size=0.7)
        + p9.geom_point(p9.aes(fill="reached"), color=PALETTE[0], size=1.3, stroke=0.45)
        + p9.facet_grid("item ~ context", labeller=name_grid(coded["item"], coded["context"]))
        + p9.scale_fill_manual(values={True: PALETTE[0], False: "white"})
        + p9.scale_x_continuous(breaks=_place_raters(rows), labels=write_ticks)
        + p9.scale_y_continuous(breaks=place_ticks(5), labels=write_ticks)
        + p9.coord_cartesian(ylim=(low, high))
        + p9.labs(x="Raters per clip", y=f"Reliability of {whose} mean")
        + set_looks(0.85 + down * (1.35 if down < 5 else 0.95))
        + p9.theme(
            panel_grid_major_y=p9.element_line(color="#efefef", size=0.4),
            axis_text=p9.element_text(size=7.5),
            strip_text_y=p9.element_text(angle=0, ha="left", ma="left", weight="bold"),
        )
    )


def _place_raters(rows: pd.DataFrame) -> list[int]:
    """Return about four whole numbers of raters, the first and the last among them."""
    first, last = int(rows["raters_per_clip"].min()), int(rows["raters_per_clip"].max())
    step = max(1, round((last - first) / 4))
    places = list(range(step * (first // step + 1), last + 1, step))
    return [first, *(place for place in places if place - first >= step / 2)]
