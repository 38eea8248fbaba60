"""The section on inter-rater reliability, with Table 1."""

from __future__ import annotations

from typing import Any

import pandas as pd

from exprstats.numerals import write_count, write_level, write_number
from exprstats.plots import ALL, name_contexts
from exprstats.report.cells import (
    collect_notes,
    find_extremes,
    list_levels,
    pick_rows,
    write_estimate,
    write_limits,
)
from exprstats.report.document import Column, Section, Table
from exprstats.report.pieces import Pieces
from exprstats.report.prose import Text, join_words, say

EXCELLENT = 0.75  # Cicchetti (1994)
INDEPENDENT = "clips treated as independent"


def describe_reliability(pieces: Pieces) -> Section | None:
    """Return the section, or None where nothing was rated."""
    if pieces.reliability is None:
        return None
    rows = name_contexts(pieces.reliability.tidy())
    shown = rows[rows["headline"].eq(True)].reset_index(drop=True)
    return Section(
        "reliability",
        "Inter-rater reliability",
        sentences=(_say_range(shown), *_say_excellent(shown)),
        caveats=_list_caveats(shown),
        tables=(_build_table(rows, shown),),
    )


def _build_table(rows: pd.DataFrame, shown: pd.DataFrame) -> Table:
    level = write_level(float(shown["level"].iloc[0]))
    clustered = bool(shown["method"].ne("f").any())
    cells = pd.DataFrame([_write_row(row, rows) for row in shown.to_dict("records")])
    spanner = f"{level} CI"
    columns = [
        Column("item", say("Question"), words=True),
        Column("average", say("ICC(1,*k*)")),
        *([Column("clusters", say("Clustered by subject"), spanner)] if clustered else []),
        Column("independent", say("Clips treated as independent"), spanner),
        Column("single", say("ICC(1,1)")),
        Column("raters", say("Raters per clip")),
        Column("clips", say("Clips")),
        *([Column("subjects", say("Subjects"))] if clustered else []),
    ]
    grouped = len(list_levels(shown, "context")) > 1
    return Table(
        "1",
        "reliability",
        "Inter-Rater Reliability per Question" + (" and Context" if grouped else ""),
        tuple(columns),
        cells,
        group="context" if grouped else None,
        notes=_list_notes(shown, clustered=clustered, grouped=grouped),
        rows=rows,
    )


def _write_row(row: dict[Any, Any], rows: pd.DataFrame) -> dict[str, str]:
    same = pick_rows(rows, context=row["context"], item=row["item"])
    average = pick_rows(same, term="ICC(1,k)", k_rule=row["k_rule"], method="f")
    single = pick_rows(same, term="ICC(1,1)").to_dict("records")
    independent = average.to_dict("records")
    return {
        "context": row["context"],
        "item": str(row["item"]),
        "average": write_estimate(row),
        "clusters": write_limits(row) if row["method"] != "f" else "—",
        "independent": write_limits(independent[0]) if independent else "—",
        "single": write_estimate(single[0]) if single else "—",
        "raters": write_number(row["raters_per_clip"], 1).removesuffix(".0"),
        "clips": write_count(row["n_clips"]),
        "subjects": "—" if pd.isna(row["n_clusters"]) else write_count(row["n_clusters"]),
    }


def _say_range(shown: pd.DataFrame) -> Text:
    defined = shown[shown["estimate"].notna()]
    if defined.empty:
        return say("The reliability of the mean ratings is not defined; Table 1 says why.")
    low, high = find_extremes(defined)
    level = write_level(low["level"])
    if len(defined) == 1:
        return say(
            "The mean of a clip's ratings had a reliability of ICC(1,*k*) = {value}, {level} CI "
            "{limits} (Table 1).",
            value=write_estimate(low),
            level=level,
            limits=write_limits(low),
        )
    return say(
        "The reliability of a clip's mean rating, ICC(1,*k*), lay between {low}, {level} CI "
        "{low_limits}, for {low_place} and {high}, {level} CI {high_limits}, for {high_place} "
        "(Table 1).",
        low=write_estimate(low),
        low_limits=write_limits(low),
        low_place=_name_place(low, shown),
        level=level,
        high=write_estimate(high),
        high_limits=write_limits(high),
        high_place=_name_place(high, shown),
    )


def _name_place(row: dict[Any, Any], shown: pd.DataFrame) -> str:
    if len(list_levels(shown, "context")) < 2:
        return str(row["item"])
    where = "all contexts together" if row["context"] == ALL else f"the context {row['context']}"
    return f"{row['item']} in {where}"


def _say_excellent(shown: pd.DataFrame) -> tuple[Text, ...]:
    limits = shown["conf_low"].dropna()
    if limits.empty:
        return ()
    above = int((limits >= EXCELLENT).sum())
    mark = write_number(EXCELLENT, bounded=True)
    if len(limits) == 1:
        reached = "reached" if above else "did not reach"
        text = (
            f"The lower limit {reached} {mark}, the mark often read as excellent (Cicchetti, 1994)."
        )
    else:
        which = "All" if above == len(limits) else f"{above} of the" if above else "None of the"
        text = (
            f"{which} {len(limits)} lower limits reached {mark}, the mark "
            "often read as excellent (Cicchetti, 1994)."
        )
    return (say("{text}", text=text),)


def _list_caveats(shown: pd.DataFrame) -> tuple[Text, ...]:
    caveats = []
    if shown["method"].eq("f").all():
        caveats.append(
            say(
                "No subjects were named, so the intervals treat clips as independent. Where "
                "several clips show one person, they are too narrow."
            )
        )
    refused = shown[shown["conf_low"].isna() & shown["estimate"].notna()]
    if len(refused):
        places = [_name_place(row, shown) for row in refused.to_dict("records")]
        caveats.append(
            say("No interval could be given for {places}.", places=join_words(places[:6]))
        )
    negative = shown[shown["estimate"].lt(0)]
    if len(negative):
        places = [_name_place(row, shown) for row in negative.to_dict("records")]
        caveats.append(
            say(
                "The coefficient of {places} is negative: raters of one clip differed more than "
                "clips did. It is printed as estimated and means no reliability.",
                places=join_words(places[:6]),
            )
        )
    return tuple(caveats)


def _list_notes(shown: pd.DataFrame, *, clustered: bool, grouped: bool) -> tuple[Text, ...]:
    notes = [
        say(
            "ICC(1,*k*) = one-way random-effects intraclass correlation of the mean of *k* raters; "
            "ICC(1,1) = of a single rater. *k* is the harmonic mean of the raters per clip."
        )
    ]
    overs = _find_overs(shown)
    if clustered:
        notes.append(
            say(
                "Clustered by subject: delete-one jackknife {over}; allows for clips of one "
                "subject being alike. Clips treated as independent: *F* interval, too narrow "
                "where they are alike.",
                over=overs[0] if len(overs) == 1 else "over subjects, and raters where shared",
            )
        )
    keys = ("item", "context") if grouped else ("item",)
    said = {INDEPENDENT, *(overs if len(overs) == 1 else ())}
    return (*notes, *collect_notes(shown, keys, said))


def _find_overs(shown: pd.DataFrame) -> list[str]:
    """Return what the jackknife intervals left out one by one, in the words of their notes."""
    parts = [part for note in shown["note"].dropna() for part in str(note).split("; ")]
    return list(dict.fromkeys(part for part in parts if part.startswith("over ")))
