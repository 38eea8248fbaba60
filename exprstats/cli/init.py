"""``exprstats init``: a study file drafted from data files."""

from __future__ import annotations

import shlex
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from exprstats.cli.options import JsonOption, QuietOption, split_names, split_scale
from exprstats.cli.places import spare_input
from exprstats.cli.reading import get_reading, reads_files
from exprstats.cli.session import Session, open_session
from exprstats.errors import DataError, OptionError
from exprstats.options import name_nearest

if TYPE_CHECKING:
    from exprstats.study.entries import Entry, StudyDraft, Value


@reads_files
def init_study(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE",
            help="Ratings in any layout, clips, segments, and a folder of OpenFace files.",
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="FILE", help="The study file.")] = Path("study.toml"),
    interactive: Annotated[
        bool, typer.Option("--interactive", "-i", help="Ask for each guess; Enter takes it.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the study file.")] = False,
    json: JsonOption = None,
    quiet: QuietOption = False,
) -> None:
    """Draft a study file from data files, with what was guessed."""
    options = {"json": json, "quiet": quiet, "force": force}
    with open_session("init", files={"--out": out}, **options) as session:
        if interactive and not sys.stdin.isatty():
            message = (
                "--interactive asks on a terminal, and standard input is none. Leave it out: the "
                "guesses are in the file, where they can be corrected."
            )
            raise OptionError(message)
        from exprstats.io.files.annotations import tell_annotated
        from exprstats.io.files.kinds import hash_file
        from exprstats.io.outputs import write_text
        from exprstats.study.drafts import draft_study

        for file in files:
            spare_input(file, session.files)
            if tell_annotated(file) is not None:
                session.add_input(file, hash_file(file), None)
            elif file.is_file():
                session.note_file(file)
        draft = draft_study(files, folder=out.parent, reading=get_reading())
        if interactive:
            draft = ask_entries(draft)
        write_text(draft.write(str(out)), out)
        show_draft(session, draft, out, tried=all(file.is_file() for file in files))


def ask_entries(draft: StudyDraft) -> StudyDraft:
    """Return the draft with what a person answers; Enter takes a guess and leaves a question."""
    for place, entry in enumerate(draft.entries):
        # All features, and the model that the design decides, need no answer.
        if not entry.reason or entry.key in {"features", "model"}:
            continue
        typer.echo(f"{entry.reason[:1].upper()}{entry.reason[1:]}.")
        while True:
            shown = "" if entry.asked else _join(entry.value)
            text = typer.prompt(f"[{entry.table}] {entry.key}", default=shown)
            if text == shown:
                break
            try:
                draft = draft.answer(place, _read_answer(entry, text))
            except OptionError as error:
                typer.echo(error.speak("study"))
            else:
                break
    return draft


def _join(value: object) -> str:
    parts = value if isinstance(value, tuple) else (value,)
    quoted = [str(one) for one in parts]
    return ",".join(f'"{one}"' if "," in one and len(quoted) > 1 else one for one in quoted)


def _read_answer(entry: Entry, text: str) -> Value:
    if entry.key == "scale":
        return split_scale(text) or ()
    several = isinstance(entry.value, tuple)
    names = tuple(split_names(text, entry.key) or ()) if several else (text.strip(),)
    unknown = [name for name in names if entry.columns and name not in entry.columns]
    if unknown:
        message = f"There is no column '{unknown[0]}'. {name_nearest(unknown[0], entry.columns)}"
        raise OptionError(message)
    return names if several else names[0]


def show_draft(session: Session, draft: StudyDraft, out: Path, *, tried: bool) -> None:
    """Print what was guessed and asked; if ``tried``, what keeps the study from running too."""
    from exprstats.study import Logbook, read_study
    from exprstats.study.entries import write_value
    from exprstats.study.run import read_all

    session.rows = [
        {
            "kind": "question" if one.asked else "guess" if one.reason else "fact",
            "table": one.table,
            "key": one.key,
            "value": list(one.value) if isinstance(one.value, tuple) else one.value,
            "reason": one.reason or None,
        }
        for one in draft.entries
    ]
    session.show_points("Files", list(draft.holds))
    told = [
        f"[{one.table}] {one.key} = {write_value(one.value)}: {one.reason}."
        for one in draft.entries
        if one.reason and not one.asked
    ]
    session.show_points("Guessed", told)
    asked = [f"[{one.table}] {one.key}: {one.reason}." for one in draft.entries if one.asked]
    session.show_points("Asked", asked)
    session.show_points("Notes", list(draft.notes))
    name = shlex.quote(str(out))
    try:
        study = read_study(out)
        if tried:
            with warnings.catch_warnings(action="ignore"):
                read_all(study, Logbook(study.seed))
    except DataError as error:
        session.show_points("Before it runs", [one.speak("study") for one in error.problems])
        session.say(f"The study file is {out}. Complete it, then: exprstats check {name}")
    else:
        session.say(f"The study file is {out}. Next: exprstats report {name}")
