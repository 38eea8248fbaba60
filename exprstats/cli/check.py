"""``exprstats check``: contents and problems of a data file or a study file."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from exprstats.apa import count_things, write_count
from exprstats.cli.options import (
    ByOption,
    ClipOption,
    JsonOption,
    MissingOption,
    QuietOption,
    RaterOption,
    RatersOption,
    RatingOption,
    name_ratings,
    split_names,
)
from exprstats.cli.session import Session, open_session, spare_input
from exprstats.document.cells import list_records
from exprstats.document.model import Column, Table
from exprstats.document.terminal import describe_error, find_width, render_table, write_line
from exprstats.document.text import say
from exprstats.errors import DataError, Option, OptionError, Problem

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


def check_input(
    file: Annotated[Path, typer.Argument(metavar="FILE|STUDY.toml", help="A table or a study.")],
    rating: RatingOption = None,
    clip: ClipOption = None,
    rater: RaterOption = None,
    raters: RatersOption = None,
    subject: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Who is seen in the clip.")
    ] = None,
    by: ByOption = None,
    missing: MissingOption = None,
    json: JsonOption = None,
    quiet: QuietOption = False,
) -> None:
    """Say what a file or a study holds, and all problems in it.

    Columns are recognised by their names; options say what they are where that fails.
    """
    with open_session("check", json=json, quiet=quiet) as session:
        spare_input(file, session.files)

        if file.suffix.lower() == ".toml":
            if any((rating, clip, rater, raters, subject, by, missing)):
                message = f"Options name columns of a table, and {file} is a study: leave them out."
                raise OptionError(message)
            problems = inspect_study(session, file)
        else:
            named = name_ratings(rating, clip, rater, raters)
            named |= {"subject": subject} if subject else {}
            named |= {"context": by} if by else {}
            problems = inspect_table(session, file, split_names(missing, "--missing") or [], named)
        session.rows += [
            {"kind": "problem", "file": one.file, "column": one.column, "text": str(one)}
            for one in problems
        ]
        if not problems:
            session.say("No problems found.")
    if problems:
        write_line(describe_error("check", DataError(problems)), to_errors=True)
        raise typer.Exit(2)


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
    from exprstats.study.inputs import check_strata
    from exprstats.study.settings import tell_split
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
        _present_design(session, ratings)
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
    import pandas as pd

    title = "Columns" if len(rows) <= _SHOWN else f"The first {_SHOWN} of {len(rows)} columns"
    headings = ("Column", "Holds", "Role?", "Distinct", "Missing", "Values")
    columns = [
        Column(name, say(name), words=name not in {"Distinct", "Missing"}) for name in headings
    ]
    cells = [
        (
            row["name"],
            row["holds"],
            row["role"] or "",
            write_count(row["n_distinct"]),
            write_count(row["n_missing"]),
            ", ".join(row["examples"])[:40]
            if row["low"] is None
            else f"{row['low']:g} to {row['high']:g}",
        )
        for row in rows[:_SHOWN]
    ]
    table = Table("", "columns", title, tuple(columns), pd.DataFrame(cells, columns=[*headings]))
    session.blocks.append(render_table(table, width=find_width()))


def _describe_rows(
    session: Session, path: Path, guess: Guess, missing: Sequence[str], named: dict[str, Any]
) -> None:
    from exprstats.io import read_clips, read_ratings

    roles = {**guess.roles, **named}
    rated = bool({"rater", "raters", "rating", "items"} & set(named))
    if rated or (guess.kind == "ratings" and "clip" in roles):
        ratings = read_ratings(path, **_name_ratings(guess, named), missing=missing)
        if not ratings["rating"].notna().any():
            raise DataError(
                Problem(
                    "no clip has a rating.", ("Name other columns with ", Option("rating"), ".")
                )
            )
        session.show_points("Rows", list(count_table(ratings)))
        _present_design(session, ratings)
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


def count_table(table: pd.DataFrame) -> Iterator[str]:
    """Yield how many clips, subjects and contexts a table has, and which items were rated."""
    key = [name for name in ("context", "clip") if name in table]
    clips = table.drop_duplicates(key)
    people = f" of {clips['subject'].nunique():,} subjects" if "subject" in clips else ""
    yield count_things(len(clips), "clip") + people
    if "context" in table:
        counts = clips["context"].value_counts(sort=False)
        told = ", ".join(f"{name} {count:,}" for name, count in counts.items())
        yield f"{count_things(len(counts), 'context')} (clips): {told}"
    if "rater" in table:
        yield _tell_items(table)


def _tell_items(ratings: pd.DataFrame) -> str:
    items = [str(name) for name in ratings["item"].unique()]
    told = ", ".join(items[:6]) + (", ..." if len(items) > 6 else "")
    low, high = ratings["rating"].min(), ratings["rating"].max()
    return f"{count_things(len(items), 'item')} ({told}); ratings from {low:g} to {high:g}"


def match_tables(ratings: pd.DataFrame, clips: pd.DataFrame) -> Iterator[str]:
    """Yield how many clips two tables share, and how many either has alone."""
    key = [name for name in ("context", "clip") if name in ratings and name in clips]
    rated = ratings[key].drop_duplicates()
    both = len(rated.merge(clips[key], on=key))
    yield f"{count_things(both, 'clip has', 'clips have')} ratings and features"
    if len(rated) > both:
        yield f"{count_things(len(rated) - both, 'rated clip has', 'rated clips have')} no features"
    if len(clips) > both:
        yield f"{count_things(len(clips) - both, 'clip')} with features and without ratings"


def suggest_commands(path: Path, guess: Guess) -> Iterator[str]:
    """Yield the calls that suit what a table seems to hold."""
    roles, file = guess.roles, shlex.quote(str(path))
    if guess.kind == "ratings":
        named = {"rating": roles.get("rating") or ",".join(guess.numbers)}
        options = _list_options(roles, "clip", "rater", "subject", "context")
        yield f"Try: exprstats reliability {file}{_write_options(named)}{options} --model auto"
    elif guess.kind == "predictions":
        yield f"Try: exprstats compare {file}{_list_options(roles, 'subject', 'truth', 'context')}"
    elif guess.kind == "clips":
        options = _list_options(roles, "subject", "clip", "context")
        yield f"Try: exprstats fit {file} --target COLUMN{options}"
    elif guess.numbers:
        few = 1 < len(guess.numbers) <= 8
        columns = ",".join(guess.numbers) if few else "A,B,C"
        yield (
            f"Try: exprstats reliability {file}{_write_options({'raters': columns})} --model auto\n"
            f"or:  exprstats factor {file}{_write_options({'items': columns})}"
        )


def _list_options(roles: dict[str, str], *wanted: str) -> str:
    named = {("by" if role == "context" else role): roles.get(role) for role in wanted}
    always = {"subject", "by"}
    return _write_options({k: v for k, v in named.items() if v and (v != k or k in always)})


def _write_options(named: dict[str, str]) -> str:
    return "".join(f" --{option} {shlex.quote(value)}" for option, value in named.items())


def _present_design(session: Session, ratings: pd.DataFrame) -> None:
    from exprstats.reliability import describe_design

    design = describe_design(ratings, by="context" if "context" in ratings else None)
    rows = list_records(design.table)
    session.rows += [{**row, "design": row["kind"], "kind": "design"} for row in rows]
    verdicts = list_records(design.coefficients)
    session.rows += [{"kind": "coefficient", **row} for row in verdicts]
    session.present(design)
