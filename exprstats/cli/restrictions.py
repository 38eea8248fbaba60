"""Whether items are interchangeable and contexts measured alike, as ``factor`` prints it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exprstats.cli.cells import list_records, name_context, show_count
from exprstats.numerals import write_number, write_p

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.cli.session import Session
    from exprstats.measurement import NestedModels


def show_restrictions(session: Session, table: pd.DataFrame, **options: Any) -> None:
    """Print whether items are interchangeable, and add the rows."""
    from exprstats.measurement import compare_restrictions

    result = compare_restrictions(table, **options)
    _show_steps(session, result, "Are the items interchangeable?", "restrictions")


def show_invariance(session: Session, table: pd.DataFrame, **options: Any) -> None:
    """Print whether contexts are measured alike, and add the rows."""
    from exprstats.measurement import check_invariance

    result = check_invariance(table, **options)
    _show_steps(session, result, "Are contexts measured alike?", "invariance")
    session.say("Scores of different contexts can be compared in size only if scalar holds.")


def _show_steps(session: Session, result: NestedModels, title: str, stem: str) -> None:
    session.tables[stem] = result.steps
    session.rows += list_records(result.tidy())
    cells = [
        [
            name_context(row),
            str(row["model"]),
            write_number(row["chisq"]),
            show_count(row, "df"),
            write_p(row["p_value"]),
            write_number(row["cfi"], 3, bounded=True),
            write_number(row["rmsea"], 3, bounded=True),
            write_number(row["chisq_change"]),
            show_count(row, "df_change"),
            write_p(row["p_change"]),
            write_number(row["cfi_change"], 3, bounded=True),
            write_number(row["rmsea_change"], 3, bounded=True),
        ]
        for row in list_records(result.steps)
    ]
    changes = ["Change χ²", "df", "p", "CFI", "RMSEA"]
    headers = ["Context", "Model", "χ²", "df", "p", "CFI", "RMSEA", *changes]
    session.show_table(title, headers, cells)
    session.say(result.sentence())
