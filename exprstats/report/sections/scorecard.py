"""Section on kinds of factor scores compared."""

from __future__ import annotations

from typing import Any

import pandas as pd

from exprstats.apa import MISSING, write_count
from exprstats.document.cells import collect_notes, list_levels, name_contexts, write_estimate
from exprstats.document.model import Column, Section, Table
from exprstats.document.text import Text, quote_sentence, say
from exprstats.report.analysis import Analysis

_TERMS: dict[str, Text] = {
    "correlation": say("*r*"),
    "rank_change": say("Mean change of rank"),
    "rank_change_largest": say("Largest change of rank"),
    "between_share": say("Between subjects"),
}


def describe_scorecard(analysis: Analysis) -> Section | None:
    """Return the section, or None where no kinds of scores were compared."""
    card = analysis.scorecard
    if card is None:
        return None
    rows = name_contexts(card.tidy())
    columns = [Column("scores", say("Scores"), words=True), Column("clips", say("Clips"))]
    columns += [Column(term, told) for term, told in _TERMS.items() if term in set(rows["term"])]
    lines: dict[Any, dict[str, str]] = {}
    for row in rows.to_dict("records"):
        pair = row["score"] if pd.isna(row["versus"]) else f"{row['score']} and {row['versus']}"
        empty = {"context": row["context"], "scores": pair, "clips": write_count(row["n_clips"])}
        line = lines.setdefault((row["context"], pair), empty | dict.fromkeys(_TERMS, MISSING))
        line[row["term"]] = write_estimate(row, 3)
    notes = (
        say(
            "A change of rank is the distance between a clip's ranks under two kinds of scores, as "
            "a share of the clips."
        ),
        say(
            "Between subjects: share of the variance of a kind of scores that lies between "
            "subjects, ICC(1), which may be negative."
        ),
    )
    table = Table(
        "A22",
        "scorecard",
        "Bartlett, Regression, and Mean Scores Compared",
        tuple(columns),
        pd.DataFrame(list(lines.values())),
        group="context" if len(list_levels(rows, "context")) > 1 else None,
        notes=(
            *notes[: 1 + any(column.key == "between_share" for column in columns)],
            *collect_notes(rows, ("context", "score")),
        ),
        rows=rows,
    )
    sentence = quote_sentence(card.sentence())
    return Section("scorecard", "Factor scores compared", sentences=(sentence,), tables=(table,))
