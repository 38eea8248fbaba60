"""Sections on factor scores, and on kinds of scores compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import MISSING, write_count, write_number
from exprstats.document.cells import (
    ALL,
    collect_notes,
    find_row,
    list_levels,
    name_contexts,
    pick_rows,
    write_estimate,
)
from exprstats.document.model import Column, Section, Table
from exprstats.document.text import Text, quote_sentence, say
from exprstats.report.analysis import Analysis

if TYPE_CHECKING:
    from exprstats.measurement import Factor

_TERMS: dict[str, Text] = {
    "correlation": say("*r*"),
    "rank_change": say("Mean change of rank"),
    "rank_change_largest": say("Largest change of rank"),
    "between_share": say("Between subjects"),
}


def describe_scores(analysis: Analysis) -> Section | None:
    """Return the section, or None where there are no factor scores."""
    factor = analysis.factor
    if factor is None or factor.scores is None or factor.scores.empty:
        return None
    part = "train" if "train" in list_levels(factor.tidy(), "part") else "all"
    sentence = say(
        "Each clip's standing on the factor was estimated by Bartlett's method (Bartlett, 1937; "
        "DiStefano et al., 2009), in factor standard deviations (Table A2). The model behind the "
        "scores was fitted to {clips}.",
        clips="the training subjects only" if part == "train" else "all clips",
    )
    table = _build_table(_summarise(factor, part))
    return Section("scores", "Scores", sentences=(sentence,), tables=(table,))


def _build_table(rows: pd.DataFrame) -> Table:
    columns = (
        Column("context", say("Model"), words=True),
        Column("clips", say("Clips")),
        Column("mean", say("*M*")),
        Column("sd", say("*SD*")),
        Column("lowest", say("Lowest")),
        Column("highest", say("Highest")),
        Column("error", say("*SE*")),
        Column("omega", say("ω")),
        Column("span", say("Span")),
    )
    notes = (
        say(
            "*SE* = standard error of a score. ω = share of the variance of the summed items that "
            "the factor explains. Span = distance between the scores of the lowest and the highest "
            "possible answers."
        ),
    )
    cells = pd.DataFrame([_write_row(row) for row in rows.to_dict("records")])
    title = "Factor Scores of the Clips"
    return Table("A2", "scores", title, columns, cells, notes=notes, rows=rows)


def _summarise(factor: Factor, part: str) -> pd.DataFrame:
    """Return what the scores of each model are like, with its ω and span."""
    named = name_contexts(pd.DataFrame(factor.scores))
    own = pick_rows(named, fitted_on="context") if "fitted_on" in named else named.iloc[:0]
    pooled = pick_rows(named, fitted_on="all").assign(context=ALL)
    omegas = pick_rows(name_contexts(factor.tidy()), term="omega", part=part)
    spans = pick_rows(name_contexts(factor.spans), part=part)
    rows = []
    for context, here in [*own.groupby("context", sort=False), (ALL, pooled)]:
        values = here["score"].dropna()
        if values.empty:
            continue
        rows.append(
            {
                "context": context,
                "n_clips": len(values),
                "mean": values.mean(),
                "sd": values.std(),
                "lowest": values.min(),
                "highest": values.max(),
                "std_error": here["std_error"].mean(),
                "omega": find_row(omegas, context=context).get("estimate"),
                "span": find_row(spans, context=context).get("span"),
            }
        )
    return pd.DataFrame(rows)


def _write_row(row: dict[Any, Any]) -> dict[str, str]:
    numbers = ("mean", "sd", "lowest", "highest", "span")
    return {
        "context": str(row["context"]),
        "clips": write_count(row["n_clips"]),
        **{name: write_number(row[name]) for name in numbers},
        "error": write_number(row["std_error"]),
        "omega": write_number(row["omega"], bounded=True),
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
    sentence = quote_sentence(f"{card.sentence().rstrip('.')} (Table A22).")
    return Section("scorecard", "Factor scores compared", sentences=(sentence,), tables=(table,))
