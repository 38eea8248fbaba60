"""``exprstats reliability``: intraclass correlations of ratings."""

from __future__ import annotations

import csv
import io
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from exprstats.apa import MISSING, count_things, write_count, write_level, write_number
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
from exprstats.document.cells import (
    ALL,
    Row,
    collect_row_notes,
    index_rows,
    is_absent,
    list_records,
    name_context,
    name_first,
    show_count,
    show_estimate,
    show_limits,
    show_p,
)
from exprstats.errors import OptionError
from exprstats.options import Duplicates, IccEstimator, IccModel

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.reliability import Reliability

FEWEST_DRAWS = 100
RATERS = (1, 2, 3, 5, 8, 12)
TARGET = 0.8
# From so many coefficients on, a sentence about each is no longer read.
MANY = 5
_PLACE = ("context", "item")
# In the order in which an interval is to be reported.
_METHODS = ("jackknife", "jackknife_subjects", "satterthwaite", "f")
_MOST = 30
_CLIPS, _RATERS = (1, 2, 4, 8), (1, 3, 6, 12)
_QUESTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("single ratings, not means, are analysed", {"averaged": False}),
    ("only the order of clips matters, not the raters' level", {"agreement": False}),
    ("only clips of one subject are compared", {"target": "clips within subjects"}),
    ("subjects are told apart, by the mean of their clips", {"target": "subjects"}),
)
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
        if by and len(ratings["context"].drop_duplicates()) > 1:
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


def show_coefficients(session: Session, result: Reliability) -> None:
    """Print one row for each context, item and form, with the intervals to report."""
    title = "Reliability of one rating, and of a clip's mean over k raters"
    session.show_table(title, *_list_coefficients(list_records(result.tidy()), result.level))


def show_decisions(
    session: Session, decisions: list[Row], plan: list[Row], target: float = TARGET
) -> None:
    """Print the reliability of means over other numbers of raters, and how many are enough."""
    found = index_rows(decisions, *_PLACE, "term", "raters_per_clip")
    needed = index_rows(plan, *_PLACE, "term")
    cells = [
        [
            name_context(row),
            str(row["item"]),
            term,
            *(show_estimate(found.get((*place, term, str(count)))) for count in RATERS),
            show_count(row, "raters"),
            _show_range(row),
        ]
        for (*place, term), row in needed.items()
    ]
    headers = ["Context", "Item", "Form", *(str(count) for count in RATERS)]
    title = "Decision study: reliability of means over other numbers of raters"
    wanted = write_number(target, 2 if round(target, 2) == target else 3, bounded=True)
    session.show_table(title, [*headers, f"For {wanted}", "Range"], cells)


def _show_range(row: Row) -> str:
    """Return the raters that the interval's limits would need."""
    low, high = (show_count(row, name) for name in ("raters_low", "raters_high"))
    if high == MISSING:
        return MISSING if low == MISSING else f"{low} or more"
    return f"{low}–{high}"


def describe_range(result: Reliability) -> str:
    """Return what was found in APA style: each coefficient, or where many are, their range."""
    rows = [row for row in list_records(result.tidy(), headline=True) if not _is_open(row)]
    if len(rows) < MANY:
        return result.sentence()
    apart = [row for row in rows if name_context(row) != ALL]
    pooled = [row for row in rows if name_context(row) == ALL]
    parts = [_write_range(part, result.level) for part in (apart, pooled) if part]
    told = "; for all contexts together it ".join(parts)
    ks = sorted({write_number(row["raters_per_clip"], 1).removesuffix(".0") for row in rows})
    k = ks[0] if len(ks) == 1 else f"{ks[0]} to {ks[-1]}"
    return f"{_count_places(apart or pooled)}, {rows[0]['term']} of the mean of {k} raters {told}."


def _is_open(row: Row) -> bool:
    return is_absent(row["estimate"]) or is_absent(row["conf_low"])


def _count_places(rows: list[Row]) -> str:
    contexts, items = ({str(row[key]) for row in rows} for key in _PLACE)
    counts = [count_things(len(contexts), "context")] if name_context(rows[0]) != ALL else []
    if len(items) > 1 or not counts:
        counts.append(count_things(len(items), "item"))
    return f"Over {' and '.join(counts)}"


def _write_range(rows: list[Row], level: float) -> str:
    ends = [min(rows, key=_get_estimate), max(rows, key=_get_estimate)]
    told = [
        f"{show_estimate(row)}, {write_level(level)} CI {show_limits(row)} ({_name_place(row)})"
        for row in ends
    ]
    return f"is {told[0]}" if len(rows) == 1 else f"ranges from {told[0]} to {told[1]}"


def _get_estimate(row: Row) -> float:
    return float(row["estimate"])


