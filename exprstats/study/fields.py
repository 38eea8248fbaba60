"""Readers of single values of a study file: each returns the value or says what it wants."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, get_args

from exprstats.study.amounts import is_number
from exprstats.study.reading import Reader, Unreadable, show_value
from exprstats.words import name_nearest


def read_text(value: Any, folder: Path) -> str:
    """Return a text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        message = f"must be a text, not {show_value(value)}."
        raise Unreadable(message)
    return value


def read_texts(value: Any, folder: Path) -> tuple[str, ...]:
    """Return a list of texts that are all different and not empty."""
    texts: list[Any] = value if isinstance(value, list) else []
    if not texts or not all(isinstance(text, str) and text for text in texts):
        message = f'must be a list of texts such as ["a", "b"], not {show_value(value)}.'
        raise Unreadable(message)
    twice = [text for text in dict.fromkeys(texts) if texts.count(text) > 1]
    if twice:
        message = f"names '{twice[0]}' more than once; name each once."
        raise Unreadable(message)
    return tuple(texts)


def read_codes(value: Any, folder: Path) -> tuple[str, ...]:
    """Return codes for missing values as texts; numbers may stand without quotes."""
    codes = value if isinstance(value, list) else [value]
    if not all(isinstance(code, str) or is_number(code) for code in codes):
        message = f"must be a list of codes such as [-99], not {show_value(value)}."
        raise Unreadable(message)
    return tuple(str(code) for code in codes)


def read_face(value: Any, folder: Path) -> int | Literal["largest"]:
    """Return which of several faces in a video to follow."""
    if value == "largest":
        return "largest"
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        message = f"must be a face id, such as 0, or 'largest', not {show_value(value)}."
        raise Unreadable(message)
    return value


def read_folder(value: Any, folder: Path) -> Path:
    """Return the path of a folder that is there; relative paths start at the study file."""
    path = folder / Path(read_text(value, folder)).expanduser()
    if path.is_dir():
        return path
    message = f"'{value}' is no folder (looked for {path}). Paths are relative to the study file."
    raise Unreadable(message)


def read_flag(value: Any, folder: Path) -> bool:
    """Return true or false."""
    if not isinstance(value, bool):
        message = f"must be true or false, not {show_value(value)}."
        raise Unreadable(message)
    return value


def read_file(value: Any, folder: Path) -> Path:
    """Return the path of a file that is there; relative paths start at the study file."""
    path = folder / Path(read_text(value, folder)).expanduser()
    if path.is_file():
        return path
    if path.is_dir():
        message = f"'{value}' is a folder; name a file."
        raise Unreadable(message)
    beside = path.parent if path.parent.is_dir() else folder
    names = sorted(entry.name for entry in beside.iterdir() if entry.is_file())
    near = get_close_matches(path.name, names, n=1, cutoff=0.6)
    hint = f"Did you mean '{near[0]}'?" if near else "Paths are relative to the study file."
    message = f"'{value}' is not there (looked for {path}). {hint}"
    raise Unreadable(message)


def one_of(literal: Any) -> Reader:
    """Return a reader that takes one of a Literal's words."""

    def read_word(value: Any, folder: Path) -> str:
        words = get_args(literal)
        if value not in words:
            message = f"cannot be {show_value(value)}. {name_nearest(str(value), words)}"
            raise Unreadable(message)
        return value

    return read_word


def some_of(literal: Any) -> Reader:
    """Return a reader that takes a list of a Literal's words."""
    read_word = one_of(literal)

    def read_words(value: Any, folder: Path) -> tuple[str, ...]:
        return tuple(read_word(word, folder) for word in read_texts(value, folder))

    return read_words
