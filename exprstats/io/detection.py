"""Detection of a file's format, contents and column roles."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.errors import DataError, DataWarning, Option, Problem, Text, speak
from exprstats.io.columns import Guessed
from exprstats.io.formats import CODEBOOK, Labels, Reading
from exprstats.io.guards import holds_correlations
from exprstats.io.kinds import FileFormat
from exprstats.io.numbers import Missing
from exprstats.io.records import Batch
from exprstats.io.sources import FilePath, Source, choose_reading, give_role, open_source

Kind = Literal["ratings", "wide", "clips", "predictions"]

_WORDS: dict[str, tuple[str, ...]] = {
    "clip": ("clip", "video", "stimulus", "target", "segment", "trial", "recording", "image"),
    "rater": ("rater", "worker", "judge", "coder", "annotator", "observer", "crowdworker"),
    "subject": ("subject", "participant", "person", "actor", "speaker", "sender"),
    "context": ("context", "task", "condition", "type", "emotion", "situation", "category"),
    "item": ("item", "question", "scale", "measure"),
    "rating": ("rating", "score", "response", "answer", "value"),
    "model": ("model", "method", "system"),
    "truth": ("truth", "true", "label", "actual", "gold"),
    "prediction": ("prediction", "predicted", "pred"),
}
_TRACKERS = {
    "OpenFace": {"frame", "timestamp", "confidence", "success"},
    "OpenFace images": {"face", "confidence", "gaze_0_x"},
    "LibreFace": {"frame_idx", "frame_time_in_ms"},
    "py-feat": {"FaceRectX", "FaceScore"},
}
_IDS = ("clip", "rater", "subject", "context", "item", "model")


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What was detected in a file.

    Attributes
    ----------
    file
        As the caller named it.
    format
        ``"text"``, ``"xlsx"``, ``"ods"``, ``"sav"``, ``"por"`` or ``"dta"``.
    encoding, separator
        Of a text; else None.
    decimal
        ``","`` or ``"."``; None if no number has decimals.
    rows
        Rows below the header that hold anything.
    columns
        Their names.
    sha256
        Hash of the file's bytes.
    notes
        What a person should know about the reading.
    sheet
        Of a workbook.
    header_row
        The row with the columns' names, counted from 1; 0 where names stand apart.
    """

    file: str
    format: FileFormat
    encoding: str | None
    separator: str | None
    decimal: str | None
    rows: int
    columns: tuple[str, ...]
    sha256: str
    notes: tuple[str, ...] = ()
    sheet: str | None = None
    header_row: int = 1


def sniff_file(path: FilePath) -> FileFacts:
    r"""Detect how a file is written, and count its rows.

    Parameters
    ----------
    path
        Delimited text (comma, semicolon, tab or pipe; UTF-8, UTF-16 or Windows-1252), .xlsx or
        SPSS .sav.

    Returns
    -------
    FileFacts
        Format, encoding, separator, decimal mark, rows, columns, hash.

    Raises
    ------
    DataError
        If the file cannot be read as a table, with every reason.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> path = Path(tempfile.mkdtemp()) / "table.csv"
    >>> _ = path.write_text("id;score\n007;1,5\n008;2\n")
    >>> facts = sniff_file(path)
    >>> facts.encoding, facts.separator, facts.decimal, facts.rows, facts.columns
    ('utf-8', ';', ',', 2, ('id', 'score'))
    """
    source = open_source(path, warned=False)
    problems, columns = list(source.problems), []
    rows, last = 0, source.layout.first_row
    for batch in source.walk(problems):
        columns = columns or _guess_columns(source, batch)
        rows, last = rows + len(batch.rows), int(batch.numbers[-1])
    if rows == 0 and not problems:
        problems.append(Problem("the file has a header but no rows.", "Check the export."))
    if problems:
        raise DataError([replace(problem, file=str(path)) for problem in problems])
    dropped = len(source.layout.header.dropped)
    blank = max(last - rows - dropped - source.layout.first_row, 0)
    return _list_facts(source, rows, blank)


def _list_facts(source: Source, rows: int, blank: int = 0) -> FileFacts:
    return FileFacts(
        file=str(source.layout.path),
        format=source.layout.format,
        encoding=source.layout.encoding,
        separator=source.layout.separator,
        decimal=source.marks.decimal,
        rows=rows,
        columns=tuple(source.header),
        sha256=source.layout.sha256,
        notes=(*map(speak, source.layout.notes), *_list_notes(source, blank)),
        sheet=source.layout.sheet,
        header_row=source.layout.first_row,
    )


def _guess_columns(source: Source, batch: Batch) -> list[Guessed]:
    """Read the columns of some rows, so that their decimal marks are met."""
    columns = [
        Guessed(name, Missing(source.reading.missing), source.marks, source.reading)
        for name in source.header
    ]
    for place, column in enumerate(columns):
        column.feed([row[place] for row in batch.rows], batch.numbers)
        column.finish()
    return columns


