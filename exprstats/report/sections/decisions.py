"""Decision studies: other numbers of raters, and of clips of a subject."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import MISSING, write_level, write_number
from exprstats.document.cells import (
    ALL,
    collect_notes,
    find_level,
    list_levels,
    name_contexts,
    write_estimate,
    write_limits,
)
from exprstats.document.model import Figure, Section, Table
from exprstats.document.tables import column, match_row, tabulate
from exprstats.document.text import Text, cite, quote_sentence, say
from exprstats.plots import draw_decisions
from exprstats.reliability.decisions import tell_fixed
from exprstats.report.analysis import Analysis
from exprstats.report.sections.coefficients import place_rows

if TYPE_CHECKING:
    from exprstats.reliability import Decisions, SubjectDecisions


MOST_NUMBERS = 6  # numbers of raters that fit beside each other on a page
_FEW = 4  # of more than these
_NEVER = "not attainable"
_UNKNOWN = "not estimated"  # the note of a plan without an estimate
_MOST_ITEMS = 4  # questions of which a sentence is read


def say_decisions(analysis: Analysis) -> Text | None:
    """Return how many raters per clip the target needs, or what more raters would give."""
    if analysis.plan is not None:
        return _say_plan(name_contexts(analysis.plan.tidy()))
    if analysis.decisions is None:
        return None
    return say(
        "How reliable the mean of other numbers of raters would be is in <Table decisions, "
        "Figure decisions>."
    )


def build_decisions(analysis: Analysis) -> Table | None:
    """Return the table, where raters were planned."""
    decisions = None if analysis.decisions is None else name_contexts(analysis.decisions.tidy())
    plan = None if analysis.plan is None else name_contexts(analysis.plan.tidy())
    keys = decisions if decisions is not None else plan
    if keys is None:
        return None
    numbers = [] if decisions is None else thin_counts(list_levels(decisions, "raters_per_clip"))
    # The limits of a table that was published may be of any level.
    level = find_level(keys)
    first, group = place_rows(keys)
    same = [name for name in ("context", "item", "term") if name in keys]
    columns = [
        first,
        *(
            column(
                f"k{k}",
                f"{k:g}",
                write_score,
                of=match_row(keys, *same, raters_per_clip=k),
                under="Reliability by number of raters",
            )
            for k in numbers
        ),
    ]
    if plan is not None and analysis.plan is not None:
        target = _write_target(analysis.plan.target)
        columns.append(
            column("raters", f"Raters for {target}", _write_need, of=match_row(plan, *same))
        )
    lines = keys.drop_duplicates(same)
    lines = lines.assign(**{name: ALL for name in ("context", "item") if name not in keys})
    return tabulate(
        "decisions",
        "Reliability With Other Numbers of Raters",
        lines,
        columns,
        group=group,
        notes=(
            *_list_notes(plan, level, drawn=decisions is not None),
            *(say("{told}", told=told) for told in tell_fixed(keys)),
        ),
        rows=keys,
    )


def build_decision_figure(analysis: Analysis) -> tuple[Figure, ...]:
    """Return the figure, where it has a curve to draw."""
    decisions = analysis.decisions
    if decisions is None or not has_curve(decisions):
        return ()
    target = None if analysis.plan is None else analysis.plan.target
    notes = [say("Points are estimates, bands their confidence intervals.")]
    if target is not None:
        notes.append(
            say(
                "The dashed line is the target of {target}; filled points reach it.",
                target=_write_target(target),
            )
        )
    return (
        Figure(
            "decisions",
            "Reliability of the Mean Rating by the Number of Raters",
            lambda: draw_decisions(decisions, target=target),
            words=say(
                "Reliability rises with the number of raters per clip; the same numbers as <Table "
                "decisions>."
            ),
            notes=tuple(notes),
            main=True,
        ),
    )


def has_curve(decisions: Decisions | SubjectDecisions) -> bool:
    """Return whether any reliability is defined, so that there is a curve to draw."""
    from exprstats.errors import DataError
    from exprstats.plots import select_curves

    try:
        select_curves(decisions.tidy())
    except DataError:
        return False
    return True


def _say_plan(plan: pd.DataFrame) -> Text:
    needed = plan[plan["raters"].notna()].sort_values("raters", kind="stable")
    target = _write_target(float(plan["target"].iloc[0]))
    known = plan[plan["note"].ne(_UNKNOWN)]
    never = int(known["raters"].isna().sum())
    if known.empty:
        return say("How many raters a target needs is not known, since there is no estimate.")
    if needed.empty:
        return say("No number of raters reaches a reliability of {target}.", target=target)
    low, high = needed.iloc[0].to_dict(), needed.iloc[-1].to_dict()
    if low["raters"] == high["raters"]:
        number = int(high["raters"])
        told = f"needs {number:,} rater{'s' * (number != 1)} per clip"
    else:
        told = (
            f"needs between {_write_raters(low)} ({_name_place(low, plan)}) and "
            f"{_write_raters(high)} raters per clip ({_name_place(high, plan)})"
        )
    ending = f"; for {never} of {len(known)} no number of raters is enough" if never else ""
    opening = f"For the next study: a reliability of {target} {told}{ending}."
    return cite(opening, "Table decisions", "Figure decisions")


def _name_place(row: dict[Any, Any], plan: pd.DataFrame) -> str:
    named = []
    if len(list_levels(plan, "item")) > 1:
        named.append(str(row["item"]))
    if len(list_levels(plan, "context")) > 1:
        named.append("all contexts" if row["context"] == ALL else str(row["context"]))
    return ", ".join(named) or "pooled"


def thin_counts(numbers: list[Any]) -> list[Any]:
    """Return all of a few numbers of raters; of more, four evenly spread, the last among them."""
    if len(numbers) <= MOST_NUMBERS:
        return numbers
    last = len(numbers) - 1
    return [numbers[round(last * (place + 1) / _FEW)] for place in range(_FEW)]


def _write_target(target: float) -> str:
    return write_number(target, 2 if round(target, 2) == target else 3, bounded=True)


def write_score(row: dict[Any, Any]) -> str:
    """Write an estimate with its limits, where it has any."""
    limits = write_limits(row)
    value = write_estimate(row)
    return value if limits == MISSING else f"{value} {limits}"


def _write_raters(row: dict[Any, Any], name: str = "raters") -> str:
    return _NEVER if pd.isna(row[name]) else f"{int(row[name]):,}"


def _write_need(row: dict[Any, Any]) -> str:
    if not row or row["note"] == _UNKNOWN:
        return MISSING
    low, high = (_write_raters(row, name) for name in ("raters_low", "raters_high"))
    if pd.isna(row["raters"]):
        return _NEVER
    if pd.isna(row["raters_low"]) and not str(row["note"]).startswith(_NEVER):
        return _write_raters(row)  # an estimate without an interval
    return f"{_write_raters(row)} [{low}, {high}]"


def _list_notes(plan: pd.DataFrame | None, level: Any, *, drawn: bool) -> tuple[Text, ...]:
    notes = []
    interval = f"{write_level(float(level))} confidence " if level else ""
    if drawn:
        notes.append(
            say(
                "The Spearman–Brown formula applied to the estimate and to both limits of its "
                "{interval}interval.",
                interval=interval,
            )
        )
    if plan is not None:
        notes.append(
            say(
                "Raters for the target: from the estimate, and in brackets from the upper and "
                "the lower limit of its {interval}interval.",
                interval=interval,
            )
        )
        said = plan["note"].astype(str).str.startswith(_NEVER)  # by the cells themselves
        noted = plan.assign(note=plan["note"].mask(said))
        notes += collect_notes(noted, ("item", "context"))
    return tuple(notes)


def describe_subjects(analysis: Analysis) -> Section | None:
    """Return the section, or None where subjects' means were not studied.

    Contexts alone are in the rows behind the table.
    """
    subjects: SubjectDecisions | None = analysis.subjects
    if subjects is None:
        return None
    rows = subjects.tidy()
    pooled = rows[rows["context"].isna()].reset_index(drop=True)
    items = list_levels(pooled, "item")
    told = [quote_sentence(replace(subjects, table=pooled).sentence())]
    return Section(
        "subjects",
        "Reliability of subjects’ means",
        sentences=(
            *(told if len(items) <= _MOST_ITEMS else []),
            say("<Table subjects> lists other numbers of clips and raters."),
        ),
        tables=(_build_subjects(subjects, pooled, apart=len(pooled) < len(rows)),),
        figures=_build_subject_figure(subjects),
    )


def _build_subjects(subjects: SubjectDecisions, pooled: pd.DataFrame, *, apart: bool) -> Table:
    same = ("item", "clips_per_subject")
    columns = (
        column("clips_per_subject", "Clips per subject", "{:g}".format, words=False),
        *(
            column(
                f"k{k}",
                f"{k:g}",
                write_score,
                of=match_row(pooled, *same, raters_per_clip=k),
                under="Raters per clip",
            )
            for k in thin_counts(sorted(list_levels(pooled, "raters_per_clip")))
        ),
    )
    several = len(list_levels(pooled, "item")) > 1
    return tabulate(
        "subjects",
        "Reliability of Subjects’ Means",
        pooled.drop_duplicates([*same]),
        columns,
        group="item" if several else None,
        notes=(
            *_list_subject_notes(subjects, pooled, apart=apart),
            *collect_notes(pooled, ("item",)),
        ),
        rows=subjects.tidy(),
    )


def _list_subject_notes(
    subjects: SubjectDecisions, pooled: pd.DataFrame, *, apart: bool
) -> list[Text]:
    question = list_levels(pooled, "item")
    notes = [
        say(
            "ICC(subject,*k*) with its {level} CI: the mean of a subject's clips, each rated by "
            "that many raters.",
            level=write_level(subjects.level),
        )
    ]
    notes += [say("Question: {item}.", item=question[0])] if len(question) == 1 else []
    if apart:
        notes.append(say("All contexts together; contexts alone are in the folder “tables”."))
    return notes


def _build_subject_figure(subjects: SubjectDecisions) -> tuple[Figure, ...]:
    if not has_curve(subjects):
        return ()
    return (
        Figure(
            "subjects",
            "Reliability of Subjects’ Means for Other Numbers of Raters",
            lambda: draw_decisions(subjects),
            words=say("Reliability of a subject's mean by number of raters and of clips."),
            notes=(
                say(
                    "Lines are estimates, bands their {level} confidence intervals.",
                    level=write_level(subjects.level),
                ),
            ),
        ),
    )
