"""``exprstats demo`` and ``exprstats simulate``: data with known truth and the report on them."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from exprstats.apa import count_things, write_level, write_number
from exprstats.cli.options import ForceOption, JobsOption, JsonOption, QuietOption, SeedOption
from exprstats.cli.session import Session, open_session
from exprstats.document.cells import (
    Row,
    is_absent,
    list_records,
    name_context,
    show_estimate,
    show_limits,
)
from exprstats.options import Design

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.simulate import Simulated
    from exprstats.study import StudyRun

_NAMES = ("item", "model", "metric")
_WORDS = {True: "inside", False: "outside", None: "—"}
_STUDY = """\
# A study file: what to analyse. Run it with: exprstats report study.toml
title = "Expressiveness in three contexts (simulated)"
seed = {seed}

[ratings]                      # one row a rater and clip, one column an item
file = "ratings.csv"
clip = "clip"
rater = "rater"
subject = "subject"
context = "context"
items = [{items}]
scale = [{low:g}, {high:g}]

[scores]
fitted_on = "train"            # scores come from training subjects only; "all" uses everyone
method = "bartlett"

[clips]                        # one row a clip, one column a feature
file = "clips.csv"
clip = "clip"
subject = "subject"
context = "context"
features = [
{features}
]

[split]                        # shares of subjects; nobody is in two parts
train = 0.6
validate = 0.2
test = 0.2

[[models]]
name = "elastic"
kind = "elastic"

[[models]]
name = "forest"
kind = "forest"

[[models]]                     # baselines: random guesses, the training mean, other raters
name = "uniform"
kind = "uniform"

[[models]]
name = "normal"
kind = "normal"

[[models]]
name = "mean"
kind = "mean"

[[models]]
name = "human"
kind = "human"

[compare]
against = "elastic"
metrics = ["nrmse", "correlation"]
draws = 2000

[weights]                      # intervals of the weights, from refits to resampled subjects
draws = 500

[contrasts]                    # do contexts differ in their weights, and need models of their own?
draws = 500
"""


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
        from exprstats.io import stage_folder
        from exprstats.simulate import simulate_expressiveness

        with stage_folder(out, force=force) as stage:
            study = simulate_expressiveness(subjects=subjects, seed=seed)
            written = write_study_files(study, stage, seed=seed)
        session.show_points(f"In {out}:", written)
        session.say(f"Next: exprstats report {out / 'study.toml'}")


def write_study_files(simulated: Simulated, folder: Path, *, seed: int) -> list[str]:
    """Write ratings, clips, truth and a study file; return a line about each."""
    from exprstats.io import write_csv, write_json
    from exprstats.study import list_versions

    ratings = widen_ratings(simulated.ratings)
    tables = {"ratings": ratings, "clips": simulated.clips, "truth": simulated.truth}
    for name, table in tables.items():
        write_csv(table, folder / f"{name}.csv")
    (folder / "study.toml").write_text(describe_study(simulated, seed), encoding="utf-8")
    versions = list_versions()
    write_json(
        {"design": "expressiveness", "seed": seed, "versions": versions}, folder / "provenance.json"
    )
    return [
        f"ratings.csv: {len(ratings):,} rows, one a rater and clip",
        f"clips.csv: {len(simulated.clips):,} rows, one a clip",
        f"truth.csv: {len(simulated.truth):,} population values",
        "study.toml: what to analyse",
    ]


def widen_ratings(ratings: pd.DataFrame) -> pd.DataFrame:
    """Return one row a rater and clip, with one column an item, as crowd platforms export it."""
    key = ["context", "subject", "clip", "rater"]
    wide = ratings.pivot_table("rating", key, "item", sort=False, observed=True)
    items = list(dict.fromkeys(ratings["item"]))
    return wide[items].astype(int).reset_index()


def describe_study(simulated: Simulated, seed: int) -> str:
    """Return the study file."""
    ratings = simulated.ratings
    features = [name for name in simulated.clips if name not in {"clip", "subject", "context"}]
    return _STUDY.format(
        seed=seed,
        items=", ".join(f'"{name}"' for name in dict.fromkeys(ratings["item"])),
        low=ratings["rating"].min(),
        high=ratings["rating"].max(),
        features="\n".join(f'  "{name}",' for name in features),
    )
