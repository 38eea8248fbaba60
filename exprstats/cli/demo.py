"""``exprstats demo``: a simulated study, its report, and its estimates beside the truth."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from exprstats.cli.cells import (
    Row,
    is_absent,
    list_records,
    name_context,
    show_estimate,
    show_limits,
)
from exprstats.cli.options import ForceOption, JobsOption, JsonOption, QuietOption, SeedOption
from exprstats.cli.session import Session, open_session
from exprstats.numerals import count_things, write_level, write_number

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.simulate import Simulated
    from exprstats.study import StudyRun

_NAMES = ("item", "model", "metric")
_WORDS = {True: "inside", False: "outside", None: "—"}


def show_demo(
    out: Annotated[Path, typer.Option(metavar="DIR", help="The report folder.")] = Path(
        "exprstats-demo"
    ),
    force: ForceOption = False,
    subjects: Annotated[int, typer.Option(min=20, help="How many people.")] = 140,
    json: JsonOption = None,
    seed: SeedOption = 1,
    n_jobs: JobsOption = 2,
    quiet: QuietOption = False,
) -> None:
    """Simulate a study, report on it, and show the truth beside it."""
    with open_session("demo", seed=seed, json=json, quiet=quiet) as session:
        from exprstats.io import stage_folder
        from exprstats.simulate import simulate_expressiveness
        from exprstats.study import compare_truth

        with stage_folder(out, force=force) as stage:
            simulated = simulate_expressiveness(subjects=subjects, seed=seed)
            run = _run_study(simulated, stage, seed=seed, n_jobs=n_jobs)
            truth = compare_truth(run, simulated, seed=seed + 1)
        for one in run.provenance.inputs:
            session.add_input(out / "data" / one.file, one.sha256, one.rows)
        _show(session, truth)
        session.say(f"The report is {out / 'index.html'}; its data are in {out / 'data'}.")


def _run_study(simulated: Simulated, stage: Path, *, seed: int, n_jobs: int) -> StudyRun:
    from exprstats.cli.samples import write_study_files
    from exprstats.report import write_report
    from exprstats.study import read_study, run_study

    with tempfile.TemporaryDirectory() as place:
        data = Path(place) / "data"
        data.mkdir()
        write_study_files(simulated, data, seed=seed)
        run = run_study(read_study(data / "study.toml"), n_jobs=n_jobs)
        write_report(run, stage)
        shutil.copytree(data, stage / "data")
    return run


def _show(session: Session, truth: pd.DataFrame) -> None:
    rows = session.rows = list_records(truth)
    for title, picked in (
        ("Reliability of a clip's mean rating", [r for r in rows if r["term"] == "ICC(1,k)"]),
        ("Standardised loadings", [r for r in rows if r["term"] == "loading"]),
        ("Performance on test subjects", [r for r in rows if not is_absent(r["metric"])]),
    ):
        if picked:
            session.show_table(title, *_list_truths(picked))
    judged = [row for row in rows if row["inside"] is not None]
    inside = sum(bool(row["inside"]) for row in judged)
    session.say(
        f"{count_things(inside, 'intervals holds', 'intervals hold', of=len(judged))} the truth. "
        f"Of {write_level(rows[0]['level'])} "
        "intervals one in twenty may miss it; those of loadings take clips as independent and "
        "miss it more often. The truth of performance is that of the fitted models on 2,000 new "
        "subjects of the same population."
    )


def _list_truths(rows: list[Row]) -> tuple[list[str], list[list[str]]]:
    cells = [
        [
            name_context(row),
            " ".join(str(row[name]) for name in _NAMES if not is_absent(row[name])),
            write_number(row["truth"], 3, bounded=True),
            show_estimate(row, 3),
            show_limits(row, 3),
            _WORDS[row["inside"]],
        ]
        for row in rows
    ]
    return ["Context", "What", "Truth", "Estimate", "Interval", ""], cells
