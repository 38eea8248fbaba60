"""``exprstats check``: contents and problems of a data file or a study file."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from exprstats.apa import count_things
from exprstats.cli.calls import Call, name_call
from exprstats.cli.holdings import (
    UNSAID,
    count_table,
    inspect_annotated,
    match_tables,
    present_classes,
    present_design,
    show_columns,
    try_call,
    try_reading,
)
from exprstats.cli.options import (
    ByOption,
    ClipOption,
    ItemOption,
    JsonOption,
    QuietOption,
    RaterOption,
    RatersInRowsOption,
    RatersOption,
    RatingOption,
    name_ratings,
    split_id,
)
from exprstats.cli.places import spare_input
from exprstats.cli.reading import get_reading, reads_files
from exprstats.cli.session import Session, open_session
from exprstats.document.terminal import describe_error, spell, write_line
from exprstats.errors import (
    THEIR_COLUMN,
    DataError,
    DataWarning,
    Option,
    OptionError,
    Problem,
    speak,
    warn_user,
)

if TYPE_CHECKING:
    from exprstats.io import FileContents, FileFacts, Reading

_KINDS = {
    "ratings": "one row per rating",
    "predictions": "one row per prediction",
    "clips": "one row per clip, with its subject",
    "wide": "one row per clip; the columns of numbers may be judges, items or features",
    "raters in rows": "one row per rater and one column per clip",
    "items by raters": "one row per clip and one column for each item and rater",
    "models side by side": "one row per clip and one column per model",
    "models of classes": "one row per clip, with its class and what models say of it",
    "segments": "beginnings and ends of clips",
    "codebook": "a codebook",
    "correlations": "a correlation matrix",
}
_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
# Larger files are frames, and no truth or predictions of clips.
_SMALL = 200_000
_NOTHING = "No analysis suits this file as it is."


@reads_files
def check_input(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE|FOLDER|STUDY.toml",
            help="Tables, or studies; files of one layout, one a rater, are read as one table.",
        ),
    ],
    rating: RatingOption = None,
    clip: ClipOption = None,
    rater: RaterOption = None,
    item: ItemOption = None,
    raters: RatersOption = None,
    raters_in_rows: RatersInRowsOption = False,
    subject: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Person seen in the clip.")
    ] = None,
    by: ByOption = None,
    json: JsonOption = None,
    quiet: QuietOption = False,
) -> None:
    """Report what files hold, their problems, and what to run.

    Columns are recognized by their names; options say what they are where that fails.
    """
    problems: list[Problem] = []
    with open_session("check", json=json, quiet=quiet) as session:
        named = name_ratings(rating, clip, rater, raters)
        ids = {"subject": split_id(subject, "--subject"), "context": split_id(by, "--by")}
        named |= {role: name for role, name in ids.items() if name}
        named |= {"item": item} if item else {}
        named |= {"raters_in_rows": True} if raters_in_rows else {}
        reading = get_reading()
        from exprstats.io.files.annotations import pick_annotated, tell_annotated

        files = pick_annotated(files)
        told = {file: found for file in files if (found := tell_annotated(file)) is not None}
        if len(files) > 1 or files[0].is_dir():
            files, problems = inspect_pair(session, files, {*told}, reading)
        for file in files:
            spare_input(file, session.files)
            if file in told and not named:
                problems += inspect_annotated(session, file, told)
            elif file.suffix.lower() != ".toml":
                problems += inspect_table(session, file, named, reading)
            elif named or reading != type(reading)():
                message = f"Options name columns of a table, and {file} is a study: leave them out."
                raise OptionError(message)
            else:
                problems += inspect_study(session, file)
        session.rows += [
            {"kind": "problem", "file": one.file, "column": one.column, "text": str(one)}
            for one in problems
        ]
        if not problems and _NOTHING not in session.parts:
            session.say("No problems found.")
    if problems:
        write_line(describe_error("check", DataError(problems)), to_errors=True)
        raise typer.Exit(2)


def inspect_pair(
    session: Session, files: list[Path], told: Collection[Path], reading: Reading
) -> tuple[list[Path], list[Problem]]:
    """Put a truth and the files of its predictions into the session; return the other files.

    These are studies and annotated files, then tables, of one file or several.
    """
    from exprstats.cli.suggestions import pair_files
    from exprstats.io.files.joined import list_joined
    from exprstats.io.guards.groups import group_files

    rest = [one for one in files if one not in told and one.suffix.lower() != ".toml"]
    alone = [one for one in files if one not in rest]
    single = [file for one in rest for file in list_joined(one) or (one,)]
    narrow = all(one.is_file() and one.stat().st_size < _SMALL for one in single)
    found = pair_files(single, reading, alone=True) if narrow else None
    tables = group_files(rest, reading) if rest and found is None else []
    found = found or pair_files(tables, reading)
    if found is None:
        return [*alone, *tables], []
    place, call = found
    for file in list_joined(place):
        session.show_points(f"{file}", list(_describe_file(session.note_file(file))))
    truth = call.options.get("truth", "truth")
    session.say(f"'{truth}' is the truth, and the other files hold predictions of the same clips.")
    if call.options["subject"] == ["clip"]:
        fact = "no file names the people who are seen, so clips count as independent."
        asked = Problem(fact, (THEIR_COLUMN, Option("subject"), "."))
        session.show_points(UNSAID, [spell("check", asked)])
    problems = try_reading(partial(_describe_call, session, place, call, reading))
    line = call.write(place, reading)
    session.rows += [] if problems else [{"kind": "suggestion", "command": line}]
    session.parts += [] if problems else [f"Try: {line}"]
    return alone, problems


def inspect_table(
    session: Session, path: Path, named: dict[str, Any], reading: Reading
) -> list[Problem]:
    """Put what a file seems to hold into the session; return its problems."""
    from exprstats.io.files.text import remember_rows

    with remember_rows():
        return _inspect_table(session, path, named, reading)


def _inspect_table(
    session: Session, path: Path, named: dict[str, Any], reading: Reading
) -> list[Problem]:
    from exprstats.io import read_contents
    from exprstats.io.files.joined import place_problems
    from exprstats.io.guards.groups import choose_sheets

    try:
        reading = choose_sheets(path, reading)
        facts = session.note_file(path, reading)
        session.show_points(f"{path}", list(_describe_file(facts)))
        contents = read_contents(path, reading=reading)
    except DataError as error:
        return list(error.problems)
    roles = {name: role for role, name in contents.roles.items()}
    show_columns(session, contents.columns, roles)
    for text in contents.warnings:
        if speak(text) not in facts.notes:
            warn_user(text)
    problems = place_problems(contents.problems, str(path))
    if named:
        problems = problems or try_reading(
            partial(_describe_rows, session, path, contents, named, reading)
        )
        if not problems and _rates(contents, named):
            line = name_call(_name_ratings(contents, named)).write(path, reading)
            session.rows.append({"kind": "suggestion", "command": line})
            session.parts.append(f"Try: {line}")
        return problems
    kind = _KINDS.get(contents.layout, f"the layout of {contents.layout}")
    reasons = [
        f"{name} is the {role}: {contents.reasons[role]}" for role, name in contents.roles.items()
    ]
    title = f"The file appears to have {kind}."
    if reasons:
        session.show_points(title, reasons)
    else:
        session.say(title)
    asked = [spell("check", one) for one in contents.questions]
    session.show_points(UNSAID, asked)
    return problems or _suggest(session, path, contents, reading)


def _suggest(
    session: Session, path: Path, contents: FileContents, reading: Reading
) -> list[Problem]:
    """Print the calls that run, and what the first of them reads; return what stops them."""
    from exprstats.cli.suggestions import list_calls

    problems: list[Problem] = []
    lines = []
    for call in list_calls(path, contents):
        # The first describes what it reads, the others only have to read it.
        describe = None if lines else session
        found = try_reading(partial(_describe_call, describe, path, call, reading))
        if found and contents.layout in {"clips", "wide"}:
            # What the columns are was only guessed, so that the guess is wrong, not the file.
            asked = [spell("check", one) for one in found]
            session.show_points(f"It is not for {call.command} as it is", asked)
            continue
        problems += [one for one in found if str(one) not in map(str, problems)]
        if not found:
            place = _name_place(path) if call.command == "features" else path
            lines.append(call.write(place, reading))
    session.rows += [{"kind": "suggestion", "command": line} for line in lines]
    session.parts += [f"Try: {line}" for line in lines]
    if not lines and not problems and not contents.questions:
        session.parts.append(_NOTHING)
    return problems


def _name_place(path: Path) -> Path:
    """Return the folder of a tracker's file, or the file where others lie beside it."""
    from exprstats.io.files.joined import list_joined
    from exprstats.io.guards.groups import are_alike

    files = list_joined(path.parent)
    return path.parent if len(files) < 2 or are_alike(files) else path


