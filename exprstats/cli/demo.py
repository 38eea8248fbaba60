"""``exprstats demo``: a simulated study, its report, and its estimates beside the truth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from exprstats.cli.options import ForceOption, JobsOption, JsonOption, QuietOption, SeedOption


def show_demo(
    out: Annotated[Path, typer.Option(metavar="DIR", help="The report folder.")] = Path(
        "exprstats-demo"
    ),
    force: ForceOption = False,
    subjects: Annotated[int, typer.Option(min=20, help="How many people.")] = 140,
    json: JsonOption = None,
    seed: SeedOption = 1,
    n_jobs: JobsOption = 1,
    quiet: QuietOption = False,
) -> None:
    """Simulate a study, run it, write its report, and compare estimates with the truth."""