def _list_notes(source: Source, blank: int) -> list[str]:
    notes = [f"{count_things(blank, 'blank row is', 'blank rows are')} skipped."] if blank else []
    if all(_is_number(name) for name in source.header):
        notes.append("the header holds only numbers; the names of the columns may be missing.")
    return [*notes, *(speak(problem.fact) for problem in source.marks.find_problems())]


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True, eq=False)
class FileContents:
    """What a file holds, as far as one reading tells, and what it does not tell.

    Attributes
    ----------
    facts
        How it is written.
    layout
        ``"ratings"``, ``"raters in rows"``, ``"items by raters"``, ``"wide"`` (a column a judge or
        item), ``"clips"``, ``"predictions"``, ``"models side by side"``, ``"segments"``,
        ``"codebook"``, ``"correlations"``, or the name of a face tracker.
    roles
        Role to column.
    numbers
        Columns of numbers without another role.
    reasons
        Why each role was guessed.
    columns
        One row a column: ``column``, ``role``, ``kind`` (``number`` or ``text``), ``n``,
        ``missing``, ``distinct``, ``low``, ``high``, ``shown`` (first values), ``labels``.
    problems
        What stops an analysis.
    warnings
        What a person should know before one.
    questions
        What the file does not tell, with the option that does.
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


def read_contents(
    path: FilePath,
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
    source = open_source(path, how, warned=False)
    with warnings.catch_warnings(action="ignore", category=DataWarning):
        table = source.take(give_role(source.header, "guess")).table
    guess = guess_roles(table)
    layout = find_layout_kind(table, guess)
    ids = {role: name for role, name in guess.roles.items() if role in _IDS}
    roles = give_role(source.header, "guess") | give_role(guess.numbers, "number")
    again = open_source(path, how, warned=False)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", DataWarning)
        draft = again.take(roles | give_role(ids.values(), "id"))
    told = [one.message for one in caught if isinstance(one.message, DataWarning)]
    facts = _list_facts(again, len(draft.table))
    problems = [*draft.problems, *_refuse_layout(layout)]
    labels = again.layout.labels
    return FileContents(
        facts=facts,
        layout=layout,
        roles=guess.roles,
        numbers=guess.numbers,
        reasons={role: _give_reason(role, name) for role, name in guess.roles.items()},
        columns=pd.DataFrame(
            [
                _describe_column(column, str(name), guess, labels)
                for name, column in draft.table.items()
            ]
        ),
        problems=tuple(problems),
        warnings=(*again.layout.notes, *(one.parts for one in told)),
        questions=tuple(_ask(layout, guess)),
    )


def find_layout_kind(table: pd.DataFrame, guess: Guess) -> str:
    """Return how a table is laid out, by its columns' names and values.

    Parameters
    ----------
    table
        From `read_table`.
    guess
        From `guess_roles`.

    Examples
    --------
    >>> table = pd.DataFrame({"rater": ["x", "y"], "c1": [1, 2], "c2": [3, 4], "c3": [5, 6]})
    >>> find_layout_kind(table, guess_roles(table))
    'raters in rows'
    """
    names = {str(name).strip() for name in table.columns}
    tracker = next((name for name, marks in _TRACKERS.items() if marks <= names), None)
    if tracker is not None:
        return tracker
    words = [str(name).strip().lower() for name in table.columns]
    judge = guess.roles.get("rater")
    alone = judge is not None and not {"clip", "rating"} & set(guess.roles)
    found = {
        "codebook": len(words) < 6 and len(CODEBOOK.intersection(words)) > 1,
        "segments": {"start", "end"} <= set(words),
        "correlations": holds_correlations(table[list(guess.numbers)].to_numpy(float)),
        "models side by side": "truth" in words
        and guess.kind != "predictions"
        and len(guess.numbers) > 1,
        "raters in rows": alone and len(guess.numbers) > 2 and table[judge].is_unique,
        "items by raters": bool(find_pairs(guess.numbers)),
    }
    return next((layout for layout, holds in found.items() if holds), guess.kind)


def find_pairs(names: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return columns that are items by judges, such as "joy_r1", with both parts.

    Every item must have the same two or more judges, and there must be no other columns.

    Examples
    --------
    >>> find_pairs(["joy_r1", "joy_r2", "calm_r1", "calm_r2"])["calm_r2"]
    ('calm', 'r2')
    """
    pairs = {name: tuple(re.split(r"[_.\- ](?=[^_.\- ]+$)", name)) for name in names}
    if not pairs or any(len(parts) != 2 for parts in pairs.values()):
        return {}
    judges: dict[str, set[str]] = {}
    for item, judge in pairs.values():
        judges.setdefault(item, set()).add(judge)
    alike = {frozenset(held) for held in judges.values()}
    whole = len(alike) == 1 and len(next(iter(alike))) > 1 and len(judges) > 1
    return {name: (parts[0], parts[1]) for name, parts in pairs.items()} if whole else {}


def _refuse_layout(layout: str) -> list[Problem]:
    if layout == "codebook":
        return [
            Problem("this is a codebook, not data.", ("Name the data with ", Option("sheet"), "."))
        ]
    if layout == "correlations":
        fact = "this is a correlation matrix, not data."
        return [Problem(fact, "Analyses need the answers themselves, one row a clip or person.")]
    return []


