"""``exprstats audit``: consistency of published coefficients and their intervals."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from exprstats.cli.command import opens_session
from exprstats.cli.options import LevelOption, option
from exprstats.cli.reading import get_reading, reads_files
from exprstats.cli.session import Session

if TYPE_CHECKING:
    import pandas as pd


@reads_files
@opens_session("audit", seeded=False)
def audit_file(
    session: Session,
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
        option("Which coefficient is printed."),
    ] = "ICC(1,k)",
    decimals: Annotated[
        int | None, option("Decimals in print, if the file has lost its zeros.", min=0, max=12)
    ] = None,
    level: LevelOption = 0.95,
) -> None:
    """Check which published ICCs follow from their F interval."""
    from exprstats.reliability.audit import ADDED, NEEDED, NUMBERS, audit_table

    table = read_published(session, file)
    result = audit_table(table, term=term, level=level, decimals=decimals)
    numbers = result.tidy().astype({**dict.fromkeys(NUMBERS, float), "n_clips": int})
    session.add_table("audit", numbers[[*result.keys, *NEEDED, *ADDED]])
    session.present(result)


def read_published(session: Session, file: Path) -> pd.DataFrame:
    """Read a published table; its numbers stay as they are written, if the file is a text."""
    from exprstats.errors import DataError, Problem
    from exprstats.io import read_table
    from exprstats.reliability.audit import NEEDED, NUMBERS

    facts = session.note_file(file)
    absent = [name for name in NEEDED if name not in facts.columns]
    if absent:
        names = " or ".join(f"'{name}'" for name in absent)
        remedy = f"An audit needs {', '.join(NEEDED)}; other columns name the rows."
        raise DataError(Problem(f"there is no column {names}.", remedy, file=str(file)))
    written = NUMBERS if facts.separator is not None else ()
    numbers = [name for name in NEEDED if name not in written]
    table = read_table(file, ids=written, numbers=numbers, reading=get_reading())
    return table.assign(**{name: table[name].map(_unify) for name in written})


def _unify(text: str) -> str:
    """Return a number's text with a point, and a minus that can be read."""
    for dash in "−–—":
        text = text.replace(dash, "-")
    return text.replace(",", ".") if "." not in text else text
