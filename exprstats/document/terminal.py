"""Rendering in a terminal: aligned tables, wrapped paragraphs, error blocks."""

from __future__ import annotations

import re
import shutil
import sys
import textwrap
import unicodedata
from collections.abc import Sequence

from exprstats.apa import count_things
from exprstats.document.cells import list_records
from exprstats.document.model import Column, Section, Table
from exprstats.document.text import write_on_line, write_plain
from exprstats.errors import DataError, ExprStatsError, ExprStatsWarning, Problem

_MOST = 20
_HEADER = 12  # letters of a line of a heading
# Names from files must not steer the terminal.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
# An option with a value in quotes, and a letter that stands for a space while lines are filled.
_GIVEN = re.compile(r"--[a-z-]+[ =]'[^']*'")
_JOINT = "\ue000"
# Arguments of verbs that have another name on the command line, and in a study file.
_NAMES = {
    "command": {"cluster": "subject", "context": "by", "run": "seat", "unit": "time_unit"},
    "study": {"cluster": "subject"},
}
# Where a terminal has no such sign; "Δ" stands before what differs.
_ASCII = str.maketrans(
    {"−": "-", "—": "-", "–": "-", "─": "-", "≥": ">=", "≤": "<=", "×": "x", "∞": "inf"}
    | {"’": "'", "‘": "'", "“": '"', "”": '"', "\N{NO-BREAK SPACE}": " ", "√": "sqrt ", "…": "..."}
    | {"α": "alpha", "κ": "kappa", "λ": "lambda", "ε": "epsilon", "ω": "omega", "χ": "chi"}
    | {"η": "eta", "θ": "theta", "σ": "sigma", "Δ": "difference in"}
)


def render_section(section: Section, *, width: int | None = None) -> list[str]:
    """Return a section as blocks of text, in the order in which they are read; without figures.

    ``width``: letters that a line of the terminal holds, None where nobody looks at one.
    """
    blocks = [section.title, *(wrap_text(write_plain(text)) for text in section.sentences)]
    if section.points:
        points = (write_plain(point) for point in section.points)
        blocks.append("\n".join(wrap_text(one, indent="    ", first="  - ") for one in points))
    blocks += [wrap_text(f"Caution: {write_plain(text)}") for text in section.caveats]
    blocks += [render_table(table, width=width) for table in section.tables]
    if section.steps:
        blocks.append("\n".join(["Next:", *(f"  {write_plain(step)}" for step in section.steps)]))
    return blocks


def render_table(table: Table, *, width: int | None = None) -> str:
    """Return a table under its number and title, with its notes below."""
    number = f"Table {table.number}. " if table.number else ""
    keys = [column.key for column in table.columns]
    # A name that holds a line break is one line here.
    shown = [
        {name: write_on_line(value) for name, value in row.items()}
        for row in list_records(table.cells)
    ]
    rows = [[row[key] for key in keys] for row in shown]
    groups = [] if table.group is None else [row[table.group] for row in shown]
    rows = [[f"  {row[0]}", *row[1:]] for row in rows] if groups else rows
    cells = list(zip(*rows, strict=True)) or [()] * len(keys)
    headers = [
        _fold_header(write_plain(column.heading), max(map(_measure, below), default=0))
        for column, below in zip(table.columns, cells, strict=True)
    ]
    body = "\n\n".join(
        _align_columns(
            [table.columns[i] for i in block],
            [headers[i] for i in block],
            [[row[i] for i in block] for row in rows],
            groups,
        )
        for block in _split_columns(table.columns, headers, rows, width)
    )
    parts = [wrap_text(f"{number}{table.title}"), body]
    notes = " ".join(write_plain(note) for note in table.notes)
    return "\n\n".join([*parts, wrap_text(f"Note. {notes}")] if notes else parts)


def _align_columns(
    columns: list[Column], headers: list[list[str]], rows: list[list[str]], groups: list[str]
) -> str:
    """Return lines of columns: numbers right, words left, spanners above, groups between."""
    tall = max(map(len, headers))
    above = list(zip(*([""] * (tall - len(one)) + one for one in headers), strict=True))
    widths = [max(map(_measure, column)) for column in zip(*above, *rows, strict=True)]
    widths = _make_room(columns, widths)
    lines = []
    if any(column.spanner for column in columns):
        line = ""
        for at, column in enumerate(columns):
            if column.spanner and (at == 0 or columns[at - 1].spanner != column.spanner):
                line = f"{line.ljust(sum(widths[:at]) + 2 * at)}{column.spanner}  "
        lines.append(line)
    for place, row in enumerate([*above, *rows], start=-tall):
        if place == 0:
            lines.append("─" * (sum(widths) + 2 * (len(widths) - 1)))
        if place >= 0 and groups and (place == 0 or groups[place] != groups[place - 1]):
            lines.append(groups[place])
        shapes = zip(row, widths, columns, strict=True)
        lines.append("  ".join(_pad(cell, size, not column.words) for cell, size, column in shapes))
    return "\n".join(line.rstrip() for line in lines)


