"""Options of reading and of strictness, which commands share unspoken."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import wraps
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from exprstats.cli.options import MissingOption, split_names
from exprstats.errors import OptionError

if TYPE_CHECKING:
    from exprstats.io import Reading

Command = Callable[..., None]
_NOTHING: Mapping[str, Any] = MappingProxyType({})
_READING: ContextVar[Mapping[str, Any]] = ContextVar("reading")
_STRICT: ContextVar[Mapping[str, Any]] = ContextVar("strict")
_COLUMNS: ContextVar[Mapping[str, Any]] = ContextVar("columns")
# The options that name a file's columns of ids, by what tables call them once they are read.
_IDS = {"context": "by", "subject": "subject", "clip": "clip", "rater": "rater"}
_OPTIONS = {
    "encoding": Annotated[
        str | None,
        typer.Option("--encoding", metavar="NAME", help="Of a text file, such as cp1252."),
    ],
    "sheet": Annotated[
        str | None,
        typer.Option("--sheet", metavar="NAME|N", help="Of a workbook. [default: the first seen]"),
    ],
    "header_row": Annotated[
        int | None,
        typer.Option("--header-row", min=1, metavar="N", help="Row with the columns' names."),
    ],
    "labels": Annotated[
        str | None,
        typer.Option(
            "--labels",
            metavar="A,B,...",
            help="Answers in words: from the lowest, which is 1, or each with its number "
            "(never=0,often=3).",
        ),
    ],
    "missing": MissingOption,
}
_STRICT_OPTION = Annotated[
    bool, typer.Option("--strict", help="Treat warnings as errors: exit with status 2.")
]


def reads_files(command: Command) -> Command:
    """Give a command the options of reading a file, which `get_reading` returns as one.

    A command that declares one of them itself gets it itself.
    """
    own = inspect.signature(command).parameters
    added = {name: (hint, None) for name, hint in _OPTIONS.items() if name not in own}
    return _add_options(command, added, _READING)


def allow_strict(command: Command) -> Command:
    """Give a command ``--strict``, which `is_strict` returns."""
    return _add_options(command, {"strict": (_STRICT_OPTION, False)}, _STRICT)


def get_options() -> Mapping[str, Any]:
    """Return the running command's own options by name."""
    return _COLUMNS.get(_NOTHING)


def get_reading(**given: Any) -> Reading:
    """Return how the command's files are to be read; `given`: fields from its own options."""
    from exprstats.io import Reading

    found = {name: value for name, value in _READING.get(_NOTHING).items() if value is not None}
    if "missing" in found:
        found["missing"] = split_names(found["missing"], "--missing")
    if "labels" in found:
        found["labels"] = split_labels(found["labels"])
    return Reading(**(found | given))


def name_column(column: str | None) -> str | None:
    """Return what the running command's user calls a column of ids."""
    given = _COLUMNS.get(_NOTHING).get(_IDS.get(column or "", ""))
    return given if isinstance(given, str) and given else column


def is_strict() -> bool:
    """Return whether the running command takes warnings for errors."""
    return bool(_STRICT.get(_NOTHING).get("strict"))


def split_labels(text: str) -> list[str] | dict[str, float]:
    """Return answers from the lowest to the highest, or the number of each: all of them or none.

    Examples
    --------
    >>> split_labels("never,often"), split_labels("never=0,often=3")
    (['never', 'often'], {'never': 0.0, 'often': 3.0})
    """
    names = split_names(text, "--labels") or []
    pairs = [name.rpartition("=") for name in names]
    try:
        numbers = {name.strip(): float(value) for name, mark, value in pairs if mark}
    except ValueError:
        return names
    if numbers and len(numbers) < len(names):
        message = f"--labels '{text}' gives some answers a number and others none."
        raise OptionError(message, option="labels")
    return numbers or names


def _add_options(
    command: Command, added: dict[str, tuple[Any, Any]], given: ContextVar[Mapping[str, Any]]
) -> Command:
    @wraps(command)
    def run(*values: Any, **options: Any) -> None:
        token = given.set(
            {name: options.pop(name, default) for name, (_, default) in added.items()}
        )
        columns = _COLUMNS.set(options)
        try:
            command(*values, **options)
        finally:
            given.reset(token)
            _COLUMNS.reset(columns)

    # Typer reads both. What a command writes, and how much it says, comes last in its help.
    own = inspect.signature(command, eval_str=True)
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    more = [
        inspect.Parameter(name, kind, default=default, annotation=hint)
        for name, (hint, default) in added.items()
    ]
    listed = list(own.parameters.values())
    names = list(own.parameters)
    place = names.index("json") if "json" in names else len(names)
    whole = own.replace(parameters=[*listed[:place], *more, *listed[place:]])
    run.__signature__ = whole  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in whole.parameters.values()}
    return run
