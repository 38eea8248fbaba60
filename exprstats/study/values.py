"""Single values of a study file: their readers, and the lines that they stand in."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, get_args

from exprstats.options import name_nearest

Reader = Callable[[Any, Path], Any]
Lines = dict[tuple[str, str], int]
_HEADING = re.compile(r"\s*\[\[?\s*([^\]]+?)\s*\]")
_KEY = re.compile(r"""\s*("[^"]*"|'[^']*'|[\w-]+)\s*=""")


class Unreadable(ValueError):
    """A value that its key cannot take; the text says what the key wants."""


def find_lines(text: str) -> Lines:
    """Return the line, from 1, of each key below its heading, and of each heading."""
    lines: Lines = {}
    where = ""
    headings: list[str] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if found := _HEADING.match(line):
            headings.append(found[1].strip("\"'"))
            several = line.lstrip().startswith("[[")
            where = f"[[{headings[-1]}]] number {headings.count(headings[-1])}: "
            where = where if several else f"[{headings[-1]}] "
            lines.setdefault(("", headings[-1]), number)
            lines.setdefault((where, ""), number)
        elif found := _KEY.match(line):
            lines.setdefault((where, found[1].strip("\"'")), number)
    return lines


def show_value(value: Any) -> str:
    """Return a TOML value as the user wrote it, near enough to find it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = f"'{value}'" if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def read_scale(value: Any, folder: Path) -> tuple[float, float]:
    """Return the lowest and the highest answer."""
    pair = isinstance(value, list) and len(value) == 2 and all(map(is_number, value))
    if not pair or value[0] >= value[1]:
        message = (
            f"must be the lowest and the highest answer such as [0, 4], not {show_value(value)}."
        )
        raise Unreadable(message)
    return float(value[0]), float(value[1])


def read_share(value: Any, folder: Path) -> float:
    """Return a share above 0 and below 1."""
    if not is_number(value) or not 0 < value < 1:
        message = f"must be a number between 0 and 1, not {show_value(value)}."
        raise Unreadable(message)
    return float(value)


def read_portion(value: Any, folder: Path) -> float:
    """Return a share that may also be 0 or 1."""
    if not is_number(value) or not 0 <= value <= 1:
        message = f"must be a share from 0 to 1, not {show_value(value)}."
        raise Unreadable(message)
    return float(value)


def read_portions(value: Any, folder: Path) -> tuple[float, ...]:
    """Return shares that add up to 1."""
    shares = tuple(read_portion(one, folder) for one in (value if isinstance(value, list) else []))
    if len(shares) < 2 or abs(sum(shares) - 1) > 1e-9:
        message = f"must be shares that add up to 1, such as [0.6, 0.4], not {show_value(value)}."
        raise Unreadable(message)
    return shares


def read_part(value: Any, folder: Path) -> float:
    """Return a share that may be 0 and lies below 1."""
    return 0.0 if is_number(value) and value == 0 else read_share(value, folder)


def read_positive(value: Any, folder: Path) -> float:
    """Return a finite number above 0."""
    if not is_number(value) or value <= 0:
        message = f"must be a number above 0, not {show_value(value)}."
        raise Unreadable(message)
    return float(value)


def read_seed(value: Any, folder: Path) -> int:
    """Return a whole number that is not negative."""
    return _read_whole(value, lowest=0)


def read_whole(value: Any, folder: Path) -> int:
    """Return a whole number of at least 0."""
    return _read_whole(value, lowest=0)


def read_draws(value: Any, folder: Path) -> int:
    """Return a number of bootstrap draws: 100 give a rough interval, 2,000 a usual one."""
    return _read_whole(value, lowest=100)


def read_repeats(value: Any, folder: Path) -> int:
    """Return a whole number of at least 1."""
    return _read_whole(value, lowest=1)


def read_folds(value: Any, folder: Path) -> int:
    """Return a whole number of at least 2."""
    return _read_whole(value, lowest=2)


def read_rates(value: Any, folder: Path) -> tuple[float, ...]:
    """Return one number above 0, or several to try."""
    return tuple(read_positive(one, folder) for one in _list_values(value))


def read_sizes(value: Any, folder: Path) -> tuple[int, ...]:
    """Return one whole number of at least 1, or several to try."""
    return tuple(read_repeats(one, folder) for one in _list_values(value))


def _list_values(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def is_number(value: Any) -> bool:
    """Return whether a TOML value is a finite number (booleans are not)."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _read_whole(value: Any, *, lowest: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < lowest:
        message = f"must be a whole number of at least {lowest}, not {show_value(value)}."
        raise Unreadable(message)
    return value


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