def _make_room(columns: Sequence[Column], widths: Sequence[int]) -> list[int]:
    """Return the widths of columns, the last one below a spanner wide enough for its label."""
    made, start = list(widths), 0
    for at, column in enumerate(columns):
        if at and columns[at - 1].spanner != column.spanner:
            start = at
        if column.spanner and (at + 1 == len(columns) or columns[at + 1].spanner != column.spanner):
            held = sum(made[start : at + 1]) + 2 * (at - start)
            made[at] += max(0, _measure(column.spanner) - held)
    return made


def _fold_header(header: str, width: int) -> list[str]:
    """Return a heading in lines that are hardly wider than the cells below it."""
    return textwrap.wrap(
        header, max(width, _HEADER), break_long_words=False, break_on_hyphens=False
    ) or [""]


def find_width() -> int | None:
    """Return how many letters a line of the terminal holds; None where nobody looks at one."""
    return shutil.get_terminal_size((100, 24)).columns if sys.stdout.isatty() else None


def _split_columns(
    columns: Sequence[Column],
    headers: Sequence[Sequence[str]],
    rows: Sequence[Sequence[str]],
    width: int | None,
) -> list[list[int]]:
    """Return the columns of each block: all in one where they fit, else the first words repeat."""
    cells = list(zip(*rows, strict=True)) or [()] * len(headers)
    widths = [
        max(map(_measure, [*header, *below])) for header, below in zip(headers, cells, strict=True)
    ]

    def fits(places: Sequence[int]) -> bool:
        made = _make_room([columns[i] for i in places], [widths[i] for i in places])
        return width is None or sum(made) + 2 * (len(made) - 1) <= width

    if fits(range(len(headers))):
        return [list(range(len(headers)))]
    words = [i for i in range(min(len(headers) - 1, 2)) if columns[i].words]
    keys = words if words == list(range(len(words))) else []
    blocks: list[list[int]] = [list(keys)]
    for place in range(len(keys), len(headers)):
        held = blocks[-1]
        if len(held) > len(keys) and not fits([*held, place]):
            blocks.append(list(keys))
        blocks[-1].append(place)
    return blocks


def wrap_text(text: str, *, indent: str = "", first: str | None = None) -> str:
    """Return a paragraph wrapped to the terminal, never wider than people read."""
    width = min(shutil.get_terminal_size((100, 24)).columns, 100)
    # What an option is given stays on one line, to be copied.
    text = _GIVEN.sub(lambda found: found[0].replace(" ", _JOINT), " ".join(text.split()))
    return textwrap.fill(
        text,
        width,
        initial_indent=indent if first is None else first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    ).replace(_JOINT, " ")


def list_points(title: str, points: Sequence[str]) -> str:
    """Return a title and one dash a point."""
    lines = [wrap_text(point, indent="    ", first="  - ") for point in points]
    return "\n".join([title, *lines])


def describe_error(command: str, error: ExprStatsError) -> str:
    """Return the block that a user reads when a command stops."""
    if not isinstance(error, DataError):
        return wrap_text(f"exprstats {command}: {spell(command, error)}", indent="  ", first="")
    texts = _list_once([spell(command, problem) for problem in error.problems])
    count = count_things(len(texts), "problem")
    more = [f"... and {len(texts) - _MOST:,} more."] if len(texts) > _MOST else []
    return list_points(f"exprstats {command}: {count}", [*texts[:_MOST], *more])


def _list_once(texts: list[str]) -> list[str]:
    """Return problems of which only the first lists what there is, where several do.

    Examples
    --------
    >>> _list_once(["no 'a'. There is: x, y.", "no 'b'. There is: x, y."])
    ["no 'a'. There is: x, y.", "no 'b'."]
    """
    seen: set[str] = set()
    kept = []
    for text in texts:
        told, mark, listed = text.rpartition(" There is: ")
        kept.append(told if mark and listed in seen else text)
        seen.add(listed)
    return kept


def spell(command: str, message: ExprStatsError | ExprStatsWarning | Problem) -> str:
    """Return a message with its options as the user of a command writes them."""
    style = "study" if command == "report" else "command"
    return message.speak(style, _NAMES[style])


def write_line(text: str = "", *, to_errors: bool = False) -> None:
    """Print a text, with plain signs where the terminal has no others."""
    stream = sys.stderr if to_errors else sys.stdout
    text = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)
    encoding = stream.encoding or "ascii"
    if not encoding.lower().startswith("utf"):
        text = text.translate(_ASCII).encode(encoding, "replace").decode(encoding)
    stream.write(f"{text}\n")


def _measure(text: str) -> int:
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    marks = sum(bool(unicodedata.combining(letter)) for letter in text)
    return len(text) + wide - marks


def _pad(text: str, width: int, right: bool) -> str:
    space = " " * (width - _measure(text))
    return space + text if right else text + space
