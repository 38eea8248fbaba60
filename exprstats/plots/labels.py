"""Names from data made safe and readable as text in a figure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from exprstats.plots.fonts import replace_absent

_BREAKS = re.compile(r"(?<=[\s_./\\-])")
_MOST_LINES = 3
_INVISIBLE = {"Cc": " ", "Cf": ""}  # control and formatting characters


def write_label(name: Any, *, width: int = 24) -> str:
    r"""Return a name as a label: literal, wrapped, without control characters.

    Parameters
    ----------
    name
        Anything that names a context, model or feature.
    width
        Most characters in a line; long names break after spaces and joining marks, and end in
        an ellipsis after three lines.

    Examples
    --------
    >>> write_label("points displacement mean", width=16)
    'points\ndisplacement\nmean'
    >>> print(write_label("$x_1$"))
    \$x_1\$
    """
    text = "".join(_INVISIBLE.get(unicodedata.category(ch), ch) for ch in str(name))
    lines = _fill_lines(" ".join(text.split()), width)
    if len(lines) > _MOST_LINES:
        lines = [*lines[: _MOST_LINES - 1], lines[_MOST_LINES - 1][: width - 1].rstrip() + "…"]
    # An even number of dollar signs would be read as a formula.
    return replace_absent("\n".join(lines)).replace("$", r"\$")


def code_levels(levels: Sequence[Any], *, width: int = 24) -> dict[str, str]:
    """Return a code for each level, in order, with its label.

    Levels are drawn through codes, so that two names that are cut to the same label stay apart.
    """
    return {f"{place:04d}": write_label(level, width=width) for place, level in enumerate(levels)}


def code_column(column: pd.Series, levels: Sequence[Any], codes: Iterable[str]) -> Any:
    """Return a column as a categorical one of codes for its levels, in their order."""
    places = dict(zip(levels, codes, strict=True))
    return pd.Categorical(column.map(places), categories=list(places.values()))


def name_panels(name: str, labels: Mapping[str, str]) -> Any:
    """Return what names the panels of a figure whose column holds codes."""
    from plotnine import labeller

    named: dict[str, Any] = {name: lambda code: labels[code]}
    return labeller(**named)


def name_grid(rows: Mapping[str, str], columns: Mapping[str, str]) -> Any:
    """Return what names the rows and columns of panels whose columns hold codes."""
    from plotnine import labeller

    return labeller(rows=lambda code: rows[code], cols=lambda code: columns[code])


def count_lines(labels: Iterable[str]) -> int:
    """Return the lines of text that labels below each other take."""
    return sum(label.count("\n") + 1 for label in labels)


def _fill_lines(text: str, width: int) -> list[str]:
    lines = [""]
    for piece in _BREAKS.split(text):
        if lines[-1] and len(lines[-1]) + len(piece.rstrip()) > width:
            lines.append("")
        lines[-1] += piece
        while len(lines[-1].rstrip()) > width:
            lines[-1:] = [lines[-1][:width], lines[-1][width:]]
    return [line.rstrip() for line in lines]
