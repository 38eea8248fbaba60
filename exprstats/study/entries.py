"""Lines of a study file that is drafted, with the reasons of guesses."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace

from exprstats import __version__

Value = (
    bool
    | str
    | int
    | float
    | tuple[str, ...]
    | tuple[float, ...]
    | tuple[str | float, ...]
    | Mapping[str, float]
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a study file.

    Attributes
    ----------
    table, key, value
        ``[table] key = value``.
    reason
        Why it was guessed, or what it would say; empty where it is certain.
    columns
        The columns that it may name.
    asked
        Whether it is a question: written as a comment, which the reader completes.
    """

    table: str
    key: str
    value: Value
    reason: str = ""
    columns: tuple[str, ...] = ()
    asked: bool = False

    def write(self) -> str:
        """Return the line, its reason behind it."""
        lead = "# " if self.asked else ""
        mark = "asked: " if self.asked else "guessed: "
        told = f"  # {mark}{write_comment(self.reason)}" if self.reason else ""
        return f"{lead}{self.key} = {write_value(self.value)}{told}"


@dataclass(frozen=True, slots=True)
class StudyDraft:
    """A study file that is to be written.

    Attributes
    ----------
    entries
        Its lines below the title, in order.
    holds
        What each file holds, a sentence each.
    notes
        What a person should know of the files.
    """

    entries: tuple[Entry, ...]
    holds: tuple[str, ...]
    notes: tuple[str, ...]

    def answer(self, place: int, value: Value) -> StudyDraft:
        """Return the draft with the value that a person gave for one entry."""
        known = replace(self.entries[place], value=value, reason="", asked=False)
        entries = (*self.entries[:place], known, *self.entries[place + 1 :])
        return replace(self, entries=entries)

    def write(self, name: str) -> str:
        """Return the text of the study file, which is called ``name``."""
        lines = [
            f"# Drafted by exprstats {__version__} from the data files. Every line marked",
            '# "guessed" was guessed: correct it where it is wrong. Complete the lines marked',
            '# "asked", and remove the # before them. Paths are relative to this file.',
            f"# Check it:  exprstats check {write_comment(shlex.quote(name))}",
            f"# Run it:    exprstats report {write_comment(shlex.quote(name))}",
            *(f"# {write_comment(one)}" for one in (*self.holds, *self.notes)),
            "",
            'title = "Study"',
            "seed = 1",
        ]
        table = ""
        for entry in self.entries:
            if entry.table != table:
                table = entry.table
                lines += ["", f"[{table}]"]
            lines.append(entry.write())
        return "\n".join(lines) + "\n"


def write_value(value: Value) -> str:
    r"""Return a value as TOML writes it.

    Examples
    --------
    >>> print(write_value('a "b"\n[x]'), write_value(("é", "2")), write_value((0.0, 4.0)))
    "a \"b\"\n[x]" ["é", "2"] [0, 4]
    """
    if isinstance(value, Mapping):
        pairs = (
            f"{json.dumps(name, ensure_ascii=False)} = {write_value(held)}"
            for name, held in value.items()
        )
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, tuple):
        return f"[{', '.join(map(write_value, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    # JSON escapes what TOML must, but for the one control character above the blank.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def write_comment(text: str) -> str:
    """Return a text without what a comment cannot hold: line breaks and control characters."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())
