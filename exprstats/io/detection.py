"""Detection of a file's format, contents and column roles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pandas as pd

from exprstats.apa import count_things
from exprstats.codes import list_values, repeats_rows
from exprstats.errors import NO_ROWS, DataError, Problem, Text, speak
from exprstats.io.columns import Guessed
from exprstats.io.files.answers import is_no_answer
from exprstats.io.files.joined import list_inputs, place_problems
from exprstats.io.files.kinds import FileFormat
from exprstats.io.files.reading import AS_IT_IS, Reading
from exprstats.io.files.spreads import find_loops
from exprstats.io.files.text import Batch
from exprstats.io.files.words import (
    FROM_FILE,
    IDS,
    PLAIN,
    WORDS,
    is_answer,
    is_aside,
    is_prediction,
    is_rated,
    is_truth,
    split_name,
    squeeze_name,
)
from exprstats.io.guards.answers import find_who
from exprstats.io.guards.classed import Classed
from exprstats.io.guards.codes import holds_steps
from exprstats.io.guards.crossings import (
    Crossing,
    find_asked,
    find_crossing,
    find_rated,
    find_viewers,
)
from exprstats.io.numbers import Missing
from exprstats.io.sources import FilePaths, Source, open_source
from exprstats.options import MOST_WORDS

Kind = Literal["ratings", "wide", "clips", "predictions"]
# Of fewer rows, a single value tells little.
_FEW_ROWS = 5
# Of fewer rows of clips, a column is that of other rows, such as those of raters.
_FILLED = 0.5


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
    told
        The notes, with options as data.
    sheet
        Of a workbook.
    header_row
        The row with the columns' names, counted from 1; 0 where names stand apart.
    inputs
        The files that were read, one or several that are one table, with hash and rows.
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
    told: tuple[Text, ...] = ()
    sheet: str | None = None
    header_row: int = 1
    inputs: tuple[tuple[Path, str, int], ...] = ()


def sniff_file(path: FilePaths, reading: Reading = AS_IT_IS) -> FileFacts:
    r"""Detect how a file is written, and count its rows.

    Parameters
    ----------
    path
        Delimited text (comma, semicolon, tab or pipe; UTF-8, UTF-16 or Windows-1252), .xlsx or
        SPSS .sav.
    reading
        How it is to be read, where it does not say so itself.

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
    source = open_source(path, reading, warned=False)
    problems, columns = list(source.problems), []
    rows, last = 0, source.layout.first_row
    for batch in source.walk(problems):
        columns = columns or _guess_columns(source, batch)
        rows, last = rows + len(batch.numbers), int(batch.numbers[-1])
    if rows == 0 and not problems:
        problems.append(Problem(NO_ROWS, "Check the export."))
    if problems:
        raise DataError(place_problems(problems, str(source.layout.path)))
    dropped = len(source.layout.header.dropped) + source.inner
    blank = max(last - rows - dropped - source.layout.first_row, 0)
    return list_facts(source, rows, blank)


def list_facts(source: Source, rows: int, blank: int = 0) -> FileFacts:
    """Return what is known of a file once its rows were read."""
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
        told=(*source.layout.notes, *_list_notes(source, blank)),
        sheet=source.layout.sheet,
        header_row=source.layout.first_row,
        inputs=tuple(list_inputs(source.layout.path, source.layout.sha256, rows)),
    )


def _guess_columns(source: Source, batch: Batch) -> list[Guessed]:
    """Read the columns of some rows, so that their decimal marks are met."""
    columns = [
        Guessed(name, Missing(source.reading.missing), source.marks, source.reading)
        for name in source.header
    ]
    for place, column in enumerate(columns):
        column.feed(batch.list_cells(place), batch.numbers)
        column.finish()
    return columns


def _list_notes(source: Source, blank: int) -> list[str]:
    notes = [f"{count_things(blank, 'blank row is', 'blank rows are')} skipped."] if blank else []
    if all(is_number(name) for name in source.header):
        notes.append("the header holds only numbers; the names of the columns may be missing.")
    return [*notes, *(speak(problem.fact) for problem in source.marks.find_problems())]


