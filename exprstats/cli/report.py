"""``exprstats report``: a study file to a report folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from exprstats.cli.options import ForceOption, JobsOption, JsonOption, QuietOption


def report_study(
    study: Annotated[Path, typer.Argument(metavar="STUDY.toml", help="The study file.")],
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="The report folder. [default: report, beside the study]"),
    ] = None,
    force: ForceOption = False,
    json: JsonOption = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Instead of the seed in the study file.")
    ] = None,
    n_jobs: JobsOption = 1,
    quiet: QuietOption = False,
) -> None:
    """Run a study file and write its report: the main job."""
