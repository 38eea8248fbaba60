"""A document rendered as one self-contained page.

Tables are written by a small template of our own: autoescaping then covers every cell by
construction, no markup has to be trusted, and the page is the same bytes for the same document.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exprstats.document.cells import list_records
from exprstats.document.model import Document, Table

if TYPE_CHECKING:
    from jinja2 import Template

_JOINTS = re.compile(r"(?<=[_/\\])(?=.)|(?<=\w[.-])(?=[^\W\d])")
# Words of up to 24 characters with what parts them, or as many characters of a longer one.
_SHORT = re.compile(r"(?:(?<!\S)\S{1,24}(?!\S)|\s)+|\S{1,24}")


def render_html(document: Document, images: Mapping[str, bytes]) -> str:
    """Return the page; ``images`` holds the SVG of each figure by its number."""
    return _open_template().render(
        document=document,
        images={number: b64encode(svg).decode("ascii") for number, svg in images.items()},
        list_blocks=_list_blocks,
        list_spanners=_list_spanners,
        list_pieces=list_pieces,
    )


def list_pieces(text: str) -> list[str]:
    """Return the pieces between which a name may break: at marks that join, or else when long.

    Examples
    --------
    >>> list_pieces("au_count/mean"), list_pieces("0.5 of it"), len(list_pieces("x" * 50))
    (['au_', 'count/', 'mean'], ['0.5 of it'], 3)
    """
    return [found for piece in _JOINTS.split(text) for found in _SHORT.findall(piece)]


@cache
def _open_template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        autoescape=True,
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    return environment.get_template("page.html.j2")


def _list_spanners(table: Table) -> list[dict[str, Any]]:
    """Return runs of columns under one spanner; none where no column has one."""
    if not any(column.spanner for column in table.columns):
        return []
    return [
        {"label": label, "width": len(list(columns))}
        for label, columns in groupby(table.columns, key=lambda column: column.spanner)
    ]


def _list_blocks(table: Table) -> list[dict[str, Any]]:
    rows = list_records(table.cells)
    if table.group is None:
        return [{"label": None, "rows": rows}]
    key = table.group
    return [
        {"label": label, "rows": list(block)}
        for label, block in groupby(rows, key=lambda row: row[key])
    ]
