"""Section on single raters: flags with their rule, and what they do to the reliability."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from exprstats.apa import MISSING, count_things, write_count, write_number, write_percent
from exprstats.document.cells import list_levels
from exprstats.document.model import Section, Table
from exprstats.document.tables import column, tabulate
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
    columns = (
        column("rater", "Rater"),
        column("flag", "Flag"),
        column("n_ratings", "Ratings", write_count),
        column("severity", "Difference from others", write_number),
        column("spread", "*SD* ratio", write_number),
        column("mode_share", "Most used value", write_percent),
        column("agreement", "Agreement, *r*", write_number, bounded=True),
    )
    return (
        tabulate(
            "raters",
            "Flagged Raters",
            flagged.head(MOST_ROWS),
            columns,
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
    icc = "ICC(1,1)"
    columns = (
        column("item", "Question"),
        column("n_raters", "Raters", write_count),
        column("n_flagged", "Flagged", write_count),
        column("n_ratings_flagged", "Ratings of those flagged", write_count),
        column("estimate", "All raters", write_number, under=icc, bounded=True),
        column("estimate_without", "Without those flagged", write_number, under=icc, bounded=True),
    )
    return tabulate("rater_effect", "Flagged Raters and Reliability", effect, columns)


def say_rater_spread(raters: pd.DataFrame) -> Text | None:
    """Return how far raters differ in level; nothing where no clip has two ratings."""
    known = raters[raters["severity"].notna()]
    if known.empty:
        return None
    away = known["severity"].astype(float).groupby(known["rater"]).mean()
    few = len(away) < _FEW_RATERS
    low, high = (write_number(one) for one in away.quantile([0.0, 1.0] if few else [0.25, 0.75]))
    if low == high:
        return say(
            "No rater was more severe than the others of the same clips (<Table rater_spread>)."
        )
    over = ", averaged over the questions" if len(list_levels(known, "item")) > 1 else ""
    return say(
        "{who} differed from the other raters of the same clips by {low} to {high} scale "
        "points{over} (<Table rater_spread>).",
        who=f"The {len(away)} raters" if few else "The middle half of the raters",
        low=low,
        high=high,
        over=over,
    )


def build_rater_spread(raters: pd.DataFrame) -> Table | None:
    """Return the table: the spread of raters' statistics, by question."""
    parts = {str(item): part for item, part in raters.groupby("item", sort=False)}
    away = {item: part["severity"].dropna().astype(float) for item, part in parts.items()}
    lines = [
        {"item": item, "own": parts[item], "sd": own.std() if len(own) > 1 else None, "away": own}
        for item, own in away.items()
        if len(own)
    ]
    if not lines:
        return None
    apart = "Difference from others"
    columns = (
        column("item", "Question"),
        column("raters", "Raters", write_count, of=lambda row: len(row["own"])),
        column(
            "ratings", "Ratings", _write_span, of=lambda row: row["own"]["n_ratings"], decimals=0
        ),
        column("sd", "*SD*", write_number, under=apart),
        column("severity", "Range", _write_ends, of=lambda row: row["away"], under=apart),
        column("spread", "*SD* ratio", _write_span, of=lambda row: row["own"]["spread"]),
        column(
            "agreement",
            "Agreement, *r*",
            _write_span,
            of=lambda row: row["own"]["agreement"],
            bounded=True,
        ),
    )
    note = say(
        "Ratings, *SD* ratio and agreement: median rater (lowest to highest). Difference from "
        "others = mean of a rater’s ratings less the mean of the other raters of the same clips, "
        "in scale points; *SD* ratio = spread of the ratings over that of the others’ mean; "
        "agreement = correlation with that mean."
    )
    title = "Severity, Spread, and Agreement of Single Raters"
    return tabulate("rater_spread", title, lines, columns, notes=(note,), rows=raters)


def _write_ends(values: pd.Series) -> str:
    return f"{write_number(values.min())} to {write_number(values.max())}"


def _write_span(values: pd.Series, decimals: int = 2, *, bounded: bool = False) -> str:
    known = values.dropna().astype(float)
    if known.empty:
        return MISSING
    texts = [
        write_number(one, decimals, bounded=bounded)
        for one in (known.median(), known.min(), known.max())
    ]
    return f"{texts[0]} ({texts[1]} to {texts[2]})"
