"""Errors of ratings in points of their scale, as ``reliability`` prints them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exprstats.cli.cells import Row, name_context, show_estimate, show_limits
from exprstats.numerals import write_level, write_number

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.cli.session import Session


def show_errors(session: Session, ratings: pd.DataFrame, **options: Any) -> None:
    """Print how far ratings are off in points of the scale, and add the rows."""
    from exprstats.reliability import measure_errors

    result = measure_errors(ratings, **options)
    rows = session.add_table("errors", result.tidy(), headline=False)
    pairs = zip(
        *([row for row in rows if row["term"] == term] for term in ("SEM", "SDC")), strict=True
    )
    cells = [
        [
            name_context(sem),
            str(sem["item"]),
            _name_family(str(sem["family"])),
            write_number(sem["raters_per_clip"], 1).removesuffix(".0"),
            show_estimate(sem, bounded=False),
            show_limits(sem, bounded=False),
            show_estimate(sdc, bounded=False),
            show_limits(sdc, bounded=False),
        ]
        for sem, sdc in pairs
    ]
    interval = f"{write_level(result.level)} CI"
    parts = [row for row in rows if row["term"] == "variance"]
    session.show_table("Variance components", *_list_components(parts, interval))
    headers = ["Context", "Item", "Error", "Ratings", "SEM", interval, "SDC", interval]
    session.show_table("Errors in points of the scale", headers, cells)
    session.say(
        "SEM, the standard error of measurement, says how far the mean of so many ratings is off; "
        "a change below SDC, the smallest detectable change, may be error alone."
    )


def _list_components(rows: list[Row], interval: str) -> tuple[list[str], list[list[str]]]:
    cells = [
        [
            name_context(row),
            str(row["item"]),
            str(row["component"]),
            show_estimate(row, bounded=False),
            show_limits(row, bounded=False),
            f"{write_number(100 * row['share'], 0)}%",
        ]
        for row in rows
    ]
    return ["Context", "Item", "Of", "Variance", interval, "Share"], cells


def _name_family(family: str) -> str:
    words = {"A": "agreement", "C": "consistency"}
    return words.get(family, "one-way" if family == "1" else family)