def _name_place(row: Row) -> str:
    context = name_context(row)
    return str(row["item"]) if context == ALL else f"{row['item']} in {context}"


def _list_coefficients(rows: list[Row], level: float) -> tuple[list[str], list[list[str]]]:
    headline = [row for row in rows if row["headline"]]
    # Rows of the estimator to report come first; the others fill what it has no limits for.
    found = index_rows(rows[::-1], *_PLACE, "term", "method")
    several = index_rows(rows[::-1], *_PLACE, "term", "k_rule", "method")
    present = {str(row["method"]) for row in rows}
    methods = dict.fromkeys([*_METHODS, *sorted(present)])
    beside = {"f": "F interval"} if {"jackknife", "f"} <= present else {}
    beside |= {"bootstrap": "Bootstrap"} if "bootstrap" in present else {}
    cells = []
    for row in headline:
        place, rule = (name_context(row), str(row["item"])), str(row["k_rule"])
        for term in _list_terms(rows):
            ways = {way: several.get((*place, term, rule, way)) for way in methods}
            given = next((way for way in methods if ways[way] is not None), "f")
            method = next((way for way in methods if _has_limits(ways[way])), given)
            single = found.get((*place, term.replace("k)", "1)"), method))
            cells.append(
                [
                    *place,
                    term,
                    write_number(row["raters_per_clip"], 1),
                    show_estimate(single),
                    show_limits(single),
                    show_estimate(ways[method]),
                    show_limits(ways[method]),
                    *(show_limits(ways[way]) for way in beside),
                ]
            )
    interval = f"{write_level(level)} CI"
    headers = ["Context", "Item", "Form", "k", "One", interval, "Mean of k", interval]
    return [*headers, *beside.values()], cells


def _list_terms(rows: list[Row]) -> list[str]:
    """Return the terms of mean ratings, one a family of coefficients."""
    terms = dict.fromkeys(str(row["term"]) for row in rows)
    return [term for term in terms if term.endswith("k)")]


def _has_limits(row: Row | None) -> bool:
    return row is not None and not is_absent(row["conf_low"])


def explain_choice(session: Session, ratings: pd.DataFrame, call: list[str]) -> None:
    """Print which coefficient to report and why, with the call, and other questions' answers.

    Parameters
    ----------
    session, ratings
        The session and what was rated.
    call
        The words of the user's call, without the model.
    """
    from exprstats.reliability import choose_icc

    choice = choose_icc(ratings)
    session.say(f"Report {choice.term}. {' '.join(choice.reasons)}")
    session.blocks.append(f"Call: {shlex.join([*call, '--model', choice.model])}")
    points = []
    for question, options in _QUESTIONS:
        other = choose_icc(same_raters=choice.model == "two-way", **options)
        if other.term != choice.term and ("subject" in ratings or other.model != "nested"):
            points.append(f"If {question}: {other.term} (--model {other.model}).")
    session.show_points("Other questions have other coefficients", points)


def show_contrasts(session: Session, ratings: pd.DataFrame, **options: Any) -> None:
    """Print differences between contexts' reliabilities, and add their rows."""
    from exprstats.reliability import compare_reliability

    result = compare_reliability(ratings, by="context", **options)
    rows = list_records(result.tidy())
    session.tables["context_differences"] = result.tidy()
    session.rows += [
        name_first(row, f"{row['term']}: {row['context']} - {row['versus']}") for row in rows
    ]
    means = [row for row in rows if str(row["term"]).endswith("k)")]
    cells = [
        [
            f"{row['context']} − {row['versus']}",
            str(row["item"]),
            row["term"],
            show_estimate(row),
            show_limits(row),
            show_p(row),
            show_p(row, "p_adjusted"),
        ]
        for row in means[:_MOST]
    ]
    interval = f"{write_level(result.level)} CI"
    headers = ["Contexts", "Item", "Form", "Difference", interval, "p", "p Holm"]
    session.show_table("Differences between contexts, of means over k raters", headers, cells)
    if len(means) > _MOST:
        more = count_things(len(means) - _MOST, "more difference is", "more differences are")
        session.say(f"{more} in --json and --out.")


def show_subjects(session: Session, ratings: pd.DataFrame, **options: Any) -> None:
    """Print how well subjects' means over other numbers of clips and raters tell them apart.

    Contexts alone are in the table of the folder only.
    """
    from exprstats.reliability import study_subjects

    result = study_subjects(ratings, clips=_CLIPS, raters=_RATERS, **options)
    table = result.tidy()
    session.tables["subject_decisions"] = table
    rows = list_records(table[table["context"].isna()])
    found = index_rows(rows, "item", "clips_per_subject", "raters_per_clip")
    cells = [
        [item, str(m), *(_show_plan(found[item, str(m), str(k)]) for k in _RATERS)]
        for item in dict.fromkeys(str(row["item"]) for row in rows)
        for m in _CLIPS
    ]
    place = "" if table["context"].isna().all() else " over all contexts"
    interval = f"{write_level(result.level)} CI"
    title = f"Decision study: reliability of subjects' means{place}, with {interval}"
    raters = [f"{k} rater{'s' * (k > 1)}" for k in _RATERS]
    session.show_table(title, ["Item", "Clips a subject", *raters], cells)


