"""Table A4: contexts' reliabilities compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.numerals import tell_p, write_count, write_level, write_p
from exprstats.plots import name_pairs
from exprstats.report.cells import (
    collect_notes,
    list_levels,
    write_estimate,
    write_limits,
    write_mark,
)
from exprstats.report.document import Column, Table
from exprstats.report.prose import Text, say

if TYPE_CHECKING:
    from exprstats.reliability import ContextDifferences


def say_differences(differences: ContextDifferences | None) -> tuple[Text, ...]:
    """Return how many contexts' reliabilities differ, and the largest difference."""
    if differences is None:
        return ()
    rows = _select(differences)
    rows = rows[rows["estimate"].notna()]
    if rows.empty:
        return (say("Contexts could not be compared in reliability (Table A4)."),)
    held = rows[rows["p_adjusted"].lt(1 - differences.level)]
    largest = rows.iloc[int(rows["estimate"].abs().to_numpy().argmax())].to_dict()
    return (
        say(
            "{held} of {all} differences between contexts in the reliability of the mean differed "
            "from zero (Holm-adjusted *p* < {mark}; Table A4); the largest was {pair} for {item}, "
            "Δ = {value}, {level} CI {limits}, *p* {p}.",
            held=write_count(len(held)) if len(held) else "None",
            all=write_count(len(rows)),
            mark=write_mark(1 - differences.level),
            pair=largest["pair"],
            item=largest["item"],
            value=write_estimate(largest),
            level=write_level(differences.level),
            limits=write_limits(largest),
            p=tell_p(largest["p_adjusted"]),
        ),
    )


def build_differences(differences: ContextDifferences | None) -> tuple[Table, ...]:
    """Return Table A4, where contexts were compared."""
    if differences is None:
        return ()
    rows = _select(differences)
    columns = (
        Column("pair", say("Contexts"), words=True),
        Column("estimate", _name_terms(rows)),
        Column("limits", say("{level} CI", level=write_level(differences.level))),
        Column("p", say("*p*")),
        Column("adjusted", say("Holm\N{NO-BREAK SPACE}*p*")),
    )
    return (
        Table(
            "A4",
            "differences",
            "Differences Between Contexts in Reliability",
            columns,
            pd.DataFrame([_write_row(row) for row in rows.to_dict("records")]),
            group="item" if len(list_levels(rows, "item")) > 1 else None,
            notes=(
                say(
                    "Clustered by subject: delete-one jackknife over subjects, and raters where "
                    "shared, left out of all contexts at once. Holm *p* is adjusted for the pairs "
                    "of one question."
                ),
                *collect_notes(rows, ("item", "pair")),
            ),
            rows=differences.tidy(),
        ),
    )


def _select(differences: ContextDifferences) -> pd.DataFrame:
    """Return the differences of means of several raters."""
    rows = differences.tidy()
    rows = rows[rows["term"].astype(str).str.endswith(",k)")].reset_index(drop=True)
    return rows.assign(pair=name_pairs(rows))


def _name_terms(rows: pd.DataFrame) -> Text:
    terms = {str(term) for term in list_levels(rows, "term")}
    return say("Δ ICC(1,*k*)") if terms == {"ICC(1,k)"} else say("Δ {term}", term=min(terms))


def _write_row(row: dict[Any, Any]) -> dict[str, str]:
    return {
        "item": str(row["item"]),
        "pair": row["pair"],
        "estimate": write_estimate(row),
        "limits": write_limits(row),
        "p": write_p(row["p_value"]),
        "adjusted": write_p(row["p_adjusted"]),
    }
