"""Sections on results that have no section of their own: their sentence, and their tidy rows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pandas as pd

from exprstats.numerals import write_count
from exprstats.plots import name_contexts
from exprstats.report.cells import collect_notes, list_levels
from exprstats.report.document import Section, Table
from exprstats.report.pieces import Pieces
from exprstats.report.printing import choose_columns, name_column, write_column
from exprstats.report.prose import Text, join_words, quote_sentence, say

if TYPE_CHECKING:
    from exprstats.results import Result

MOST_ROWS = 60
_FIRST = 10  # Tables A1 to A9 have their places
_KEYS = ("item", "feature", "metric", "model", "versus", "term", "context")
_TITLES = {
    "Agreement": "Agreement between raters",
    "Audit": "Audit of published reliabilities",
    "Bootstrap": "A statistic with its cluster bootstrap",
    "Ceiling": "Ceiling of prediction",
    "Choice": "Choice of the intraclass correlation",
    "ClipFeatures": "Features from OpenFace",
    "ContextComparison": "Contexts compared in performance",
    "Equivalence": "Equivalence of models",
    "Factors": "Factor models with several factors",
    "Leakage": "What splitting clips would have inflated",
    "LevelFactors": "Factor models within and between subjects",
    "Nested": "Nested cross-validation",
    "OrderedFactor": "Factor model of ordered answers",
    "Permutation": "Permutation tests of models",
    "Precision": "Precision with other numbers of subjects",
    "Prospects": "Prospects of studies to come",
    "ScaleErrors": "Errors of measurement in scale points",
    "ScoreCard": "Factor scores compared",
    "Sensitivity": "Sensitivity to the tracker's confidence",
    "SubjectDecisions": "Reliability of subjects' means",
    "VarianceSplit": "Variance between training runs",
}


def describe_further(pieces: Pieces) -> tuple[Section, ...]:
    """Return a section for each result that has none of its own."""
    return tuple(_describe(result, place) for place, result in enumerate(pieces.others))


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
    table = _build_table(result, place)
    sentence = quote_sentence(result.sentence())
    pointer = say("All numbers stand in Table {number}.", number=table.number) if table else None
    return Section(
        f"further{place + 1}",
        name_kind(result),
        sentences=(sentence, *([pointer] if pointer else [])),
        tables=(table,) if table else (),
    )


def _build_table(result: Result, place: int) -> Table | None:
    whole = result.tidy()
    rows = name_contexts(whole) if "context" in whole else whole
    if "headline" in rows and rows["headline"].eq(True).any():
        rows = rows[rows["headline"].eq(True)]
    rows = rows.reset_index(drop=True)
    chosen = choose_columns(rows)
    if rows.empty or not chosen.names:
        return None
    contexts = list_levels(rows, "context")
    grouped = len(contexts) > 1 and chosen.names != ["context"]
    if grouped:
        order = {context: at for at, context in enumerate(contexts)}
        rows = rows.iloc[rows["context"].map(order).argsort(kind="stable")].reset_index(drop=True)
    printed = rows.head(MOST_ROWS)
    names = [name for name in chosen.names if not (grouped and name == "context")]
    cells = pd.DataFrame({name: write_column(printed, name) for name in names})
    if grouped:
        cells["group"] = printed["context"].astype(str)
    return Table(
        f"A{_FIRST + place}",
        type(result).__name__,
        name_kind(result),
        tuple(name_column(rows, name) for name in names),
        cells,
        group="group" if grouped else None,
        notes=(
            *_list_notes(rows, whole, chosen.same, chosen.left_out),
            *collect_notes(rows, [name for name in _KEYS if name in rows]),
        ),
        rows=whole,
    )


def _list_notes(
    rows: pd.DataFrame, whole: pd.DataFrame, same: dict[str, str], left_out: list[str]
) -> tuple[Text, ...]:
    notes = []
    if same:
        told = "; ".join(f"{name} {value}" for name, value in same.items())
        notes.append(say("The same in every row: {told}.", told=told))
    if len(rows) > MOST_ROWS:
        told = "The first {some} of {all} rows; all stand in the folder tables."
        notes.append(say(told, some=write_count(MOST_ROWS), all=write_count(len(rows))))
    elif len(rows) < len(whole):
        notes.append(say("Further rows, by other methods, stand in the folder tables."))
    if left_out:
        told = "In the folder tables as well: {names}."
        notes.append(say(told, names=join_words(left_out)))
    return tuple(notes)
