"""Table A9: how contexts differ in loadings, and ω with intervals that allow for clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.numerals import write_level, write_p
from exprstats.plots import ALL, name_contexts, name_pairs
from exprstats.report.cells import collect_notes, list_levels, write_estimate, write_limits
from exprstats.report.document import Column, Table
from exprstats.report.intervals import METHODS, list_methods
from exprstats.report.prose import Text, join_texts, quote_sentence, say

if TYPE_CHECKING:
    from exprstats.measurement import FactorBootstrap

_OMEGA = "ω of the composite"


def say_loadings(resampled: FactorBootstrap | None) -> tuple[Text, ...]:
    """Return what resampling clusters says about the composite and about contexts."""
    if resampled is None:
        return ()
    told = quote_sentence(resampled.sentence().rstrip("."))
    return (join_texts([told, say("(Table A9).")]),)


def build_loadings(resampled: FactorBootstrap | None) -> tuple[Table, ...]:
    """Return Table A9: loadings and ω of each context, then their differences."""
    if resampled is None:
        return ()
    rows = resampled.tidy()
    shown = rows[rows["headline"].eq(True) & rows["term"].isin(["loading", "omega"])]
    single = name_contexts(shown[shown["versus"].isna()])
    pairs = shown[shown["versus"].notna()]
    printed = pd.concat(
        [
            single.assign(group=single["context"].astype(str)),
            pairs.assign(group=name_pairs(pairs)),
        ]
    )
    columns = [
        Column("what", say("Standardized loading"), words=True),
        Column("estimate", say("Estimate")),
        Column("limits", say("{level} CI", level=write_level(resampled.level))),
    ]
    if len(pairs):
        columns += [
            Column("p", say("*p*")),
            Column("adjusted", say("Holm\N{NO-BREAK SPACE}*p*")),
        ]
    return (
        Table(
            "A9",
            "loadings",
            "Loadings With Intervals That Allow for Clusters"
            + (", and Differences Between Contexts" if len(pairs) else ""),
            tuple(columns),
            pd.DataFrame([_write_row(row) for row in printed.to_dict("records")]),
            group="group" if len(list_levels(printed, "group")) > 1 else None,
            notes=_list_notes(printed),
            rows=rows,
        ),
    )


def _write_row(row: dict[Any, Any]) -> dict[str, str]:
    return {
        "group": str(row["group"]),
        "what": _OMEGA if row["term"] == "omega" else str(row["item"]),
        "estimate": write_estimate(row, 3),
        "limits": write_limits(row, 3),
        "p": write_p(row["p_value"]),
        "adjusted": write_p(row["p_adjusted"]),
    }


def _list_notes(printed: pd.DataFrame) -> tuple[Text, ...]:
    methods = [METHODS.get(name, name) for name in list_methods(printed)]
    tested = printed["versus"].notna().any()
    notes = [say("Intervals: {how}.", how=" and ".join(methods))]
    if tested:
        notes.append(
            say(
                "Only differences are tested; Holm *p* is adjusted for all differences of loadings "
                "(of ω). {pooled} is the model fitted to all clips.",
                pooled=ALL,
            )
        )
    return (*notes, *collect_notes(printed, ("item", "group")))
