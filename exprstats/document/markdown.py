"""A table rendered in Markdown, for README files, notebooks and manuscripts by Pandoc or Quarto."""

from __future__ import annotations

import re
from typing import Any

from exprstats.document.model import Table, list_blocks
from exprstats.document.text import Text, write_on_line

_MARKS = re.compile(r"([\\`*_{}\[\]<>|#~^$&])")


def render_markdown(table: Table) -> str:
    r"""Return a table with pipes between its cells, number and title above, notes below.

    A label over columns stands before their headings, and one over rows in a row of its own.

    Examples
    --------
    >>> import pandas as pd
    >>> from exprstats.document.model import list_columns
    >>> columns = list_columns(words=1, name="Name", value="*r*")
    >>> cells = pd.DataFrame({"name": ["a_b"], "value": [".50"]})
    >>> print(render_markdown(Table("few", "Few", columns, cells, number="1")))
    **Table 1**
    <BLANKLINE>
    *Few*
    <BLANKLINE>
    | Name | *r* |
    |:---|---:|
    | a\_b | .50 |
    <BLANKLINE>
    """
    headings = [
        (f"{_escape(one.spanner)}: " if one.spanner else "") + _style(one.heading)
        for one in table.columns
    ]
    marks = [":---" if one.words or not at else "---:" for at, one in enumerate(table.columns)]
    lines = [_join(headings), f"|{'|'.join(marks)}|"]
    for label, held in list_blocks(table):
        if label is not None:
            lines.append(_join([f"**{_escape(label)}**", *[""] * (len(headings) - 1)]))
        lines += [_join([_escape(row[one.key]) for one in table.columns]) for row in held]
    parts = [f"**Table {table.number}**", f"*{_escape(table.title)}*", "\n".join(lines)]
    if table.notes:
        parts.append(" ".join(["*Note.*", *(_style(note) for note in table.notes)]))
    return "\n\n".join(parts) + "\n"


def _join(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _style(text: Text) -> str:
    return "".join(
        f"*{_escape(run.text)}*"
        if run.italic and run.text.strip() == run.text
        else f"`` {run.text} ``"
        if run.code
        else _escape(run.text)
        for run in text
    )


def _escape(text: Any) -> str:
    return _MARKS.sub(r"\\\1", write_on_line(text))