def _show_plan(row: Row) -> str:
    return f"{show_estimate(row)} {show_limits(row)}"


def explain_coefficients(result: Reliability, told: str) -> list[str]:
    """Return the notes on printed coefficients; ``told`` is the sentence above them."""
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
    notes = [note for note in collect_row_notes(headline) if note != _INDEPENDENT]
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


def show_raters(session: Session, ratings: pd.DataFrame) -> None:
    """Print raters whose ratings say little about the clips, and what they do to the ICC."""
    from exprstats.reliability import judge_raters

    result = judge_raters(ratings)
    rows, effect = list_records(result.tidy()), list_records(result.effect)
    session.tables |= {"raters": result.tidy(), "raters_effect": result.effect}
    session.rows += [{"context": None, "term": "rater", **row} for row in rows]
    cells = [
        [
            str(row["item"]),
            show_count(row, "n_raters"),
            show_count(row, "n_flagged"),
            show_count(row, "n_ratings_flagged"),
            show_estimate(row),
            show_estimate({"estimate": row["estimate_without"]}),
        ]
        for row in effect
    ]
    headers = ["Item", "Raters", "Flagged", "Their ratings", "ICC(1,1)", "Without them"]
    session.show_table("Raters, and what those flagged do", headers, cells)
    flagged = [row for row in rows if row["flag"]]
    if flagged:
        session.show_table("Flagged raters", *_list_raters(flagged[:_MOST]))
    more = f" {write_count(len(flagged) - _MOST)} more are in --out." * (len(flagged) > _MOST)
    session.say(f"Rule of the flags: {result.rule}. No rating was removed.{more}")


def _list_raters(rows: list[Row]) -> tuple[list[str], list[list[str]]]:
    cells = [
        [
            str(row["item"]),
            str(row["rater"]),
            show_count(row, "n_ratings"),
            write_number(row["severity"]),
            write_number(row["spread"]),
            f"{write_number(100 * row['mode_share'], 0)}%",
            write_number(row["agreement"], bounded=True),
            str(row["flag"]),
        ]
        for row in rows
    ]
    facts = ["Ratings", "Above others", "SD ratio", "One value", "r", "Flag"]
    return ["Item", "Rater", *facts], cells


def show_errors(session: Session, ratings: pd.DataFrame, **options: Any) -> None:
    """Print how far ratings are off in points of the scale, and add the rows."""
    from exprstats.reliability import measure_errors

    result = measure_errors(ratings, **options)
    rows = session.add_table("errors", result.tidy(), headline=False)
    pairs = zip(
        *([row for row in rows if row["term"] == term] for term in ("SEM", "SDC")), strict=True
    )
    cells = [
        [
            name_context(sem),
            str(sem["item"]),
            _name_family(str(sem["family"])),
            write_number(sem["raters_per_clip"], 1).removesuffix(".0"),
            show_estimate(sem, bounded=False),
            show_limits(sem, bounded=False),
            show_estimate(sdc, bounded=False),
            show_limits(sdc, bounded=False),
        ]
        for sem, sdc in pairs
    ]
    interval = f"{write_level(result.level)} CI"
    parts = [row for row in rows if row["term"] == "variance"]
    session.show_table("Variance components", *_list_components(parts, interval))
    headers = ["Context", "Item", "Error", "Ratings", "SEM", interval, "SDC", interval]
    session.show_table("Errors in points of the scale", headers, cells)
    session.say(
        "SEM, the standard error of measurement, says how far the mean of so many ratings is off; "
        "a change below SDC, the smallest detectable change, may be error alone."
    )


def _list_components(rows: list[Row], interval: str) -> tuple[list[str], list[list[str]]]:
    cells = [
        [
            name_context(row),
            str(row["item"]),
            str(row["component"]),
            show_estimate(row, bounded=False),
            show_limits(row, bounded=False),
            f"{write_number(100 * row['share'], 0)}%",
        ]
        for row in rows
    ]
    return ["Context", "Item", "Of", "Variance", interval, "Share"], cells


def _name_family(family: str) -> str:
    words = {"A": "agreement", "C": "consistency"}
    return words.get(family, "one-way" if family == "1" else family)
