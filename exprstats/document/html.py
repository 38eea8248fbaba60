"""A document rendered as one self-contained page.

Tables are written by a small template of our own: autoescaping then covers every cell by
construction, no markup has to be trusted, and the page is the same bytes for the same document.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from exprstats.document.model import Document, list_blocks, list_spanners
from exprstats.document.text import list_pieces

if TYPE_CHECKING:
    from jinja2 import Template


def render_html(document: Document, images: Mapping[str, bytes]) -> str:
    """Return the page; ``images`` holds the SVG of each figure by its number."""
    return _open_template().render(
        document=document,
        images={number: b64encode(svg).decode("ascii") for number, svg in images.items()},
        list_blocks=list_blocks,
        list_spanners=list_spanners,
        list_pieces=list_pieces,
    )


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
