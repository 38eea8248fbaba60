r"""A table rendered in LaTeX with the rules of booktabs: ``\input`` it where it is to stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from exprstats.document.model import Table, list_blocks, list_spanners
from exprstats.document.text import FIXED, Text, write_on_line

_LONG, _MANY = 40, 7  # rows that fit on one page, and columns that fit in the usual type
_SIGNS = str.maketrans(
    {
        **{one: rf"\{one}" for one in "&%$#_{}"},
        **{"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"},
        **{"<": "$<$", ">": "$>$", "|": r"\textbar{}", '"': r"\char34{}"},
        **{FIXED: "~", "−": "$-$", "–": "--", "—": "---", "’": "'", "‘": "`", "…": r"\dots{}"},
        **{"“": "``", "”": "''", "≥": r"$\geq$", "≤": r"$\leq$", "×": r"$\times$"},
        **{"√": r"$\surd$", "∞": r"$\infty$", "∈": r"$\in$", "²": "$^2$", "Δ": r"$\Delta$"},
        **{"α": r"$\alpha$", "β": r"$\beta$", "ε": r"$\varepsilon$", "η": r"$\eta$"},
        **{"θ": r"$\theta$", "κ": r"$\kappa$", "λ": r"$\lambda$", "μ": r"$\mu$"},
        **{"σ": r"$\sigma$", "τ": r"$\tau$", "χ": r"$\chi$", "ω": r"$\omega$", "ρ": r"$\rho$"},
    }
)


def render_latex(table: Table) -> str:
    r"""Return a table that needs ``\usepackage{booktabs}``, and ``longtable`` for a long one.

    LaTeX numbers it; its label is ``table-`` and its number here, as in ``\ref{table-A1}``.

    Examples
    --------
    >>> import pandas as pd
    >>> from exprstats.document.model import list_columns
    >>> columns = list_columns(words=1, name="Name", value="*r*")
    >>> cells = pd.DataFrame({"name": ["a_b"], "value": ["−.50"]})
    >>> print(render_latex(Table("few", "Few", columns, cells, number="1")).splitlines()[-4])
    a\_b & $-$.50 \\
    """
    columns, long = table.columns, len(table.cells) > _LONG
    aligned = "".join("l" if one.words or not at else "r" for at, one in enumerate(columns))
    shape = f"{{@{{}}{aligned}@{{}}}}"
    caption = rf"\caption{{{_escape(table.title)}}}\label{{table-{table.number}}}"
    size = r"\footnotesize" if len(columns) > _MANY else r"\small"
    if long:
        opening = [rf"{{{size}", rf"\begin{{longtable}}{shape}", rf"{caption} \\"]
    else:
        opening = [r"\begin{table}[htbp]", caption, size, rf"\begin{{tabular}}{shape}"]
    headings = _join([_style(one.heading) for one in columns])
    lines = [*opening, r"\toprule", *_write_spanners(table), headings, r"\midrule"]
    lines += [r"\endhead"] if long else []
    for label, held in list_blocks(table):
        if label is not None:
            lines.append(rf"\multicolumn{{{len(columns)}}}{{@{{}}l}}{{{_escape(label)}}} \\")
        indent = "" if label is None else r"\quad "
        lines += [indent + _join([_escape(row[one.key]) for one in columns]) for row in held]
    lines += [r"\bottomrule", r"\end{longtable}" if long else r"\end{tabular}"]
    if table.notes:
        told = " ".join([r"\textit{Note.}", *(_style(note) for note in table.notes)])
        lines += ["", rf"\noindent\parbox{{\linewidth}}{{\footnotesize\raggedright {told}}}"]
    return "\n".join([*lines, "}" if long else r"\end{table}", ""])


def _write_spanners(table: Table) -> list[str]:
    """Return the line of labels over columns and the rules below them, where there are any."""
    cells, rules, start = [], [], 1
    for label, width in list_spanners(table):
        cells.append(rf"\multicolumn{{{width}}}{{c}}{{{_escape(label)}}}")
        rules += [rf"\cmidrule(lr){{{start}-{start + width - 1}}}"] if label else []
        start += width
    return [_join(cells), " ".join(rules)] if cells else []


def _join(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"


def _style(text: Text) -> str:
    wrapped = {(True, False): r"\textit", (False, True): r"\texttt"}
    return "".join(
        f"{wrapped[form]}{{{_escape(run.text)}}}"
        if (form := (run.italic, run.code)) in wrapped
        else _escape(run.text)
        for run in text
    )


def _escape(text: Any) -> str:
    told = write_on_line(text).translate(_SIGNS)
    # A bracket at the start of a line would be read as an option of the line break before it.
    return f"{{}}{told}" if told.startswith(("[", "*")) else told
