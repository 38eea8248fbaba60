"""The tree of errors and the tree of warnings, and options as their messages name them."""

from __future__ import annotations

import csv
import io
import json
import shlex
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

# Facts and remedies that several rooms state.
UNREADABLE = "it cannot be read"
NO_NUMBERS = "no column holds numbers."
NO_TIMES = "py-feat wrote frame numbers without times."
NO_RATING = "all ratings are missing."
LEAVE_ONE_OUT = "Leave one of them out."
OTHER_COLUMN = "Name another column with "
FEW_CONTEXTS = "Name a column of few contexts, such as tasks, with "
THEIR_COLUMN = "Name their column with "
NO_FILES = "there is no file to read. Name at least one."
NO_ROWS = "the file has a header but no rows."
FEW_CONTEXTS = "Name a column of few contexts, such as tasks, with "
EMPTY_FILE = "the file is empty."
NO_FILE = "there is no such file."

Style = Literal["verb", "command", "study"]
_OUTPUTS = {"force", "out", "json", "n_jobs"}  # options of commands that no study file has


@dataclass(frozen=True, slots=True)
class Option:
    """An option as a message names it, in the words of whoever reads the message.

    Parameters
    ----------
    name
        The verb's argument.
    value
        The value to give it; None asks to leave the option out, True to switch it on. Without a
        value the option alone is named.

    Examples
    --------
    >>> [Option("span").spell(style) for style in ("verb", "command", "study")]
    ['span=', '--span', "'span'"]
    >>> [Option("model", "one-way").spell(style) for style in ("verb", "command", "study")]
    ["model='one-way'", '--model one-way', 'model = "one-way"']
    >>> Option("cluster", None).spell("command", {"cluster": "subject"})
    'no --subject'
    >>> [Option("labels", {"low": 0, "high": 5}).spell(style) for style in ("command", "study")]
    ['--labels low=0,high=5', 'labels = {"low" = 0, "high" = 5}']
    >>> Option("force", True).spell("study")
    '--force'
    """

    name: str
    value: Any = ...

    def spell(self, style: Style = "verb", names: Mapping[str, str] | None = None) -> str:
        """Return the option as Python, the command line or a study file writes it.

        Parameters
        ----------
        style
            ``"verb"``: ``span=7``; ``"command"``: ``--span 7``; ``"study"``: ``span = 7``.
        names
            Arguments that have another name there, such as ``{"cluster": "subject"}``.
        """
        name = (names or {}).get(self.name, self.name)
        style = "command" if style == "study" and name in _OUTPUTS else style
        if style == "verb":
            return f"{name}=" if self.value is ... else f"{name}={self.value!r}"
        flag = f"--{name.replace('_', '-')}"
        if self.value is None or (self.value is False and style == "command"):
            return f"no {flag}" if style == "command" else f"no '{name}'"
        if style == "study":
            return f"'{name}'" if self.value is ... else f"{name} = {_write_toml(self.value)}"
        if self.value is ... or self.value is True:
            return flag
        values = self.value if isinstance(self.value, list | tuple) else [self.value]
        if isinstance(self.value, Mapping):
            values = [f"{name}={value:g}" for name, value in self.value.items()]
        text = join_names(values)
        # Click takes "--missing -9" for two options.
        return f"{flag}{'=' if text.startswith('-') else ' '}{shlex.quote(text)}"


def join_names(names: Sequence[object]) -> str:
    """Return names as a list that an option takes; those that hold commas stand in quotes.

    Examples
    --------
    >>> join_names(["x1", "x2, raw"])
    'x1,"x2, raw"'
    """
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(names)
    return line.getvalue()[:-1]


Text = str | Option | Sequence[str | Option]


def speak(text: Text, style: Style = "verb", names: Mapping[str, str] | None = None) -> str:
    """Return a message whose options are spelt for its reader, as `Option.spell` does.

    Examples
    --------
    >>> speak(("NRMSE needs ", Option("span"), ", the range of the truth."), "command")
    'NRMSE needs --span, the range of the truth.'
    """
    return "".join(
        part.spell(style, names) if isinstance(part, Option) else part for part in _split(text)
    )


def _split(text: Text) -> tuple[str | Option, ...]:
    return (text,) if isinstance(text, str | Option) else tuple(text)


def _name_option(parts: Sequence[str | Option]) -> str | None:
    return next((part.name for part in parts if isinstance(part, Option)), None)


