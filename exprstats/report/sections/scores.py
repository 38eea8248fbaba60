"""Section on factor scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import write_count, write_number
from exprstats.document.cells import ALL, find_row, list_levels, name_contexts, pick_rows
from exprstats.document.model import Column, Section, Table
from exprstats.document.text import say
from exprstats.report.analysis import Analysis

if TYPE_CHECKING:
    from exprstats.measurement import Factor


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
