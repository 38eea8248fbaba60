"""A look at tables and studies before anything is computed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exprstats.cli.counts import count_table, match_tables
from exprstats.cli.designs import show_design
from exprstats.cli.session import Session
from exprstats.cli.suggestions import suggest_commands
from exprstats.errors import DataError, Problem
from exprstats.numerals import count_things

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.io import FileFacts
    from exprstats.study import Guess

_KINDS = {
    "ratings": "one row a rating",
    "predictions": "one row a prediction",
    "clips": "one row a clip, with its subject",
    "wide": "one row a clip; the columns of numbers may be judges, items or features",
}
_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_SHOWN = 40


def inspect_table(
    session: Session, path: Path, missing: Sequence[str], named: dict[str, Any]
) -> list[Problem]:
    """Put what a file seems to hold into the session; return its problems.

    Parameters
    ----------
    session, path, missing
        The session, the file, and further texts that stand for missing values.
    named
        The roles of columns that are known: arguments of `exprstats.io.read_ratings`.
    """
    from exprstats.io import read_table
    from exprstats.study import guess_roles

    try:
        facts = session.note_file(path)
        session.show_points(f"{path}", list(_describe_file(facts)))
        table = read_table(path, missing=missing)
    except DataError as error:
        return list(error.problems)
    guess = guess_roles(table)
    session.rows = [_describe_column(table[name], guess) for name in table.columns]
    _show_columns(session, session.rows)
    if not named:
        session.say(f"It looks like {_KINDS[guess.kind]}.")
        session.blocks.extend(suggest_commands(path, guess))
    try:
        _describe_rows(session, path, guess, missing, named)
    except DataError as error:
        return list(error.problems)
    return []


def inspect_study(session: Session, path: Path) -> list[Problem]:
    """Put what a study would analyse into the session; return the problems of all its files."""
    from exprstats.study import Logbook, read_study, read_tables
    from exprstats.study.partition import check_strata, tell_split
    from exprstats.study.targets import settle_target

    try:
        study = read_study(path)
        log = Logbook(study.seed)
        ratings, clips = read_tables(study, log)
        if clips is not None and ratings is None:
            study = settle_target(study, clips, log)
        if clips is not None:
            check_strata(study, clips)
    except DataError as error:
        return list(error.problems)
    for one in log.inputs:
        session.add_input(study.path.parent / one.file, one.sha256, one.rows)
        session.rows.append(
            {"kind": "table", "name": one.table, "file": one.file, "rows": one.rows}
        )
    read = [
        f"{one.file}: {count_things(one.rows, 'row')}, {count_things(one.columns, 'column')}"
        for one in log.inputs
    ]
    session.show_points(f"{study.title} ({path})", read)
    for title, table in (("Ratings", ratings), ("Clips", clips)):
        if table is not None:
            session.show_points(title, list(count_table(table)))
    if ratings is not None:
        show_design(session, ratings)
    if ratings is not None and clips is not None:
        session.show_points("Both", list(match_tables(ratings, clips)))
    wanted = [f"model {model.name} ({model.kind})" for model in study.models]
    session.show_points("It will fit and compare", wanted)
    session.show_points("Choices", [*log.notes, *tell_split(study)])
    return []


def _describe_file(facts: FileFacts) -> Iterator[str]:
    shape = f"{count_things(facts.rows, 'row')}, {count_things(len(facts.columns), 'column')}"
    if facts.separator is None:
        yield f"{shape}, {facts.format}"
    else:
        mark = {",": "comma", ".": "point", None: "no decimals seen"}[facts.decimal]
        separator = _SEPARATORS.get(facts.separator, repr(facts.separator))
        yield f"{shape}, separated by {separator}; decimal mark: {mark}; encoding {facts.encoding}"
    yield from facts.notes


def _describe_column(column: pd.Series, guess: Guess) -> dict[str, Any]:
    roles = {name: role for role, name in guess.roles.items()}
    role = roles.get(str(column.name))
    numbers = column.dtype.kind in "if"
    filled = column.dropna()
    ranged = numbers and len(filled) and role in {None, "rating", "truth", "prediction"}
    return {
        "kind": "column",
        "name": str(column.name),
        "holds": "numbers" if numbers else "text",
        "role": role,
        "n_distinct": int(filled.nunique()),
        "n_missing": int(column.isna().sum()),
        "low": float(filled.min()) if ranged else None,
        "high": float(filled.max()) if ranged else None,
        "examples": [f"{v:.15g}" if numbers else str(v) for v in filled.unique()[:3]],
    }


def _show_columns(session: Session, rows: list[dict[str, Any]]) -> None:
    cells = [
        [
            row["name"],
            row["holds"],
            row["role"] or "",
            f"{row['n_distinct']:,}",
            f"{row['n_missing']:,}",
            ", ".join(row["examples"])[:40]
            if row["low"] is None
            else f"{row['low']:g} to {row['high']:g}",
        ]
        for row in rows[:_SHOWN]
    ]
    title = "Columns" if len(rows) <= _SHOWN else f"The first {_SHOWN} of {len(rows)} columns"
    headers = ["Column", "Holds", "Role?", "Distinct", "Missing", "Values"]
    session.show_table(title, headers, cells)


def _describe_rows(
    session: Session, path: Path, guess: Guess, missing: Sequence[str], named: dict[str, Any]
) -> None:
    from exprstats.io import read_clips, read_ratings

    roles = {**guess.roles, **named}
    rated = bool({"rater", "raters", "rating", "items"} & set(named))
    if rated or (guess.kind == "ratings" and "clip" in roles):
        ratings = read_ratings(path, **_name_ratings(guess, named), missing=missing)
        if not ratings["rating"].notna().any():
            raise DataError(Problem("no clip has a rating.", "Name other columns with --rating."))
        session.show_points("Rows", list(count_table(ratings)))
        show_design(session, ratings)
    elif guess.kind in {"clips", "wide"} and "subject" in roles and (named or "clip" in roles):
        clips = read_clips(
            path,
            clip=roles.get("clip", "clip"),
            subject=roles["subject"],
            context=roles.get("context"),
            missing=missing,
        )
        session.show_points("Rows", list(count_table(clips)))


def _name_ratings(guess: Guess, named: dict[str, Any]) -> dict[str, Any]:
    """Return the roles that are named, and guesses of the others that go with them."""
    roles = guess.roles
    found = {role: roles[role] for role in ("clip", "subject", "context") if role in roles}
    if "raters" not in named:
        found |= {"rater": roles["rater"]} if "rater" in roles else {}
        if not {"rating", "items"} & set(named):
            found |= {"rating": roles["rating"]} if "rating" in roles else {}
            found |= {} if "rating" in roles else {"items": list(guess.numbers)}
    return found | named
