"""Options of reading files that every command takes, and the one that makes warnings errors."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Annotated, Any, get_type_hints

import typer

from exprstats.cli.options import split_names
from exprstats.errors import OptionError


@dataclass(frozen=True, slots=True)
class Asked:
    """What the caller of a command asked of all its files.

    Attributes
    ----------
    reading
        Fields of `exprstats.io.Reading` that were named, as texts of the command line.
    strict
        Whether warnings are errors.
    """

    reading: dict[str, Any] = field(default_factory=dict)
    strict: bool = False


_ASKED: ContextVar[Asked] = ContextVar("asked")

_STRICT = Annotated[bool, typer.Option("--strict", help="Stop with an error where others warn.")]
_READING = {
    "encoding": Annotated[
        str | None,
        typer.Option("--encoding", metavar="NAME", help="Of text files, such as cp1252."),
    ],
    "sheet": Annotated[
        str | None,
        typer.Option("--sheet", metavar="NAME|NUMBER", help="Of workbooks; numbers count from 1."),
    ],
    "header_row": Annotated[
        int | None,
        typer.Option(
            "--header-row", min=1, metavar="ROW", help="The row that holds the columns' names."
        ),
    ],
    "labels": Annotated[
        str | None,
        typer.Option(
            "--labels",
            metavar="A,B,...|coded",
            help="Answers that are texts, from the lowest, which is 1, or with their numbers "
            "(Never=0,Often=1); coded: the number that each answer begins with.",
        ),
    ],
}


def find_asked() -> Asked:
    """Return what the caller of the command at work asked."""
    return _ASKED.get(Asked())


def split_labels(text: str) -> bool | list[str] | dict[str, float]:
    """Return the numbers of answers, as `exprstats.io.Reading` takes them.

    Examples
    --------
    >>> split_labels("Never,Often"), split_labels("Never=0,Often=1"), split_labels("coded")
    (['Never', 'Often'], {'Never': 0.0, 'Often': 1.0}, True)
    """
    if text == "coded":
        return True
    names = split_names(text, "--labels") or []
    pairs = [name.rpartition("=") for name in names]
    if not any(mark for _, mark, _ in pairs):
        return names
    try:
        return {name.strip(): float(number) for name, mark, number in pairs if mark or 1 / 0}
    except (ValueError, ZeroDivisionError):
        message = f"--labels '{text}' gives some answers a number and others none."
        raise OptionError(message) from None


def take_reading(command: Callable[..., None], *, files: bool = True) -> Callable[..., None]:
    """Return a command that also takes the options of reading, and ``--strict``.

    Parameters
    ----------
    command
        Its body opens a session, which follows what was asked.
    files
        Whether the command reads tables; else it takes ``--strict`` alone.
    """
    added = {**(_READING if files else {}), "strict": _STRICT}

    @functools.wraps(command)
    def run(**given: Any) -> None:
        asked = {name: given.pop(name) for name in added}
        strict = bool(asked.pop("strict"))
        reading = {name: value for name, value in asked.items() if value is not None}
        token = _ASKED.set(Asked(reading, strict))
        try:
            command(**given)
        finally:
            _ASKED.reset(token)

    hints = get_type_hints(command, include_extras=True)
    own = [
        one.replace(annotation=hints[one.name], kind=inspect.Parameter.KEYWORD_ONLY)
        for one in inspect.signature(command).parameters.values()
    ]
    more = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=False if name == "strict" else None,
            annotation=hint,
        )
        for name, hint in added.items()
    ]
    shared = ("json", "out", "force", "seed", "n_jobs", "quiet")
    tail = [one for one in own if one.name in shared]
    ordered = [*(one for one in own if one.name not in shared), *more, *tail]
    run.__signature__ = inspect.Signature(ordered)  # pyright: ignore[reportFunctionMemberAccess]
    run.__annotations__ = {one.name: one.annotation for one in ordered} | {"return": None}
    return run
