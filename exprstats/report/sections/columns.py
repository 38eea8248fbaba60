"""Section on distributions of columns of clips: scores and item means, by context."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exprstats.apa import count_things, write_count, write_number
from exprstats.descriptives.moments import SKEW_NAMES
from exprstats.document.cells import ALL, collect_notes, list_levels, name_contexts
from exprstats.document.model import Figure, Section, Table
from exprstats.document.tables import column, tabulate
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
    headings = {"mean": "*M*", "sd": "*SD*", "skew": "Skew", "kurtosis": "Kurtosis"}
    headings |= {"low": "Lowest", "high": "Highest"}
    columns = (
        column(first, first.capitalize()),
        column("n_clusters", "People", write_count) if "n_clusters" in rows else None,
        column("n", "Clips", write_count),
        column("n_missing", "Missing", write_count) if rows["n_missing"].gt(0).any() else None,
        *(column(key, heading, write_number) for key, heading in headings.items()),
    )
    note = say(
        "*M* and *SD* are over clips. Skewness and excess kurtosis are of {kind}.",
        kind=SKEW_NAMES[found.skew_type],
    )
    return tabulate(
        _name_table(found),
        f"Distribution of the {found.what.capitalize()}",
        rows,
        columns,
        group="context" if by and several else None,
        notes=(note, *collect_notes(rows, ("context", "column"))),
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
