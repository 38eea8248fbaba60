"""Tables column by column: what stands above a column beside how its cells are written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import isnan
from typing import TYPE_CHECKING, Any

from exprstats.apa import write_level, write_p
from exprstats.document.cells import Row, list_records, write_estimate, write_limits
from exprstats.document.model import Column, Table
from exprstats.document.text import FIXED, Text, say

if TYPE_CHECKING:
    import pandas as pd

HOLM = f"Holm{FIXED}*p*"


def column(
    key: str,
    heading: str | Text,
    write: Callable[..., str] = str,
    *,
    of: Callable[[Row], Any] | None = None,
    under: str = "",
    words: bool | None = None,
    **options: Any,
) -> Column:
    """Return a column of a table that `tabulate` fills.

    Parameters
    ----------
    key
        Its name, and the value of a row that is written.
    heading
        What is printed above it: a template of `say`, or a text, as what comes from data must be.
    write
        Writes the value, with ``options``: `exprstats.apa.write_count` or another.
    of
        What is written of a row instead of its value.
    under
        The heading over this column and its neighbours.
    words
        Whether it holds words, set left; by default where a value is printed as it is.

    Examples
    --------
    >>> from exprstats.apa import write_number
    >>> shown = column("r", "*r*", write_number, bounded=True)
    >>> tabulate("fit", "Fit", [{"r": 0.5}], [shown]).cells["r"].tolist()
    ['.50']
    """

    def fill(row: Row) -> str:
        return write(row[key] if of is None else of(row), **options)

    told = say(heading) if isinstance(heading, str) else heading
    return Column(key, told, under, (write is str and of is None) if words is None else words, fill)


def estimate_columns(
    level: float | None,
    *,
    heading: str | Text = "Estimate",
    key: str = "",
    of: Callable[[Row], Row] = lambda row: row,
    under: str = "",
    decimals: int = 2,
    bounded: bool = True,
) -> tuple[Column, Column]:
    """Return the columns of an estimate and of its interval, ``of`` the row or of another one.

    They are called "estimate" and "limits", or with a ``key`` that and its "_limits".
    """
    form = {"decimals": decimals, "bounded": bounded}
    name = f"{key}_limits" if key else "limits"
    return (
        column(key or "estimate", heading, write_estimate, of=of, under=under, **form),
        column(name, name_interval(level), write_limits, of=of, under=under, **form),
    )


def p_columns() -> tuple[Column, Column]:
    """Return the columns of p, and of p adjusted after Holm."""
    return column("p_value", "*p*", write_p), column("p_adjusted", HOLM, write_p)


def match_row(rows: pd.DataFrame, *keys: str, **equal: Any) -> Callable[[Row], Row]:
    """Return what finds, for a printed row, the first row with the same keys and given values.

    None stands for empty; a key that the rows lack is no reason to leave one out.
    """
    known = [key for key in keys if key in rows]
    wanted = {name: value for name, value in equal.items() if name in rows}
    found: dict[tuple[Any, ...], Row] = {}
    for row in list_records(rows):
        if all(_clear(row[name]) == value for name, value in wanted.items()):
            found.setdefault(tuple(_clear(row[key]) for key in known), row)
    return lambda row: found.get(tuple(_clear(row[key]) for key in known), {})


def read_value(
    found: Callable[[Row], Row], name: str, absent: float | None = None
) -> Callable[[Row], Any]:
    """Return what reads, for a printed row, a value of the row that is found for it."""
    return lambda row: found(row).get(name, absent)


def _clear(value: Any) -> Any:
    return None if isinstance(value, float) and isnan(value) else value


def name_interval(level: float | None) -> Text:
    """Return the heading of confidence intervals."""
    return say("{level} CI", level="" if level is None else write_level(level))


def tabulate(
    name: str,
    title: str,
    printed: pd.DataFrame | Sequence[Row],
    columns: Iterable[Column | None],
    *,
    group: str | None = None,
    rows: pd.DataFrame | None = None,
    notes: tuple[Text, ...] = (),
    main: bool = False,
) -> Table:
    """Return a table with a line for each row that is printed.

    Parameters
    ----------
    name, title, notes, main
        As of a `Table`.
    printed
        The rows, from which columns write their cells.
    columns
        In order; None is left out.
    group
        Key of the values that head blocks of rows.
    rows
        The tidy rows behind the table, where the printed ones are not.
    """
    import pandas as pd

    kept = tuple(one for one in columns if one is not None)
    filled = (*kept, *((column(group, ""),) if group else ()))
    lines: Sequence[dict[Any, Any]]
    if isinstance(printed, pd.DataFrame):
        lines = list_records(printed)
        rows = printed if rows is None else rows
    else:
        lines = printed
    cells = pd.DataFrame(
        {one.key: [one.write(row) for row in lines] for one in filled if one.write}, dtype=object
    )
    return Table(name, title, kept, cells, group, notes, rows, main)
