"""Table 1: the coefficients of every question."""

from __future__ import annotations

from typing import Any

import pandas as pd

from exprstats.numerals import MISSING, write_count, write_level, write_number
from exprstats.plots import name_contexts
from exprstats.report.cells import (
    collect_notes,
    find_row,
    list_levels,
    pick_rows,
    write_estimate,
    write_limits,
)
from exprstats.report.document import Column, Table
from exprstats.report.prose import Text, say

INDEPENDENT = ("f", "satterthwaite")  # intervals that take clips as independent
FAMILIES = {
    "1": "one-way random-effects intraclass correlation",
    "A": "two-way random-effects intraclass correlation of absolute agreement",
    "clip": "intraclass correlation (clips nested in subjects)",
}
_NOTE = "clips treated as independent"


def find_family(shown: pd.DataFrame) -> str:
    """Return which coefficient the headline rows hold: the 1 of ICC(1,k)."""
    return str(shown["term"].iloc[0]).removeprefix("ICC(").partition(",")[0]


def build_coefficients(rows: pd.DataFrame, shown: pd.DataFrame, design: pd.DataFrame) -> Table:
    """Return Table 1: the headline rows, with the F interval beside the cluster interval."""
    level = write_level(float(shown["level"].iloc[0]))
    clustered = bool(shown["method"].eq("jackknife").any())
    independent = bool(_pick_same(rows, shown)["method"].isin(INDEPENDENT).any())
    family = find_family(shown)
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
        Column("average", say("ICC({family},*k*)", family=family)),
        *([Column("clusters", say("Clustered by subject"), spanner)] * clustered),
        *([Column("independent", say("Clips treated as independent"), spanner)] * independent),
        Column("single", say("ICC({family},1)", family=family)),
        Column("raters", say("Raters per clip")),
        Column("clips", say("Clips")),
        *([Column("subjects", say("Subjects"))] * clustered),
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
            independent=independent,
            ranged=bool(design["raters_min"].ne(design["raters_max"]).any()),
        ),
        rows=rows,
    )


def _pick_same(rows: pd.DataFrame, shown: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the printed coefficient, by whichever method."""
    return rows[rows["term"].isin(shown["term"])]


def _write_row(row: dict[Any, Any], rows: pd.DataFrame, ranges: pd.DataFrame) -> dict[str, str]:
    same = pick_rows(rows, context=row["context"], item=row["item"])
    single = find_row(same, term=row["term"].replace(",k)", ",1)"))
    average = pick_rows(same, term=row["term"], k_rule=row["k_rule"])
    independent = average[average["method"].isin(INDEPENDENT)].to_dict("records")
    return {
        "context": row["context"],
        "item": str(row["item"]),
        "average": write_estimate(row),
        "clusters": write_limits(row) if row["method"] == "jackknife" else MISSING,
        "independent": write_limits(independent[0]) if independent else MISSING,
        "single": write_estimate(single),
        "raters": _write_raters(row, ranges),
        "clips": write_count(row["n_clips"]),
        "subjects": MISSING if pd.isna(row["n_clusters"]) else write_count(row["n_clusters"]),
    }


def _write_raters(row: dict[Any, Any], ranges: pd.DataFrame) -> str:
    """Return the harmonic mean number of raters, and the fewest and most where they differ."""
    mean = write_number(row["raters_per_clip"], 1).removesuffix(".0")
    design = find_row(ranges, context=row["context"], item=row["item"])
    if not design or design["raters_min"] == design["raters_max"]:
        return mean
    return f"{mean} ({int(design['raters_min'])}–{int(design['raters_max'])})"


def _list_notes(
    shown: pd.DataFrame, *, clustered: bool, independent: bool, ranged: bool
) -> tuple[Text, ...]:
    family = find_family(shown)
    notes = [
        say(
            "ICC({family},*k*) = {named} of the mean of *k* raters; ICC({family},1) = of a single "
            "rater. *k* is the harmonic mean of the raters per clip{ranges}.",
            family=family,
            named=FAMILIES.get(family, "intraclass correlation"),
            ranges=" (fewest–most)" if ranged else "",
        )
    ]
    overs = _find_overs(shown)
    if clustered:
        notes.append(
            say(
                "Clustered by subject: delete-one jackknife {over}; allows for clips of one "
                "subject being alike."
                + (
                    " Clips treated as independent: *F* interval, too narrow where they are alike."
                    if independent
                    else ""
                ),
                over=overs[0] if len(overs) == 1 else "over subjects, and raters where shared",
            )
        )
    said = {_NOTE, *(overs if len(overs) == 1 else ())}
    return (*notes, *collect_notes(shown, ("item", "context"), said))


def _find_overs(shown: pd.DataFrame) -> list[str]:
    """Return what the jackknife intervals left out one by one, in the words of their notes."""
    parts = [part for note in shown["note"].dropna() for part in str(note).split("; ")]
    return list(dict.fromkeys(part for part in parts if part.startswith("over ")))
