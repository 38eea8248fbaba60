"""The section on factor scores, with Table A2."""

from __future__ import annotations

from typing import Any

import pandas as pd

from exprstats.numerals import MISSING, write_count, write_number
from exprstats.plots import ALL, name_contexts
from exprstats.report.cells import list_levels, pick_rows
from exprstats.report.document import Column, Section, Table
from exprstats.report.pieces import Pieces
from exprstats.report.prose import Text, say


def describe_scores(pieces: Pieces) -> Section | None:
    """Return the section, or None where there are no factor scores."""
    factor = pieces.factor
    if factor is None or factor.scores is None or factor.scores.empty:
        return None
    table = _build_table(pieces)
    return Section(
        "scores",
        "Scores",
        sentences=(_say_scores(pieces),),
        tables=(table,),
    )


def _say_scores(pieces: Pieces) -> Text:
    trained = _find_part(pieces) == "train"
    return say(
        "Each clip's standing on the factor was estimated by Bartlett's method (Bartlett, 1937; "
        "DiStefano et al., 2009), in factor standard deviations (Table A2). {fit}",
        fit=(
            "The model behind the scores was fitted to the training subjects only."
            if trained
            else "The model behind the scores was fitted to all clips."
        ),
    )


def _find_part(pieces: Pieces) -> str:
    factor = pieces.factor
    parts = list_levels(factor.tidy(), "part") if factor else []
    return "train" if "train" in parts else "all"


def _build_table(pieces: Pieces) -> Table:
    factor = pieces.factor
    scores = factor.scores if factor is not None else pd.DataFrame()
    rows = _summarise(scores, _read_spans(pieces), _read_omegas(pieces))
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
    cells = pd.DataFrame([_write_row(row) for row in rows.to_dict("records")])
    notes = (
        say(
            "*SE* = standard error of a score. ω = share of the variance of the summed items that "
            "the factor explains. Span = distance between the scores of the lowest and the highest "
            "possible answers."
        ),
    )
    return Table("A2", "scores", "Factor Scores of the Clips", columns, cells, None, notes, rows)


def _summarise(
    scores: pd.DataFrame, spans: dict[str, float], omegas: dict[str, float]
) -> pd.DataFrame:
    named = name_contexts(scores)
    own = pick_rows(named, fitted_on="context") if "fitted_on" in named else named.iloc[:0]
    pooled = pick_rows(named, fitted_on="all").assign(context=ALL)
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
                "omega": omegas.get(str(context)),
                "span": spans.get(str(context)),
            }
        )
    return pd.DataFrame(rows)


def _read_spans(pieces: Pieces) -> dict[str, float]:
    spans = getattr(pieces.factor, "spans", None)
    if spans is None or len(spans) == 0:
        return {}
    return _read_by_context(name_contexts(spans), "span", _find_part(pieces))


def _read_omegas(pieces: Pieces) -> dict[str, float]:
    if pieces.factor is None:
        return {}
    rows = pick_rows(name_contexts(pieces.factor.tidy()), term="omega")
    return _read_by_context(rows, "estimate", _find_part(pieces))


def _read_by_context(table: pd.DataFrame, value: str, part: str) -> dict[str, float]:
    rows = pick_rows(table, part=part)
    return {
        str(context): float(number)
        for context, number in zip(rows["context"], rows[value], strict=True)
        if pd.notna(number)
    }


def _write_row(row: dict[Any, Any]) -> dict[str, str]:
    numbers = {name: write_number(row[name]) for name in ("mean", "sd", "lowest", "highest")}
    span = row.get("span")
    omega = row.get("omega")
    return {
        "context": str(row["context"]),
        "clips": write_count(row["n_clips"]),
        **numbers,
        "error": write_number(row["std_error"]),
        "omega": write_number(omega, bounded=True) if omega is not None else MISSING,
        "span": write_number(span) if span is not None else MISSING,
    }
