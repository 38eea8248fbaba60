"""``exprstats check``: what a file or a study holds, and everything that is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from exprstats.cli.destinations import spare_input
from exprstats.cli.options import (
    ByOption,
    ClipOption,
    JsonOption,
    MissingOption,
    QuietOption,
    RaterOption,
    RatersOption,
    RatingOption,
)
from exprstats.cli.screen import describe_error, write_line
from exprstats.cli.session import open_session
from exprstats.cli.values import name_ratings, split_names
from exprstats.errors import DataError, OptionError


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
        from exprstats.cli.inspection import inspect_study, inspect_table

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
