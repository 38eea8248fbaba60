"""Raters who say little about the clips, as ``reliability`` prints them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exprstats.cli.cells import Row, list_records, show_count, show_estimate
from exprstats.cli.companions import _MOST
from exprstats.numerals import write_count, write_number

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.cli.session import Session


def show_raters(session: Session, ratings: pd.DataFrame) -> None:
    """Print raters whose ratings say little about the clips, and what they do to the ICC."""
    from exprstats.reliability import judge_raters

    result = judge_raters(ratings)
    rows, effect = list_records(result.tidy()), list_records(result.effect)
    session.tables |= {"raters": result.tidy(), "raters_effect": result.effect}
    session.rows += [{"context": None, "term": "rater", **row} for row in rows]
    cells = [
        [
            str(row["item"]),
            show_count(row, "n_raters"),
            show_count(row, "n_flagged"),
            show_count(row, "n_ratings_flagged"),
            show_estimate(row),
            show_estimate({"estimate": row["estimate_without"]}),
        ]
        for row in effect
    ]
    headers = ["Item", "Raters", "Flagged", "Their ratings", "ICC(1,1)", "Without them"]
    session.show_table("Raters, and what those flagged do", headers, cells)
    flagged = [row for row in rows if row["flag"]]
    if flagged:
        session.show_table("Flagged raters", *_list_raters(flagged[:_MOST]))
    more = f" {write_count(len(flagged) - _MOST)} more are in --out." * (len(flagged) > _MOST)
    session.say(f"Rule of the flags: {result.rule}. No rating was removed.{more}")


def _list_raters(rows: list[Row]) -> tuple[list[str], list[list[str]]]:
    cells = [
        [
            str(row["item"]),
            str(row["rater"]),
            show_count(row, "n_ratings"),
            write_number(row["severity"]),
            write_number(row["spread"]),
            f"{write_number(100 * row['mode_share'], 0)}%",
            write_number(row["agreement"], bounded=True),
            str(row["flag"]),
        ]
        for row in rows
    ]
    facts = ["Ratings", "Above others", "SD ratio", "One value", "r", "Flag"]
    return ["Item", "Rater", *facts], cells
