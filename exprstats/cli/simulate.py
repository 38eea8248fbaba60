"""``exprstats simulate``: a study with known truth, as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from exprstats.cli.options import ForceOption, QuietOption, SeedOption
from exprstats.cli.session import open_session
from exprstats.words import Design


def simulate_design(
    design: Annotated[Design, typer.Argument(metavar="DESIGN", help="What to simulate.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the files.")],
    subjects: Annotated[int, typer.Option(min=5, help="How many people.")] = 140,
    force: ForceOption = False,
    seed: SeedOption = 1,
    quiet: QuietOption = False,
) -> None:
    """Write a simulated study whose truth is known, as files."""
    with open_session("simulate", seed=seed, quiet=quiet) as session:
        from exprstats.cli.samples import write_study_files
        from exprstats.io import stage_folder
        from exprstats.simulate import simulate_expressiveness

        with stage_folder(out, force=force) as stage:
            study = simulate_expressiveness(subjects=subjects, seed=seed)
            written = write_study_files(study, stage, seed=seed)
        session.show_points(f"In {out}:", written)
        session.say(f"Next: exprstats report {out / 'study.toml'}")
