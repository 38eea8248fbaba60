"""Sections on results without a section of their own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from exprstats.apa import write_count
from exprstats.document.cells import collect_notes, list_levels, name_contexts
from exprstats.document.columns import Chosen, choose_columns, name_column, write_column
from exprstats.document.model import Section, Table
from exprstats.document.text import Text, join_words, quote_sentence, say
from exprstats.report.sections.audit import describe_audit

if TYPE_CHECKING:
    from exprstats.results import Result

MOST_ROWS = 60
_MOST_RECORDS = 12  # of a table that holds no estimates, such as the clips themselves
_PARTS = ("test", "validate", "train")
_UNSTANDARDIZED = ("_raw", "intercept")
_SMALL = {"a", "and", "between", "from", "in", "of", "on", "the", "to", "with", "within"}
_KEYS = ("item", "feature", "metric", "model", "versus", "term", "context")
_TITLES = {
    "HumanComparison": "Models and raters, with other raters allowed for",
    "Bootstrap": "A statistic with its cluster bootstrap",
    "Ceiling": "Ceiling of prediction",
    "Prospects": "Prospects of studies to come",
}


def describe_further(results: Sequence[Result]) -> tuple[Section, ...]:
    """Return a section for each result that has none of its own."""
    return tuple(_describe(result, place) for place, result in enumerate(results))


def name_kind(result: Result) -> str:
    """Return what a kind of result is called in print.

    Examples
    --------
    >>> class NewSortOfThing: ...
    >>> name_kind(NewSortOfThing())
    'New sort of thing'
    """
    kind = type(result).__name__
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", kind).lower()
    return _TITLES.get(kind, words[:1].upper() + words[1:])


def _describe(result: Result, place: int) -> Section:
    from exprstats.reliability import Audit

    if isinstance(result, Audit):
        return describe_audit(result, f"further{place + 1}")
    table = _build_table(result, place)
    sentence = quote_sentence(result.sentence())
    pointer = say("<Table {name}> lists the results.", name=table.name) if table else None
    return Section(
        f"further{place + 1}",
        name_kind(result),
        sentences=(sentence, *([pointer] if pointer else [])),
        tables=(table,) if table else (),
    )


def _build_table(result: Result, place: int) -> Table | None:
    whole = result.tidy()
    rows = _arrange_rows(whole)
    chosen = choose_columns(rows)
    numbers = any(pd.api.types.is_numeric_dtype(rows[name]) for name in rows)
    if rows.empty or not chosen.names or (len(rows) == 1 and not numbers):
        return None
    rest = [name for name in chosen.names if name != "context"]
    # A context stands above its rows, or in the line if nothing else names it.
    grouped = rest != chosen.names and any(name_column(rows, name).words for name in rest)
    names = rest if grouped else chosen.names
    printed = rows.head(MOST_ROWS if "estimate" in rows else _MOST_RECORDS)
    cells = pd.DataFrame({name: write_column(printed, name) for name in names})
    if grouped:
        cells["group"] = printed["context"].astype(str)
    return Table(
        f"{type(result).__name__}{place + 1 if place else ''}",
        _capitalise(name_kind(result)),
        tuple(name_column(rows, name) for name in names),
        cells,
        group="group" if grouped else None,
        notes=(
            *_list_notes(rows, whole, chosen, shown=len(printed)),
            *collect_notes(rows, [name for name in _KEYS if name in rows]),
        ),
        rows=whole,
    )


def _arrange_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the headline rows, contexts together, the test part of each first."""
    if "context" in rows:
        rows = name_contexts(rows)
    if "headline" in rows and rows["headline"].eq(True).any():
        rows = rows[rows["headline"].eq(True)]
    if "term" in rows and len(rows) > MOST_ROWS:
        # Standardized estimates say the same; those in the items' units stand in the folder.
        rows = rows[~rows["term"].astype(str).str.endswith(_UNSTANDARDIZED)]
    for name, levels in (("part", _PARTS), ("context", list_levels(rows, "context"))):
        if name in rows:
            order = rows[name].map({level: at for at, level in enumerate(levels)})
            rows = rows.iloc[order.fillna(len(levels)).argsort(kind="stable")]
    return rows.reset_index(drop=True)


def _capitalise(title: str) -> str:
    words = title.split(" ")
    return " ".join(word if word in _SMALL else word[:1].upper() + word[1:] for word in words)


def _list_notes(
    rows: pd.DataFrame, whole: pd.DataFrame, chosen: Chosen, *, shown: int
) -> tuple[Text, ...]:
    notes = []
    if chosen.same:
        told = [f"{name[0].lower()}{name[1:]} {value}" for name, value in chosen.same.items()]
        notes.append(say("The same in every row: {told}.", told="; ".join(told)))
    if shown < len(rows):
        told = "The first {some} of {all} rows; all stand in the folder “tables”."
        notes.append(say(told, some=write_count(shown), all=write_count(len(rows))))
    elif len(rows) < len(whole):
        notes.append(say("Further rows stand in the folder “tables”."))
    if chosen.left_out:
        told = "In the folder “tables” as well: {names}."
        notes.append(say(told, names=join_words(chosen.left_out)))
    return tuple(notes)
