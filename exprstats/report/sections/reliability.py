"""Section on inter-rater reliability."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import MISSING, tell_p, write_count, write_level, write_number, write_p
from exprstats.document.cells import (
    collect_notes,
    find_extremes,
    find_row,
    list_levels,
    pick_rows,
    write_estimate,
    write_limits,
    write_mark,
)
from exprstats.document.model import Column, Section, Table
from exprstats.document.text import Text, quote_sentence, say
from exprstats.plots import ALL, name_contexts, name_pairs
from exprstats.report.analysis import Analysis
from exprstats.report.sections.raters import (
    build_decision_figure,
    build_decisions,
    build_raters,
    say_decisions,
    say_raters,
)

if TYPE_CHECKING:
    from exprstats.reliability import ContextDifferences, Reliability

EXCELLENT = 0.75  # Cicchetti (1994)
INDEPENDENT = ("f", "satterthwaite")  # intervals that take clips as independent
FAMILIES = {
    "1": "one-way random-effects intraclass correlation",
    "A": "two-way random-effects intraclass correlation of absolute agreement",
    "clip": "intraclass correlation (clips nested in subjects)",
}
_NOTE = "clips treated as independent"


def describe_reliability(analysis: Analysis) -> Section | None:
    """Return the section, or None where nothing was rated."""
    before = _say_design(analysis)
    after = (
        *say_differences(analysis.differences),
        *say_decisions(analysis),
        *say_raters(analysis.raters),
    )
    sentences, caveats, tables = _describe_coefficients(analysis)
    if not (before or after or sentences):
        return None
    return Section(
        "reliability",
        "Inter-rater reliability",
        sentences=(*before, *sentences, *after),
        caveats=caveats,
        tables=(
            *tables,
            *build_differences(analysis.differences),
            *build_decisions(analysis),
            *build_raters(analysis.raters),
        ),
        figures=build_decision_figure(analysis),
    )


def _describe_coefficients(
    analysis: Analysis,
) -> tuple[tuple[Text, ...], tuple[Text, ...], tuple[Table, ...]]:
    """Return sentences, caveats and Table 1; nothing where no coefficient was estimated."""
    if analysis.reliability is None:
        return (), (), ()
    rows = name_contexts(analysis.reliability.tidy())
    shown = rows[rows["headline"].eq(True)].reset_index(drop=True)
    return (
        (_say_range(shown), *_say_excellent(shown)),
        (*_list_caveats(shown), *_warn_of_crossing(analysis.reliability, shown)),
        (build_coefficients(rows, shown, analysis.reliability.design),),
    )


def _say_design(analysis: Analysis) -> tuple[Text, ...]:
    return () if analysis.design is None else (quote_sentence(analysis.design.sentence()),)


def is_crossed(reliability: Reliability) -> bool:
    """Return whether every rater rated every clip."""
    return bool(reliability.design["raters_min"].eq(reliability.design["n_raters"]).all())


def _say_range(shown: pd.DataFrame) -> Text:
    defined = shown[shown["estimate"].notna()]
    if defined.empty:
        return say("The reliability of the mean ratings is not defined; Table 1 says why.")
    low, high = find_extremes(defined)
    level, family = write_level(low["level"]), find_family(shown)
    if len(defined) == 1:
        return say(
            "The mean of a clip's ratings had a reliability of ICC({family},*k*) = {value}, "
            "{level} CI {limits} (Table 1).",
            family=family,
            value=write_estimate(low),
            level=level,
            limits=write_limits(low),
        )
    return say(
        "The reliability of a clip's mean rating, ICC({family},*k*), lay between {low}, {level} CI "
        "{low_limits} ({low_place}), and {high}, {level} CI {high_limits} ({high_place}; "
        "Table 1).",
        family=family,
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
    which = "All" if above == len(limits) else f"{above} of the" if above else "None of the"
    told = f"{which} {len(limits)} lower limits reached"
    if len(limits) == 1:
        told = f"The lower limit {'reached' if above else 'did not reach'}"
    mark = write_number(EXCELLENT, bounded=True)
    ending = "the mark often read as excellent (Cicchetti, 1994)."
    return (say("{told} {mark}, {ending}", told=told, mark=mark, ending=ending),)


def _list_caveats(shown: pd.DataFrame) -> tuple[Text, ...]:
    caveats = []
    if shown["method"].isin(INDEPENDENT).all():
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


def _warn_of_crossing(reliability: Reliability, shown: pd.DataFrame) -> tuple[Text, ...]:
    if find_family(shown) != "1" or not is_crossed(reliability):
        return ()
    return (
        say(
            "Every rater rated every clip. The one-way model counts differences in severity "
            "between raters as error; a two-way model would tell them apart."
        ),
    )


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


def say_differences(differences: ContextDifferences | None) -> tuple[Text, ...]:
    """Return how many contexts' reliabilities differ, and the largest difference."""
    if differences is None:
        return ()
    rows = _select(differences)
    rows = rows[rows["estimate"].notna()]
    if rows.empty:
        return (say("Contexts could not be compared in reliability (Table A4)."),)
    held = rows[rows["p_adjusted"].lt(1 - differences.level)]
    largest = rows.iloc[int(rows["estimate"].abs().to_numpy().argmax())].to_dict()
    return (
        say(
            "{held} of {all} differences between contexts in the reliability of the mean differed "
            "from zero (Holm-adjusted *p* < {mark}; Table A4); the largest was {pair} for {item}, "
            "Δ = {value}, {level} CI {limits}, *p* {p}.",
            held=write_count(len(held)) if len(held) else "None",
            all=write_count(len(rows)),
            mark=write_mark(1 - differences.level),
            pair=largest["pair"],
            item=largest["item"],
            value=write_estimate(largest),
            level=write_level(differences.level),
            limits=write_limits(largest),
            p=tell_p(largest["p_adjusted"]),
        ),
    )


