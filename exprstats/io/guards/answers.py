"""Columns of answers in a table: those of numbers, and those of words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from statistics import median
from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.codes import list_values
from exprstats.io.files.answers import order_answers
from exprstats.io.files.words import TRACKED, WORDS, is_answer, is_aside, split_name
from exprstats.io.numbers import MISSING_TEXTS
from exprstats.options import MOST_WORDS, WIDEST

if TYPE_CHECKING:
    from exprstats.io.contents import FileContents

# So many different numbers as rows are ids, or count them.
_MOST_ANSWERS = 25
_BEYOND = 20


def list_answers(contents: FileContents) -> list[str]:
    """Return the columns of numbers that may be answers to items, without counts of rows.

    Of many, those that are numbered alike (x1, x2, x3) are taken.
    """
    columns = index_columns(contents)
    names = [
        name
        for name in contents.numbers
        if columns[name]["distinct"] > 1 and not is_index(contents, name)
    ]
    if contents.layout != "ratings":
        names = [name for name in names if TRACKED.fullmatch(name.strip()) is None]
    given = [name for name in names if re.match(r"answer[._ ]|.*\.response$", name, re.IGNORECASE)]
    names = given or names
    stems: dict[str, list[str]] = {}
    for name in names:
        if found := re.fullmatch(r"(.*?)[\[_ .-]*(?:SQ)?\d+\]?", name):
            stems.setdefault(found[1], []).append(name)
    alike = max(stems.values(), key=len, default=[])
    alone = sum(len(one) == len(alike) for one in stems.values()) == 1
    if alone and 2 < len(alike) < len(names):
        names = alike
    elif contents.layout == "ratings" and len(names) > 2:
        # Times and counts have ranges far beyond those of answers.
        reach = _span(contents, names)
        names = [name for name in names if reach[name] <= _BEYOND * median(reach.values())]
    elif len(names) > 2:
        spans = _span(contents, names)
        if max(spans.values()) > 4 * min(spans.values()):
            names = _pick_scale(contents, spans)
    return names if len(names) <= WIDEST else []


def _pick_scale(contents: FileContents, spans: dict[str, float]) -> list[str]:
    """Return columns on one scale of few steps, beside others of far wider ranges."""
    columns = index_columns(contents)
    steps = {
        name: span
        for name, span in spans.items()
        if span <= MOST_WORDS and columns[name]["low"] % 1 == 0 == span % 1
    }
    if len(steps) < 3 or max(steps.values()) > 2 * min(steps.values()):
        return []
    lows = {columns[name]["low"] for name in steps}
    counted = all(columns[name]["distinct"] <= steps[name] + 1 for name in steps)
    alone = min((spans[one] for one in spans if one not in steps), default=0)
    return [*steps] if counted and max(lows) - min(lows) <= 1 and alone > 20 else []


def _span(contents: FileContents, names: Iterable[str]) -> dict[str, float]:
    """Return the range of each column, without codes for missing answers far from it."""
    columns = index_columns(contents)
    ends = {name: (columns[name]["low"], columns[name]["high"]) for name in names}
    ends |= {one.column: (one.low, one.high) for one in contents.codes if one.column in ends}
    return {name: high - low for name, (low, high) in ends.items()}


@lru_cache(maxsize=1)
def index_columns(contents: FileContents) -> dict[str, dict[str, Any]]:
    """Return what is known of each column, by its name."""
    return {
        str(row["column"]): {str(name): value for name, value in row.items()}
        for row in contents.columns.to_dict("records")
    }


def is_index(contents: FileContents, name: str) -> bool:
    """Return whether a column numbers the rows, or names people by numbers."""
    row = index_columns(contents)[name]
    whole = row["n"] > _MOST_ANSWERS and row["distinct"] == row["n"]
    return is_aside(name) or bool(whole and row["high"] - row["low"] == row["n"] - 1)


def find_worded(contents: FileContents) -> tuple[str, list[str]] | None:
    """Return the column of answers in words, and the answers."""
    texts = contents.columns[contents.columns["kind"] == "text"]
    taken = texts["column"].isin(list(contents.roles.values())) | texts["column"].map(is_aside)
    free = texts[~taken.to_numpy(bool)]
    words = [(row, list_answer_words(contents, row["levels"])) for row in free.to_dict("records")]
    fits = [row for row, held in words if 1 < len(held) <= MOST_WORDS]
    named = [row for row in fits if split_name(row["column"]) & set(WORDS["rating"])]
    found = (named or (fits if len(fits) == 1 else []))[:1]
    return (found[0]["column"], list_answer_words(contents, found[0]["levels"])) if found else None


def find_word_judges(contents: FileContents) -> list[str]:
    """Return columns of words that share most of their answers, as those of judges do."""
    taken = set(contents.roles.values())
    texts = [
        (name, set(list_answer_words(contents, row["levels"])))
        for name, row in index_columns(contents).items()
        if row["kind"] == "text" and row["levels"] and name not in taken and not is_aside(name)
    ]
    known = [(name, levels) for name, levels in texts if 1 < len(levels) <= MOST_WORDS]
    sets = (
        [name for name, held in known if 2 * len(levels & held) >= len(levels | held)]
        for _, levels in known
    )
    alike = max(sets, key=len, default=[])
    used = set().union(*(levels for name, levels in known if name in alike))
    enough = len(alike) > 2 or len(alike) == len(known) > 1
    enough |= len(alike) > 1 and order_answers([*used]) is not None
    return alike if enough and len(used) <= MOST_WORDS else []


def list_answer_words(contents: FileContents, levels: Iterable[str]) -> list[str]:
    """Return different answers; texts that stand for a missing value are none."""
    return sorted({*levels} - MISSING_TEXTS - {*contents.silent})


def hold_words(table: pd.DataFrame, roles: Mapping[str, str]) -> bool:
    """Return whether a column holds answers in words: in a known order, or called as answers."""
    free = [name for name in table.select_dtypes(exclude="number") if name not in roles.values()]
    held = {str(name): [*map(str, list_values(table[name]))] for name in free}
    return any(
        1 < len(words) <= MOST_WORDS and (is_answer(name) or order_answers(words) is not None)
        for name, words in held.items()
    )


def find_who(table: pd.DataFrame, names: Sequence[str], roles: dict[str, str]) -> dict[str, str]:
    """Return who filled in each row of a questionnaire: a column of ids, or the first of texts."""
    given = [roles[role] for role in ("rater", "subject") if roles.get(role) in names]
    texts = table[list(names)].select_dtypes(exclude="number")
    marked = [
        name
        for name in names
        if split_name(name) & {"id", "name", "email", "mail", "code", "kennung", "pid", "case"}
        or re.search(r"(id|name)$|^id\b", name.strip().lower())
    ]
    for name in [*given, *marked, *map(str, texts)]:
        if table[name].notna().all() and table[name].is_unique:
            return {"rater": name}
    return {}