def _ask(layout: str, guess: Guess) -> list[Problem]:
    """Return what the columns do not tell, with the options that do."""
    asked = []
    if layout in {"ratings", "wide", "items by raters", "raters in rows"}:
        if "subject" not in guess.roles:
            fact = "no column names the people who are seen, so clips count as independent."
            asked.append(Problem(fact, ("Name it with ", Option("subject"), ".")))
        if layout == "wide" and guess.numbers:
            fact = f"{len(guess.numbers)} columns of numbers may be judges or items."
            either = (Option("raters"), " or items with ", Option("items"), ".")
            asked.append(Problem(fact, ("Name judges with ", *either)))
    if layout == "clips" and "target" not in guess.roles:
        fact = "the column that models are to predict is not known."
        asked.append(Problem(fact, ("Name it with ", Option("target"), ".")))
    return asked


def _give_reason(role: str, name: str) -> str:
    parts = _split_name(name)
    word = next((one for one in _WORDS[role] if one in parts), role)
    kind = "" if role in _IDS else " and its cells are numbers"
    return f"its name holds '{word}'{kind}."


def _describe_column(column: pd.Series, name: str, guess: Guess, labels: Labels) -> dict[str, Any]:
    known = column.dropna()
    number = pd.api.types.is_numeric_dtype(column)
    role = next((role for role, held in guess.roles.items() if held == name), None)
    return {
        "column": name,
        "role": role,
        "kind": "number" if number else "text",
        "n": len(known),
        "missing": int(column.isna().sum()),
        "distinct": int(known.nunique()),
        "low": float(known.min()) if number and len(known) else np.nan,
        "high": float(known.max()) if number and len(known) else np.nan,
        "shown": ", ".join(str(value) for value in known.unique()[:3]),
        "labels": dict(labels.get(name, {})),
    }


@dataclass(frozen=True, slots=True)
class Guess:
    """What a table seems to hold.

    Attributes
    ----------
    kind
        ``"ratings"`` (one row a rating), ``"predictions"``, ``"clips"`` (one row a clip, with its
        subject), or ``"wide"`` (one row a clip, without).
    roles
        Role to column, by the columns' names.
    numbers
        Columns of numbers without another role: ratings, judges, items or features.
    """

    kind: Kind
    roles: dict[str, str] = field(default_factory=dict)
    numbers: tuple[str, ...] = ()


def guess_roles(table: pd.DataFrame) -> Guess:
    """Guess what a table holds, from the names and types of its columns.

    Parameters
    ----------
    table
        From `read_table`.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"Target": ["a"], "Rater": ["r"], "Score": [3.0]})
    >>> guess_roles(table)
    Guess(kind='ratings', roles={'clip': 'Target', 'rater': 'Rater', 'rating': 'Score'}, numbers=())
    """
    names = [str(name) for name in table.columns]
    numeric = {str(name) for name in table.select_dtypes("number").columns}
    roles = _match_roles(names, numeric)
    if "context" in roles and table[roles["context"]].nunique() < 2:
        del roles["context"]
    kind = _find_kind(roles)
    if kind != "ratings":
        roles = _leave_out(roles, "item", "rating")
    if kind != "predictions":
        roles = _leave_out(roles, "model", "truth", "prediction")
    if kind == "ratings" and "rating" in roles and not _is_plain(roles["rating"]):
        others = numeric - set(roles.values())
        roles = _leave_out(roles, "rating") if others else roles
    taken = set(roles.values())
    numbers = tuple(name for name in names if name in numeric and name not in taken)
    return Guess(kind, roles, numbers)


def _match_roles(names: Iterable[str], numeric: set[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for role, words in _WORDS.items():
        for word in words:
            free = [name for name in names if name not in found.values()]
            fits = [name for name in free if word in _split_name(name)]
            # Two or more number columns of that name are judges themselves: coder1, coder2.
            if role == "rater" and len(numeric.intersection(fits)) > 1:
                fits = []
            if role not in _IDS:
                fits = [name for name in fits if name in numeric]
            if fits:
                found[role] = fits[0]
                break
    return found


def _split_name(name: str) -> set[str]:
    spaced = re.sub(r"([a-z])([A-Z])", r"\1 \2", name).lower()
    parts = {part for part in re.split(r"[^a-z]+", spaced) if part}
    # A name such as rating_date or task_order only mentions a role.
    return {part for part in parts if len(parts) == 1 or parts <= {part, "id", "name", "code"}}


def _is_plain(name: str) -> bool:
    """Return whether a column is the one of all ratings, and not one question among others."""
    return bool(_split_name(name) & {"rating", "score"})


def _find_kind(roles: dict[str, str]) -> Kind:
    if {"truth", "prediction"} <= set(roles):
        return "predictions"
    if "rater" in roles:
        return "ratings"
    return "clips" if "subject" in roles else "wide"


def _leave_out(roles: dict[str, str], *unwanted: str) -> dict[str, str]:
    return {role: name for role, name in roles.items() if role not in unwanted}
