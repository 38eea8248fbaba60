"""Contents of a file in one reading: layout, roles with reasons, columns, problems, questions."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from exprstats.codes import list_values, recall_codes
from exprstats.errors import DataWarning, Option, Problem, Text
from exprstats.io.detection import FileFacts, Guess, guess_roles, list_facts
from exprstats.io.drafts import Draft
from exprstats.io.files.reading import Reading, choose_reading
from exprstats.io.files.spreads import find_judges
from exprstats.io.files.words import (
    FROM_FILE,
    IDS,
    WORDS,
    fold_name,
    is_answer,
    is_aside,
    split_name,
)
from exprstats.io.files.workbooks import Labels
from exprstats.io.guards.classed import Classed, find_classed
from exprstats.io.guards.codes import Outlying
from exprstats.io.guards.crossings import FEW_SHARED, find_site, find_strays
from exprstats.io.guards.features import find_equal_columns, find_fixed, find_sums
from exprstats.io.guards.layouts import (
    find_headless,
    find_layout_kind,
    find_truth,
    judge_frames,
    refuse_layout,
)
from exprstats.io.guards.questions import ask_layout, ask_sites, find_target
from exprstats.io.guards.tables import find_table_codes
from exprstats.io.numbers import Missing, list_codes, list_no_answers
from exprstats.io.sources import FilePaths, Role, Source, give_role, open_source
from exprstats.options import name_some

_FEW = 25
# Rows that hold an answer where a column of answers is one.
_MOST = 0.3
_MOMENTS = frozenset({"frame", "second", "sekunde", "window", "segment", "time", "bin", "epoch"})


@dataclass(frozen=True, slots=True, eq=False)
class FileContents:
    """What a file holds, as far as one reading tells, and what it does not tell.

    Attributes
    ----------
    facts
        How it is written.
    layout
        ``"ratings"``, ``"raters in rows"``, ``"items by raters"``, ``"wide"`` (a column a judge or
        item), ``"clips"``, ``"predictions"``, ``"models side by side"``,
        ``"models of classes"``, ``"segments"``,
        ``"codebook"``, ``"correlations"``, or the name of a face tracker.
    roles
        Role to column.
    numbers
        Columns of numbers without another role.
    reasons
        Why each role was guessed.
    columns
        One row a column: ``column``, ``role``, ``kind`` (``number`` or ``text``), ``n``,
        ``missing``, ``distinct``, ``low``, ``high``, ``shown`` (first values), ``levels`` (the
        different texts, if they are few), ``labels``.
    problems
        What stops an analysis.
    warnings
        What a person should know before one.
    questions
        What the file does not tell, with the option that does.
    parts
        Columns that make the id of a clip together: people whose clips have the same ids, or
        moments of a clip; empty where one column does.
    site
        A column, such as one of sites, in which ids of people seem to start anew.
    codes
        Values far from all others of their column.
    judges
        Columns that are named as judges are (rater1, JudgeA), if there are two or more.
    target
        The column of numbers that is to be predicted, if names or scales tell.
    silent
        Texts among numbers or answers that say nothing was answered, such as "k.A.".
    loops
        Columns that ask questions about one clip each, with the clip and the question.
    classed
        A truth that is a class, with what models say of it.
    """

    facts: FileFacts
    layout: str
    roles: dict[str, str]
    numbers: tuple[str, ...]
    reasons: dict[str, str]
    columns: pd.DataFrame
    problems: tuple[Problem, ...]
    warnings: tuple[Text, ...]
    questions: tuple[Problem, ...]
    parts: tuple[str, ...] = ()
    site: str | None = None
    codes: tuple[Outlying, ...] = ()
    judges: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    target: str | None = None
    loops: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    classed: Classed | None = None

    def share_range(self, names: Sequence[str]) -> bool:
        """Return whether columns have about one range, as answers on one scale do."""
        rows = self.columns[self.columns["column"].isin(list(names))]
        spread = rows["high"].max() - rows["low"].min()
        return bool(len(rows) and (rows["high"] - rows["low"] >= spread / 2).all())


def read_contents(
    path: FilePaths,
    *,
    missing: str | float | Iterable[str | float] = (),
    reading: Reading | None = None,
    **options: Any,
) -> FileContents:
    r"""Read a file once, and say what it holds, what is wrong with it, and what it does not tell.

    Parameters
    ----------
    path
        Any table, as in `read_clips`.
    missing, reading, **options
        How the file is to be read, as in `read_clips`.

    Returns
    -------
    FileContents
        Layout, roles with reasons, columns, problems, warnings and questions.

    Raises
    ------
    DataError
        If the file cannot be read as a table.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> path = Path(tempfile.mkdtemp()) / "ratings.csv"
    >>> _ = path.write_text("clip;rater;rating\na;x;1\na;y;2\nb;x;3\n")
    >>> found = read_contents(path)
    >>> found.layout, found.roles, [problem.option for problem in found.questions]
    ('ratings', {'clip': 'clip', 'rater': 'rater', 'rating': 'rating'}, ['subject'])
    """
    how = choose_reading(reading, missing, options)
    table, source = _take_guessed(path, how)
    silent = _find_silent(table, how)
    if silent:
        how = replace(how, missing=(*list_codes(how.missing), *silent))
        table, source = _take_guessed(path, how)
    guess, layout, sums = _guess(table, source.layout.header.labels)
    ids = {role: name for role, name in guess.roles.items() if role in IDS}
    roles = _give_roles(source) | give_role(guess.numbers, "number")
    again = open_source(path, how, warned=False)
    again.shared = {name: question for name, (_, question) in guess.loops.items()}
    again.answers = _list_cells(table, guess)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", DataWarning)
        draft = again.take(roles | give_role(ids.values(), "id"))
    told = [one.message for one in caught if isinstance(one.message, DataWarning)]
    facts = list_facts(again, len(draft.table))
    problems, aside = _find_problems(draft, layout, guess)
    labels = again.layout.labels
    judges = find_judges(list(map(str, draft.table)))
    site = find_site(draft.table, guess.roles)
    answers = (*guess.numbers, *(guess.roles.get(role, "") for role in ("rating", "truth")))
    measured = [name for name in answers if name in draft.table]
    codes = find_table_codes(draft.table, measured, draft.rows, shared=again.shared)
    return FileContents(
        facts=facts,
        layout=layout,
        roles=guess.roles,
        numbers=guess.numbers,
        reasons={role: _give_reason(role, name, guess) for role, name in guess.roles.items()},
        columns=pd.DataFrame(
            [
                _describe_column(column, str(name), guess, labels)
                for name, column in draft.table.items()
            ]
        ),
        problems=tuple(problems),
        warnings=(
            *again.layout.notes,
            *(one.parts for one in told),
            *map(tuple, aside),
            *(f"'{name}' is not taken for an answer: {why}." for name, why in sums.items()),
            *_tell_silent(silent),
            *_tell_empty(draft.table),
        ),
        questions=(*ask_layout(layout, guess, draft.table), *ask_sites(site, guess.roles)),
        parts=_find_parts(draft.table, guess, layout),
        target=find_target(draft.table, guess) if layout in {"clips", "wide"} else None,
        site=site,
        codes=tuple(codes),
        judges=judges,
        silent=silent,
        loops=guess.loops,
        classed=guess.classed,
    )


def _guess(table: pd.DataFrame, labels: Sequence[str]) -> tuple[Guess, str, dict[str, str]]:
    """Return roles, the layout, and columns that are no answers, with the reason."""
    guess = guess_roles(table, labels)
    sums = find_sums(table, guess.numbers) if guess.kind == "wide" else {}
    sums |= find_fixed(table, guess.numbers, guess.roles.get("rater"))
    sums |= find_equal_columns(table, guess.numbers) if guess.kind == "ratings" else {}
    guess = replace(guess, numbers=tuple(name for name in guess.numbers if name not in sums))
    layout = find_layout_kind(table, guess)
    classed = None
    if layout in {"wide", "clips", "models side by side"}:
        ids = [name for role, name in guess.roles.items() if role in IDS]
        classed = find_classed(table, ids)
    if classed is not None:
        guess = replace(guess, classed=classed, roles=guess.roles | {"truth": classed.truth})
        return guess, "models of classes", sums
    if layout == "models side by side" and "truth" not in guess.roles:
        truth = find_truth(table, guess.numbers)
        rest = tuple(name for name in guess.numbers if name != truth)
        guess = replace(guess, roles=guess.roles | {"truth": str(truth)}, numbers=rest)
    return guess, layout, sums


def _find_problems(draft: Draft, layout: str, guess: Guess) -> tuple[list[Problem], list[Problem]]:
    """Return what stops an analysis, and what is wrong with columns that none needs."""
    # Dashes of a printed matrix are no numbers to complain of.
    own = [] if layout == "correlations" else [*draft.problems, *find_headless(draft.table)]
    own += find_strays(draft.table, guess.roles) if layout in {"ratings", "clips"} else []
    # Ages and times that are no numbers stop no analysis of ratings.
    used = {*guess.roles.values(), *guess.numbers}
    aside = [one for one in own if one.column and is_aside(one.column) and one.column not in used]
    rest = [one for one in own if one not in aside]
    return [*rest, *refuse_layout(layout), *judge_frames(layout, draft.table)], aside


def _take_guessed(path: FilePaths, how: Reading) -> tuple[pd.DataFrame, Source]:
    source = open_source(path, how, warned=False)
    with warnings.catch_warnings(action="ignore", category=DataWarning):
        return source.take(_give_roles(source), guarded=False).table, source


def _give_roles(source: Source) -> dict[str, Role]:
    """Return that every column is to be guessed but the one that names files."""
    roles = give_role(source.header, "guess")
    return {**roles, FROM_FILE: "id"} if source.has(FROM_FILE) else roles


def _list_cells(table: pd.DataFrame, guess: Guess) -> list[str]:
    """Return columns of which a row of this table holds some: the ratings, or most numbers."""
    if "rating" in guess.roles or "clip" not in guess.roles:
        return [guess.roles["rating"]] if "rating" in guess.roles else []
    rows = table[table[guess.roles["clip"]].notna()]
    free = [name for name in guess.numbers if not is_aside(name)]
    worded = [name for name in free if is_answer(name)]
    return [name for name in worded or free if rows[name].notna().mean() > _MOST]


def _find_silent(table: pd.DataFrame, how: Reading) -> tuple[str, ...]:
    """Return texts among numbers or ordered answers that stand where nothing was answered."""
    found: dict[str, None] = {}
    for _, column in table.select_dtypes(exclude="number").items():
        levels = [*dict.fromkeys(map(str, list_values(column)))]
        found |= dict.fromkeys(list_no_answers(levels, Missing(how.missing)))
    return tuple(found)


def _tell_silent(silent: Sequence[str]) -> list[Text]:
    if not silent:
        return []
    what = ("stands", "it") if len(silent) == 1 else ("stand", "them")
    fact = f"{name_some(silent)} {what[0]} for answers that nobody gave; what is suggested reads "
    return [(f"{fact}{what[1]} as missing: ", Option("missing", list(silent)))]


def _tell_empty(table: pd.DataFrame) -> list[str]:
    names = [str(name) for name in table if table[name].isna().all()]
    if not names:
        return []
    what = "a column without any value is" if len(names) == 1 else "columns without any value are"
    return [f"{what} left out of what is suggested: {name_some(names)}."]


def _find_parts(table: pd.DataFrame, guess: Guess, layout: str) -> tuple[str, ...]:
    """Return the columns that make the id of a clip together, where one is not enough."""
    roles = guess.roles
    if "clip" not in roles:
        return ()
    if "subject" in roles:
        key = [roles[role] for role in ("context", "clip") if role in roles]
        counts = table.groupby(key, sort=False)[roles["subject"]].nunique()
        return (roles["subject"], roles["clip"]) if counts.gt(1).mean() > FEW_SHARED else ()
    if layout != "wide" or table[roles["clip"]].is_unique:
        return ()
    moments = [name for name in map(str, table) if fold_name(name) in _MOMENTS]
    key = next((n for n in moments if not table.duplicated([roles["clip"], n]).any()), None)
    return () if key is None else (roles["clip"], key)


def _give_reason(role: str, name: str, guess: Guess) -> str:
    if guess.crossing is not None and role in guess.crossing.reasons:
        return guess.crossing.reasons[role]
    if role == "truth" and guess.classed is not None:
        return "its cells are classes that other columns predict."
    parts = split_name(name)
    word = next((one for one in WORDS[role] if one in parts), None)
    if word is None and role in {"truth", "prediction"}:
        return f"'{name}' is called so, or the other columns follow it on its scale."
    if word is None:
        return f"'{name}' is what the rows are about."
    kind = "" if role in IDS else " and its cells are numbers"
    return f"its name holds '{word}'{kind}."


def _describe_column(column: pd.Series, name: str, guess: Guess, labels: Labels) -> dict[str, Any]:
    levels, number = list_values(column), pd.api.types.is_numeric_dtype(column)
    missing = 0 if recall_codes(column) is not None else int(column.isna().sum())
    role = next((role for role, held in guess.roles.items() if held == name), None)
    return {
        "column": name,
        "role": role,
        "kind": "number" if number else "text",
        "n": len(column) - missing,
        "missing": missing,
        "distinct": len(levels),
        "low": float(min(levels)) if number and levels else np.nan,
        "high": float(max(levels)) if number and levels else np.nan,
        "shown": ", ".join(map(str, levels[:3])),
        "levels": () if number or len(levels) > _FEW else tuple(map(str, levels)),
        "labels": dict(labels.get(name, {})),
    }
