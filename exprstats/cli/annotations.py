"""Files of annotations, estimates and lexicons, as ``exprstats check`` meets them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from exprstats.cli.calls import Call
from exprstats.cli.holdings import try_reading
from exprstats.cli.reading import get_reading
from exprstats.cli.session import Session
from exprstats.document.terminal import spell
from exprstats.errors import Option, Problem

if TYPE_CHECKING:
    from exprstats.io.files.annotations import Annotated, Use

UNSAID = "What the file does not say"

# Bytes from which on a file is told by its first lines alone.
_LARGE = 20_000_000


def inspect_annotated(
    session: Session, path: Path, told: Mapping[Path, Annotated]
) -> list[Problem]:
    """Put what a file of annotations, estimates or words is into the session; return problems.

    Parameters
    ----------
    session, path
        The session and the file.
    told
        All such files of the call: annotations of signing need a lexicon beside them.
    """
    from exprstats.io.files.kinds import hash_file

    found = told[path]
    session.add_input(path, hash_file(path), None)
    session.show_points(f"{path}", [f"{found.kind}."])
    lexicons = [file for file, one in told.items() if one.use == "lexicon"]
    problems = try_reading(partial(read_annotated, path, found.use, lexicons))
    lines = []
    if found.use == "lexicon" and not any(one.use == "signing" for one in told.values()):
        session.say("Give it to exprstats signing beside annotations, with --lexicon.")
    elif found.rated:
        fact = "these are ratings, with which predictions of a model are compared."
        asked = Problem(fact, ("Name the predictions with ", Option("predictions"), "."))
        session.show_points(UNSAID, [spell("check", asked)])
    elif found.use == "signing" and not lexicons:
        fact = "emotions are found in the words by a lexicon, which is not among the files."
        asked = Problem(fact, ("Name it beside this file, or with ", Option("lexicon"), "."))
        session.show_points(UNSAID, [spell("check", asked)])
    elif found.use != "lexicon" and not problems:
        given = {"lexicon": str(lexicons[0])} if found.use == "signing" else {}
        lines.append(Call(found.use, dict(given)).write(path, get_reading()))
    session.rows += [{"kind": "suggestion", "command": line} for line in lines]
    session.parts += [f"Try: {line}" for line in lines]
    return problems


def read_annotated(path: Path, use: Use, lexicons: Sequence[Path]) -> None:
    """Read a file of annotations, estimates or words as its command does, to meet what stops it."""
    if path.stat().st_size > _LARGE:
        return
    if use == "evoked":
        from exprstats.events import read_evoked

        read_evoked(path)
    elif use == "estimates":
        from exprstats.expressions import read_estimates

        read_estimates(path)
    elif use == "lexicon":
        from exprstats.events import read_lexicon

        read_lexicon(path)
    else:
        from exprstats.events import find_labels, read_events, read_lexicon

        events = read_events(path)
        for one in lexicons[:1]:
            find_labels(events, read_lexicon(one))
