"""Section on the audit of published intraclass correlations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import MISSING, write_count, write_level, write_number
from exprstats.document.model import Column, Section, Table, list_columns
from exprstats.document.text import say

if TYPE_CHECKING:
    from exprstats.reliability import Audit


def describe_audit(audit: Audit, name: str) -> Section:
    """Return the section under a name of its own, as there may be several."""
    wrong = audit.table[~audit.table["consistent"].astype(bool)]
    records = [{str(name): cell for name, cell in row.items()} for row in wrong.to_dict("records")]
    points = [
        # The limits, up to a "]; ", are in the table.
        say("{row}: {note}.", row=_name_row(row, audit), note=str(row["note"]).split("]; ", 1)[-1])
        for row in records
    ]
    return Section(
        name,
        "Audit of published reliabilities",
        sentences=(
            say(
                "{right} of {all} rows follow from the {level} *F* interval of {term}.{ending}",
                right=write_count(len(audit.table) - len(wrong)),
                all=write_count(len(audit.table)),
                level=write_level(audit.level),
                term=audit.term,
                ending=say(" <Table {name}> lists the others.", name=f"audit_{name}")
                if points
                else "",
            ),
            say(
                "The *F* interval follows from the estimate, the number of clips and the number "
                "of raters alone, so that it can be checked without data. A row follows if one "
                "value that rounds to the printed estimate gives both printed limits. A row that "
                "does not may come from another number of clips or raters, another interval, or "
                "a misprint."
            ),
            *([say("Possible explanations of the others:")] if points else []),
        ),
        points=tuple(points),
        tables=(_build_table(audit, records, f"audit_{name}"),) if records else (),
    )


def _build_table(audit: Audit, records: list[dict[str, Any]], name: str) -> Table:
    names = {name: f"name{place}" for place, name in enumerate(audit.keys)}
    columns = (
        *(
            Column(key, say("{title}", title=_title(name)), words=True)
            for name, key in names.items()
        ),
        *list_columns(
            clips="Clips",
            raters="Raters",
            estimate="Estimate",
            printed="Printed limits",
            expected="Limits that would follow",
        ),
    )
    cells = []
    for row in records:
        claim = audit.read_claim(row)
        ends = (claim.low.decimals, claim.high.decimals)
        cells.append(
            {key: _write_key(row[name]) or MISSING for name, key in names.items()}
            | {
                "clips": write_count(claim.n),
                "raters": f"{claim.k:g}",
                "estimate": _write(claim.estimate.value, claim.estimate.decimals),
                "printed": _write_limits(claim.low.value, claim.high.value, ends),
                # A limit that would have to be has the decimals of the printed one.
                "expected": _write_limits(row["expected_low"], row["expected_high"], ends),
            }
        )
    return Table(name, "Rows That Do Not Follow", columns, pd.DataFrame(cells), rows=audit.tidy())


def _title(name: str) -> str:
    return name[:1].upper() + name[1:].replace("_", " ")


def _write(value: float, digits: int) -> str:
    return write_number(value, digits, bounded=True)


def _write_limits(low: float, high: float, digits: tuple[int, int]) -> str:
    return f"[{', '.join(map(_write, (low, high), digits))}]"


def _name_row(row: dict[str, Any], audit: Audit) -> str:
    return " ".join(filter(None, (_write_key(row[name]) for name in audit.keys))) or "A row"


def _write_key(value: Any) -> str:
    if pd.isna(value):
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)