def is_number(text: str) -> bool:
    """Return whether a text is a number, with a decimal point or comma."""
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Guess:
    """What a table seems to hold.

    Attributes
    ----------
    kind
        ``"ratings"`` (one row per rating), ``"predictions"``, ``"clips"`` (one row per clip, with
        its subject), or ``"wide"`` (one row per clip, without).
    roles
        Role to column, by the columns' names.
    numbers
        Columns of numbers without another role: ratings, judges, items or features.
    crossing
        What two crossed columns of ids tell, beside their names.
    loops
        Columns that ask questions about one clip each, with the clip and the question.
    classed
        A truth that is a class, with what models say of it.
    """

    kind: Kind
    roles: dict[str, str] = field(default_factory=dict)
    numbers: tuple[str, ...] = ()
    crossing: Crossing | None = field(default=None, repr=False)
    loops: Mapping[str, tuple[str, str]] = field(default_factory=dict, repr=False)
    classed: Classed | None = field(default=None, repr=False)


def guess_roles(table: pd.DataFrame, labels: Sequence[str] = ()) -> Guess:
    """Guess what a table holds, from the names and types of its columns.

    Parameters
    ----------
    table
        From `read_table`.
    labels
        What a row below the names says of each column.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"Target": ["a"], "Rater": ["r"], "Score": [3.0]})
    >>> guess_roles(table)
    Guess(kind='ratings', roles={'clip': 'Target', 'rater': 'Rater', 'rating': 'Score'}, numbers=())
    """
    names = [str(name) for name in table.columns]
    numeric = {str(name) for name in table.select_dtypes("number").columns} - {FROM_FILE}
    # One value in all rows names no clip and no person.
    varied = [name for name in names if len(list_values(table[name])) > 1] or names
    roles = _match_roles(names, numeric, varied if len(table) > _FEW_ROWS else names)
    roles = _drop_blank(table, roles, sorted(numeric))
    loops = find_loops(names, labels)
    if not labels and _show_people(loops, roles):
        loops = {}
    answers = [name for name in loops if name in numeric]
    if loops and _hold_answers(table, loops, answers):
        who = find_who(table, [name for name in names if name not in loops], roles)
        return Guess("ratings", who, tuple(answers), loops=loops)
    roles = _find_predicted(names, roles)
    kind = _find_kind(roles)
    crossing = _find_crossing(table, roles, sorted(numeric), kind)
    if crossing is not None and crossing.viewed:
        roles, kind = _leave_viewers(table, roles, crossing), "ratings"
    if crossing is not None and crossing.roles:
        taken = set(crossing.roles.values())
        roles = {role: name for role, name in roles.items() if name not in taken} | crossing.roles
        kind = "ratings"
    if "subject" in roles and "clip" not in roles and _is_rated(table, roles, kind):
        # Where a person has one row, or is what raters rate, the person is the clip.
        roles["clip"] = roles.pop("subject")
        kind = _find_kind(roles)
    if kind != "ratings":
        roles = _leave_out(roles, "item", "rating")
    if kind != "predictions":
        roles = _leave_out(roles, "model", "truth", "prediction")
    settled = crossing is not None and "rating" in crossing.roles
    # The column of all ratings, and not one question among others.
    plain = settled or bool(split_name(roles.get("rating", "")) & PLAIN)
    if kind == "ratings" and "rating" in roles and not plain:
        others = numeric - set(roles.values())
        roles = _leave_out(roles, "rating") if others else roles
    taken = set(roles.values())
    numbers = tuple(name for name in names if name in numeric and name not in taken)
    return Guess(kind, roles, numbers, crossing)


def _leave_viewers(
    table: pd.DataFrame, roles: dict[str, str], crossing: Crossing
) -> dict[str, str]:
    """Return roles without those who saw the clips as people seen in them."""
    who, person = crossing.roles.get("rater"), roles.get("subject")
    if who == FROM_FILE and person and table.groupby(who)[person].nunique().max() > 1:
        return roles
    return _leave_out(roles, "subject")


def _drop_blank(
    table: pd.DataFrame, roles: dict[str, str], numeric: Sequence[str]
) -> dict[str, str]:
    """Return roles without those that most rows of clips lack, and contexts of one level."""
    pair = {role: table[roles[role]].notna() for role in ("clip", "rater") if role in roles}
    if len(pair) > 1 and all(map(any, pair.values())) and not any(pair["clip"] & pair["rater"]):
        # Rows of intake name a film and those of ratings their raters: another id joins them.
        roles = _leave_out(roles, min(pair, key=lambda role: pair[role].sum()))
    seen = table[table[roles["clip"]].notna()] if "clip" in roles else table
    answers = [name for name in numeric if is_answer(name)]
    answered = seen[seen[answers].notna().any(axis=1)] if answers else seen
    if "context" in roles and answered[roles["context"]].nunique() < 2:
        roles = _leave_out(roles, "context")
    if "clip" not in roles:
        return roles
    return {
        role: name
        for role, name in roles.items()
        if role == "clip" or seen[name].notna().mean() >= _FILLED
    }


