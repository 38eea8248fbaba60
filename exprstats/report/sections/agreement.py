"""Section on agreement beyond chance: Krippendorff's α and κ."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from exprstats.apa import write_level
from exprstats.document.cells import (
    collect_notes,
    find_extremes,
    find_row,
    name_contexts,
    write_estimate,
    write_limits,
)
from exprstats.document.model import Column, Section, Table
from exprstats.document.text import Text, quote_sentence, say
from exprstats.report.analysis import Analysis
from exprstats.report.sections.coefficients import place_rows
from exprstats.report.sections.reliability import name_place

if TYPE_CHECKING:
    from exprstats.reliability import Agreement

_MOST = 4  # coefficients of which each has its sentence
_SAID = "no interval: draws=0"


def describe_agreement(analysis: Analysis) -> Section | None:
    """Return the section, or None where agreement was not measured."""
    agreement: Agreement | None = analysis.agreement
    if agreement is None:
        return None
    rows = name_contexts(agreement.table)
    few = len(rows) <= _MOST
    return Section(
        "agreement",
        "Agreement between raters",
        sentences=(
            *([quote_sentence(agreement.sentence())] if few else _say_ranges(agreement, rows)),
            say("Table A17 lists the coefficients and what they rest on."),
        ),
        tables=(_build_table(agreement, rows),),
    )


def _say_ranges(agreement: Agreement, rows: pd.DataFrame) -> tuple[Text, ...]:
    names = {
        "alpha": f"Krippendorff’s α ({agreement.scale})",
        "kappa": f"The mean κ of pairs of raters ({agreement.weights} weights)",
    }
    texts = []
    for term, name in names.items():
        mine = rows[rows["term"].eq(term)]
        if mine["estimate"].notna().any():
            ends = find_extremes(mine)
            low, high = (f"{write_estimate(row)} ({name_place(row, mine)})" for row in ends)
            template = "{name} lay between {low} and {high}."
            texts.append(say(template, name=name, low=low, high=high))
        else:
            texts.append(say("{name} is not defined.", name=name))
    return tuple(texts)


def _build_table(agreement: Agreement, rows: pd.DataFrame) -> Table:
    alphas = rows[rows["term"].eq("alpha")]
    limited = bool(alphas["conf_low"].notna().any())
    first, group = place_rows(rows)
    columns = (
        first,
        Column("alpha", say("α")),
        *([Column("limits", say("{level} CI", level=write_level(agreement.level)))] * limited),
        Column("kappa", say("Mean κ")),
    )
    cells = [
        {
            "context": row["context"],
            "item": str(row["item"]),
            "alpha": write_estimate(row),
            "limits": write_limits(row),
            "kappa": write_estimate(
                find_row(rows, term="kappa", context=row["context"], item=row["item"])
            ),
        }
        for row in alphas.to_dict("records")
    ]
    return Table(
        "A17",
        "agreement",
        "Agreement Beyond Chance",
        columns,
        pd.DataFrame(cells),
        group=group,
        notes=(
            say(
                "α = Krippendorff's, {scale} differences; κ of pairs of raters, {weights} weights.",
                scale=agreement.scale,
                weights=agreement.weights,
            ),
            *collect_notes(rows, ("item", "context"), (_SAID,)),
        ),
        rows=agreement.tidy(),
    )
