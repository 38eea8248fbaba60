"""Loadings and residual variances in print, of means and of ordered answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exprstats.cli.cells import (
    Row,
    index_rows,
    list_records,
    name_context,
    order_contexts,
    show_count,
    show_estimate,
    show_limits,
)
from exprstats.numerals import write_level

INDEPENDENT = "Standard errors and intervals take clips as independent, also those of one person."

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.cli.session import Session
    from exprstats.measurement import Factor, OrderedFactor


def show_loadings(session: Session, result: Factor) -> None:
    """Print who computed the model, and one row for each context and item."""
    session.say(_tell_engine(result))
    rows = list_records(result.tidy(), part="all")
    title = "Standardised loadings and residual variances"
    session.show_table(title, *list_loadings(rows, list(result.items), result.level))


def _tell_engine(result: Factor) -> str:
    receipt = result.receipt
    if result.engine != "lavaan":
        return f"Computed by the closed form for three items, without R: {receipt.reason}"
    versions = ", ".join(f"{name} {version}" for name, version in receipt.versions.items())
    return f"Computed by lavaan ({versions}): {receipt.call}"


def list_loadings(
    rows: list[Row], items: list[str], level: float
) -> tuple[list[str], list[list[str]]]:
    """Return headers and cells of loadings and residuals, one row for each context and item."""
    found = index_rows(rows, "context", "item", "term")
    cells = [
        [
            context,
            item,
            show_estimate(found.get((context, item, "loading"))),
            show_limits(found.get((context, item, "loading"))),
            show_estimate(found.get((context, item, "residual"))),
            show_limits(found.get((context, item, "residual"))),
        ]
        for context in order_contexts(rows)
        for item in items
    ]
    interval = f"{write_level(level)} CI"
    return ["Context", "Item", "Loading", interval, "Residual", interval], cells


def list_wholes(rows: list[Row], level: float) -> tuple[list[str], list[list[str]]]:
    """Return headers and cells of omega and AVE, one row for each context."""
    found = index_rows(rows, "context", "term")
    cells = []
    for context in order_contexts(rows):
        omega, ave = found.get((context, "omega")), found.get((context, "ave"))
        counts = [show_count(omega, "n_clips")]
        cells.append(
            [context, *counts, show_estimate(omega), show_limits(omega), show_estimate(ave)]
        )
    return ["Context", "Rows", "Omega", f"{write_level(level)} CI", "AVE"], cells


def show_ordered(session: Session, table: pd.DataFrame, **options: Any) -> OrderedFactor:
    """Fit ordered items, print loadings and thresholds, and return the fit."""
    from exprstats.measurement import fit_ordered

    result = fit_ordered(table, **options)
    rows = session.add_table("factor", result.tidy())
    session.tables["scores"] = result.scores
    versions = ", ".join(f"{name} {one}" for name, one in result.receipt.versions.items())
    session.say(f"Computed by lavaan ({versions}): {result.receipt.call}")
    title = "Standardised loadings and residual variances of the responses behind the answers"
    session.show_table(title, *list_loadings(rows, list(result.items), result.level))
    cells = [
        [
            name_context(row),
            str(row["item"]),
            f"{row['category']:g}",
            show_estimate(row, bounded=False),
            show_limits(row, bounded=False),
        ]
        for row in rows
        if row["term"] == "threshold"
    ]
    interval = f"{write_level(result.level)} CI"
    headers = ["Context", "Item", "Answers up to", "Threshold", interval]
    session.show_table("Thresholds", headers, cells)
    session.say(result.sentence())
    if "subject" in result.scores:
        session.show_points("Notes", [INDEPENDENT])
    return result
