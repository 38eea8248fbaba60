"""Section on annotators of evoked expressions: their agreement, and a machine against them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import write_level, write_number
from exprstats.document.cells import collect_notes, write_limits
from exprstats.document.model import Section, Table
from exprstats.document.tables import column, estimate_columns, match_row, tabulate
from exprstats.document.text import Text, join_words, quote_sentence, say
from exprstats.report.analysis import Analysis
from exprstats.report.sections.evoked import write_percents

if TYPE_CHECKING:
    from exprstats.events import EvokedAnnotators


_COMPARED = {
    "precision": "precision",
    "recall": "recall",
    "correlation": "correlation with the share of the others",
}


def describe_evoked_annotators(analysis: Analysis) -> Section | None:
    """Return the section on annotators, or None without them."""
    found: EvokedAnnotators | None = analysis.evoked_annotators
    if found is None:
        return None
    tables = [_build_agreement(found)]
    sentences = [quote_sentence(found.sentence())]
    if found.truth is None:
        sentences.append(say("<Table evoked_annotators> has each expression."))
    else:
        tables.append(_build_rules(found))
        sentences.append(_say_ceiling(found))
    return Section(
        "evoked_annotators",
        "Annotators and machine" if found.truth else "Annotators",
        tuple(sentences),
        tables=tuple(tables),
    )


def _say_ceiling(found: EvokedAnnotators) -> Text:
    """Return how the machine compares with an annotator, and what the rule of truth decides."""
    told = []
    for term, name in _COMPARED.items():
        row = found.pick(term, expression=None, source="machine - annotator").iloc[0]
        if pd.isna(row["estimate"]):
            continue
        size = write_number(row["estimate"], bounded=True)
        if pd.isna(row["conf_low"]):
            side = "equals" if row["estimate"] == 0 else f"differs by {size} from"
            told.append(f"its {name} {side} that of an annotator")
            continue
        side = "is higher than" if row["estimate"] > 0 else "is lower than"
        if not (row["conf_low"] > 0 or row["conf_high"] < 0):
            side = "is not clearly different from"
        told.append(
            f"its {name} {side} that of an annotator (difference {size} {write_limits(row)})"
        )
    return say(
        "{told}<Table evoked_annotators> has each expression, and <Table evoked_rules> what each "
        "rule of truth makes of the same labels.",
        told=f"Judged by single annotators, {join_words(told)}. " if told else "",
    )


def _build_agreement(found: EvokedAnnotators) -> Table:
    """Return the table: agreement, and precision and recall by the rule asked for."""
    people = {"source": "annotators"}
    asked = match_row(found.table, "expression", term="prevalence", **people)
    kappa = match_row(found.table, "expression", term="fleiss_kappa", **people)
    columns = [
        column("name", "Expression", of=lambda row: row["expression"] or "Mean", words=True),
        column(
            "prevalence",
            "Labels",
            write_percents,
            of=lambda row: asked(row) if row["expression"] is not None else {},
            under="Annotators",
        ),
        *estimate_columns(found.level, heading="κ", key="kappa", of=kappa, under="Annotators"),
    ]
    for term in ("precision", "recall") if found.truth else ():
        key = {"term": term, "source": "machine", "rule": found.truth}
        own = match_row(found.table, "expression", **key)
        form: dict[str, Any] = {"heading": term.capitalize(), "key": term, "under": "Machine"}
        columns += estimate_columns(found.level, of=own, **form)
    notes = [
        say(
            "κ: Fleiss’ κ. Labels: share of annotations with the expression. {level} CI: "
            "delete-one jackknife over videos.",
            level=write_level(found.level),
        )
    ]
    shown = found.table[found.table["term"].eq("fleiss_kappa")]
    if found.truth:
        machine = found.table["rule"].eq(found.truth) & found.table["source"].eq("machine")
        machine &= found.table["term"].isin(["precision", "recall"])
        shown = pd.concat([shown, found.table[machine]])
    return tabulate(
        "evoked_annotators",
        "Agreement of Annotators" + (", and a Machine Against Them" if found.truth else ""),
        [{"expression": name} for name in (*found.expressions, None)],
        columns,
        notes=(*notes, *collect_notes(shown, ("term", "expression"))),
        rows=found.tidy(),
    )


_RULES = {
    "each": "What each annotator says",
    "majority": "What most say",
    "any": "What any says",
    "all": "What all say",
}


def _build_rules(found: EvokedAnnotators) -> Table:
    """Return the table: mean precision, recall and F1 by rule of truth."""
    columns = [column("name", "True is")]
    for term in ("precision", "recall", "f1"):
        own = match_row(found.table, "rule", source="machine", term=term, expression=None)
        form: dict[str, Any] = {"heading": term.capitalize(), "key": term}
        columns += estimate_columns(found.level, of=own, **form)
    note = say("Means over expressions. The labels of the machine are the same in every line.")
    rows = found.table[found.table["source"].eq("machine")]
    lines = [{"rule": rule, "name": name} for rule, name in _RULES.items()]
    title = "The Machine by Rule of Truth"
    return tabulate("evoked_rules", title, lines, columns, notes=(note,), rows=rows)
