"""Tables of a factor model whose clusters were resampled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import write_count, write_level, write_p
from exprstats.document.cells import (
    ALL,
    collect_notes,
    list_levels,
    name_contexts,
    write_estimate,
    write_limits,
)
from exprstats.document.model import Column, Table
from exprstats.document.text import Text, join_texts, quote_sentence, say
from exprstats.plots import name_pairs
from exprstats.report.sections.performance import METHODS, list_methods

if TYPE_CHECKING:
    from exprstats.measurement import FactorBootstrap

_COMPOSITES = {"omega": "ω of the composite", "alpha": "Cronbach’s α"}
# Number, name and title of each table; its heading, its terms, and what Holm p goes by.
_LOADINGS = ("A9", "loadings", "Loadings"), "Standardized loading", ["loading", "omega"]
_RESIDUALS = (
    ("A21", "residuals", "Residual Variances and α"),
    "Standardized residual variance",
    ["residual", "alpha"],
)
_FAMILIES = {"loading": "loadings (of ω)", "residual": "residual variances (of α)"}


def say_resampled(resampled: FactorBootstrap | None) -> tuple[Text, ...]:
    """Return what resampling clusters says about the composite and about contexts."""
    if resampled is None:
        return ()
    told = quote_sentence(resampled.sentence().rstrip("."))
    return (join_texts([told, say("(Table A9).")]),)


def build_resampled(resampled: FactorBootstrap | None) -> tuple[Table, ...]:
    """Return Tables A9 and A21: estimates of each context, then their differences."""
    if resampled is None:
        return ()
    draws = say("{draws} draws of whole clusters.", draws=write_count(resampled.draws))
    return (
        _build_table(resampled, *_LOADINGS),
        _build_table(resampled, *_RESIDUALS, more=(draws,)),
    )


def _build_table(
    resampled: FactorBootstrap,
    naming: tuple[str, str, str],
    heading: str,
    terms: list[str],
    more: tuple[Text, ...] = (),
) -> Table:
    rows = resampled.tidy()
    shown = name_contexts(rows[rows["headline"].eq(True) & rows["term"].isin(terms)])
    single = shown[shown["versus"].isna()]
    pairs = shown[shown["versus"].notna()]
    others = name_contexts(pairs.assign(context=pairs["versus"]))["context"]
    printed = pd.concat(
        [
            single.assign(group=single["context"]),
            pairs.assign(group=name_pairs(pairs.assign(versus=others))),
        ]
    )
    places = {group: place for place, group in enumerate(dict.fromkeys(printed["group"]))}
    printed = printed.iloc[printed["group"].map(places).argsort(kind="stable")]
    columns = [
        Column("what", say("{heading}", heading=heading), words=True),
        Column("estimate", say("Estimate")),
        Column("limits", say("{level} CI", level=write_level(resampled.level))),
    ]
    if len(pairs):
        columns += [
            Column("p", say("*p*")),
            Column("adjusted", say("Holm\N{NO-BREAK SPACE}*p*")),
        ]
    number, name, title = naming
    return Table(
        number,
        name,
        f"{title} With Intervals That Allow for Clusters"
        + (", and Differences Between Contexts" if len(pairs) else ""),
        tuple(columns),
        pd.DataFrame([_write_row(row) for row in printed.to_dict("records")]),
        group="group" if len(list_levels(printed, "group")) > 1 else None,
        notes=(*_list_notes(printed, _FAMILIES[terms[0]]), *more),
        rows=rows[rows["term"].isin(terms)] if more else rows,
    )


def _write_row(row: dict[Any, Any]) -> dict[str, str]:
    return {
        "group": str(row["group"]),
        "what": _COMPOSITES.get(row["term"], str(row["item"])),
        "estimate": write_estimate(row, 3),
        "limits": write_limits(row, 3),
        "p": write_p(row["p_value"]),
        "adjusted": write_p(row["p_adjusted"]),
    }


def _list_notes(printed: pd.DataFrame, family: str) -> tuple[Text, ...]:
    methods = [METHODS.get(name, name) for name in list_methods(printed)]
    notes = [say("Intervals: {how}.", how=" and ".join(methods))]
    if printed["versus"].notna().any():
        notes.append(
            say(
                "Only differences are tested; Holm *p* is adjusted for all differences of "
                "{family}. {pooled} is the model fitted to all clips.",
                family=family,
                pooled=ALL,
            )
        )
    return (*notes, *collect_notes(printed, ("item", "group")))
