"""The tree of errors and the tree of warnings."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with an input: the fact, and what to do about it.

    Attributes
    ----------
    fact
        What was found, with the measured value.
    remedy
        One thing to do.
    file, column
        Where it was found, if it was found there.
    rows
        Row numbers as a person counts them in the file; at most five are printed.
    """

    fact: str
    remedy: str = ""
    file: str | None = None
    column: str | None = None
    rows: tuple[int, ...] = ()

    def __str__(self) -> str:
        """Return the place, the fact and the remedy on one line."""
        place = ", ".join(
            part
            for part in (
                self.file or "",
                f"column '{self.column}'" if self.column else "",
                _name_rows(self.rows),
            )
            if part
        )
        text = f"{place}: {self.fact}" if place else self.fact
        return f"{text} {self.remedy}".rstrip()


def _name_rows(rows: tuple[int, ...]) -> str:
    if not rows:
        return ""
    shown = ", ".join(str(row) for row in rows[:5])
    more = f" and {len(rows) - 5:,} more" if len(rows) > 5 else ""
    return f"row{'s' if len(rows) > 1 else ''} {shown}{more}"


class ExprStatsError(Exception):
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
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[type[DataError], tuple[tuple[Problem, ...]]]:
        """Keep the problems when the error crosses a process."""
        return type(self), (self.problems,)


class OptionError(ExprStatsError, ValueError):
    """An argument or option has a value that is not allowed."""


class FitError(ExprStatsError, RuntimeError):
    """A model could not be fitted, or its solution is not admissible."""


class RError(ExprStatsError, RuntimeError):
    """R is missing, does not start, or stopped with an error."""


class MissingDependency(ExprStatsError, ImportError):
    """An optional package is needed; the message names the line that installs it."""


class ExprStatsWarning(UserWarning):
    """Root of every warning that exprstats raises."""


class DataWarning(ExprStatsWarning):
    """Something in the data that a reader of the results should know."""


class FitWarning(ExprStatsWarning):
    """Something about a fitted model that a reader of the results should know."""


class RWarning(ExprStatsWarning):
    """A warning that R gave, with R's own words."""


def warn_user(message: str, category: type[ExprStatsWarning] = DataWarning) -> None:
    """Warn at the line that called exprstats, however deep the finding was made."""
    frame, depth, found = sys._getframe(), 1, 1
    while frame := frame.f_back:
        depth += 1
        if frame.f_globals.get("__name__", "").partition(".")[0] == "exprstats":
            found = depth
    warnings.warn(message, category, stacklevel=found + 1)
