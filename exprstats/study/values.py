"""Single values of a study file: their readers, and the lines that they stand in."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, get_args

from exprstats.io.files.joined import list_joined, take_files
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


def _require(held: bool, wanted: str, value: Any) -> None:
    """Refuse a value that is not what its key wants."""
    if not held:
        message = f"must be {wanted}, not {show_value(value)}."
        raise Unreadable(message)


def read_scale(value: Any, folder: Path) -> tuple[float, float]:
    """Return the lowest and the highest answer."""
    pair = isinstance(value, list) and len(value) == 2 and all(map(is_finite_number, value))
    held = pair and value[0] < value[1]
    _require(held, "the lowest and the highest answer such as [0, 4]", value)
    return float(value[0]), float(value[1])


def read_share(value: Any, folder: Path) -> float:
    """Return a share above 0 and below 1."""
    _require(is_finite_number(value) and 0 < value < 1, "a number between 0 and 1", value)
    return float(value)


def read_portion(value: Any, folder: Path) -> float:
    """Return a share that may also be 0 or 1."""
    _require(is_finite_number(value) and 0 <= value <= 1, "a share from 0 to 1", value)
    return float(value)


def read_portions(value: Any, folder: Path) -> tuple[float, ...]:
    """Return shares that add up to 1."""
    shares = tuple(read_portion(one, folder) for one in (value if isinstance(value, list) else []))
    held = len(shares) > 1 and abs(sum(shares) - 1) <= 1e-9
    _require(held, "shares that add up to 1, such as [0.6, 0.4]", value)
    return shares


def read_part(value: Any, folder: Path) -> float:
    """Return a share that may be 0 and lies below 1."""
    return 0.0 if is_finite_number(value) and value == 0 else read_share(value, folder)


def read_positive(value: Any, folder: Path) -> float:
    """Return a finite number above 0."""
    _require(is_finite_number(value) and value > 0, "a number above 0", value)
    return float(value)


def whole_from(lowest: int) -> Callable[[Any, Path], int]:
    """Return a reader that takes whole numbers from one on."""

    def read_whole_number(value: Any, folder: Path) -> int:
        whole = isinstance(value, int) and not isinstance(value, bool)
        _require(whole and value >= lowest, f"a whole number of at least {lowest}", value)
        return value

    return read_whole_number


read_whole, read_repeats, read_folds = (whole_from(lowest) for lowest in (0, 1, 2))
read_draws = whole_from(100)  # draws give a rough interval, 2,000 a usual one


def read_rates(value: Any, folder: Path) -> tuple[float, ...]:
    """Return one number above 0, or several to try."""
    return tuple(read_positive(one, folder) for one in _list_values(value))


def read_sizes(value: Any, folder: Path) -> tuple[int, ...]:
    """Return one whole number of at least 1, or several to try."""
    return tuple(read_repeats(one, folder) for one in _list_values(value))


def _list_values(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def is_finite_number(value: Any) -> bool:
    """Return whether a TOML value is a finite number (booleans are not)."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def read_text(value: Any, folder: Path) -> str:
    """Return a text that is not empty."""
    _require(isinstance(value, str) and bool(value.strip()), "a text", value)
    return value


def read_texts(value: Any, folder: Path) -> tuple[str, ...]:
    """Return a list of texts that are all different and not empty."""
    texts: list[Any] = value if isinstance(value, list) else []
    held = bool(texts) and all(isinstance(text, str) and text for text in texts)
    _require(held, 'a list of texts such as ["a", "b"]', value)
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


def take_sheet(value: Any, folder: Path) -> str | int:
    """Return the name of a sheet, or its number from 1."""
    return value if isinstance(value, str) and value else read_repeats(value, folder)


def read_labels(value: Any, folder: Path) -> bool | tuple[str, ...] | dict[str, float]:
    """Return answers in words from the lowest, or each with its number; true for "4 - Very"."""
    if isinstance(value, bool):
        return value
    if isinstance(value, dict) and value and all(map(is_finite_number, value.values())):
        return {name: float(number) for name, number in value.items()}
    wanted = 'the answers from the lowest, ["never", "often"], or each with its number, '
    _require(isinstance(value, list), wanted + "{never = 0, often = 3}", value)
    return read_texts(value, folder)


def read_counts(value: Any, folder: Path) -> dict[str, int]:
    """Return names, each with a whole number of at least 1, in their order."""
    held = isinstance(value, dict) and bool(value)
    _require(held, "names with numbers, {face = 256, voice = 128}", value)
    return {name: read_repeats(number, folder) for name, number in value.items()}


def read_groups(value: Any, folder: Path) -> tuple[tuple[str, ...], ...]:
    """Return lists of texts."""
    held = isinstance(value, list) and bool(value)
    _require(held, 'lists such as [["face"], ["face", "voice"]]', value)
    return tuple(read_texts(one, folder) for one in value)


def read_pair(value: Any, folder: Path) -> str:
    """Return a column and one of its values, as COLUMN=VALUE."""
    parts = [one.strip() for one in read_text(value, folder).partition("=")]
    _require(all(parts), "a column and a value such as 'task=neutral'", value)
    return value


def read_codes(value: Any, folder: Path) -> tuple[str, ...]:
    """Return codes for missing values as texts; numbers may stand without quotes."""
    codes = value if isinstance(value, list) else [value]
    held = all(isinstance(code, str) or is_finite_number(code) for code in codes)
    _require(held, "a list of codes such as [-99]", value)
    return tuple(str(code) for code in codes)


def read_face(value: Any, folder: Path) -> int | Literal["largest"]:
    """Return which of several faces in a video to follow."""
    if value == "largest":
        return "largest"
    whole = isinstance(value, int) and not isinstance(value, bool)
    _require(whole and value >= 0, "a face id, such as 0, or 'largest'", value)
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
    _require(isinstance(value, bool), "true or false", value)
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


def read_joined(value: Any, folder: Path) -> Path:
    """Return the path of a file, or what stands for several that are one table.

    These are a list, a folder, or a pattern such as "data/*.csv".
    """
    given = value if isinstance(value, list) and value else [value]
    if len(given) > 1:
        return take_files([read_file(one, folder) for one in given])
    path = folder / Path(read_text(given[0], folder)).expanduser()
    return path if list_joined(path) else read_file(given[0], folder)


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
