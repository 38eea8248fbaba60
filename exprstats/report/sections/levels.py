"""Section on the two-level factor."""

from __future__ import annotations

from typing import Any

import pandas as pd

from exprstats.apa import write_level
from exprstats.document.cells import (
    collect_notes,
    find_row,
    list_levels,
    name_contexts,
    write_estimate,
    write_limits,
)
from exprstats.document.model import Column, Section, Table
from exprstats.document.text import quote_sentence, say
from exprstats.report.analysis import Analysis
from exprstats.report.sections.measurement import count_clips, list_context_fits, quote_call

_LAYERS = {"within": "Within clusters", "between": "Between clusters"}
_COMPOSITES = {"omega": "ω of the composite", "omega_means": "ω of clusters’ means"}


def describe_levels(analysis: Analysis) -> Section | None:
    """Return the section, or None where no two-level factor was fitted."""
    factors = analysis.levels
    if factors is None:
        return None
    rows = name_contexts(factors.tidy())
    grouped = len(list_levels(rows, "context")) > 1
    interval = say("{level} CI", level=write_level(factors.level))
    columns = [Column("item", say("Question"), words=True)]
    for layer, spanner in _LAYERS.items():
        columns += [
            Column(f"{layer}_estimate", say("λ"), spanner),
            Column(f"{layer}_limits", interval, spanner),
            Column(f"{layer}_residual", say("ε"), spanner),
        ]
    columns += [Column("icc", say("ICC")), Column("icc_limits", interval)]
    contexts = list_levels(rows, "context")
    cells = [line for context in contexts for line in _write_lines(rows, context, factors.items)]
    pooled = rows["n_clusters"].iloc[-1]
    notes = (
        say(
            "Standardized within each level; λ = loading, ε = residual variance, ICC = share of an "
            "item's variance that lies between clusters. All clips{counts}; {clusters} clusters "
            "({name}).",
            counts=count_clips(rows[rows["layer"].eq("within")], grouped=grouped),
            clusters=f"{int(pooled):,}",
            name=factors.cluster,
        ),
        say(
            "ω of clusters' means: reliability of the mean over a cluster's clips (Lai, 2021); "
            "what is specific to a clip counts as error."
        ),
        *list_context_fits(rows),
        *quote_call(factors.receipt, factors.items),
        *collect_notes(rows[rows["term"].isin([*_COMPOSITES])], ("context",)),
    )
    table = Table(
        "A27",
        "levels",
        "Standardized Estimates Within and Between Clusters",
        tuple(columns),
        pd.DataFrame(cells),
        group="context" if grouped else None,
        notes=notes,
        rows=rows,
    )
    return Section(
        "levels",
        "Factor models within and between subjects",
        sentences=(quote_sentence(factors.sentence()),),
        tables=(table,),
    )


def _write_lines(rows: pd.DataFrame, context: Any, items: tuple[str, ...]) -> list[dict[str, str]]:
    """Return one line for each item, then one for each composite."""
    own = rows[rows["context"].eq(context)]
    named = [(str(item), "loading", item) for item in items]
    named += [(told, term, None) for term, told in _COMPOSITES.items()]
    lines = []
    for name, term, item in named:
        line = {"context": str(context), "item": name}
        for layer in _LAYERS:
            row = find_row(own, layer=layer, term=term, item=item)
            rest = find_row(own, layer=layer, term="residual", item=item)
            line |= {f"{layer}_estimate": write_estimate(row, 3)}
            line |= {f"{layer}_limits": write_limits(row, 3)}
            line |= {f"{layer}_residual": write_estimate(rest, 3)}
        share = find_row(own, term="icc", item=item)
        lines.append(line | {"icc": write_estimate(share, 3), "icc_limits": write_limits(share, 3)})
    return lines
