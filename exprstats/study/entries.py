"""Lines of a study file that is drafted, with the reasons of guesses on its columns."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from exprstats import __version__
from exprstats.errors import DataError, Problem
from exprstats.io import FileContents
from exprstats.io.files.annotations import Annotated
from exprstats.io.files.words import TARGETS, TRACKED, is_aside, split_name
from exprstats.options import name_some

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
PEOPLE = "the column of the people who are seen"
ROLES = {
    "clip": "what was rated or seen",
    "rater": "who rated",
    "subject": "who is seen",
    "context": "the situation",
    "rating": "the ratings",
    "item": "the question",
}
# Words in the name of a column that is to be predicted.
_TARGETS = (*TARGETS, "score", "rating", "label", "truth", "valence", "arousal")
# Words in the name of a column of a few texts that is to be predicted.
_CLASSES = ("label", "class", "category", "emotion", "expression", "affect", "diagnosis")
_MOST_CLASSES = 20


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


def ask_entry(table: str, key: str, told: str, contents: FileContents | None = None) -> Entry:
    """Return a question, which may be answered by any column."""
    names = () if contents is None else tuple(contents.columns["column"])
    return Entry(table, key, "...", told, names, asked=True)


def list_answer_columns(contents: FileContents) -> tuple[str, ...]:
    """Return the columns of numbers that may be answers: no counters and no ids."""
    rows = {row["column"]: row for row in contents.columns.to_dict("records")}
    kept = []
    for name in contents.numbers:
        row = rows[name]
        whole = row["low"] in {0, 1} and row["high"] - row["low"] == row["n"] - 1
        counter = row["n"] > 20 and row["distinct"] == row["n"] and whole
        if not counter and (TRACKED.fullmatch(name) or not is_aside(name)):
            kept.append(name)
    return tuple(kept) or contents.numbers


def list_texts(contents: FileContents) -> dict[str, list[str]]:
    """Return the columns of a few texts that no role takes, with their texts."""
    taken = set(contents.roles.values())
    rows = contents.columns[contents.columns["kind"] == "text"].to_dict("records")
    levels = {
        str(row["column"]): [str(one) for one in dict.fromkeys(row["levels"] or ())]
        for row in rows
        if row["column"] not in taken
    }
    return {name: held for name, held in levels.items() if 2 <= len(held) <= _MOST_CLASSES}


def guess_target(table: str, contents: FileContents) -> Iterator[Entry]:
    """Yield the column that is to be predicted: by its name, else the last one of numbers."""
    names = tuple(contents.columns["column"])
    taken = set(contents.roles.values())
    free = [name for name in names if name not in taken]
    texts = list_texts(contents)
    for word in _CLASSES:
        if found := [name for name in texts if word in name.lower().replace("_", " ").split()]:
            shown = name_some(texts[found[0]])
            told = f"the classes that models predict ({shown}), because its name holds '{word}'"
            yield Entry(table, "target", found[0], told, names)
            return
    for word in _TARGETS:
        found = [name for name in free if word in name.lower().replace("_", " ").split()]
        if found:
            told = f"what models predict, because its name holds '{word}'"
            yield Entry(table, "target", found[0], told, names)
            return
    numbers = [name for name in list_answer_columns(contents) if name not in {"start", "end"}]
    context = contents.roles.get("context", "")
    if split_name(context) & {*_CLASSES}:
        told = "the classes that models predict, because no other column is called a target; if "
        told += "it names the situation of each clip, make it the context and name a target"
        yield Entry(table, "target", context, told, names)
    elif numbers:
        told = "what models predict, because it is the last column of numbers"
        yield Entry(table, "target", numbers[-1], told, names)
    else:
        yield ask_entry(table, "target", "the column that models predict", contents)


def write_path(path: Path, folder: Path) -> str:
    """Return a path as it stands in a file of a folder."""
    try:
        return Path(os.path.relpath(path.absolute(), folder.absolute())).as_posix()
    except ValueError:  # another drive
        return path.absolute().as_posix()


def draft_annotated(told: Mapping[Path, Annotated], folder: Path) -> Iterator[Entry]:
    """Yield the lines of ``[evoked]``, ``[estimates]`` and ``[signing]``."""
    for use in ("evoked", "estimates", "signing"):
        kept = [path for path, one in told.items() if one.use == use]
        if kept:
            yield Entry(use, "files", tuple(write_path(path, folder) for path in kept))
    lexicons = [path for path, one in told.items() if one.use == "lexicon"]
    if any(one.use == "signing" for one in told.values()):
        if lexicons:
            yield Entry("signing", "lexicon", write_path(lexicons[0], folder))
        else:
            yield ask_entry("signing", "lexicon", "the file of words by category")
    elif lexicons:
        fact = "a lexicon belongs to annotations of signing, which are not among the files."
        raise DataError(Problem(fact, "Name them beside it.", file=str(lexicons[0])))


def list_roles(table: str, contents: FileContents, roles: Iterable[str]) -> Iterator[Entry]:
    """Yield the columns of ids and ratings, with the reason why each was guessed."""
    for role in roles:
        if role not in contents.roles:
            continue
        told = f"{ROLES[role]}, because {contents.reasons[role].rstrip('.')}"
        names = tuple(contents.columns["column"])
        value: Value = contents.roles[role]
        if role == "subject" and contents.site is not None:
            value = (contents.site, contents.roles[role])
            told = f"{ROLES[role]}; ids come again in each '{contents.site}'"
        elif role == "clip" and contents.parts:
            value = contents.parts
            told = f"{ROLES[role]}; clips of different people share ids"
        yield Entry(table, role, value, told, names)


def draft_openface(
    frames: Path | None, segments: tuple[Path, FileContents] | None, folder: Path, *, rated: bool
) -> Iterator[Entry]:
    """Yield the lines of ``[openface]``."""
    table = "openface"
    if frames is not None:
        yield Entry(table, "folder", write_path(frames, folder))
    else:
        yield ask_entry(table, "folder", "the folder of OpenFace files, one per video")
    if segments is None:
        told = "the file with columns clip, video, start, end (s), subject"
        yield ask_entry(table, "segments", told)
        return
    path, contents = segments
    yield Entry(table, "segments", write_path(path, folder))
    yield from list_roles(table, contents, ("clip", "subject", "context"))
    names = [str(name) for name in contents.columns["column"]]
    video = next((name for name in names if name.lower() in {"video", "file", "filename"}), None)
    if video is not None and video != contents.roles.get("clip"):
        yield Entry(table, "video", video, f"the videos, because its name is '{video}'")
    if "subject" not in contents.roles:
        yield ask_entry(table, "subject", PEOPLE, contents)
    if not rated:
        yield from guess_target(table, contents)
