"""Differences between contexts' reliabilities: sentence and table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from exprstats.apa import tell_p, write_count, write_level
from exprstats.document.cells import (
    collect_notes,
    list_levels,
    name_contexts,
    name_pairs,
    write_estimate,
    write_limits,
    write_mark,
)
from exprstats.document.model import Table
from exprstats.document.tables import column, estimate_columns, p_columns, tabulate
from exprstats.document.text import Text, quote_sentence, say

if TYPE_CHECKING:
    from exprstats.reliability import ContextDifferences


def say_differences(differences: ContextDifferences | None) -> tuple[Text, ...]:
    """Return which differences between contexts' reliabilities hold, and the largest of them."""
    if differences is None:
        return ()
    rows = _select(differences)
    rows = rows[rows["estimate"].notna()]
    if rows.empty:
        return (say("Contexts could not be compared in reliability (<Table differences>)."),)
    tested = rows[rows["p_adjusted"].notna()]
    several = len(list_levels(rows, "term")) > 1
    untested = len(rows) - len(tested)
    if tested.empty:
        told = "difference" if untested == 1 else f"{write_count(untested)} differences"
        return (
            say(
                "The {told} between contexts in the reliability of the mean could not be tested "
                "(<Table differences>).",
                told=told,
            ),
        )
    largest = tested.iloc[int(tested["estimate"].abs().to_numpy().argmax())].to_dict()
    holds = tested["p_adjusted"].lt(1 - differences.level)
    facts = {
        "mark": write_mark(1 - differences.level),
        "pair": largest["pair"],
        "item": largest["item"],
        "form": f", {largest['term']}" if several else "",
        "value": write_estimate(largest),
        "level": write_level(differences.level),
        "limits": write_limits(largest),
        "p": tell_p(largest["p_adjusted"]),
        "rest": f"; {write_count(untested)} more could not be tested" if untested else "",
    }
    if len(tested) == 1:
        return (
            say(
                "The difference between contexts in the reliability of the mean, {pair} for "
                "{item}{form}, {differed} from zero, Δ = {value}, {level} CI {limits}, *p* {p} "
                "(<Table differences>){rest}.",
                differed="differed" if holds.all() else "did not clearly differ",
                **facts,
            ),
        )
    return (
        say(
            "{held} of {all} differences between contexts in the reliability of the mean differed "
            "from zero (Holm-adjusted *p* < {mark}; <Table differences>); the largest was {pair} "
            "for {item}{form}, Δ = {value}, {level} CI {limits}, *p* {p}{rest}.",
            held=write_count(int(holds.sum())) if holds.any() else "None",
            all=write_count(len(tested)),
            **facts,
        ),
    )


def build_differences(
    differences: ContextDifferences | None, *, known: bool = True
) -> Table | None:
    """Return the table, where contexts were compared; ``known``: whether subjects were named."""
    if differences is None:
        return None
    rows = _select(differences)
    several = len(list_levels(rows, "term")) > 1
    columns = (
        column("pair", "Contexts"),
        column("term", "Form") if several else None,
        *estimate_columns(differences.level, heading=_name_terms(rows)),
        *p_columns(),
    )
    return tabulate(
        "differences",
        "Differences Between Contexts in Reliability",
        rows,
        columns,
        group="item" if len(list_levels(rows, "item")) > 1 else None,
        notes=(
            say(
                "Delete-one jackknife over {people}, and raters where shared (two are treated "
                "as fixed), left out of all contexts at once. Holm *p* is adjusted for the "
                "pairs of one question{form}.",
                people="subjects" if known else "clips, since no subjects were named",
                form=" and form" if several else "",
            ),
            *collect_notes(rows, ("item", "pair")),
        ),
        rows=differences.tidy(),
    )


def _select(differences: ContextDifferences) -> pd.DataFrame:
    """Return the differences of means of several raters."""
    rows = differences.tidy()
    rows = rows[rows["term"].astype(str).str.endswith(",k)")].reset_index(drop=True)
    for name in ("context", "versus"):
        rows[name] = name_contexts(rows[[name]].set_axis(["context"], axis=1))["context"]
    return rows.assign(pair=name_pairs(rows))


def _name_terms(rows: pd.DataFrame) -> Text:
    terms = [str(term) for term in list_levels(rows, "term")]
    return quote_sentence(f"Δ {terms[0]}") if len(terms) == 1 else say("Δ")
