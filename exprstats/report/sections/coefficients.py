"""Tables of intraclass correlations and their intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import MISSING, write_count, write_level, write_number
from exprstats.document.cells import (
    collect_notes,
    find_row,
    list_levels,
    name_contexts,
    pick_rows,
    write_estimate,
    write_limits,
)
from exprstats.document.model import Column, Table
from exprstats.document.text import Text, say

if TYPE_CHECKING:
    from exprstats.reliability import Reliability

INDEPENDENT = ("f", "satterthwaite")  # intervals that take clips as independent
FAMILIES = {
    "1": "one-way random-effects intraclass correlation",
    "A": "two-way random-effects intraclass correlation of absolute agreement",
    "clip": "intraclass correlation (clips nested in subjects)",
}
_NOTE = "clips treated as independent"
_METHODS = ("jackknife", *INDEPENDENT)  # in the order in which an interval is to be reported
_MEANINGS = {
    "ICC(A": "ICC(A) asks raters to agree in level, ICC(C) in the order of clips only.",
    "ICC(clip": "ICC(clip) tells all clips apart, ICC(within) the clips of one subject, "
    "ICC(subject) subjects by the mean of their clips.",
}


def place_rows(rows: pd.DataFrame) -> tuple[Column, str | None]:
    """Return the column that names the rows of a table, and the key of the blocks above them.

    Contexts head blocks of questions; with one question they are the rows themselves.
    """
    several, items = (len(list_levels(rows, name)) > 1 for name in ("context", "item"))
    if several and not items:
        return Column("context", say("Context"), words=True), None
    return Column("item", say("Question"), words=True), "context" if several else None


def find_family(shown: pd.DataFrame) -> str:
    """Return which coefficient the headline rows hold: the 1 of ICC(1,k)."""
    return str(shown["term"].iloc[0]).removeprefix("ICC(").partition(",")[0]


def build_coefficients(rows: pd.DataFrame, shown: pd.DataFrame, result: Reliability) -> Table:
    """Return Table 1: the headline rows, with the F interval beside the cluster interval."""
    design = result.design
    same = rows[rows["term"].isin(shown["term"])]
    clustered = bool(shown["method"].eq("jackknife").any())
    independent = bool(same["method"].isin(INDEPENDENT).any())
    bootstrap = bool(same["method"].eq("bootstrap").any())
    family = find_family(shown)
    ranges = name_contexts(design)
    cells = pd.DataFrame([_write_row(row, rows, ranges) for row in shown.to_dict("records")])
    first, group = place_rows(shown)
    spanner = f"{write_level(float(shown['level'].iloc[0]))} CI"
    columns = [
        first,
        Column("average", say("ICC({family},*k*)", family=family)),
        *([Column("clusters", say("Clustered by subject"), spanner)] * clustered),
        *([Column("independent", say("Clips treated as independent"), spanner)] * independent),
        *([Column("bootstrap", say("Bootstrap"), spanner)] * bootstrap),
        Column("single", say("ICC({family},1)", family=family)),
        Column("raters", say("Raters per clip")),
        Column("clips", say("Clips")),
        *([Column("subjects", say("Subjects"))] * clustered),
    ]
    per = "Context" if first.key == "context" else "Question"
    return Table(
        "1",
        "reliability",
        f"Inter-Rater Reliability per {per}" + (" and Context" if group else ""),
        tuple(columns),
        cells,
        group=group,
        notes=(
            *_list_notes(
                shown,
                clustered=clustered,
                independent=independent,
                ranged=bool(design["raters_min"].ne(design["raters_max"]).any()),
            ),
            *_tell_bootstrap(same),
            *_tell_reml(rows, result),
        ),
        rows=rows,
    )


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
        "bootstrap": write_limits(find_row(average, method="bootstrap")),
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


def build_forms(rows: pd.DataFrame, shown: pd.DataFrame, result: Reliability) -> tuple[Table, ...]:
    """Return Table A13: every form of the coefficient, where there are several."""
    present = {str(method) for method in rows["method"]}
    forms = [str(term) for term in list_levels(rows, "term") if str(term).endswith("k)")]
    if len(forms) < 2:
        return ()
    beside = "jackknife" in present and bool(present & set(INDEPENDENT))
    first, group = place_rows(shown)
    mean, single = "Mean of k raters", "Single rater"
    limits = say("{level} CI", level=write_level(result.level))
    columns = (
        first,
        Column("term", say("Form"), words=True),
        Column("raters", say("*k*")),
        Column("average", say("ICC"), mean),
        Column("limits", limits, mean),
        *([Column("independent", say("Clips treated as independent"), mean)] * beside),
        *([Column("bootstrap", say("Bootstrap"), mean)] * ("bootstrap" in present)),
        Column("single", say("ICC"), single),
        Column("single_limits", limits, single),
    )
    cells = [_write_form(row, form, rows) for row in shown.to_dict("records") for form in forms]
    return (
        Table(
            "A13",
            "forms",
            "Forms of the Intraclass Correlation",
            columns,
            pd.DataFrame(cells),
            group=group,
            notes=_list_form_notes(rows, forms),
            rows=rows,
        ),
    )


def _write_form(row: dict[Any, Any], form: str, rows: pd.DataFrame) -> dict[str, str]:
    same = pick_rows(rows, context=row["context"], item=row["item"])
    average = pick_rows(same, term=form, k_rule=row["k_rule"])
    limited = average[average["conf_low"].notna()]
    best = next(filter(None, (find_row(limited, method=way) for way in _METHODS)), {})
    best = best or find_row(average)
    single = pick_rows(same, term=form.replace("k)", "1)"))
    single = find_row(single, method=best.get("method")) or find_row(single)
    independent = average[average["method"].isin(INDEPENDENT)].to_dict("records")
    return {
        "context": row["context"],
        "item": str(row["item"]),
        "term": form,
        "raters": write_number(row["raters_per_clip"], 1).removesuffix(".0"),
        "average": write_estimate(best),
        "limits": write_limits(best),
        "independent": write_limits(independent[0]) if independent else MISSING,
        "bootstrap": write_limits(find_row(average, method="bootstrap")),
        "single": write_estimate(single),
        "single_limits": write_limits(single),
    }


def _list_form_notes(rows: pd.DataFrame, forms: list[str]) -> tuple[Text, ...]:
    ways = {"jackknife": "clustered by subject", "f": _NOTE, "satterthwaite": _NOTE}
    found = [ways[way] for way in _METHODS if rows["method"].eq(way).any()]
    notes = [say("Intervals: {ways}.", ways=", else ".join(dict.fromkeys(found)))] * bool(found)
    meanings = [text for start, text in _MEANINGS.items() if forms[0].startswith(start)]
    return (*notes, *(say("{text}", text=text) for text in meanings))


def _tell_bootstrap(rows: pd.DataFrame) -> tuple[Text, ...]:
    drawn = rows[rows["method"].eq("bootstrap")]
    if drawn.empty:
        return ()
    draws = sorted({int(count) for count in drawn["draws"].dropna()})
    template = "Bootstrap: percentiles of {draws} draws of {units}"
    template += (
        "." if drawn["n_clusters"].isna().all() else "; that raters are shared does not widen it."
    )
    return (
        say(
            template,
            draws=" to ".join(dict.fromkeys(write_count(draws[end]) for end in (0, -1))),
            units="clips" if drawn["n_clusters"].isna().all() else "subjects",
        ),
    )


def _tell_reml(rows: pd.DataFrame, result: Reliability) -> tuple[Text, ...]:
    if not rows["estimator"].eq("reml").any():
        return ()
    if result.r_call is None:
        return (say("REML components are computed without R; they are never negative."),)
    versions = ", ".join(f"{name} {version}" for name, version in result.r_versions.items())
    template = "REML components come from R ({versions}): {call}."
    return (say(template, versions=versions, call=result.r_call),)