def read_columns(value: Any, folder: Path) -> str | tuple[str, ...]:
    """Return a column, or several that make one id together."""
    if isinstance(value, list):
        return read_texts(value, folder)
    return read_text(value, folder)


def read_encoding(value: Any, folder: Path) -> str:
    """Return the name of an encoding that Python knows."""
    try:
        "".encode(read_text(value, folder))
    except LookupError:
        message = f"'{value}' is not known. Usual ones are utf-8 and cp1252."
        raise Unreadable(message) from None
    return value


def read_sheet(value: Any, folder: Path) -> str | int:
    """Return the name of a sheet, or its number from 1."""
    return value if isinstance(value, str) and value else _read_whole(value, lowest=1)


def read_labels(value: Any, folder: Path) -> bool | tuple[str, ...] | dict[str, float]:
    """Return answers in words from the lowest, or each with its number; true for "4 - Very"."""
    if isinstance(value, bool):
        return value
    if isinstance(value, dict) and value and all(map(is_number, value.values())):
        return {name: float(number) for name, number in value.items()}
    if isinstance(value, list):
        return read_texts(value, folder)
    message = (
        'must be the answers from the lowest, ["never", "often"], or each with its number, '
        f"{{never = 0, often = 3}}, not {show_value(value)}."
    )
    raise Unreadable(message)


def read_counts(value: Any, folder: Path) -> dict[str, int]:
    """Return names, each with a whole number of at least 1, in their order."""
    if not isinstance(value, dict) or not value:
        message = (
            f"must be names with numbers, {{face = 256, voice = 128}}, not {show_value(value)}."
        )
        raise Unreadable(message)
    return {name: _read_whole(number, lowest=1) for name, number in value.items()}


def read_groups(value: Any, folder: Path) -> tuple[tuple[str, ...], ...]:
    """Return lists of texts."""
    if not isinstance(value, list) or not value:
        message = f'must be lists such as [["face"], ["face", "voice"]], not {show_value(value)}.'
        raise Unreadable(message)
    return tuple(read_texts(one, folder) for one in value)


def read_pair(value: Any, folder: Path) -> str:
    """Return a column and one of its values, as COLUMN=VALUE."""
    parts = [one.strip() for one in read_text(value, folder).partition("=")]
    if not all(parts):
        message = f"must be a column and a value such as 'task=neutral', not {show_value(value)}."
        raise Unreadable(message)
    return value


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


def read_place(value: Any, folder: Path) -> Path:
    """Return the path of a folder that may come to be; relative paths start at the study file."""
    path = folder / Path(read_text(value, folder)).expanduser()
    if path.exists() and not path.is_dir():
        message = f"'{value}' is a file; name a folder."
        raise Unreadable(message)
    return path


def read_flag(value: Any, folder: Path) -> bool:
    """Return true or false."""
    if not isinstance(value, bool):
        message = f"must be true or false, not {show_value(value)}."
        raise Unreadable(message)
    return value


def read_strata(value: Any, folder: Path) -> bool | str:
    """Return true or false, or the name of a column."""
    return read_text(value, folder) if isinstance(value, str) else read_flag(value, folder)


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


def read_places(value: Any, folder: Path) -> tuple[Path, ...]:
    """Return files or folders that are there, one or several."""
    given = value if isinstance(value, list) and value else [value]
    found = []
    for one in given:
        path = folder / Path(read_text(one, folder)).expanduser()
        found.append(path if path.is_dir() else read_file(one, folder))
    return tuple(found)


def word_or_file(literal: Any) -> Reader:
    """Return a reader that takes one of a Literal's words, or a file that is there."""

    def read_either(value: Any, folder: Path) -> str | Path:
        words = get_args(literal)
        if value in words:
            return value
        try:
            return read_file(value, folder)
        except Unreadable as error:
            message = f"{error} It may also be {' or '.join(words)}."
            raise Unreadable(message) from None

    return read_either


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
