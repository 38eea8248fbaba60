"""Section on distributions of columns of clips: scores and item means, by context."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from exprstats.apa import MISSING, count_things, write_count, write_number
from exprstats.descriptives.moments import SKEW_NAMES
from exprstats.document.cells import ALL, collect_notes, list_levels, name_contexts
from exprstats.document.model import Column, Figure, Section, Table, list_columns
from exprstats.document.text import Text, say
from exprstats.plots import draw_values
from exprstats.report.analysis import Analysis

if TYPE_CHECKING:
    from exprstats.descriptives import ColumnDescriptives


def describe_columns(analysis: Analysis) -> Section | None:
    """Return the section on scores and item means by context, or None where there are none."""
    held: dict[str, ColumnDescriptives] = analysis.columns
    if not held:
        return None
    held = dict(sorted(held.items(), key=lambda one: one[0] != "scores"))
    tables = tuple(build_columns(one) for one in held.values())
    sentences = [_say_columns(one) for one in held.values()]
    if "scores" in held and analysis.factor is not None and analysis.factor.by:
        told = "These are scores of the model of all clips, in which contexts share one scale."
        sentences.append(say(told))
    return Section(
        "distributions",
        "Distributions by context"
        if any(one.table["context"].notna().any() for one in held.values())
        else "Distributions",
        sentences=tuple(sentences),
        tables=tables,
        figures=_draw_columns(held),
    )


def _say_columns(found: ColumnDescriptives) -> Text:
    rows = name_contexts(found.tidy())
    pooled = rows[rows["context"].eq(ALL)]
    gaps = int(pooled["n_missing"].sum())
    lost = f"; {count_things(gaps, 'value is', 'values are')} missing" if gaps else ""
    return say(
        "<Table {table}> describes the {what} of {clips}{lost}.",
        table=_name_table(found),
        what=found.what.lower(),
        clips=count_things(len(found.observations) // max(len(pooled), 1), "clip"),
        lost=lost,
    )


def _name_table(found: ColumnDescriptives) -> str:
    return f"{found.what}_descriptives"


def build_columns(found: ColumnDescriptives) -> Table:
    """Return the table: a line for each context and column."""
    rows = name_contexts(found.tidy())
    several = len(list_levels(rows, "column")) > 1
    by = len(list_levels(rows, "context")) > 1
    first = "column" if several or not by else "context"
    cells = [
        {
            "context": str(row["context"]),
            "column": str(row["column"]),
            "people": write_count(row["n_clusters"]) if "n_clusters" in row else MISSING,
            "n": write_count(row["n"]),
            "missing": write_count(row["n_missing"]),
            **{one: write_number(row[one]) for one in ("mean", "sd", "skew", "kurtosis")},
            "low": write_number(row["low"]),
            "high": write_number(row["high"]),
        }
        for row in rows.to_dict("records")
    ]
    heading = say("Context") if first == "context" else say("Column")
    columns = (
        Column(first, heading, words=True),
        *((Column("people", say("People")),) if "n_clusters" in rows else ()),
        Column("n", say("Clips")),
        *((Column("missing", say("Missing")),) if rows["n_missing"].gt(0).any() else ()),
        *list_columns(
            mean="*M*", sd="*SD*", skew="Skew", kurtosis="Kurtosis", low="Lowest", high="Highest"
        ),
    )
    note = say(
        "*M* and *SD* are over clips. Skewness and excess kurtosis are of {kind}.",
        kind=SKEW_NAMES[found.skew_type],
    )
    return Table(
        _name_table(found),
        f"Distribution of the {found.what.capitalize()}",
        columns,
        pd.DataFrame(cells),
        group="context" if by and several else None,
        notes=(note, *collect_notes(rows, ("context", "column"))),
        rows=rows,
    )


def _draw_columns(held: dict[str, ColumnDescriptives]) -> tuple[Figure, ...]:
    """Return the figure, of scores where there are any."""
    scores = held.get("scores")
    if scores is None or scores.observations["value"].notna().sum() < 2:
        return ()
    return (
        Figure(
            "scores",
            "Distribution of the Scores",
            lambda: draw_values(scores),
            words=say("Histograms of the clips' scores by context; dashed lines are means."),
            notes=(
                say(
                    "*N* = {n} clips. Dashed lines are means.",
                    n=write_count(scores.observations["value"].notna().sum()),
                ),
            ),
        ),
    )
