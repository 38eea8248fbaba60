"""Intraclass correlations as tables: the coefficients, and what other numbers of raters give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exprstats.cli.cells import (
    ALL,
    Row,
    index_rows,
    is_absent,
    list_records,
    name_context,
    show_count,
    show_estimate,
    show_limits,
)
from exprstats.numerals import MISSING, count_things, write_level, write_number

if TYPE_CHECKING:
    from exprstats.cli.session import Session
    from exprstats.reliability import Reliability

RATERS = (1, 2, 3, 5, 8, 12)
TARGET = 0.8
# From so many coefficients on, a sentence about each is no longer read.
MANY = 5
_PLACE = ("context", "item")
# In the order in which an interval is to be reported.
_METHODS = ("jackknife", "satterthwaite", "f")


def show_coefficients(session: Session, result: Reliability) -> None:
    """Print one row for each context, item and form, with the intervals to report."""
    title = "Reliability of one rating, and of a clip's mean over k raters"
    session.show_table(title, *_list_coefficients(list_records(result.tidy()), result.level))


def show_decisions(
    session: Session, decisions: list[Row], plan: list[Row], target: float = TARGET
) -> None:
    """Print the reliability of means over other numbers of raters, and how many are enough."""
    found = index_rows(decisions, *_PLACE, "term", "raters_per_clip")
    needed = index_rows(plan, *_PLACE, "term")
    cells = [
        [
            name_context(row),
            str(row["item"]),
            term,
            *(show_estimate(found.get((*place, term, str(count)))) for count in RATERS),
            show_count(row, "raters"),
            _show_range(row),
        ]
        for (*place, term), row in needed.items()
    ]
    headers = ["Context", "Item", "Form", *(str(count) for count in RATERS)]
    title = "Decision study: reliability of means over other numbers of raters"
    wanted = write_number(target, 2 if round(target, 2) == target else 3, bounded=True)
    session.show_table(title, [*headers, f"For {wanted}", "Range"], cells)


def _show_range(row: Row) -> str:
    """Return the raters that the interval's limits would need."""
    low, high = (show_count(row, name) for name in ("raters_low", "raters_high"))
    if high == MISSING:
        return MISSING if low == MISSING else f"{low} or more"
    return f"{low}–{high}"


def describe_range(result: Reliability) -> str:
    """Return what was found in APA style: each coefficient, or where many are, their range."""
    rows = [row for row in list_records(result.tidy(), headline=True) if not _is_open(row)]
    if len(rows) < MANY:
        return result.sentence()
    apart = [row for row in rows if name_context(row) != ALL]
    pooled = [row for row in rows if name_context(row) == ALL]
    parts = [_write_range(part, result.level) for part in (apart, pooled) if part]
    told = "; for all contexts together it ".join(parts)
    ks = sorted({write_number(row["raters_per_clip"], 1).removesuffix(".0") for row in rows})
    k = ks[0] if len(ks) == 1 else f"{ks[0]} to {ks[-1]}"
    return f"{_count_places(apart or pooled)}, {rows[0]['term']} of the mean of {k} raters {told}."


def _is_open(row: Row) -> bool:
    return is_absent(row["estimate"]) or is_absent(row["conf_low"])


def _count_places(rows: list[Row]) -> str:
    contexts, items = ({str(row[key]) for row in rows} for key in _PLACE)
    counts = [count_things(len(contexts), "context")] if name_context(rows[0]) != ALL else []
    if len(items) > 1 or not counts:
        counts.append(count_things(len(items), "item"))
    return f"Over {' and '.join(counts)}"


def _write_range(rows: list[Row], level: float) -> str:
    ends = [min(rows, key=_get_estimate), max(rows, key=_get_estimate)]
    told = [
        f"{show_estimate(row)}, {write_level(level)} CI {show_limits(row)} ({_name_place(row)})"
        for row in ends
    ]
    return f"is {told[0]}" if len(rows) == 1 else f"ranges from {told[0]} to {told[1]}"


def _get_estimate(row: Row) -> float:
    return float(row["estimate"])


def _name_place(row: Row) -> str:
    context = name_context(row)
    return str(row["item"]) if context == ALL else f"{row['item']} in {context}"


def _list_coefficients(rows: list[Row], level: float) -> tuple[list[str], list[list[str]]]:
    headline = [row for row in rows if row["headline"]]
    # Rows of the estimator to report come first; the others fill what it has no limits for.
    found = index_rows(rows[::-1], *_PLACE, "term", "method")
    several = index_rows(rows[::-1], *_PLACE, "term", "k_rule", "method")
    present = {str(row["method"]) for row in rows}
    methods = dict.fromkeys([*_METHODS, *sorted(present)])
    beside = {"f": "F interval"} if {"jackknife", "f"} <= present else {}
    beside |= {"bootstrap": "Bootstrap"} if "bootstrap" in present else {}
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
                    *(show_limits(ways[way]) for way in beside),
                ]
            )
    interval = f"{write_level(level)} CI"
    headers = ["Context", "Item", "Form", "k", "One", interval, "Mean of k", interval]
    return [*headers, *beside.values()], cells


def _list_terms(rows: list[Row]) -> list[str]:
    """Return the terms of mean ratings, one a family of coefficients."""
    terms = dict.fromkeys(str(row["term"]) for row in rows)
    return [term for term in terms if term.endswith("k)")]


def _has_limits(row: Row | None) -> bool:
    return row is not None and not is_absent(row["conf_low"])
