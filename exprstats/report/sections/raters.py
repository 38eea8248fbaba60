"""Section on raters and decision studies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import MISSING, count_things, write_count, write_level, write_number
from exprstats.document.cells import (
    collect_notes,
    find_row,
    first_value,
    list_levels,
    write_estimate,
    write_limits,
)
from exprstats.document.model import Column, Figure, Table
from exprstats.document.text import Text, join_words, say
from exprstats.plots import ALL, draw_decisions, name_contexts
from exprstats.report.analysis import Analysis

if TYPE_CHECKING:
    from exprstats.reliability import Decisions, Raters

MOST_NUMBERS = 4  # numbers of raters that fit beside each other on a page
_NEVER = "not attainable"
MOST_ROWS = 30


def say_decisions(analysis: Analysis) -> tuple[Text, ...]:
    """Return how many raters a clip the target needs, or what more raters would give."""
    if analysis.plan is not None:
        return (_say_plan(name_contexts(analysis.plan.tidy()), analysis),)
    if analysis.decisions is None:
        return ()
    return (
        say(
            "How reliable the mean of other numbers of raters would be stands in Table A5 and "
            "Figure 1."
        ),
    )


def build_decisions(analysis: Analysis) -> tuple[Table, ...]:
    """Return Table A5, where raters were planned."""
    decisions = None if analysis.decisions is None else name_contexts(analysis.decisions.tidy())
    plan = None if analysis.plan is None else name_contexts(analysis.plan.tidy())
    keys = decisions if decisions is not None else plan
    if keys is None:
        return ()
    numbers = [] if decisions is None else _pick_numbers(list_levels(decisions, "raters_per_clip"))
    # The limits of a table that was published may be of any level.
    level = first_value(keys, "level")
    grouped = len(list_levels(keys, "context")) > 1 and len(list_levels(keys, "item")) > 1
    first = "item" if grouped or len(list_levels(keys, "context")) < 2 else "context"
    columns = [Column(first, say("Question" if first == "item" else "Context"), words=True)]
    columns += [
        Column(
            f"k{number}", say("{number}", number=f"{number:g}"), "Reliability with so many raters"
        )
        for number in numbers
    ]
    if plan is not None and analysis.plan is not None:
        target = write_number(analysis.plan.target, bounded=True)
        columns.append(Column("raters", say("Raters for {target}", target=target)))
    lines = keys.drop_duplicates([name for name in ("context", "item", "term") if name in keys])
    cells = [_write_row(row, keys, plan, numbers) for row in lines.to_dict("records")]
    return (
        Table(
            "A5",
            "decisions",
            "Reliability With Other Numbers of Raters",
            tuple(columns),
            pd.DataFrame(cells),
            group="context" if grouped else None,
            notes=_list_notes(plan, level, drawn=decisions is not None),
            rows=keys,
        ),
    )


def build_decision_figure(analysis: Analysis) -> tuple[Figure, ...]:
    """Return Figure 1, where it has a curve to draw."""
    decisions = analysis.decisions
    if decisions is None or not _has_curve(decisions):
        return ()
    target = None if analysis.plan is None else analysis.plan.target
    notes = [say("Points are estimates, bands their confidence intervals.")]
    if target is not None:
        notes.append(
            say(
                "The dashed line is the target of {target}; filled points reach it.",
                target=write_number(target, bounded=True),
            )
        )
    return (
        Figure(
            "1",
            "decisions",
            "Reliability of the Mean Rating by the Number of Raters",
            lambda: draw_decisions(decisions, target=target),
            words="Reliability rises with the number of raters a clip; the same numbers as "
            "Table A5.",
            notes=tuple(notes),
        ),
    )


def _has_curve(decisions: Decisions) -> bool:
    from exprstats.errors import DataError
    from exprstats.plots import select_curves

    try:
        select_curves(decisions.tidy())
    except DataError:
        return False
    return True


def _say_plan(plan: pd.DataFrame, analysis: Analysis) -> Text:
    needed = plan[plan["raters"].notna()].sort_values("raters", kind="stable")
    target = write_number(float(plan["target"].iloc[0]), bounded=True)
    where = "Table A5, Figure 1" if analysis.decisions is not None else "Table A5"
    never = int(plan["raters"].isna().sum())
    if needed.empty:
        return say("No number of raters reaches a reliability of {target}.", target=target)
    low, high = needed.iloc[0].to_dict(), needed.iloc[-1].to_dict()
    if low["raters"] == high["raters"]:
        told = f"needs {_write_raters(high)} raters a clip"
    else:
        told = (
            f"needs between {_write_raters(low)} ({_name_place(low, plan)}) and "
            f"{_write_raters(high)} raters a clip ({_name_place(high, plan)})"
        )
    ending = f"; for {never} of {len(plan)} no number of raters is enough" if never else ""
    return say(
        "For the next study: a reliability of {target} {told} ({where}){ending}.",
        target=target,
        told=told,
        where=where,
        ending=ending,
    )


def _name_place(row: dict[Any, Any], plan: pd.DataFrame) -> str:
    named = []
    if len(list_levels(plan, "item")) > 1:
        named.append(str(row["item"]))
    if len(list_levels(plan, "context")) > 1:
        named.append("all contexts" if row["context"] == ALL else str(row["context"]))
    return ", ".join(named) or "pooled"


def _pick_numbers(numbers: list[Any]) -> list[Any]:
    """Return at most four numbers of raters, evenly spread, the last among them."""
    if len(numbers) <= MOST_NUMBERS:
        return numbers
    last = len(numbers) - 1
    return [numbers[round(last * (place + 1) / MOST_NUMBERS)] for place in range(MOST_NUMBERS)]


def _write_row(
    row: dict[Any, Any],
    decisions: pd.DataFrame,
    plan: pd.DataFrame | None,
    numbers: list[Any],
) -> dict[str, str]:
    key = {name: row[name] for name in ("context", "item", "term") if name in row}
    cells = {name: str(row.get(name, ALL)) for name in ("context", "item")}
    for number in numbers:
        cells[f"k{number}"] = _write_score(find_row(decisions, raters_per_clip=number, **key))
    if plan is not None:
        found = find_row(plan, **key)
        cells["raters"] = _write_need(found) if found else MISSING
    return cells


def _write_score(row: dict[Any, Any]) -> str:
    limits = write_limits(row)
    value = write_estimate(row)
    return value if limits == MISSING else f"{value} {limits}"


def _write_raters(row: dict[Any, Any], name: str = "raters") -> str:
    return _NEVER if pd.isna(row[name]) else f"{int(row[name]):,}"


def _write_need(row: dict[Any, Any]) -> str:
    low, high = (_write_raters(row, name) for name in ("raters_low", "raters_high"))
    if pd.isna(row["raters"]):
        return _NEVER
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
        noted = plan.assign(note=[_drop_said(note) for note in plan["note"]])
        notes += collect_notes(noted, ("item", "context"))
    return tuple(notes)


def _drop_said(note: Any) -> Any:
    """Return a note, without the one that the cells say themselves."""
    return None if isinstance(note, str) and note.startswith(_NEVER) else note


def say_raters(raters: Raters | None) -> tuple[Text, ...]:
    """Return how many raters are flagged by which rule, and what they do to the reliability."""
    if raters is None:
        return ()
    row = raters.glance().iloc[0]
    opening = say(
        "Of {all}, {flagged} for at least one question{where}. The rule: {rule}.{effect} No "
        "rating was removed.",
        all=count_things(row["n_raters"], "rater"),
        flagged=count_things(row["n_flagged"], "is flagged", "are flagged")
        if row["n_flagged"]
        else "none is flagged",
        where=" (Table A6)" if row["n_flagged"] else "",
        rule=raters.rule,
        effect=_tell_effect(raters.effect),
    )
    return (opening,)


def build_raters(raters: Raters | None) -> tuple[Table, ...]:
    """Return Table A6, where a rater is flagged."""
    if raters is None:
        return ()
    rows = raters.tidy()
    flagged = rows[rows["flag"].ne("")].reset_index(drop=True)
    if flagged.empty:
        return ()
    several = len(list_levels(flagged, "item")) > 1
    columns = (
        Column("rater", say("Rater"), words=True),
        Column("flag", say("Flag"), words=True),
        Column("ratings", say("Ratings")),
        Column("level", say("Difference from others")),
        Column("spread", say("*SD* ratio")),
        Column("mode", say("Most used value")),
        Column("agreement", say("Agreement, *r*")),
    )
    return (
        Table(
            "A6",
            "raters",
            "Flagged Raters",
            columns,
            pd.DataFrame([_write_rater(row) for row in flagged.head(MOST_ROWS).to_dict("records")]),
            group="item" if several else None,
            notes=_list_rater_notes(flagged, several=several),
            rows=rows,
        ),
    )


def _tell_effect(effect: pd.DataFrame) -> str:
    told = [
        f"{write_number(row['estimate'], bounded=True)} to "
        f"{write_number(row['estimate_without'], bounded=True)} for {row['item']}"
        for row in effect.to_dict("records")
        if row["n_flagged"]
    ]
    if not told:
        return ""
    return f" Without those flagged, ICC(1,1) would go from {join_words(told)}."


def _write_rater(row: dict[Any, Any]) -> dict[str, str]:
    return {
        "item": str(row["item"]),
        "rater": str(row["rater"]),
        "flag": str(row["flag"]),
        "ratings": write_count(row["n_ratings"]),
        "level": write_number(row["severity"]),
        "spread": write_number(row["spread"]),
        "mode": f"{write_number(100 * row['mode_share'], 0)}%",
        "agreement": write_number(row["agreement"], bounded=True),
    }


def _list_rater_notes(flagged: pd.DataFrame, *, several: bool) -> tuple[Text, ...]:
    question = "" if several else f" Question: {flagged['item'].iloc[0]}."
    more = len(flagged) - MOST_ROWS
    left_out = (
        f" The first {MOST_ROWS} of {len(flagged)}; all raters stand in the folder tables."
        if more > 0
        else ""
    )
    return (
        say(
            "Difference from others = mean of this rater's ratings less the mean of the other "
            "raters of the same clips; *SD* ratio = spread of the ratings over that of the others' "
            "mean; agreement = correlation with that mean.{question}{left_out}",
            question=question,
            left_out=left_out,
        ),
    )
