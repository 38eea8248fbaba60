"""What stands beside coefficients on request: their choice, and contexts and subjects compared."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from exprstats.cli.cells import (
    Row,
    index_rows,
    list_records,
    name_first,
    show_estimate,
    show_limits,
    show_p,
)
from exprstats.numerals import count_things, write_level

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.cli.session import Session

_MOST = 30
_CLIPS, _RATERS = (1, 2, 4, 8), (1, 3, 6, 12)
_QUESTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("single ratings, not means, are analysed", {"averaged": False}),
    ("only the order of clips matters, not the raters' level", {"agreement": False}),
    ("only clips of one subject are compared", {"target": "clips within subjects"}),
    ("subjects are told apart, by the mean of their clips", {"target": "subjects"}),
)


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
