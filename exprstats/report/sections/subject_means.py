"""Section on the reliability of subjects' means over other numbers of clips and raters."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from exprstats.apa import write_level
from exprstats.document.cells import collect_notes, list_levels
from exprstats.document.model import Figure, Section, Table
from exprstats.document.tables import column, match_row, tabulate
from exprstats.document.text import Text, quote_sentence, say
from exprstats.plots import draw_decisions
from exprstats.report.analysis import Analysis
from exprstats.report.sections.decisions import has_curve, pick_numbers, write_score

if TYPE_CHECKING:
    from exprstats.reliability import SubjectDecisions

_MOST = 4  # questions of which a sentence is read


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
            *(told if len(items) <= _MOST else []),
            say("<Table subjects> lists other numbers of clips and raters."),
        ),
        tables=(_build_table(subjects, pooled, apart=len(pooled) < len(rows)),),
        figures=_build_figure(subjects),
    )


def _build_table(subjects: SubjectDecisions, pooled: pd.DataFrame, *, apart: bool) -> Table:
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
            for k in pick_numbers(sorted(list_levels(pooled, "raters_per_clip")))
        ),
    )
    several = len(list_levels(pooled, "item")) > 1
    return tabulate(
        "subjects",
        "Reliability of Subjects’ Means",
        pooled.drop_duplicates([*same]),
        columns,
        group="item" if several else None,
        notes=(*_list_notes(subjects, pooled, apart=apart), *collect_notes(pooled, ("item",))),
        rows=subjects.tidy(),
    )


def _list_notes(subjects: SubjectDecisions, pooled: pd.DataFrame, *, apart: bool) -> list[Text]:
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


def _build_figure(subjects: SubjectDecisions) -> tuple[Figure, ...]:
    if not has_curve(subjects):
        return ()
    return (
        Figure(
            "subjects",
            "Reliability of Subjects’ Means for Other Numbers of Raters",
            lambda: draw_decisions(subjects),
            words=say("Reliability of a subject's mean by number of raters and of clips."),
            notes=(say("Lines are estimates, bands their confidence intervals."),),
        ),
    )
