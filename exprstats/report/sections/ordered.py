"""Section on the factor of ordered answers."""

from __future__ import annotations

import pandas as pd

from exprstats.apa import write_level
from exprstats.document.cells import list_levels, name_contexts, write_estimate, write_limits
from exprstats.document.model import Column, Section, Table
from exprstats.document.text import Text, quote_sentence, say
from exprstats.report.analysis import Analysis
from exprstats.report.sections.measurement import (
    INDEPENDENT,
    build_items,
    count_clips,
    list_context_fits,
    quote_call,
)


def describe_ordered(analysis: Analysis) -> Section | None:
    """Return the section, or None where no factor was fitted to ordered answers."""
    factor = analysis.ordered
    if factor is None:
        return None
    rows = name_contexts(factor.tidy())
    grouped = len(list_levels(rows, "context")) > 1
    notes: list[Text] = [
        say(
            "Completely standardized solution for the normal responses behind the answers, "
            "ε = 1 − λ²; all clips{counts}.",
            counts=count_clips(rows, grouped=grouped),
        ),
        say(INDEPENDENT),
        *list_context_fits(rows),
        *quote_call(factor.receipt, factor.items),
    ]
    naming = ("A23", "ordered", "Standardized Estimates of the Factor of Ordered Answers")
    return Section(
        "ordered",
        "Factor model of ordered answers",
        sentences=(quote_sentence(factor.sentence()),),
        tables=(
            build_items(rows, naming, notes=tuple(notes), whole=rows),
            _build_thresholds(rows, factor.level, grouped=grouped),
        ),
    )


def _build_thresholds(rows: pd.DataFrame, level: float, *, grouped: bool) -> Table:
    shown = rows[rows["term"].eq("threshold")]
    columns = (
        Column("item", say("Question"), words=True),
        Column("category", say("Answers up to")),
        Column("estimate", say("Threshold")),
        Column("limits", say("{level} CI", level=write_level(level))),
    )
    cells = [
        {
            "context": str(row["context"]),
            "item": str(row["item"]),
            "category": f"{row['category']:g}",
            "estimate": write_estimate(row, bounded=False),
            "limits": write_limits(row, bounded=False),
        }
        for row in shown.to_dict("records")
    ]
    note = say("In standard deviations of the response behind the answers.")
    return Table(
        "A24",
        "thresholds",
        "Thresholds Between the Answers",
        columns,
        pd.DataFrame(cells),
        group="context" if grouped else None,
        notes=(note,),
        rows=shown,
    )
