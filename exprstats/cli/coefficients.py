"""Intraclass correlations as tables: the coefficients, and what other numbers of raters give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exprstats.cli.cells import (
    Row,
    index_rows,
    is_absent,
    list_records,
    name_context,
    show_count,
    show_estimate,
    show_limits,
)
from exprstats.numerals import write_level, write_number

if TYPE_CHECKING:
    from exprstats.cli.session import Session
    from exprstats.reliability import Reliability

RATERS = (1, 2, 3, 5, 8, 12)
TARGET = 0.8
_PLACE = ("context", "item")
# In the order in which an interval is to be reported.
_METHODS = ("jackknife", "satterthwaite", "f")


def show_coefficients(session: Session, result: Reliability) -> None:
    """Print one row for each context, item and form, with the intervals to report."""
    title = "Reliability of one rating, and of a clip's mean over k raters"
    session.show_table(title, *_list_coefficients(list_records(result.tidy()), result.level))


def show_decisions(session: Session, decisions: list[Row], plan: list[Row]) -> None:
    """Print the reliability of means over other numbers of raters, and how many are enough."""
    found = index_rows(decisions, *_PLACE, "term", "raters_per_clip")
    needed = index_rows(plan, *_PLACE, "term")
    cells = [
        [
            name_context(row),
            str(row["item"]),
            term,
            *(show_estimate(found.get((*place, term, str(count)))) for count in RATERS),
            show_count(needed.get((*place, term)), "raters"),
        ]
        for (*place, term), row in needed.items()
    ]
    headers = ["Context", "Item", "Form", *(str(count) for count in RATERS)]
    title = "Decision study: reliability of means over other numbers of raters"
    target = write_number(TARGET, bounded=True)
    session.show_table(title, [*headers, f"For {target}"], cells)


def _list_coefficients(rows: list[Row], level: float) -> tuple[list[str], list[list[str]]]:
    headline = [row for row in rows if row["headline"]]
    found = index_rows(rows, *_PLACE, "term", "method")
    several = index_rows(rows, *_PLACE, "term", "k_rule", "method")
    methods = dict.fromkeys([*_METHODS, *(str(row["method"]) for row in rows)])
    both = {"jackknife", "f"} <= {str(row["method"]) for row in rows}
    cells = []
    for row in headline:
        place, rule = (name_context(row), str(row["item"])), str(row["k_rule"])
        for term in _list_terms(rows):
            ways = {way: several.get((*place, term, rule, way)) for way in methods}
            method = next((way for way in methods if _has_limits(ways[way])), "f")
            single = found.get((*place, term.replace("k)", "1)"), method))
            cells.append(
                [
                    *place,
                    term,
                    write_number(row["raters_per_clip"], 1),
                    show_estimate(single),
                    show_limits(single),
                    show_estimate(ways[method]),
                    show_limits(ways[method]),
                    *([show_limits(ways["f"])] if both else []),
                ]
            )
    interval = f"{write_level(level)} CI"
    headers = ["Context", "Item", "Form", "k", "One", interval, "Mean of k", interval]
    return [*headers, *(["F interval"] if both else [])], cells


def _list_terms(rows: list[Row]) -> list[str]:
    """Return the terms of mean ratings, one a family of coefficients."""
    terms = dict.fromkeys(str(row["term"]) for row in rows)
    return [term for term in terms if term.endswith("k)")]


def _has_limits(row: Row | None) -> bool:
    return row is not None and not is_absent(row["conf_low"])
