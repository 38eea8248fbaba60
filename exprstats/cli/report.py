"""``exprstats report``: the report folder of a study file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from exprstats.cli.options import ForceOption, JobsOption, JsonOption, QuietOption, option
from exprstats.cli.places import spare_input
from exprstats.cli.session import Session, open_session

if TYPE_CHECKING:
    from exprstats.study import StudyRun

# Sections that the terminal shows; the page has all.
SHOWN = ("analysed", "reliability", "measurement", "fits", "performance", "comparisons")


def report_study(
    study: Annotated[Path, typer.Argument(metavar="STUDY.toml", help="The study file.")],
    out: Annotated[
        Path | None, option("The report folder. [default: report, beside the study]", "DIR")
    ] = None,
    force: ForceOption = False,
    json: JsonOption = None,
    seed: Annotated[int | None, option("Instead of the seed in the study file.", min=0)] = None,
    n_jobs: JobsOption = 1,
    quiet: QuietOption = False,
) -> None:
    """Run a study file and write its report: the main job."""
    with open_session("report", seed=seed, json=json, force=force, quiet=quiet) as session:
        from exprstats.io import stage_folder
        from exprstats.report import gather_analysis, write_document
        from exprstats.study import read_study, run_study

        settings = read_study(study)
        if seed is not None:
            settings = replace(settings, seed=seed)
        folder = out or settings.path.parent / "report"
        for one in settings.list_files():
            spare_input(one, session.files, folder)
        with stage_folder(folder, force=force) as stage:
            run = run_study(settings, n_jobs=n_jobs)
            document = write_document(gather_analysis(run), stage, failures=session.failures)
        show_run(session, run)
        further = {one.name.removesuffix("-appendix"): one.tables for one in document.appendix}
        for section in document.sections:
            if section.name in SHOWN:
                tables = (*section.tables, *further.get(section.name, ()))
                session.show(replace(section, tables=tables))
        session.show_points("Choices:", list(run.provenance.notes))
        session.failures += [str(one) for one in run.provenance.failures]
        session.say(f"The report is {folder / 'index.html'}, and for Word report.docx beside it.")


def show_run(session: Session, run: StudyRun) -> None:
    """Put a study's run into the session: its inputs and its rows."""
    provenance = run.provenance
    session.seed = provenance.seed
    folder = run.study.path.parent
    for one in provenance.inputs:
        session.add_input(folder / one.file, one.sha256, one.rows)
    session.rows = list_result_rows(run)


def list_result_rows(run: StudyRun) -> list[dict[str, Any]]:
    """Return the tidy rows of every result, each with the name of its result first.

    They are those of ``results.json`` in the report folder, in its order.
    """
    from exprstats.report import collect_tables

    return [
        {"result": name, **{str(column): value for column, value in row.items()}}
        for name, table in collect_tables(run).items()
        for row in table.to_dict("records")
    ]
