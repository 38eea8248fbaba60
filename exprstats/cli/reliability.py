"""``exprstats reliability``: intraclass correlations of ratings."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from exprstats.cli.calls import list_named_files
from exprstats.cli.command import opens_session
from exprstats.cli.options import (
    ByOption,
    ClipOption,
    DuplicatesOption,
    ItemOption,
    LevelOption,
    RaterOption,
    RatersInRowsOption,
    RatersOption,
    RatingOption,
    RatingsArgument,
    ReverseOption,
    ask_subject,
    check_draws,
    name_ratings,
    option,
    split_scale,
)
from exprstats.cli.reading import get_reading, reads_files
from exprstats.cli.session import Session
from exprstats.document.cells import list_records
from exprstats.document.terminal import spell
from exprstats.errors import DataError, join_names, warn_user
from exprstats.options import IccChoice, IccEstimator

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from exprstats.descriptives import RatingDescriptives
    from exprstats.reliability import Reliability
    from exprstats.results import Result

RATERS = (1, 2, 3, 5, 8, 12)
TARGET = 0.8
_CLIPS, _RATERS = (1, 2, 4, 8), (1, 3, 6, 12)


@reads_files
@opens_session("reliability", one_process=True)
def rate_file(
    session: Session,
    files: RatingsArgument,
    rating: RatingOption = None,
    clip: ClipOption = None,
    rater: RaterOption = None,
    item: ItemOption = None,
    raters: RatersOption = None,
    raters_in_rows: RatersInRowsOption = False,
    reverse: ReverseOption = None,
    subject: Annotated[
        str | None,
        option(
            "Person seen in the clip; gives the interval that allows for several clips per person.",
            "COLUMN",
        ),
    ] = None,
    by: ByOption = None,
    model: Annotated[
        IccChoice,
        option(
            "one-way: raters differ from clip to clip; two-way: the same raters; nested: "
            "clips within subjects; auto: what --explain recommends."
        ),
    ] = "one-way",
    estimator: Annotated[
        IccEstimator,
        option("reml: by lme4 in R, without it by statsmodels; beside the closed form."),
    ] = "closed",
    draws: Annotated[
        int, option("Draws of a cluster bootstrap, as a further interval.", min=0)
    ] = 0,
    target: Annotated[
        float, option("Reliability wanted, for the raters it needs.", min=0.01, max=0.99)
    ] = TARGET,
    explain: Annotated[
        bool, option("Recommend the coefficient to report, with reasons.", name="--explain")
    ] = False,
    errors: Annotated[
        bool, option("Variance components, and standard errors of measurement.", name="--errors")
    ] = False,
    forensics: Annotated[
        bool, option("Flag raters whose ratings are uninformative.", name="--forensics")
    ] = False,
    scale: Annotated[str | None, option("Refuse ratings outside this scale.", "LOW,HIGH")] = None,
    duplicates: DuplicatesOption = "error",
    level: LevelOption = 0.95,
    *,
    seed: int,
) -> None:
    """Rate how reliable ratings are: ICC with intervals that hold."""
    check_draws("draws", draws, fewest=100, better=2000)
    roles = {"subject": subject, "by": by, "item": item, "reverse": reverse}
    named = name_ratings(rating, clip, rater, raters, **roles, raters_in_rows=raters_in_rows)
    from exprstats.io import read_ratings
    from exprstats.io.files.joined import take_files
    from exprstats.reliability import rate_reliability

    file = take_files(files)
    session.note_file(file)
    ends, reading = split_scale(scale), get_reading()
    ratings = read_ratings(file, **named, scale=ends, duplicates=duplicates, reading=reading)
    session.say_recoding(reading, named.get("reverse", ()), ends)
    known = "subject" in ratings
    choices = {"model": model, "cluster": "subject" if known else None, "level": level}
    context = "context" if by else None
    result = rate_reliability(
        ratings, **choices, by=context, draws=draws, seed=seed, estimator=estimator
    )
    choices["model"] = result.model
    call = _name_call(file, named) if explain else None
    session.present(
        *_choose(ratings, context, call),
        result,
        *_plan(session, result, target),
        *_study(session, ratings, choices, context),
        keep_descriptives(session, ratings, by=context, scale=ends),
        *(_measure(session, ratings, choices, context) if errors else ()),
        *(_judge(session, ratings) if forensics else ()),
    )
    session.say("The rows of --json have the other rules for k.")
    if not known:
        ask_subject(session)


def _name_call(file: Path, named: dict[str, Any]) -> list[str]:
    options = {"items": "rating", "context": "by"}
    words = ["exprstats", "reliability", *map(str, list_named_files(file))]
    for role, value in named.items():
        option = f"--{options.get(role, role).replace('_', '-')}"
        if value is True:
            words.append(option)
            continue
        columns = [value] if isinstance(value, str) else value
        words += [option, join_names(columns)]
    return words


def _choose(ratings: pd.DataFrame, by: str | None, call: list[str] | None) -> Iterator[Result]:
    """Yield the design and, to explain it, the choice of the coefficient with the user's call."""
    from exprstats.reliability import choose_icc, describe_design

    design = describe_design(ratings, by=by)
    if call is None:
        yield replace(design, coefficients=design.coefficients.head(0))
    else:
        yield design
        choice = choose_icc(ratings, by=by)
        command = shlex.join([*call, "--model", choice.model])
        # The first reason is the design, which has its own sentence.
        yield replace(choice, call="", command=command, reasons=choice.reasons[1:])