def _find_predicted(names: Sequence[str], roles: dict[str, str]) -> dict[str, str]:
    """Return roles with those of a truth and its predictions, if both have usual names: y_true."""
    found = {role: roles[role] for role in ("truth", "prediction") if role in roles}
    rated = roles.get("rating", "")
    for role, is_one in (("prediction", is_prediction), ("truth", is_truth)):
        held = [name for name in names if is_one(name) and name not in roles.values()]
        if len(held) == 1:
            found.setdefault(role, held[0])
    human = [name for name in names if is_rated(name) and name not in found.values()]
    if "prediction" in found and "truth" not in found and len(human) == 1:
        found["truth"] = human[0]
    if "prediction" in found and rated and "rater" not in roles and rated not in found.values():
        found.setdefault("truth", rated)
    if len(found) < 2:
        return roles
    numbered = [name for name in names if squeeze_name(name) in {"row", "rowindex", "rownumber"}]
    rest = {role: name for role, name in roles.items() if name not in found.values()}
    return ({"clip": numbered[0]} if numbered else {}) | rest | found


def _find_crossing(
    table: pd.DataFrame, roles: dict[str, str], numeric: Sequence[str], kind: Kind
) -> Crossing | None:
    if kind == "predictions":
        return None
    further = (find_rated, find_asked) if kind == "ratings" else (find_viewers,)
    tried = (find(table, roles, numeric) for find in (find_crossing, *further))
    return next((one for one in tried if one is not None), None)


def _show_people(loops: Mapping[str, tuple[str, str]], roles: dict[str, str]) -> bool:
    """Return whether rows are people who are seen, so that columns are their clips by judges."""
    several = len({question for _, question in loops.values()}) > 1
    listed = any("[" in name for name in loops)
    # Who responds to a survey rates.
    person = roles.get("subject", "")
    seen = person and "respondent" not in split_name(person)
    return bool(several and not listed and seen and "rater" not in roles)


def _hold_answers(table: pd.DataFrame, loops: Iterable[str], numeric: Sequence[str]) -> bool:
    """Return whether columns hold numbers in steps, or words whose order is known."""
    if numeric:
        return holds_steps(table[list(numeric)].to_numpy(float))
    levels = {str(one) for name in loops for one in list_values(table[name])}
    return 1 < sum(not is_no_answer(one) for one in levels) <= MOST_WORDS


def _match_roles(names: Iterable[str], numeric: set[str], varied: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    parts = {name: {*split_name(name), squeeze_name(name)} for name in names}
    for role, words in WORDS.items():
        for word in words:
            fits = [name for name in names if word in parts[name] and name not in found.values()]
            if role in {"clip", "subject", "rater"}:
                fits = [name for name in fits if name in varied]
            # Two or more numbered columns of that name are judges or clips: coder1, coder2.
            if role in {"rater", "clip"} and sum(name[-1:].isdigit() for name in fits) > 1:
                fits = []
            if role not in IDS:
                fits = [name for name in fits if name in numeric and not is_aside(name)]
            if fits:
                found[role] = fits[0]
                break
    return found


def _is_rated(table: pd.DataFrame, roles: dict[str, str], kind: Kind) -> bool:
    """Return whether people are what the rows are about: one row each, or one of each rater."""
    subject = table[roles["subject"]]
    if kind == "ratings":
        key = [roles[role] for role in ("context", "item", "subject", "rater") if role in roles]
        return not repeats_rows(table, key)
    return kind == "clips" and bool(subject.is_unique) and len(subject) > 1


def _find_kind(roles: dict[str, str]) -> Kind:
    if {"truth", "prediction"} <= set(roles):
        return "predictions"
    if "rater" in roles:
        return "ratings"
    return "clips" if "subject" in roles else "wide"


def _leave_out(roles: dict[str, str], *unwanted: str) -> dict[str, str]:
    return {role: name for role, name in roles.items() if role not in unwanted}
