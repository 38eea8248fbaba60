"""Section on calibration: whether predictions are too extreme, and how far off a clip may be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import write_level, write_number
from exprstats.document.cells import (
    ALL,
    collect_notes,
    find_row,
    list_levels,
    name_contexts,
    write_estimate,
    write_limits,
)
from exprstats.document.model import Figure, Section, Table
from exprstats.document.tables import column, estimate_columns, match_row, tabulate
from exprstats.document.text import Text, join_words, say
from exprstats.plots import draw_calibration
from exprstats.report.analysis import Analysis

if TYPE_CHECKING:
    from exprstats.inference import Calibration


def describe_calibration(analysis: Analysis) -> Section | None:
    """Return the section, or None where it was not asked for."""
    found: Calibration | None = analysis.calibration
    if found is None or found.table.empty:
        return None
    rows = name_contexts(found.tidy())
    return Section(
        "calibration",
        "Calibration",
        sentences=(_say_first(rows, found, analysis),),
        tables=(_build_table(rows, found, analysis),),
        figures=(_build_figure(found, analysis),) if len(found.curves) else (),
    )


def _say_first(rows: pd.DataFrame, found: Calibration, analysis: Analysis) -> Text:
    """Return what slope, bias and limits say of the first model over all clips."""
    models = list_levels(rows, "model")
    own = analysis.own_model
    model = own if own in models else models[0]
    contexts = list_levels(rows, "context")
    context = ALL if ALL in contexts else contexts[-1]
    slope, bias, width = (
        find_row(rows, model=model, context=context, term=term)
        for term in ("slope", "bias", "half_width")
    )
    told = "{model} has no calibration slope, because its predictions do not vary"
    if sloped := pd.notna(slope.get("estimate")):
        told = "the calibration slope of {model} was {slope}, {level} CI {limits}, {verdict}"
    interval = "{biased}" if sloped else "{level} CI {biased}"
    return say(
        f"Over {{where}}, {told}; its bias was {{bias}}, {interval}{{width}} (<Table "
        "calibration, Figure calibration>).",
        where="all test clips" if analysis.unseen else "all clips",
        model=analysis.tell_model(model),
        level=write_level(found.level),
        slope=write_estimate(slope, bounded=False),
        limits=write_limits(slope, bounded=False),
        verdict=_judge_slope(slope),
        bias=write_estimate(bias, bounded=False),
        biased=write_limits(bias, bounded=False),
        width=""
        if pd.isna(width["estimate"])
        else f"; for {write_level(found.level)} of the clips of new {found.cluster}s the truth is "
        f"expected within ± {write_estimate(width, bounded=False)} of the prediction",
    )


def _judge_slope(row: dict[Any, Any]) -> str:
    if pd.isna(row.get("conf_low")) or row["conf_low"] <= 1 <= row["conf_high"]:
        return "not reliably different from 1, at which predictions mean what they say"
    if row["estimate"] < 1:
        return "below 1: its predictions are too extreme"
    return "above 1: its predictions are too cautious"


def _build_table(rows: pd.DataFrame, found: Calibration, analysis: Analysis) -> Table:
    same = ("context", "model")
    columns = (
        column("model", "Model", analysis.name_model, words=True),
        *estimate_columns(
            found.level,
            key="slope",
            of=match_row(rows, *same, term="slope"),
            under="Slope",
            bounded=False,
        ),
        *estimate_columns(found.level, key="bias", under="Bias", bounded=False),
        column(
            "width",
            f"{write_level(found.level)} limits",
            of=lambda row: "± " * pd.notna(row["width"]) + write_number(row["width"]),
        ),
    )
    lines = []
    for context in list_levels(rows, "context"):
        for model in list_levels(rows, "model"):
            bias, width = (
                find_row(rows, context=context, model=model, term=term)
                for term in ("bias", "half_width")
            )
            lines += [{**bias, "width": width["estimate"]}] if bias else []
    several = len(list_levels(rows, "context")) > 1
    noted = rows.assign(model=rows["model"].map(analysis.name_model))
    return tabulate(
        "calibration",
        "Calibration of the Models",
        lines,
        columns,
        group="context" if several else None,
        notes=(
            say(
                "Slope of the truth on the prediction: 1 where a difference of predictions is "
                "worth what it says, below 1 where predictions are too extreme, above 1 where they "
                "are too cautious. Bias = mean of prediction less truth. Intervals by a jackknife "
                "over {cluster}s. Limits: prediction ± this holds the truth of a clip of a new "
                "{cluster} with a probability of {level} or more (conformal, {cluster}s "
                "exchangeable; Lee et al., 2023).",
                cluster=found.cluster,
                level=write_level(found.level),
            ),
            *collect_notes(noted, ("model", "context")),
        ),
        rows=rows,
    )


def _build_figure(found: Calibration, analysis: Analysis) -> Figure:
    drawn = [analysis.name_model(name) for name in list_levels(found.curves, "model")]
    return Figure(
        "calibration",
        "Truth and Prediction",
        lambda: draw_calibration(found.curves, names=analysis.model_names, level=found.level),
        words=say(
            "Smoothed truth over the predictions of {models}, with bands.", models=join_words(drawn)
        ),
        notes=(
            say(
                "Locally linear means of the truth over three quarters of the clips, from the "
                "2.5th to the 97.5th percentile of the predictions."
            ),
        ),
    )
