"""Section on annotated events: their counts, labels by two tokenizers, and merged spellings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from exprstats.apa import MISSING, count_things, write_count
from exprstats.document.cells import find_row
from exprstats.document.model import Column, Figure, Section, Table, list_columns
from exprstats.document.text import Text, say
from exprstats.plots.signing import draw_events
from exprstats.report.analysis import Analysis

if TYPE_CHECKING:
    from exprstats.events import EventCounts

_MOST_UNITS = 15


def describe_events(analysis: Analysis) -> Section | None:
    """Return the section on what was annotated, or None without counts."""
    counts: EventCounts | None = analysis.event_counts
    if counts is None:
        return None
    labels = counts.table[counts.table["kind"].eq("label")]
    merged = _list_merged(counts)
    mapped = _list_mapped(counts)
    tables = (*_build_labels(counts, labels), *_build_readings(merged, mapped))
    sentences = [say("{told}", told=counts.sentence())]
    if counts.n_phases:
        sentences.append(
            say(
                "Phases (onset, offset, hold) say when an expression begins and ends, and are "
                "counted as no value."
            )
        )
    sentences += _say_tokens(counts)
    if len(merged):
        sentences.append(
            say(
                "Spellings that mean one thing were merged in {count} (<Table event_readings>).",
                count=count_things(merged["n_intervals"].sum(), "interval"),
            )
        )
    if len(mapped):
        sentences.append(
            say(
                "The table of action units gives {count} of {values} a unit (<Table "
                "event_readings>).",
                count=count_things(mapped["n_intervals"].sum(), "interval"),
                values=count_things(len(mapped), "value"),
            )
        )
    sentences.append(say("<Figure events> shows the most frequent values."))
    figure = Figure(
        "events",
        "Frames of Annotated Values, Action Units and Labels",
        lambda: draw_events(counts),
        words=say("Bars of frames for the most frequent values, action units and labels."),
    )
    return Section("events", "Annotated events", tuple(sentences), tables=tables, figures=(figure,))


def _say_tokens(counts: EventCounts) -> list[Text]:
    tokens = counts.tokens
    if tokens is None or tokens.empty:
        return []
    both = tokens[["n_words", "n_spaces"]].sum()
    lost = both["n_words"] - both["n_spaces"]
    texts = count_things(tokens["n_texts"].iloc[0], "text")
    text = say(
        "A lexicon found {words} in {texts} after capitals and punctuation were removed from "
        "words, and {spaces} in the same texts split at blanks alone{share} (<Table "
        "event_labels>).",
        words=count_things(both["n_words"], "label"),
        texts=texts,
        spaces=write_count(both["n_spaces"]),
        share=f", {100 * lost / both['n_words']:.0f}% fewer" if lost > 0 else "",
    )
    return [text]


def _build_labels(counts: EventCounts, labels: pd.DataFrame) -> tuple[Table, ...]:
    if labels.empty and counts.tokens is None:
        return ()
    tokens = pd.DataFrame(columns=["label", "n_words", "n_spaces"])
    tokens = tokens if counts.tokens is None else counts.tokens
    names = list(
        dict.fromkeys([*labels.sort_values("estimate", ascending=False)["label"], *tokens["label"]])
    )
    cells = []
    for name in names:
        found, row = find_row(tokens, label=name), find_row(labels, label=name)
        cells.append(
            {
                "label": str(name),
                "words": write_count(found["n_words"]) if found else MISSING,
                "spaces": write_count(found["n_spaces"]) if found else MISSING,
                "utterances": write_count(row.get("n_utterances", 0)),
                "frames": write_count(row.get("estimate", 0)),
                "share": f"{100 * row.get('share', 0.0):.1f}%",
            }
        )
    spanner = "Texts with the label"
    columns = (
        Column("label", say("Label"), words=True),
        Column("words", say("Words cleaned"), spanner),
        Column("spaces", say("Split at blanks"), spanner),
        *list_columns(utterances="Utterances", frames="Frames", share="Share"),
    )
    note = say("Share: of all {frames} frames.", frames=write_count(counts.n_frames))
    rows = counts.tidy()
    return (
        Table(
            "event_labels",
            "Labels That the Lexicon Gives",
            columns,
            pd.DataFrame(cells),
            notes=(note,),
            rows=rows,
        ),
    )


def _list_merged(counts: EventCounts) -> pd.DataFrame:
    """Return the rows of the table of spellings that were met."""
    if counts.spellings is None:
        return pd.DataFrame(columns=["n_intervals"])
    return counts.spellings[counts.spellings["n_intervals"] > 0]


def _list_mapped(counts: EventCounts) -> pd.DataFrame:
    """Return the rows of the table of action units that were met, the most frequent first."""
    if counts.units is None:
        return pd.DataFrame(columns=["unit", "tier", "value", "n_intervals"])
    met = counts.units[counts.units["n_intervals"] > 0]
    return met.sort_values("n_intervals", ascending=False, kind="stable")


def _build_readings(merged: pd.DataFrame, mapped: pd.DataFrame) -> tuple[Table, ...]:
    """Return the table: what is read as something else, by the two tables that can be edited."""
    rows = [
        {
            "kind": "Spellings",
            "tier": row["tier"],
            "value": row["value"],
            "to": f"{row['tier_as']}={row['value_as']}" if row["value_as"] else row["tier_as"],
            "n_intervals": row["n_intervals"],
        }
        for row in merged.to_dict("records")
    ]
    rows += [
        {"kind": "Action units", "to": row["unit"]}
        | {name: row[name] for name in ("tier", "value", "n_intervals")}
        for row in mapped.to_dict("records")
    ]
    if not rows:
        return ()
    left = max(len(mapped) - _MOST_UNITS, 0)
    cells = [
        {
            "kind": row["kind"],
            "tier": row["tier"],
            "value": row["value"] or "every value",
            "to": row["to"],
            "count": write_count(row["n_intervals"]),
        }
        for row in rows[: len(rows) - left]
    ]
    columns = list_columns(
        words=3, tier="Tier in the files", value="Value", to="Read as", count="Intervals"
    )
    note = say(
        "How values are read can be changed by tables of one's own (units, spellings).{more}",
        more=f" The {_MOST_UNITS} most frequent of {len(mapped)} values with a unit."
        if left
        else "",
    )
    return (
        Table(
            "event_readings",
            "What Values Are Read As",
            columns,
            pd.DataFrame(cells),
            group="kind",
            notes=(note,),
            rows=pd.DataFrame(rows),
        ),
    )
