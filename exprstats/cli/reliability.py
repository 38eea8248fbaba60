"""``exprstats reliability``: ratings to intraclass correlations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from exprstats.cli.cells import (
    Row,
    collect_notes,
    list_records,
    name_context,
    show_count,
)
from exprstats.cli.coefficients import RATERS, TARGET, show_coefficients, show_decisions
from exprstats.cli.options import (
    ByOption,
    ForceOption,
    JobsOption,
    JsonOption,
    LevelOption,
    MissingOption,
    OutOption,
    QuietOption,
    SeedOption,
    check_options,
    split_names,
    split_scale,
)
from exprstats.cli.session import Session, open_session
from exprstats.words import Duplicates, IccModel

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.reliability import Reliability

_INDEPENDENT = "clips treated as independent"


def rate_file(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="Ratings: one row a rating, or one column a rater."),
    ],
    rating: Annotated[
        str | None,
        typer.Option(metavar="COL,...", help="The rating column; several are several items."),
    ] = None,
    clip: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="What was rated. [default: clip]")
    ] = None,
    rater: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Who rated. [default: rater]")
    ] = None,
    raters: Annotated[
        str | None,
        typer.Option(metavar="COL,...", help="Instead of --rater and --rating: a column a rater."),
    ] = None,
    subject: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Who is seen in the clip; gives the interval that holds for repeated subjects.",
        ),
    ] = None,
    by: ByOption = None,
    model: Annotated[
        IccModel,
        typer.Option(help="one-way: raters differ from clip to clip; two-way: the same raters."),
    ] = "one-way",
    scale: Annotated[
        str | None, typer.Option(metavar="LOW,HIGH", help="Refuse ratings outside this scale.")
    ] = None,
    duplicates: Annotated[
        Duplicates, typer.Option(help="What to do where a rater rated a clip twice.")
    ] = "error",
    missing: MissingOption = None,
    level: LevelOption = 0.95,
    json: JsonOption = None,
    out: OutOption = None,
    force: ForceOption = False,
    seed: SeedOption = 1,
    n_jobs: JobsOption = 1,
    quiet: QuietOption = False,
) -> None:
    """Rate how reliable ratings are: ICC with intervals that hold."""
    options = {"json": json, "out": out, "force": force, "quiet": quiet}
    with open_session("reliability", seed=seed, **options) as session:
        check_options(level=level, n_jobs=n_jobs)
        columns = {
            "clip": clip or "clip",
            "rater": rater or "rater",
            "raters": split_names(raters, "--raters"),
            "subject": subject,
            "context": by,
            "scale": split_scale(scale),
            "duplicates": duplicates,
            "missing": split_names(missing, "--missing") or (),
        }
        from exprstats.reliability import rate_reliability

        ratings = _read(session, file, split_names(rating, "--rating"), columns)
        result = rate_reliability(
            ratings,
            model=model,
            by="context" if by else None,
            cluster="subject" if "subject" in ratings else None,
            level=level,
            seed=seed,
        )
        _show(session, result)


def _read(
    session: Session, file: Path, rating: list[str] | None, columns: dict[str, Any]
) -> pd.DataFrame:
    from exprstats.io import read_ratings

    session.note_file(file)
    if rating and len(rating) > 1:
        columns["items"] = rating
    elif rating:
        columns["rating"] = rating[0]
    return read_ratings(file, **columns)


def _show(session: Session, result: Reliability) -> None:
    from exprstats.reliability import plan_raters, study_decisions

    decisions = study_decisions(result, raters=RATERS)
    plan = plan_raters(result, target=TARGET)
    session.rows = result.tidy()
    session.tables = {
        "reliability": result.tidy(),
        "design": result.design,
        "decisions": decisions.tidy(),
        "raters_needed": plan.tidy(),
    }
    session.show_table("Design", *_list_design(list_records(result.design)))
    show_coefficients(session, result)
    show_decisions(session, list_records(decisions.tidy()), list_records(plan.tidy()))
    session.say(result.sentence())
    session.show_points("Notes", _explain(list_records(result.tidy())))


def _list_design(rows: list[Row]) -> tuple[list[str], list[list[str]]]:
    names = ("n_ratings", "n_clips", "n_raters", "n_clusters", "n_missing")
    cells = [
        [
            name_context(row),
            str(row["item"]),
            *(show_count(row, name) for name in names),
            f"{row['raters_min']}–{row['raters_max']}",
            f"{row['rating_low']:g}–{row['rating_high']:g}",
        ]
        for row in rows
    ]
    counts = ["Ratings", "Clips", "Raters", "Subjects", "Missing", "Raters/clip", "Range"]
    return ["Context", "Item", *counts], cells


def _explain(rows: list[Row]) -> list[str]:
    headline = [row for row in rows if row["headline"]]
    points = ["k is the harmonic mean number of raters a clip; --json has the other rules for k."]
    if any(str(row["term"]).startswith("ICC(A") for row in headline):
        points.append("ICC(A) asks raters to agree in level, ICC(C) in the order of clips only.")
    if not any(row["method"] == "jackknife" for row in headline):
        points.append(
            "The interval takes clips as independent. If people are seen in several clips, name "
            "their column with --subject for an interval that holds."
        )
    elif any(row["method"] == "f" for row in rows):
        points.append(
            "The F interval takes clips as independent, which clips of one person and clips "
            "that share raters are not; report the other one."
        )
    return [*points, *(note for note in collect_notes(headline) if note != _INDEPENDENT)]
