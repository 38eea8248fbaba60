"""``exprstats check``: what a file or a study holds, and everything that is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from exprstats.cli.options import JsonOption, QuietOption


def check_input(
    file: Annotated[Path, typer.Argument(metavar="FILE|STUDY.toml", help="A table or a study.")],
    json: JsonOption = None,
    quiet: QuietOption = False,
) -> None:
    """Say what a file holds (or all files of a study) and list every problem."""
