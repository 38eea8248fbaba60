"""Section on single raters: flags with their rule, and what they do to the reliability."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import MISSING, count_things, write_count, write_number
from exprstats.document.cells import list_levels, list_records
from exprstats.document.model import Section, Table, list_columns
from exprstats.document.text import Text, join_words, say
from exprstats.report.analysis import Analysis

if TYPE_CHECKING:
    from exprstats.reliability import Raters

MOST_ROWS = 30
_FEW_RATERS = 8  # of fewer, all are told and not the middle half


def describe_raters(analysis: Analysis) -> Section | None:
    """Return the section, or None where no rater was judged."""
    raters: Raters | None = analysis.raters
    if raters is None:
        return None
    flagged = build_raters(raters)
    tables = (*flagged, _build_effect(raters.effect)) if flagged else ()
    return Section("raters", "Raters", sentences=(say_raters(raters),), tables=tables)


def say_raters(raters: Raters) -> Text:
    """Return how many raters are flagged by which rule, and what they do to the reliability."""
    row = raters.glance().iloc[0]
    if not row["n_flagged"]:
        return say(
            "None of {all} is flagged for any question. The rule: {rule}.",
            all=count_things(row["n_raters"], "rater"),
            rule=raters.rule,
        )
    return say(
        "Of {all}, {flagged} for at least one question (<Table raters>). The rule: {rule}.{effect} "
        "No rating was removed (<Table rater_effect>).",
        all=count_things(row["n_raters"], "rater"),
        flagged=count_things(row["n_flagged"], "is flagged", "are flagged"),
        rule=raters.rule,
        effect=_tell_effect(raters.effect),
    )


def build_raters(raters: Raters) -> tuple[Table, ...]:
    """Return the table, where a rater is flagged."""
    rows = raters.tidy()
    flagged = rows[rows["flag"].ne("")].reset_index(drop=True)
    if flagged.empty:
        return ()
    several = len(list_levels(flagged, "item")) > 1
    columns = list_columns(
        words=2,
        rater="Rater",
        flag="Flag",
        ratings="Ratings",
        level="Difference from others",
        spread="*SD* ratio",
        mode="Most used value",
        agreement="Agreement, *r*",
    )
    return (
        Table(
            "raters",
            "Flagged Raters",
            columns,
            pd.DataFrame([_write_rater(row) for row in list_records(flagged.head(MOST_ROWS))]),
            group="item" if several else None,
            notes=_list_rater_notes(flagged, several=several),
            rows=rows,
        ),
    )


def _tell_effect(effect: pd.DataFrame) -> str:
    told = [
        f"{write_number(row['estimate'], bounded=True)} to "
        f"{write_number(row['estimate_without'], bounded=True)} for {row['item']}"
        for row in list_records(effect)
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
        f" The first {MOST_ROWS} of {len(flagged)}; all raters stand in the folder “tables”."
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


def _build_effect(effect: pd.DataFrame) -> Table:
    columns = (
        *list_columns(
            words=1,
            item="Question",
            raters="Raters",
            flagged="Flagged",
            ratings="Ratings of those flagged",
        ),
        *list_columns("ICC(1,1)", whole="All raters", without="Without those flagged"),
    )
    cells = [
        {
            "item": str(row["item"]),
            "raters": write_count(row["n_raters"]),
            "flagged": write_count(row["n_flagged"]),
            "ratings": write_count(row["n_ratings_flagged"]),
            "whole": write_number(row["estimate"], bounded=True),
            "without": write_number(row["estimate_without"], bounded=True),
        }
        for row in list_records(effect)
    ]
    return Table(
        "rater_effect",
        "Flagged Raters and Reliability",
        columns,
        pd.DataFrame(cells),
        rows=effect,
    )


def say_rater_spread(raters: pd.DataFrame) -> tuple[Text, ...]:
    """Return how far raters differ in level; nothing where no clip has two ratings."""
    known = raters[raters["severity"].notna()]
    if known.empty:
        return ()
    away = known["severity"].astype(float).groupby(known["rater"]).mean()
    few = len(away) < _FEW_RATERS
    low, high = (write_number(one) for one in away.quantile([0.0, 1.0] if few else [0.25, 0.75]))
    if low == high:
        return (
            say(
                "No rater was more severe than the others of the same clips (<Table rater_spread>)."
            ),
        )
    over = ", averaged over the questions" if len(list_levels(known, "item")) > 1 else ""
    return (
        say(
            "{who} differed from the other raters of the same clips by {low} to {high} scale "
            "points{over} (<Table rater_spread>).",
            who=f"The {len(away)} raters" if few else "The middle half of the raters",
            low=low,
            high=high,
            over=over,
        ),
    )


def build_rater_spread(raters: pd.DataFrame) -> tuple[Table, ...]:
    """Return the table: the spread of raters' statistics, by question."""
    cells = []
    for item, part in raters.groupby("item", sort=False):
        away = part["severity"].dropna().astype(float)
        if away.empty:
            continue
        cells.append(
            {
                "item": str(item),
                "raters": write_count(len(part)),
                "ratings": _write_span(part["n_ratings"], 0),
                "sd": write_number(away.std() if len(away) > 1 else None),
                "severity": f"{write_number(away.min())} to {write_number(away.max())}",
                "spread": _write_span(part["spread"]),
                "agreement": _write_span(part["agreement"], bounded=True),
            }
        )
    if not cells:
        return ()
    columns = (
        *list_columns(words=1, item="Question", raters="Raters", ratings="Ratings"),
        *list_columns("Difference from others", sd="*SD*", severity="Range"),
        *list_columns(spread="*SD* ratio", agreement="Agreement, *r*"),
    )
    note = say(
        "Ratings, *SD* ratio and agreement: median rater (lowest to highest). Difference from "
        "others = mean of a rater’s ratings less the mean of the other raters of the same clips, "
        "in scale points; *SD* ratio = spread of the ratings over that of the others’ mean; "
        "agreement = correlation with that mean."
    )
    title = "Severity, Spread, and Agreement of Single Raters"
    frame = pd.DataFrame(cells)
    return (Table("rater_spread", title, columns, frame, notes=(note,), rows=raters),)


def _write_span(values: pd.Series, decimals: int = 2, *, bounded: bool = False) -> str:
    known = values.dropna().astype(float)
    if known.empty:
        return MISSING
    texts = [
        write_number(one, decimals, bounded=bounded)
        for one in (known.median(), known.min(), known.max())
    ]
    return f"{texts[0]} ({texts[1]} to {texts[2]})"
