"""``exprstats reliability``: ratings to intraclass correlations."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from exprstats.cli.cells import Row, list_records, name_context, show_count
from exprstats.cli.coefficients import (
    RATERS,
    TARGET,
    describe_range,
    show_coefficients,
    show_decisions,
)
from exprstats.cli.companions import explain_choice, show_contrasts, show_subjects
from exprstats.cli.explanations import explain_coefficients
from exprstats.cli.flags import show_raters
from exprstats.cli.options import (
    ByOption,
    ClipOption,
    ForceOption,
    JsonOption,
    LevelOption,
    MissingOption,
    OutOption,
    QuietOption,
    RaterOption,
    RatersOption,
    RatingOption,
    SeedOption,
    SingleJobOption,
)
from exprstats.cli.scale_points import show_errors
from exprstats.cli.session import Session, open_session
from exprstats.cli.values import name_ratings, split_names, split_scale
from exprstats.errors import OptionError
from exprstats.words import Duplicates, IccEstimator, IccModel

if TYPE_CHECKING:
    from exprstats.reliability import Reliability

FEWEST_DRAWS = 100


def rate_file(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="Ratings: one row a rating, or one column a rater."),
    ],
    rating: RatingOption = None,
    clip: ClipOption = None,
    rater: RaterOption = None,
    raters: RatersOption = None,
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
        typer.Option(
            help="one-way: raters differ from clip to clip; two-way: the same raters; nested: "
            "clips within subjects."
        ),
    ] = "one-way",
    estimator: Annotated[
        IccEstimator,
        typer.Option(help="reml: by lme4 in R (one-way without R), beside the closed form."),
    ] = "closed",
    draws: Annotated[
        int, typer.Option(min=0, help="Draws of a cluster bootstrap, as a further interval.")
    ] = 0,
    target: Annotated[
        float,
        typer.Option(min=0.01, max=0.99, help="Reliability wanted, for the raters it needs."),
    ] = TARGET,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say which coefficient to report, and why.")
    ] = False,
    errors: Annotated[
        bool, typer.Option("--errors", help="Variance components, and errors in points.")
    ] = False,
    forensics: Annotated[
        bool, typer.Option("--forensics", help="Raters who say little about the clips.")
    ] = False,
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
    n_jobs: SingleJobOption = 1,
    quiet: QuietOption = False,
) -> None:
    """Rate how reliable ratings are: ICC with intervals that hold."""
    options = {"json": json, "out": out, "force": force, "quiet": quiet}
    with open_session("reliability", seed=seed, **options) as session:
        if 0 < draws < FEWEST_DRAWS:
            message = f"--draws {draws} is too few; ask for {FEWEST_DRAWS}, better 2000."
            raise OptionError(message)
        named = name_ratings(rating, clip, rater, raters)
        named |= {key: name for key, name in (("subject", subject), ("context", by)) if name}
        from exprstats.io import read_ratings
        from exprstats.reliability import rate_reliability

        session.note_file(file)
        ratings = read_ratings(
            file,
            **named,
            scale=split_scale(scale),
            duplicates=duplicates,
            missing=split_names(missing, "--missing") or (),
        )
        choices = {
            "model": model,
            "cluster": "subject" if "subject" in ratings else None,
            "level": level,
        }
        context = "context" if by else None
        result = rate_reliability(
            ratings, **choices, by=context, draws=draws, seed=seed, estimator=estimator
        )
        if explain:
            explain_choice(session, ratings, _name_call(file, named))
        _show(session, result, target)
        if model == "nested":
            show_subjects(session, ratings, by=context, level=level)
        if by and ratings["context"].nunique() > 1:
            show_contrasts(session, ratings, **choices)
        if errors:
            show_errors(session, ratings, **choices, by=context)
        if forensics:
            show_raters(session, ratings)
        told = describe_range(result)
        session.say(told)
        session.show_points("Notes", explain_coefficients(result, told))


def _name_call(file: Path, named: dict[str, Any]) -> list[str]:
    options = {"items": "rating", "context": "by"}
    words = ["exprstats", "reliability", str(file)]
    for role, value in named.items():
        columns = [value] if isinstance(value, str) else value
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow(columns)
        words += [f"--{options.get(role, role)}", line.getvalue()]
    return words


def _show(session: Session, result: Reliability, target: float) -> None:
    from exprstats.reliability import plan_raters, study_decisions

    decisions = study_decisions(result, raters=RATERS)
    plan = plan_raters(result, target=target)
    session.add_table("reliability", result.tidy())
    session.tables |= {
        "design": result.design,
        "decisions": decisions.tidy(),
        "raters_needed": plan.tidy(),
    }
    curve = study_decisions(result)
    session.add_figure("figure1_decisions", "draw_decisions", curve, target=target)
    session.show_table("Design", *_list_design(list_records(result.design)))
    show_coefficients(session, result)
    show_decisions(session, list_records(decisions.tidy()), list_records(plan.tidy()), target)


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