def _describe_call(session: Session | None, path: Path, call: Call, reading: Reading) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", DataWarning)
        table = call.read(path, reading)
    if session is not None and call.options.get("common"):
        held = [one.message for one in caught if isinstance(one.message, DataWarning)]
        told = [spell("check", one) for one in held if "left out" in str(one)]
        session.show_points("Left out by --common", told)
    if table is None:
        return
    try_call(call, table)
    if session is None:
        return
    classes = call.command == "agreement" and call.options.get("weights") == "identity"
    session.show_points("Rows", list(count_table(table, classes=classes)))
    if classes:
        labels = call.options.get("labels")
        present_classes(session, table, labels if isinstance(labels, list) else [])
    elif "rater" in table:
        present_design(session, table)


def inspect_study(session: Session, path: Path) -> list[Problem]:
    """Put what a study would analyse into the session; return the problems of all its files."""
    from exprstats.study import Logbook, read_study
    from exprstats.study.run import check_split, read_all
    from exprstats.study.settings import tell_split

    try:
        study = read_study(path)
        log = Logbook(study.seed)
        study, ratings, clips, features = read_all(study, log)
        if clips is not None:
            study = check_split(study, clips, log)
    except DataError as error:
        return _spell_study(error.problems)
    for one in log.inputs:
        session.add_input(study.path.parent / one.file, one.sha256, one.rows)
        session.rows += [{"kind": "table", "name": one.table, "file": one.file, "rows": one.rows}]
    read = [
        f"{one.file}: {count_things(one.rows, 'row')}, {count_things(one.columns, 'column')}"
        for one in log.inputs
    ]
    session.show_points(f"{study.title} ({path})", read)
    for title, table in (("Ratings", ratings), ("Clips", clips)):
        if table is not None:
            session.show_points(title, list(count_table(table)))
    if ratings is not None:
        present_design(session, ratings)
    if ratings is not None and clips is not None:
        session.show_points("Both", list(match_tables(ratings, clips)))
    wanted = [f"model {model.name} ({model.kind})" for model in study.models]
    session.show_points("It will fit and compare", wanted)
    if features and study.target is not None:
        told = f"{study.target}, from {count_things(len(features), 'feature')}: "
        session.show_points("It will predict", [f"{told}{', '.join(features[:20])}"])
    session.show_points("Left out", [str(one) for one in log.exclusions])
    session.show_points("Choices", [*log.notes, *tell_split(study)])
    return _spell_study(one for error in log.errors for one in getattr(error, "problems", ()))


