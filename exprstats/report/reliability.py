"""The section on inter-rater reliability, with Table 1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
from exprstats.report.prose import Text, say

if TYPE_CHECKING:
    from exprstats.reliability import Reliability

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
        caveats=(*_list_caveats(shown), *_warn_of_crossing(pieces.reliability)),
        tables=(_build_table(rows, shown, pieces.reliability.design),),
    )


def is_crossed(reliability: Reliability) -> bool:
    """Return whether every rater rated every clip."""
    return bool(reliability.design["raters_min"].eq(reliability.design["n_raters"]).all())


def _build_table(rows: pd.DataFrame, shown: pd.DataFrame, design: pd.DataFrame) -> Table:
    level = write_level(float(shown["level"].iloc[0]))
    clustered = bool(shown["method"].ne("f").any())
    ranges = name_contexts(design)
    cells = pd.DataFrame([_write_row(row, rows, ranges) for row in shown.to_dict("records")])
    several = len(list_levels(shown, "context")) > 1
    # With one question a block for each context would hold one row.
    grouped = several and len(list_levels(shown, "item")) > 1
    spanner = f"{level} CI"
    columns = [
        Column("context", say("Context"), words=True)
        if several and not grouped
        else Column("item", say("Question"), words=True),
        Column("average", say("ICC(1,*k*)")),
        *([Column("clusters", say("Clustered by subject"), spanner)] if clustered else []),
        Column("independent", say("Clips treated as independent"), spanner),
        Column("single", say("ICC(1,1)")),
        Column("raters", say("Raters per clip")),
        Column("clips", say("Clips")),
        *([Column("subjects", say("Subjects"))] if clustered else []),
    ]
    per = "Context" if several and not grouped else "Question"
    return Table(
        "1",
        "reliability",
        f"Inter-Rater Reliability per {per}" + (" and Context" if grouped else ""),
        tuple(columns),
        cells,
        group="context" if grouped else None,
        notes=_list_notes(
            shown,
            clustered=clustered,
            ranged=bool(design["raters_min"].ne(design["raters_max"]).any()),
        ),
        rows=rows,
    )


def _write_row(row: dict[Any, Any], rows: pd.DataFrame, ranges: pd.DataFrame) -> dict[str, str]:
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
        "raters": _write_raters(row, ranges),
        "clips": write_count(row["n_clips"]),
        "subjects": "—" if pd.isna(row["n_clusters"]) else write_count(row["n_clusters"]),
    }


def _write_raters(row: dict[Any, Any], ranges: pd.DataFrame) -> str:
    """Return the harmonic mean number of raters, and the fewest and most where they differ."""
    mean = write_number(row["raters_per_clip"], 1).removesuffix(".0")
    design = pick_rows(ranges, context=row["context"], item=row["item"]).to_dict("records")
    if not design or design[0]["raters_min"] == design[0]["raters_max"]:
        return mean
    return f"{mean} ({int(design[0]['raters_min'])}–{int(design[0]['raters_max'])})"


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
        "{low_limits} ({low_place}), and {high}, {level} CI {high_limits} ({high_place}; "
        "Table 1).",
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
    several = len(list_levels(shown, "item")) > 1
    where = str(row["context"]) if several else f"context {row['context']}"
    where = "all contexts" if row["context"] == ALL else where
    return f"{row['item']}, {where}" if several else where


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
            say("No interval could be given for {places}.", places="; ".join(places[:6]))
        )
    negative = shown[shown["estimate"].lt(0)]
    if len(negative):
        places = [_name_place(row, shown) for row in negative.to_dict("records")]
        caveats.append(
            say(
                "The coefficient of {places} is negative: raters of one clip differed more than "
                "clips did. It is printed as estimated and means no reliability.",
                places="; ".join(places[:6]),
            )
        )
    return tuple(caveats)


def _warn_of_crossing(reliability: Reliability) -> tuple[Text, ...]:
    if not is_crossed(reliability):
        return ()
    return (
        say(
            "Every rater rated every clip. The one-way model counts differences in severity "
            "between raters as error; a two-way model would tell them apart."
        ),
    )


def _list_notes(shown: pd.DataFrame, *, clustered: bool, ranged: bool) -> tuple[Text, ...]:
    notes = [
        say(
            "ICC(1,*k*) = one-way random-effects intraclass correlation of the mean of *k* raters; "
            "ICC(1,1) = of a single rater. *k* is the harmonic mean of the raters per clip"
            "{ranges}.",
            ranges=" (fewest–most)" if ranged else "",
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
    said = {INDEPENDENT, *(overs if len(overs) == 1 else ())}
    return (*notes, *collect_notes(shown, ("item", "context"), said))


def _find_overs(shown: pd.DataFrame) -> list[str]:
    """Return what the jackknife intervals left out one by one, in the words of their notes."""
    parts = [part for note in shown["note"].dropna() for part in str(note).split("; ")]
    return list(dict.fromkeys(part for part in parts if part.startswith("over ")))
