"""Rendering in a terminal: aligned tables, wrapped paragraphs, error blocks."""

from __future__ import annotations

import re
import shutil
import sys
import textwrap
import unicodedata
from collections.abc import Sequence

from exprstats.apa import count_things
from exprstats.errors import DataError, ExprStatsError

_MOST = 20
# Names from files must not steer the terminal.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_SPOKEN = (
    ("span=", "--span"),
    ("Pass cluster=None", "Leave --subject out"),
    ("with cluster=", "with --subject"),
    ("with by=", "with --by"),
    ("with run=", "with --seat"),
    ("with models=", "with --models"),
    ("Use model='one-way'", "Use --model one-way"),
    ("force the replacement", "add --force"),
)
# The same for words that are keys where a study file is read.
_SPOKEN_BY = {
    "reliability": (
        ("ask for duplicates 'mean' or 'first'", "add --duplicates mean or --duplicates first"),
    ),
    "features": (("raise 'unmatched'", "raise --unmatched"), ("'recursive'", "--recursive")),
    "fit": (
        ("(missing)", "with --missing"),
        ("(classes)", "with --classes"),
        ("more are needed, or other shares", "more are needed"),
        ("Use another seed", "Use another --seed"),
        ("use task='regression'", "leave --classes out"),
    ),
}
_ASCII = str.maketrans({"−": "-", "—": "-", "–": "-", "─": "-", "≥": ">=", "×": "x", "∞": "inf"})


def lay_out_table(
    headers: Sequence[str], rows: Sequence[Sequence[str]], *, width: int | None = None
) -> str:
    """Return a table of texts, its numbers aligned right.

    Columns that a terminal of that width has no room for follow below, behind the first ones.

    Examples
    --------
    >>> print(lay_out_table(["Item", "ICC"], [["response", ".857"], ["motion", "−.01"]]))
    Item       ICC
    ──────────────
    response  .857
    motion    −.01
    """
    blocks = _split_columns(headers, rows, width)
    return "\n\n".join(
        _align([headers[i] for i in block], [[row[i] for i in block] for row in rows])
        for block in blocks
    )


def find_width() -> int | None:
    """Return how many letters a line of the terminal holds; None where nobody looks at one."""
    return shutil.get_terminal_size((100, 24)).columns if sys.stdout.isatty() else None


def _split_columns(
    headers: Sequence[str], rows: Sequence[Sequence[str]], width: int | None
) -> list[list[int]]:
    """Return the columns of each block: all in one where they fit, else the first words repeat."""
    widths = [max(map(_measure, column)) + 2 for column in zip(headers, *rows, strict=True)]
    if width is None or sum(widths) - 2 <= width:
        return [list(range(len(headers)))]
    columns = list(zip(*rows, strict=True)) or [()] * len(headers)
    words = [i for i in range(min(len(headers) - 1, 2)) if not all(map(_looks_numeric, columns[i]))]
    keys = words if words == list(range(len(words))) else []
    blocks: list[list[int]] = [list(keys)]
    for place in range(len(keys), len(headers)):
        held = blocks[-1]
        if len(held) > len(keys) and sum(widths[i] for i in [*held, place]) - 2 > width:
            blocks.append(list(keys))
        blocks[-1].append(place)
    return blocks


def _align(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    cells = [list(headers), *([str(cell) for cell in row] for row in rows)]
    columns = list(zip(*cells, strict=True))
    widths = [max(map(_measure, column)) for column in columns]
    right: list[bool] = [
        all(map(_looks_numeric, column[1:])) and len(column) > 1 for column in columns
    ]
    lines = [
        "  ".join(_pad(*shape) for shape in zip(row, widths, right, strict=True)) for row in cells
    ]
    lines.insert(1, "─" * (sum(widths) + 2 * (len(widths) - 1)))
    return "\n".join(line.rstrip() for line in lines)


def wrap_text(text: str, *, indent: str = "", first: str | None = None) -> str:
    """Return a paragraph wrapped to the terminal, never wider than people read."""
    width = min(shutil.get_terminal_size((100, 24)).columns, 100)
    return textwrap.fill(
        " ".join(text.split()),
        width,
        initial_indent=indent if first is None else first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def list_points(title: str, points: Sequence[str]) -> str:
    """Return a title and one dash a point."""
    lines = [wrap_text(point, indent="    ", first="  - ") for point in points]
    return "\n".join([title, *lines])


def describe_error(command: str, error: ExprStatsError) -> str:
    """Return the block that a user reads when a command stops."""
    if not isinstance(error, DataError):
        text = speak_options(command, str(error))
        return wrap_text(f"exprstats {command}: {text}", indent="  ", first="")
    texts = [speak_options(command, str(problem)) for problem in error.problems]
    count = count_things(len(texts), "problem")
    more = [f"... and {len(texts) - _MOST:,} more."] if len(texts) > _MOST else []
    return list_points(f"exprstats {command}: {count}", [*texts[:_MOST], *more])


def speak_options(command: str, text: str) -> str:
    """Return a message with the program's options where it names a verb's arguments."""
    for argument, option in (*_SPOKEN, *_SPOKEN_BY.get(command, ())):
        text = text.replace(argument, option)
    return text


def write_line(text: str = "", *, to_errors: bool = False) -> None:
    """Print a text, with plain signs where the terminal has no others."""
    stream = sys.stderr if to_errors else sys.stdout
    text = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)
    encoding = stream.encoding or "ascii"
    if not encoding.lower().startswith("utf"):
        text = text.translate(_ASCII).encode(encoding, "replace").decode(encoding)
    stream.write(f"{text}\n")


def _measure(text: str) -> int:
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    marks = sum(bool(unicodedata.combining(letter)) for letter in text)
    return len(text) + wide - marks


def _pad(text: str, width: int, right: bool) -> str:
    space = " " * (width - _measure(text))
    return space + text if right else text + space


def _looks_numeric(text: str) -> bool:
    return text in {"", "—"} or text.lstrip("−-<> [.")[:1].isdigit()
