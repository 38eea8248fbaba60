"""Which command a table seems made for."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from exprstats.study import Guess


def suggest_commands(path: Path, guess: Guess) -> Iterator[str]:
    """Yield the calls that suit what a table seems to hold."""
    roles, file = guess.roles, shlex.quote(str(path))
    if guess.kind == "ratings":
        named = {"rating": roles.get("rating") or ",".join(guess.numbers)}
        options = _list_options(roles, "clip", "rater", "subject", "context")
        yield f"Try: exprstats reliability {file}{_write_options(named)}{options}"
    elif guess.kind == "predictions":
        yield f"Try: exprstats compare {file}{_list_options(roles, 'subject', 'truth', 'context')}"
    elif guess.kind == "clips":
        options = _list_options(roles, "subject", "clip", "context")
        yield f"Try: exprstats fit {file} --target COLUMN{options}"
    elif guess.numbers:
        few = 1 < len(guess.numbers) <= 8
        columns = ",".join(guess.numbers) if few else "A,B,C"
        yield (
            f"Try: exprstats reliability {file}{_write_options({'raters': columns})}\n"
            f"or:  exprstats factor {file}{_write_options({'items': columns})}"
        )


def _list_options(roles: dict[str, str], *wanted: str) -> str:
    named = {("by" if role == "context" else role): roles.get(role) for role in wanted}
    always = {"subject", "by"}
    return _write_options({k: v for k, v in named.items() if v and (v != k or k in always)})


def _write_options(named: dict[str, str]) -> str:
    return "".join(f" --{option} {shlex.quote(value)}" for option, value in named.items())
