"""Section on several correlated factors."""

from __future__ import annotations

import pandas as pd

from exprstats.apa import write_level
from exprstats.document.cells import list_levels, name_contexts, write_estimate, write_limits
from exprstats.document.model import Column, Section, Table
from exprstats.document.text import quote_sentence, say
from exprstats.report.analysis import Analysis
from exprstats.report.sections.measurement import (
    INDEPENDENT,
    build_items,
    count_clips,
    list_context_fits,
    quote_call,
)


def describe_factors(analysis: Analysis) -> Section | None:
    """Return the section, or None where no several factors were fitted."""
    factors = analysis.factors
    if factors is None:
        return None
    rows = name_contexts(factors.tidy())
    grouped = len(list_levels(rows, "context")) > 1
    own = rows[rows["term"].isin(["loading", "residual"])]
    names = own["factor"].astype(str)
    blocks = own.assign(block=own["context"] + ": " + names if grouped else names)
    items = [item for group in factors.items.values() for item in group]
    notes = (
        say(
            "Completely standardized solution, ε = 1 − λ²; all clips{counts}.",
            counts=count_clips(rows, grouped=grouped),
        ),
        say(INDEPENDENT),
        *list_context_fits(rows),
        *quote_call(factors.receipt, items),
    )
    naming = ("A25", "factors", "Standardized Estimates of the Correlated Factors")
    return Section(
        "factors",
        "Factor models with several factors",
        sentences=(quote_sentence(factors.sentence()),),
        tables=(
            build_items(blocks, naming, notes=notes, whole=rows, group="block"),
            _build_correlations(rows, factors.level, grouped=grouped),
        ),
    )


def _build_correlations(rows: pd.DataFrame, level: float, *, grouped: bool) -> Table:
    """Return Table A26: each factor's ω, and each pair's correlation."""
    shown = rows[rows["term"].isin(["omega", "correlation"])]
    columns = (
        Column("what", say("Factors"), words=True),
        Column("estimate", say("Estimate")),
        Column("limits", say("{level} CI", level=write_level(level))),
    )
    cells = [
        {
            "context": str(row["context"]),
            "what": f"ω of {row['factor']}"
            if row["term"] == "omega"
            else f"r of {row['factor']} and {row['versus']}",
            "estimate": write_estimate(row, 3),
            "limits": write_limits(row, 3),
        }
        for row in shown.to_dict("records")
    ]
    note = say("ω = reliability of the sum of a factor's items; *r* = correlation of two factors.")
    return Table(
        "A26",
        "correlations",
        "Reliability and Correlations of the Factors",
        columns,
        pd.DataFrame(cells),
        group="context" if grouped else None,
        notes=(note,),
        rows=shown,
    )
