"""Tables in Markdown and LaTeX: read back cell by cell, whatever the cells hold."""

import re

import pandas as pd
import pytest

from exprstats.document.latex import render_latex
from exprstats.document.markdown import render_markdown
from exprstats.document.model import Column, Table
from exprstats.document.text import Run, say, write_plain

NAMES = ["a|b", "c\\d_e*f*", "[x](y) <i>", "`code` #1 $x^2$ {50%} & ~", "two\nlines", "[.1, .2]"]


@pytest.fixture
def table():
    columns = (
        Column("name", say("Name"), words=True),
        Column("low", say("*M*"), "Means & more"),
        Column("high", say("95% CI"), "Means & more"),
        Column("p", say("*p*")),
    )
    cells = pd.DataFrame(
        {
            "name": NAMES,
            "low": ["−.50"] * len(NAMES),
            "high": "[−.60, −.40]",
            "p": "< .001",
            "block": ["First_1"] * 3 + ["All"] * 3,
        }
    )
    notes = (say("*M* = mean of {name}.", name="x_1"), (Run("a_b()", code=True),))
    return Table("names", "Names & 'More'", columns, cells, "block", notes, number="A2")


def read_markdown(text):
    lines = [line for line in text.splitlines() if line.startswith("|")]
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines]
    return [[re.sub(r"\\(.)", r"\1", cell.strip()) for cell in row] for row in rows]


def test_markdown_has_every_cell_in_its_place(table):
    text = render_markdown(table)
    rows = read_markdown(text)
    assert rows[0] == ["Name", "Means & more: *M*", "Means & more: 95% CI", "*p*"]
    assert rows[1] == [":---", "---:", "---:", "---:"]
    assert [row[0] for row in rows[2:]] == [
        "**First_1**",
        *(name.replace("\n", " ") for name in NAMES[:3]),
        "**All**",
        *(name.replace("\n", " ") for name in NAMES[3:]),
    ]
    assert all(len(row) == 4 for row in rows)
    assert rows[3][1:] == ["−.50", "[−.60, −.40]", "< .001"]
    assert text.startswith("**Table A2**\n\n*Names \\& 'More'*\n\n|")
    assert text.endswith("*Note.* *M* = mean of x\\_1. `` a_b() ``\n")


def read_latex(text):
    """Return the rows between the rules, commands undone."""
    inner = text[text.index("\\toprule") : text.index("\\bottomrule")]
    lines = [line for line in inner.splitlines() if line.endswith("\\\\")]
    signs = {r"\textbackslash{}": "\\", r"\textasciitilde{}": "~", r"\textasciicircum{}": "^"}
    signs |= {r"\textbar{}": "|", "$<$": "<", "$>$": ">", "$-$": "−", r"\quad ": "", "{}": ""}
    rows = []
    for line in lines:
        cells = re.split(r"(?<!\\) & ", line.removesuffix(" \\\\"))
        for sign, letter in signs.items():
            cells = [cell.replace(sign, letter) for cell in cells]
        rows.append([re.sub(r"\\([&%$#_{}])", r"\1", cell) for cell in cells])
    return rows


def test_latex_has_every_cell_in_its_place(table):
    text = render_latex(table)
    rows = read_latex(text)
    assert [len(row) for row in rows] == [3, 4, 1, 4, 4, 4, 1, 4, 4, 4]
    whole = [row for row in rows if len(row) == 4]
    assert whole[0] == ["Name", r"\textit{M}", r"95% CI", r"\textit{p}"]
    told = [row[0].replace("`", "").replace("‘", "") for row in whole[1:]]
    assert told == [name.replace("\n", " ").replace("`", "") for name in NAMES]
    assert whole[1][1:] == ["−.50", "[−.60, −.40]", "< .001"]
    assert r"\cmidrule(lr){2-3}" in text and r"\label{table-A2}" in text


def test_latex_leaves_no_letter_that_it_would_read_as_a_command(table):
    text = render_latex(table)
    lines = text.splitlines()
    assert lines[0] == r"\begin{table}[htbp]" and lines[-1] == r"\end{table}"
    bare = re.sub(r"\\[\\&%$#_{}]", "", text)
    assert bare.count("{") == bare.count("}")
    assert not re.findall(r"[%#_^~]", re.sub(r"\\[a-z]+", "", bare).replace("95~CI", ""))
    assert bare.count("$") % 2 == 0
    # A row that starts with a bracket would be an option of the line break before it.
    assert not re.search(r"\\\\\s*\n\s*[\[*]", text)
    for letter in write_plain(say("√ ω ≥ ≤ − – — ’ ‘ Δ χ² α κ λ ε η")).replace(" ", ""):
        other = Table("x", letter, table.columns, table.cells, number="1")
        assert render_latex(other).isascii(), letter


def test_a_long_table_goes_on_with_its_headings(table):
    cells = pd.concat([table.cells] * 8, ignore_index=True)
    text = render_latex(Table("x", "Long", table.columns, cells, notes=table.notes, number="1"))
    assert text.startswith("{\\small\n\\begin{longtable}") and text.endswith("\n}\n")
    head = text[: text.index("\\endhead")]
    assert head.count("\\toprule") == 1 and "Name &" in head
    assert len([row for row in read_latex(text) if len(row) == 4]) == 1 + len(cells)


def test_labels_over_columns_have_a_rule_over_their_own_columns(table):
    more = (
        *table.columns[:3],
        Column("low", say("*M*"), "Others"),
        Column("p", say("*p*"), "Others"),
    )
    text = render_latex(Table("x", "Two", more, table.cells, number="1"))
    assert r"\cmidrule(lr){2-3} \cmidrule(lr){4-5}" in text
    assert r"\multicolumn{1}{c}{} & \multicolumn{2}{c}{Means \& more}" in text