def _spell_study(problems: Iterable[Problem]) -> list[Problem]:
    """Return problems whose remedies name keys of a study file, not options of a command."""
    tell = partial(speak, style="study")
    return [replace(one, fact=tell(one.fact), remedy=tell(one.remedy)) for one in problems]


def _describe_file(facts: FileFacts) -> Iterator[str]:
    shape = f"{count_things(facts.rows, 'row')}, {count_things(len(facts.columns), 'column')}"
    if facts.separator is None:
        yield f"{shape}, {facts.format}"
    else:
        mark = {",": "comma", ".": "point", None: "no decimals seen"}[facts.decimal]
        separator = _SEPARATORS.get(facts.separator, repr(facts.separator))
        yield f"{shape}, separated by {separator}; decimal mark: {mark}; encoding {facts.encoding}"
    yield from (spell("check", Problem(note)) for note in facts.told)


def _describe_rows(
    session: Session, path: Path, contents: FileContents, named: dict[str, Any], reading: Reading
) -> None:
    """Describe the rows as named columns and guesses of the others read them."""
    from exprstats.io import read_clips, read_ratings

    roles = {**contents.roles, **named}
    if _rates(contents, named):
        ratings = read_ratings(path, **_name_ratings(contents, named), reading=reading)
        if ratings["rating"].isna().all():
            remedy = "Name other columns with ", Option("rating"), "."
            raise DataError(Problem("no clip has a rating.", remedy))
        session.show_points("Rows", list(count_table(ratings)))
        present_design(session, ratings)
    elif "subject" in roles:
        ids: dict[str, Any] = {role: roles.get(role) for role in ("subject", "context")}
        clips = read_clips(path, clip=roles.get("clip", "clip"), **ids, reading=reading)
        session.show_points("Rows", list(count_table(clips)))


def _rates(contents: FileContents, named: dict[str, Any]) -> bool:
    """Return whether named columns and guesses of the others are those of ratings."""
    given = {"rater", "raters", "rating", "items", "raters_in_rows"} & set(named)
    whole = contents.layout == "ratings" and "clip" in {**contents.roles, **named}
    return bool(given) or whole


def _name_ratings(contents: FileContents, named: dict[str, Any]) -> dict[str, Any]:
    """Return the roles that are named, and guesses of the others that go with them."""
    from exprstats.io.guards.answers import list_answers

    roles = contents.roles
    ids = ("clip", "subject", "context")
    found: dict[str, Any] = {role: roles[role] for role in ids if role in roles}
    if not {"raters", "raters_in_rows"} & set(named):
        found |= {"rater": roles["rater"]} if "rater" in roles else {}
        if not {"rating", "items"} & set(named):
            answers = list_answers(contents)
            found |= {"rating": roles["rating"]} if "rating" in roles else {"items": answers}
    return found | named
