"""``exprstats audit``: consistency of published coefficients and their intervals."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from exprstats.apa import MISSING, write_count, write_level, write_number
from exprstats.cli.options import ForceOption, JsonOption, LevelOption, OutOption, QuietOption
from exprstats.cli.session import Session, open_session
from exprstats.document.cells import Row, is_absent, list_records

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.reliability import Audit

PRINTED = ("estimate", "conf_low", "conf_high")
COUNTS = ("n_clips", "raters_per_clip")
FOUND = ("consistent", "expected_low", "expected_high", "note")


def audit_file(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="A published table: columns estimate, conf_low, conf_high, n_clips, "
            "raters_per_clip, and any that name its rows.",
        ),
    ],
    term: Annotated[
        Literal["ICC(1,k)", "ICC(1,1)", "ICC(C,k)", "ICC(C,1)"],
        typer.Option(help="Which coefficient is printed."),
    ] = "ICC(1,k)",
    decimals: Annotated[
        int | None,
        typer.Option(min=0, max=12, help="Decimals in print, if the file has lost its zeros."),
    ] = None,
    level: LevelOption = 0.95,
    json: JsonOption = None,
    out: OutOption = None,
    force: ForceOption = False,
    quiet: QuietOption = False,
) -> None:
    """Check which published ICCs follow from their F interval."""
    options = {"json": json, "out": out, "force": force, "quiet": quiet}
    with open_session("audit", **options) as session:
        from exprstats.reliability import audit_table

        table = read_published(session, file)
        result = audit_table(table, term=term, level=level, decimals=decimals)
        _show(session, result, decimals)


def read_published(session: Session, file: Path) -> pd.DataFrame:
    """Read a published table; its numbers stay as they are written, if the file is a text."""
    from exprstats.errors import DataError, Problem
    from exprstats.io import read_table

    facts = session.note_file(file)
    needed = (*PRINTED, *COUNTS)
    absent = [name for name in needed if name not in facts.columns]
    if absent:
        names = " or ".join(f"'{name}'" for name in absent)
        remedy = f"An audit needs {', '.join(needed)}; other columns name the rows."
        raise DataError(Problem(f"there is no column {names}.", remedy, file=str(file)))
    written = PRINTED if facts.separator is not None else ()
    numbers = [name for name in needed if name not in written]
    table = read_table(file, ids=written, numbers=numbers)
    return table.assign(**{name: table[name].map(_unify) for name in written})


def _unify(text: str) -> str:
    """Return a number's text with a point, and a minus that can be read."""
    for dash in "−–—":
        text = text.replace(dash, "-")
    return text.replace(",", ".") if "." not in text else text


def _show(session: Session, result: Audit, decimals: int | None) -> None:
    table = result.tidy()
    rows = [row | {"decimals": count_decimals(row, decimals)} for row in list_records(table)]
    keys = [name for name in table.columns if name not in {*PRINTED, *COUNTS, *FOUND}]
    numbers = table.assign(**{name: table[name].astype(float) for name in PRINTED})
    columns = [*keys, *PRINTED, *COUNTS, *FOUND]
    session.add_table("audit", numbers.astype({"n_clips": int})[columns])
    wrong = [row for row in rows if not row["consistent"]]
    right = len(rows) - len(wrong)
    interval = f"the {write_level(result.level)} F interval of {result.term}"
    session.say(f"{write_count(right)} of {write_count(len(rows))} rows follow from {interval}.")
    if wrong:
        session.show_table("Rows that do not follow", *_list_rows(wrong, keys))
        points = [f"{_name_row(row, keys)}: {_explain(str(row['note']))}" for row in wrong]
        session.show_points("What would explain them", points)
    session.say(
        "The F interval follows from the estimate, the number of clips and the number of raters "
        "alone, so that it can be checked without data. A row follows if one value that rounds "
        "to the printed estimate gives both printed limits. A row that does not may come from "
        "another number of clips or raters, another interval, or a misprint."
    )


def _list_rows(rows: list[Row], keys: list[str]) -> tuple[list[str], list[list[str]]]:
    cells = [
        [
            *(_write_key(row[key]) or MISSING for key in keys),
            write_count(row["n_clips"]),
            f"{row['raters_per_clip']:g}",
            _write(row, "estimate"),
            _write_limits(row, "conf"),
            _write_limits(row, "expected"),
        ]
        for row in rows
    ]
    headers = ["Clips", "Raters", "Estimate", "Printed limits", "They would have to be"]
    return [*(_title(key) for key in keys), *headers], cells


def _title(key: str) -> str:
    return key[:1].upper() + key[1:].replace("_", " ")


def _write(row: Row, name: str) -> str:
    return write_number(float(row[name]), row["decimals"][name], bounded=True)


def _write_limits(row: Row, which: str) -> str:
    # A limit that would have to be has the decimals of the printed one.
    bounds = [
        write_number(float(row[f"{which}_{end}"]), row["decimals"][f"conf_{end}"], bounded=True)
        for end in ("low", "high")
    ]
    return f"[{', '.join(bounds)}]"


def count_decimals(row: Row, forced: int | None) -> dict[str, int]:
    """Return the decimals of a row's numbers: those of its texts, else the most in the row."""
    own = {name: len(str(row[name]).partition(".")[2]) for name in PRINTED}
    most = max(own.values())
    kept = {name: own[name] if isinstance(row[name], str) else most for name in PRINTED}
    return dict.fromkeys(PRINTED, forced) if forced is not None else kept


def _name_row(row: Row, keys: list[str]) -> str:
    return " ".join(filter(None, (_write_key(row[key]) for key in keys))) or "a row"


def _write_key(value: object) -> str:
    if is_absent(value):
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _explain(note: str) -> str:
    """Return a note without the limits, which stand in the table."""
    return note.partition("]; ")[2] or note
