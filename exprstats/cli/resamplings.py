"""Intervals of a factor over draws of whole subjects, as ``factor`` prints them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exprstats.cli.cells import Row, is_absent, name_context, show_estimate, show_limits, show_p
from exprstats.numerals import MISSING, write_count, write_level

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.cli.session import Session


def show_resampling(session: Session, table: pd.DataFrame, **options: Any) -> None:
    """Print intervals that hold for clips of the same people, and add the rows."""
    from exprstats.measurement import bootstrap_factor

    result = bootstrap_factor(table, **options)
    rows = [row for row in session.add_table("resampling", result.tidy()) if row["headline"]]
    level = write_level(options["level"])
    scores = [row for row in rows if is_absent(row["versus"])]
    draws = write_count(options["draws"])
    title = f"Over {draws} draws of whole {options['cluster']}s"
    session.show_table(title, *_list_scores(scores, level))
    versus = [row for row in rows if not is_absent(row["versus"])]
    if versus:
        session.show_table("Differences between contexts", *_list_differences(versus, level))
    session.say(result.sentence())


def _list_scores(rows: list[Row], level: str) -> tuple[list[str], list[list[str]]]:
    cells = [
        [name_context(row), _name(row), str(row["term"]), show_estimate(row), show_limits(row)]
        for row in rows
    ]
    return ["Context", "Item", "Term", "Estimate", f"{level} CI"], cells


def _list_differences(rows: list[Row], level: str) -> tuple[list[str], list[list[str]]]:
    cells = [
        [
            f"{row['context']} − {row['versus']}",
            _name(row),
            str(row["term"]),
            show_estimate(row),
            show_limits(row),
            show_p(row),
            show_p(row, "p_adjusted"),
        ]
        for row in rows
    ]
    return ["Contexts", "Item", "Term", "Difference", f"{level} CI", "p", "p Holm"], cells


def _name(row: Row) -> str:
    return MISSING if is_absent(row["item"]) else str(row["item"])
