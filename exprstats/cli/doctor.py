"""``exprstats doctor``: whether this machine has what exprstats uses."""

from __future__ import annotations

from typing import Annotated

import typer


def examine_machine(
    json: Annotated[bool, typer.Option("--json", help="Write JSON to standard output.")] = False,
) -> None:
    """Look at R, lavaan, rpy2, locale, fonts and versions; say OK, WARN or FAIL with the cure."""