def _write_toml(value: object) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_write_toml, value))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_write_toml(k)} = {_write_toml(v)}' for k, v in value.items())}}}"
    return json.dumps(value, ensure_ascii=False, default=str)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with an input: the fact, and what to do about it.

    Attributes
    ----------
    fact
        What was found, with the measured value.
    remedy
        One thing to do; a sequence of texts and `Option` where it names an option.
    file, column
        Where it was found, if it was found there.
    rows
        Row numbers as a person counts them in the file; at most five are printed.
    option
        The argument that the remedy is about; by default the first that a message names.
    """

    fact: Text
    remedy: Text = ""
    file: str | None = None
    column: str | None = None
    rows: tuple[int, ...] = ()
    option: str | None = None

    def __post_init__(self) -> None:
        """Take the option's name from the message where none is given."""
        named = self.option or _name_option((*_split(self.remedy), *_split(self.fact)))
        object.__setattr__(self, "option", named)

    def __iter__(self) -> Iterator[str | Option]:
        """Yield the parts of the message: the place, the fact and the remedy."""
        place = ", ".join(
            part
            for part in (
                self.file or "",
                f"column '{self.column}'" if self.column else "",
                _name_rows(self.rows, "line" if (self.file or "").endswith(".toml") else "row"),
            )
            if part
        )
        yield f"{place}: " if place else ""
        yield from _split(self.fact)
        if self.remedy:
            yield " "
            yield from _split(self.remedy)

    def speak(self, style: Style = "verb", names: Mapping[str, str] | None = None) -> str:
        """Return the message on one line, its options spelt for its reader; see `Option.spell`."""
        return speak(tuple(self), style, names)

    def __str__(self) -> str:
        """Return the place, the fact and the remedy on one line, as a verb says them."""
        return self.speak()


def _name_rows(rows: tuple[int, ...], what: str) -> str:
    if not rows:
        return ""
    shown = ", ".join(str(row) for row in rows[:5])
    more = f" and {len(rows) - 5:,} more" if len(rows) > 5 else ""
    return f"{what}{'s' if len(rows) > 1 else ''} {shown}{more}"


class _Spoken(Exception):
    """A message that keeps its parts, so that each reader gets the options in his own words.

    It is about an argument: by default the first that it names.
    """

    def __init__(self, *parts: str | Option, option: str | None = None) -> None:
        self.parts = parts
        self.option = option or _name_option(parts)
        super().__init__(speak(parts))

    def speak(self, style: Style = "verb", names: Mapping[str, str] | None = None) -> str:
        """Return the message with its options spelt for its reader; see `Option.spell`."""
        return speak(self.parts, style, names)


class ExprStatsError(_Spoken):
    """Root of every error that exprstats raises on purpose."""


class DataError(ExprStatsError, ValueError):
    """The data cannot give what was asked; ``problems`` lists every reason found.

    Parameters
    ----------
    problems
        One text, one `Problem`, or a sequence of them.
    """

    def __init__(self, problems: str | Problem | Sequence[Problem]) -> None:
        if isinstance(problems, str):
            problems = Problem(problems)
        if isinstance(problems, Problem):
            problems = (problems,)
        self.problems: tuple[Problem, ...] = tuple(problems)
        lines = [("\n" * (place > 0), *problem) for place, problem in enumerate(self.problems)]
        super().__init__(*(part for line in lines for part in line))

    def __reduce__(self) -> tuple[type[DataError], tuple[tuple[Problem, ...]]]:
        """Keep the problems when the error crosses a process."""
        return type(self), (self.problems,)


class OptionError(ExprStatsError, ValueError):
    """An argument or option has a value that is not allowed; ``option`` is its name, if known.

    Examples
    --------
    >>> error = OptionError("NRMSE needs ", Option("span"), ", the range of the truth.")
    >>> str(error), error.option
    ('NRMSE needs span=, the range of the truth.', 'span')
    >>> error.speak("command")
    'NRMSE needs --span, the range of the truth.'
    """


class FitError(ExprStatsError, RuntimeError):
    """A model could not be fitted, or its solution is not admissible."""


class RError(ExprStatsError, RuntimeError):
    """R is missing, does not start, or stopped with an error."""


class MissingDependency(ExprStatsError, ImportError):
    """An optional package is needed; the message names the line that installs it."""


class ExprStatsWarning(_Spoken, UserWarning):
    """Root of every warning that exprstats raises."""


class DataWarning(ExprStatsWarning):
    """Something in the data that a reader of the results should know."""


class FitWarning(ExprStatsWarning):
    """Something about a fitted model that a reader of the results should know."""


class RWarning(ExprStatsWarning):
    """A warning that R gave, with R's own words."""


def warn_user(message: Text | Problem, category: type[ExprStatsWarning] = DataWarning) -> None:
    """Warn at the line that called exprstats, however deep the finding was made."""
    frame, depth, found = sys._getframe(), 1, 1
    while frame := frame.f_back:
        depth += 1
        if frame.f_globals.get("__name__", "").partition(".")[0] == "exprstats":
            found = depth
    parts = tuple(message) if isinstance(message, Problem) else _split(message)
    warnings.warn(category(*parts), stacklevel=found + 1)
