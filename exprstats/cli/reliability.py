"""``exprstats reliability``: ratings to intraclass correlations."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from exprstats.cli.cells import (
    ALL,
    Row,
    collect_notes,
    is_absent,
    list_records,
    name_context,
    show_count,
)
from exprstats.cli.coefficients import (
    RATERS,
    TARGET,
    describe_range,
    show_coefficients,
    show_decisions,
)
from exprstats.cli.companions import (
    explain_choice,
    show_contrasts,
    show_errors,
    show_raters,
    show_subjects,
)
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
    name_ratings,
    split_names,
    split_scale,
)
from exprstats.cli.session import Session, open_session
from exprstats.errors import OptionError
from exprstats.numerals import write_number
from exprstats.words import Duplicates, IccEstimator, IccModel

if TYPE_CHECKING:
    from exprstats.reliability import Reliability

FEWEST_DRAWS = 100
# A design effect below this is no news: the F interval is then at most a fifth too narrow.
NOTABLE = 1.5
_INDEPENDENT = "clips treated as independent"
_FAMILIES = (
    ("ICC(A", "ICC(A) asks raters to agree in level, ICC(C) in the order of clips only."),
    (
        "ICC(clip",
        "ICC(clip) tells all clips apart, ICC(within) the clips of one subject, ICC(subject) "
        "subjects by the mean of their clips.",
    ),
)


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
        session.show_points("Notes", _explain(result, told))


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


def _explain(result: Reliability, told: str) -> list[str]:
    rows = list_records(result.tidy())
    headline = [row for row in rows if row["headline"]]
    methods = {str(row["method"]) for row in rows}
    terms = {str(row["term"]) for row in rows}
    points = ["k is the harmonic mean number of raters a clip; --json has the other rules for k."]
    points += [text for start, text in _FAMILIES if any(term.startswith(start) for term in terms)]
    if "reml" in {str(row["estimator"]) for row in rows}:
        points.append(_tell_reml(result))
    if not any(row["method"] == "jackknife" for row in headline):
        points.append(
            "The interval takes clips as independent. If people are seen in several clips, name "
            "their column with --subject for an interval that holds."
        )
    elif methods & {"f", "satterthwaite"}:
        points.append(_compare_widths(result, told))
    if "bootstrap" in methods:
        points.append("The bootstrap draws subjects; that raters are shared does not widen it.")
    notes = [note for note in collect_notes(headline) if note != _INDEPENDENT]
    return [*points, *(_say_cluster(note) for note in notes)]


def _compare_widths(result: Reliability, told: str) -> str:
    """Return why the F interval is not the one to report, and what it misses, if it does."""
    rows = [row for row in list_records(result.design) if not is_absent(row["design_effect"])]
    text = (
        "The F interval takes clips as independent, which clips of one person and clips that "
        "share raters are not; report the other one."
    )
    largest = max(rows, key=lambda row: row["design_effect"], default=None)
    if largest is None or largest["design_effect"] < NOTABLE or "design effect" in told:
        return text
    effect = largest["design_effect"]
    place = name_context(largest)
    where = str(largest["item"]) if place == ALL else f"{largest['item']} in {place}"
    factor, size = write_number(effect**0.5, 1), write_number(effect, 1)
    return f"{text} For {where} it is {factor} times too narrow (design effect {size})."


def _say_cluster(note: str) -> str:
    head, mark, tail = note.rpartition("over ")
    return f"{head}The interval is a jackknife over {tail}." if mark else note


def _tell_reml(result: Reliability) -> str:
    if result.r_call is None:
        return "REML components are computed without R; they are never negative."
    versions = ", ".join(f"{name} {version}" for name, version in result.r_versions.items())
    return f"REML components come from R ({versions}): {result.r_call}"