def keep_descriptives(
    session: Session, ratings: pd.DataFrame, **options: Any
) -> RatingDescriptives:
    """Return the descriptives of ratings, and keep their tables and rows."""
    from exprstats.descriptives import describe_ratings

    found = describe_ratings(ratings, **options)
    session.tables |= found.export()
    session.further["descriptives"] = list_records(found.tidy())
    return found


def _plan(session: Session, result: Reliability, target: float) -> tuple[Result, ...]:
    from exprstats.reliability import plan_raters, study_decisions

    decisions = study_decisions(result, raters=RATERS)
    plan = plan_raters(result, target=target)
    session.add_table("reliability", result.tidy())
    session.tables |= {
        "design": result.design,
        "decisions": decisions.tidy(),
        "raters_needed": plan.tidy(),
    }
    return decisions, plan


def _study(
    session: Session, ratings: pd.DataFrame, choices: dict[str, Any], by: str | None
) -> Iterator[Result]:
    """Yield subjects' means, of the nested model, and differences between several contexts."""
    from exprstats.reliability import compare_reliability, study_subjects

    if choices["model"] == "nested":
        plans = {"clips": _CLIPS, "raters": _RATERS, "level": choices["level"]}
        subjects = study_subjects(ratings, **plans, by=by)
        session.tables["subject_decisions"] = subjects.tidy()
        yield subjects
    if by and len(ratings["context"].drop_duplicates()) > 1:
        try:
            differences = compare_reliability(ratings, by=by, **choices)
        except DataError as error:
            # A context without a coefficient takes no other result with it.
            warn_user(f"Contexts are not compared: {spell('reliability', error.problems[0])}")
            return
        session.tables["context_differences"] = differences.tidy()
        # A difference between contexts belongs to no context itself.
        session.rows += [
            row
            | {"context": None, "first": row["context"], "headline": False}
            | {"term": f"{row['term']}: {row['context']} - {row['versus']}"}
            for row in list_records(differences.tidy())
        ]
        yield differences


def _measure(
    session: Session, ratings: pd.DataFrame, choices: dict[str, Any], by: str | None
) -> Iterator[Result]:
    from exprstats.reliability import measure_errors

    errors = measure_errors(ratings, **choices, by=by)
    session.add_table("errors", errors.tidy(), headline=False)
    yield errors


def _judge(session: Session, ratings: pd.DataFrame) -> Iterator[Result]:
    from exprstats.reliability import judge_raters

    raters = judge_raters(ratings)
    session.tables |= {"raters": raters.tidy(), "raters_effect": raters.effect}
    rows = list_records(raters.tidy())
    session.rows += [{"context": None, "term": "rater", **row} for row in rows]
    yield raters