def build_differences(differences: ContextDifferences | None) -> tuple[Table, ...]:
    """Return Table A4, where contexts were compared."""
    if differences is None:
        return ()
    rows = _select(differences)
    columns = (
        Column("pair", say("Contexts"), words=True),
        Column("estimate", _name_terms(rows)),
        Column("limits", say("{level} CI", level=write_level(differences.level))),
        Column("p", say("*p*")),
        Column("adjusted", say("Holm\N{NO-BREAK SPACE}*p*")),
    )
    return (
        Table(
            "A4",
            "differences",
            "Differences Between Contexts in Reliability",
            columns,
            pd.DataFrame([_write_difference(row) for row in rows.to_dict("records")]),
            group="item" if len(list_levels(rows, "item")) > 1 else None,
            notes=(
                say(
                    "Clustered by subject: delete-one jackknife over subjects, and raters where "
                    "shared, left out of all contexts at once. Holm *p* is adjusted for the pairs "
                    "of one question."
                ),
                *collect_notes(rows, ("item", "pair")),
            ),
            rows=differences.tidy(),
        ),
    )


def _select(differences: ContextDifferences) -> pd.DataFrame:
    """Return the differences of means of several raters."""
    rows = differences.tidy()
    rows = rows[rows["term"].astype(str).str.endswith(",k)")].reset_index(drop=True)
    return rows.assign(pair=name_pairs(rows))


def _name_terms(rows: pd.DataFrame) -> Text:
    terms = {str(term) for term in list_levels(rows, "term")}
    return say("Δ ICC(1,*k*)") if terms == {"ICC(1,k)"} else say("Δ {term}", term=min(terms))


def _write_difference(row: dict[Any, Any]) -> dict[str, str]:
    return {
        "item": str(row["item"]),
        "pair": row["pair"],
        "estimate": write_estimate(row),
        "limits": write_limits(row),
        "p": write_p(row["p_value"]),
        "adjusted": write_p(row["p_adjusted"]),
    }
