"""Table 2: the estimates of the factor model."""

from __future__ import annotations

from typing import Any

import pandas as pd

from exprstats.numerals import write_level, write_number
from exprstats.plots import name_contexts
from exprstats.report.cells import (
    collect_notes,
    find_row,
    first_value,
    list_levels,
    pick_rows,
    write_estimate,
    write_limits,
)
from exprstats.report.document import Column, Table
from exprstats.report.pieces import Pieces
from exprstats.report.prose import Text, join_texts, quote_code, say

_TERMS = {"loading": "Loading (λ)", "residual": "Residual (ε)"}


def build_estimates(rows: pd.DataFrame, pieces: Pieces) -> Table:
    """Return Table 2: loadings and residuals of every context."""
    level = first_value(rows, "level")
    interval = say("{level} CI", level=write_level(float(level)) if level else "")
    columns = [Column("item", say("Question"), words=True)]
    for term, heading in _TERMS.items():
        columns += [
            Column(f"{term}_estimate", say("Estimate"), heading),
            Column(f"{term}_error", say("*SE*"), heading),
            Column(f"{term}_limits", interval, heading),
        ]
    contexts = list_levels(rows, "context")
    grouped = len(contexts) > 1
    loadings = pick_rows(rows, term="loading").to_dict("records")
    return Table(
        "2",
        "measurement",
        "Standardized Estimates of the One-Factor Model",
        tuple(columns),
        pd.DataFrame([_write_row(row, rows) for row in loadings]),
        group="context" if grouped else None,
        notes=_list_notes(rows, pieces, grouped=grouped),
        rows=name_contexts(pieces.factor.tidy()) if pieces.factor else None,
    )


def _write_row(loading: dict[Any, Any], rows: pd.DataFrame) -> dict[str, str]:
    cells = {"context": str(loading["context"]), "item": str(loading["item"])}
    for term in _TERMS:
        row = find_row(rows, context=loading["context"], item=loading["item"], term=term)
        cells[f"{term}_estimate"] = write_estimate(row, 3)
        cells[f"{term}_error"] = write_number(row.get("std_error"), 3, bounded=True)
        cells[f"{term}_limits"] = write_limits(row, 3)
    return cells


def _list_notes(rows: pd.DataFrame, pieces: Pieces, *, grouped: bool) -> tuple[Text, ...]:
    counts = _count_clips(rows, grouped=grouped)
    notes = [say("Completely standardized solution, ε = 1 − λ²; all clips{counts}.", counts=counts)]
    if "train" in list_levels(pieces.factor.tidy() if pieces.factor else rows, "part"):
        notes.append(
            say(
                "The scores that models predict come from the same model fitted to the training "
                "subjects only, so that nothing of the test set enters the target."
            )
        )
    notes.append(
        say(
            "*SE* and intervals take clips as independent; they are too small where clips of one "
            "subject are alike."
        )
    )
    receipt = getattr(pieces.factor, "receipt", None)
    call = getattr(receipt, "call", None)
    if call:
        items = list_levels(pick_rows(rows, term="loading"), "item")
        aliases = ", ".join(f"v{place} = {item}" for place, item in enumerate(items, start=1))
        told = say("({aliases}; {name}).", aliases=aliases, name=_name_versions(receipt))
        notes.append(join_texts([say("R call for all clips:"), quote_code(call), told]))
    keys = ("item", "context") if grouped else ("item",)
    return (*notes, *collect_notes(rows[rows["term"].isin([*_TERMS])], keys))


def _count_clips(rows: pd.DataFrame, *, grouped: bool) -> str:
    counts = pick_rows(rows, term="loading").groupby("context", sort=False)["n_clips"].first()
    if counts.isna().all():
        return ""
    if not grouped:
        return f" ({int(counts.iloc[0]):,})"
    named = ", ".join(f"{context} {int(count):,}" for context, count in counts.items())
    return f" ({named})"


def _name_versions(receipt: Any) -> str:
    versions = getattr(receipt, "versions", None) or {}
    return ", ".join(f"{name} {version}" for name, version in versions.items())
